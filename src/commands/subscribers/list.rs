//! `letterpress subscribers list`.

use clap::Args;

use super::listing::{Form, Listing};
use super::misused;
use crate::commands::{Exit, Session};
use crate::diagnostic::Result;
use crate::subscribers::{Files, Rows, Status, survey};

/// Show the readers of the list, and what is wrong with it
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Only readers with this status: active, pending, unsubscribed, bounced, complained
    #[arg(long, value_parser = status)]
    status: Option<Status>,
    /// Only readers for whom this holds, as in "plan == 'pro' and has(name)"
    #[arg(long, value_name = "EXPR")]
    segment: Option<String>,
    /// Only their number
    #[arg(long)]
    count: bool,
    /// As CSV for a spreadsheet; a value that it would take for a formula gets a ' before it
    #[arg(long, conflicts_with = "count")]
    csv: bool,
}

fn status(word: &str) -> Result<Status, String> {
    Status::parse(word).filter(|_| !word.trim().is_empty()).ok_or_else(|| Status::help(word))
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
    let segment = match &args.segment {
        Some(text) => Some(session.project()?.condition("--segment", text, rows.columns(), session.clock.now())?),
        None => None,
    };
    let label = rows.label().to_owned();
    let mut listing = Listing::new(session, form, rows.columns());
    let defects = survey(rows, &mut |row| {
        let status = args.status.is_none_or(|status| row.status() == Some(status));
        if status && segment.as_ref().is_none_or(|segment| segment.matches(row)) {
            listing.take(row);
        }
        Ok(())
    })?;
    listing.finish(&label, &defects);
    Ok(Exit::Done)
}
