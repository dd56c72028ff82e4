//! `history.jsonl`: what was changed in the lists, when, by whom, and how it was before; JSON objects, one a line.
//!
//! A changeset is what one command did: a [`Head`] with its number, a [`RowChange`] for each row that was touched, and,
//! once the list is in place, a line that says `done`. It is written and synced before the list is replaced, so no change
//! is without its record; after a crash between the two, a changeset without `done` tells of a change that may not have
//! happened. Lines are only ever appended, but for [`erase`], which takes a person out.

mod lines;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::diagnostic::{Diagnostic, Place, Result};
use crate::durable::{self, Privacy};

use super::files::Files;
use super::list::label;
pub(super) use lines::Lines;

/// No line is longer: two rows of a list, and what JSON makes of them.
const LONGEST: u64 = 16 << 20;

/// How many rows were touched, by the way in which.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub added: u64,
    pub changed: u64,
    pub deleted: u64,
}

impl Tally {
    pub fn total(self) -> u64 {
        self.added + self.changed + self.deleted
    }
}

/// The first line of a changeset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub change: u64,
    pub at: Timestamp,
    /// The list that was changed: `readers`.
    pub list: String,
    /// What was done: `add`, `tag`, `import`.
    pub command: String,
    /// By which way it came: `command line`.
    pub by: String,
    #[serde(flatten)]
    pub rows: Tally,
    /// The changeset that this one takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<u64>,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowChange {
    pub change: u64,
    /// The line of the list in which the row stands after the change, or in which a deleted one stood before.
    pub line: u64,
    /// What its address column held before, or holds now when it was added.
    pub address: String,
    /// The changed columns as they were, as the file had them; all that are not empty for a deleted row; nothing for an
    /// added one.
    #[serde(default)]
    pub before: Option<Map<String, Value>>,
    /// The same columns as they are now; nothing for a deleted row.
    #[serde(default)]
    pub after: Option<Map<String, Value>>,
    /// A deleted row, letter by letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// The person was erased from the history: nothing else is known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forgotten: bool,
}

/// One line of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    Head(Head),
    Row(RowChange),
    /// The list with this changeset is in place.
    Done(u64),
    /// A line of another form: torn by a crash, or written by an earlier version, in which a change had no number.
    Other(Value),
}

/// Reads the history from its beginning, line by line.
#[derive(Debug)]
pub struct History {
    input: BufReader<File>,
    label: String,
    /// The place of the next line.
    offset: u64,
    line: usize,
    text: Vec<u8>,
}

