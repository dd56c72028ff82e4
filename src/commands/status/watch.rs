//! `letterpress status --watch`: looks on while a mailing runs, and says how it ended.
//!
//! Only what was appended to the journal since the last look is read.

use std::collections::VecDeque;
use std::time::Duration;

use unicode_width::UnicodeWidthChar;

use super::super::{Exit, Session};
use crate::diagnostic::{Result, printable};
use crate::ledger::Counts;
use crate::mailing::Mailing;
use crate::project::Project;
use crate::report::{self, count};

/// How often the journal is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// The rate is that of so many milliseconds.
const RATED: i64 = 10_000;
/// How wide the bar is.
const BAR: u64 = 40;

pub(super) fn run(slug: &str, session: &Session) -> Result<Exit> {
    let (mut mailing, mut journal) = Mailing::open_to_follow(&Project::mailings_in(&session.root), slug)?;
    let mut view = View { session, drawn: 0, before: None, recent: VecDeque::new() };
    let mut seen_running = false;
    loop {
        // Asked first: what a sender wrote before it went is read below.
        let sender = mailing.sender();
        mailing.catch_up(&mut journal)?;
        let Some(sender) = sender else { break };
        seen_running = true;
        view.show(&mailing, &sender)?;
        std::thread::sleep(LOOK);
    }
    let said = if seen_running { "The sender has ended." } else { "Nobody is sending it now." };
    session.screen.say(said);
    super::counts(&mailing, session);
    super::names(&mailing, session)?;
    view.line_for_machines(&mailing, false)?;
    Ok(super::exit(&mailing))
}

/// What was shown last.
struct View<'a> {
    session: &'a Session,
    /// How many lines of the terminal are drawn over next time.
    drawn: usize,
    before: Option<Counts>,
    /// When so many were done, for the rate.
    recent: VecDeque<(i64, u64)>,
}

impl View<'_> {
    fn show(&mut self, mailing: &Mailing, sender: &str) -> Result<()> {
        let counts = mailing.ledger.counts();
        let rate = self.rate(&counts);
        let changed = self.before.replace(counts) != Some(counts);
        let screen = self.session.screen;
        if screen.is_live() {
            let words = in_words(&counts);
            let lines = [
                short(&format!("{}: {}", mailing.manifest.slug, printable(&mailing.manifest.title))),
                short(&format!("Being sent now, by {}.", printable(sender))),
                progress(&counts),
                rate.map(|rate| pace(&counts, rate)).unwrap_or_default(),
                words[..3].join(", "),
                words[3..].join(", "),
            ];
            screen.redraw(&lines, self.drawn);
            self.drawn = lines.len();
        } else if changed {
            screen.result(in_words(&counts).join(", "));
            self.line_for_machines(mailing, true)?;
        }
        Ok(())
    }

    fn line_for_machines(&self, mailing: &Mailing, running: bool) -> Result<()> {
        let mut document = super::document(mailing)?;
        document["running"] = running.into();
        document["at"] = self.session.clock.now().to_string().into();
        self.session.screen.document_line(&document);
        Ok(())
    }

    /// Messages a second of late; `None` while too little was seen.
    fn rate(&mut self, counts: &Counts) -> Option<f64> {
        let now = self.session.clock.now().as_millisecond();
        self.recent.push_back((now, done(counts)));
        while self.recent.front().is_some_and(|(at, _)| now - at > RATED) {
            self.recent.pop_front();
        }
        let (first, then) = *self.recent.front()?;
        report::rate(done(counts).saturating_sub(then), now - first)
    }
}

fn done(counts: &Counts) -> u64 {
    counts.accepted + counts.rejected + counts.withdrawn
}

/// A line that stands in one row of a terminal of 80 columns: only whole lines can be drawn over.
fn short(line: &str) -> String {
    let mut columns = 0;
    let fits = |c: &char| {
        columns += c.width().unwrap_or(0);
        columns < 79
    };
    let kept: String = line.chars().take_while(fits).collect();
    if kept.len() < line.len() { kept + "…" } else { kept }
}

/// A bar, and how much is done.
fn progress(counts: &Counts) -> String {
    let (done, total) = (done(counts), counts.total.max(1));
    let filled = usize::try_from(done * BAR / total).unwrap_or(0);
    let rest = usize::try_from(BAR).unwrap_or(0).saturating_sub(filled);
    format!("{}{}  {} of {}", "━".repeat(filled), "─".repeat(rest), count(done), count(counts.total))
}

/// How fast, and how long it takes yet.
fn pace(counts: &Counts, rate: f64) -> String {
    if rate <= 0.0 {
        return "waiting".to_owned();
    }
    #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
    let left = counts.total.saturating_sub(done(counts)) as f64 / rate;
    format!("{}, about {} left", report::per_second(rate), report::duration(left))
}

fn in_words(counts: &Counts) -> [String; 6] {
    [
        format!("{} accepted", count(counts.accepted)),
        format!("{} deferred", count(counts.deferred)),
        format!("{} rejected", count(counts.rejected)),
        format!("{} on their way or in doubt", count(counts.in_doubt)),
        format!("{} withdrawn", count(counts.withdrawn)),
        format!("{} pending", count(counts.pending)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_stands_in_one_row_of_a_narrow_terminal() {
        use unicode_width::UnicodeWidthStr;
        let n = 10_000_000;
        let counts =
            Counts { accepted: n, deferred: n, rejected: n, in_doubt: n, withdrawn: n, pending: n, total: 6 * n };
        let words = in_words(&counts);
        let title = ["名前".repeat(60), "a".repeat(200), "short".to_owned()].map(|title| short(&title));
        let lines = [progress(&counts), pace(&counts, 5120.0), words[..3].join(", "), words[3..].join(", ")];
        for line in lines.iter().chain(&title) {
            assert!(line.width() <= 80, "{} columns: {line}", line.width());
        }
        assert_eq!(title[2], "short");
    }
}
