//! A change to a list on its way: which rows become others, which go, which come behind, and what the history will say.
//!
//! The list is gone through once, under the lock of its folder, and written anew beside the old one as the change goes
//! along, so a change to a million rows needs no more memory than one to a single row. Bytes that nobody changed stay as
//! they are, in whatever dialect the file is. One draft is one changeset: [`Draft::commit`] makes all of it or nothing. Who
//! is changed, and why, is decided by the callers.

use std::borrow::Cow;
use std::fs::File;
use std::io;

use crate::diagnostic::{Diagnostic, Result};
use crate::durable::{self, Lock, Privacy};

use super::column::{Columns, email_names};
use super::dialect::{ends, header_end, is_windows_1252, lines, rewritten};
use super::edit::How;
use super::files::Files;
use super::history::{self, Head, Lines, Tally};
use super::list::{Rows, Stamp};
use super::record::{Span, quote, unquote};
use super::row::Row;
use super::stage::Stage;
use super::text::{decode, encode};

/// The list, or `None` when it has yet to begin.
pub(super) fn open(files: &Files) -> Result<Option<Rows>> {
    match File::open(&files.list) {
        Ok(file) => Rows::read_file(file, &files.list, email_names()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Diagnostic::io("read", &files.list, &error)),
    }
}

/// The state of a list that somebody was shown; a change can be bound to it ([`Draft::only_if`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Basis(Option<Stamp>);

/// What a draft came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changeset {
    /// Its number in the history; `None` when nothing changed, or in a dry run.
    pub number: Option<u64>,
    pub rows: Tally,
    /// How many rows hold letters that a list in Windows-1252 can't: they are written in UTF-8, and only we read both.
    pub foreign: u64,
    /// The list before the change.
    pub basis: Basis,
}

/// A change being prepared. Columns are added first ([`Draft::require`]), then all rows are visited, then rows appended.
pub struct Draft {
    files: Files,
    head: Head,
    /// `None` in a dry run, which changes nothing and needs no lock.
    lock: Option<Lock>,
    rows: Option<Rows>,
    /// With those that this change adds.
    columns: Columns,
    /// How many columns the file has now.
    old_columns: usize,
    delimiter: u8,
    line_end: &'static str,
    /// Whether the last line lacks its end.
    open_ended: bool,
    /// Whether the list is in Windows-1252; found out when something beyond ASCII is to be written.
    windows_1252: Option<bool>,
    foreign: u64,
    basis: Option<Stamp>,
    /// Begun with the first change.
    stage: Option<Stage>,
    lines: Lines,
    /// Room for a row that is appended.
    text: String,
    next_line: u64,
    /// How many lines fewer (or more) there are so far than before.
    shift: i64,
}

impl Draft {
    /// Takes the lock and opens the list as it is. `command` is what the history will call the change: `tag`.
    pub fn open(files: &Files, command: &str, how: How<'_>) -> Result<Draft> {
        let lock = lock(files, how)?;
        let basis = Stamp::at(&files.list);
        let rows = open(files)?;
        let (line_end, open_ended) = ends(&files.list)?;
        let columns = rows.as_ref().map_or_else(Columns::of_new_list, |rows| rows.columns().clone());
        Ok(Draft {
            head: Head {
                change: if how.dry_run { 0 } else { history::last_number(files)? + 1 },
                at: how.at,
                list: files.name.clone(),
                command: command.to_owned(),
                by: how.by.to_owned(),
                rows: Tally::default(),
                undoes: None,
            },
            lock,
            old_columns: columns.len(),
            columns,
            delimiter: rows.as_ref().map_or(b',', Rows::delimiter),
            line_end,
            open_ended: open_ended && rows.is_some(),
            windows_1252: None,
            foreign: 0,
            basis,
            stage: None,
            lines: Lines::default(),
            text: String::new(),
            next_line: 2,
            shift: 0,
            rows,
            files: files.clone(),
        })
    }

