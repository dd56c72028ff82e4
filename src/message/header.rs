//! Header fields: encoded words, quoted names, folding. The one place that writes a header line.
//!
//! Whatever a value holds, the line it makes is one field: ASCII, CRLF only where it folds, no longer than 76 columns where
//! it can be broken (RFC 5322 sections 2.1.1 and 2.2.3, RFC 2047).

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The longest line with an encoded word (RFC 2047 section 2).
const LINE: usize = 76;
/// `=?utf-8?B?` and `?=`.
const WORD_OVERHEAD: usize = 12;

/// Appends `Name: value` CRLF for a value that is ASCII and short, such as a date or an id of ours.
pub fn plain(name: &str, value: &str, out: &mut Vec<u8>) {
    debug_assert!(is_printable(value), "{name}: {value:?}");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    if is_printable(value) {
        out.extend_from_slice(value.as_bytes());
    } else {
        out.extend(value.bytes().map(|byte| if (0x20..0x7f).contains(&byte) { byte } else { b' ' }));
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends an unstructured field such as `Subject`: ASCII folded at its spaces, all else as encoded words.
pub fn unstructured(name: &str, value: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    let column = name.len() + 2;
    if is_tame(value) && value.split(' ').all(|word| word.len() < LINE - column) {
        fold_words(value, column, out);
    } else {
        encoded_words(value, column, out);
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends a field with one address: `Name: display name <address>`. The address must have been checked.
pub fn mailbox(name: &str, display: &str, address: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    let start = out.len();
    let column = name.len() + 2;
    if display.is_empty() {
        // A bare address: RFC 5322 section 3.4, `addr-spec`.
        out.extend_from_slice(address.as_bytes());
        out.extend_from_slice(b"\r\n");
        return;
    }
    phrase(display, column, out);
    let written = &out[start..];
    let last_line = written.rsplit(|byte| *byte == b'\n').next().map_or(0, <[u8]>::len);
    let at = if written.contains(&b'\n') { last_line } else { column + last_line };
    out.extend_from_slice(if at + address.len() + 3 > LINE { b"\r\n <" } else { b" <" });
    out.extend_from_slice(address.as_bytes());
    out.extend_from_slice(b">\r\n");
}

/// Appends a field of ids or links, each in angle brackets and given in parts, folded between but never inside.
pub fn angled<'a, const PARTS: usize>(
    name: &str,
    items: impl IntoIterator<Item = [&'a str; PARTS]>,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b":");
    for (at, item) in items.into_iter().enumerate() {
        out.extend_from_slice(if at == 0 { b" <" } else { b",\r\n <" });
        item.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
        out.push(b'>');
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends a field with a file name: in quotes when it is plain and short, else by RFC 2231, in UTF-8, in as many pieces as
/// lines of 76 need.
pub fn file_name(field: &str, value: &str, name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice([field, ": ", value, ";\r\n "].concat().as_bytes());
    if is_printable(name) && !name.contains(['"', '\\']) && !name.contains("=?") && name.len() <= 60 {
        out.extend_from_slice(["filename=\"", name, "\"\r\n"].concat().as_bytes());
        return;
    }
    let encode = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    let mut pieces = vec!["utf-8''".to_owned()];
    for octet in name.bytes().map(encode) {
        match pieces.last_mut() {
            Some(piece) if piece.len() + octet.len() <= 56 => piece.push_str(&octet),
            _ => pieces.push(octet),
        }
    }
    if let [one] = pieces.as_slice() {
        out.extend_from_slice(["filename*=", one, "\r\n"].concat().as_bytes());
        return;
    }
    for (number, piece) in pieces.iter().enumerate() {
        let end = if number + 1 == pieces.len() { "\r\n" } else { ";\r\n " };
        out.extend_from_slice(format!("filename*{number}*={piece}{end}").as_bytes());
    }
}

/// Whether a field is among some that were written here.
pub fn has(fields: &[u8], name: &str) -> bool {
    let is_it = |line: &[u8]| line.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b":"));
    fields.split(|byte| *byte == b'\n').any(is_it)
}

/// A display name (RFC 5322 section 3.2.5): atoms, a quoted string, or encoded words.
fn phrase(text: &str, column: usize, out: &mut Vec<u8>) {
    if !is_tame(text) || text.len() > LINE - column {
        return encoded_words(text, column, out);
    }
    let is_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~ ".contains(&byte);
    if text.bytes().all(is_atom) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

fn is_printable(text: &str) -> bool {
    // Without a way out in the middle, which keeps it fast.
    text.bytes().fold(true, |all, byte| all & (0x20..0x7f).contains(&byte))
}

/// Whether text may stand unencoded: printable ASCII with single spaces inside, and nothing that looks encoded already.
fn is_tame(text: &str) -> bool {
    let bytes = text.as_bytes();
    is_printable(text)
        && !bytes.windows(2).any(|pair| pair == b"=?" || pair == b"  ")
        && !bytes.starts_with(b" ")
        && !bytes.ends_with(b" ")
}

fn fold_words(text: &str, mut column: usize, out: &mut Vec<u8>) {
    for (at, word) in text.split(' ').enumerate() {
        if at > 0 && column + 1 + word.len() > LINE {
            out.extend_from_slice(b"\r\n ");
            column = 1;
        } else if at > 0 {
            out.push(b' ');
            column += 1;
        }
        out.extend_from_slice(word.as_bytes());
        column += word.len();
    }
}

/// Base64 encoded words of whole characters, one a line. Control characters become spaces.
fn encoded_words(text: &str, mut column: usize, out: &mut Vec<u8>) {
    let mut clean = Cow::Borrowed(text);
    if text.contains(char::is_control) {
        clean = Cow::Owned(text.replace(char::is_control, " "));
    }
    let mut rest = &*clean;
    while !rest.is_empty() {
        let room = (LINE - column - WORD_OVERHEAD) / 4 * 3;
        let end = rest
            .char_indices()
            .map(|(at, c)| at + c.len_utf8())
            .take_while(|end| *end <= room)
            .last()
            .unwrap_or(rest.len().min(4));
        let (word, after) = rest.split_at(end);
        out.extend_from_slice(b"=?utf-8?B?");
        out.extend_from_slice(STANDARD.encode(word).as_bytes());
        out.extend_from_slice(b"?=");
        rest = after;
        if !rest.is_empty() {
            out.extend_from_slice(b"\r\n ");
            column = 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_parser::MessageParser;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn well_formed(field: &str) -> bool {
        field.ends_with("\r\n")
            && field.trim_end_matches("\r\n").split("\r\n").enumerate().all(|(n, line)| {
                line.len() <= 998
                    && !line.contains(['\r', '\n'])
                    && line.bytes().all(|b| (0x20..0x7f).contains(&b))
                    && (n == 0 || (line.starts_with(' ') && !line.trim().is_empty()))
            })
    }

    #[test]
    fn names_are_written_as_they_need() {
        let to = |name: &str| written(|out| mailbox("To", name, "a@example.com", out));
        assert_eq!(to("Ann Lee"), "To: Ann Lee <a@example.com>\r\n");
        assert_eq!(to(""), "To: a@example.com\r\n");
        assert_eq!(to("Ann, \"A\" <x>"), "To: \"Ann, \\\"A\\\" <x>\" <a@example.com>\r\n");
        assert_eq!(to("Zoë"), "To: =?utf-8?B?Wm/Dqw==?= <a@example.com>\r\n");
        assert_eq!(to("=?utf-8?B?eA==?="), "To: =?utf-8?B?PT91dGYtOD9CP2VBPT0/PQ==?= <a@example.com>\r\n");
        assert!(to(&"x".repeat(300)).split("\r\n").all(|line| line.len() <= 76));
    }

    #[test]
    fn long_subjects_fold_at_spaces() {
        let subject = written(|out| unstructured("Subject", "word ".repeat(40).trim_end(), out));
        assert!(well_formed(&subject) && subject.split("\r\n").all(|line| line.len() <= 76));
    }

    proptest! {
        #[test]
        fn any_name_is_one_address_and_comes_back(name in "\\PC{0,80}|[\\x00-\\x7f]{0,40}|[名前é❤️\"\\\\, ]{0,120}") {
            let field = written(|out| mailbox("To", &name, "ann@example.com", out));
            prop_assert!(well_formed(&field), "{:?}", field);
            let message = format!("{field}\r\nx");
            let parsed = MessageParser::default().parse(message.as_bytes()).unwrap();
            let to = parsed.to().unwrap();
            prop_assert_eq!(to.iter().count(), 1);
            prop_assert_eq!(to.first().unwrap().address.as_deref(), Some("ann@example.com"));
            let clean: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            if !clean.trim().is_empty() {
                prop_assert_eq!(to.first().unwrap().name.as_deref().unwrap_or_default().trim(), clean.trim());
            }
        }

        #[test]
        fn any_subject_is_one_field_and_comes_back(subject in "\\PC{1,160}|[\\x00-\\x7f]{1,80}") {
            let field = written(|out| unstructured("Subject", &subject, out));
            prop_assert!(well_formed(&field), "{:?}", field);
            let message = format!("{field}\r\nx");
            let parsed = MessageParser::default().parse(message.as_bytes()).unwrap();
            let clean: String = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            if !clean.trim().is_empty() {
                prop_assert_eq!(parsed.subject().unwrap_or_default().trim(), clean.trim());
            }
            prop_assert_eq!(parsed.headers().len(), 1);
        }
    }
}
