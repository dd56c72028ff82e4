//! What the user asked: the command line.
//!
//! Arguments are read here and given to the command's file; nothing else knows clap's global options. See
//! [`Exit`] for what a script can rely on.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::commands::{self, Exit, Session};
use crate::diagnostic::{Diagnostic, Result};
use crate::report::{self, Screen, Volume};

/// Newsletters from a folder: an article is set in type once, struck for every reader, handed to your relay, and you
/// always know who has it.
#[derive(Debug, Parser)]
#[command(name = "letterpress", version, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(flatten)]
    pub globals: Globals,
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Five steps to the first sent article:
  letterpress init my-letter
  letterpress new 'A title'
  letterpress subscribers add ann@example.com
  letterpress send --dry-run
  letterpress send

Exit codes:
  0    done
  1    failed; the last lines say why
  2    the command line was not understood
  3    a check found errors; nothing left
  4    not complete: readers are pending, deferred, rejected or in doubt
  5    not confirmed; nothing left
  130  interrupted; the ledger is exact";

/// Options that every command takes.
#[derive(Debug, Args)]
pub struct Globals {
    /// The publication's folder
    #[arg(
        help_heading = "General options",
        long,
        global = true,
        value_name = "DIR",
        default_value = ".",
        hide_default_value = true
    )]
    pub root: PathBuf,
    /// Results as JSON on standard output
    #[arg(help_heading = "General options", long, global = true)]
    pub json: bool,
    /// Only results and errors
    #[arg(help_heading = "General options", short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more
    #[arg(help_heading = "General options", short, long, global = true)]
    pub verbose: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Init(commands::init::InitArgs),
    New(commands::new::NewArgs),
    Import(commands::import::ImportArgs),
    Preview(commands::preview::PreviewArgs),
    Check(commands::check::CheckArgs),
    Send(commands::send::SendArgs),
    Status(commands::status::StatusArgs),
    Report(commands::report::ReportArgs),
    Settle(commands::settle::SettleArgs),
    Stop(commands::stop::StopArgs),
    Show(commands::show::ShowArgs),
    Subscribers(commands::subscribers::SubscribersArgs),
    Unsubscribe(commands::unsubscribe::UnsubscribeArgs),
    Dkim(commands::dkim::DkimArgs),
    Theme(commands::theme::ThemeArgs),
    Completions(commands::completions::CompletionsArgs),
    Man(commands::completions::ManArgs),
}

impl Command {
    /// Whether it speaks, when something goes wrong, of readers whom nobody named: of those of a list or a mailing, or of who
    /// wrote in. Such words may end in a log, and are told with every address masked.
    fn speaks_of_others(&self) -> bool {
        match self {
            Command::Send(args) => args.to.is_empty() && args.explain.is_none(),
            Command::Unsubscribe(args) => args.is_fed(),
            Command::Preview(_) | Command::Check(_) | Command::Status(_) | Command::Report(_) | Command::Stop(_) => {
                true
            }
            Command::Settle(args) => !args.names_somebody(),
            _ => false,
        }
    }
}

fn dispatch(command: Command, session: &Session) -> Result<Exit> {
    match command {
        Command::Init(args) => commands::init::run(&args, session),
        Command::Check(args) => commands::check::run(&args, session),
        Command::Completions(args) => Ok(commands::completions::completions(&args, Cli::command())),
        Command::Man(_) => commands::completions::man(Cli::command()),
        Command::Preview(args) => commands::preview::run(&args, session),
        Command::Send(args) => commands::send::run(&args, session),
        Command::Status(args) => commands::status::run(&args, session),
        Command::Report(args) => commands::report::run(&args, session),
        Command::Settle(args) => commands::settle::run(&args, session),
        Command::Stop(args) => commands::stop::run(&args, session),
        Command::Show(args) => commands::show::run(&args, session),
        Command::New(args) => commands::new::run(&args, session),
        Command::Import(args) => commands::import::run(&args, session),
        Command::Subscribers(args) => commands::subscribers::run(&args, session),
        Command::Theme(args) => commands::theme::run(&args, session),
        Command::Unsubscribe(args) => commands::unsubscribe::run(&args, session),
        Command::Dkim(args) => commands::dkim::run(&args, session),
    }
}

/// Runs one command and says how it went. Errors have been shown when this returns.
pub fn run(cli: Cli, environment: commands::Environment) -> Exit {
    let volume = match (cli.globals.quiet, cli.globals.verbose) {
        (true, _) => Volume::Quiet,
        (_, true) => Volume::Verbose,
        _ => Volume::Normal,
    };
    let screen = Screen::new(cli.globals.json, volume).masking(cli.command.speaks_of_others());
    let clock = match environment.clock() {
        Ok(clock) => clock,
        Err(error) => {
            screen.diagnostic(&error);
            return Exit::Usage;
        }
    };
    let session = Session { root: cli.globals.root, clock, screen, environment };
    let exit = dispatch(cli.command, &session).unwrap_or_else(|error| {
        session.screen.diagnostic(&error);
        Exit::Failed
    });
    if !report::was_written() {
        session
            .screen
            .diagnostic(&Diagnostic::error("not all of the result could be written").help("make room on the disk"));
        return Exit::Failed;
    }
    exit
}
