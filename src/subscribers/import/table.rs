//! An exported table: its first line and its rows as text, in any dialect that a list can have. What the columns mean
//! is not known here.

use std::borrow::Cow;
use std::fs::File;

use encoding_rs::WINDOWS_1252;

use super::super::column::normal_name;
use super::super::record::{Raw, unquote};
use super::super::records::Records;
use super::super::text::{clean, decode};
use super::utf16::as_utf8;
use crate::diagnostic::{Diagnostic, Place, Result};

const DELIMITERS: [u8; 3] = *b",;\t";

/// A table, open at its first row.
#[derive(Debug)]
pub(super) struct Table {
    records: Records,
    headings: Vec<String>,
    names: Vec<String>,
}

impl Table {
    /// Reads the first line; which byte delimits the fields is told by it.
    ///
    /// # Errors
    /// A file without a first line, or one that can't be read.
    pub(super) fn open(file: File, label: &str) -> Result<Table> {
        let mut records = Records::new(as_utf8(file, label)?, label)?;
        let mut best = (0, b',');
        for delimiter in DELIMITERS {
            let columns = records.peek(delimiter)?.map_or(0, |raw| raw.spans.len());
            best = if columns > best.0 { (columns, delimiter) } else { best };
        }
        records.delimiter = best.1;
        let headings: Vec<String> = match records.read()? {
            Some(raw) => {
                let cell = |bytes| clean(&unquote(&decode(bytes).0)).0.into_owned();
                raw.spans.iter().map(|span| cell(&raw.bytes[span.start..span.end])).collect()
            }
            None => {
                return Err(Diagnostic::error("the file is empty: there is nobody to import")
                    .at(Place::file(label))
                    .help("export the readers again, and look into the file before importing it"));
            }
        };
        let names = headings.iter().map(|heading| normal_name(heading)).collect();
        Ok(Table { records, headings, names })
    }

    pub(super) fn label(&self) -> &str {
        self.records.label()
    }

    /// The headings as the file has them.
    pub(super) fn headings(&self) -> &[String] {
        &self.headings
    }

    /// The first column with one of these normal names, the earlier names first.
    pub(super) fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.names.iter().position(|known| known == name))
    }

    /// The column with this heading, as a person writes it.
    pub(super) fn find_heading(&self, heading: &str) -> Option<usize> {
        let name = normal_name(heading);
        self.headings.iter().position(|known| known == heading.trim()).or_else(|| self.find(&[&name]))
    }

    /// The normal name of a column.
    pub(super) fn name(&self, column: usize) -> &str {
        self.names.get(column).map_or("", String::as_str)
    }

    /// All rows will be read, most of them with an address in this column.
    pub(super) fn run(&mut self, addresses: usize) {
        let (offset, line) = self.records.place();
        self.records.run(offset, line, addresses);
    }

    /// The next row.
    ///
    /// # Errors
    /// The file can't be read, or a quote is never closed, so that nobody can tell which readers follow.
    pub(super) fn read(&mut self) -> Result<Option<Entry<'_>>> {
        let columns = self.headings.len();
        let Some(raw) = self.records.read()? else { return Ok(None) };
        Ok(Some(Entry { raw, columns }))
    }
}

/// One row of a table, valid until the next one is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    raw: Raw<'a>,
    columns: usize,
}

impl<'a> Entry<'a> {
    pub(super) fn line(&self) -> u64 {
        self.raw.line
    }

    /// What stands in the column that [`Table::run`] was told, when it is known to be a plain address.
    pub(super) fn plain_address(&self, column: usize) -> Option<&'a str> {
        let span = self.raw.spans.get(column).filter(|_| self.raw.has_plain_address)?;
        self.raw.text?.get(span.start..span.end)
    }

    /// The value of a column in one line; empty where the row ends before it.
    pub(super) fn value(&self, column: usize) -> Cow<'a, str> {
        let Some(span) = self.raw.spans.get(column) else { return Cow::Borrowed("") };
        let field = self.raw.text.and_then(|text| text.get(span.start..span.end));
        match field {
            Some(field) if self.raw.extent.plain => Cow::Borrowed(field.trim_matches(' ')),
            Some(field) => match unquote(field) {
                Cow::Borrowed(value) => clean(value).0,
                Cow::Owned(value) => Cow::Owned(clean(&value).0.into_owned()),
            },
            // Decided for the row as a whole: a field alone may look like UTF-8 by chance.
            None => {
                let field = WINDOWS_1252.decode_without_bom_handling(&self.raw.bytes[span.start..span.end]).0;
                Cow::Owned(clean(&unquote(&field)).0.into_owned())
            }
        }
    }

    /// Whether nothing stands in it but delimiters.
    pub(super) fn is_blank(&self) -> bool {
        self.raw.spans.iter().all(|span| self.raw.bytes[span.start..span.end].iter().all(u8::is_ascii_whitespace))
    }

    /// Why nobody can tell which value is which.
    pub(super) fn fault(&self) -> Option<String> {
        if let Some(column) = self.raw.extent.tangled {
            return Some(format!("text stands behind the closing quote of column {}", column + 1));
        }
        let surplus = self.raw.spans.get(self.columns..)?;
        let filled =
            surplus.iter().any(|span| !self.raw.bytes[span.start..span.end].iter().all(u8::is_ascii_whitespace));
        filled.then(|| format!("it has {} fields, and the first line names {}", self.raw.spans.len(), self.columns))
    }
}
