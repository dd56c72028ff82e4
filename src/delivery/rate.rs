//! A rate as a person states it: `14/s`, `100/min`, `5000/h`, `20000/day`.
//!
//! What is written is kept, so that it is shown again as it was written. How a rate is kept is the business of
//! [`Pace`](super::Pace).

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

/// Messages per time, between one a day and a million a second.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    count: f64,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
}

/// Why a text is no rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    #[error("`{0}` is no rate: write it as in 14/s, 100/min, 5000/h or 20000/day")]
    Form(String),
    #[error("`{0}` is a rate per `{1}`, which is not known: use s, min, h or day")]
    Unit(String, String),
    #[error("`{0}` would never send anything: leave the rate out for no limit, or state one above zero")]
    Zero(String),
    #[error("`{0}` is slower than 1/day, the slowest rate there is")]
    TooSlow(String),
    #[error("`{0}` is faster than 1000000/s: leave the rate out for no limit")]
    TooFast(String),
}

/// Messages per second.
const SLOWEST: f64 = 1.0 / 86_400.0;
const FASTEST: f64 = 1_000_000.0;

impl Rate {
    /// Reads a number, which may have decimals, a slash and a unit; spaces may stand between them.
    ///
    /// # Errors
    /// Says in words what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, RateError> {
        let text = text.trim();
        let form = || RateError::Form(text.to_owned());
        let (number, unit) = text.split_once('/').ok_or_else(form)?;
        let (number, unit) = (number.trim(), unit.trim());
        // Rust's own reader also takes signs, exponents, `inf` and `nan`.
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return Err(form());
        }
        let count: f64 = number.parse().map_err(|_| form())?;
        let unit = match unit {
            "" => return Err(form()),
            "s" | "sec" | "second" => Unit::Second,
            "min" | "minute" => Unit::Minute,
            "h" | "hour" => Unit::Hour,
            "d" | "day" => Unit::Day,
            other => return Err(RateError::Unit(text.to_owned(), other.to_owned())),
        };
        let rate = Rate { count, unit };
        match rate.per_second() {
            0.0 => Err(RateError::Zero(text.to_owned())),
            slow if slow < SLOWEST => Err(RateError::TooSlow(text.to_owned())),
            fast if fast > FASTEST => Err(RateError::TooFast(text.to_owned())),
            _ => Ok(rate),
        }
    }

    /// A rate that was computed, moved into the bounds that all rates have.
    pub fn from_per_second(count: f64) -> Self {
        let count = if count.is_nan() { SLOWEST } else { count.clamp(SLOWEST, FASTEST) };
        Rate { count, unit: Unit::Second }
    }

    /// Messages per second.
    pub fn per_second(self) -> f64 {
        self.count / self.unit.seconds()
    }

    /// The time from one message to the next, in seconds.
    pub(super) fn interval(self) -> f64 {
        self.unit.seconds() / self.count
    }
}

impl Unit {
    fn seconds(self) -> f64 {
        match self {
            Unit::Second => 1.0,
            Unit::Minute => 60.0,
            Unit::Hour => 3_600.0,
            Unit::Day => 86_400.0,
        }
    }
}

/// `60/min` is `1/s`.
impl PartialEq for Rate {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(std::cmp::Ordering::Equal)
    }
}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.per_second().partial_cmp(&other.per_second())
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Second => "s",
            Unit::Minute => "min",
            Unit::Hour => "h",
            Unit::Day => "day",
        };
        write!(f, "{}/{unit}", self.count)
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        Self::parse(text)
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Rate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a rate in quotes, such as \"14/s\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Rate, E> {
                Rate::parse(text).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rates_are_read_and_shown_as_they_were_written() {
        for (text, shown, per_second) in [
            ("14/s", "14/s", 14.0),
            (" 14 / sec ", "14/s", 14.0),
            ("0.5/s", "0.5/s", 0.5),
            ("100/min", "100/min", 100.0 / 60.0),
            ("5000/h", "5000/h", 5000.0 / 3600.0),
            ("20000 /day", "20000/day", 20000.0 / 86400.0),
            ("1/d", "1/day", 1.0 / 86400.0),
            ("1000000/s", "1000000/s", 1e6),
        ] {
            let rate = Rate::parse(text).unwrap();
            assert_eq!((rate.to_string().as_str(), rate.per_second()), (shown, per_second), "{text}");
        }
        assert_eq!(Rate::parse("60/min"), Rate::parse("1/s"));
        assert!(Rate::parse("61/min").unwrap() > Rate::parse("1/s").unwrap());
    }

    #[test]
    fn what_is_no_rate_is_refused_in_words() {
        for (text, words) in [
            ("", "is no rate"),
            ("14", "write it as in 14/s"),
            ("/s", "is no rate"),
            ("14/", "is no rate"),
            ("1.2.3/s", "is no rate"),
            (".", "is no rate"),
            ("./s", "is no rate"),
            ("-1/s", "is no rate"),
            ("inf/s", "is no rate"),
            ("1e3/s", "is no rate"),
            ("14/s/s", "not known"),
            ("14/m", "use s, min, h or day"),
            ("0/s", "would never send"),
            ("0.5/day", "slower than 1/day"),
            ("1000001/s", "faster than"),
        ] {
            let error = Rate::parse(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
        let error = serde_json::from_str::<Rate>("14").unwrap_err().to_string();
        assert!(error.contains("a rate in quotes"), "{error}");
    }

    #[test]
    fn computed_rates_stay_in_bounds() {
        for (count, expected) in [(2.5, 2.5), (0.0, SLOWEST), (-1.0, SLOWEST), (f64::NAN, SLOWEST), (1e99, FASTEST)] {
            assert!((Rate::from_per_second(count).per_second() - expected).abs() < 1e-12, "{count}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_as_the_same(whole in 1u32..1_000_000, cents in 0u32..1_000, unit in 0usize..4) {
            let text = format!("{whole}.{cents:03}/{}", ["s", "min", "h", "day"][unit]);
            let rate = Rate::parse(&text).unwrap();
            let again = Rate::parse(&rate.to_string()).unwrap();
            prop_assert_eq!(rate.per_second().to_bits(), again.per_second().to_bits());
            let json = serde_json::to_string(&rate).unwrap();
            prop_assert_eq!(serde_json::from_str::<Rate>(&json).unwrap(), rate);
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = Rate::parse(&text);
        }
    }
}
