//! Which part of all readers somebody belongs to: by a hash of a name and the address, so that it is the same today and
//! tomorrow, on every machine, in whatever order the list stands.
//!
//! For samples and for subjects that are tried against each other. Changing the hash would move readers between the sides of
//! a mailing under way, so a test pins it.

/// A part of all readers, from nobody to everybody.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// Readers whose place is below are in it; `None`: everybody is.
    below: Option<u64>,
}

impl Share {
    /// `None`: less than 0 or more than 100 percent.
    pub fn of_percent(percent: f64) -> Option<Share> {
        if !(0.0..=100.0).contains(&percent) {
            return None;
        }
        // 2^53 places are as many as a number of this kind can tell apart.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 2^53")]
        let below = (percent / 100.0 * PLACES).round() as u64;
        Some(Share { below: (percent < 100.0).then_some(below) })
    }

    pub fn has(self, place: Place) -> bool {
        self.below.is_none_or(|below| place.0 < below)
    }
}

/// How many places there are: 2^53.
const PLACES: f64 = 9_007_199_254_740_992.0;

/// Where a reader stands among all, for one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(u64);

impl Place {
    /// The place in percent.
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    pub fn percent(self) -> f64 {
        self.0 as f64 / PLACES * 100.0
    }
}

/// What tells one sample from another: made of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(u64);

impl Seed {
    pub fn of(name: &str) -> Seed {
        Seed(hash(0, name))
    }

    /// A seed of a number, such as a random one.
    pub fn new(number: u64) -> Seed {
        Seed(number)
    }

    pub fn place(self, address: &str) -> Place {
        Place(self.hash(address) >> 11)
    }

    /// The same for addresses that differ in case only.
    pub fn hash(self, address: &str) -> u64 {
        hash(self.0, address)
    }
}

/// The side of `shares` (in percent, together 100) that an address belongs to, counted from 0.
pub fn side_of(seed: Seed, address: &str, shares: &[f64]) -> usize {
    let place = seed.place(address).percent();
    let mut end = 0.0;
    let side = shares.iter().position(|share| {
        end += share;
        place < end
    });
    side.unwrap_or(shares.len().saturating_sub(1))
}

/// Eight bytes at a time, upper-case ASCII letters as lower-case ones.
fn hash(seed: u64, text: &str) -> u64 {
    let mut state = fold(seed ^ text.len() as u64 ^ 0x243f_6a88_85a3_08d3, 0x9e37_79b9_7f4a_7c15);
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    for word in words {
        state = fold(state ^ u64::from_le_bytes(word.to_ascii_lowercase_array()), 0x9e37_79b9_7f4a_7c15);
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    fold(state ^ u64::from_le_bytes(last.to_ascii_lowercase_array()), 0xd6e8_feb8_6659_fd93)
}

trait Lowercase {
    fn to_ascii_lowercase_array(self) -> Self;
}

impl Lowercase for [u8; 8] {
    fn to_ascii_lowercase_array(mut self) -> Self {
        self.make_ascii_lowercase();
        self
    }
}

/// The product of two numbers, its halves laid over each other, and mixed once more: every bit of the result depends on every
/// bit given.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    let [low, high] = [product & u128::from(u64::MAX), product >> 64];
    let mut mixed = u64::try_from(low ^ high).unwrap_or_default();
    mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn share(percent: f64) -> Share {
        Share::of_percent(percent).unwrap()
    }

    fn readers(n: usize) -> impl Iterator<Item = String> {
        (0..n).map(|n| format!("reader.{n}@example.com"))
    }

    #[test]
    fn places_never_change() {
        for (name, address, percent) in PINNED {
            assert_eq!(format!("{:.3}", Seed::of(name).place(address).percent()), percent, "{name} {address}");
        }
    }

    /// A changed hash would put readers on other sides: these are for ever.
    const PINNED: [(&str, &str, &str); 3] =
        [("", "ann@example.com", "54.889"), ("A", "ann@example.com", "64.067"), ("A", "BOB.LEE@Example.Org", "74.772")];

    #[test]
    fn samples_have_their_share_and_know_nothing_of_each_other() {
        let (one, other) = (Seed::of("A"), Seed::of("B"));
        let n = 40_000;
        let (mut in_one, mut in_both) = (0u32, 0u32);
        for reader in readers(n) {
            let first = share(30.0).has(one.place(&reader));
            in_one += u32::from(first);
            in_both += u32::from(first && share(50.0).has(other.place(&reader)));
        }
        assert!((11_600..12_400).contains(&in_one), "{in_one} of {n}");
        assert!((5_700..6_300).contains(&in_both), "{in_both} of {in_one}");
    }

    #[test]
    fn sides_are_as_large_as_their_shares() {
        let mut counts = [0u32; 3];
        readers(20_000).for_each(|reader| counts[side_of(Seed::of("m"), &reader, &[60.0, 30.0, 10.0])] += 1);
        for (count, expected) in counts.into_iter().zip([12_000u32, 6_000, 2_000]) {
            assert!(count.abs_diff(expected) < 350, "{counts:?}");
        }
    }

    #[test]
    fn nobody_and_everybody_are_exact() {
        for reader in readers(1000) {
            assert!(share(100.0).has(Seed::of("x").place(&reader)));
            assert!(!share(0.0).has(Seed::of("x").place(&reader)));
        }
        assert_eq!((Share::of_percent(-1.0), Share::of_percent(100.1)), (None, None));
        assert_eq!(Share::of_percent(f64::NAN), None);
    }

    proptest! {
        #[test]
        fn a_smaller_share_lies_in_a_larger_one(name in ".{0,6}", address in "[a-zA-Z.+]{1,20}@[a-z]{1,9}\\.example", less in 0.0..100.0, more in 0.0..100.0) {
            let (less, more) = if less < more { (less, more) } else { (more, less) };
            let place = Seed::of(&name).place(&address);
            prop_assert!(!share(less).has(place) || share(more).has(place));
            prop_assert_eq!(place, Seed::of(&name).place(&address.to_uppercase()));
        }
    }
}
