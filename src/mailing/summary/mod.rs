//! What became of a mailing as a whole: counts, reasons, providers, relays, rate, and how it went over time.
//!
//! One pass over the journal and one over the plan. Besides an octet a recipient, and another where many have no copy, the
//! memory is bounded, however long the list and however often it was tried.

mod marks;
mod progress;
mod providers;
mod reasons;

use serde::Serialize;

use super::history::Names;
use super::subjects::Tally;
use super::{JOURNAL, Mailing, PlanRow, SubjectGroup, Subjects};
use crate::clock::Timestamp;
use crate::diagnostic::Result;
use crate::ledger::{Counts, Event, Journal, Ledger, Read, State};
use crate::subscribers::Withdrawals;
use marks::Flags;
use progress::Timeline;
pub use progress::{Point, Run};
pub use providers::Provider;
use providers::Providers;
pub use reasons::Reason;
use reasons::Reasons;

/// A mailing in figures.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    pub article: String,
    pub title: String,
    pub sealed_at: Timestamp,
    pub counts: Counts,
    /// Messages a second while it ran.
    pub rate: Option<f64>,
    /// How long it ran, in milliseconds; the time between runs is not in it.
    pub running: i64,
    pub attempts: u64,
    /// Attempts that were not a recipient's first.
    pub retries: u64,
    pub runs: Vec<Run>,
    pub relays: Vec<Share>,
    /// Of those who don't have it: why, the most frequent reasons of a state first.
    pub reasons: Vec<Reason>,
    /// The largest providers, and the others together.
    pub providers: Vec<Provider>,
    /// Where most are deferred.
    pub deferred_at: Vec<Provider>,
    /// When several subjects were tried: each of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<SubjectGroup>,
    /// How many had what after so many milliseconds of running.
    pub progress: Vec<Point>,
}

/// What one relay answered, attempt by attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    pub relay: String,
    pub accepted: u64,
    pub deferred: u64,
    pub rejected: u64,
    pub in_doubt: u64,
}

/// The journal, gone through once.
struct Pass {
    ledger: Ledger,
    /// Who was tried, and is to be tried again.
    tried: Flags,
    attempts: u64,
    retries: u64,
    reasons: Reasons,
    timeline: Timeline,
    names: Names,
    relays: Vec<Share>,
}

impl Summary {
    /// Reads what became of a mailing; it may be in use. `since` tells who has left by now.
    pub fn read(mailing: &Mailing, since: Option<&Withdrawals>) -> Result<Summary> {
        let manifest = &mailing.manifest;
        let mut pass = Pass {
            ledger: Ledger::of_states(manifest.recipients),
            tried: Flags::new(manifest.recipients),
            attempts: 0,
            retries: 0,
            reasons: Reasons::new(manifest.recipients),
            timeline: Timeline::default(),
            names: Names::default(),
            relays: Vec::new(),
        };
        Journal::read(&mailing.folder.join(JOURNAL), &manifest.id, |record| pass.take(record))?;
        let mut subjects = Subjects::of(&mailing.sources()?)?.map(|subjects| Tally::new(subjects, since));
        let mut providers = Providers::default();
        let mut plan = mailing.plan()?;
        let mut row = PlanRow::default();
        while plan.read(&mut row)? {
            let state = pass.ledger.state(row.recipient);
            providers.add(row.email(), state);
            if let Some(subjects) = &mut subjects {
                subjects.add(row.email(), state);
            }
        }
        let running = pass.timeline.running();
        Ok(Summary {
            article: manifest.slug.clone(),
            title: manifest.title.clone(),
            sealed_at: manifest.sealed_at,
            counts: pass.ledger.counts(),
            rate: pass.timeline.rate(),
            running,
            attempts: pass.attempts,
            retries: pass.retries,
            reasons: pass.reasons.of(&pass.ledger),
            relays: pass.relays,
            deferred_at: providers.deferred(),
            subjects: subjects.map(Tally::into_groups).unwrap_or_default(),
            providers: providers.largest(),
            progress: pass.timeline.points(),
            runs: pass.timeline.into_runs(),
        })
    }
}

impl Pass {
    fn take(&mut self, record: &Read<'_>) -> Result<(), String> {
        if record.event == Event::RelayNamed {
            self.timeline.mark(record.at);
            self.names.name(record.relay, record.reply);
            return Ok(());
        }
        self.ledger.check(record.recipient)?;
        let before = self.ledger.state(record.recipient);
        self.ledger.apply(record)?;
        let after = self.ledger.state(record.recipient);
        let again = u64::from(self.tried.is_raised(record.recipient));
        match record.event {
            Event::Claimed => {
                self.attempts += 1;
                self.retries += again;
            }
            Event::Released => {
                self.attempts = self.attempts.saturating_sub(1);
                self.retries = self.retries.saturating_sub(again);
            }
            Event::Deferred | Event::SettledResend => self.tried.raise(record.recipient),
            _ => {}
        }
        self.reasons.note(record, after);
        self.timeline.note(record, before, after);
        self.share(record);
        Ok(())
    }

    /// Counts an answer for its relay.
    fn share(&mut self, record: &Read<'_>) {
        let Some(name) = self.names.at(self.names.place(record.relay)) else { return };
        let place = self.relays.iter().position(|share| share.relay == name);
        let place = place.unwrap_or_else(|| {
            self.relays.push(Share { relay: name.to_owned(), ..Share::default() });
            self.relays.len() - 1
        });
        let share = &mut self.relays[place];
        match record.event {
            Event::Accepted => share.accepted += 1,
            Event::Deferred => share.deferred += 1,
            Event::Rejected => share.rejected += 1,
            Event::Doubted => share.in_doubt += 1,
            _ => {}
        }
    }
}

/// The states of those who don't have it, in the order in which reasons are told.
const TOLD: [State; 4] = [State::Rejected, State::Deferred, State::InDoubt, State::Withdrawn];

#[cfg(test)]
mod tests;
