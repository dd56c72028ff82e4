//! The programs that people come from, and how an export is known to be of one.

use super::layouts;
use super::standing::{Question, Standing};
use super::table::Table;
use crate::diagnostic::did_you_mean;

/// Where an export comes from.
#[derive(Debug)]
pub struct Preset {
    /// As `--from` names it.
    pub name: &'static str,
    /// As people know it.
    pub title: &'static str,
    /// Each of these must be there under one of its names, in one of the layouts.
    pub(super) signatures: &'static [&'static [&'static [&'static str]]],
    /// Our column, and its headings there: the first that holds a value counts.
    pub(super) columns: &'static [(&'static str, &'static [&'static str])],
    pub(super) questions: &'static [Question],
    /// What stands where the export says nothing of a reader's status.
    pub(super) unsaid: Option<Standing>,
    /// What a person should know before importing.
    pub(super) note: Option<&'static str>,
    /// Rows without an address are no mistake there: people without one are in it.
    pub(super) without_address: bool,
}

impl Preset {
    /// The preset of this name.
    ///
    /// # Errors
    /// Says which there are.
    pub fn named(name: &str) -> Result<&'static Preset, String> {
        let wanted = name.trim().to_ascii_lowercase();
        let wanted = if wanted == "convertkit" { "kit" } else { &wanted };
        layouts::ALL.into_iter().find(|preset| preset.name == wanted).ok_or_else(|| {
            let names = layouts::ALL.map(|preset| preset.name);
            match did_you_mean(wanted, names) {
                Some(likely) => format!("did you mean `{likely}`?"),
                None => format!("write one of {}", names.join(", ")),
            }
        })
    }

    /// The program that the headings of a table are of; the plain one when they are nobody's.
    pub(super) fn of(table: &Table) -> &'static Preset {
        let has = |group: &&[&str]| table.find(group).is_some();
        let fits = |preset: &&Preset| preset.signatures.iter().any(|signature| signature.iter().all(has));
        layouts::ALL.into_iter().find(fits).unwrap_or(&layouts::PLAIN)
    }

    pub(super) fn is_plain(&self) -> bool {
        self.signatures.is_empty()
    }

    pub(super) fn is_google(&self) -> bool {
        self.without_address
    }
}
