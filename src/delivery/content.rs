//! The octets of a message on the wire: what may go out, and dot-stuffing.
//!
//! Every message is looked through once on its way out, so this is written to go through memory at the speed of memory.

use std::borrow::Cow;

/// The longest line, with its line end (RFC 5322 section 2.1.1).
const LONGEST_LINE: usize = 1000;

/// Our messages are CRLF only and 7-bit; anything else could end the message early for some server (SMTP smuggling).
///
/// `None`: the message may not go out.
pub fn fit_for_wire(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii())?;
    let sound = bytes.ends_with(b"\r\n") && bytes.first() != Some(&b'\n') && !has_odd_octets(bytes);
    (sound && !has_long_lines(bytes)).then_some(text)
}

/// Control characters, or a CR or LF without the other. Without a branch, so that many octets are looked at at once.
#[expect(clippy::needless_bitwise_bool, reason = "a branch for every octet would be many times slower")]
fn has_odd_octets(bytes: &[u8]) -> bool {
    let mut odd = bytes.first().is_some_and(|first| is_control(*first));
    for (one, next) in bytes.iter().zip(&bytes[1..]) {
        odd |= is_control(*next) | ((*one == b'\r') != (*next == b'\n'));
    }
    odd
}

#[expect(clippy::needless_bitwise_bool, reason = "as above")]
fn is_control(byte: u8) -> bool {
    ((byte < 0x20) & (byte != b'\t') & (byte != b'\r') & (byte != b'\n')) | (byte == 0x7f)
}

fn has_long_lines(bytes: &[u8]) -> bool {
    let mut begun = 0;
    memchr::memchr_iter(b'\n', bytes).any(|end| {
        let long = end + 1 - begun > LONGEST_LINE;
        begun = end + 1;
        long
    })
}

/// The message with dots at line starts doubled (RFC 5321 section 4.5.2); only DATA needs it.
pub fn stuffed(text: &str) -> Cow<'_, str> {
    let doubled = text.starts_with('.');
    let inside = memchr::memmem::find(text.as_bytes(), b"\r\n.").is_some();
    match (doubled, inside) {
        (false, false) => Cow::Borrowed(text),
        (true, false) => Cow::Owned(format!(".{text}")),
        (false, true) => Cow::Owned(text.replace("\r\n.", "\r\n..")),
        (true, true) => Cow::Owned(format!(".{}", text.replace("\r\n.", "\r\n.."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_clean_messages_reach_the_wire() {
        assert!(fit_for_wire(b"A: b\r\n\r\ntext\r\n").is_some());
        for bad in [
            b"a\nb\r\n".as_slice(),
            b"a\rb\r\n",
            b"a\0\r\n",
            b"\0\r\n",
            b"\xc3\xa9\r\n",
            b"no end",
            b"",
            b"a\r\r\n",
            b"\n",
            b"a\x7fb\r\n",
            b"\r\n\r",
            b"\n\r\n",
        ] {
            assert!(fit_for_wire(bad).is_none(), "{bad:?}");
        }
        let line = |length: usize| [vec![b'x'; length], b"\r\n".to_vec()].concat();
        assert!(fit_for_wire(&line(998)).is_some() && fit_for_wire(&line(999)).is_none());
    }

    #[test]
    fn dots_are_doubled_at_line_starts() {
        assert_eq!(stuffed(".a\r\n.\r\nb.\r\n"), "..a\r\n..\r\nb.\r\n");
        assert_eq!(stuffed("a\r\n..b\r\n"), "a\r\n...b\r\n");
        assert_eq!(stuffed(".a\r\n"), "..a\r\n");
        assert!(matches!(stuffed("a.\r\nb\r\n"), Cow::Borrowed(_)));
    }

    /// The rule, one octet after another.
    fn slowly(bytes: &[u8]) -> bool {
        let mut previous = 0u8;
        let mut column = 0usize;
        for byte in bytes {
            let sound = match byte {
                b'\n' => previous == b'\r',
                b'\r' | b'\t' | 0x20..0x7f => previous != b'\r',
                _ => false,
            };
            column = if *byte == b'\n' { 0 } else { column + 1 };
            if !sound || column > 999 {
                return false;
            }
            previous = *byte;
        }
        previous == b'\n'
    }

    proptest! {
        #[test]
        fn it_judges_as_octet_by_octet(bytes in prop::collection::vec(prop::sample::select(b"\r\n\t a.\0\x7f\x80".to_vec()), 0..12), end: bool) {
            let mut bytes = bytes;
            if end {
                bytes.extend_from_slice(b"\r\n");
            }
            prop_assert_eq!(fit_for_wire(&bytes).is_some(), slowly(&bytes), "{:?}", bytes);
        }
    }
}
