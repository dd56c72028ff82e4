//! `letterpress subscribers forget`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::person::{Record, address, nothing};
use super::typed;
use crate::address::Address;
use crate::commands::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result, shown_path};
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
    let remaining = remaining(project, &address);
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
        let already = if is_forgotten { " again" } else { "" };
        screen.result(format!("forgot{already} {}", address.masked()));
        if forgotten.new_key {
            screen.say("Made subscribers/forgotten.key: by it forgotten people are known again. Keep a copy, and keep it out of the repository.");
        }
    }
    for path in &remaining {
        screen.diagnostic(
            &Diagnostic::warning(format!("{} still names them", shown_path(path)))
                .help("remove it, and think of backups and of what the relay keeps"),
        );
    }
    let remaining = remaining.iter().map(|path| path.display().to_string()).collect();
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

/// Files of previews and of the file relay that name somebody: copies that were made to be looked at.
fn remaining(project: &Project, address: &Address) -> Vec<PathBuf> {
    let wanted = address.normal_form();
    let mut found = Vec::new();
    for folder in [project.preview(), project.root.join("outbox")] {
        look(&folder, wanted.as_bytes(), &mut found);
    }
    found.sort();
    found
}

fn look(folder: &Path, wanted: &[u8], found: &mut Vec<PathBuf>) {
    /// A copy is smaller; more is not read.
    const LARGEST: u64 = 32 << 20;
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            look(&path, wanted, found);
        } else if kind.is_file() {
            let name = entry.file_name().to_string_lossy().to_lowercase();
            let small = entry.metadata().is_ok_and(|metadata| metadata.len() <= LARGEST);
            let content = if small { std::fs::read(&path).unwrap_or_default() } else { Vec::new() };
            let content = content.to_ascii_lowercase();
            if name.as_bytes().windows(wanted.len()).any(|part| part == wanted)
                || memchr::memmem::find(&content, wanted).is_some()
            {
                found.push(path);
            }
        }
    }
}
