//! How fast each recipient domain may be written to while a mailing runs: what `[limits]` says, and what the domains
//! themselves ask for.
//!
//! Domains of one limit share one [`Regulator`]. A domain without a limit gets one of its own when it first asks us to
//! slow down, and loses it when it has climbed back. Where nothing is limited and nobody has complained, asking costs
//! nothing and taking costs one hash.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

use super::meter::Meter;
use super::{Limits, Regulator};

/// Domains without a limit of which it is remembered that they asked to slow down. With more, the one that was written to
/// longest ago is forgotten.
const MOST_SLOWED: usize = 1_000;

/// The recipients' side of the pace. The time is handed in, as time since the start of the run; domains are in
/// lower-case A-label form.
#[derive(Debug)]
pub struct Domains {
    limits: Limits,
    groups: Vec<Regulator>,
    slowed: HashMap<Box<str>, Slowed>,
    /// Counts uses of `slowed`, to tell which was longest ago.
    uses: u64,
    meters: Meters,
}

#[derive(Debug)]
struct Slowed {
    regulator: Regulator,
    used: u64,
}

impl Domains {
    pub fn new(limits: Limits) -> Self {
        let groups = (0..limits.groups()).map(|group| Regulator::new(limits.rate_of(group))).collect();
        Domains { limits, groups, slowed: HashMap::new(), uses: 0, meters: Meters::new() }
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// When the next message to `domain` may leave; `None`: now.
    pub fn ready_at(&self, domain: &str, now: Duration) -> Option<Duration> {
        match self.limits.group_of(domain) {
            Some(group) => self.groups[group].ready_at(now),
            None if self.slowed.is_empty() => None,
            None => self.slowed.get(domain)?.regulator.ready_at(now),
        }
    }

    /// A message to `domain` leaves.
    pub fn take(&mut self, domain: &str, now: Duration) {
        match self.regulator(domain) {
            Some(regulator) => regulator.take(now),
            None => self.meters.take(domain, now),
        }
    }

    /// `domain` asked us to slow down. The new speed of it or of its group, in messages per second, if this lowered it.
    pub fn throttled(&mut self, domain: &str, now: Duration) -> Option<f64> {
        if let Some(regulator) = self.regulator(domain) {
            return regulator.throttled(now);
        }
        let mut regulator = Regulator::with_past(self.meters.of(domain));
        let lowered = regulator.throttled(now);
        if self.slowed.len() >= MOST_SLOWED {
            self.forget_one();
        }
        self.slowed.insert(domain.into(), Slowed { regulator, used: self.uses });
        lowered
    }

    /// `domain` took a message without complaint.
    pub fn went_well(&mut self, domain: &str, now: Duration) {
        match self.limits.group_of(domain) {
            Some(group) => self.groups[group].went_well(now),
            None if self.slowed.is_empty() => {}
            None => {
                let Some(slowed) = self.slowed.get_mut(domain) else { return };
                slowed.regulator.went_well(now);
                if !slowed.regulator.is_slowed() {
                    self.slowed.remove(domain);
                }
            }
        }
    }

    /// What holds `domain`, which is about to be used.
    fn regulator(&mut self, domain: &str) -> Option<&mut Regulator> {
        if let Some(group) = self.limits.group_of(domain) {
            return Some(&mut self.groups[group]);
        }
        if self.slowed.is_empty() {
            return None;
        }
        self.uses += 1;
        let slowed = self.slowed.get_mut(domain)?;
        slowed.used = self.uses;
        Some(&mut slowed.regulator)
    }

    fn forget_one(&mut self) {
        let oldest = self.slowed.iter().min_by_key(|(_, slowed)| slowed.used).map(|(domain, _)| domain.clone());
        if let Some(domain) = oldest {
            self.slowed.remove(&domain);
        }
    }
}

/// How fast domains without a limit were written to lately, in bounded memory: each has one place, which it may share with
/// others, and whoever is busy there keeps it. A domain without a measure counts as one message a second, and only those
/// that are about as slow can be without.
#[derive(Debug)]
struct Meters(Box<[(u64, Meter)]>);

const PLACES: u16 = 4_096;

impl Meters {
    fn new() -> Self {
        Meters(vec![(0, Meter::default()); usize::from(PLACES)].into())
    }

