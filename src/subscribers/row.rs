//! One reader: as a row of the list while it is read, and as a value of its own.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::diagnostic::{Diagnostic, Place, Result};

use super::column::{Columns, Field};
use super::defect::{Fault, Remark};
use super::record::{Raw, Span, unquote};
use super::status::Status;
use super::text::{decode, first_word};

/// Where a value lies: in the record, or in the reader's scratch text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Value {
    start: usize,
    end: usize,
    in_scratch: bool,
}

impl Value {
    /// A value that stays where it is.
    pub(super) fn in_record(span: Span) -> Value {
        Value { start: span.start, end: span.end, in_scratch: false }
    }

    /// Adds a value to the scratch text.
    pub(super) fn push(scratch: &mut String, value: &str) -> Value {
        let start = scratch.len();
        scratch.push_str(value);
        Value { start, end: scratch.len(), in_scratch: true }
    }

    pub(super) fn of<'a>(self, text: &'a str, scratch: &'a str) -> &'a str {
        let source = if self.in_scratch { scratch } else { text };
        let value = source.get(self.start..self.end).unwrap_or_default();
        // Asked first, since it is asked for every value and hardly ever so.
        if value.starts_with(' ') || value.ends_with(' ') { value.trim_matches(' ') } else { value }
    }
}

/// Where the value of a column lies; nowhere when the row ends before it.
pub(super) fn value(raw: &Raw<'_>, values: &[Value], column: usize) -> Value {
    if !raw.extent.plain {
        return values.get(column).copied().unwrap_or_default();
    }
    raw.spans.get(column).copied().map_or_else(Value::default, Value::in_record)
}

/// A row of the list, valid until the next one is read.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    pub(super) raw: Raw<'a>,
    pub(super) columns: &'a Columns,
    pub(super) text: &'a str,
    pub(super) scratch: &'a str,
    pub(super) values: &'a [Value],
    pub(super) email: Value,
    pub(super) has_address: bool,
    pub(super) status: Option<Status>,
    pub(super) fault: Option<&'a Fault>,
    pub(super) remarks: &'a [Remark],
}

impl<'a> Row<'a> {
    /// Its first line in the file, counted from 1.
    pub fn line(&self) -> u64 {
        self.raw.line
    }

    pub fn columns(&self) -> &'a Columns {
        self.columns
    }

    /// The address as it goes on the wire, or what stands in its place when it is none.
    pub fn email(&self) -> &'a str {
        self.email.of(self.text, self.scratch)
    }

    /// The address; `None` when the row has none that is valid.
    pub fn address(&self) -> Option<Address> {
        if self.has_address { Address::parse(self.email()).ok() } else { None }
    }

    /// Whether [`Row::email`] is a valid address.
    pub fn has_address(&self) -> bool {
        self.has_address
    }

    /// The name; empty when the row has none.
    pub fn name(&self) -> &'a str {
        self.columns.name.map_or("", |column| self.column(column))
    }

    /// The status; `None` when the word is none of the five.
    pub fn status(&self) -> Option<Status> {
        self.status
    }

    /// What is wrong with the row. A row with a fault names nobody to write to.
    pub fn fault(&self) -> Option<&'a Fault> {
        self.fault
    }

    /// What is worth telling about the row.
    pub fn remarks(&self) -> &'a [Remark] {
        self.remarks
    }

    /// The value of a column, counted from 0; empty where the row ends before it.
    pub fn column(&self, column: usize) -> &'a str {
        value(&self.raw, self.values, column).of(self.text, self.scratch)
    }

    /// What the file has in a column, counted from 0: unquoted, and otherwise letter by letter.
    pub(super) fn cell(&self, column: usize) -> Cow<'a, str> {
        let Some(span) = self.raw.spans.get(column) else { return Cow::Borrowed("") };
        let bytes = &self.raw.bytes[span.start..span.end];
        if let Some(text) = self.text.get(span.start..span.end).filter(|_| !self.text.is_empty()) {
            return unquote(text);
        }
        let text = encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0;
        Cow::Owned(unquote(&text).into_owned())
    }

    /// The value of a field found by [`Columns::field`].
    pub fn get(&self, field: Field) -> &'a str {
        match field {
            Field::Email => self.email(),
            Field::Status => match (self.status, self.columns.status) {
                (Some(status), _) => status.as_str(),
                (None, column) => column.map_or("", |column| self.column(column)),
            },
            Field::FirstName => first_word(self.name()),
            Field::Nothing => "",
            Field::Column(column) => self.column(column),
        }
    }

    /// The value of a merge field by its name; `None` when the list has no such column.
    pub fn field(&self, name: &str) -> Option<&'a str> {
        self.columns.field(name).map(|field| self.get(field))
    }

    /// The reader as a value of its own.
    ///
    /// # Errors
    /// The row's fault, when it has one.
    pub fn to_subscriber(&self, label: &str) -> Result<Subscriber> {
        let (Some(address), Some(status), None) = (self.address(), self.status, self.fault) else {
            return Err(self.fault_diagnostic(label).unwrap_or_else(|| Diagnostic::error("the row names no reader")));
        };
        let names = self.columns.names();
        let fields = names.iter().map(|name| ((*name).to_owned(), self.field(name).unwrap_or_default().to_owned()));
        Ok(Subscriber { row: self.line(), address, name: self.name().to_owned(), status, fields: fields.collect() })
    }

    /// The place of a column of this row in the file `label`.
    pub(super) fn place(&self, label: &str, column: usize) -> Place {
        let line = usize::try_from(self.raw.line).unwrap_or(usize::MAX);
        // A record of many kilobytes would fill the screen.
        if self.raw.bytes.len() > 2000 {
            return Place::line(label, line);
        }
        let text = decode(self.raw.bytes).0;
        let span = self.raw.spans.get(column).map_or(0..self.raw.bytes.len(), |span| span.start..span.end);
        let before = |at: usize| text_length(self.raw.bytes, at, text.len());
        let place = Place::span(label, &text, before(span.start)..before(span.end));
        Place { line: place.line + line - 1, ..place }
    }

    /// The fault as a person reads it.
    pub fn fault_diagnostic(&self, label: &str) -> Option<Diagnostic> {
        self.fault.map(|fault| fault.diagnostic(self, label))
    }
}

/// The byte of the decoded text that stands for byte `at` of a record.
fn text_length(bytes: &[u8], at: usize, whole: usize) -> usize {
    match std::str::from_utf8(bytes) {
        Ok(_) => at,
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes[..at]).0.len().min(whole),
    }
}

/// A reader of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscriber {
    /// The line of the list.
    pub row: u64,
    pub address: Address,
    pub name: String,
    pub status: Status,
    /// All fields by their names, `email`, `name`, `status` and `first_name` among them.
    pub fields: BTreeMap<String, String>,
}

impl Subscriber {
    /// The value of a merge field by its name; `None` when the list has no such column.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}
