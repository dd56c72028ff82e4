//! A set of addresses that fits a million readers: their text once, and 8 bytes to find each.
//!
//! Two addresses are the same when their letters are, whatever the case, and never because two hashes agree.

use std::hash::{BuildHasher, RandomState};

/// A fast hash of addresses: the same for two that differ in case only.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hash {
    seed: u64,
}

impl Default for Hash {
    fn default() -> Hash {
        // A seed of this run: nobody can prepare addresses that all have one hash.
        Hash { seed: RandomState::new().hash_one(0) }
    }
}

impl Hash {
    /// Takes eight bytes at a time. Upper-case letters become lower-case ones; that some other characters fall together
    /// too does no harm.
    pub(super) fn of(self, key: &[u8]) -> u32 {
        const LOWER: u64 = 0x2020_2020_2020_2020;
        let mut hash = self.seed ^ key.len() as u64;
        let (words, rest) = key.as_chunks::<8>();
        for word in words {
            hash = fold(hash ^ (u64::from_le_bytes(*word) | LOWER), 0x9e37_79b9_7f4a_7c15);
        }
        let last = match key.last_chunk::<8>() {
            // Some of it for the second time.
            Some(last) => u64::from_le_bytes(*last),
            None => rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        };
        halves(fold(hash ^ (last | LOWER), 0xd6e8_feb8_6659_fd93)).0
    }
}

/// The product of two numbers, its halves laid over each other: every bit of the result depends on every bit given.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    let [low, high] = [product & u128::from(u64::MAX), product >> 64];
    u64::try_from(low ^ high).unwrap_or_default()
}

/// The upper and the lower 32 bits.
fn halves(word: u64) -> (u32, u32) {
    let half = |word: u64| u32::try_from(word & u64::from(u32::MAX)).unwrap_or_default();
    (half(word >> 32), half(word))
}

/// Addresses (or `@domain`) with their text, numbered from 0 in the order of entering.
#[derive(Debug, Default)]
pub(super) struct Keys {
    hash: Hash,
    /// Hash and number of each key in an open table. The number is counted from 1, so that 0 is a free place.
    slots: Vec<u64>,
    /// A bit for each of the lower hash values that some key has: most of what is asked for is no key, and is known as such
    /// without a look at the table, which is too large to be near.
    marks: Vec<u64>,
    text: String,
    ends: Vec<usize>,
}

impl Keys {
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The number of `key`, whatever its case.
    pub(super) fn find(&self, key: &str) -> Option<usize> {
        if self.is_empty() {
            return None;
        }
        let hash = self.hash.of(key.as_bytes());
        let (word, bit) = self.mark(hash);
        if self.marks[word] & bit == 0 { None } else { self.look(hash, key).ok() }
    }

    /// [`Keys::find`] for who asks for one key after another, mostly in the order in which they were entered: whether it is
    /// the one after `last` is seen without a search.
    pub(super) fn find_after(&self, last: Option<usize>, key: &str) -> Option<usize> {
        let next = last.map_or(0, |last| last + 1);
        if self.get(next).eq_ignore_ascii_case(key) && next < self.ends.len() { Some(next) } else { self.find(key) }
    }

    /// Looks where these keys would stand, which brings those places near: many that are far away are waited for together,
    /// and not one by one when each is entered.
    pub(super) fn touch<'a>(&self, keys: impl Iterator<Item = &'a str>) {
        let slot = |key: &str| self.slots.get(self.place(self.hash.of(key.as_bytes()))).copied().unwrap_or_default();
        std::hint::black_box(keys.fold(0, |all, key| all ^ slot(key)));
    }

    /// Enters `key`; `Some` is the number it has already.
    pub(super) fn enter(&mut self, key: &str) -> Option<usize> {
        if self.ends.len() * 4 >= self.slots.len() * 3 {
            self.grow();
        }
        let hash = self.hash.of(key.as_bytes());
        match self.look(hash, key) {
            Ok(number) => Some(number),
            Err(free) => {
                self.text.push_str(key);
                self.ends.push(self.text.len());
                self.slots[free] = u64::from(hash) << 32 | (self.ends.len() as u64);
                let (word, bit) = self.mark(hash);
                self.marks[word] |= bit;
                None
            }
        }
    }

    /// The key's number, or the free place where it would be.
    fn look(&self, hash: u32, key: &str) -> Result<usize, usize> {
        let mut place = self.place(hash);
        loop {
            let (theirs, number) = halves(self.slots[place]);
            match (number as usize).checked_sub(1) {
                None => return Err(place),
                Some(number) if theirs == hash && self.get(number).eq_ignore_ascii_case(key) => return Ok(number),
                Some(_) => place = (place + 1) & (self.slots.len() - 1),
            }
        }
    }

    /// Found by the highest bits of the hash; the table's length is a power of two.
    fn place(&self, hash: u32) -> usize {
        let bits = self.slots.len().trailing_zeros().min(32);
        usize::try_from(u64::from(hash) >> (32 - bits)).unwrap_or_default()
    }

    /// Where a hash is marked: four bits for each place of the table, found by the lowest bits.
    fn mark(&self, hash: u32) -> (usize, u64) {
        let place = hash as usize & (self.marks.len() * 64 - 1);
        (place / 64, 1 << (place % 64))
    }

    fn grow(&mut self) {
        let length = (self.slots.len() * 2).max(1 << 8);
        self.marks = vec![0; length / 16];
        let old = std::mem::replace(&mut self.slots, vec![0; length]);
        for slot in old.into_iter().filter(|slot| *slot != 0) {
            let mut place = self.place(halves(slot).0);
            while self.slots[place] != 0 {
                place = (place + 1) & (self.slots.len() - 1);
            }
            self.slots[place] = slot;
            let (word, bit) = self.mark(halves(slot).0);
            self.marks[word] |= bit;
        }
    }

    /// The key with this number, as it was first entered.
    pub(super) fn get(&self, number: usize) -> &str {
        let start = if number == 0 { 0 } else { self.ends.get(number - 1).copied().unwrap_or(0) };
        self.ends.get(number).and_then(|end| self.text.get(start..*end)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn thousands_are_found_again() {
        let mut keys = Keys::default();
        let names: Vec<String> = (0..5000).map(|n| format!("reader.{n}@example.com")).collect();
        for name in &names {
            assert_eq!(keys.enter(name), None);
        }
        for (n, name) in names.iter().enumerate() {
            assert_eq!(keys.find(&name.to_uppercase()), Some(n));
        }
        assert_eq!(keys.find("reader@example.com"), None);
    }

    #[test]
    fn hashes_know_no_case() {
        let hash = Hash::default();
        assert_eq!(hash.of(b"Ann.Lee@EXAMPLE.com"), hash.of(b"ann.lee@example.com"));
        assert_ne!(hash.of(b"ann.lee@example.com"), hash.of(b"ann.lee@example.org"));
    }

    proptest! {
        #[test]
        fn keys_are_a_set_that_knows_no_case(words in proptest::collection::vec("[a-cA-C@.]{1,3}|[a-z]{20}", 0..300)) {
            let mut keys = Keys::default();
            let mut known: Vec<String> = Vec::new();
            for word in &words {
                let before = known.iter().position(|k| k.eq_ignore_ascii_case(word));
                prop_assert_eq!(keys.find(word), before);
                prop_assert_eq!(keys.enter(word), before);
                if before.is_none() {
                    known.push(word.clone());
                }
            }
            prop_assert_eq!(keys.is_empty(), words.is_empty());
        }
    }
}
