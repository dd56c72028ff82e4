//! One file per command: an argument struct whose doc comments are the help text, and a short `run`.
//!
//! A command reads what was asked, calls the library, and reports. What it decides belongs further up.

pub mod check;
pub mod completions;
pub mod dkim;
mod exit;
pub mod import;
pub mod init;
pub mod preview;
pub mod report;
pub mod send;
mod sent;
pub mod settle;
pub mod show;
pub mod status;
pub mod stop;
mod survey;
pub mod new;
pub mod subscribers;
pub mod theme;
pub mod unsubscribe;

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::clock::{Clock, Timestamp};
use crate::delivery::{RelaySettings, RelayUrl};
use crate::diagnostic::{Diagnostic, Result};
use crate::mailing::Outgoing;
use crate::project::Project;
use crate::report::Screen;
use crate::unsubscribe::Links;

pub use exit::Exit;

/// What a command works with.
#[derive(Debug)]
pub struct Session {
    /// The publication's folder, as given.
    pub root: PathBuf,
    pub clock: Clock,
    pub screen: Screen,
    pub environment: Environment,
}

impl Session {
    /// The ways to leave; says so when the signing key was made just now.
    pub fn links(&self, project: &Project) -> Result<(Links, bool)> {
        let (links, new) = project.links()?;
        if new {
            self.screen.say(format!(
                "Made {}: it signs the links in your mail. Keep a copy of it, and keep it secret.",
                project.key_file()
            ));
        }
        Ok((links, new))
    }

    /// The relays, with their passwords from wherever they are kept; says what is unwise about that.
    pub fn relays(&self, project: &Project, wanted: Vec<(RelayUrl, RelaySettings)>) -> Result<Vec<Outgoing>> {
        if let Some(warning) = project.relay_warning() {
            self.screen.diagnostic(&warning);
        }
        project.relays(wanted, |name| self.environment.get(name).map(str::to_owned))
    }

    /// Opens the publication.
    pub fn project(&self) -> Result<Project> {
        Project::open(&self.root)
    }

    /// Where the user is, as times are told and read; UTC for a clock that stands still, as the machine must not matter then.
    pub fn zone(&self) -> TimeZone {
        match self.clock {
            Clock::System => TimeZone::system(),
            Clock::Fixed(_) => TimeZone::UTC,
        }
    }

    /// The day it is where the user is.
    pub fn today(&self) -> Date {
        self.clock.now().to_zoned(self.zone()).date()
    }

    /// When today began.
    pub fn midnight(&self) -> Timestamp {
        self.today().to_zoned(self.zone()).map_or(self.clock.now(), |midnight| midnight.timestamp())
    }

    /// A moment as the user's clock shows it; with the day when that is another.
    pub fn local(&self, at: Timestamp) -> String {
        let at = at.to_zoned(self.zone());
        let form = if at.date() == self.today() { "%H:%M" } else { "%H:%M on %-d %B" };
        at.strftime(form).to_string()
    }

    /// A moment as a person reads it: `22 November 2026, 10:00:01`.
    pub fn told(&self, milliseconds: i64) -> String {
        Timestamp::from_millisecond(milliseconds)
            .map(|at| at.to_zoned(self.zone()).strftime("%-d %B %Y, %H:%M:%S").to_string())
            .unwrap_or_default()
    }
}

/// The environment variables, read once at the start of the program; nothing else looks at the environment.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Environment(variables.into_iter().collect())
    }

    /// The value of a variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The clock: `SOURCE_DATE_EPOCH` (seconds since 1970, as reproducible builds use it) makes it stand still.
    pub fn clock(&self) -> Result<Clock> {
        let Some(text) = self.get("SOURCE_DATE_EPOCH") else { return Ok(Clock::System) };
        // Four-digit years from 1970 on: others can't be written in a message's date.
        let seconds = text.parse().ok().filter(|seconds| (0..253_402_300_800).contains(seconds));
        let at = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        at.map(Clock::Fixed).ok_or_else(|| {
            Diagnostic::error(format!("SOURCE_DATE_EPOCH is `{text}`, which is no number of seconds"))
                .help("unset it, or set it as in SOURCE_DATE_EPOCH=1790000000")
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::report::Volume;

    /// A publication in a folder of its own, and a session in it on 22 November 2026 with nobody looking on.
    pub(crate) fn session() -> (tempfile::TempDir, Session) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("letter");
        std::fs::create_dir(&root).unwrap();
        let settings = "[publication]\nname = 'N'\nfrom = 'a@example.com'\npostal_address = 'P'\n\n[unsubscribe]\nurl = 'https://example.com/u/{token}'\n";
        std::fs::write(root.join(crate::config::FILE_NAME), settings).unwrap();
        let clock = Clock::Fixed("2026-11-22T23:30:00Z".parse().unwrap());
        let screen = Screen { json: false, volume: Volume::Quiet, interactive: false, masks: false };
        (folder, Session { root, clock, screen, environment: Environment::default() })
    }
}
