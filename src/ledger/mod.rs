//! What do we durably know per recipient: states, the events that lead from one to the next, and the journal that keeps
//! them.
//!
//! [`State::after`] is the only transition function; it refuses impossible histories. A [`Ledger`] is the state of every
//! recipient of one mailing, which is always the replay of its [`Journal`]. Who is sent to, and when, is not decided here.

pub mod journal;
pub mod reader;
pub mod record;

pub use journal::Journal;
pub use reader::Follower;
pub use record::{Read, Record};

use std::collections::HashMap;

use serde::Serialize;

use crate::clock::Timestamp;

/// Which recipient of a mailing: the row of the sealed plan, counted from 0.
pub type Recipient = u32;

/// What is known of one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No attempt is recorded.
    Pending,
    /// An attempt may have begun and no outcome is recorded: in doubt.
    InDoubt,
    /// The relay took it: 2yz to the end of data.
    Accepted,
    /// The relay put it off, or certainly didn't take it: 4yz, or the connection failed before the end of data.
    Deferred,
    /// The relay refused it for good: 5yz.
    Rejected,
    /// Unsubscribed or suppressed since sealing.
    Withdrawn,
}

/// What can happen to one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// An attempt is about to begin.
    Claimed,
    /// The answer was not learned, and why: the claim stands, and is in doubt.
    Doubted,
    Accepted,
    Deferred,
    Rejected,
    Withdrawn,
    /// A claim was taken back before anything was sent.
    Released,
    /// A doubt was settled: send it again.
    SettledResend,
    /// A doubt was settled: take it as accepted.
    SettledAccept,
    /// A run begins, and a relay is called by this number in what follows. It concerns no recipient.
    RelayNamed,
}

/// A history that can't have happened: the journal was changed by something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} can't follow {state:?}")]
pub struct Impossible {
    pub state: State,
    pub event: Event,
}

impl State {
    /// All states in the order in which they are reported.
    pub const ALL: [State; 6] =
        [State::Accepted, State::Deferred, State::Rejected, State::InDoubt, State::Withdrawn, State::Pending];

    /// The state's name in `--json` and `--csv`.
    pub fn name(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::InDoubt => "in_doubt",
            State::Accepted => "accepted",
            State::Deferred => "deferred",
            State::Rejected => "rejected",
            State::Withdrawn => "withdrawn",
        }
    }

    /// The one transition function.
    ///
    /// # Errors
    /// An event that can't follow this state.
    pub fn after(self, event: Event) -> Result<State, Impossible> {
        match (self, event) {
            (State::Pending | State::Deferred, Event::Claimed) | (State::InDoubt, Event::Doubted) => Ok(State::InDoubt),
            (State::InDoubt, Event::Accepted | Event::SettledAccept) => Ok(State::Accepted),
            (State::InDoubt, Event::Deferred) => Ok(State::Deferred),
            (State::InDoubt, Event::Rejected) => Ok(State::Rejected),
            (State::InDoubt, Event::Released | Event::SettledResend) => Ok(State::Pending),
            (State::Pending | State::Deferred, Event::Withdrawn) => Ok(State::Withdrawn),
            (state, event) => Err(Impossible { state, event }),
        }
    }

    /// Whether the recipient is still owed a copy and may be sent to.
    pub fn is_owed(self) -> bool {
        matches!(self, State::Pending | State::Deferred)
    }
}

/// How many recipients are in each state; they add up to the total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    pub accepted: u64,
    pub deferred: u64,
    pub rejected: u64,
    pub in_doubt: u64,
    pub withdrawn: u64,
    pub pending: u64,
    pub total: u64,
}

impl Counts {
    /// One more in a state.
    pub fn add(&mut self, state: State) {
        self.total += 1;
        *match state {
            State::Pending => &mut self.pending,
            State::InDoubt => &mut self.in_doubt,
            State::Accepted => &mut self.accepted,
            State::Deferred => &mut self.deferred,
            State::Rejected => &mut self.rejected,
            State::Withdrawn => &mut self.withdrawn,
        } += 1;
    }

    pub fn of(&self, state: State) -> u64 {
        match state {
            State::Pending => self.pending,
            State::InDoubt => self.in_doubt,
            State::Accepted => self.accepted,
            State::Deferred => self.deferred,
            State::Rejected => self.rejected,
            State::Withdrawn => self.withdrawn,
        }
    }

    /// Nobody is owed a copy or in doubt, and nobody was refused.
    pub fn is_complete(&self) -> bool {
        self.accepted + self.withdrawn == self.total
    }
}

/// What is remembered of a recipient's last outcome.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    pub code: u16,
    pub reply: String,
    pub attempts: u32,
    /// The number of the relay, see [`Ledger::relay`].
    pub relay: u8,
    /// Milliseconds since 1970; 0 when nothing happened yet.
    pub at: i64,
}

/// The state of every recipient of one mailing.
#[derive(Debug, Clone)]
pub struct Ledger {
    states: Vec<State>,
    /// Last outcomes of those that weren't simply accepted; the few that someone will ask about.
    outcomes: HashMap<Recipient, Outcome>,
    /// The relays' names by number, as the last run called them.
    relays: Vec<String>,
    /// Outcomes are kept beside the states.
    remembers: bool,
}

impl Ledger {
    /// Everyone is pending.
    pub fn new(recipients: Recipient) -> Self {
        let states = vec![State::Pending; recipients as usize];
        Ledger { states, outcomes: HashMap::new(), relays: Vec::new(), remembers: true }
    }

