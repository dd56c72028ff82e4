//! `letterpress subscribers export`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::filter::{Filter, FilterArgs};
use super::listing::{Form, Listing};
use super::{person, suppressions};
use crate::commands::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result, shown_path};
use crate::durable::{Privacy, Replacement};
use crate::project::Project;
use crate::report::counted;
use crate::subscribers::{Files, Rows};

/// Write readers for another program: CSV, JSON or JSON lines
///
/// In CSV, a value that a spreadsheet would take for a formula gets a ' before it.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// As CSV, which is what it does unasked
    #[arg(long, conflicts_with = "jsonl")]
    csv: bool,
    /// One JSON object a line
    #[arg(long)]
    jsonl: bool,
    /// Into this new file, which only you can read, instead of standard output
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Everything that is kept about one person, as JSON: rows, consent, history, mailings (GDPR Art. 15 and 20)
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["csv", "jsonl"])]
    person: Option<String>,
}

pub(super) fn run(args: &ExportArgs, files: &Files, project: &Project, session: &Session) -> Result<Exit> {
    if let Some(address) = &args.person {
        return person::export(address, args.file.as_deref(), project, session);
    }
    let form = match (args.jsonl, args.csv, session.screen.json) {
        (true, ..) => Form::Lines,
        (_, false, true) => Form::Array,
        _ => Form::Csv,
    };
    let rows = Rows::open(&files.list)?;
    let filter = Filter::new(&args.filter, rows.columns(), session)?;
    let label = rows.label().to_owned();
    let mut file = match &args.file {
        Some(path) if path.exists() => {
            return Err(Diagnostic::error(format!("{} exists already", shown_path(path)))
                .help("name another file, or remove that one"));
        }
        Some(path) => Some(Replacement::begin(path, Privacy::Private)?),
        None => None,
    };
    let columns = &args.filter.columns;
    let out = file.as_mut().map(|file| Box::new(file) as Box<dyn Write + '_>);
    let listing = Listing::new(session, form, rows.columns(), columns, args.filter.limit, out)?;
    let mut listing = listing.beside(suppressions(files, session));
    let defects = filter.visit(rows, Rows::open(&files.list)?, &mut |row| listing.take(row))?;
    let count = listing.count().min(args.filter.limit.unwrap_or(u64::MAX));
    listing.finish(&label, &defects)?;
    if let Some((file, path)) = file.zip(args.file.as_ref()) {
        file.commit()?;
        let path = shown_path(path);
        session.screen.result(format!("{} written to {path}", counted(count, "reader", "readers")));
        session.screen.document(&json!({ "file": path, "count": count, "defects": defects }));
    }
    Ok(Exit::Done)
}
