//! `letterpress subscribers`: looking at the list and changing it.

mod add;
mod change;
mod check;
mod dedupe;
mod delete;
mod edit;
mod export;
mod filter;
mod find;
mod forget;
mod history;
mod import;
mod list;
mod listing;
mod merge;
mod new;
mod person;
mod prove;
mod remove;
mod stats;
mod suppress;
mod table;
mod undo;
mod unsuppress;
mod who;

use clap::{Args, Subcommand};

use super::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result};
use crate::report::counted;
use crate::subscribers::{Defects, Files, How, Suppressions};

/// Look at and change the subscriber list
#[derive(Debug, Args)]
pub struct SubscribersArgs {
    /// The list in subscribers/, instead of what the settings say
    #[arg(long, value_name = "NAME", global = true)]
    list: Option<String>,
    #[command(subcommand)]
    command: SubscribersCommand,
}

#[derive(Debug, Subcommand)]
enum SubscribersCommand {
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    Find(find::FindArgs),
    Add(add::AddArgs),
    Edit(edit::EditArgs),
    Tag(edit::TagArgs),
    /// Take a tag away from readers
    Untag(edit::TagArgs),
    Remove(remove::RemoveArgs),
    Import(import::ImportArgs),
    Check(check::CheckArgs),
    Suppress(suppress::SuppressArgs),
    Unsuppress(unsuppress::UnsuppressArgs),
    Prove(prove::ProveArgs),
    Forget(forget::ForgetArgs),
    Delete(delete::DeleteArgs),
    Dedupe(dedupe::DedupeArgs),
    Merge(merge::MergeArgs),
    Export(export::ExportArgs),
    Stats(stats::StatsArgs),
    History(history::HistoryArgs),
    Undo(undo::UndoArgs),
    New(new::NewArgs),
}

pub fn run(args: &SubscribersArgs, session: &Session) -> Result<Exit> {
    let project = session.project()?.with_list(args.list.as_deref())?;
    let files = project.files();
    match &args.command {
        SubscribersCommand::List(args) => list::run(args, &files, session),
        SubscribersCommand::Find(args) => find::run(args, &files, session),
        SubscribersCommand::Add(args) => add::run(args, &files, session),
        SubscribersCommand::Edit(args) => edit::run(args, &files, session),
        SubscribersCommand::Tag(args) => edit::tag(args, true, &files, session),
        SubscribersCommand::Untag(args) => edit::tag(args, false, &files, session),
        SubscribersCommand::Remove(args) => remove::run(args, &files, session),
        SubscribersCommand::Import(args) => import::run(args, &files, session),
        SubscribersCommand::Check(args) => check::run(args, &files, session),
        SubscribersCommand::Suppress(args) => suppress::run(args, &files, session),
        SubscribersCommand::Unsuppress(args) => unsuppress::run(args, &files, session),
        SubscribersCommand::Prove(args) => prove::run(args, &project, session),
        SubscribersCommand::Forget(args) => forget::run(args, &project, session),
        SubscribersCommand::Delete(args) => delete::run(args, &files, session),
        SubscribersCommand::Dedupe(args) => dedupe::run(args, &files, session),
        SubscribersCommand::Merge(args) => merge::run(args, &files, session),
        SubscribersCommand::Export(args) => export::run(args, &files, &project, session),
        SubscribersCommand::Stats(args) => stats::run(args, &files, session),
        SubscribersCommand::History(args) => history::run(args, &files, session),
        SubscribersCommand::Undo(args) => undo::run(args, &files, session),
        SubscribersCommand::New(args) => new::run(args, &files, session),
    }
}

/// How a change that was typed is made.
fn typed(session: &Session, dry_run: bool) -> How<'static> {
    How { at: session.clock.now(), by: "command line", dry_run }
}

/// Who is suppressed, for who only looks: that it can't be read is said, and keeps nobody from looking.
fn suppressions(files: &Files, session: &Session) -> Suppressions {
    Suppressions::load(&files.suppressions).unwrap_or_else(|error| {
        session.screen.diagnostic(&error);
        Suppressions::default()
    })
}

/// Shows what is wrong with the list: the first few in words, the rest as a number.
fn show_defects(defects: &Defects, session: &Session) {
    const SHOWN: usize = 10;
    for defect in defects.first.iter().take(SHOWN) {
        session.screen.diagnostic(defect);
    }
    let more = defects.total.saturating_sub(SHOWN as u64);
    if more > 0 {
        let more = counted(more, "defect", "defects");
        session.screen.say(format!("and {more} more; `letterpress subscribers list --json` shows a hundred of them"));
    }
}

/// A command line that can't be meant so.
fn misused(session: &Session, message: &str, help: &str) -> Exit {
    session.screen.diagnostic(&Diagnostic::error(message).help(help));
    Exit::Usage
}
