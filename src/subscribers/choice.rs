//! Who of a list a change is meant for: readers named one by one, or those of a segment.

use crate::address::Address;
use crate::diagnostic::{Diagnostic, Result};

use super::column::Columns;
use super::draft::open;
use super::files::Files;
use super::key::Keys;
use super::row::Row;
use super::segment::Segment;

/// How many rows are shown in words; of all others only the number is told.
pub const SHOWN: usize = 20;

/// The first few of something, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Sample<T> {
    pub first: Vec<T>,
    pub total: u64,
}

impl<T> Default for Sample<T> {
    fn default() -> Self {
        Sample { first: Vec::new(), total: 0 }
    }
}

impl<T> Sample<T> {
    pub(super) fn push(&mut self, one: impl FnOnce() -> T) {
        self.total += 1;
        if self.first.len() < SHOWN {
            self.first.push(one());
        }
    }
}

/// A row that was changed, and how.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Changed {
    pub row: u64,
    pub address: String,
    /// By column: its name, the value before, the value now.
    pub columns: Vec<(String, String, String)>,
}

/// A row that was not changed because of its status.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Kept {
    pub row: u64,
    pub address: String,
    pub status: String,
}

/// Who is meant.
#[derive(Debug)]
pub enum Choice {
    /// These readers, in all their rows.
    Addresses(Vec<Address>),
    /// All readers for whom this holds.
    Segment(Box<Segment>),
}

/// A choice while a list is gone through.
pub(super) struct Chooser<'a> {
    choice: &'a Choice,
    keys: Keys,
    met: Vec<bool>,
}

impl<'a> Chooser<'a> {
    pub(super) fn new(choice: &'a Choice, columns: &Columns) -> Result<Chooser<'a>> {
        let mut keys = Keys::default();
        let mut met = Vec::new();
        match choice {
            Choice::Addresses(addresses) => {
                met.extend(addresses.iter().filter(|address| keys.enter(address.as_str()).is_none()).map(|_| false));
            }
            Choice::Segment(segment) if segment.columns() != columns => {
                return Err(Diagnostic::error("the columns of the list changed just now; nothing was done")
                    .help("run the command again"));
            }
            Choice::Segment(_) => {}
        }
        Ok(Chooser { choice, keys, met })
    }

    /// Whether the reader of this row is meant. A row with a fault is met by its address, and is in no segment.
    pub(super) fn takes(&mut self, row: &Row<'_>) -> bool {
        match self.choice {
            Choice::Segment(segment) => row.fault().is_none() && segment.matches(row),
            Choice::Addresses(_) => match self.keys.find(row.email()).filter(|_| row.has_address()) {
                Some(number) => {
                    self.met[number] = true;
                    true
                }
                None => false,
            },
        }
    }

    /// The addresses that no row has, with those of the list that are likely meant.
    pub(super) fn unknown(&self, files: &Files) -> Result<Vec<Unknown>> {
        let Choice::Addresses(addresses) = self.choice else { return Ok(Vec::new()) };
        let mut told = Keys::default();
        let is_unknown = |address: &&Address| self.keys.find(address.as_str()).is_some_and(|number| !self.met[number]);
        let unknown = addresses.iter().filter(is_unknown).filter(|address| told.enter(address.as_str()).is_none());
        let unknown: Vec<&Address> = unknown.collect();
        let likely = likely(files, &unknown[..unknown.len().min(SHOWN)])?;
        let with = |(n, address): (usize, &Address)| Unknown {
            address: address.to_string(),
            did_you_mean: likely.get(n).cloned().flatten(),
        };
        Ok(unknown.into_iter().enumerate().map(with).collect())
    }
}

/// An address that is not in the list; perhaps another one is meant.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Unknown {
    pub address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub did_you_mean: Option<String>,
}

/// For each address, the one of the list that is most like it.
pub(super) fn likely(files: &Files, addresses: &[&Address]) -> Result<Vec<Option<String>>> {
    let mut best: Vec<Option<(f64, String)>> = vec![None; addresses.len()];
    let Some(mut rows) = open(files)?.filter(|_| !addresses.is_empty()) else { return Ok(Vec::new()) };
    while let Some(row) = rows.read()? {
        for (address, best) in addresses.iter().zip(&mut best) {
            let likeness = strsim::jaro_winkler(address.as_str(), row.email());
            if likeness > 0.9 && best.as_ref().is_none_or(|(most, _)| likeness > *most) {
                *best = Some((likeness, row.email().to_owned()));
            }
        }
    }
    Ok(best.into_iter().map(|best| best.map(|(_, email)| email)).collect())
}
