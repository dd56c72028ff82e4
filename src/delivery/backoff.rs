//! How long to wait before trying again: twice as long each time, and never all at once.

use std::time::Duration;

/// Waiting times that double, up to a longest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    pub first: Duration,
    pub most: Duration,
}

/// For a message that was deferred: one minute, doubling up to an hour.
impl Default for Backoff {
    fn default() -> Self {
        Backoff { first: Duration::from_secs(60), most: Duration::from_secs(3600) }
    }
}

impl Backoff {
    /// For a relay that can't be reached: one second, doubling up to a minute.
    pub fn reconnecting() -> Self {
        Backoff { first: Duration::from_secs(1), most: Duration::from_secs(60) }
    }

    /// How long to wait after the `attempt`-th failure, counted from 1. From half to all of the doubled time, by `seed`:
    /// with seeds of their own (the recipient's number, the connection's), those who failed together do not come back
    /// together. The same attempt and seed give the same time.
    pub fn delay(&self, attempt: u32, seed: u64) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let whole = self.first.checked_mul(1 << doublings).map_or(self.most, |time| time.min(self.most));
        whole / 2 + (whole / 2).mul_f64(fraction(seed ^ (u64::from(attempt) << 40)))
    }
}

/// A number in [0, 1) that is as good as random, from the finalizer of SplitMix64 (Steele, Lea, Flood 2014).
fn fraction(seed: u64) -> f64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    f64::from(u32::try_from(z >> 32).unwrap_or(0)) / 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_double_up_to_the_longest() {
        let backoff = Backoff::default();
        let bounds = [(0, 60), (1, 60), (2, 120), (3, 240), (6, 1920), (7, 3600), (40, 3600), (u32::MAX, 3600)];
        for (attempt, whole) in bounds {
            let whole = Duration::from_secs(whole);
            for seed in 0..100 {
                let delay = backoff.delay(attempt, seed);
                assert!(whole / 2 <= delay && delay < whole, "{attempt} {seed}: {delay:?}");
            }
        }
        assert!(Backoff::reconnecting().delay(1, 0) < Duration::from_secs(1));
        assert!(Backoff::reconnecting().delay(99, 0) >= Duration::from_secs(30));
    }

    #[test]
    fn those_who_fail_together_come_back_spread_out() {
        let backoff = Backoff::default();
        let mut tenths = [0; 10];
        for seed in 0..10_000 {
            let behind = backoff.delay(1, seed).saturating_sub(Duration::from_secs(30));
            tenths[usize::try_from(behind.as_secs() / 3).unwrap()] += 1;
        }
        assert!(tenths.iter().all(|count| (900..1100).contains(count)), "{tenths:?}");
    }

    proptest! {
        #[test]
        fn nothing_panics_and_the_same_is_the_same(
            first in any::<Duration>(), most in any::<Duration>(), attempt: u32, seed: u64,
        ) {
            let backoff = Backoff { first, most };
            prop_assert_eq!(backoff.delay(attempt, seed), backoff.delay(attempt, seed));
            prop_assert!(backoff.delay(attempt, seed) <= most);
        }
    }
}
