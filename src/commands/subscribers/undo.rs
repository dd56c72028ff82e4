//! `letterpress subscribers undo`.

use clap::Args;
use serde_json::{Value, json};

use super::change::{self, Mode, Told, carry_out};
use crate::commands::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result, printable};
use crate::report::counted;
use crate::subscribers::{Changeset, Conflict, Files, Head, Target, UndoReport, undo};

/// Take the last change back, or any change by its number
///
/// Rows that were changed again since are a conflict, and nothing is done then. An undo is a change itself, and can be
/// taken back by its number; without a number, undo goes back further each time.
#[derive(Debug, Args)]
pub(super) struct UndoArgs {
    /// The change, as `history` numbers it; the last one when left out
    number: Option<u64>,
    /// Leave rows that were changed since as they are, and take back the others
    #[arg(long)]
    partly: bool,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Don't ask
    #[arg(short, long)]
    yes: bool,
}

pub(super) fn run(args: &UndoArgs, files: &Files, session: &Session) -> Result<Exit> {
    let target = Target::find(files, args.number)?;
    let files = Files::named(files.folder(), &target.head.list).map_err(|_| {
        Diagnostic::error(format!("change {} is of no list, and can't be taken back here", target.head.change))
            .help(format!("`letterpress subscribers history` shows what it was: {}", target.head.command))
    })?;
    session.screen.say(super::history::sentence(&target.head, session));
    let mode = Mode { dry_run: args.dry_run, yes: args.yes, asks: true };
    carry_out(mode, session, |how, basis| {
        let report = undo(&files, &target, args.partly, basis, how)?;
        Ok(Undone { report, target: target.head.clone(), done: target.done })
    })
}

struct Undone {
    report: UndoReport,
    target: Head,
    done: bool,
}

impl Told for Undone {
    fn changeset(&self) -> Changeset {
        self.report.changeset
    }

    fn show(&self, would: bool, session: &Session) {
        let UndoReport { conflicts, same, forgotten, returned, .. } = &self.report;
        for Conflict { address, why } in &conflicts.first {
            let warning = Diagnostic::warning(format!("{address} stays as it is: {why}"));
            session.screen.diagnostic(&warning);
        }
        change::more(conflicts, session);
        change::kept(returned, if would { "would get mail again: " } else { "gets mail again: " }, session);
        if returned.total > 0 {
            session.screen.diagnostic(
                &Diagnostic::warning(format!(
                    "{} left by this very change; taking it back means writing to them again",
                    counted(returned.total, "reader has", "readers have")
                ))
                .help("only if they did not mean it"),
            );
        }
        if *same > 0 {
            session.screen.say(format!("{} as before already.", counted(*same, "row is", "rows are")));
        }
        if *forgotten > 0 {
            let rows = counted(*forgotten, "row is", "rows are");
            session.screen.say(format!("{rows} of people who were forgotten: nothing is known of them any more."));
        }
        if !self.done {
            session.screen.say("The change was interrupted: it may not have been made.");
        }
    }

    fn question(&self) -> String {
        format!(
            "Take back change {} ({}): {}?",
            self.target.change,
            printable(&self.target.command),
            counted(self.report.changeset.rows.total(), "row", "rows")
        )
    }

    fn fields(&self) -> Value {
        let UndoReport { conflicts, same, forgotten, returned, .. } = &self.report;
        json!({
            "undoes": self.target, "conflicts": conflicts, "same": same, "forgotten": forgotten, "returned": returned,
        })
    }
}
