//! What a Postfix log proves about copies in doubt, read as a stream.
//!
//! `cleanup` names the Message-ID of what comes in, and `qmgr` what was taken over: the relay is responsible for that. That a
//! log says nothing of a copy proves that it didn't come in only when the log is whole: it covers the time of the attempt and
//! a margin, nothing was dropped from it, and copies that the relay accepted at that time are in it. In all other cases the
//! log proves nothing.

mod line;

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead};

use jiff::tz::TimeZone;

use crate::clock::Timestamp;
use line::{Calendar, Line};

/// How long after an attempt a copy may still come in, in milliseconds: the time that the end of data may take.
pub const MARGIN: i64 = 10 * 60 * 1000;

/// How far the relay's clock may go behind ours, in milliseconds.
const BEHIND: i64 = 60 * 1000;

/// How many of others' messages that wait for the queue manager are told apart.
const WAITING: usize = 100_000;

/// The logs of a relay, as far as they were read.
#[derive(Debug)]
pub struct RelayLog {
    calendar: Calendar,
    copies: HashMap<String, Copy>,
    /// Host, instance and queue id of copies that came in, and their message ids.
    queued: HashMap<String, String>,
    /// The same of other messages that came in after them and that the queue manager hasn't taken yet.
    waiting: HashSet<String>,
    spans: Vec<Span>,
    key: String,
}

/// What was seen of one copy.
#[derive(Debug, Default)]
struct Copy {
    /// The queue id under which it came in last, and when.
    queued: Option<(String, Timestamp)>,
    /// The queue id under which the relay took it over.
    taken: Option<String>,
    refused: bool,
}

/// The time that a log covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    first: i64,
    last: i64,
    /// The system said that it dropped lines.
    lossy: bool,
}

/// What the logs prove of one copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The relay took it over.
    Taken(String),
    /// The relay has never had it.
    NotTaken(String),
    /// Nothing, and why not.
    Nothing(String),
}

impl RelayLog {
    /// Looks for these message ids, in logs whose times are of this zone where they name none, and near this moment.
    pub fn new(message_ids: impl IntoIterator<Item = String>, zone: TimeZone, near: Timestamp) -> RelayLog {
        RelayLog {
            calendar: Calendar { zone, near },
            copies: message_ids.into_iter().map(|id| (id, Copy::default())).collect(),
            queued: HashMap::new(),
            waiting: HashSet::new(),
            spans: Vec::new(),
            key: String::new(),
        }
    }

    /// Reads one log to its end. Logs that follow one another are given in their order.
    pub fn read(&mut self, mut log: impl BufRead) -> io::Result<()> {
        let mut octets = Vec::new();
        let (mut first, mut last) = (None, String::new());
        let mut lossy = false;
        while log.read_until(b'\n', &mut octets)? > 0 {
            let text = String::from_utf8_lossy(&octets);
            let text = text.trim_end();
            if let Some(line) = Line::parse(text) {
                first.get_or_insert_with(|| line.time.to_owned());
                line.time.clone_into(&mut last);
                self.take(&line);
            } else {
                lossy |= says_dropped(text);
            }
            octets.clear();
        }
        // An hour that comes twice is taken for the shorter span.
        let first = first.and_then(|first| self.calendar.latest(&first));
        if let (Some(first), Some(last)) = (first, self.calendar.earliest(&last)) {
            self.spans.push(Span { first: first.as_millisecond(), last: last.as_millisecond(), lossy });
        }
        Ok(())
    }

    fn take(&mut self, line: &Line<'_>) {
        let Some((queue_id, text)) = line.queue_id() else { return };
        self.key.clear();
        [line.host, " ", line.instance, " ", queue_id].iter().for_each(|part| self.key.push_str(part));
        match line.program {
            "cleanup" => match text.strip_prefix("message-id=") {
                Some(id) => self.come_in(id.trim_matches(['<', '>']), queue_id, line.time),
                None => self.judge(text, queue_id),
            },
            "smtpd" => self.judge(text, queue_id),
            "qmgr" | "nqmgr" => {
                self.waiting.remove(&self.key);
                if let Some(copy) = self.queued.get(&self.key).and_then(|id| self.copies.get_mut(id)) {
                    copy.taken.get_or_insert_with(|| queue_id.to_owned());
                }
            }
            _ => {}
        }
    }

