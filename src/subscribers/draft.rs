//! A change to a list file on its way: which bytes become others, which rows come behind, what the history will say.
//!
//! The file is copied with a few splices; bytes outside them stay as they are, whatever dialect the file is in. The
//! history is written first, then the list is replaced as a whole. Who is changed, and why, is decided in `edit`.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::diagnostic::{Diagnostic, Result};
use crate::durable::{self, Privacy};

use super::column::{Columns, Field, email_names};
use super::files::Files;
use super::history::{self, Change, Record};
use super::list::{Rows, Stamp, label};
use super::record::{Records, quote};
use super::row::Row;
use super::status::Status;
use super::text::encode;

/// The list, or `None` when it has yet to begin.
pub(super) fn open(files: &Files) -> Result<Option<Rows>> {
    match File::open(&files.list) {
        Ok(file) => Rows::read_file(file, &files.list, email_names()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Diagnostic::io("read", &files.list, &error)),
    }
}

/// Bytes of the file that become others.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Splice {
    at: u64,
    length: u64,
    with: Vec<u8>,
}

/// A change being prepared: where the file gets other bytes, and what the history will say.
pub(super) struct Draft {
    rows: Option<Rows>,
    pub(super) columns: Columns,
    delimiter: u8,
    line_end: &'static str,
    splices: Vec<Splice>,
    tail: Vec<u8>,
    next_line: u64,
    windows_1252: bool,
    opened: Option<Stamp>,
    changes: Vec<Noted>,
}

/// What the history will say of one row.
struct Noted {
    change: Change,
    address: String,
    before: Option<Map<String, Value>>,
    after: Option<Map<String, Value>>,
}

impl Draft {
    /// Begins with the list as it is; one that is missing or empty gets its first line.
    pub(super) fn open(files: &Files) -> Result<Draft> {
        let rows = open(files)?;
        let (line_end, tail_line_end) = line_ends(files)?;
        let mut draft = Draft {
            columns: rows.as_ref().map_or_else(Columns::of_new_list, |rows| rows.columns().clone()),
            delimiter: rows.as_ref().map_or(b',', Rows::delimiter),
            opened: rows.as_ref().map(Rows::opened),
            line_end,
            splices: Vec::new(),
            tail: Vec::new(),
            next_line: 2,
            windows_1252: false,
            changes: Vec::new(),
            rows,
        };
        if draft.rows.is_none() {
            draft.tail.extend(format!("email,name,status{line_end}").bytes());
            draft.opened = Stamp::at(&files.list);
        } else if !tail_line_end {
            draft.tail.extend(line_end.bytes());
        }
        Ok(draft)
    }

    /// Calls `look` for every row.
    pub(super) fn each_row(&mut self, mut look: impl FnMut(&mut Draft, &Row<'_>) -> Result<()>) -> Result<()> {
        let Some(mut rows) = self.rows.take() else { return Ok(()) };
        while let Some(row) = rows.read()? {
            look(self, &row)?;
        }
        rows.unchanged()?;
        self.windows_1252 = rows.windows_1252();
        self.next_line = rows.line() + u64::from(!self.tail.is_empty());
        Ok(())
    }

    pub(super) fn set_status(&mut self, row: &Row<'_>, status: Status, change: Change) {
        let before = row.get(Field::Status);
        let one = |value: &str| Some(history::columns([("status".to_owned(), value)]));
        self.changes.push(Noted {
            change,
            address: row.email().to_owned(),
            before: one(before),
            after: one(status.as_str()),
        });
        // A list without this column gets it: a row that ends before it is active.
        let column = self.columns.status.unwrap_or(self.columns.len());
        self.splices.push(self.cell(row, column, status.as_str()));
    }

    /// The splice that gives a row a value in a column, also where the row ends before it.
    fn cell(&self, row: &Row<'_>, column: usize, value: &str) -> Splice {
        let value = quote(value, self.delimiter);
        let Some(span) = row.raw.spans.get(column) else {
            let mut with = vec![self.delimiter; column + 1 - row.raw.spans.len()];
            with.extend(value.bytes());
            return Splice { at: row.raw.offset + row.raw.bytes.len() as u64, length: 0, with };
        };
        // Who puts everything in quotes gets quotes.
        let quotes = row.raw.bytes.get(span.start) == Some(&b'"') && !value.starts_with('"');
        let with = if quotes { format!("\"{value}\"") } else { value.into_owned() };
        Splice {
            at: row.raw.offset + span.start as u64,
            length: (span.end - span.start) as u64,
            with: with.into_bytes(),
        }
    }

    /// Adds a row at the end, and says in which line it will stand.
    pub(super) fn append(&mut self, address: &str, cells: &[String]) -> u64 {
        let fields: Vec<Cow<'_, str>> = cells.iter().map(|cell| quote(cell, self.delimiter)).collect();
        let text = fields.join(char::from(self.delimiter).to_string().as_str());
        self.tail.extend_from_slice(&encode(&text, self.windows_1252));
        self.tail.extend(self.line_end.bytes());
        let filled = cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty());
        let after = history::columns(filled.map(|(n, cell)| (self.columns.name_of(n), cell.as_str())));
        self.changes.push(Noted { change: Change::Add, address: address.to_owned(), before: None, after: Some(after) });
        self.next_line += 1;
        self.next_line - 1
    }

