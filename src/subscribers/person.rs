//! All that the lists keep about one person: rows, consent, history, suppression (GDPR Art. 15 and 20).

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};

use super::consent::Consent;
use super::draft::open;
use super::files::Files;
use super::history::{Entry, Head, History};
use super::suppression::Suppressions;
use crate::address::Address;
use crate::clock::Timestamp;
use crate::diagnostic::Result;

/// One row of a list.
#[derive(Debug, Clone, Serialize)]
pub struct ListRow {
    pub list: String,
    pub row: u64,
    pub status: String,
    /// The columns that hold something, in the list's order.
    pub columns: Map<String, Value>,
    pub consent: Consent,
}

/// One change to a row of theirs.
#[derive(Debug, Clone, Serialize)]
pub struct PersonChange {
    pub change: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    pub before: Option<Map<String, Value>>,
    pub after: Option<Map<String, Value>>,
}

/// Why they get nothing, whatever a list says.
#[derive(Debug, Clone, Serialize)]
pub struct PersonSuppression {
    pub reason: String,
    pub by_domain: bool,
    pub forgotten: bool,
}

/// Everything about one person.
#[derive(Debug, Clone, Serialize)]
pub struct Person {
    pub address: String,
    pub rows: Vec<ListRow>,
    pub history: Vec<PersonChange>,
    pub suppression: Option<PersonSuppression>,
}

impl Person {
    /// Looks through all lists of the folder, the history and the suppressions.
    ///
    /// # Errors
    /// One of them can't be read.
    pub fn find(folder: &Path, address: &Address) -> Result<Person> {
        let mut rows = Vec::new();
        for name in Files::all(folder) {
            rows_of(&Files::named(folder, &name)?, address, &mut rows)?;
        }
        let files = Files::of(folder);
        let suppressions = Suppressions::load(&files.suppressions)?;
        let suppression = suppressions.find(address.as_str()).map(|found| PersonSuppression {
            reason: found.reason.to_owned(),
            by_domain: found.by_domain,
            forgotten: found.is_forgotten,
        });
        Ok(Person { address: address.to_string(), rows, history: history_of(&files, address)?, suppression })
    }

    /// Whether nothing is kept about them.
    pub fn is_unknown(&self) -> bool {
        self.rows.is_empty() && self.history.is_empty() && self.suppression.is_none()
    }
}

fn rows_of(files: &Files, address: &Address, into: &mut Vec<ListRow>) -> Result<()> {
    let Some(mut rows) = open(files)? else { return Ok(()) };
    while let Some(row) = rows.read()? {
        if !is_meant(row.email(), address) {
            continue;
        }
        let names =
            (0..row.columns().len()).map(|column| (row.columns().name_of(column).into_owned(), row.column(column)));
        let columns = names.filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name, Value::from(value)));
        into.push(ListRow {
            list: files.name.clone(),
            row: row.line(),
            status: row.get(super::column::Field::Status).to_owned(),
            columns: columns.collect(),
            consent: Consent::of(&row),
        });
    }
    Ok(())
}

fn history_of(files: &Files, address: &Address) -> Result<Vec<PersonChange>> {
    let mut changes = Vec::new();
    let Some(mut history) = History::open(files)? else { return Ok(changes) };
    let mut heads: BTreeMap<u64, Head> = BTreeMap::new();
    let mut head: Option<Head> = None;
    while let Some(entry) = history.read()? {
        match entry {
            Entry::Head(found) => head = Some(found),
            Entry::Row(row) => {
                let values = row.before.iter().chain(&row.after).flat_map(Map::values).filter_map(Value::as_str);
                if is_meant(&row.address, address) || values.into_iter().any(|value| is_meant(value, address)) {
                    if let Some(head) = head.as_ref().filter(|head| head.change == row.change) {
                        heads.entry(row.change).or_insert_with(|| head.clone());
                    }
                    let head = heads.get(&row.change);
                    changes.push(PersonChange {
                        change: row.change,
                        at: head.map(|head| head.at),
                        list: head.map(|head| head.list.clone()),
                        command: head.map(|head| head.command.clone()),
                        by: head.map(|head| head.by.clone()),
                        before: row.before,
                        after: row.after,
                    });
                }
            }
            Entry::Done(_) | Entry::Other(_) => {}
        }
    }
    Ok(changes)
}

/// Whether a text is this address, in whatever form it was typed.
pub(super) fn is_meant(text: &str, address: &Address) -> bool {
    let text = text.trim();
    text.eq_ignore_ascii_case(address.as_str())
        || text.contains('@') && Address::parse(text).is_ok_and(|parsed| parsed.normal_form() == address.normal_form())
}