    /// Refuses to go on when the list is not the one that somebody was shown and said yes to.
    pub fn only_if(&self, basis: Option<Basis>) -> Result<()> {
        match basis {
            Some(Basis(shown)) if shown != self.basis => {
                Err(Diagnostic::error("the list was changed since this was shown; nothing was done")
                    .help("run the command again and look at it once more"))
            }
            _ => Ok(()),
        }
    }

    /// Says which changeset this one takes back.
    pub(super) fn undoes(&mut self, change: u64) {
        self.head.undoes = Some(change);
    }

    /// The columns, with those that were added.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The number of a column, counted from 0; one that the list does not have is added behind the others when the first
    /// row is changed. Comes before any row is visited.
    pub fn require(&mut self, heading: &str) -> Result<usize> {
        debug_assert!(self.stage.is_none(), "columns come before rows");
        self.columns.require(heading)
    }

    /// Hands every row to `look` with an [`Edit`] in which to say what becomes of it.
    pub fn visit(&mut self, mut look: impl FnMut(&Row<'_>, &mut Edit) -> Result<()>) -> Result<()> {
        let Some(mut rows) = self.rows.take() else { return Ok(()) };
        let mut edit = Edit::default();
        while let Some(row) = rows.read()? {
            look(&row, &mut edit)?;
            if !edit.is_empty() {
                self.apply(&row, &edit)?;
                edit.clear();
            }
        }
        rows.unchanged()?;
        self.next_line = rows.line().saturating_add_signed(self.shift) + u64::from(self.open_ended);
        Ok(())
    }

    fn apply(&mut self, row: &Row<'_>, edit: &Edit) -> Result<()> {
        for text in &edit.before {
            self.restore(row.raw.offset, text, row.line().saturating_add_signed(self.shift))?;
        }
        if edit.deletes { self.delete(row) } else { self.change(row, &edit.values) }
    }

    fn delete(&mut self, row: &Row<'_>) -> Result<()> {
        self.head.rows.deleted += 1;
        self.shift -= i64::try_from(row.raw.extent.lines).unwrap_or(0);
        // The last row, without a line end: what is before it has one.
        self.open_ended &= row.raw.extent.whole > row.raw.bytes.len();
        if !self.begin()? {
            return Ok(());
        }
        let cells: Vec<Cow<'_, str>> = (0..self.old_columns).map(|column| row.cell(column)).collect();
        let values = filled(&self.columns, &cells);
        let raw = decode(row.raw.bytes).0;
        let line = self.lines.deleted(self.head.change, row.line(), row.email(), values, &raw);
        let Some(stage) = &mut self.stage else { return Ok(()) };
        let end = row.raw.offset + row.raw.extent.whole as u64;
        stage.splice(line, row.raw.offset..end, &[]).map_err(|error| self.failed(&error))
    }

    fn change(&mut self, row: &Row<'_>, values: &[(usize, String)]) -> Result<()> {
        let old: Vec<Cow<'_, str>> = values.iter().map(|(column, _)| row.cell(*column)).collect();
        let new: Vec<(usize, &str, &str)> = values
            .iter()
            .zip(&old)
            .filter(|((_, value), old)| **value != ***old)
            .map(|((column, value), old)| (*column, &**old, value.as_str()))
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        self.head.rows.changed += 1;
        if !self.begin()? {
            return Ok(());
        }
        let line = row.line().saturating_add_signed(self.shift);
        let text = rewritten(row, &new, self.delimiter);
        let record = self.encoded(&text, Some(row.raw.bytes))?;
        let noted = new.iter().map(|(column, before, after)| (self.columns.name_of(*column), *before, *after));
        let line = self.lines.changed(self.head.change, line, row.email(), noted);
        let Some(stage) = &mut self.stage else { return Ok(()) };
        self.shift += lines(&record) - lines(row.raw.bytes);
        let end = row.raw.offset + row.raw.bytes.len() as u64;
        stage.splice(line, row.raw.offset..end, &[&record]).map_err(|error| self.failed(&error))
    }

    /// Puts a deleted row back, letter by letter, before the byte `offset` of the old list.
    fn restore(&mut self, offset: u64, text: &str, line: u64) -> Result<()> {
        self.head.rows.added += 1;
        self.shift += 1 + lines(text.as_bytes());
        if !self.begin()? {
            return Ok(());
        }
        let mut spans = Vec::new();
        super::record::split(text.as_bytes(), self.delimiter, true, &mut spans);
        let cell = |span: &Span| unquote(text.get(span.start..span.end).unwrap_or_default()).into_owned();
        let cells: Vec<String> = spans.iter().map(cell).collect();
        let address = cells.get(self.columns.email).map_or("", |cell| cell.trim());
        let record = self.encoded(text, None)?;
        let noted = self.lines.added(self.head.change, line, address, filled(&self.columns, &cells));
        let Some(stage) = &mut self.stage else { return Ok(()) };
        let with = [&*record, self.line_end.as_bytes()];
        stage.splice(noted, offset..offset, &with).map_err(|error| self.failed(&error))
    }

    /// Adds a row at the end, and says in which line it will stand. Comes after all rows were visited.
    pub fn append(&mut self, address: &str, cells: &[impl AsRef<str>]) -> Result<u64> {
        self.visit(|_, _| Ok(()))?;
        let line = self.next_line;
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        for (n, cell) in cells.iter().enumerate() {
            text.extend((n > 0).then_some(char::from(self.delimiter)));
            text.push_str(&quote(cell.as_ref(), self.delimiter));
        }
        self.next_line = self.next_line.saturating_add_signed(1 + lines(text.as_bytes()));
        self.head.rows.added += 1;
        if !self.begin()? {
            return Ok(line);
        }
        text.push_str(self.line_end);
        let record = self.encoded(&text, None)?;
        let noted = self.lines.added(self.head.change, line, address, filled(&self.columns, cells));
        let Some(stage) = &mut self.stage else { return Ok(line) };
        let before = if std::mem::take(&mut self.open_ended) { self.line_end } else { "" };
        let with = [before.as_bytes(), &record];
        let written = stage.splice(noted, u64::MAX..u64::MAX, &with);
        drop(record);
        self.text = text;
        written.map(|()| line).map_err(|error| self.failed(&error))
    }

    /// Puts a deleted row back at the end, letter by letter.
    pub(super) fn append_raw(&mut self, text: &str) -> Result<()> {
        let line = self.next_line;
        if self.begin()? {
            let Some(stage) = &mut self.stage else { return Ok(()) };
            let open_ended = std::mem::take(&mut self.open_ended);
            let end = if open_ended { self.line_end } else { "" };
            let attempt = stage.copy_rest().and_then(|()| stage.write(end.as_bytes()));
            attempt.map_err(|error| self.failed(&error))?;
        }
        self.next_line = self.next_line.saturating_add_signed(1 + lines(text.as_bytes()));
        self.restore(u64::MAX, text, line)
    }

    /// A record as the list has it: one that is changed keeps its encoding, a new one takes the list's.
    fn encoded<'t>(&mut self, text: &'t str, old: Option<&[u8]>) -> Result<Cow<'t, [u8]>> {
        if text.is_ascii() {
            return Ok(Cow::Borrowed(text.as_bytes()));
        }
        let windows_1252 = match old.filter(|old| !old.is_ascii()) {
            Some(old) => decode(old).1,
            None => match self.windows_1252 {
                Some(known) => known,
                None => *self.windows_1252.insert(is_windows_1252(&self.files, self.delimiter)?),
            },
        };
        let record = encode(text, windows_1252);
        self.foreign += u64::from(windows_1252 && std::str::from_utf8(&record).is_ok());
        Ok(record)
    }

    /// What it came to so far.
    pub fn tally(&self) -> Tally {
        self.head.rows
    }

    /// Whether it only says what would change.
    fn is_dry(&self) -> bool {
        self.lock.is_none()
    }

    /// Makes the change: the history is written, then the list replaced. Nothing is written when nothing changes.
    ///
    /// # Errors
    /// The list is as it was.
    pub fn commit(mut self) -> Result<Changeset> {
        let rows = self.head.rows;
        let basis = Basis(self.basis);
        let stage = self.stage.take().filter(|_| rows.total() > 0);
        let Some(mut stage) = stage else { return Ok(Changeset { number: None, rows, foreign: 0, basis }) };
        stage.copy_rest().map_err(|error| self.failed(&error))?;
        stage.commit(&self.files, &self.head, self.basis)?;
        Ok(Changeset { number: Some(self.head.change), rows, foreign: self.foreign, basis })
    }

    /// Begins to write the new list, with its first line. Says whether anything is written at all.
    fn begin(&mut self) -> Result<bool> {
        if self.is_dry() || self.stage.is_some() {
            return Ok(!self.is_dry());
        }
        let mut stage = Stage::begin(&self.files)?;
        let header = if self.basis.is_some() { header_end(&self.files, self.delimiter)? } else { None };
        let attempt = if let Some((end, windows_1252)) = header {
            let more = self.columns.first_line(self.old_columns, self.delimiter);
            let more = if more.is_empty() { more } else { format!("{}{more}", char::from(self.delimiter)) };
            stage.copy_to(end).and_then(|()| stage.write(&encode(&more, windows_1252)))
        } else {
            let line = self.columns.first_line(0, self.delimiter);
            stage.copy_rest().and_then(|()| stage.write(format!("{line}{}", self.line_end).as_bytes()))
        };
        attempt.map_err(|error| self.failed(&error))?;
        self.stage = Some(stage);
        Ok(true)
    }

    fn failed(&self, error: &io::Error) -> Diagnostic {
        Diagnostic::io("write", &self.files.list, error)
    }
}

