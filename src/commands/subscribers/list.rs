//! `letterpress subscribers list`.

use clap::Args;

use super::filter::{Filter, FilterArgs};
use super::listing::{Form, Listing};
use super::{misused, suppressions};
use crate::commands::{Exit, Session};
use crate::diagnostic::Result;
use crate::subscribers::{Files, Rows};

/// Show the readers of the list, and what is wrong with it
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// Only their number
    #[arg(long)]
    count: bool,
    /// As CSV for a spreadsheet; a value that it would take for a formula gets a ' before it
    #[arg(long, conflicts_with = "count")]
    csv: bool,
}

pub(super) fn run(args: &ListArgs, files: &Files, session: &Session) -> Result<Exit> {
    let form = match (args.count, args.csv, session.screen.json) {
        (_, true, true) => return Ok(misused(session, "--csv and --json exclude each other", "give one of them")),
        (true, ..) => Form::Count,
        (_, true, _) => Form::Csv,
        (_, _, true) => Form::Json,
        _ => Form::Table,
    };
    let rows = Rows::open(&files.list)?;
    let filter = Filter::new(&args.filter, rows.columns(), session)?;
    let label = rows.label().to_owned();
    let listing = Listing::new(session, form, rows.columns(), &args.filter.columns, args.filter.limit, None)?;
    let mut listing = listing.beside(suppressions(files, session));
    let defects = filter.visit(rows, Rows::open(&files.list)?, &mut |row| listing.take(row))?;
    listing.finish(&label, &defects)?;
    if let Some(warning) = files.exposure() {
        session.screen.diagnostic(&warning);
    }
    Ok(Exit::Done)
}
