//! How fast did it go lately: the rate of what left in about the last ten seconds.

use std::time::Duration;

/// What left longer ago than this hardly counts.
const MEMORY: Duration = Duration::from_secs(10);

/// A count that fades, and so is a rate: its memory is the same whether a hundred messages leave in a second or one in a
/// minute.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Meter {
    weight: f64,
    /// Since when it has been counted without a pause, and when the last message left.
    since: Duration,
    last: Duration,
}

impl Meter {
    /// A message leaves.
    pub(super) fn take(&mut self, now: Duration) {
        if self.is_idle(now) {
            *self = Meter { weight: 1.0, since: now, last: now };
        } else {
            self.weight = self.faded(now) + 1.0;
            self.last = self.last.max(now);
        }
    }

    /// Messages per second. The first second counts as a whole one: two messages in its first millisecond are not 2,000/s.
    pub(super) fn rate(&self, now: Duration) -> f64 {
        let counted = now.saturating_sub(self.since).max(Duration::from_secs(1));
        // What a steady stream of one message a second would have come to in that time.
        let one_a_second = MEMORY.as_secs_f64() * (1.0 - (-counted.div_duration_f64(MEMORY)).exp());
        self.faded(now) / one_a_second
    }

    /// Whether nothing left for so long that what was before says nothing of now.
    pub(super) fn is_idle(&self, now: Duration) -> bool {
        self.weight == 0.0 || now.saturating_sub(self.last) > MEMORY
    }

    /// Whether it goes at more than about one message a second.
    pub(super) fn is_busy(&self, now: Duration) -> bool {
        self.faded(now) > MEMORY.as_secs_f64()
    }

    fn faded(&self, now: Duration) -> f64 {
        self.weight * (-now.saturating_sub(self.last).div_duration_f64(MEMORY)).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(rate: u32, seconds: u32) -> f64 {
        let mut meter = Meter::default();
        for n in 0..rate * seconds {
            meter.take(Duration::from_secs(100) + Duration::from_secs(1) * n / rate);
        }
        meter.rate(Duration::from_secs(100) + Duration::from_secs(1) * seconds)
    }

    #[test]
    fn a_steady_rate_is_measured_from_the_first_second_on() {
        for (rate, seconds) in [(10, 1), (10, 60), (1000, 1), (1000, 5), (5000, 30)] {
            let (found, rate) = (measured(rate, seconds), f64::from(rate));
            assert!((found / rate - 1.0).abs() < 0.02, "{found} for {rate} after {seconds} s");
        }
    }

    #[test]
    fn a_change_is_seen_and_a_pause_begins_anew() {
        let mut meter = Meter::default();
        assert!(meter.rate(Duration::ZERO).abs() < f64::EPSILON);
        let at = |n: u32, rate: u32| Duration::from_secs(1) * n / rate;
        (0..1000).for_each(|n| meter.take(at(n, 100)));
        (0..300).for_each(|n| meter.take(Duration::from_secs(10) + at(n, 10)));
        let found = meter.rate(Duration::from_secs(40));
        assert!((10.0..16.0).contains(&found), "{found}");
        assert!(meter.is_idle(Duration::from_secs(51)));
        (0..100).for_each(|n| meter.take(Duration::from_secs(60) + at(n, 50)));
        let found = meter.rate(Duration::from_secs(62));
        assert!((49.0..51.0).contains(&found), "{found}");
    }
}
