//! `letterpress subscribers history`.

use std::collections::VecDeque;

use clap::Args;
use serde_json::{Value, json};

use super::who;
use crate::commands::{Exit, Session};
use crate::diagnostic::{Result, printable};
use crate::report::{count, counted};
use crate::subscribers::{Entry, Files, Head, History, RowChange};

/// Show what was changed, newest last: in the list, or of one reader
#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// Only what was changed of this reader, column by column
    address: Option<String>,
    /// So many at most, the newest of them
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

/// A changeset, with the rows of the reader who is asked about.
struct Shown {
    head: Head,
    done: bool,
    rows: Vec<RowChange>,
}

pub(super) fn run(args: &HistoryArgs, files: &Files, session: &Session) -> Result<Exit> {
    let address = args.address.as_deref().map(who::address).transpose()?;
    let is_meant = |row: &RowChange| address.as_ref().is_some_and(|address| concerns(row, address.as_str()));
    let mut shown: VecDeque<Shown> = VecDeque::new();
    let mut earlier = 0u64;
    let mut total = 0u64;
    let mut history = History::open(files)?;
    let mut last: Option<Shown> = None;
    // A changeset is complete when the next one begins.
    let keep = |one: Option<Shown>, shown: &mut VecDeque<Shown>, total: &mut u64| {
        if let Some(one) = one.filter(|one| address.is_none() || !one.rows.is_empty()) {
            *total += 1;
            shown.push_back(one);
            if shown.len() > args.limit.max(1) {
                shown.pop_front();
            }
        }
    };
    // Only what became of one reader needs a look at the rows.
    let next = if address.is_some() { History::read } else { History::read_head };
    while let Some(entry) = history.as_mut().map(next).transpose()?.flatten() {
        match entry {
            Entry::Head(head) => {
                keep(last.take(), &mut shown, &mut total);
                last = (head.list == files.name).then_some(Shown { head, done: false, rows: Vec::new() });
            }
            Entry::Row(row) if is_meant(&row) => {
                last.iter_mut().filter(|one| one.head.change == row.change).for_each(|one| one.rows.push(row.clone()));
            }
            Entry::Done(number) => {
                last.iter_mut().filter(|one| one.head.change == number).for_each(|one| one.done = true);
            }
            Entry::Row(_) => {}
            Entry::Other(_) => earlier += 1,
        }
    }
    keep(last, &mut shown, &mut total);
    show(&shown, total, earlier, session);
    if shown.is_empty() {
        let what = args.address.as_deref().unwrap_or("the list");
        session.screen.say(format!("No change of {} is written down.", printable(what)));
    }
    Ok(Exit::Done)
}

fn show(shown: &VecDeque<Shown>, total: u64, earlier: u64, session: &Session) {
    let hidden = total - shown.len() as u64;
    if hidden > 0 {
        session.screen.say(format!("{} before these; --limit shows more.", counted(hidden, "change", "changes")));
    }
    for one in shown {
        let unsure = if one.done { "" } else { "; interrupted: it may not have been made" };
        session.screen.result(format!("{}{unsure}", sentence(&one.head, session)));
        for row in &one.rows {
            session.screen.result(format!("    {}", told(row)).replace('\n', " "));
        }
    }
    if earlier > 0 {
        session.screen.say(format!("{} of an earlier form.", counted(earlier, "line is", "lines are")));
    }
    let changes: Vec<Value> = shown
        .iter()
        .map(|one| {
            let mut change = json!(one.head);
            if let Value::Object(change) = &mut change {
                change.insert("done".to_owned(), one.done.into());
                if !one.rows.is_empty() {
                    change.insert("of_reader".to_owned(), json!(one.rows));
                }
            }
            change
        })
        .collect();
    session.screen.document(&json!({ "total": total, "changes": changes }));
}

/// `12  22 November 2026, 23:00:00  tag, command line: 412 changed`.
pub(super) fn sentence(head: &Head, session: &Session) -> String {
    let rows = [("added", head.rows.added), ("changed", head.rows.changed), ("deleted", head.rows.deleted)];
    let rows: Vec<String> =
        rows.iter().filter(|(_, n)| *n > 0).map(|(verb, n)| format!("{} {verb}", count(*n))).collect();
    let undoes = head.undoes.map(|change| format!(" of change {change}")).unwrap_or_default();
    format!(
        "{:>5}  {}  {}{undoes}, {}: {}",
        head.change,
        session.told(head.at.as_millisecond()),
        printable(&head.command),
        printable(&head.by),
        rows.join(", ")
    )
}

/// What became of one row, in words.
fn told(row: &RowChange) -> String {
    let text = |value: Option<&Value>| printable(value.and_then(Value::as_str).unwrap_or_default()).into_owned();
    let all = |values: &serde_json::Map<String, Value>| {
        values.iter().map(|(name, value)| format!("{} `{}`", printable(name), text(Some(value)))).collect::<Vec<_>>()
    };
    match (&row.before, &row.after) {
        (None, Some(after)) => format!("row {} added: {}", row.line, all(after).join(", ")),
        (Some(before), None) => format!("row {} deleted: {}", row.line, all(before).join(", ")),
        (Some(before), Some(after)) => {
            let columns = after.iter().map(|(name, value)| {
                format!("{} `{}` → `{}`", printable(name), text(before.get(name)), text(Some(value)))
            });
            format!("row {}: {}", row.line, columns.collect::<Vec<_>>().join(", "))
        }
        (None, None) => format!("row {}", row.line),
    }
}

/// Whether a row was, or became, that of this address.
fn concerns(row: &RowChange, address: &str) -> bool {
    let renamed = [&row.before, &row.after].into_iter().flatten().filter_map(|values| values.get("email")?.as_str());
    renamed.chain([row.address.as_str()]).any(|known| known.trim().eq_ignore_ascii_case(address))
}
