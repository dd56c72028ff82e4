//! Everybody whom the files of an import name: read once, row by row, and held in little memory.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::Serialize;

use super::super::column::Columns;
use super::super::defect::Defects;
use super::super::key::Keys;
use super::intake::Intake;
use super::mapping::Wishes;
use super::source;
use super::standing::Standing;
use super::store::{Store, Values};
use super::value::merged_tags;
use crate::address::Suspicion;
use crate::diagnostic::{Diagnostic, Place, Result};

/// One file of an import.
#[derive(Debug, Clone, Serialize)]
pub struct FileSummary {
    pub file: String,
    /// The program that it is of, as `--from` names it.
    pub from: &'static str,
    #[serde(skip)]
    pub title: &'static str,
    pub rows: u64,
    /// Columns of the list with the headings that they are filled from.
    pub columns: Vec<(String, String)>,
    /// Headings that are not imported.
    pub left_out: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
}

/// What became of rows that no reader comes from. All rows: the readers, and these.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RowCounts {
    pub total: u64,
    /// Nobody can tell whom they mean.
    pub invalid: u64,
    /// The first of them, by line.
    pub invalid_rows: Vec<u64>,
    /// Another row names the same reader; together they count as one.
    pub repeated: u64,
    /// People without an address, in an address book.
    pub without_address: u64,
}

/// A suspicious address.
#[derive(Debug, Clone, Serialize)]
pub struct Suspicious {
    pub address: String,
    #[serde(flatten)]
    pub suspicion: Suspicion,
}

/// Readers on their way in.
#[derive(Debug)]
pub struct Incoming {
    pub(super) keys: Keys,
    /// By the number of the key.
    pub(super) standings: Vec<Standing>,
    pub(super) places: Vec<u64>,
    /// Further rows of a intake.
    pub(super) more: HashMap<usize, Vec<u64>>,
    pub(super) store: Store,
    /// The columns of the list that values are for.
    pub(super) fields: Vec<String>,
    pub files: Vec<FileSummary>,
    pub rows: RowCounts,
    /// Rows that say nothing clear, in words.
    pub defects: Defects,
    pub suspicious: Vec<Suspicious>,
    pub suspicious_total: u64,
}

impl Incoming {
    /// Reads the files. `list` is the list that they are for, when there is one.
    ///
    /// # Errors
    /// A file that can't be read or understood, or in which there is nobody.
    pub fn read(paths: &[PathBuf], wishes: &Wishes, list: Option<&Columns>) -> Result<Incoming> {
        let mut intake = Intake::new();
        for path in paths {
            let before = intake.rows.total;
            for opened in source::open(path)? {
                intake.file(opened, wishes, list)?;
            }
            if intake.rows.total == before {
                return Err(Diagnostic::error("there is nobody in this file: nothing was imported")
                    .at(Place::file(path.display().to_string()))
                    .help("look into it: a first line alone is no list; export the readers again"));
            }
        }
        intake.finish()
    }

    /// How many readers there are.
    pub fn len(&self) -> usize {
        self.standings.len()
    }

    pub fn is_empty(&self) -> bool {
        self.standings.is_empty()
    }

    /// The values of a reader by the number of the field; empty where there is none. Of several rows the first one that
    /// has a value counts, and the tags of all.
    pub(super) fn values(&mut self, number: usize, into: &mut Vec<String>) -> Result<()> {
        into.resize(self.fields.len(), String::new());
        into.iter_mut().for_each(String::clear);
        let Some(place) = self.places.get(number) else { return Ok(()) };
        fill(self.store.at(*place)?, &self.fields, into);
        for place in self.more.get(&number).into_iter().flatten() {
            fill(self.store.at(*place)?, &self.fields, into);
        }
        Ok(())
    }
}

fn fill(values: Values<'_>, fields: &[String], into: &mut [String]) {
    for (field, value) in values {
        let field = usize::from(field);
        let (Some(cell), Some(name)) = (into.get_mut(field), fields.get(field)) else { continue };
        if cell.is_empty() {
            cell.push_str(value);
        } else if name == "tags"
            && let Some(all) = merged_tags(cell, value)
        {
            *cell = all;
        }
    }
}
