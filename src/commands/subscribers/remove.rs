//! `letterpress subscribers remove`.

use clap::Args;
use serde::Serialize;

use super::who::{self, Means, NOBODY};
use super::{change, edit, misused, typed};
use crate::address::Address;
use crate::commands::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result, printable};
use crate::subscribers::{Assignment, Choice, Files, Operator, Removed, Status, remove};

/// Unsubscribe readers: they stay in the list and get nothing more
///
/// `add ADDRESS --resubscribe` takes it back. Exits with 1 when an address is not in the list.
#[derive(Debug, Args)]
pub(super) struct RemoveArgs {
    /// The addresses, or `-` for one a line on standard input
    #[arg(value_name = "ADDRESS")]
    addresses: Vec<String>,
    #[command(flatten)]
    means: Means,
}

/// What became of one address, for machines.
#[derive(Serialize)]
struct Answer {
    address: String,
    outcome: &'static str,
    rows: Vec<u64>,
    /// The status before.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    did_you_mean: Option<String>,
}

#[derive(Serialize)]
struct Document {
    dry_run: bool,
    /// The number in the history.
    change: Option<u64>,
    readers: Vec<Answer>,
}

pub(super) fn run(args: &RemoveArgs, files: &Files, session: &Session) -> Result<Exit> {
    let dry_run = args.means.dry_run;
    let addresses = match who::choice(&args.addresses, args.means.segment.as_deref(), files, session)? {
        Some(Choice::Addresses(addresses)) => addresses,
        Some(segment) => {
            let value = Status::Unsubscribed.as_str().to_owned();
            let leaves = Assignment { column: "status".to_owned(), operator: Operator::Set, value };
            return edit::make("remove", &segment, &[leaves], false, &args.means, files, session);
        }
        None => return Ok(misused(session, NOBODY.0, NOBODY.1)),
    };
    let report = remove(files, &addresses, typed(session, dry_run))?;
    let mut readers = Vec::new();
    let mut unknown = false;
    for (address, removed) in addresses.iter().zip(report.outcomes) {
        match &removed {
            Removed::Unsubscribed { rows, before } => {
                let rows: Vec<String> = rows.iter().map(u64::to_string).collect();
                let verb = if dry_run { "would unsubscribe" } else { "unsubscribed" };
                let (rows, before) = (rows.join(", "), printable(before));
                session.screen.result(format!("{verb} {address}, row {rows}, who was {before}"));
            }
            Removed::Already { row, status } => {
                session.screen.result(format!("{address}, row {row}, is {} already", printable(status)));
            }
            Removed::Unknown { likely } => {
                unknown = true;
                session.screen.diagnostic(&not_found(address, likely.as_deref()));
            }
        }
        readers.push(outcome(address, removed));
    }
    change::numbered(&report.changeset, session);
    session.screen.document(&Document { dry_run, change: report.changeset.number, readers });
    Ok(if unknown { Exit::Failed } else { Exit::Done })
}

fn not_found(address: &Address, likely: Option<&str>) -> Diagnostic {
    let error = Diagnostic::error(format!("{address} is not in the list"));
    match likely {
        Some(likely) => error.help(format!("did you mean {}?", printable(likely))),
        None => error.help("`letterpress subscribers find` looks for a part of an address or a name"),
    }
}

fn outcome(address: &Address, removed: Removed) -> Answer {
    let (outcome, rows, before, did_you_mean) = match removed {
        Removed::Unsubscribed { rows, before } => ("unsubscribed", rows, Some(before), None),
        Removed::Already { row, status } => ("already", vec![row], Some(status), None),
        Removed::Unknown { likely } => ("unknown", Vec::new(), None, likely),
    };
    Answer { address: address.to_string(), outcome, rows, before, did_you_mean }
}
