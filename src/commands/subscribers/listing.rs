//! Rows of the list as they are shown: a table for people, CSV for spreadsheets, JSON for programs.

use serde::Serialize;
use serde_json::{Map, Value};

use super::super::Session;
use crate::report::{counted, table};
use crate::subscribers::{Columns, Defects, Field, Row, spreadsheet_line};

/// How rows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Table,
    Csv,
    Json,
    Count,
}

/// A table is shown in parts of so many rows, so that a list of any length needs little memory.
const PART: usize = 5000;
/// What a person can't count at a glance.
const MANY: u64 = 40;
/// A value in a table is cut here; the other forms give all of it.
const WIDEST: usize = 40;

/// Rows on their way to standard output.
pub(super) struct Listing<'a> {
    session: &'a Session,
    form: Form,
    /// The columns of the table and the keys of the JSON objects.
    fields: Vec<(String, Field)>,
    part: Vec<Vec<String>>,
    begun: bool,
    readers: Vec<Map<String, Value>>,
    count: u64,
}

#[derive(Serialize)]
struct Document<'a> {
    list: &'a str,
    count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    readers: Option<Vec<Map<String, Value>>>,
    defects: &'a Defects,
}

impl<'a> Listing<'a> {
    pub(super) fn new(session: &'a Session, form: Form, columns: &Columns) -> Self {
        let fields = columns.names().into_iter().filter_map(|name| Some((name.to_owned(), columns.field(name)?)));
        let fields = fields.filter(|(_, field)| !matches!(field, Field::FirstName | Field::Nothing)).collect();
        if form == Form::Csv {
            session.screen.result(spreadsheet_line(columns.headings().iter().map(String::as_str)));
        }
        Listing { session, form, fields, part: Vec::new(), begun: false, readers: Vec::new(), count: 0 }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Shows a row.
    pub(super) fn take(&mut self, row: &Row<'_>) {
        self.count += 1;
        match self.form {
            Form::Count => {}
            Form::Csv => {
                let columns = row.columns();
                let values = (0..columns.len()).map(|column| match columns.field(&columns.name_of(column)) {
                    Some(field @ Field::Email) => row.get(field),
                    _ => row.column(column),
                });
                self.session.screen.result(spreadsheet_line(values));
            }
            Form::Json => {
                let values = self.fields.iter().map(|(name, field)| (name.clone(), Value::from(row.get(*field))));
                self.readers.push(std::iter::once(("row".to_owned(), row.line().into())).chain(values).collect());
            }
            Form::Table => {
                self.part.push(self.fields.iter().map(|(_, field)| short(row.get(*field))).collect());
                if self.part.len() == PART {
                    self.show_part();
                }
            }
        }
    }

    fn show_part(&mut self) {
        let header: Vec<&str> = self.fields.iter().map(|(name, _)| name.as_str()).collect();
        let lines = table(&header, &std::mem::take(&mut self.part));
        for line in lines.iter().skip(usize::from(self.begun)) {
            self.session.screen.result(line);
        }
        self.begun = true;
    }

    /// Shows what remains, and what is wrong with the list.
    pub(super) fn finish(mut self, list: &str, defects: &Defects) {
        let screen = &self.session.screen;
        match self.form {
            Form::Json | Form::Count if screen.json => {
                let readers = (self.form == Form::Json).then_some(self.readers);
                screen.document(&Document { list, count: self.count, readers, defects });
                return;
            }
            Form::Count => screen.result(self.count.to_string()),
            Form::Table if !self.part.is_empty() => {
                self.show_part();
                if self.count > MANY {
                    screen.say(counted(self.count, "reader", "readers"));
                }
            }
            _ => {}
        }
        super::show_defects(defects, self.session);
    }
}

fn short(value: &str) -> String {
    match value.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}