impl History {
    /// `None`: nothing was ever changed.
    pub fn open(files: &Files) -> Result<Option<History>> {
        match File::open(&files.history) {
            Ok(file) => Ok(Some(History {
                input: BufReader::with_capacity(1 << 16, file),
                label: label(&files.history),
                offset: 0,
                line: 0,
                text: Vec::new(),
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Diagnostic::io("read", &files.history, &error)),
        }
    }

    /// Where the next line begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Goes to a line whose place is known.
    pub(super) fn seek(&mut self, offset: u64) -> Result<()> {
        let distance = i64::try_from(offset).unwrap_or(i64::MAX) - i64::try_from(self.offset).unwrap_or(i64::MAX);
        self.input.seek_relative(distance).map_err(|error| self.failed(&error))?;
        self.offset = offset;
        Ok(())
    }

    /// The next line; `None` at the end.
    pub fn read(&mut self) -> Result<Option<Entry>> {
        Ok(self.read_raw()?.then(|| entry(&self.text)))
    }

    /// The next line that is no row of a changeset: its head, its end, or one of another form. Rows, of which there may be
    /// millions, are passed over.
    pub fn read_head(&mut self) -> Result<Option<Entry>> {
        while self.read_raw()? {
            if !is_row(&self.text) {
                return Ok(Some(entry(&self.text)));
            }
        }
        Ok(None)
    }

    /// Reads the next line into `text`, without its end.
    fn read_raw(&mut self) -> Result<bool> {
        loop {
            self.text.clear();
            let read = (&mut self.input).take(LONGEST).read_until(b'\n', &mut self.text);
            let length = read.map_err(|error| self.failed(&error))? as u64;
            self.offset += length;
            self.line += 1;
            if length == 0 {
                return Ok(false);
            }
            if length == LONGEST {
                return Err(Diagnostic::error("a line of the history has no end")
                    .at(Place::line(self.label.clone(), self.line))
                    .help("the file is damaged: restore it from a backup, or move it away to begin a new one"));
            }
            while self.text.last().is_some_and(u8::is_ascii_whitespace) {
                self.text.pop();
            }
            if !self.text.is_empty() {
                return Ok(true);
            }
        }
    }

    fn failed(&self, error: &io::Error) -> Diagnostic {
        Diagnostic::io("read", Path::new(&self.label), error)
    }
}

/// Whether a line looks like one of a row. A `"` inside a value has a backslash before it, so that no value looks like a
/// name; a row with a column of such a name is not recognised, which costs time only.
fn is_row(text: &[u8]) -> bool {
    let has = |name: &str| memchr::memmem::find(text, name.as_bytes()).is_some();
    text.starts_with(b"{\"change\":") && text.ends_with(b"}") && !has("\"command\"") && !has("\"done\"")
}

fn entry(text: &[u8]) -> Entry {
    // Nearly all lines, and at once what they are to be.
    if is_row(text)
        && let Ok(row) = serde_json::from_slice(text)
    {
        return Entry::Row(row);
    }
    let Ok(value) = serde_json::from_slice::<Value>(text) else {
        return Entry::Other(Value::from(String::from_utf8_lossy(text).into_owned()));
    };
    let Some(number) = value.get("change").and_then(Value::as_u64) else { return Entry::Other(value) };
    if value.get("done") == Some(&Value::Bool(true)) {
        return Entry::Done(number);
    }
    if value.get("command").is_some() {
        return serde_json::from_value(value.clone()).map_or(Entry::Other(value), Entry::Head);
    }
    serde_json::from_value(value.clone()).map_or(Entry::Other(value), Entry::Row)
}

/// The number of the last changeset, 0 when there is none: every line of one has it.
pub(super) fn last_number(files: &Files) -> Result<u64> {
    const TAIL: u64 = 1 << 16;
    let Some(mut history) = History::open(files)? else { return Ok(0) };
    let length = history.input.get_ref().metadata().map_err(|error| history.failed(&error))?.len();
    let number = |entry: Entry| match entry {
        Entry::Head(Head { change, .. }) | Entry::Row(RowChange { change, .. }) | Entry::Done(change) => Some(change),
        Entry::Other(_) => None,
    };
    if length > TAIL {
        history.input.seek(SeekFrom::Start(length - TAIL)).map_err(|error| history.failed(&error))?;
    }
    let mut last = None;
    // The first line of the tail may be the end of one; it is no object then.
    while history.read_raw()? {
        last = number(entry(&history.text)).or(last);
    }
    if last.is_none() && length > TAIL {
        history.input.rewind().map_err(|error| history.failed(&error))?;
        while history.read_raw()? {
            last = number(entry(&history.text)).or(last);
        }
    }
    Ok(last.unwrap_or(0))
}

/// Appends a changeset whose rows lie in `rows`, and syncs it.
pub(super) fn append(path: &Path, head: &Head, rows: &mut File) -> Result<()> {
    let text = serde_json::to_string(head)
        .map_err(|error| Diagnostic::error(format!("the change can't be written down: {error}")))?;
    durable::append_with(path, Privacy::Private, |out| {
        writeln!(out, "{text}")?;
        rows.rewind()?;
        io::copy(rows, out).map(|_| ())
    })
}

/// Writes down that a changeset is in place. Not synced: when it is lost, only that is unsure.
pub(super) fn finish(path: &Path, change: u64) -> Result<()> {
    let attempt = || {
        File::options()
            .append(true)
            .open(path)?
            .write_all(format!("{{\"change\":{change},\"done\":true}}\n").as_bytes())
    };
    attempt().map_err(|error| Diagnostic::io("write to", path, &error))
}

/// Takes everything about these people out of the history: `is_meant` is asked for every address that a row was changed
/// under. Says how many lines were erased. Only under the lock of the lists.
pub fn erase(files: &Files, is_meant: &dyn Fn(&str) -> bool) -> Result<u64> {
    let Some(mut history) = History::open(files)? else { return Ok(0) };
    let mut erased = 0;
    let mut out = durable::Replacement::begin(&files.history, Privacy::Private)?;
    while history.read_raw()? {
        let line = match entry(&history.text) {
            Entry::Row(row) if !row.forgotten && names(&row, is_meant) => {
                erased += 1;
                let RowChange { change, line, .. } = row;
                format!("{{\"change\":{change},\"line\":{line},\"address\":\"\",\"forgotten\":true}}")
            }
            // Of a line that nobody understands nobody can say whom it names.
            Entry::Other(value) if mentions(&value, is_meant) => {
                erased += 1;
                continue;
            }
            _ => String::from_utf8_lossy(&history.text).into_owned(),
        };
        writeln!(out, "{line}").map_err(|error| Diagnostic::io("write", &files.history, &error))?;
    }
    if erased > 0 {
        out.commit()?;
    }
    Ok(erased)
}

/// Whether a row is of somebody who is meant: under its address as under the one it had or got, or names them.
fn names(row: &RowChange, is_meant: &dyn Fn(&str) -> bool) -> bool {
    let values = row.before.iter().chain(&row.after).flat_map(Map::values);
    let texts = values.filter_map(Value::as_str).chain(row.raw.as_deref());
    is_meant(&row.address) || texts.into_iter().any(|text| is_meant(text.trim()) || has_word(text, is_meant))
}

/// Whether any word of a text is the address of somebody who is meant.
fn has_word(text: &str, is_meant: &dyn Fn(&str) -> bool) -> bool {
    text.contains('@')
        && text
            .split(|c: char| c.is_whitespace() || "\"',;:<>{}[]()".contains(c))
            .any(|word| word.contains('@') && is_meant(word))
}

fn mentions(value: &Value, is_meant: &dyn Fn(&str) -> bool) -> bool {
    match value {
        // A torn line.
        Value::String(text) => has_word(text, is_meant),
        Value::Array(values) => values.iter().any(|value| mentions(value, is_meant)),
        Value::Object(map) => map.values().any(|value| mentions(value, is_meant)),
        _ => false,
    }
}
