//! How every change is made on the command line: shown first where it asks, made once, told with its number.

use serde_json::{Map, Value, json};

use super::typed;
use crate::commands::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result, printable};
use crate::report::{count, counted};
use crate::subscribers::{Basis, Changed, Changeset, How, Kept, Sample, Unknown};

/// How far a change goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mode {
    pub(super) dry_run: bool,
    pub(super) yes: bool,
    /// It is shown and asked for before it is made.
    pub(super) asks: bool,
}

/// What a change came to, and how it is told.
pub(super) trait Told {
    fn changeset(&self) -> Changeset;

    /// Says what was done, or with `would` what would be.
    fn show(&self, would: bool, session: &Session);

    /// What is asked before it is done.
    fn question(&self) -> String;

    /// For machines: besides the number and the counts.
    fn fields(&self) -> Value;

    /// Not all that was asked for could be done.
    fn is_partial(&self) -> bool {
        false
    }
}

/// Makes a change: `act` is called once to look, where it asks, and once to do.
pub(super) fn carry_out<T: Told>(
    mode: Mode,
    session: &Session,
    mut act: impl FnMut(How<'static>, Option<Basis>) -> Result<T>,
) -> Result<Exit> {
    let looks = mode.dry_run || (mode.asks && !mode.yes);
    let mut told = act(typed(session, looks), None)?;
    told.show(looks, session);
    let nothing = told.changeset().rows.total() == 0;
    let mut exit = if told.is_partial() { Exit::Failed } else { Exit::Done };
    if looks && !mode.dry_run && !nothing {
        if is_confirmed(&told.question(), session) {
            told = act(typed(session, false), Some(told.changeset().basis))?;
        } else {
            exit = Exit::NotConfirmed;
        }
    }
    let changeset = told.changeset();
    document(&changeset, mode.dry_run, exit, told.fields(), session);
    numbered(&changeset, session);
    if nothing && changeset.number.is_none() {
        session.screen.say("Nothing had to be changed.");
    } else if mode.dry_run {
        session.screen.say(format!("{} would be; nothing was changed.", rows(changeset)));
    }
    Ok(exit)
}

/// Tells a change that was made by its number, and how to take it back.
pub(super) fn numbered(changeset: &Changeset, session: &Session) {
    if changeset.foreign > 0 {
        let rows = counted(changeset.foreign, "row", "rows");
        let what = format!("the list is in Windows-1252, which lacks letters of {rows}: those are in UTF-8 now");
        let help =
            "letterpress reads both; for a spreadsheet, `letterpress subscribers export` writes all of it in UTF-8";
        session.screen.diagnostic(&Diagnostic::warning(what).help(help));
    }
    if let Some(number) = changeset.number {
        let rows = rows(*changeset);
        session.screen.say(format!("Change {number}: {rows}. `letterpress subscribers undo {number}` takes it back."));
    }
}

/// Asks; without a terminal the answer is no.
fn is_confirmed(question: &str, session: &Session) -> bool {
    if !session.screen.interactive {
        session.screen.say("Nothing was changed: nobody is there to ask. --yes does it without asking.");
        return false;
    }
    let answer = session.screen.ask(&format!("{question} [y/N]")).unwrap_or_default();
    let is_yes = ["y", "yes"].contains(&answer.to_lowercase().as_str());
    if !is_yes {
        session.screen.say("Nothing was changed.");
    }
    is_yes
}

fn document(changeset: &Changeset, dry_run: bool, exit: Exit, fields: Value, session: &Session) {
    let mut document = Map::new();
    document.insert("dry_run".to_owned(), dry_run.into());
    document.insert("confirmed".to_owned(), (exit != Exit::NotConfirmed).into());
    document.insert("change".to_owned(), changeset.number.into());
    document.insert("rows".to_owned(), json!(changeset.rows));
    if let Value::Object(fields) = fields {
        document.extend(fields);
    }
    session.screen.document(&document);
}

/// `2 rows added, 1 deleted`.
fn rows(changeset: Changeset) -> String {
    let tally = changeset.rows;
    let parts = [("added", tally.added), ("changed", tally.changed), ("deleted", tally.deleted)];
    let parts: Vec<(&str, u64)> = parts.into_iter().filter(|(_, n)| *n > 0).collect();
    let told = parts.iter().enumerate().map(|(at, (verb, n))| match at {
        0 => format!("{} {verb}", counted(*n, "row", "rows")),
        _ => format!("{} {verb}", count(*n)),
    });
    if parts.is_empty() { "no row changed".to_owned() } else { told.collect::<Vec<_>>().join(", ") }
}

/// `and 980 more` below a sample.
pub(super) fn more<T>(sample: &Sample<T>, session: &Session) {
    let more = sample.total.saturating_sub(sample.first.len() as u64);
    if more > 0 {
        session.screen.result(format!("… and {} more", count(more)));
    }
}

/// Lines such as ``ann@example.com, row 2: name `A` → `Ann` ``.
pub(super) fn changed(sample: &Sample<Changed>, session: &Session) {
    for Changed { row, address, columns } in &sample.first {
        let told = columns.iter().map(|(name, before, after)| {
            let (before, after) = (printable(before), printable(after));
            if before.is_empty() { format!("{name} `{after}`") } else { format!("{name} `{before}` → `{after}`") }
        });
        let told: Vec<String> = told.collect();
        session.screen.result(format!("{}, row {row}: {}", printable(address), told.join(", ")).replace('\n', " "));
    }
    more(sample, session);
}

/// Rows with their status.
pub(super) fn kept(sample: &Sample<Kept>, verb: &str, session: &Session) {
    for Kept { row, address, status } in &sample.first {
        session.screen.result(format!("{verb}{}, row {row}, {}", printable(address), printable(status)));
    }
    more(sample, session);
}

/// Addresses that are in no row.
pub(super) fn unknown(unknown: &[Unknown], session: &Session) {
    for Unknown { address, did_you_mean } in unknown {
        let error = Diagnostic::error(format!("{address} is not in the list"));
        let help = match did_you_mean {
            Some(likely) => format!("did you mean {}?", printable(likely)),
            None => "`letterpress subscribers find` looks for a part of an address".to_owned(),
        };
        session.screen.diagnostic(&error.help(help));
    }
}
