//! The one clock. Everything that needs the time is handed a [`Timestamp`] that came from here, so that a build can
//! be repeated byte for byte (`SOURCE_DATE_EPOCH`) and a test needs no waiting. Nothing else asks the system.

pub use jiff::Timestamp;
use jiff::Zoned;
use jiff::tz::TimeZone;

/// Where the time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The system's clock.
    System,
    /// A clock that stands still, for reproducible output.
    Fixed(Timestamp),
}

impl Clock {
    /// The present moment, in whole seconds for the fixed clock, finer for the system's.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system for the time")]
    pub fn now(self) -> Timestamp {
        match self {
            Clock::System => Timestamp::now(),
            Clock::Fixed(at) => at,
        }
    }
}

/// Measures how long something takes, by a clock that is never set.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    pub fn start() -> Self {
        Stopwatch(std::time::Instant::now())
    }

    pub fn elapsed(self) -> std::time::Duration {
        self.0.elapsed()
    }
}

/// `Date:` as RFC 5322 section 3.3 writes it, in UTC with a numeric zone: `Sun, 22 Nov 2026 23:00:00 +0000`.
pub fn rfc5322(at: Timestamp) -> String {
    // A bare timestamp would print `-0000`, which says that the sender's zone is unknown.
    let zoned: Zoned = at.to_zoned(TimeZone::UTC);
    jiff::fmt::rfc2822::to_string(&zoned).expect("years 0 to 9999 can be written, and a timestamp holds no other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_carry_a_numeric_zone() {
        let at: Timestamp = "2026-11-22T23:00:00Z".parse().unwrap();
        assert_eq!(rfc5322(at), "Sun, 22 Nov 2026 23:00:00 +0000");
    }
}
