//! `letterpress report`: a mailing in figures, in the terminal and as a page.

use anstyle::{AnsiColor, Effects, Style};
use clap::Args;

use super::{Exit, Session, sent};
use crate::diagnostic::{Diagnostic, Result, printable, shown_path};
use crate::durable::{self, Privacy};
use crate::ledger::{Counts, State};
use crate::mailing::{Mailing, Provider, Reason, SubjectGroup, Subjects, Summary};
use crate::report::{self, count, counted, duration, page, per_second, percent};
use crate::subscribers::Withdrawals;

/// A mailing in figures: who has it, why others don't, how fast it went
#[derive(Debug, Args)]
#[command(
    after_help = "It writes report.html and report.json into the mailing's folder, as `letterpress send` does at its end."
)]
pub struct ReportArgs {
    /// A slug or a path; the newest article that was sent when left out
    pub article: Option<String>,
}

pub fn run(args: &ReportArgs, session: &Session) -> Result<Exit> {
    let mailing = sent::open(args.article.as_deref(), session)?;
    let summary = read(&mailing, session)?;
    show(&summary, session);
    session.screen.document(&summary);
    write(&mailing, &summary, session)?;
    Ok(Exit::Done)
}

/// The figures; who has left since is asked of the list as it is now, where there is one.
fn read(mailing: &Mailing, session: &Session) -> Result<Summary> {
    let project = session.project().ok();
    let since = match project {
        Some(project) if Subjects::of(&mailing.sources()?)?.is_some() => Withdrawals::load(&project.files()).ok(),
        _ => None,
    };
    Summary::read(mailing, since.as_ref())
}

/// At the end of a run: writes the report, and says how it went and where the report is.
pub fn after_run(mailing: &Mailing, session: &Session) -> Result<()> {
    let summary = read(mailing, session)?;
    if !summary.runs.is_empty() {
        session.screen.say(pace(&summary));
    }
    write(mailing, &summary, session)
}

const HTML: &str = "report.html";
const JSON: &str = "report.json";

fn write(mailing: &Mailing, summary: &Summary, session: &Session) -> Result<()> {
    let json = serde_json::to_vec_pretty(summary)
        .map_err(|error| Diagnostic::error(format!("the report can't be written: {error}")))?;
    durable::replace(&mailing.folder.join(JSON), Privacy::Private, &json)?;
    let path = mailing.folder.join(HTML);
    durable::replace(&path, Privacy::Private, page(summary, &session.zone()).as_bytes())?;
    session.screen.say(format!("Report: {}", shown_path(&path)));
    Ok(())
}

/// How long, how fast, how often again.
fn pace(summary: &Summary) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
    let mut line = format!("Sent in {}", duration(summary.running as f64 / 1000.0));
    if summary.runs.len() > 1 {
        line.push_str(&format!(" and {}", counted(summary.runs.len(), "run", "runs")));
    }
    if let Some(rate) = summary.rate {
        line.push_str(&format!(", {}", per_second(rate)));
    }
    line.push_str(&format!("; {}.", counted(summary.retries, "retry", "retries")));
    line
}

/// How many lines of a list a person is shown.
const SHOWN: usize = 5;

fn show(summary: &Summary, session: &Session) {
    let screen = session.screen;
    let counts = &summary.counts;
    screen.result(format!("{}: {}", summary.article, printable(&summary.title)));
    screen.result(format!("\n  {}\n", bar(counts)));
    for state in ORDER.into_iter().filter(|state| counts.of(*state) > 0) {
        let (mark, n) = (painted(state, glyph(state)), counts.of(state));
        screen.result(format!("{mark}{:>12}  {:<10} {:>7}", count(n), name(state), percent(n, counts.total)));
    }
    if let (Some(first), Some(last)) = (summary.runs.first(), summary.runs.last()) {
        let told = |at: crate::clock::Timestamp| session.told(at.as_millisecond());
        screen.result(format!("\n{}\nFrom {} to {}.", pace(summary), told(first.began), told(last.ended)));
    }
    if !summary.subjects.is_empty() {
        screen.result("");
        subjects(&summary.subjects).iter().for_each(|line| screen.result(line));
    }
    for state in [State::Rejected, State::Deferred, State::InDoubt, State::Withdrawn] {
        let reasons: Vec<&Reason> = summary.reasons.iter().filter(|reason| reason.state == state).collect();
        list(name(state), reasons.iter().map(|reason| (reason.count, printable(&reason.words).into_owned())), session);
    }
    let deferred = summary.deferred_at.iter().map(|Provider { domain, counts }| {
        (counts.deferred, printable(domain.as_deref().unwrap_or("all others")).into_owned())
    });
    list("deferred, by provider", deferred, session);
    if summary.relays.len() > 1 {
        let row = |share: &crate::mailing::Share| {
            let n = [share.accepted, share.deferred, share.rejected, share.in_doubt].map(count);
            std::iter::once(share.relay.clone()).chain(n).collect::<Vec<String>>()
        };
        let rows: Vec<Vec<String>> = summary.relays.iter().map(row).collect();
        screen.result("");
        let header = ["relay", "accepted", "deferred", "rejected", "in doubt"];
        report::table(&header, &rows).iter().for_each(|line| screen.result(line));
    }
}

