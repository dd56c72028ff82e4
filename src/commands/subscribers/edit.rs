//! `letterpress subscribers edit`, `tag` and `untag`.

use clap::Args;
use serde_json::{Value, json};

use super::change::{self, Mode, Told, carry_out};
use super::misused;
use super::who::{self, Means, NOBODY};
use crate::commands::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result};
use crate::report::counted;
use crate::subscribers::{AssignReport, Assignment, Changeset, Choice, Files, Operator, Status, assign, words};

/// Change columns of readers: name=…, tags+=early, tags-=late
///
/// As many addresses and changes as are wanted, in any order. A status only goes down: who has left comes back by
/// `add ADDRESS --resubscribe` alone.
#[derive(Debug, Args)]
pub(super) struct EditArgs {
    /// Addresses (or `-` for lines on standard input), and changes: `column=value`, `column+=word`, `column-=word`
    #[arg(required = true, value_name = "ADDRESS|CHANGE")]
    what: Vec<String>,
    #[command(flatten)]
    means: Means,
    /// Add columns that the list does not have
    #[arg(long)]
    add_column: bool,
}

pub(super) fn run(args: &EditArgs, files: &Files, session: &Session) -> Result<Exit> {
    let mut addresses = Vec::new();
    let mut assignments = Vec::new();
    for text in &args.what {
        match Assignment::parse(text) {
            Some(assignment) => assignments.push(assignment),
            None => addresses.push(text.clone()),
        }
    }
    if assignments.is_empty() {
        return Ok(misused(session, "there is nothing to change", "write it as in name=Ann or tags+=early"));
    }
    let Some(choice) = who::choice(&addresses, args.means.segment.as_deref(), files, session)? else {
        return Ok(misused(session, NOBODY.0, NOBODY.1));
    };
    make("edit", &choice, &assignments, args.add_column, &args.means, files, session)
}

/// Give readers a tag
#[derive(Debug, Args)]
pub(super) struct TagArgs {
    /// The tag, one word; several with commas between them
    tag: String,
    /// The addresses, or `-` for one a line on standard input
    #[arg(value_name = "ADDRESS")]
    addresses: Vec<String>,
    #[command(flatten)]
    means: Means,
}

/// Adds the tag, or takes it away.
pub(super) fn tag(args: &TagArgs, adds: bool, files: &Files, session: &Session) -> Result<Exit> {
    if words(&args.tag).next().is_none() || args.tag.contains(['@', '=']) {
        return Ok(misused(
            session,
            &format!("`{}` is no tag", args.tag),
            "the tag comes first, as in `letterpress subscribers tag early ann@example.com`",
        ));
    }
    let Some(choice) = who::choice(&args.addresses, args.means.segment.as_deref(), files, session)? else {
        return Ok(misused(session, NOBODY.0, NOBODY.1));
    };
    let operator = if adds { Operator::Add } else { Operator::Take };
    let assignment = Assignment { column: "tags".to_owned(), operator, value: args.tag.clone() };
    let command = if adds { "tag" } else { "untag" };
    make(command, &choice, &[assignment], false, &args.means, files, session)
}

pub(super) fn make(
    command: &'static str,
    choice: &Choice,
    assignments: &[Assignment],
    add_column: bool,
    means: &Means,
    files: &Files,
    session: &Session,
) -> Result<Exit> {
    // Readers who are named are those that are meant; a segment may hold more than was thought.
    let mode = Mode { dry_run: means.dry_run, yes: means.yes, asks: matches!(choice, Choice::Segment(_)) };
    carry_out(mode, session, |how, basis| assign(files, choice, assignments, add_column, command, basis, how))
}

impl Told for AssignReport {
    fn changeset(&self) -> Changeset {
        self.changeset
    }

    fn show(&self, _would: bool, session: &Session) {
        change::changed(&self.changed, session);
        for kept in &self.kept.first {
            let diagnostic = Diagnostic::warning(format!("{} is {} and stays so", kept.address, kept.status));
            let back = format!("if they asked for it: `letterpress subscribers add {} --resubscribe`", kept.address);
            let complained = kept.status == Status::Complained.as_str();
            session.screen.diagnostic(&if complained { diagnostic } else { diagnostic.help(back) });
        }
        change::more(&self.kept, session);
        if self.same > 0 {
            session.screen.say(format!("{} so already.", counted(self.same, "row is", "rows are")));
        }
        self.warnings.iter().for_each(|warning| session.screen.diagnostic(warning));
        change::unknown(&self.unknown, session);
    }

    fn question(&self) -> String {
        format!("Change {}?", counted(self.changed.total, "row", "rows"))
    }

    fn fields(&self) -> Value {
        json!({
            "changed": self.changed, "same": self.same, "kept": self.kept, "unknown": self.unknown,
            "warnings": self.warnings,
        })
    }

    fn is_partial(&self) -> bool {
        !self.unknown.is_empty() || self.kept.total > 0
    }
}
