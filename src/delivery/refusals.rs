//! Are refusals rising? A list that went bad, or a relay that turned against us, shows in the last outcomes, and the mailing
//! stops before more harm is done.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};

/// How many outcomes are looked at.
const LAST: u16 = 200;

/// A part of a whole, as a person writes it: `5%`, `0.5%`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    percent: f64,
}

impl Share {
    /// Reads a number from 0 to 100 and a percent sign.
    ///
    /// # Errors
    /// Says in words what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let number = text.trim().strip_suffix('%').map(str::trim_end);
        let number = number.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
        match number.and_then(|number| number.parse().ok()) {
            Some(percent) if percent <= 100.0 => Ok(Share { percent }),
            _ => Err(format!("`{text}` is no share: write it as in 5%, from 0% to 100%")),
        }
    }
}

impl Default for Share {
    fn default() -> Self {
        Share { percent: 5.0 }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.percent)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Share;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a share in quotes, such as \"5%\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Share, E> {
                Share::parse(text).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// The last 200 final outcomes: which were rejections.
#[derive(Debug, Clone)]
pub struct Refusals {
    share: Share,
    /// A ring, a bit an outcome.
    bits: [u64; 4],
    /// Where the next outcome goes, which is where the oldest one stands.
    next: u16,
    of: u16,
    rejected: u16,
}

impl Refusals {
    /// `share`: more than this is too many; `100%`: never.
    pub fn new(share: Share) -> Self {
        Refusals { share, bits: [0; 4], next: 0, of: 0, rejected: 0 }
    }

    /// A message was accepted, or rejected for good.
    pub fn record(&mut self, rejected: bool) {
        let (word, bit) = (usize::from(self.next / 64), 1 << (self.next % 64));
        if self.of == LAST {
            self.rejected -= u16::from(self.bits[word] & bit != 0);
        } else {
            self.of += 1;
        }
        if rejected {
            self.bits[word] |= bit;
            self.rejected += 1;
        } else {
            self.bits[word] &= !bit;
        }
        self.next = (self.next + 1) % LAST;
    }

    /// Whether more than the share of 200 were rejected. It is of 200 even while there were fewer outcomes, so that the
    /// second bad address does not stop a small mailing.
    pub fn is_too_many(&self) -> bool {
        f64::from(self.rejected) * 100.0 > self.share.percent * f64::from(LAST)
    }

    /// How many of the last outcomes were rejections.
    pub fn rejected(&self) -> u16 {
        self.rejected
    }

    /// How many outcomes that is of: 200, or fewer at the start.
    pub fn of(&self) -> u16 {
        self.of
    }

    pub fn share(&self) -> Share {
        self.share
    }

    /// The user says to go on: what was, no longer counts.
    pub fn reset(&mut self) {
        *self = Self::new(self.share);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shares_are_read() {
        for (text, shown) in [("5%", "5%"), (" 0.5 %", "0.5%"), ("100%", "100%"), ("0%", "0%")] {
            assert_eq!(Share::parse(text).unwrap().to_string(), shown);
        }
        for text in ["", "%", "5", "101%", "-1%", "inf%", "nan%", "1e1%", "5%%", "."] {
            assert!(Share::parse(text).unwrap_err().contains("is no share"), "{text}");
        }
        assert_eq!(Share::default(), Share::parse("5%").unwrap());
    }

    #[test]
    fn the_eleventh_rejection_stops_also_a_small_mailing() {
        let mut refusals = Refusals::new(Share::default());
        (0..10).for_each(|_| refusals.record(true));
        assert!(!refusals.is_too_many());
        refusals.record(true);
        assert!(refusals.is_too_many());
        assert_eq!((refusals.rejected(), refusals.of()), (11, 11));
        refusals.reset();
        assert_eq!((refusals.rejected(), refusals.of(), refusals.is_too_many()), (0, 0, false));
    }

    #[test]
    fn nothing_is_too_many_for_a_hundred_percent_and_one_is_for_none() {
        for (share, expected) in [("100%", false), ("0%", true), ("99.5%", true)] {
            let mut refusals = Refusals::new(Share::parse(share).unwrap());
            assert!(!refusals.is_too_many());
            (0..500).for_each(|_| refusals.record(true));
            assert_eq!(refusals.is_too_many(), expected, "{share}");
        }
    }

    proptest! {
        #[test]
        fn the_ring_counts_as_a_list_does(outcomes in prop::collection::vec(prop::bool::weighted(0.06), 0..900)) {
            let mut refusals = Refusals::new(Share::default());
            for (n, rejected) in outcomes.iter().enumerate() {
                refusals.record(*rejected);
                let last = &outcomes[(n + 1).saturating_sub(200)..=n];
                let count = last.iter().filter(|rejected| **rejected).count();
                prop_assert_eq!((usize::from(refusals.rejected()), usize::from(refusals.of())), (count, last.len()));
                prop_assert_eq!(refusals.is_too_many(), count > 10);
            }
        }
    }
}
