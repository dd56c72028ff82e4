//! What a relay is told to do out of the ordinary: rules, matched by step, address and count, and gates that hold a
//! reply back until the test lets it go. A relay without rules behaves well.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::PATIENCE;

/// A point of the dialogue at which the relay speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The client has connected.
    Greeting,
    /// EHLO or HELO.
    Hello,
    StartTls,
    /// The credentials have been given.
    Auth,
    Mail,
    Rcpt,
    /// DATA, before the message.
    Data,
    /// The end of the message: its final dot, or the octets of `BDAT … LAST`.
    Message,
    Rset,
    Quit,
}

/// What happens in place of the usual reply. Text is one reply; its lines are parted by `\n` and sent with CRLF.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// The usual reply: of use with a gate.
    Usual,
    Reply(String),
    /// A reply, or the usual one, in as many writes as it has bytes.
    Bytewise(Option<String>),
    ReplyAndClose(String),
    /// The same by a TCP reset, as of a relay that closes with octets unread.
    ReplyAndReset(String),
    /// Closes without a word; a message just received is not taken.
    Close,
    /// Closes without a word, having taken the message.
    TakeAndClose,
    /// Ends the connection by a TCP reset.
    Reset,
    /// These very bytes in place of a reply.
    Raw(Vec<u8>),
    /// The usual reply, with these bytes behind it in the same write.
    Inject(Vec<u8>),
    /// A reply with lines without end, until the client has enough of it.
    Endless,
}

/// One rule: where it applies and what happens there. Begin with [`on`].
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    step: Step,
    address: Option<String>,
    nth: Option<usize>,
    times: usize,
    gate: Option<Gate>,
    action: Action,
    seen: usize,
    fired: usize,
}

/// A rule for every time the dialogue comes to `step`, which does as usual until told otherwise.
pub(crate) fn on(step: Step) -> Rule {
    Rule { step, address: None, nth: None, times: usize::MAX, gate: None, action: Action::Usual, seen: 0, fired: 0 }
}

impl Rule {
    /// Only in transactions with this recipient (at MAIL: with this sender).
    pub(crate) fn of(mut self, address: &str) -> Rule {
        self.address = Some(address.to_owned());
        self
    }

    /// Only the `nth` time, counted from 1 over all connections.
    pub(crate) fn nth(mut self, nth: usize) -> Rule {
        self.nth = Some(nth);
        self
    }

    /// At most so many times.
    pub(crate) fn times(mut self, times: usize) -> Rule {
        self.times = times;
        self
    }

    /// Waits at `gate` before it does anything.
    pub(crate) fn hold(mut self, gate: &Gate) -> Rule {
        self.gate = Some(gate.clone());
        self
    }

    pub(crate) fn act(mut self, action: Action) -> Rule {
        self.action = action;
        self
    }

    pub(crate) fn reply(self, reply: &str) -> Rule {
        self.act(Action::Reply(reply.to_owned()))
    }

    pub(crate) fn close(self) -> Rule {
        self.act(Action::Close)
    }
}

/// All rules of a relay. The first that fires decides; every one counts what it has seen.
#[derive(Debug, Default)]
pub(super) struct Script {
    rules: Vec<Rule>,
}

impl Script {
    pub(super) fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    pub(super) fn clear(&mut self) {
        self.rules.clear();
    }

    /// What to do at `step` in a transaction with `addresses`.
    pub(super) fn at(&mut self, step: Step, addresses: &[String]) -> (Option<Gate>, Action) {
        let mut decided = None;
        for rule in &mut self.rules {
            let concerns = rule.step == step && rule.address.as_ref().is_none_or(|address| addresses.contains(address));
            if !concerns {
                continue;
            }
            rule.seen += 1;
            if decided.is_none() && rule.nth.is_none_or(|nth| nth == rule.seen) && rule.fired < rule.times {
                rule.fired += 1;
                decided = Some((rule.gate.clone(), rule.action.clone()));
            }
        }
        decided.unwrap_or((None, Action::Usual))
    }

    /// Opens every gate, so that no connection waits for ever.
    pub(super) fn release(&self) {
        for gate in self.rules.iter().filter_map(|rule| rule.gate.as_ref()) {
            gate.release();
        }
    }
}

/// Holds a relay's reply back. Once released it stays open.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<GateState>, Condvar)>);

#[derive(Debug, Default)]
struct GateState {
    arrived: usize,
    open: bool,
}

impl Gate {
    pub(crate) fn new() -> Gate {
        Gate::default()
    }

    /// Blocks the test until a connection waits (or has waited) here.
    pub(crate) fn wait_reached(&self) {
        let (state, changed) = &*self.0;
        let waiting = changed.wait_timeout_while(state.lock().unwrap(), PATIENCE, |state| state.arrived == 0);
        // Not to fail with the lock in hand: the relay's end needs it.
        let arrived = waiting.unwrap().0.arrived;
        assert!(arrived > 0, "no connection came to the gate");
    }

    pub(crate) fn release(&self) {
        let (state, changed) = &*self.0;
        state.lock().unwrap().open = true;
        changed.notify_all();
    }

    /// The relay's side: reports the arrival.
    pub(super) fn arrive(&self) {
        let (state, changed) = &*self.0;
        state.lock().unwrap().arrived += 1;
        changed.notify_all();
    }

    /// The relay's side: waits so long for the release.
    pub(super) fn is_open_within(&self, time: Duration) -> bool {
        let (state, changed) = &*self.0;
        let waiting = changed.wait_timeout_while(state.lock().unwrap(), time, |state| !state.open);
        waiting.unwrap().0.open
    }
}
