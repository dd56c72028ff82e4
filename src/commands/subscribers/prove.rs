//! `letterpress subscribers prove`.

use clap::Args;
use serde_json::{Map, Value};

use super::person::{Record, address, nothing};
use crate::commands::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result, printable};
use crate::project::Project;

/// Show how someone came to be a reader, and all that happened since
///
/// Their row, the consent on record, every change to them, the mailings they were sent, whether they are suppressed.
/// Exits with 1 when nothing is known of them.
#[derive(Debug, Args)]
pub(super) struct ProveArgs {
    /// The address
    address: String,
}

pub(super) fn run(args: &ProveArgs, project: &Project, session: &Session) -> Result<Exit> {
    let address = address(&args.address)?;
    let record = Record::find(project, &address)?;
    if record.is_unknown() {
        nothing(&address, session);
        return Ok(Exit::Failed);
    }
    for line in lines(&record, session) {
        session.screen.result(printable(&line));
    }
    if record.person.rows.iter().any(|row| row.status == "active" && !row.consent.is_proof()) {
        session.screen.diagnostic(
            &Diagnostic::warning(format!("nothing proves that {address} agreed"))
                .help("write it into the columns consent_time and consent_source or consent_form, or confirmed_at"),
        );
    }
    session.screen.document(&record);
    Ok(Exit::Done)
}

fn lines(record: &Record, session: &Session) -> Vec<String> {
    let person = &record.person;
    let mut lines = vec![person.address.clone()];
    for row in &person.rows {
        lines.push(format!("List {}, row {}: {}", row.list, row.row, row.status));
        lines.extend(row.columns.iter().map(|(name, value)| format!("  {name}: {}", text(value))));
    }
    for row in &person.rows {
        let known: Vec<_> = row.consent.known().collect();
        if !known.is_empty() {
            lines.push(format!("Consent, list {}", row.list));
            lines.extend(known.iter().map(|(name, value)| format!("  {name}: {value}")));
        }
    }
    if let Some(suppression) = &person.suppression {
        let how = match (suppression.forgotten, suppression.by_domain) {
            (true, _) => "forgotten".to_owned(),
            (false, true) => format!("with the whole domain: {}", suppression.reason),
            (false, false) => suppression.reason.clone(),
        };
        lines.push(format!("Suppressed: {how}"));
    }
    if !person.history.is_empty() {
        lines.push("History".to_owned());
    }
    for change in &person.history {
        let at = change.at.map(|at| session.told(at.as_millisecond())).unwrap_or_default();
        let command = change.command.as_deref().unwrap_or("change");
        let by = change.by.as_deref().unwrap_or_default();
        let what = what(change.before.as_ref(), change.after.as_ref());
        lines.push(format!("  {at}  {command}, change {}, by {by}: {what}", change.change));
    }
    if !record.mailings.is_empty() {
        lines.push("Mailings".to_owned());
    }
    for mailing in &record.mailings {
        let at = mailing.at.map(|at| session.told(at.as_millisecond())).unwrap_or_default();
        let code = mailing.code.map(|code| format!(", {code}")).unwrap_or_default();
        lines.push(
            format!("  {at}  {}: {}{code} {}", mailing.slug, mailing.state.name(), mailing.reply).trim_end().to_owned(),
        );
    }
    lines
}

/// What a change did to the columns.
fn what(before: Option<&Map<String, Value>>, after: Option<&Map<String, Value>>) -> String {
    match (before, after) {
        (None, Some(_)) => "added".to_owned(),
        (Some(_), None) => "deleted".to_owned(),
        (before, after) => {
            let old = |name: &String| before.and_then(|before| before.get(name)).map(text).unwrap_or_default();
            let changes = after.into_iter().flatten();
            let changes: Vec<String> =
                changes.map(|(name, value)| format!("{name} `{}` to `{}`", old(name), text(value))).collect();
            changes.join(", ")
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
