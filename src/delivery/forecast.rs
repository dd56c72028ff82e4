//! How long will it take? Known before a mailing begins, from what is configured.

use std::time::Duration;

use super::{Limits, Rate};

/// How many messages a mailing has, in all and in each group of `[limits]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    total: u64,
    groups: Vec<u64>,
}

impl Counts {
    pub fn new(limits: &Limits) -> Self {
        Counts { total: 0, groups: vec![0; limits.groups()] }
    }

    /// One message to `domain`, in lower-case A-label form.
    pub fn add(&mut self, limits: &Limits, domain: &str) {
        self.total += 1;
        if let Some(count) = limits.group_of(domain).and_then(|group| self.groups.get_mut(group)) {
            *count += 1;
        }
    }

    pub fn total(&self) -> u64 {
        self.total
    }

    pub fn of_group(&self, group: usize) -> u64 {
        self.groups.get(group).copied().unwrap_or(0)
    }
}

/// The time from the first message to the last, when every rate is used up: the slowest of the relays together and of
/// each limited group decides. `None` when nothing is limited. How fast the relays and the line are, and what the
/// recipients' servers will ask for, nobody knows before; the days of a warm-up are not counted here.
pub fn forecast(relay_rates: &[Option<Rate>], limits: &Limits, counts: &Counts) -> Option<Duration> {
    let together: Option<f64> = relay_rates.iter().map(|rate| rate.map(Rate::per_second)).sum();
    let relays = together.filter(|sum| *sum > 0.0).map(|sum| time(counts.total, sum));
    let groups = (0..limits.groups()).filter(|group| counts.of_group(*group) > 0).filter_map(|group| {
        let rate = limits.rate_of(group)?;
        Some(time(counts.of_group(group), rate.per_second()))
    });
    relays.into_iter().chain(groups).max()
}

/// The first message leaves at once.
#[expect(clippy::cast_precision_loss, reason = "a mailing has at most 2³² readers")]
fn time(messages: u64, per_second: f64) -> Duration {
    Duration::try_from_secs_f64(messages.saturating_sub(1) as f64 / per_second).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::LimitSettings;

    #[test]
    fn the_slowest_decides() {
        let text = "[domains]\n\"slow.example\" = \"1/s\"\n\"*.example\" = \"10/s\"\n\"none.test\" = \"1/day\"\n";
        let limits = Limits::new(&toml::from_str::<LimitSettings>(text).unwrap());
        let mut counts = Counts::new(&limits);
        (0..11).for_each(|_| counts.add(&limits, "slow.example"));
        (0..201).for_each(|_| counts.add(&limits, "fast.example"));
        (0..789).for_each(|_| counts.add(&limits, "example.net"));
        assert_eq!((counts.total(), counts.of_group(0), counts.of_group(1), counts.of_group(2)), (1001, 11, 201, 0));
        let rate = |text| Some(Rate::parse(text).unwrap());
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(forecast(&[rate("10/s")], &limits, &counts), seconds(100));
        assert_eq!(forecast(&[rate("10/s"), rate("600/min"), rate("30/s")], &limits, &counts), seconds(20));
        assert_eq!(forecast(&[rate("10/s"), None], &limits, &counts), seconds(20), "one relay without a limit");
        assert_eq!(forecast(&[], &limits, &counts), seconds(20));
        let (free, mut one) = (Limits::default(), Counts::default());
        assert_eq!(forecast(&[None], &free, &counts), None);
        assert_eq!(forecast(&[rate("1/day")], &free, &one), seconds(0));
        one.add(&free, "example.net");
        assert_eq!(forecast(&[rate("1/day")], &free, &one), seconds(0));
    }
}
