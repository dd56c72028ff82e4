//! `history.jsonl`: what was changed in a list, when, and how it was before; one JSON object a line, only ever appended.
//!
//! A change is written down before the list is replaced. So no change is without its line; after a crash between the
//! two, the last lines tell of a change that did not happen, and the same command, run again, makes it and writes it
//! down again. `before` and `after` hold the columns that were changed, so each line can be held against the list.

use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::diagnostic::{Diagnostic, Result};
use crate::durable::{self, Privacy};

/// What was done to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Change {
    /// A new row.
    Add,
    /// Now unsubscribed.
    Remove,
    /// Active again.
    Resubscribe,
}

/// One line of the history.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Record<'a> {
    pub(super) at: Timestamp,
    pub(super) list: &'a str,
    pub(super) change: Change,
    pub(super) address: &'a str,
    /// The changed columns as they were; nothing for a new row.
    pub(super) before: Option<Map<String, Value>>,
    pub(super) after: Option<Map<String, Value>>,
    /// By which way the change came: `command line`.
    pub(super) by: &'a str,
}

/// Columns with their values.
pub(super) fn columns<'a>(values: impl IntoIterator<Item = (String, &'a str)>) -> Map<String, Value> {
    values.into_iter().map(|(name, value)| (name, Value::from(value))).collect()
}

/// Appends the records durably.
pub(super) fn append(path: &Path, records: &[Record<'_>]) -> Result<()> {
    let lines: serde_json::Result<Vec<String>> = records.iter().map(serde_json::to_string).collect();
    let lines = lines.map_err(|error| Diagnostic::error(format!("the change can't be written down: {error}")))?;
    durable::append_lines(path, Privacy::Private, &lines)
}
