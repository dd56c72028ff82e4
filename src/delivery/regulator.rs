//! The speed of one relay, or of one domain: what was configured, steered by what is replied.
//!
//! A reply that asks us to slow down (421, 4.7.x) halves the speed; while all goes well it climbs back slowly. Which reply
//! asks for that, and whether of the relay or of the domain, is not decided here.

use std::time::Duration;

use super::meter::Meter;
use super::{Pace, Rate};

/// Replies to messages that were on their way together speak of one event: in this time the speed is halved once. As
/// long must all go well before it climbs one step.
const CALM: Duration = Duration::from_secs(10);

/// One step of climbing, as a part of the speed before the first halving.
const STEP: f64 = 0.05;

/// Where no rate is configured: how far above the speed that was measured the climb ends.
const BEYOND: f64 = 1.5;

/// Messages per second that are never gone below.
const SLOWEST: f64 = 0.1;

/// How fast messages may leave now. The time is handed in, as time since the start of the run.
#[derive(Debug, Clone)]
pub struct Regulator {
    configured: Option<Rate>,
    /// `None`: as fast as it goes.
    pace: Option<Pace>,
    meter: Meter,
    slowed: Option<Slowed>,
}

/// All speeds in messages per second.
#[derive(Debug, Clone, Copy)]
struct Slowed {
    /// Before the first halving.
    before: f64,
    rate: f64,
    halved: Duration,
    /// The last halving, call for one, or step up.
    since: Duration,
}

impl Regulator {
    /// `None`: as fast as it goes.
    pub fn new(configured: Option<Rate>) -> Self {
        Regulator { configured, pace: configured.map(Pace::new), meter: Meter::default(), slowed: None }
    }

    /// No configured rate, but known takes of the past.
    pub(super) fn with_past(meter: Meter) -> Self {
        Regulator { meter, ..Self::new(None) }
    }

    /// Messages per second that may leave now; `None`: as many as can.
    pub fn rate(&self) -> Option<f64> {
        self.slowed.map(|slowed| slowed.rate).or_else(|| self.configured.map(Rate::per_second))
    }

    /// Whether replies hold it below what it may do.
    pub fn is_slowed(&self) -> bool {
        self.slowed.is_some()
    }

    /// When the next message may leave; `None`: now.
    pub fn ready_at(&self, now: Duration) -> Option<Duration> {
        self.pace.as_ref()?.ready_at(now)
    }

    /// A message leaves.
    pub fn take(&mut self, now: Duration) {
        self.meter.take(now);
        if let Some(pace) = &mut self.pace {
            pace.take(now);
        }
    }

    /// A reply asked to slow down. The new speed, in messages per second, if this reply lowered it.
    pub fn throttled(&mut self, now: Duration) -> Option<f64> {
        let (before, current) = match &mut self.slowed {
            Some(slowed) if now.saturating_sub(slowed.halved) < CALM => {
                slowed.since = now;
                return None;
            }
            Some(slowed) => (slowed.before, slowed.rate),
            None => {
                let current = self.configured.map_or_else(|| self.meter.rate(now).max(1.0), Rate::per_second);
                (current, current)
            }
        };
        let rate = (current / 2.0).max(SLOWEST.min(current));
        if rate < before {
            self.slowed = Some(Slowed { before, rate, halved: now, since: now });
            self.keep(rate, now);
        }
        (rate < current).then_some(rate)
    }

    /// A message was taken without complaint.
    pub fn went_well(&mut self, now: Duration) {
        let Some(slowed) = &mut self.slowed else { return };
        if now.saturating_sub(slowed.since) < CALM {
            return;
        }
        slowed.since = now;
        slowed.rate += STEP * slowed.before;
        let rate = slowed.rate;
        let goal = self.configured.map_or(BEYOND * slowed.before, Rate::per_second);
        if rate < goal {
            self.keep(rate, now);
            return;
        }
        self.slowed = None;
        match (self.configured, &mut self.pace) {
            (Some(configured), Some(pace)) => pace.set_rate(configured),
            (configured, pace) => *pace = configured.map(Pace::new),
        }
    }