    /// Something comes in. Short queue ids are used again after a while: what was known of this one is over.
    fn come_in(&mut self, message_id: &str, queue_id: &str, time: &str) {
        self.queued.remove(&self.key);
        self.waiting.remove(&self.key);
        if let Some(copy) = self.copies.get_mut(message_id) {
            copy.queued = self.calendar.latest(time).map(|at| (queue_id.to_owned(), at));
            copy.refused = false;
            self.queued.insert(self.key.clone(), message_id.to_owned());
        } else if !self.queued.is_empty() && self.waiting.len() < WAITING {
            self.waiting.insert(self.key.clone());
        }
    }

    /// Refused at the end of data, or held or thrown away by a rule of the relay's: then it did say yes to us.
    fn judge(&mut self, text: &str, queue_id: &str) {
        let word = text.split(": ").next().unwrap_or_default();
        let copy = self.queued.get(&self.key).and_then(|id| self.copies.get_mut(id));
        match word {
            "hold" | "discard" | "milter-hold" | "milter-discard" => {
                self.waiting.remove(&self.key);
                if let Some(copy) = copy {
                    copy.taken.get_or_insert_with(|| queue_id.to_owned());
                }
            }
            "reject" | "milter-reject" if !text.contains("reject: RCPT from ") => {
                self.waiting.remove(&self.key);
                if let Some(copy) = copy {
                    copy.refused = true;
                }
            }
            _ => {}
        }
    }

    /// What the logs prove of the copy with this message id, which may have left between `since` and `until`; the
    /// `witnesses` are message ids of copies that the relay accepted at that time.
    pub fn finding<'w>(
        &self,
        message_id: &str,
        (since, until): (i64, i64),
        mut witnesses: impl Iterator<Item = &'w str>,
    ) -> Finding {
        let nothing = |why: &str| Finding::Nothing(why.to_owned());
        let seen = self.copies.get(message_id);
        if let Some(id) = seen.and_then(|copy| copy.taken.as_ref()) {
            return Finding::Taken(format!("relay log: taken as {id}"));
        }
        // What came in before was an earlier attempt, and was put off.
        let is_of_this = |(_, at): &&(String, Timestamp)| at.as_millisecond() >= since - BEHIND;
        let queued = seen.and_then(|copy| copy.queued.as_ref()).filter(is_of_this);
        if let (Some(true), Some((id, _))) = (seen.map(|copy| copy.refused), queued) {
            return Finding::NotTaken(format!("relay log: {id} was refused"));
        }
        let (from, to) = match queued {
            Some((_, at)) => (at.as_millisecond(), at.as_millisecond() + MARGIN),
            // Times are written in whole seconds.
            None => (since - 1000, until + MARGIN),
        };
        let Some(span) = self.covering(from, to) else {
            return nothing("the log doesn't cover the time of the attempt and ten minutes more");
        };
        if span.lossy {
            return nothing("lines were dropped from the log, as it says itself");
        }
        if let Some((id, _)) = queued {
            // Where the queue is full, a message that was taken waits here, and others with it.
            return if self.waiting.is_empty() {
                Finding::NotTaken(format!("relay log: {id} came in and was never queued"))
            } else {
                nothing("it came in, and the queue manager was behind: a later log may tell")
            };
        }
        let is_there = |id: &str| self.copies.get(id).is_some_and(|copy| copy.taken.is_some());
        if witnesses.all(is_there) {
            Finding::NotTaken("relay log: it never came in".to_owned())
        } else {
            nothing("copies that were accepted at that time are not in the log: it is another relay's, or not whole")
        }
    }

    /// The logs together that cover a time without a gap longer than the margin.
    fn covering(&self, from: i64, to: i64) -> Option<Span> {
        let mut spans = self.spans.clone();
        spans.sort_by_key(|span| span.first);
        let mut whole: Option<Span> = None;
        for span in spans {
            whole = match whole {
                Some(before) if span.first - before.last <= MARGIN => Some(Span {
                    first: before.first,
                    last: before.last.max(span.last),
                    lossy: before.lossy | span.lossy,
                }),
                _ => Some(span),
            };
            if let Some(whole) = whole.filter(|whole| whole.first <= from && to <= whole.last) {
                return Some(whole);
            }
        }
        None
    }
}

/// Whether a system's logger says that it threw lines away.
fn says_dropped(text: &str) -> bool {
    (text.contains("imuxsock") && (text.contains("drop") || text.contains("lost")))
        || (text.contains("Suppressed ") && text.contains(" messages from "))
}

#[cfg(test)]
mod tests;
