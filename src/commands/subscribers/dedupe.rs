//! `letterpress subscribers dedupe`.

use clap::Args;
use serde_json::{Value, json};

use super::change::{self, Mode, Told, carry_out};
use crate::commands::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result, printable};
use crate::report::counted;
use crate::subscribers::{Changeset, DedupeReport, Files, Group, Sameness, dedupe};

/// Leave one row of every address
///
/// The row that says most against writing stays, so one who left stays left; its empty columns are filled from the others.
#[derive(Debug, Args)]
pub(super) struct DedupeArgs {
    /// Take addresses for one that their provider delivers to one mailbox: Gmail and Proton read past dots; these, Outlook,
    /// iCloud and Fastmail past what follows a `+`, Yahoo past what follows a `-`
    #[arg(long)]
    provider_rules: bool,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Don't ask
    #[arg(short, long)]
    yes: bool,
}

pub(super) fn run(args: &DedupeArgs, files: &Files, session: &Session) -> Result<Exit> {
    let mode = Mode { dry_run: args.dry_run, yes: args.yes, asks: true };
    let same = if args.provider_rules { Sameness::Provider } else { Sameness::Address };
    carry_out(mode, session, |how, basis| dedupe(files, same, basis, how))
}

impl Told for DedupeReport {
    fn changeset(&self) -> Changeset {
        self.changeset
    }

    fn show(&self, would: bool, session: &Session) {
        let [keeps, gets, goes] =
            if would { ["would stay", "would get", "would go"] } else { ["stays", "got", "went"] };
        for Group { address, keeps: row, deletes, gets: values, loses } in &self.groups.first {
            let rows: Vec<String> = deletes.iter().map(|kept| format!("{} ({})", kept.row, kept.status)).collect();
            session.screen.result(format!(
                "{}: row {} ({}) {keeps}; {} {goes}",
                printable(address),
                row.row,
                printable(&row.status),
                rows.join(", ")
            ));
            for (column, value) in values {
                session.screen.result(format!("  it {gets} {column} `{}`", printable(value)).replace('\n', " "));
            }
            for (row, column, value) in loses {
                session
                    .screen
                    .result(format!("  {column} `{}` of row {row} {goes}", printable(value)).replace('\n', " "));
            }
        }
        change::more(&self.groups, session);
        for kept in &self.unclear.first {
            let warning = Diagnostic::warning(format!(
                "{} has several rows, and row {} has a fault: they stay as they are",
                kept.address, kept.row
            ));
            session.screen.diagnostic(&warning.help("mend that row, then run this again"));
        }
        change::more(&self.unclear, session);
        if self.suppressed > 0 {
            let verb = if would { "go" } else { "went" };
            session.screen.say(format!(
                "{} of people who have left {verb} into suppressions.csv, so that no import brings them back.",
                counted(self.suppressed, "address", "addresses")
            ));
        }
    }

    fn question(&self) -> String {
        format!("Leave one row of {}?", counted(self.groups.total, "address", "addresses"))
    }

    fn fields(&self) -> Value {
        json!({ "groups": self.groups, "unclear": self.unclear, "suppressed": self.suppressed })
    }

    fn is_partial(&self) -> bool {
        self.unclear.total > 0
    }
}
