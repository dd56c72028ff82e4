//! `letterpress subscribers delete`.

use clap::Args;
use serde_json::{Value, json};

use super::change::{self, Mode, Told, carry_out};
use super::misused;
use super::who::{self, Means, NOBODY};
use crate::commands::{Exit, Session};
use crate::diagnostic::Result;
use crate::report::counted;
use crate::subscribers::{Changeset, DeleteReport, Files, delete};

/// Take readers out of the list altogether
///
/// Whoever only wants no more mail is unsubscribed with `remove`, which stays known. Of a deleted reader who had left, the
/// address goes into suppressions.csv, so that no import brings them back.
#[derive(Debug, Args)]
pub(super) struct DeleteArgs {
    /// The addresses, or `-` for one a line on standard input
    #[arg(value_name = "ADDRESS")]
    addresses: Vec<String>,
    #[command(flatten)]
    means: Means,
}

pub(super) fn run(args: &DeleteArgs, files: &Files, session: &Session) -> Result<Exit> {
    let Some(choice) = who::choice(&args.addresses, args.means.segment.as_deref(), files, session)? else {
        return Ok(misused(session, NOBODY.0, NOBODY.1));
    };
    let mode = Mode { dry_run: args.means.dry_run, yes: args.means.yes, asks: true };
    carry_out(mode, session, |how, basis| delete(files, &choice, basis, how))
}

impl Told for DeleteReport {
    fn changeset(&self) -> Changeset {
        self.changeset
    }

    fn show(&self, would: bool, session: &Session) {
        change::kept(&self.deleted, if would { "would delete " } else { "deleted " }, session);
        if self.suppressed > 0 {
            let verb = if would { "goes" } else { "went" };
            session.screen.say(format!(
                "{} left before: the address {verb} into suppressions.csv, so that no import brings anybody back.",
                counted(self.suppressed, "of them had", "of them had")
            ));
        }
        change::unknown(&self.unknown, session);
    }

    fn question(&self) -> String {
        format!("Delete {}?", counted(self.deleted.total, "row", "rows"))
    }

    fn fields(&self) -> Value {
        json!({ "deleted": self.deleted, "suppressed": self.suppressed, "unknown": self.unknown })
    }

    fn is_partial(&self) -> bool {
        !self.unknown.is_empty()
    }
}
