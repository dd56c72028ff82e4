//! `letterpress subscribers find`.

use clap::Args;

use super::listing::{Form, Listing};
use super::{misused, suppressions};
use crate::commands::{Exit, Session};
use crate::diagnostic::{Result, printable};
use crate::report::counted;
use crate::subscribers::{Defects, Files, Row, Rows};

/// Find readers by a part of anything in their row, whatever its case
///
/// Exits with 1 when nobody is found.
#[derive(Debug, Args)]
pub(super) struct FindArgs {
    /// A part of an address, a name or any other column
    text: String,
}

pub(super) fn run(args: &FindArgs, files: &Files, session: &Session) -> Result<Exit> {
    let wanted = args.text.trim().to_lowercase();
    if wanted.is_empty() {
        return Ok(misused(session, "there is nothing to look for", "`letterpress subscribers list` shows everybody"));
    }
    let mut rows = Rows::open(&files.list)?;
    let label = rows.label().to_owned();
    let form = if session.screen.json { Form::Json } else { Form::Table };
    let listing = Listing::new(session, form, rows.columns(), &[], None, None)?;
    let mut listing = listing.beside(suppressions(files, session));
    let mut defects = Defects::default();
    let mut looked_at = 0u64;
    while let Some(row) = rows.read()? {
        looked_at += 1;
        if has(&row, &wanted) {
            defects.take(&row, &label);
            listing.take(&row)?;
        }
    }
    let found = listing.count();
    listing.finish(&label, &defects)?;
    if found == 0 {
        let looked_at = counted(looked_at, "row", "rows");
        session.screen.say(format!("`{}` is in none of the {looked_at} of {label}", printable(&args.text)));
        return Ok(Exit::Failed);
    }
    Ok(Exit::Done)
}

fn has(row: &Row<'_>, wanted: &str) -> bool {
    let columns = (0..row.columns().len()).map(|column| row.column(column));
    columns.chain([row.email()]).any(|value| value.to_lowercase().contains(wanted))
}
