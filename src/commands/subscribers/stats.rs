//! `letterpress subscribers stats`.

use clap::Args;
use unicode_width::UnicodeWidthStr;

use super::{suppressions, who};
use crate::commands::{Exit, Session};
use crate::diagnostic::{Result, printable};
use crate::report::{count, counted};
use crate::subscribers::{Files, Rows, Statistics, statistics};

/// Count the readers by status, domain, month and tag
#[derive(Debug, Args)]
pub(super) struct StatsArgs {
    /// Only readers for whom this holds
    #[arg(long, value_name = "EXPR")]
    segment: Option<String>,
    /// So many domains and tags at most, and months back
    #[arg(long, value_name = "N", default_value_t = 12)]
    limit: usize,
}

/// The longest bar.
const WIDTH: u64 = 40;

pub(super) fn run(args: &StatsArgs, files: &Files, session: &Session) -> Result<Exit> {
    let rows = Rows::open(&files.list)?;
    let segment = args.segment.as_deref().map(|text| who::parse(text, rows.columns(), session)).transpose()?;
    let label = rows.label().to_owned();
    let statistics = statistics(rows, segment.as_ref(), &suppressions(files, session))?;
    session.screen.document(&statistics);
    show(&statistics, &label, args.limit.max(1), session);
    Ok(Exit::Done)
}

fn show(statistics: &Statistics, label: &str, limit: usize, session: &Session) {
    let Statistics { rows, invalid, suppressed, statuses, domains, months, undated, tags } = statistics;
    session.screen.result(format!("{label}: {}", counted(*rows, "row", "rows")));
    let mut by_status: Vec<(String, u64)> =
        statuses.iter().map(|(status, n)| (status.as_str().to_owned(), *n)).filter(|(_, n)| *n > 0).collect();
    if *invalid > 0 {
        by_status.push(("with a fault".to_owned(), *invalid));
    }
    bars("Status", &by_status, session);
    if *suppressed > 0 {
        let told = counted(*suppressed, "row is suppressed and gets", "rows are suppressed and get");
        session.screen.result(format!("  {told} nothing, whatever the status"));
    }
    bars("Domain", &first(domains, limit), session);
    let recent = &months[months.len().saturating_sub(limit)..];
    let before: u64 = months[..months.len() - recent.len()].iter().map(|(_, n)| n).sum();
    let mut by_month: Vec<(String, u64)> = Vec::new();
    if before > 0 {
        by_month.push(("before".to_owned(), before));
    }
    by_month.extend(recent.iter().cloned());
    bars("Came in", &by_month, session);
    if *undated > 0 && !months.is_empty() {
        session.screen.result(format!("  {} no date in `subscribed_at`", counted(*undated, "row has", "rows have")));
    }
    bars("Tag", &first(tags, limit), session);
}

/// The first few, and what the others come to together.
fn first(counts: &[(String, u64)], limit: usize) -> Vec<(String, u64)> {
    let mut shown: Vec<(String, u64)> = counts.iter().take(limit).cloned().collect();
    let others: u64 = counts.iter().skip(limit).map(|(_, n)| n).sum();
    if others > 0 {
        shown.push((format!("{} others", count(counts.len() - limit)), others));
    }
    shown
}

/// Names, numbers and bars under a heading; nothing when there are none.
fn bars(heading: &str, counts: &[(String, u64)], session: &Session) {
    let most = counts.iter().map(|(_, n)| *n).max().unwrap_or(0);
    if most == 0 {
        return;
    }
    let names: Vec<String> = counts.iter().map(|(name, _)| printable(name).into_owned()).collect();
    let width = names.iter().map(|name| name.width()).max().unwrap_or(0);
    let digits = count(most).len();
    session.screen.result("");
    session.screen.result(heading);
    for (name, (_, n)) in names.iter().zip(counts) {
        let length = usize::try_from((n * WIDTH).div_ceil(most)).unwrap_or(0);
        let pad = " ".repeat(width - name.width());
        session.screen.result(format!("  {name}{pad}  {:>digits$}  {}", count(*n), "█".repeat(length)).trim_end());
    }
}