/// What became of each of several subjects.
fn subjects(groups: &[SubjectGroup]) -> Vec<String> {
    let row = |group: &SubjectGroup| {
        let counts = &group.counts;
        let left = group.left.map_or_else(|| "?".to_owned(), count);
        let figures = [counts.total, counts.accepted, counts.rejected].map(count);
        let first = [group.group.to_owned(), group.subject.clone()];
        first.into_iter().chain(figures).chain([left]).collect::<Vec<String>>()
    };
    let rows: Vec<Vec<String>> = groups.iter().map(row).collect();
    report::table(&["", "subject", "readers", "accepted", "rejected", "left since"], &rows)
}

/// A heading and what is most frequent under it; nothing when there is nothing.
fn list(heading: &str, entries: impl Iterator<Item = (u64, String)>, session: &Session) {
    let entries: Vec<(u64, String)> = entries.collect();
    if entries.is_empty() {
        return;
    }
    session.screen.result(format!("\n{heading}:"));
    for (n, words) in entries.iter().take(SHOWN) {
        session.screen.result(format!("{:>12}  {words}", count(*n)));
    }
    let rest: u64 = entries.iter().skip(SHOWN).map(|(n, _)| n).sum();
    if rest > 0 {
        session.screen.result(format!("{:>12}  more; the report lists them", count(rest)));
    }
}

/// The states as they stand in the bar, from the left.
const ORDER: [State; 6] =
    [State::Accepted, State::Deferred, State::Rejected, State::InDoubt, State::Withdrawn, State::Pending];
/// How many columns the bar has.
const COLUMNS: u64 = 56;

/// The shares of the states, each in its own colour and, where there are no colours, in its own pattern.
fn bar(counts: &Counts) -> String {
    let total = counts.total.max(1);
    let there = || ORDER.into_iter().filter(|state| counts.of(*state) > 0);
    // What is there can be seen, be it ever so little; the largest gives way.
    let mut widths: Vec<u64> = there().map(|state| (counts.of(state) * COLUMNS / total).max(1)).collect();
    let sum: u64 = widths.iter().sum();
    if let Some(largest) = widths.iter_mut().max() {
        *largest = (*largest + COLUMNS).saturating_sub(sum).max(1);
    }
    there()
        .zip(widths)
        .map(|(state, width)| painted(state, &glyph(state).repeat(usize::try_from(width).unwrap_or(1))))
        .collect()
}

fn glyph(state: State) -> &'static str {
    match state {
        State::Accepted => "█",
        State::Deferred => "▓",
        State::Rejected => "▒",
        State::InDoubt => "░",
        State::Withdrawn => "-",
        State::Pending => "·",
    }
}

fn painted(state: State, text: &str) -> String {
    let style = match state {
        State::Accepted => AnsiColor::Green.on_default(),
        State::Deferred => AnsiColor::Yellow.on_default(),
        State::Rejected => AnsiColor::Red.on_default(),
        State::InDoubt => AnsiColor::Magenta.on_default(),
        State::Withdrawn | State::Pending => Style::new().effects(Effects::DIMMED),
    };
    format!("{style}{text}{style:#}")
}

fn name(state: State) -> &'static str {
    match state {
        State::InDoubt => "in doubt",
        state => state.name(),
    }
}
