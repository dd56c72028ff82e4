//! Who got an earlier mailing: what `got` and `missed` ask. Readers are known by 128 bits of a seeded hash, so each needs
//! some forty octets at most, and that two are ever taken for each other is as good as impossible.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use crate::diagnostic::Result;
use crate::share::Seed;

/// What became of a mailing for its readers.
#[derive(Debug)]
pub struct Roll {
    seeds: [Seed; 2],
    got: Keys,
    in_doubt: Keys,
}

type Keys = HashSet<u128, BuildHasherDefault<AsItIs>>;

/// What a reader has to do with a mailing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// A relay accepted it.
    Got,
    /// It may have been sent, and its outcome was never learned.
    InDoubt,
    /// Certainly not sent to them.
    Missed,
}

impl Default for Roll {
    fn default() -> Roll {
        // Seeds of this run: nobody can prepare addresses that have the same hashes.
        let seed = || Seed::new(RandomState::new().hash_one(0));
        Roll { seeds: [seed(), seed()], got: Keys::default(), in_doubt: Keys::default() }
    }
}

impl Roll {
    /// A relay accepted this reader's copy.
    pub fn got(&mut self, email: &str) {
        self.got.insert(self.key(email));
    }

    /// Nobody knows whether this reader's copy was accepted.
    pub fn in_doubt(&mut self, email: &str) {
        self.in_doubt.insert(self.key(email));
    }

    pub(super) fn of(&self, email: &str) -> Standing {
        let key = self.key(email);
        if self.got.contains(&key) {
            Standing::Got
        } else if self.in_doubt.contains(&key) {
            Standing::InDoubt
        } else {
            Standing::Missed
        }
    }

    fn key(&self, email: &str) -> u128 {
        let [high, low] = self.seeds.map(|seed| u128::from(seed.hash(email)));
        high << 64 | low
    }
}

/// The mailings that there were, for an expression that names them. Each is asked for once.
pub trait Mailings {
    /// What became of a mailing; `None`: there is none of this slug.
    fn roll(&self, slug: &str) -> Result<Option<Roll>>;

    /// The slugs of all mailings.
    fn slugs(&self) -> Result<Vec<String>>;
}

/// There were none.
#[derive(Debug, Clone, Copy)]
pub struct NoMailings;

impl Mailings for NoMailings {
    fn roll(&self, _: &str) -> Result<Option<Roll>> {
        Ok(None)
    }

    fn slugs(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}

/// The keys are hashes already.
#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, _) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.0 ^= u64::from_le_bytes(*word));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_are_known_whatever_their_case() {
        let mut roll = Roll::default();
        roll.got("Ann@example.com");
        roll.in_doubt("bob@example.com");
        roll.in_doubt("ann@example.com");
        assert_eq!(roll.of("ann@EXAMPLE.com"), Standing::Got);
        assert_eq!(roll.of("bob@example.com"), Standing::InDoubt);
        for other in ["cem@example.com", "ann@example.co", "a~b@example.com"] {
            assert_eq!(roll.of(other), Standing::Missed);
        }
    }
}
