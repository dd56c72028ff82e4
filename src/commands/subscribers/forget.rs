//! `letterpress subscribers forget`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::person::{Record, address, nothing};
use super::typed;
use crate::address::{Address, Traces};
use crate::commands::{Exit, Session};
use crate::diagnostic::{Diagnostic, Place, Result, shown_path};
use crate::mailing::Erasure;
use crate::project::Project;
use crate::report::counted;
use crate::subscribers::{Forgotten, forget};

/// Erase someone: from the lists, the history and the mailings, and for good (GDPR Art. 17)
///
/// What stays is a word that nobody can read, by which they are known when somebody tries to import them again. It can't
/// be undone.
#[derive(Debug, Args)]
pub(super) struct ForgetArgs {
    /// The address
    address: String,
    /// Only say what would be erased
    #[arg(long)]
    dry_run: bool,
    /// Don't ask
    #[arg(long)]
    yes: bool,
}

#[derive(Serialize)]
struct Document {
    dry_run: bool,
    applied: bool,
    #[serde(flatten)]
    forgotten: Forgotten,
    mailings: Vec<String>,
    /// Copies outside of our own records that still name them.
    remaining: Vec<String>,
}

pub(super) fn run(args: &ForgetArgs, project: &Project, session: &Session) -> Result<Exit> {
    let screen = session.screen;
    let address = address(&args.address)?;
    let record = Record::find(project, &address)?;
    let is_forgotten = record.person.suppression.as_ref().is_some_and(|found| found.forgotten);
    let traces = Traces::of(&address);
    let mut remaining = remaining(project, &traces);
    if record.is_unknown() && remaining.is_empty() {
        nothing(&address, session);
        screen.say(format!("To keep them out all the same: `letterpress subscribers suppress {address}`"));
        return Ok(Exit::Failed);
    }
    let rows = record.person.rows.len() as u64;
    screen.say(format!(
        "{address}: {} of lists, {} of the history, {}.",
        counted(rows, "row", "rows"),
        counted(record.person.history.len() as u64, "line", "lines"),
        counted(record.mailings.len() as u64, "mailing", "mailings")
    ));
    // Whatever stands against it is said before anything is touched.
    let erasures = Erasure::open_all(&project.mailings(), &address)?;
    let mailings: Vec<String> = erasures.iter().map(|erasure| erasure.slug().to_owned()).collect();
    let goes = !args.dry_run && (args.yes || confirmed(&address, session));
    let mut forgotten =
        Forgotten { rows, history: record.person.history.len() as u64, suppression: false, new_key: false };
    if goes {
        forgotten = forget(project.files().folder(), &address, typed(session, false))?;
        for erasure in erasures {
            erasure.run(&address, session.clock.now())?;
        }
        // What is ours is erased: whatever still names them is another's row, or not our file.
        remaining = self::remaining(project, &traces);
        let already = if is_forgotten { " again" } else { "" };
        screen.result(format!("forgot{already} {}", address.masked()));
        if forgotten.new_key {
            screen.say("Made subscribers/forgotten.key: by it forgotten people are known again. Keep a copy, and keep it out of the repository.");
        }
    }
    if !goes {
        // Erasing reaches these.
        let ours = [project.files().folder().to_path_buf(), project.mailings()];
        remaining.retain(|(path, _)| !ours.iter().any(|folder| path.starts_with(folder)));
    }
    show(&remaining, session);
    let remaining = remaining.iter().map(|(path, _)| path.display().to_string()).collect();
    screen.document(&Document { dry_run: args.dry_run, applied: goes, forgotten, mailings, remaining });
    Ok(if goes || args.dry_run { Exit::Done } else { Exit::NotConfirmed })
}

fn confirmed(address: &Address, session: &Session) -> bool {
    if !session.screen.interactive {
        session.screen.say("Nothing was erased: there is no terminal to ask on. Add --yes to erase.");
        return false;
    }
    let answer = session.screen.ask("This can't be undone. Type the address to erase it:");
    let same = answer.is_some_and(|answer| answer.trim().eq_ignore_ascii_case(address.as_str()));
    if !same {
        session.screen.say("Nothing was erased.");
    }
    same
}

/// Says what still names them; of many files only the number.
fn show(remaining: &[(PathBuf, u64)], session: &Session) {
    const SHOWN: usize = 10;
    let help = "remove it, or the line that names them; and think of backups, of the repository's history and of what the relay keeps";
    for (path, line) in remaining.iter().take(SHOWN) {
        let warning = match line {
            0 => Diagnostic::warning(format!("{} still names them", shown_path(path))),
            line => Diagnostic::warning(format!("{} still names them, in line {line}", shown_path(path)))
                .at(Place::line(shown_path(path), usize::try_from(*line).unwrap_or(0))),
        };
        session.screen.diagnostic(&warning.help(help));
    }
    let more = remaining.len().saturating_sub(SHOWN);
    if more > 0 {
        let more = counted(more, "more file names", "more files name");
        session.screen.diagnostic(&Diagnostic::warning(format!("{more} them")).help("--json lists all of them"));
    }
}

/// All files of the publication that name somebody, each with the line in which it does; 0 for the name of the file.
fn remaining(project: &Project, traces: &Traces) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    look(&project.root, traces, &mut found);
    found.sort();
    found
}

fn look(folder: &Path, traces: &Traces, found: &mut Vec<(PathBuf, u64)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        // What a repository keeps is packed; nothing can be seen in it.
        if kind.is_dir() && entry.file_name() != ".git" {
            look(&path, traces, found);
        } else if kind.is_file() {
            let line = std::fs::File::open(&path).ok().and_then(|file| traces.find(file).ok()).flatten();
            let is_named_so = traces.are_in(entry.file_name().as_encoded_bytes());
            found.extend(is_named_so.then_some(0).or(line).map(|line| (path, line)));
        }
    }
}
