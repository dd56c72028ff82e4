//! Recipients by provider: the domain of their addresses.

use std::collections::HashMap;

use serde::Serialize;

use crate::ledger::{Counts, State};

/// How many domains are kept apart while counting. When there are more, the smaller half goes to the others.
const KEPT: usize = 1 << 16;
/// How many are told by name at most.
const TOLD: usize = 10;
/// So many are told however small they are; further ones only with at least a two-hundredth of all.
const ALWAYS: usize = 4;

/// The recipients at one domain, or at all others together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Provider {
    /// `None`: the others.
    pub domain: Option<String>,
    #[serde(flatten)]
    pub counts: Counts,
}

#[derive(Debug, Default)]
pub(super) struct Providers {
    domains: HashMap<String, Counts>,
    others: Counts,
}

impl Providers {
    pub fn add(&mut self, address: &str, state: State) {
        let domain = address.rsplit('@').next().unwrap_or_default();
        if let Some(counts) = self.domains.get_mut(domain) {
            counts.add(state);
            return;
        }
        if self.domains.len() >= KEPT {
            self.thin_out();
        }
        self.domains.entry(domain.to_owned()).or_default().add(state);
    }

    fn thin_out(&mut self) {
        let mut totals: Vec<u64> = self.domains.values().map(|counts| counts.total).collect();
        let middle = totals.len() / 2;
        let least = *totals.select_nth_unstable(middle).1;
        let others = &mut self.others;
        self.domains.retain(|_, counts| {
            let stays = counts.total > least;
            if !stays {
                join(others, counts);
            }
            stays
        });
    }

    /// The largest by name, and the others together.
    pub fn largest(&self) -> Vec<Provider> {
        self.ranked(|counts| counts.total)
    }

    /// Where most are deferred; nobody where nobody is.
    pub fn deferred(&self) -> Vec<Provider> {
        let mut ranked = self.ranked(|counts| counts.deferred);
        ranked.retain(|provider| provider.counts.deferred > 0);
        ranked
    }

    fn ranked(&self, by: impl Fn(&Counts) -> u64) -> Vec<Provider> {
        let mut all: Vec<(&String, &Counts)> = self.domains.iter().collect();
        all.sort_by(|a, b| by(b.1).cmp(&by(a.1)).then_with(|| a.0.cmp(b.0)));
        let whole: u64 = all.iter().map(|(_, counts)| by(counts)).sum();
        let large = all.iter().take(TOLD).filter(|(_, counts)| by(counts) * 200 >= whole).count();
        let told = large.max(ALWAYS);
        let mut others = self.others;
        all.iter().skip(told).for_each(|(_, counts)| join(&mut others, counts));
        let named = all.into_iter().take(told);
        let mut providers: Vec<Provider> =
            named.map(|(domain, counts)| Provider { domain: Some(domain.clone()), counts: *counts }).collect();
        if others.total > 0 {
            providers.push(Provider { domain: None, counts: others });
        }
        providers
    }
}

fn join(sum: &mut Counts, counts: &Counts) {
    sum.accepted += counts.accepted;
    sum.deferred += counts.deferred;
    sum.rejected += counts.rejected;
    sum.in_doubt += counts.in_doubt;
    sum.withdrawn += counts.withdrawn;
    sum.pending += counts.pending;
    sum.total += counts.total;
}
