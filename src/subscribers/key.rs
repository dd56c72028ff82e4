//! Sets of addresses that fit a million readers: by 32 bits of hash, and never by hash alone.
//!
//! An entry costs 8 bytes: its hash and its number. Who asks says whether the entry of that number is really the same
//! address, so that nobody is left out because two hashes agree.

use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};

/// Hash and number of each entry in an open table. The number is counted from 1 there, so that 0 is an empty place.
#[derive(Debug)]
pub(super) struct Table {
    slots: Vec<u64>,
    /// The table has `1 << bits` places, found by the highest bits of the hash.
    bits: u32,
    used: usize,
    seed: u64,
}

impl Default for Table {
    fn default() -> Table {
        // A seed of this run: nobody can prepare addresses that all fall into one place.
        Table { slots: vec![0; 1 << 8], bits: 8, used: 0, seed: RandomState::new().hash_one(0) }
    }
}

impl Table {
    /// The number of the entry with this key.
    pub(super) fn find<E>(&self, key: &str, same: impl FnMut(u32) -> Result<bool, E>) -> Result<Option<u32>, E> {
        if self.used == 0 {
            return Ok(None);
        }
        Ok(self.look(self.hash(key), same)?.ok())
    }

    /// The number of the entry with this key, or `None` after entering `number` for it.
    pub(super) fn find_or_enter<E>(
        &mut self,
        key: &str,
        number: u32,
        same: impl FnMut(u32) -> Result<bool, E>,
    ) -> Result<Option<u32>, E> {
        let hash = self.hash(key);
        match self.look(hash, same)? {
            Ok(found) => return Ok(Some(found)),
            Err(free) => self.slots[free] = u64::from(hash) << 32 | (u64::from(number) + 1),
        }
        self.used += 1;
        if self.used * 4 > self.slots.len() * 3 && self.bits < 32 {
            self.grow();
        }
        Ok(None)
    }

    /// The entry's number, or the free place where it would be.
    fn look<E>(&self, hash: u32, mut same: impl FnMut(u32) -> Result<bool, E>) -> Result<Result<u32, usize>, E> {
        let mut place = self.place(hash);
        loop {
            let (theirs, number) = halves(self.slots[place]);
            if number == 0 {
                return Ok(Err(place));
            }
            if theirs == hash && same(number - 1)? {
                return Ok(Ok(number - 1));
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
    }

    fn place(&self, hash: u32) -> usize {
        hash as usize >> (32 - self.bits)
    }

    fn grow(&mut self) {
        self.bits += 1;
        let old = std::mem::replace(&mut self.slots, vec![0; 1 << self.bits]);
        for slot in old.into_iter().filter(|slot| *slot != 0) {
            let mut place = self.place(halves(slot).0);
            while self.slots[place] != 0 {
                place = (place + 1) & (self.slots.len() - 1);
            }
            self.slots[place] = slot;
        }
    }

    /// The same for addresses that differ in case only. It takes eight bytes at a time.
    fn hash(&self, key: &str) -> u32 {
        const LOWER: u64 = 0x2020_2020_2020_2020;
        let mut hash = self.seed ^ key.len() as u64;
        let mut chunks = key.as_bytes().chunks_exact(8);
        for chunk in &mut chunks {
            let word = chunk.iter().rev().fold(0, |word, b| word << 8 | u64::from(*b));
            hash = fold(hash ^ (word | LOWER), 0x9e37_79b9_7f4a_7c15);
        }
        let word = chunks.remainder().iter().rev().fold(0, |word, b| word << 8 | u64::from(*b));
        halves(fold(hash ^ (word | LOWER), 0xd6e8_feb8_6659_fd93)).0
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
    table: Table,
    text: String,
    ends: Vec<usize>,
}

impl Keys {
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The number of `key`, whatever its case.
    pub(super) fn find(&self, key: &str) -> Option<usize> {
        let Ok(found) = self.table.find(key, |n| Ok::<_, Infallible>(self.get(n).eq_ignore_ascii_case(key)));
        found.map(|n| n as usize)
    }

    /// Enters `key`; `Some` is the number it has already.
    pub(super) fn enter(&mut self, key: &str) -> Option<usize> {
        // Four billion keys are beyond any list; those behind would be found by nobody, so they are not taken.
        let number = u32::try_from(self.ends.len()).ok()?;
        let (text, ends) = (&self.text, &self.ends);
        let same = |n| Ok::<_, Infallible>(slice(text, ends, n).eq_ignore_ascii_case(key));
        let Ok(found) = self.table.find_or_enter(key, number, same);
        if found.is_none() {
            self.text.push_str(key);
            self.ends.push(self.text.len());
        }
        found.map(|n| n as usize)
    }

    fn get(&self, number: u32) -> &str {
        slice(&self.text, &self.ends, number)
    }
}

fn slice<'a>(text: &'a str, ends: &[usize], number: u32) -> &'a str {
    let number = number as usize;
    let start = if number == 0 { 0 } else { ends.get(number - 1).copied().unwrap_or(0) };
    ends.get(number).and_then(|end| text.get(start..*end)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_hashes_are_not_equal_addresses() {
        let mut table = Table::default();
        let mut names: Vec<String> = Vec::new();
        for n in 0..3000u32 {
            let name = format!("a{n}@example.com");
            // Asked about every entry with the hash of this one: none is the same.
            assert_eq!(table.find_or_enter(&name, n, |_| Ok::<_, Infallible>(false)), Ok(None));
            assert_eq!(table.find_or_enter(&name, n + 100_000, |_| Ok::<_, Infallible>(false)), Ok(None));
            names.push(name);
        }
        for (n, name) in (0u32..).zip(&names) {
            let same = |at: u32| Ok::<_, Infallible>(at == n);
            assert_eq!(table.find(name, same), Ok(Some(n)));
        }
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
