//! `letterpress subscribers`: looking at the list and changing it.

mod add;
mod check;
mod find;
mod forget;
mod import;
mod list;
mod listing;
mod person;
mod prove;
mod remove;
mod suppress;
mod unsuppress;

use clap::{Args, Subcommand};

use super::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result};
use crate::report::counted;
use crate::subscribers::{Defects, How};

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
    Remove(remove::RemoveArgs),
    Import(import::ImportArgs),
    Check(check::CheckArgs),
    Suppress(suppress::SuppressArgs),
    Unsuppress(unsuppress::UnsuppressArgs),
    Prove(prove::ProveArgs),
    Forget(forget::ForgetArgs),
}

pub fn run(args: &SubscribersArgs, session: &Session) -> Result<Exit> {
    let project = session.project()?.with_list(args.list.as_deref())?;
    let files = project.files();
    match &args.command {
        SubscribersCommand::List(args) => list::run(args, &files, session),
        SubscribersCommand::Find(args) => find::run(args, &files, session),
        SubscribersCommand::Add(args) => add::run(args, &files, session),
        SubscribersCommand::Remove(args) => remove::run(args, &files, session),
        SubscribersCommand::Import(args) => import::run(args, &files, session),
        SubscribersCommand::Check(args) => check::run(args, &files, session),
        SubscribersCommand::Suppress(args) => suppress::run(args, &files, session),
        SubscribersCommand::Unsuppress(args) => unsuppress::run(args, &files, session),
        SubscribersCommand::Prove(args) => prove::run(args, &project, session),
        SubscribersCommand::Forget(args) => forget::run(args, &project, session),
    }
}

/// How a change that was typed is made.
fn typed(session: &Session, dry_run: bool) -> How<'static> {
    How { at: session.clock.now(), by: "command line", dry_run }
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
