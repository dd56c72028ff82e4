//! The grammar of commands (RFC 5321 section 4.1.2), as strict as a server may be.

/// The path and the parameters of `MAIL FROM:<…> …` or `RCPT TO:<…> …`. `keyword` is `FROM` or `TO`.
///
/// # Errors
/// Says what is wrong.
pub(super) fn path_argument(argument: &str, keyword: &str) -> Result<(String, Vec<String>), String> {
    let rest = argument
        .get(..keyword.len() + 1)
        .filter(|start| start.eq_ignore_ascii_case(&format!("{keyword}:")))
        .map(|start| &argument[start.len()..])
        .ok_or_else(|| format!("no {keyword}:"))?;
    let rest = rest.strip_prefix('<').ok_or("no < right after the colon")?;
    let end = end_of_path(rest).ok_or("no > at the end of the path")?;
    let (path, rest) = (&rest[..end], &rest[end + 1..]);
    if !rest.is_empty() && !rest.starts_with(' ') {
        return Err("no space after the path".to_owned());
    }
    let parameters: Vec<String> = rest.split(' ').skip(1).map(str::to_owned).collect();
    if parameters.iter().any(|parameter| !is_parameter(parameter)) {
        return Err("a malformed parameter".to_owned());
    }
    let null_is_fine = keyword == "FROM";
    if !(null_is_fine && path.is_empty()) {
        mailbox(path)?;
    }
    Ok((path.to_owned(), parameters))
}

/// Where the path's `>` stands, which may also occur inside a quoted local part.
fn end_of_path(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '>' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

fn is_parameter(text: &str) -> bool {
    let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
    let keyword = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    keyword && value.is_none_or(|value| !value.is_empty() && value.bytes().all(|b| (33..127).contains(&b) && b != b'='))
}

fn mailbox(path: &str) -> Result<(), String> {
    let (local, domain) = path.rsplit_once('@').ok_or("a path without @")?;
    if path.len() > 254 || local.len() > 64 {
        return Err("a path that is too long".to_owned());
    }
    let local_is_fine = match local.strip_prefix('"') {
        Some(rest) => rest.len() > 1 && rest.ends_with('"') && rest.bytes().all(|b| (32..127).contains(&b)),
        None => local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_byte)),
    };
    match (local_is_fine, is_domain(domain)) {
        (false, _) => Err("a local part that needs quotes, or is not ASCII".to_owned()),
        (_, false) => Err("a malformed domain".to_owned()),
        _ => Ok(()),
    }
}

fn is_atom_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b)
}

/// A domain of letters, digits and hyphens.
pub(super) fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// What may follow EHLO: a domain or an address literal.
pub(super) fn is_hello(text: &str) -> bool {
    let literal = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match literal {
        Some(address) => address.strip_prefix("IPv6:").unwrap_or(address).parse::<std::net::IpAddr>().is_ok(),
        None => is_domain(text),
    }
}