    /// Writes the history, then the list. Nothing when nothing changes.
    pub(super) fn write(mut self, files: &Files, at: Timestamp, by: &str) -> Result<()> {
        if self.changes.is_empty() {
            return Ok(());
        }
        if !self.changes.iter().any(|noted| noted.change == Change::Add) {
            self.tail.clear();
        }
        if self.columns.status.is_none() && !self.splices.is_empty() {
            let header = header_end(files, self.delimiter)?;
            let with = format!("{}status", char::from(self.delimiter)).into_bytes();
            self.splices.insert(0, Splice { at: header, length: 0, with });
        }
        let records: Vec<Record<'_>> = self
            .changes
            .iter()
            .map(|noted| Record {
                at,
                list: &files.name,
                change: noted.change,
                address: &noted.address,
                before: noted.before.clone(),
                after: noted.after.clone(),
                by,
            })
            .collect();
        history::append(&files.history, &records)?;
        durable::replace_with(&files.list, Privacy::Private, |out| {
            match File::open(&files.list) {
                Ok(mut old) => copy(&mut old, &self.splices, out)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            out.write_all(&self.tail)?;
            // Somebody's spreadsheet does not know our lock. What it saved meanwhile is not ours to undo.
            if Stamp::at(&files.list) == self.opened {
                Ok(())
            } else {
                Err(io::Error::other(format!(
                    "another program changed {} just now; nothing was done",
                    label(&files.list)
                )))
            }
        })
    }
}

/// Copies the file with its splices, which are in the order of the file.
fn copy(old: &mut File, splices: &[Splice], out: &mut dyn Write) -> io::Result<()> {
    let mut at = 0;
    for splice in splices {
        let length = splice.at - at;
        if io::copy(&mut Read::by_ref(old).take(length), out)? != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        out.write_all(&splice.with)?;
        at = splice.at + splice.length;
        old.seek(SeekFrom::Start(at))?;
    }
    io::copy(old, out).map(|_| ())
}

/// How lines end in the file, by its first, and whether its last one does.
fn line_ends(files: &Files) -> Result<(&'static str, bool)> {
    let read = || -> io::Result<(&'static str, bool)> {
        let mut file = match File::open(&files.list) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(("\n", true)),
            Err(error) => return Err(error),
        };
        let mut begin = vec![0; 1 << 16];
        let length = file.read(&mut begin)?;
        let mut ends = begin[..length].iter().enumerate().filter(|(_, b)| matches!(b, b'\r' | b'\n'));
        let line_end = match ends.next() {
            Some((n, b'\r')) if begin.get(n + 1) == Some(&b'\n') => "\r\n",
            Some((_, b'\r')) => "\r",
            _ => "\n",
        };
        let mut last = [b'\n'];
        if length > 0 {
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        Ok((line_end, matches!(last, [b'\r' | b'\n'])))
    };
    read().map_err(|error| Diagnostic::io("read", &files.list, &error))
}

/// Where the first line ends.
fn header_end(files: &Files, delimiter: u8) -> Result<u64> {
    let file = File::open(&files.list).map_err(|error| Diagnostic::io("read", &files.list, &error))?;
    let mut records = Records::new(file, &label(&files.list))?;
    let header = records.peek(delimiter)?;
    Ok(header.map_or(0, |raw| raw.offset + raw.bytes.len() as u64))
}
