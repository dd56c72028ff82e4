//! `letterpress subscribers remove`.

use clap::Args;
use serde::Serialize;

use super::typed;
use crate::address::Address;
use crate::commands::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result, printable};
use crate::subscribers::{Files, Removed, remove};

/// Unsubscribe readers: they stay in the list and get nothing more
///
/// `add ADDRESS --resubscribe` takes it back. Exits with 1 when an address is not in the list.
#[derive(Debug, Args)]
pub(super) struct RemoveArgs {
    /// The addresses
    #[arg(required = true, value_name = "ADDRESS")]
    addresses: Vec<String>,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
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
    readers: Vec<Answer>,
}

pub(super) fn run(args: &RemoveArgs, files: &Files, session: &Session) -> Result<Exit> {
    let addresses: Vec<Address> = args.addresses.iter().map(|text| address(text)).collect::<Result<_>>()?;
    let report = remove(files, &addresses, typed(session, args.dry_run))?;
    let mut readers = Vec::new();
    let mut unknown = false;
    let mut back = None;
    for (address, removed) in addresses.iter().zip(report.outcomes) {
        match &removed {
            Removed::Unsubscribed { rows, before } => {
                let rows: Vec<String> = rows.iter().map(u64::to_string).collect();
                let verb = if args.dry_run { "would unsubscribe" } else { "unsubscribed" };
                let (rows, before) = (rows.join(", "), printable(before));
                session.screen.result(format!("{verb} {address}, row {rows}, who was {before}"));
                back.get_or_insert(address);
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
    if let Some(address) = back.filter(|_| !args.dry_run) {
        session.screen.say(format!("to take it back: `letterpress subscribers add {address} --resubscribe`"));
    }
    session.screen.document(&Document { dry_run: args.dry_run, readers });
    Ok(if unknown { Exit::Failed } else { Exit::Done })
}

fn address(text: &str) -> Result<Address> {
    Address::parse(text).map_err(|error| {
        Diagnostic::error(format!("`{text}` is no address: {error}"))
            .help("`letterpress subscribers find` looks for a part of one")
    })
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
