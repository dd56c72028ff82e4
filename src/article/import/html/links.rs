//! Where a link or an image of a page leads, as it can stand in mail.

use std::fmt::Write as _;

/// The page's own address, from which relative ones start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base(Option<String>);

/// What became of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// Absolute, or a mail address or telephone number.
    Good(String),
    /// Relative, and the page doesn't say to what.
    Relative(String),
    /// A place in the page itself, which mail has no use for.
    Within,
    /// A scheme that has no place in mail, such as `javascript:`.
    Refused(String),
}

impl Base {
    pub(super) fn new(address: Option<&str>) -> Self {
        Base(address.map(|address| address.split(['#', '?']).next().unwrap_or_default().to_owned()))
    }

    /// What a link's address means on this page.
    pub(super) fn resolve(&self, address: &str) -> Target {
        // Browsers drop these wherever they stand, even inside `java\nscript:`.
        let address: String = address.chars().filter(|c| !c.is_control()).collect();
        let address = address.trim();
        if address.is_empty() || address.starts_with('#') {
            return Target::Within;
        }
        if let Some(scheme) = scheme(address) {
            return match scheme.to_ascii_lowercase().as_str() {
                "http" | "https" | "mailto" | "tel" => Target::Good(address.to_owned()),
                other => Target::Refused(other.to_owned()),
            };
        }
        if address.starts_with("//") {
            return Target::Good(format!("https:{address}"));
        }
        match &self.0 {
            Some(base) => Target::Good(join(base, address)),
            None => Target::Relative(address.to_owned()),
        }
    }
}

fn scheme(address: &str) -> Option<&str> {
    let (scheme, _) = address.split_once(':')?;
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    (named && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))).then_some(scheme)
}

/// RFC 3986 section 5.2 for a relative path or query on an address with a host.
fn join(base: &str, address: &str) -> String {
    let host = base.find("://").map_or(0, |at| at + 3);
    let path_at = base[host..].find('/').map_or(base.len(), |at| host + at);
    let (origin, path) = base.split_at(path_at);
    if address.starts_with('?') {
        return format!("{origin}{}{address}", if path.is_empty() { "/" } else { path });
    }
    let (relative, tail) = address.split_at(address.find(['?', '#']).unwrap_or(address.len()));
    let folder = path.rfind('/').map_or("", |at| &path[..at]);
    let whole = if relative.starts_with('/') { relative.to_owned() } else { format!("{folder}/{relative}") };
    let mut segments: Vec<&str> = Vec::new();
    let last = whole.rsplit('/').next().unwrap_or_default();
    for segment in whole.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    let slash = if matches!(last, "." | "..") && !segments.is_empty() { "/" } else { "" };
    format!("{origin}/{}{slash}{tail}", segments.join("/"))
}

/// An address as the target of a Markdown link: what would end the link, or be read as a mark or as template code, is
/// percent-encoded, which means the same to a server.
pub(super) fn written(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    for (at, c) in address.char_indices() {
        match c {
            '(' | ')' | '<' | '>' | '{' | '}' | '\\' | '"' | '`' | '|' | '^' | ' ' => {
                let _ = write!(out, "%{:02X}", c as u32);
            }
            c if c.is_whitespace() || c.is_control() => {
                let mut bytes = [0; 4];
                out.extend(c.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")));
            }
            // `&copy;` in an address is two parameters to a server and © to Markdown.
            '&' if address[at + 1..].find(';').is_some() => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_absolute_or_are_named() {
        let base = Base::new(Some("https://example.com/a/b.html?x#y"));
        let good = |address: &str| Target::Good(address.to_owned());
        let cases = [
            ("https://example.org/", good("https://example.org/")),
            (" mailto:a@example.com ", good("mailto:a@example.com")),
            ("//example.net/x", good("https://example.net/x")),
            ("/c", good("https://example.com/c")),
            ("c?d=1#e", good("https://example.com/a/c?d=1#e")),
            ("../../c/./d/", good("https://example.com/c/d/")),
            ("..", good("https://example.com/")),
            ("?q", good("https://example.com/a/b.html?q")),
            ("#note", Target::Within),
            ("", Target::Within),
            ("javascript:alert(1)", Target::Refused("javascript".into())),
            ("JaVa\nScript:alert(1)", Target::Refused("javascript".into())),
            ("data:text/html,x", Target::Refused("data".into())),
        ];
        for (address, target) in cases {
            assert_eq!(base.resolve(address), target, "{address}");
        }
        assert_eq!(Base::new(None).resolve("/c"), Target::Relative("/c".into()));
        assert_eq!(Base::new(Some("https://example.com")).resolve("c"), good("https://example.com/c"));
    }

    #[test]
    fn addresses_cannot_end_their_link() {
        assert_eq!(written("https://example.com/a_(b) c{{d}}"), "https://example.com/a_%28b%29%20c%7B%7Bd%7D%7D");
        assert_eq!(written("https://example.com/?a=1&b=2"), "https://example.com/?a=1&b=2");
        assert_eq!(written("https://example.com/?a=1&copy;=2"), "https://example.com/?a=1&amp;copy;=2");
    }
}
