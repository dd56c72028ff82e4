//! The commonest kind of record, found eight bytes at a time: printable ASCII without quotes, up to its line end.
//!
//! Nearly all rows of nearly all lists are of this kind. `record` asks here first and does the rest by itself; a test
//! there holds the two against each other.

use super::record::Span;

const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
const HIGH: u64 = 0x8080_8080_8080_8080;
const ONES: u64 = 0x0101_0101_0101_0101;

/// Finds the fields of the record at the start of `bytes`, and its length without the line end. `None`: the record is
/// of another kind, or its line end is not among the bytes.
pub(super) fn plain(bytes: &[u8], delimiter: u8, spans: &mut Vec<Span>) -> Option<usize> {
    spans.clear();
    let mut start = 0;
    let mut base = 0;
    for word in bytes.as_chunks::<8>().0 {
        let word = u64::from_le_bytes(*word);
        let mut delimiters = equal(word, delimiter);
        let others = (special(word) | equal(word, b'"')) & !delimiters;
        if others != 0 {
            // Only the delimiters before the first of them.
            delimiters &= (1 << others.trailing_zeros()) - 1;
        }
        while delimiters != 0 {
            let end = base + byte(delimiters);
            spans.push(Span { start, end });
            start = end + 1;
            delimiters &= delimiters - 1;
        }
        if others != 0 {
            let end = base + byte(others);
            spans.push(Span { start, end });
            return matches!(bytes[end], b'\r' | b'\n').then_some(end);
        }
        base += 8;
    }
    None
}

/// The place of the first mark.
fn byte(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// Marks, in the highest bit of each byte, the bytes that equal `wanted`.
fn equal(word: u64, wanted: u8) -> u64 {
    let differences = word ^ (ONES * u64::from(wanted));
    !(((differences & LOW) + LOW) | differences) & HIGH
}

/// Marks control characters, DEL and all that is not ASCII.
fn special(word: u64) -> u64 {
    let low = word & LOW;
    let at_least_space = low + ONES * 0x60;
    let delete = low + ONES;
    (!at_least_space | delete | word) & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_marked_as_what_it_is() {
        for b in 0..=u8::MAX {
            for place in 0..8 {
                let mut bytes = *b"abcdefgh";
                bytes[place] = b;
                let word = u64::from_le_bytes(bytes);
                let mark = 0x80 << (8 * place);
                let is_special = !(0x20..0x7f).contains(&b);
                assert_eq!(special(word), if is_special { mark } else { 0 }, "{b:#x}");
                assert_eq!(equal(word, b) & mark, mark, "{b:#x}");
                assert_eq!(equal(word, b'Z'), if b == b'Z' { mark } else { 0 }, "{b:#x}");
            }
        }
    }

    #[test]
    fn other_kinds_are_left_alone() {
        let mut spans = Vec::new();
        assert_eq!(plain(b"a,bc,\nxxxx", b',', &mut spans), Some(5));
        assert_eq!(spans, [(0, 1), (2, 4), (5, 5)].map(|(start, end)| Span { start, end }));
        for bytes in ["a,\"b\"\nxxx", "a,\u{e9}\nxxxx", "a,\tb\nxxxx", "a,b", "a,b,cdefg"] {
            assert_eq!(plain(bytes.as_bytes(), b',', &mut spans), None, "{bytes:?}");
        }
    }
}
