//! How a reader's value or a setting is written in the place where it stands, so that it is always a value and never
//! markup, a second attribute, another link or another line.

use serde::{Deserialize, Serialize};

/// The places where a value may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// Text between tags.
    Text,
    /// Inside a quoted attribute value.
    Attribute,
    /// The beginning of a link: the value is the address itself.
    Url,
    /// Inside a link: the value is a part of the address.
    UrlPart,
    /// The plain text part and headers; their writers do the encoding.
    Plain,
}

/// Appends `value`, written for its place.
pub fn escape_into(place: Place, value: &str, out: &mut String) {
    match place {
        Place::Text | Place::Attribute => escape_html(value, out),
        Place::Url if is_link(value) => escape_html(&encode_url(value), out),
        // Neither script nor data may be linked; an empty fragment leads nowhere and harms nobody.
        Place::Url => out.push('#'),
        Place::UrlPart => percent_encode(value, out),
        Place::Plain => out.extend(value.chars().map(|c| if c.is_control() { ' ' } else { c })),
    }
}

/// [`escape_into`] as a new text.
pub fn escape(place: Place, value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 8);
    escape_into(place, value, &mut out);
    out
}

/// The place of a position in plain text: part of an address when the word around it began as one, so that a link says the
/// same in the text as in the HTML.
pub fn place_in_text(text: &str, position: usize) -> Place {
    let word = text[..position].rsplit(char::is_whitespace).next().unwrap_or_default();
    if word.contains("://") { Place::UrlPart } else { Place::Plain }
}

fn escape_html(value: &str, out: &mut String) {
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
}

/// Links that mail may hold: https, http (warned about elsewhere), mailto and tel.
pub fn is_link(value: &str) -> bool {
    let lower = value.get(..8).unwrap_or(value).to_ascii_lowercase();
    ["https://", "http://", "mailto:", "tel:"]
        .iter()
        .any(|scheme| lower.starts_with(scheme) && value.len() > scheme.len())
}

/// Percent-encodes what may not stand in a URL at all, and leaves its structure (RFC 3986 section 2.2) alone.
pub fn encode_url(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte) {
            out.push(char::from(byte));
        } else {
            push_percent(byte, &mut out);
        }
    }
    out
}

/// Percent-encodes all but the unreserved characters (RFC 3986 section 2.3).
fn percent_encode(value: &str, out: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            push_percent(byte, out);
        }
    }
}

fn push_percent(byte: u8, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(HEX[usize::from(byte >> 4)]));
    out.push(char::from(HEX[usize::from(byte & 15)]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_a_value() {
        assert_eq!(escape(Place::Text, "<b>&\"'"), "&lt;b&gt;&amp;&quot;&#39;");
        assert_eq!(escape(Place::Attribute, "\" onload=\"x"), "&quot; onload=&quot;x");
        assert_eq!(escape(Place::UrlPart, "a b&c=ü/"), "a%20b%26c%3D%C3%BC%2F");
        assert_eq!(escape(Place::Url, "https://example.com/a?b=1&c=2"), "https://example.com/a?b=1&amp;c=2");
        assert_eq!(escape(Place::Url, "https://example.com/a\" b"), "https://example.com/a%22%20b");
        assert_eq!(escape(Place::Plain, "a\r\nb"), "a  b");
    }

    #[test]
    fn a_value_in_a_written_address_is_a_part_of_it() {
        assert_eq!(place_in_text("see https://example.com/?q=", 27), Place::UrlPart);
        assert_eq!(place_in_text("see https://example.com/ ", 25), Place::Plain);
    }

    #[test]
    fn only_real_links_are_linked() {
        for bad in ["javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", "//example.com", "", "https://", "x"] {
            assert_eq!(escape(Place::Url, bad), "#", "{bad}");
        }
        assert_eq!(escape(Place::Url, "mailto:ann@example.com?subject=a%20b"), "mailto:ann@example.com?subject=a%20b");
    }
}