/// The cells of a row that hold something, by the names of their columns.
fn filled<'a>(columns: &'a Columns, cells: &'a [impl AsRef<str>]) -> impl Iterator<Item = (Cow<'a, str>, &'a str)> {
    let filled = cells.iter().map(AsRef::as_ref).enumerate().filter(|(_, cell)| !cell.is_empty());
    filled.map(|(column, cell)| (columns.name_of(column), cell))
}

/// What becomes of one row. Used again for the next one.
#[derive(Debug, Default)]
pub struct Edit {
    /// New values by column, each column once.
    values: Vec<(usize, String)>,
    deletes: bool,
    /// Rows, letter by letter, that come before this one.
    before: Vec<String>,
}

impl Edit {
    /// Gives the row a value in a column, counted from 0; also where the row ends before it.
    pub fn set(&mut self, column: usize, value: impl Into<String>) {
        match self.values.iter_mut().find(|(known, _)| *known == column) {
            Some((_, known)) => *known = value.into(),
            None => self.values.push((column, value.into())),
        }
    }

    /// Takes the row out of the list.
    pub fn delete(&mut self) {
        self.deletes = true;
    }

    /// Puts a deleted row back before this one.
    pub(super) fn insert(&mut self, raw: String) {
        self.before.push(raw);
    }

    fn is_empty(&self) -> bool {
        self.values.is_empty() && !self.deletes && self.before.is_empty()
    }

    fn clear(&mut self) {
        self.values.clear();
        self.before.clear();
        self.deletes = false;
    }
}

/// The lock of the list's folder, which is made when it is missing. A dry run changes nothing and needs none.
pub(super) fn lock(files: &Files, how: How<'_>) -> Result<Option<Lock>> {
    if how.dry_run {
        return Ok(None);
    }
    let folder = files.lock.parent();
    if let Some(folder) = folder {
        durable::create_folder(folder, Privacy::Private)?;
    }
    let lock = Lock::acquire(&files.lock)?;
    folder.into_iter().for_each(durable::sweep);
    Ok(Some(lock))
}
