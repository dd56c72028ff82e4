//! The commonest kind of address, known for right at a glance: sixteen letters are looked at together, and what they are is
//! a bit for each in a word. A list of a million readers is checked by this nearly alone, without an allocation.
//!
//! Whatever is not known here is read by [`super::Address::parse`] in full; a test holds the two against each other.

use wide::u8x16;

/// So many letters fit into a word of bits.
const MOST: usize = 64;

/// Whether `text` is the commonest kind of address, which `Address::parse` would give back letter for letter.
pub(crate) fn is_plain(text: &str) -> bool {
    plain_at(text).is_some()
}

/// Where the `@` of a plain address stands: a dot-atom of ASCII before it, behind it labels of lower-case letters,
/// digits and single hyphens, which need no IDNA processing, the last one no number.
pub(super) fn plain_at(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > MOST {
        return None;
    }
    let marks = Marks::of(bytes);
    if marks.at.count_ones() != 1 {
        return None;
    }
    let at = marks.at.trailing_zeros();
    let local = marks.at - 1;
    let domain = (u64::MAX >> (MOST - bytes.len())) & !local & !marks.at;
    (is_local_part(&marks, local, bytes) && is_domain(&marks, domain, bytes.len())).then_some(at as usize)
}

/// RFC 5322 section 3.2.3: a dot-atom.
fn is_local_part(marks: &Marks, local: u64, bytes: &[u8]) -> bool {
    let dots = (marks.dot & local) | marks.at;
    // None at the beginning, and no two of them side by side, the `@` being the last.
    if local == 0 || dots & 1 == 1 || dots & (dots << 1) != 0 {
        return false;
    }
    let mut others = local & !(marks.lower | marks.digit | marks.dot);
    while others != 0 {
        if !ATOM[usize::from(bytes[others.trailing_zeros() as usize])] {
            return false;
        }
        others &= others - 1;
    }
    true
}

/// Two or more labels, the last no number. What has two hyphens in a row is left to IDNA.
fn is_domain(marks: &Marks, domain: u64, length: usize) -> bool {
    let dots = marks.dot & domain;
    let (edges, hyphens) = (dots | marks.at, marks.hyphen & domain);
    let last = 1 << (length - 1);
    // Where no hyphen and no dot stands: behind a dot, the `@` or a hyphen, before a dot, and at the end.
    let before = edges | hyphens;
    if domain & !(marks.lower | marks.digit | dots | hyphens) != 0
        || (dots | hyphens) & (before << 1) != 0
        || (dots | hyphens) & last != 0
        || dots == 0
    {
        return false;
    }
    let last_label = domain & (u64::MAX << dots.ilog2());
    last_label & !marks.dot & !marks.digit != 0
}

/// What each letter is, by a bit for each.
#[derive(Default)]
struct Marks {
    at: u64,
    dot: u64,
    hyphen: u64,
    digit: u64,
    lower: u64,
}

impl Marks {
    fn of(bytes: &[u8]) -> Marks {
        let mut marks = Marks::default();
        let (chunks, rest) = bytes.as_chunks::<16>();
        for (n, chunk) in chunks.iter().enumerate() {
            marks.take(*chunk, 16 * n);
        }
        if !rest.is_empty() {
            let mut chunk = [0; 16];
            chunk[..rest.len()].copy_from_slice(rest);
            marks.take(chunk, 16 * chunks.len());
        }
        marks
    }

    fn take(&mut self, chunk: [u8; 16], place: usize) {
        let chunk = u8x16::new(chunk);
        let mark = |marks: u8x16| u64::from(marks.to_bitmask()) << place;
        let is = |wanted: u8| mark(chunk.simd_eq(u8x16::splat(wanted)));
        let between = |first: u8, last: u8| {
            let distance = chunk - u8x16::splat(first);
            mark(distance.min(u8x16::splat(last - first)).simd_eq(distance))
        };
        self.at |= is(b'@');
        self.dot |= is(b'.');
        self.hyphen |= is(b'-');
        self.digit |= between(b'0', b'9');
        self.lower |= between(b'a', b'z');
    }
}

/// RFC 5322 section 3.2.3, `atext`.
const ATOM: [bool; 256] = {
    let mut table = [false; 256];
    let allowed = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~";
    let mut n = 0;
    while n < allowed.len() {
        table[allowed[n] as usize] = true;
        n += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::super::Address;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn common_addresses_are_known_at_a_glance() {
        for text in ["ann@example.com", "Ann.Lee+news@mail.example.co.uk", "a@b.c", "o'hara_9@1-2.example.org"] {
            assert_eq!(plain_at(text), text.find('@'), "{text}");
        }
        for length in [1, 14, 15, 16, 17, 31, 32, 33, 52] {
            let text = format!("{}@example.com", "x".repeat(length));
            assert_eq!(plain_at(&text), Some(length), "{text}");
        }
        for text in [
            "", "@", "a@", "@b.c", "a@b", "a@b.", "a@.b", "a@b..c", ".a@b.c", "a.@b.c", "a..b@b.c", "a@-b.c", "a@b-.c",
            "a@b.-c", "a@b.c-", "a@b--b.c", "a@b.1", "a@b.C", "a@b_b.c", "a b@b.c", "a@b@b.c", "é@b.c", "a@é.c",
            "(a@b.c", "a@b.c\0",
        ] {
            assert!(!is_plain(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_says_what_the_long_way_says(
            text in "([a-zA-Z.+@_\\-\\PC]{1,6}|[a-z]{0,70})@([a-z0-9A-Z.x\\-]{0,8}|[a-z]{14})(\\.[a-z0-9\\-]{1,4}){0,2}",
        ) {
            let long = Address::parse_any(text.trim_matches([' ', '\t']));
            prop_assert_eq!(Address::parse(&text), long.clone());
            if is_plain(&text) {
                prop_assert_eq!(long.unwrap().to_string(), text);
            }
        }
    }
}