    fn keep(&mut self, rate: f64, now: Duration) {
        let rate = Rate::from_per_second(rate);
        match &mut self.pace {
            Some(pace) => pace.set_rate(rate),
            pace => *pace = Some(Pace::after(rate, now)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn configured(text: &str) -> Regulator {
        Regulator::new(Some(Rate::parse(text).unwrap()))
    }

    /// Sends as fast as allowed for a while, all going well; how many left.
    fn send(regulator: &mut Regulator, from: Duration, until: Duration) -> u32 {
        let (mut now, mut sent) = (from, 0);
        while now < until {
            match regulator.ready_at(now) {
                Some(at) => now = at,
                None => {
                    regulator.take(now);
                    regulator.went_well(now);
                    sent += 1;
                    // No relay takes more than a thousand a second here.
                    now += Duration::from_millis(u64::from(regulator.rate().is_none()));
                }
            }
        }
        sent
    }

    fn close(found: Option<f64>, expected: f64) -> bool {
        found.is_some_and(|found| (found / expected - 1.0).abs() < 0.03)
    }

    #[test]
    fn what_is_configured_is_kept() {
        let mut regulator = configured("100/s");
        assert_eq!(send(&mut regulator, seconds(0), seconds(30)), 3000);
        assert_eq!((regulator.rate(), regulator.is_slowed()), (Some(100.0), false));
    }

    #[test]
    fn a_burst_of_complaints_halves_once() {
        let mut regulator = configured("100/s");
        send(&mut regulator, seconds(0), seconds(20));
        assert_eq!(regulator.throttled(seconds(20)), Some(50.0));
        for n in 1..100 {
            assert_eq!(regulator.throttled(seconds(20) + Duration::from_millis(n * 100)), None);
        }
        assert_eq!(regulator.rate(), Some(50.0));
        assert_eq!(regulator.throttled(seconds(30)), Some(25.0));
        let sent = send(&mut regulator, seconds(30), seconds(39));
        assert!((224..=227).contains(&sent), "{sent}");
    }

    #[test]
    fn it_climbs_in_steps_to_what_is_configured_and_not_beyond() {
        let mut regulator = configured("100/s");
        regulator.throttled(seconds(100));
        for n in 0u32..10 {
            assert!(close(regulator.rate(), 50.0 + 5.0 * f64::from(n)) && regulator.is_slowed(), "{regulator:?}");
            send(&mut regulator, seconds(100 + 10 * u64::from(n)), seconds(111 + 10 * u64::from(n)));
        }
        assert_eq!((regulator.rate(), regulator.is_slowed()), (Some(100.0), false));
        assert_eq!(send(&mut regulator, seconds(300), seconds(310)), 1005, "ten seconds' worth and what is carried");
    }

    #[test]
    fn a_complaint_delays_the_climb() {
        let mut regulator = configured("100/s");
        regulator.throttled(seconds(0));
        regulator.throttled(seconds(9));
        regulator.went_well(seconds(18));
        assert_eq!(regulator.rate(), Some(50.0));
        regulator.went_well(seconds(19));
        assert_eq!(regulator.rate(), Some(55.0));
        regulator.went_well(seconds(20));
        assert_eq!(regulator.rate(), Some(55.0), "one step in ten seconds");
    }

    #[test]
    fn without_a_rate_the_measured_one_is_halved_and_left_behind_in_the_end() {
        let mut regulator = Regulator::new(None);
        assert_eq!(regulator.ready_at(seconds(0)), None);
        send(&mut regulator, seconds(0), seconds(20));
        assert!(close(regulator.throttled(seconds(20)), 500.0), "{regulator:?}");
        let sent = send(&mut regulator, seconds(20), seconds(30));
        assert!((4850..=5150).contains(&sent), "{sent}");
        let mut now = seconds(30);
        while regulator.is_slowed() {
            assert!(regulator.rate().unwrap() < 1.53 * 1000.0);
            send(&mut regulator, now, now + seconds(1));
            now += seconds(1);
        }
        assert!((seconds(215)..seconds(240)).contains(&now), "twenty steps of ten seconds: {now:?}");
        assert_eq!((regulator.rate(), regulator.ready_at(now)), (None, None));
    }

    #[test]
    fn there_is_a_slowest() {
        for mut regulator in [Regulator::new(None), configured("5000/s")] {
            for n in 0..40 {
                regulator.throttled(seconds(10 * n));
            }
            assert_eq!(regulator.rate(), Some(SLOWEST));
            regulator.take(seconds(400));
            let at = regulator.ready_at(seconds(400)).unwrap();
            assert!(at <= seconds(410), "{at:?}");
        }
        let mut regulator = configured("1/min");
        assert_eq!(regulator.throttled(seconds(5)), None);
        assert!(!regulator.is_slowed() && close(regulator.rate(), 1.0 / 60.0));
    }

    proptest! {
        /// Whatever is replied and when: within bounds, never faster than configured, halved at most once in ten seconds,
        /// and back at full speed when all goes well for long enough.
        #[test]
        fn the_speed_stays_in_bounds_and_recovers(
            rate in prop::option::of(0.1..5000.0_f64),
            events in prop::collection::vec((0u64..20_000, 0u8..3), 0..200),
        ) {
            let rate = rate.map(Rate::from_per_second);
            let mut regulator = Regulator::new(rate);
            let (mut now, mut halved) = (Duration::ZERO, None::<Duration>);
            for (wait, event) in events {
                now += Duration::from_millis(wait);
                let before = regulator.rate();
                match event {
                    0 => regulator.take(now),
                    1 => regulator.went_well(now),
                    _ => {
                        if let Some(new) = regulator.throttled(now) {
                            prop_assert!(before.is_none_or(|before| new < before));
                            prop_assert!(halved.is_none_or(|at| now >= at + CALM));
                            halved = Some(now);
                        } else {
                            prop_assert_eq!(before, regulator.rate());
                        }
                    }
                }
                let found = regulator.rate();
                prop_assert!(found.is_none_or(|found| found >= SLOWEST));
                prop_assert!(rate.is_none_or(|rate| found.is_some_and(|found| found <= rate.per_second())));
                prop_assert_eq!(regulator.is_slowed(), found != rate.map(Rate::per_second));
            }
            for _ in 0..31 {
                now += CALM;
                regulator.went_well(now);
            }
            prop_assert!(!regulator.is_slowed());
            prop_assert_eq!(regulator.rate(), rate.map(Rate::per_second));
        }
    }
}