    /// The same, knowing states and nothing else: an octet a recipient, whatever happens.
    pub fn of_states(recipients: Recipient) -> Self {
        Ledger { remembers: false, ..Ledger::new(recipients) }
    }

    /// Takes one event into account.
    ///
    /// # Errors
    /// An impossible history, or a recipient that the mailing doesn't have.
    pub fn apply<Words: AsRef<str>>(&mut self, record: &Record<Words>) -> Result<(), String> {
        if record.event == Event::RelayNamed {
            self.name_relay(record.relay, record.reply.as_ref());
            return Ok(());
        }
        self.check(record.recipient)?;
        let state = &mut self.states[record.recipient as usize];
        let next = state.after(record.event).map_err(|error| format!("recipient {}: {error}", record.recipient))?;
        *state = next;
        if self.remembers {
            self.remember(record, next);
        }
        Ok(())
    }

    fn name_relay(&mut self, number: u8, name: &str) {
        let number = usize::from(number);
        if number >= self.relays.len() {
            self.relays.resize(number + 1, String::new());
        }
        name.clone_into(&mut self.relays[number]);
    }

    fn remember<Words: AsRef<str>>(&mut self, record: &Record<Words>, state: State) {
        // One attempt that was simply accepted is the rule for a million readers: it costs no memory.
        if state == State::Accepted && !self.outcomes.contains_key(&record.recipient) {
            return;
        }
        if matches!(record.event, Event::Claimed | Event::Released) && !self.outcomes.contains_key(&record.recipient) {
            return;
        }
        let outcome = self.outcomes.entry(record.recipient).or_default();
        outcome.at = record.at;
        match record.event {
            Event::Claimed | Event::Released => {}
            _ => {
                outcome.relay = record.relay;
                outcome.code = record.code;
                record.reply.as_ref().clone_into(&mut outcome.reply);
                outcome.attempts +=
                    u32::from(!matches!(record.event, Event::Withdrawn | Event::SettledAccept | Event::SettledResend));
            }
        }
    }

    /// Whether the mailing has this recipient.
    pub fn check(&self, recipient: Recipient) -> Result<(), String> {
        let total = self.states.len();
        if (recipient as usize) < total { Ok(()) } else { Err(format!("recipient {recipient} of {total}")) }
    }

    pub fn state(&self, recipient: Recipient) -> State {
        self.states[recipient as usize]
    }

    /// What is remembered beside the state; `None` for those never tried and those accepted at once.
    pub fn outcome(&self, recipient: Recipient) -> Option<&Outcome> {
        self.outcomes.get(&recipient)
    }

    /// The name of the relay with this number.
    pub fn relay(&self, number: u8) -> Option<&str> {
        self.relays.get(usize::from(number)).map(String::as_str).filter(|name| !name.is_empty())
    }

    pub fn len(&self) -> Recipient {
        Recipient::try_from(self.states.len()).unwrap_or(Recipient::MAX)
    }

    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// The recipients in a state, in the order of the plan.
    pub fn in_state(&self, state: State) -> impl Iterator<Item = Recipient> + '_ {
        self.states
            .iter()
            .enumerate()
            .filter(move |(_, known)| **known == state)
            .filter_map(|(at, _)| Recipient::try_from(at).ok())
    }

    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.states.iter().for_each(|state| counts.add(*state));
        counts
    }
}

/// A record of something that just happened.
pub fn record(recipient: Recipient, event: Event, at: Timestamp) -> Record {
    Record { recipient, event, relay: 0, at: at.as_millisecond(), code: 0, reply: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EVENTS: [Event; 9] = [
        Event::Claimed,
        Event::Doubted,
        Event::Accepted,
        Event::Deferred,
        Event::Rejected,
        Event::Withdrawn,
        Event::Released,
        Event::SettledResend,
        Event::SettledAccept,
    ];

    #[test]
    fn what_is_final_stays_so() {
        for state in [State::Accepted, State::Rejected, State::Withdrawn] {
            for event in EVENTS {
                assert!(state.after(event).is_err(), "{state:?} {event:?}");
            }
        }
    }

    #[test]
    fn doubt_ends_only_by_an_outcome_or_by_the_user() {
        assert!(State::InDoubt.after(Event::Claimed).is_err(), "in doubt is never sent again unasked");
        assert!(State::InDoubt.after(Event::Withdrawn).is_err());
    }

    proptest! {
        #[test]
        fn counts_always_add_up(history in prop::collection::vec((0u32..5, 0usize..9), 0..60)) {
            let mut ledger = Ledger::new(5);
            let mut accepted = std::collections::HashMap::new();
            for (recipient, event) in history {
                let before = ledger.state(recipient);
                let record = Record { recipient, event: EVENTS[event], relay: 0, at: 1, code: 0, reply: String::new() };
                if ledger.apply(&record).is_err() {
                    prop_assert_eq!(ledger.state(recipient), before);
                } else if EVENTS[event] == Event::Accepted {
                    *accepted.entry(recipient).or_insert(0) += 1;
                }
                let counts = ledger.counts();
                prop_assert_eq!(State::ALL.iter().map(|state| counts.of(*state)).sum::<u64>(), counts.total);
            }
            prop_assert!(accepted.values().all(|times| *times == 1), "nobody is accepted twice");
        }
    }
}
