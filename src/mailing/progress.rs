//! How far a run is, for whoever looks on.

use std::time::Duration;

use crate::delivery::Outcome;
use crate::diagnostic::Diagnostic;

/// The counts of this run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Messages whose fate is known.
    pub done: u64,
    pub accepted: u64,
    /// How often the relay put a message off; some were tried again.
    pub deferred: u64,
    pub rejected: u64,
    pub in_doubt: u64,
    /// How many were owed a copy when the run began.
    pub owed: u64,
    /// When those who wait for another try come next, from now on.
    pub next_try: Option<Duration>,
    /// Nothing is on its way, and nobody can be written to at the moment.
    pub idle: bool,
}

impl Progress {
    pub(super) fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Accepted(_) => self.accepted += 1,
            Outcome::Deferred(_) => self.deferred += 1,
            Outcome::Rejected(_) => self.rejected += 1,
            Outcome::InDoubt(_) => self.in_doubt += 1,
            Outcome::Untried(_) => {}
        }
        self.done = self.accepted + self.rejected + self.in_doubt;
    }
}

/// Somebody who looks on while a mailing is sent.
pub trait Onlooker {
    /// How far it is, many times a second.
    fn progress(&mut self, progress: &Progress);
    /// Something that a person should know of while it goes on.
    fn notice(&mut self, notice: &Diagnostic);
}
