//! The commonest kind of record, found 64 bytes at a time: printable ASCII without quotes, up to its line end.
//!
//! Nearly all rows of nearly all lists are of this kind. `record` asks here first and does the rest by itself; a test
//! there holds the two against each other.

use wide::u8x16;

use super::record::Span;

/// So many bytes are looked at together: a bit for each in a word.
const WIDTH: usize = 64;

/// Finds the fields of the record at the start of `bytes`, and its length without the line end. `None`: the record is
/// of another kind, or its line end is not among the bytes, or too near to their end.
pub(super) fn plain(bytes: &[u8], delimiter: u8, spans: &mut Vec<Span>) -> Option<usize> {
    spans.clear();
    let mut start = 0;
    let mut base = 0;
    for chunk in bytes.as_chunks::<WIDTH>().0 {
        let (mut delimiters, others) = marks(chunk, delimiter);
        // Only the delimiters before the first of the others.
        delimiters &= others.wrapping_sub(1) & !others;
        while delimiters != 0 {
            let end = base + delimiters.trailing_zeros() as usize;
            spans.push(Span { start, end });
            start = end + 1;
            delimiters &= delimiters - 1;
        }
        if others != 0 {
            let end = base + others.trailing_zeros() as usize;
            spans.push(Span { start, end });
            return matches!(bytes[end], b'\r' | b'\n').then_some(end);
        }
        base += WIDTH;
    }
    None
}

/// Marks, by a bit for each byte, the delimiters, and all that is no printable ASCII, or is a quote and no delimiter.
fn marks(chunk: &[u8; WIDTH], delimiter: u8) -> (u64, u64) {
    let (mut delimiters, mut others) = (0, 0);
    for (n, lane) in chunk.as_chunks::<16>().0.iter().enumerate() {
        let lane = u8x16::new(*lane);
        let control = lane.min(u8x16::splat(b' ' - 1)).simd_eq(lane);
        let beyond = lane.max(u8x16::splat(b'~' + 1)).simd_eq(lane);
        let quote = lane.simd_eq(u8x16::splat(b'"'));
        delimiters |= u64::from(lane.simd_eq(u8x16::splat(delimiter)).to_bitmask()) << (16 * n);
        others |= u64::from((control | beyond | quote).to_bitmask()) << (16 * n);
    }
    (delimiters, others & !delimiters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_marked_as_what_it_is() {
        for b in 0..=u8::MAX {
            for place in 0..WIDTH {
                let mut chunk = [b'a'; WIDTH];
                chunk[place] = b;
                let mark = 1 << place;
                let expected = match b {
                    b',' => (mark, 0),
                    b'a' => (0, 0),
                    b' '..=b'~' if b != b'"' => (0, 0),
                    _ => (0, mark),
                };
                assert_eq!(marks(&chunk, b','), expected, "{b:#x}");
            }
        }
    }

    #[test]
    fn other_kinds_are_left_alone() {
        let behind = "x".repeat(WIDTH);
        let found = |text: &str| {
            let mut spans = Vec::new();
            let length = plain(format!("{text}{behind}").as_bytes(), b',', &mut spans);
            length.map(|length| (length, spans.iter().map(|span| (span.start, span.end)).collect::<Vec<_>>()))
        };
        assert_eq!(found("a,bc,\n"), Some((5, vec![(0, 1), (2, 4), (5, 5)])));
        let long = "y".repeat(100);
        assert_eq!(found(&format!("a,{long},b\r\n")), Some((104, vec![(0, 1), (2, 102), (103, 104)])));
        for text in ["a,\"b\"\n", "a,\u{e9}\n", "a,\tb\n", "a,b", "a,b,cdefg"] {
            assert_eq!(found(text), None, "{text:?}");
        }
    }
}