    fn take(&mut self, domain: &str, now: Duration) {
        let hash = hash(domain);
        let (owner, meter) = &mut self.0[place(hash)];
        if *owner != hash {
            if meter.is_busy(now) {
                return;
            }
            (*owner, *meter) = (hash, Meter::default());
        }
        meter.take(now);
    }

    fn of(&self, domain: &str) -> Meter {
        let hash = hash(domain);
        let (owner, meter) = self.0[place(hash)];
        if owner == hash { meter } else { Meter::default() }
    }
}

fn hash(domain: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(domain.as_bytes());
    hasher.finish()
}

fn place(hash: u64) -> usize {
    usize::try_from(hash % u64::from(PLACES)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::LimitSettings;

    fn domains(text: &str) -> Domains {
        Domains::new(Limits::new(&toml::from_str::<LimitSettings>(text).unwrap()))
    }

    fn millis(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn domains_of_one_limit_share_its_rate_and_others_are_free() {
        let mut domains = domains("[domains]\n\"*.example.org\" = \"2/s\"\n");
        domains.take("a.example.org", millis(0));
        assert_eq!(domains.ready_at("b.example.org", millis(0)), Some(millis(500)));
        assert_eq!(domains.ready_at("example.net", millis(0)), None);
        assert_eq!(domains.throttled("b.example.org", millis(10)), Some(1.0));
        assert_eq!(domains.ready_at("a.example.org", millis(10)), Some(millis(1000)));
        domains.went_well("a.example.org", millis(10_010));
        domains.take("a.example.org", millis(10_010));
        domains.take("a.example.org", millis(10_010));
        let at = domains.ready_at("a.example.org", millis(10_010)).unwrap();
        assert!(at < millis(11_900), "one step up: {at:?}");
        assert!(domains.slowed.is_empty());
    }

    #[test]
    fn a_domain_that_complains_is_slowed_alone_and_forgotten_when_it_has_climbed_back() {
        let mut domains = domains("");
        for n in 0..5_000 {
            domains.take("busy.example", millis(n * 10));
            domains.take(["a.example", "b.example", "c.example"][usize::try_from(n % 3).unwrap()], millis(n * 10));
        }
        let now = millis(50_000);
        let lowered = domains.throttled("busy.example", now).unwrap();
        assert!((48.0..52.0).contains(&lowered), "half of the measured 100/s: {lowered}");
        assert_eq!(domains.throttled("busy.example", now), None);
        let at = domains.ready_at("busy.example", now).unwrap();
        assert!((millis(50_018)..millis(50_022)).contains(&at), "{at:?}");
        assert_eq!(domains.ready_at("a.example", now), None);
        for n in 1..=19 {
            domains.went_well("busy.example", now + millis(10_000 * n));
            domains.went_well("a.example", now + millis(10_000 * n));
        }
        assert_eq!(domains.slowed.len(), 1);
        for n in 20..=21 {
            domains.went_well("busy.example", now + millis(10_000 * n));
        }
        assert!(domains.slowed.is_empty() && domains.ready_at("busy.example", now).is_none());
    }

    #[test]
    fn a_slow_domain_counts_as_one_message_a_second() {
        let mut domains = domains("");
        domains.take("slow.example", millis(0));
        assert_eq!(domains.throttled("slow.example", millis(60_000)), Some(0.5));
        assert_eq!(domains.throttled("new.example", millis(60_000)), Some(0.5));
    }

    #[test]
    fn only_so_many_are_remembered_and_those_in_use_stay() {
        let mut domains = domains("");
        for n in 0..MOST_SLOWED + 500 {
            let now = millis(u64::try_from(n).unwrap());
            domains.throttled(&format!("d{n}.example"), now);
            domains.take("d0.example", now);
        }
        assert_eq!(domains.slowed.len(), MOST_SLOWED);
        assert!(domains.slowed.contains_key("d0.example") && !domains.slowed.contains_key("d1.example"));
        assert!(domains.slowed.contains_key(format!("d{}.example", MOST_SLOWED + 499).as_str()));
    }

    #[test]
    fn a_busy_domain_keeps_its_measure_beside_a_crowd() {
        let mut meters = Meters::new();
        for n in 0..100_000u64 {
            let now = Duration::from_micros(n * 200);
            meters.take("busy.example", now);
            meters.take(&format!("d{n}.example"), now);
        }
        let found = meters.of("busy.example").rate(millis(20_000));
        assert!((4_900.0..5_100.0).contains(&found), "{found}");
    }
}
