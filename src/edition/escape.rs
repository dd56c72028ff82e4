//! How a reader's value or a setting is written in the place where it stands, so that it is always a value and never
//! markup, a second attribute, another link or another line.

use std::borrow::Cow;

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
    /// The beginning of an address in the plain text part.
    PlainUrl,
}

/// Before an address in plain text that begins with a value, which may turn out to be none. No source may hold it.
pub const ADDRESS: char = '\u{e}';

/// Appends `value`, written for its place.
pub fn escape_into(place: Place, value: &str, out: &mut String) {
    match place {
        Place::Text | Place::Attribute => escape_html(value, out),
        Place::Url if is_link(value) => escape_html(&encode_url(value), out),
        Place::PlainUrl if is_link(value) => out.push_str(&encode_url(value)),
        // Neither script nor data may be linked; an empty fragment leads nowhere and harms nobody.
        Place::Url | Place::PlainUrl => out.push('#'),
        Place::UrlPart => out.push_str(&percent_encode(value, is_unreserved)),
        Place::Plain => replace_into(value, out, |c| c.is_control().then_some(" ")),
    }
}

/// [`escape_into`] as a new text.
pub fn escape(place: Place, value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 8);
    escape_into(place, value, &mut out);
    out
}

/// The places of tokens in a plain text, asked for from its beginning to its end: part of an address when the word around one
/// began as an address, so that a link says the same in the text as in the HTML.
pub struct PlainText<'a> {
    text: &'a str,
    seen: usize,
    in_address: bool,
}

impl<'a> PlainText<'a> {
    pub fn new(text: &'a str) -> Self {
        PlainText { text, seen: 0, in_address: false }
    }

    /// The place of the token at this position, which is behind the last one asked for. Looks at nothing twice: a line may
    /// be one long word of tokens.
    pub fn at(&mut self, position: usize) -> Place {
        let passed = &self.text[self.seen..position];
        let word = passed.rsplit(char::is_whitespace).next().unwrap_or_default();
        // A token is a word's inside: neither white space nor the sign of an address reaches over one.
        self.in_address = word.contains("://") || (self.in_address && word.len() == passed.len());
        self.seen = position;
        if passed.ends_with(ADDRESS) {
            return Place::PlainUrl;
        }
        if self.in_address { Place::UrlPart } else { Place::Plain }
    }
}

fn escape_html(value: &str, out: &mut String) {
    replace_into(value, out, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        c => c.is_control().then_some(" "),
    });
}

/// Appends `value` with what stands in for some of its characters. What lies between those is copied as a whole.
fn replace_into(value: &str, out: &mut String, instead: impl Fn(char) -> Option<&'static str>) {
    if is_harmless(value) {
        out.push_str(value);
        return;
    }
    let mut from = 0;
    for (at, c) in value.char_indices() {
        if let Some(instead) = instead(c) {
            out.push_str(&value[from..at]);
            out.push_str(instead);
            from = at + c.len_utf8();
        }
    }
    out.push_str(&value[from..]);
}

/// Whether a text is the same in every place but in a link: most names and links are.
fn is_harmless(value: &str) -> bool {
    // Without a way out in the middle, which keeps it fast.
    let harmless = |byte: u8| (b' '..=b'~').contains(&byte) & !matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'');
    value.bytes().fold(true, |all, byte| all & harmless(byte))
}

/// Links that mail may hold: https, http (warned about elsewhere), mailto and tel.
pub fn is_link(value: &str) -> bool {
    ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| {
        value.len() > scheme.len() && value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// Percent-encodes what may not stand in a URL at all, and leaves its structure (RFC 3986 section 2.2) alone, and `%`, which
/// begins what is encoded already.
pub fn encode_url(value: &str) -> Cow<'_, str> {
    percent_encode(value, |byte| {
        byte.is_ascii_graphic() & !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
    })
}

/// RFC 3986 section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Percent-encodes every octet but those to `keep`, which are ASCII.
fn percent_encode(value: &str, keep: impl Fn(u8) -> bool) -> Cow<'_, str> {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    if value.bytes().fold(true, |all, byte| all & keep(byte)) {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len() + 16);
    for byte in value.bytes() {
        if keep(byte) {
            out.push(char::from(byte));
        } else {
            out.extend(['%', char::from(HEX[usize::from(byte >> 4)]), char::from(HEX[usize::from(byte & 15)])]);
        }
    }
    Cow::Owned(out)
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
        let text = "see https://example.com/?q=T&r=TT T, aT \u{e}T";
        let mut places = PlainText::new(text);
        let tokens = text.match_indices('T').map(|(at, _)| places.at(at)).collect::<Vec<_>>();
        assert_eq!(
            tokens,
            [Place::UrlPart, Place::UrlPart, Place::UrlPart, Place::Plain, Place::Plain, Place::PlainUrl]
        );
    }

    #[test]
    fn what_may_stand_in_a_url_stays() {
        let kept = |c: &char| encode_url(&c.to_string()).len() == 1;
        let all: String = ('\0'..='\u{ff}').filter(kept).filter(|c| !c.is_ascii_alphanumeric()).collect();
        assert_eq!(all, "!#$%&'()*+,-./:;=?@[]_~");
        assert_eq!(percent_encode("a%~ \u{ff}", is_unreserved), "a%25~%20%C3%BF");
    }

    #[test]
    fn only_real_links_are_linked() {
        for bad in ["javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", "//example.com", "", "https://", "x"] {
            assert_eq!(escape(Place::Url, bad), "#", "{bad}");
            assert_eq!(escape(Place::PlainUrl, bad), "#", "{bad}");
        }
        assert_eq!(escape(Place::Url, "mailto:ann@example.com?subject=a%20b"), "mailto:ann@example.com?subject=a%20b");
    }
}
