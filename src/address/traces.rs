//! Finding an address in files of any kind: by its letters, whatever their case, also as mail and the web write it.

use std::io::{self, Read};

use super::Address;

/// So much is looked at together.
const PIECE: usize = 1 << 20;
/// So much of a piece is looked at again with the next: an address is shorter, in every form.
const OVERLAP: usize = 2048;

/// What an address looks like where it stands.
#[derive(Debug)]
pub struct Traces {
    /// In lower case.
    forms: Vec<Vec<u8>>,
}

impl Traces {
    pub fn of(address: &Address) -> Traces {
        let normal = address.normal_form();
        let (local, domain) = normal.rsplit_once('@').unwrap_or((&normal, ""));
        let mut forms = Vec::new();
        // The domain as it goes on the wire, and as people write it.
        let (unicode, _) = idna::domain_to_unicode(domain);
        for domain in [domain, &unicode.to_lowercase()] {
            let plain = format!("{local}@{domain}");
            let web: String = plain.bytes().map(percent).collect();
            // All that has a meaning in HTML is written otherwise there.
            let html = plain.replace('&', "&amp;").replace('\'', "&#39;").replace('"', "&quot;");
            // Quoted-printable must be used for some octets, and is by some for others.
            let mail: String = plain.bytes().map(quoted).collect();
            let odd_mail = mail.replace('@', "=40");
            forms.extend([plain, web, html, mail, odd_mail].map(String::into_bytes));
            forms.push(format!("{local}%40{domain}").into_bytes());
        }
        forms.sort_unstable();
        forms.dedup();
        Traces { forms }
    }

    /// The line in which the address first stands, counted from 1; `None`: nowhere.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn find(&self, mut file: impl Read) -> io::Result<Option<u64>> {
        let mut text: Vec<u8> = Vec::with_capacity(PIECE + OVERLAP);
        let mut lines = 1;
        loop {
            let read = file.by_ref().take(PIECE as u64).read_to_end(&mut text)?;
            let fresh = text.len() - read;
            text[fresh..].make_ascii_lowercase();
            if let Some(at) = self.place(&text) {
                return Ok(Some(lines + memchr::memchr_iter(b'\n', &text[..at]).count() as u64));
            }
            if read == 0 {
                return Ok(None);
            }
            let done = text.len().saturating_sub(OVERLAP);
            lines += memchr::memchr_iter(b'\n', &text[..done]).count() as u64;
            text.drain(..done);
        }
    }

    /// Whether the address stands in this.
    pub fn are_in(&self, text: &[u8]) -> bool {
        self.place(&text.to_ascii_lowercase()).is_some()
    }

    fn place(&self, text: &[u8]) -> Option<usize> {
        let first = |text: &[u8]| self.forms.iter().filter_map(|form| memchr::memmem::find(text, form)).min();
        first(text).or_else(|| {
            // Lines of quoted-printable end wherever they must.
            let (joined, breaks) = joined(text)?;
            let at = first(&joined)?;
            let before = breaks.iter().take_while(|(place, _)| *place <= at).map(|(_, length)| length).sum::<usize>();
            Some(at + before)
        })
    }
}

/// Where a line break was left out, and how many octets it had.
type Break = (usize, usize);

/// A text without the soft line breaks of quoted-printable, with each of them; `None`: it has none.
fn joined(text: &[u8]) -> Option<(Vec<u8>, Vec<Break>)> {
    let mut out = Vec::new();
    let mut breaks = Vec::new();
    let mut start = 0;
    for at in memchr::memchr_iter(b'=', text) {
        let length = match text.get(at + 1..) {
            Some([b'\n', ..]) => 2,
            Some([b'\r', b'\n', ..]) => 3,
            _ => continue,
        };
        out.extend_from_slice(&text[start..at]);
        breaks.push((out.len(), length));
        start = at + length;
    }
    out.extend_from_slice(&text[start..]);
    (!breaks.is_empty()).then_some((out, breaks))
}

fn percent(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02x}")
    }
}

fn quoted(byte: u8) -> String {
    if byte.is_ascii() && byte != b'=' { char::from(byte).to_string() } else { format!("={byte:02x}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traces(text: &str) -> Traces {
        Traces::of(&Address::parse(text).unwrap())
    }

    #[test]
    fn an_address_is_found_in_every_writing() {
        let ann = traces("Ann+x@bücher.example");
        for text in [
            "To: ANN+X@xn--bcher-kva.example",
            "ann+x@BüCHER.example",
            "mailto:ann%2Bx%40xn--bcher-kva.example",
            "?to=ann+x%40xn--bcher-kva.example",
            "ann+x=40xn--bcher-kva.example",
            "ann=\r\n+x@xn--b=\r\ncher-kva.example",
            "ann+x@xn--bcher-kva.e=\nxample",
        ] {
            assert!(ann.are_in(text.as_bytes()), "{text}");
            assert_eq!(ann.find(format!("one\n\n{text}").as_bytes()).unwrap(), Some(3), "{text}");
        }
        for text in ["", "ann@bücher.example", "ann+x@bucher.example", "ann+x@\nxn--bcher-kva.example"] {
            assert!(!ann.are_in(text.as_bytes()), "{text}");
        }
        assert!(traces("o'neil&co@example.com").are_in(b"<b>o&#39;neil&amp;co@example.com</b>"));
        assert!(traces("a=b@example.com").are_in(b"a=3Db@example.com"));
    }

    #[test]
    fn it_is_found_wherever_pieces_end() {
        let ann = traces("ann@example.com");
        for before in [PIECE - 8, PIECE - 1, PIECE, PIECE + 5, 2 * PIECE - 7] {
            let mut text = vec![b'.'; before];
            text[10] = b'\n';
            text.extend_from_slice(b"Ann@Example.com\n");
            assert_eq!(ann.find(text.as_slice()).unwrap(), Some(2), "{before}");
            text[before] = b'x';
            assert_eq!(ann.find(text.as_slice()).unwrap(), None);
        }
    }
}
