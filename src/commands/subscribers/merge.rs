//! `letterpress subscribers merge`.

use clap::Args;
use serde_json::{Value, json};

use super::change::{self, Mode, Told, carry_out};
use crate::commands::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result, printable};
use crate::report::{count, counted};
use crate::subscribers::{Changeset, Difference, Files, MergeReport, merge};

/// Put another list into one: new readers come behind, nobody who left comes back
///
/// The other list stays as it is. Where the two say different things of a reader, the list that is added to is believed,
/// but for this: whoever left by either has left.
#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// The name of the other list in subscribers/
    other: String,
    /// The name of the list that is added to; when left out, the one that is worked with
    into: Option<String>,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Don't ask
    #[arg(short, long)]
    yes: bool,
}

pub(super) fn run(args: &MergeArgs, files: &Files, session: &Session) -> Result<Exit> {
    let other = Files::named(files.folder(), &args.other)?;
    let into = args.into.as_deref().map(|name| Files::named(files.folder(), name)).transpose()?;
    let files = into.as_ref().unwrap_or(files);
    let mode = Mode { dry_run: args.dry_run, yes: args.yes, asks: true };
    carry_out(mode, session, |how, basis| merge(files, &other, basis, how))
}

impl Told for MergeReport {
    fn changeset(&self) -> Changeset {
        self.changeset
    }

    fn show(&self, would: bool, session: &Session) {
        let screen = session.screen;
        screen.result(format!(
            "{} new, {} changed, {} the same, {} left by the other list, {} suppressed, {} invalid{}",
            count(self.added),
            count(self.changed.total),
            count(self.same),
            count(self.left.total),
            count(self.suppressed),
            count(self.invalid.total),
            if would { "; nothing is changed yet" } else { "" }
        ));
        change::changed(&self.changed, session);
        for Difference { row, address, column, kept, other } in &self.differences.first {
            let line = format!(
                "{}, row {row}: {column} stays `{}`; the other list says `{}`",
                printable(address),
                printable(kept),
                printable(other)
            );
            screen.result(line.replace('\n', " "));
        }
        change::more(&self.differences, session);
        for kept in &self.invalid.first {
            let warning =
                Diagnostic::warning(format!("row {} of the other list has a fault: {}", kept.row, kept.address));
            screen.diagnostic(&warning.help("mend it there; it was not taken over"));
        }
    }

    fn question(&self) -> String {
        let (new, changed) = (count(self.added), counted(self.changed.total, "row", "rows"));
        format!("Add {new} and change {changed}?")
    }

    fn fields(&self) -> Value {
        json!({
            "added": self.added, "changed": self.changed, "same": self.same, "differences": self.differences,
            "left": self.left, "suppressed": self.suppressed, "invalid": self.invalid,
        })
    }
}
