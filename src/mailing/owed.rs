//! Who gets the next message: the rows of the plan in order, those who are to be tried again, and those who were passed over
//! because their domain takes no more just now.
//!
//! Rows are kept by their place in the file, so that a reader who waits costs a few octets. When too many wait, the rest is
//! found by going through the plan once more.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::time::Duration;

use super::plan::{Plan, PlanRow, Spot};
use crate::diagnostic::Result;
use crate::ledger::{Ledger, Recipient};

/// How many readers may wait, for each of the two reasons.
const MOST_WAITING: usize = 200_000;

/// The readers who are owed a copy, as a run goes through them.
#[derive(Debug)]
pub struct Owed {
    plan: Plan,
    single_rows: Plan,
    /// The plan has been read to its end.
    at_end: bool,
    /// Somebody was put off whom there was no room to remember.
    forgotten: bool,
    retries: BinaryHeap<Reverse<(Duration, Recipient, Place)>>,
    /// Rows passed over, by domain, in the order of the plan.
    passed_over: BTreeMap<String, VecDeque<Spot>>,
    passed_over_count: usize,
    /// When to look at a domain's rows again.
    looks: BinaryHeap<Reverse<(Duration, String)>>,
}

/// A spot that can be ordered; the order means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place(Spot);

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.recipient.cmp(&other.0.recipient)
    }
}

/// Says when a domain takes the next message; `None`: now.
pub type Patience<'a> = &'a mut dyn FnMut(&str) -> Option<Duration>;

impl Owed {
    /// Both read the same file, from its beginning.
    pub fn new(plan: Plan, single_rows: Plan) -> Self {
        Owed {
            plan,
            single_rows,
            at_end: false,
            forgotten: false,
            retries: BinaryHeap::new(),
            passed_over: BTreeMap::new(),
            passed_over_count: 0,
            looks: BinaryHeap::new(),
        }
    }

    /// Reads the next reader who may be written to now into `row`; `false` when there is none at this moment.
    pub fn next(
        &mut self,
        now: Duration,
        ledger: &Ledger,
        domain_ready: Patience<'_>,
        row: &mut PlanRow,
    ) -> Result<bool> {
        if self.next_passed_over(now, domain_ready, row)? {
            return Ok(true);
        }
        loop {
            if !self.next_retry(now, row)? && !self.next_of_plan(ledger, row)? {
                return Ok(false);
            }
            match domain_ready(row.domain()) {
                None => return Ok(true),
                Some(at) => self.pass_over(row, at),
            }
        }
    }

    fn next_passed_over(&mut self, now: Duration, domain_ready: Patience<'_>, row: &mut PlanRow) -> Result<bool> {
        while self.looks.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            let Some(Reverse((_, domain))) = self.looks.pop() else { break };
            if let Some(at) = domain_ready(&domain) {
                // Whatever the clock says, time must pass before the next look.
                self.looks.push(Reverse((at.max(now + Duration::from_micros(100)), domain)));
                continue;
            }
            let Some(waiting) = self.passed_over.get_mut(&domain) else { continue };
            let Some(spot) = waiting.pop_front() else { continue };
            self.passed_over_count -= 1;
            if waiting.is_empty() {
                self.passed_over.remove(&domain);
            } else {
                self.looks.push(Reverse((now, domain)));
            }
            self.single_rows.read_at(spot, row)?;
            return Ok(true);
        }
        Ok(false)
    }

    fn next_retry(&mut self, now: Duration, row: &mut PlanRow) -> Result<bool> {
        if self.retries.peek().is_none_or(|Reverse((at, ..))| *at > now) {
            return Ok(false);
        }
        match self.retries.pop() {
            Some(Reverse((_, _, Place(spot)))) => self.single_rows.read_at(spot, row).map(|()| true),
            None => Ok(false),
        }
    }

    fn next_of_plan(&mut self, ledger: &Ledger, row: &mut PlanRow) -> Result<bool> {
        // Reading on would only pass more readers over.
        if self.at_end || self.passed_over_count >= MOST_WAITING {
            return Ok(false);
        }
        while self.plan.read(row)? {
            if ledger.state(row.recipient).is_owed() {
                return Ok(true);
            }
        }
        self.at_end = true;
        Ok(false)
    }

    fn pass_over(&mut self, row: &PlanRow, until: Duration) {
        let waiting = self.passed_over.entry(row.domain().to_owned()).or_default();
        if waiting.is_empty() {
            self.looks.push(Reverse((until, row.domain().to_owned())));
        }
        waiting.push_back(row.spot());
        self.passed_over_count += 1;
    }

    /// Tries a reader again at a time.
    pub fn again(&mut self, spot: Spot, at: Duration) {
        if self.retries.len() < MOST_WAITING {
            self.retries.push(Reverse((at, spot.recipient, Place(spot))));
        } else {
            self.forgotten = true;
        }
    }

    /// When somebody may be written to who can't be now; `None` when nobody waits.
    pub fn next_at(&self) -> Option<Duration> {
        let retry = self.retries.peek().map(|Reverse((at, ..))| *at);
        let look = self.looks.peek().map(|Reverse((at, _))| *at);
        retry.into_iter().chain(look).min()
    }

    /// Whether everybody was reached, and nobody waits. Those whom there was no room to remember are then looked for again.
    ///
    /// # Errors
    /// The plan can't be read again.
    pub fn is_through(&mut self, reopen: impl FnOnce() -> Result<Plan>) -> Result<bool> {
        if !self.at_end || !self.retries.is_empty() || self.passed_over_count > 0 {
            return Ok(false);
        }
        if self.forgotten {
            self.plan = reopen()?;
            self.at_end = false;
            self.forgotten = false;
            return Ok(false);
        }
        Ok(true)
    }
}
