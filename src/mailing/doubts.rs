//! Who is in doubt, since when, and what can be asked of a relay's log about it.

use std::collections::{HashMap, VecDeque};

use super::history::Names;
use super::{JOURNAL, Mailing, PlanRow};
use crate::address::Address;
use crate::diagnostic::Result;
use crate::ledger::{Event, Journal, Read, Recipient, State};

/// Among so many accepted copies before a doubt, and as many after it, its witnesses are looked for.
const LOOKED_AT: usize = 16;
/// How many witnesses before it are enough, and how many after it.
const WITNESSES: usize = 4;

/// One recipient in doubt.
#[derive(Debug, Clone)]
pub struct Doubt {
    pub recipient: Recipient,
    pub address: Address,
    /// When the attempt may have begun, in milliseconds since 1970.
    pub since: i64,
    /// When it was over as far as is known: when the answer was given up, or when the run recorded its last.
    pub until: i64,
    /// The relay, where it is known.
    pub relay: Option<String>,
    /// Why no answer is known; empty when the process ended.
    pub reason: String,
    /// Readers whose copies the relay accepted shortly before and after: a log that is whole shows theirs.
    pub witnesses: Vec<Address>,
}

/// What the journal says of one doubt.
#[derive(Debug, Default)]
struct Trace {
    since: Option<i64>,
    until: Option<i64>,
    /// The place of its relay's name; 0 when it is not known.
    relay: u8,
    reason: String,
    before: Vec<Accepted>,
    after: Vec<Accepted>,
}

/// Somebody whose copy was accepted, and the place of the relay's name.
type Accepted = (Recipient, u8);

impl Trace {
    /// Those accepted nearest to it, by the same relay as far as that is known.
    fn witnesses(&self) -> impl Iterator<Item = Recipient> {
        let alike = |(_, relay): &&Accepted| self.relay == 0 || *relay == 0 || *relay == self.relay;
        let before = self.before.iter().rev().filter(alike).take(WITNESSES);
        let after = self.after.iter().filter(alike).take(WITNESSES);
        before.chain(after).map(|(recipient, _)| *recipient)
    }
}

/// The journal, gone through once.
#[derive(Debug)]
struct Search {
    places: HashMap<Recipient, usize>,
    traces: Vec<Trace>,
    names: Names,
    /// The last that were accepted, with their relays' places.
    accepted: VecDeque<Accepted>,
    /// The traces that still look for witnesses.
    looking: Vec<usize>,
    /// When the present run recorded its last.
    last: i64,
    after_mark: bool,
}

impl Mailing {
    /// Everyone in doubt, in the order of the plan.
    pub fn doubts(&self) -> Result<Vec<Doubt>> {
        let recipients: Vec<Recipient> = self.ledger.in_state(State::InDoubt).collect();
        if recipients.is_empty() {
            return Ok(Vec::new());
        }
        let mut search = Search {
            places: recipients.iter().enumerate().map(|(at, recipient)| (*recipient, at)).collect(),
            traces: recipients.iter().map(|_| Trace::default()).collect(),
            names: Names::default(),
            accepted: VecDeque::new(),
            looking: Vec::new(),
            last: 0,
            after_mark: false,
        };
        Journal::read(&self.folder.join(JOURNAL), &self.manifest.id, |record| {
            search.take(record);
            Ok(())
        })?;
        search.end_run();
        let addresses = self.addresses(&recipients, &search)?;
        let Search { traces, names, .. } = search;
        let known = recipients.into_iter().zip(traces).filter_map(|(recipient, trace)| {
            let since = trace.since?;
            Some(Doubt {
                recipient,
                address: addresses.get(&recipient)?.clone(),
                since,
                until: trace.until.unwrap_or(since),
                relay: names.at(trace.relay).map(str::to_owned),
                witnesses: trace.witnesses().filter_map(|witness| addresses.get(&witness).cloned()).collect(),
                reason: trace.reason,
            })
        });
        Ok(known.collect())
    }

    /// The addresses of those in doubt and of their witnesses.
    fn addresses(&self, recipients: &[Recipient], search: &Search) -> Result<HashMap<Recipient, Address>> {
        let witnesses = search.traces.iter().flat_map(Trace::witnesses);
        let mut wanted: Vec<Recipient> = recipients.iter().copied().chain(witnesses).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut wanted = wanted.into_iter().peekable();
        let mut addresses = HashMap::new();
        let mut plan = self.plan()?;
        let mut row = PlanRow::default();
        while wanted.peek().is_some() && plan.read(&mut row)? {
            if wanted.next_if_eq(&row.recipient).is_some() {
                addresses.insert(row.recipient, row.address()?);
            }
        }
        Ok(addresses)
    }
}

impl Search {
    fn take(&mut self, record: &Read<'_>) {
        if record.event == Event::RelayNamed {
            if !self.after_mark {
                self.end_run();
            }
            self.after_mark = true;
            self.names.name(record.relay, record.reply);
            return;
        }
        self.after_mark = false;
        let relay = self.names.place(record.relay);
        let place = self.places.get(&record.recipient).copied();
        match (record.event, place) {
            (Event::SettledResend | Event::SettledAccept | Event::Withdrawn, _) => return,
            (Event::Claimed, Some(at)) => {
                let before = self.accepted.iter().copied().collect();
                self.traces[at] = Trace { since: Some(record.at), relay, before, ..Trace::default() };
                if !self.looking.contains(&at) {
                    self.looking.push(at);
                }
            }
            (Event::Doubted, Some(at)) => {
                let trace = &mut self.traces[at];
                trace.until = Some(record.at);
                record.reply.clone_into(&mut trace.reason);
                if record.relay > 0 {
                    trace.relay = relay;
                }
            }
            (Event::Accepted, _) => self.accept((record.recipient, relay)),
            _ => {}
        }
        self.last = record.at;
    }

    fn accept(&mut self, accepted: Accepted) {
        if self.accepted.len() == LOOKED_AT {
            self.accepted.pop_front();
        }
        self.accepted.push_back(accepted);
        let traces = &mut self.traces;
        self.looking.retain(|at| {
            traces[*at].after.push(accepted);
            traces[*at].after.len() < LOOKED_AT
        });
    }

    /// A process that has ended gives no more answers, and takes no more copies.
    fn end_run(&mut self) {
        for trace in &mut self.traces {
            if let Some(since) = trace.since {
                trace.until.get_or_insert(self.last.max(since));
            }
        }
    }
}
