//! Keeping a rate: when the next message may leave.
//!
//! A [`Pace`] gives every message a slot, one interval after the slot before it, and a message may leave from its slot
//! on. Whoever comes late takes slots of the past, so that lateness costs nothing in the long run; slots older than
//! 50 ms are lost, so that a pause is never made up for by a burst. The time is handed in, as time since the start of the
//! run. Which rate to keep is not decided here.

use std::time::Duration;

use super::Rate;

/// How old a slot may be taken.
const CARRY: Duration = Duration::from_millis(50);

/// Slots are reckoned in parts of a nanosecond: 1/14 s is no whole number of nanoseconds, and the error would add up.
const TICKS_PER_NANO: u128 = 1 << 32;

/// A rate that is kept. In any time `t` at most `rate · (t + 50 ms) + 1` messages leave; where there is always demand and
/// nobody comes more than 50 ms late, none is fewer than the rate allows.
#[derive(Debug, Clone)]
pub struct Pace {
    rate: Rate,
    interval: u128,
    /// The slot that was taken last, in ticks.
    last: Option<u128>,
}

impl Pace {
    /// A pace whose first message may leave at once.
    pub fn new(rate: Rate) -> Self {
        Pace { rate, interval: interval(rate), last: None }
    }

    /// A pace that goes on as if a message had left at `now`.
    pub fn after(rate: Rate, now: Duration) -> Self {
        Pace { last: Some(ticks(now)), ..Self::new(rate) }
    }

    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// From now on another rate: the next slot is one new interval behind the last one taken.
    pub fn set_rate(&mut self, rate: Rate) {
        self.rate = rate;
        self.interval = interval(rate);
    }

    /// When the next message may leave; `None`: now.
    pub fn ready_at(&self, now: Duration) -> Option<Duration> {
        let slot = self.last?.saturating_add(self.interval);
        (slot > ticks(now)).then(|| duration(slot))
    }

    /// A message leaves. If it was not ready, those behind it wait the longer.
    pub fn take(&mut self, now: Duration) {
        let now = ticks(now);
        self.last = Some(match self.last {
            None => now,
            Some(last) => last.saturating_add(self.interval).max(now.saturating_sub(ticks(CARRY))),
        });
    }
}

/// The time between two slots, in ticks; right to the 53 bits of the rate itself.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
fn interval(rate: Rate) -> u128 {
    // Positive and far below the largest u128: a rate is at least 1/day.
    (rate.interval() * 1e9 * TICKS_PER_NANO as f64).round() as u128
}

fn ticks(time: Duration) -> u128 {
    time.as_nanos() * TICKS_PER_NANO
}

