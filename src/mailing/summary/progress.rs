//! How a mailing went over time: its runs, and how many had what after so long.
//!
//! Time is counted while the mailing ran; what passes between runs is left out.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::ledger::{Event, Read, State};

/// How many points there are at most; when more are needed, two become one.
const POINTS: usize = 400;
/// How far apart points are at first, in milliseconds.
const FIRST_WIDTH: i64 = 50;

/// One run of `send`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Run {
    pub began: Timestamp,
    pub ended: Timestamp,
    pub accepted: u64,
    pub deferred: u64,
    pub rejected: u64,
    pub in_doubt: u64,
}

impl Run {
    /// In milliseconds.
    pub fn length(&self) -> i64 {
        (self.ended.as_millisecond() - self.began.as_millisecond()).max(0)
    }

    /// How many messages had an end.
    pub fn done(&self) -> u64 {
        self.accepted + self.deferred + self.rejected + self.in_doubt
    }
}

/// How many had what at one time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Point {
    /// Milliseconds of running.
    pub after: i64,
    pub accepted: u64,
    pub deferred: u64,
    pub rejected: u64,
}

/// Runs, and what changed when.
#[derive(Debug)]
pub(super) struct Timeline {
    runs: Vec<Run>,
    /// The next record begins a run.
    marked: Option<i64>,
    /// How long the runs before the present one took.
    earlier: i64,
    width: i64,
    /// What was added to accepted, deferred and rejected in each stretch of time.
    changes: Vec<[i64; 3]>,
}

impl Default for Timeline {
    fn default() -> Self {
        Timeline { runs: Vec::new(), marked: None, earlier: 0, width: FIRST_WIDTH, changes: Vec::new() }
    }
}

impl Timeline {
    /// A run begins; said once for each of its relays.
    pub fn mark(&mut self, at: i64) {
        self.marked.get_or_insert(at);
    }

    pub fn note(&mut self, record: &Read<'_>, before: State, after: State) {
        // Doubts are settled between runs, by commands that send nothing.
        let sends = !matches!(record.event, Event::SettledAccept | Event::SettledResend);
        if sends {
            self.advance(record.at);
            self.count(record.event);
        }
        self.change(before, -1);
        self.change(after, 1);
    }

    fn advance(&mut self, at: i64) {
        if let Some(began) = self.marked.take().or(self.runs.is_empty().then_some(at)) {
            self.earlier = self.running();
            let began = moment(began);
            self.runs.push(Run { began, ended: began, ..Run::default() });
        }
        if let Some(run) = self.runs.last_mut() {
            run.ended = run.ended.max(moment(at));
        }
    }

    fn count(&mut self, event: Event) {
        let Some(run) = self.runs.last_mut() else { return };
        match event {
            Event::Accepted => run.accepted += 1,
            Event::Deferred => run.deferred += 1,
            Event::Rejected => run.rejected += 1,
            Event::Doubted => run.in_doubt += 1,
            _ => {}
        }
    }

    fn change(&mut self, state: State, by: i64) {
        let at = match state {
            State::Accepted => 0,
            State::Deferred => 1,
            State::Rejected => 2,
            State::Pending | State::InDoubt | State::Withdrawn => return,
        };
        let now = self.running();
        while now / self.width >= i64::try_from(POINTS).unwrap_or(i64::MAX) {
            self.coarsen();
        }
        let place = usize::try_from(now / self.width).unwrap_or(0);
        if place >= self.changes.len() {
            self.changes.resize(place + 1, [0; 3]);
        }
        self.changes[place][at] += by;
    }

    fn coarsen(&mut self) {
        self.width = self.width.saturating_mul(2);
        let pairs = self.changes.chunks(2);
        self.changes = pairs.map(|pair| std::array::from_fn(|at| pair.iter().map(|change| change[at]).sum())).collect();
    }

    /// How long it ran so far.
    pub fn running(&self) -> i64 {
        self.earlier.saturating_add(self.runs.last().map_or(0, Run::length))
    }

    /// Messages a second while it ran.
    #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
    pub fn rate(&self) -> Option<f64> {
        let done: u64 = self.runs.iter().map(Run::done).sum();
        let running = self.running();
        (running > 0).then(|| done as f64 * 1000.0 / running as f64)
    }

    /// From nothing to the end.
    pub fn points(&self) -> Vec<Point> {
        let end = self.running();
        let mut sums = [0i64; 3];
        let mut points = vec![Point::default()];
        for (change, n) in self.changes.iter().zip(1i64..) {
            sums.iter_mut().zip(change).for_each(|(sum, change)| *sum += change);
            let [accepted, deferred, rejected] = sums.map(|sum| u64::try_from(sum).unwrap_or(0));
            points.push(Point { after: self.width.saturating_mul(n).min(end), accepted, deferred, rejected });
        }
        // The end may have come without a change.
        let last = points.last().copied().unwrap_or_default();
        if last.after < end {
            points.push(Point { after: end, ..last });
        }
        points
    }

    pub fn into_runs(self) -> Vec<Run> {
        self.runs
    }
}

fn moment(at: i64) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or_default()
}
