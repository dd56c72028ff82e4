//! What can be wrong with a row, and how a person is told: by file, row and column, with the next step.

use serde::Serialize;

use crate::address::AddressError;
use crate::diagnostic::Diagnostic;

use super::row::Row;
use super::status::Status;
use super::text::Cleaned;

/// Why a row names nobody to write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    Address(AddressError),
    /// The word is none of the five.
    Status(String),
    /// The row has more fields than the first line names.
    TooMany {
        found: usize,
        named: usize,
    },
    /// Text stands behind the closing quote of a column.
    Tangled {
        column: usize,
    },
}

/// What is worth telling about a row that is used all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remark {
    /// Characters were left out of a value.
    Cleaned { column: usize, cleaned: Cleaned },
    /// The row is not UTF-8. Told for the first such row only.
    Windows1252,
}

impl Fault {
    pub(super) fn diagnostic(&self, row: &Row<'_>, label: &str) -> Diagnostic {
        let columns = row.columns();
        let excluded = "until then this reader gets nothing";
        match self {
            Fault::Address(error) => {
                Diagnostic::error(format!("row {}: `{}` is no address: {error}", row.line(), shown(row.email())))
                    .at(row.place(label, columns.email))
                    .help(format!("correct it; {excluded}"))
            }
            Fault::Status(word) => Diagnostic::error(format!("row {}: `{}` is no status", row.line(), shown(word)))
                .at(row.place(label, columns.status.unwrap_or(0)))
                .help(Status::help(word))
                .help(excluded),
            Fault::TooMany { found, named } => {
                Diagnostic::error(format!("row {} has {found} fields, and the first line names {named}", row.line()))
                    .at(row.place(label, *named))
                    .help(format!("put a field that has the delimiter in it in double quotes; {excluded}"))
            }
            Fault::Tangled { column } => Diagnostic::error(format!(
                "row {}, column `{}`: text stands behind the closing quote",
                row.line(),
                columns.name_of(*column)
            ))
            .at(row.place(label, *column))
            .help(format!("write a quote that is part of the text twice; {excluded}")),
        }
    }
}

impl Remark {
    /// The remark as a person reads it.
    pub fn diagnostic(self, row: &Row<'_>, label: &str) -> Diagnostic {
        match self {
            Remark::Cleaned { column, cleaned } => {
                let name = row.columns().name_of(column);
                cleaned_warning(&format!("row {}, column `{name}`", row.line()), cleaned)
                    .at(row.place(label, column))
                    .help("the file keeps them; take them out there")
            }
            Remark::Windows1252 => Diagnostic::warning(format!(
                "row {} is not UTF-8: it and others like it are read as Windows-1252",
                row.line()
            ))
            .at(crate::diagnostic::Place::line(label, usize::try_from(row.line()).unwrap_or(0)))
            .help("look at its letters in `letterpress subscribers list`, or save the list as UTF-8"),
        }
    }
}

/// The warning about characters that were left out of `what`.
pub(super) fn cleaned_warning(what: &str, cleaned: Cleaned) -> Diagnostic {
    let first = u32::from(cleaned.first);
    let many = match cleaned.characters {
        1 => "1 character can't stand in one line of text and is".to_owned(),
        n => format!("{n} characters can't stand in one line of text and are"),
    };
    Diagnostic::warning(format!("{what}: {many} left out (U+{first:04X})"))
}

/// The beginning of a value, for a message.
pub(super) fn shown(value: &str) -> String {
    match value.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

/// What was found wrong: the first hundred in words, all of them in number.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Defects {
    pub first: Vec<Diagnostic>,
    pub total: u64,
}

impl Defects {
    /// How many are kept in words: enough to see what is wrong, little enough to hold.
    pub const KEPT: usize = 100;

    pub(super) fn push(&mut self, diagnostic: impl FnOnce() -> Diagnostic) {
        self.total += 1;
        if self.first.len() < Self::KEPT {
            self.first.push(diagnostic());
        }
    }

    /// Everything wrong with one row and worth telling about it.
    pub fn take(&mut self, row: &Row<'_>, label: &str) {
        if let Some(fault) = row.fault() {
            self.push(|| fault.diagnostic(row, label));
        }
        for remark in row.remarks() {
            self.push(|| remark.diagnostic(row, label));
        }
    }
}