/// Rounded up: whoever comes at that time finds the slot ready.
fn duration(ticks: u128) -> Duration {
    const SECOND: u128 = 1_000_000_000;
    let nanos = ticks.div_ceil(TICKS_PER_NANO);
    let (seconds, rest) = (nanos / SECOND, nanos % SECOND);
    match (u64::try_from(seconds), u32::try_from(rest)) {
        (Ok(seconds), Ok(rest)) => Duration::new(seconds, rest),
        _ => Duration::MAX,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEN_SECONDS: Duration = Duration::from_secs(10);

    fn rate(text: &str) -> Rate {
        Rate::parse(text).unwrap()
    }

    /// A caller with endless demand: it takes what is ready, then sleeps until it is told to come back, and comes late by
    /// the next of `late` (in µs). Returns when each message left.
    fn run(pace: &mut Pace, until: Duration, late: &[u64]) -> Vec<Duration> {
        let (mut now, mut takes) = (Duration::ZERO, Vec::new());
        let mut late = late.iter().cycle();
        while now < until {
            match pace.ready_at(now) {
                None => {
                    pace.take(now);
                    takes.push(now);
                }
                Some(at) => now = at + Duration::from_micros(*late.next().unwrap()),
            }
        }
        takes
    }

    /// The most and the fewest messages in any ten seconds of `from..until`. Counts change only where a message enters or
    /// leaves the window, so it is enough to look at windows that begin at a message, and just after one.
    fn most_and_fewest(takes: &[Duration], until: Duration) -> (usize, usize) {
        let (mut most, mut fewest, mut end) = (0, usize::MAX, 0);
        for (n, from) in takes.iter().enumerate() {
            let to = *from + TEN_SECONDS;
            while end < takes.len() && takes[end] < to {
                end += 1;
            }
            most = most.max(end - n);
            if to < until {
                let at_the_end = usize::from(takes.get(end) == Some(&to));
                // In the window that begins just behind this message and its twins.
                let twins = takes[n..].iter().take_while(|at| *at == from).count();
                let behind = takes[end..].iter().take_while(|at| **at == to).count().min(at_the_end);
                fewest = fewest.min(end + behind - n - twins);
            }
        }
        (most, fewest)
    }

    /// Ten seconds' worth, 1 % less and 1 % more, to the whole message.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn law(rate: Rate) -> (usize, usize) {
        let ten = 10.0 * rate.per_second();
        ((ten * 0.99).floor() as usize, (ten * 1.01).ceil() as usize)
    }

    #[test]
    fn slow_and_fast_rates_are_kept_alike() {
        for (text, expected) in [("0.5/s", 50), ("14/s", 1400), ("100/min", 167), ("5000/s", 500_000)] {
            let takes = run(&mut Pace::new(rate(text)), Duration::from_secs(100), &[0]);
            assert_eq!(takes.len(), expected, "{text}");
        }
    }

    #[test]
    fn nothing_adds_up_in_a_hundred_days() {
        let mut pace = Pace::new(rate("7/s"));
        // Just before the end of a hundred days, by the arithmetic of the slots alone.
        let slots = 7 * 86_400 * 100 - 1_u128;
        let exact = Duration::from_nanos(u64::try_from(slots * 1_000_000_000 / 7).unwrap());
        pace.last = Some(pace.interval * slots);
        assert!(duration(pace.last.unwrap()).abs_diff(exact) < Duration::from_micros(1));
    }

    #[test]
    fn a_pause_is_not_made_up_for() {
        let mut pace = Pace::new(rate("1000/s"));
        pace.take(Duration::ZERO);
        let later = Duration::from_secs(3600);
        let burst = std::iter::from_fn(|| pace.ready_at(later).is_none().then(|| pace.take(later))).count();
        assert_eq!(burst, 51, "the message that is due, and 50 ms worth");
        assert_eq!(pace.ready_at(later), Some(later + Duration::from_millis(1)));
    }

    #[test]
    fn a_new_rate_holds_at_once() {
        let mut pace = Pace::new(rate("1/h"));
        pace.take(Duration::from_secs(1));
        assert_eq!(pace.ready_at(Duration::from_secs(1)), Some(Duration::from_secs(3601)));
        pace.set_rate(rate("2/s"));
        assert_eq!(pace.rate(), rate("2/s"));
        assert_eq!(pace.ready_at(Duration::from_secs(1)), Some(Duration::from_millis(1500)));
        assert_eq!(pace.ready_at(Duration::from_secs(2)), None);
        let pace = Pace::after(rate("2/s"), Duration::from_secs(5));
        assert_eq!(pace.ready_at(Duration::from_secs(5)), Some(Duration::from_millis(5500)));
    }

    #[test]
    fn what_was_taken_too_early_is_paid_back() {
        let mut pace = Pace::new(rate("10/s"));
        for _ in 0..5 {
            pace.take(Duration::ZERO);
        }
        assert_eq!(pace.ready_at(Duration::ZERO), Some(Duration::from_millis(500)));
    }

    #[test]
    fn the_end_of_time_is_no_panic() {
        let mut pace = Pace::new(rate("1/day"));
        for now in [Duration::MAX, Duration::ZERO, Duration::MAX] {
            pace.take(now);
            assert!(pace.ready_at(now).is_some());
        }
    }

    /// Rates from 0.1/s to 5,000/s, as likely small as large.
    fn rates() -> impl Strategy<Value = Rate> {
        (-1.0..3.7_f64).prop_map(|exponent| Rate::from_per_second(10_f64.powf(exponent)))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// A caller who wakes up to 10 ms late: every ten seconds hold what the rate says.
        #[test]
        fn any_ten_seconds_are_within_one_percent(
            rate in rates(), late in prop::collection::vec(0u64..10_000, 1..50),
        ) {
            let until = Duration::from_secs(35);
            let takes = run(&mut Pace::new(rate), until, &late);
            let (most, fewest) = most_and_fewest(&takes, until);
            let (low, high) = law(rate);
            prop_assert!(fewest >= low, "{fewest} < {low} at {rate}");
            prop_assert!(most <= high, "{most} > {high} at {rate}");
        }

        /// A caller who is held up for seconds now and then: never more than the rate says.
        #[test]
        fn no_stall_makes_a_burst(
            rate in rates(), late in prop::collection::vec(prop_oneof![0u64..10_000, 0u64..20_000_000], 1..50),
        ) {
            let takes = run(&mut Pace::new(rate), Duration::from_secs(60), &late);
            let (most, _) = most_and_fewest(&takes, Duration::ZERO);
            prop_assert!(most <= law(rate).1, "{most} at {rate}");
            let second = Duration::from_secs(1);
            let mut end = 0;
            for (n, from) in takes.iter().enumerate() {
                while end < takes.len() && takes[end] < *from + second {
                    end += 1;
                }
                prop_assert!(f64::from(u32::try_from(end - n).unwrap()) <= rate.per_second() * 1.05 + 2.0);
            }
        }

        /// Rates that change on the way: what leaves is never more than the fastest of them allows.
        #[test]
        fn changing_the_rate_makes_no_burst(changes in prop::collection::vec(rates(), 1..8)) {
            let mut pace = Pace::new(changes[0]);
            let fastest = changes.iter().map(|rate| rate.per_second()).fold(0.0, f64::max);
            let (mut now, mut taken) = (Duration::ZERO, 0u32);
            for rate in &changes {
                pace.set_rate(*rate);
                let until = now + Duration::from_secs(2);
                while now < until {
                    match pace.ready_at(now) {
                        None => {
                            pace.take(now);
                            taken += 1;
                        }
                        Some(at) => now = at.min(until),
                    }
                }
            }
            prop_assert!(f64::from(taken) <= fastest * (now.as_secs_f64() + 0.05) + 1.0);
        }
    }
}
