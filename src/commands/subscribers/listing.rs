//! Rows of the list as they are shown: a table for people, CSV for spreadsheets, JSON for programs. They are written as they
//! come, so a list of any length needs little memory.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::super::Session;
use crate::diagnostic::{Diagnostic, Result, is_unprintable, printable};
use crate::report::{count, counted, escaped, table};
use crate::subscribers::{Columns, Defects, Field, Row, Suppressions, normal_name, spreadsheet_line};

/// How rows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Table,
    Csv,
    /// One document, with what is wrong with the list.
    Json,
    /// A list of objects.
    Array,
    /// An object a line.
    Lines,
    Count,
}

/// A table is shown in parts of so many rows.
const PART: usize = 5000;
/// What a person can't count at a glance.
const MANY: u64 = 40;
/// A value in a table is cut here; the other forms give all of it.
const WIDEST: usize = 40;

/// Rows on their way out.
pub(super) struct Listing<'a> {
    session: &'a Session,
    form: Form,
    /// What is shown of each row: a heading, and the field under it.
    fields: Vec<(String, Field)>,
    out: Box<dyn Write + 'a>,
    part: Vec<Vec<String>>,
    begun: bool,
    count: u64,
    shown: u64,
    limit: u64,
    suppressions: Suppressions,
    suppressed: u64,
}

impl<'a> Listing<'a> {
    /// `wanted` names the columns that are shown; all when there are none. `out` is where they go instead of to standard
    /// output.
    pub(super) fn new(
        session: &'a Session,
        form: Form,
        columns: &Columns,
        wanted: &[String],
        limit: Option<u64>,
        out: Option<Box<dyn Write + 'a>>,
    ) -> Result<Self> {
        let fields = if wanted.is_empty() { all(columns, form) } else { chosen(columns, wanted)? };
        let out = out.unwrap_or_else(|| Box::new(io::BufWriter::with_capacity(1 << 16, Screened(session))));
        let limit = limit.unwrap_or(u64::MAX);
        let mut listing = Listing {
            session,
            form,
            fields,
            out,
            part: Vec::new(),
            begun: false,
            count: 0,
            shown: 0,
            limit,
            suppressions: Suppressions::default(),
            suppressed: 0,
        };
        if form == Form::Csv {
            let headings = spreadsheet_line(listing.fields.iter().map(|(name, _)| name.as_str()));
            listing.write(&format!("{headings}\n"))?;
        }
        Ok(listing)
    }

    /// Tells of those who are suppressed, too.
    pub(super) fn beside(mut self, suppressions: Suppressions) -> Self {
        self.suppressions = suppressions;
        self
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Shows a row, as long as no more than the limit are.
    pub(super) fn take(&mut self, row: &Row<'_>) -> Result<()> {
        self.count += 1;
        let suppressed = self.suppressions.reason_for(row.email()).map(str::to_owned);
        self.suppressed += u64::from(suppressed.is_some());
        if self.form == Form::Count || self.shown >= self.limit {
            return Ok(());
        }
        self.shown += 1;
        match self.form {
            Form::Count => Ok(()),
            Form::Csv => {
                // What only has no width is data.
                let value = |field: Field| match row.get(field) {
                    value if value.contains(is_unprintable) => printable(value),
                    value => value.into(),
                };
                let values: Vec<_> = self.fields.iter().map(|(_, field)| value(*field)).collect();
                let line = spreadsheet_line(values.iter().map(AsRef::as_ref));
                self.write(&format!("{line}\n"))
            }
            Form::Json | Form::Array | Form::Lines => {
                let values = self.fields.iter().map(|(name, field)| (name.clone(), Value::from(row.get(*field))));
                let number = (self.form == Form::Json).then(|| ("row".to_owned(), row.line().into()));
                let mut object: Map<String, Value> = number.into_iter().chain(values).collect();
                if let Some(reason) = suppressed.filter(|_| self.form == Form::Json) {
                    // A column of this name is the owner's, and says what the file says.
                    object.entry("suppressed").or_insert(reason.into());
                }
                let text = escaped(Value::Object(object).to_string());
                self.object(&text)
            }
            Form::Table => {
                self.part.push(self.fields.iter().map(|(_, field)| short(row.get(*field))).collect());
                if self.part.len() == PART { self.show_part() } else { Ok(()) }
            }
        }
    }

    fn object(&mut self, text: &str) -> Result<()> {
        let begun = std::mem::replace(&mut self.begun, true);
        match (self.form, begun) {
            (Form::Lines, _) => self.write(&format!("{text}\n")),
            (_, false) => {
                let open = self.opening();
                self.write(&format!("{open}\n  {text}"))
            }
            (_, true) => self.write(&format!(",\n  {text}")),
        }
    }

    fn opening(&self) -> &'static str {
        if self.form == Form::Json { "{\"readers\": [" } else { "[" }
    }

    fn show_part(&mut self) -> Result<()> {
        let header: Vec<&str> = self.fields.iter().map(|(name, _)| name.as_str()).collect();
        let lines = table(&header, &std::mem::take(&mut self.part));
        let begun = std::mem::replace(&mut self.begun, true);
        for line in lines.iter().skip(usize::from(begun)) {
            self.write(&format!("{line}\n"))?;
        }
        Ok(())
    }

    /// Shows what remains, and what is wrong with the list.
    pub(super) fn finish(mut self, list: &str, defects: &Defects) -> Result<()> {
        match self.form {
            Form::Count if self.session.screen.json => {
                self.session.screen.document(&self.summary(list, defects));
                return Ok(());
            }
            Form::Count => self.write(&format!("{}\n", self.count))?,
            Form::Json => {
                let open = if self.begun { "" } else { self.opening() };
                let more = escaped(self.summary(list, defects).to_string());
                // The object of the readers goes on with these.
                let more = more.strip_prefix('{').unwrap_or_default();
                self.write(&format!("{open}\n],\n{more}\n"))?;
                return self.flush();
            }
            Form::Array => {
                let open = if self.begun { "" } else { "[" };
                self.write(&format!("{open}\n]\n"))?;
            }
            Form::Table if !self.part.is_empty() => self.show_part()?,
            _ => {}
        }
        self.flush()?;
        if self.shown < self.count && self.form != Form::Count {
            let more = counted(self.count - self.shown, "more reader", "more readers");
            self.session.screen.say(format!("{more}; --limit shows others"));
        } else if self.form == Form::Table && self.count > MANY {
            self.session.screen.say(counted(self.count, "reader", "readers"));
        }
        if self.suppressed > 0 {
            let told = match self.suppressed {
                1 => "1 of them is suppressed and gets".to_owned(),
                n => format!("{} of them are suppressed and get", count(n)),
            };
            self.session.screen.say(format!("{told} nothing, whatever the list says."));
        }
        super::show_defects(defects, self.session);
        Ok(())
    }

    fn summary(&self, list: &str, defects: &Defects) -> Value {
        json!({ "list": list, "count": self.count, "suppressed": self.suppressed, "defects": defects })
    }

    fn write(&mut self, text: &str) -> Result<()> {
        self.out.write_all(text.as_bytes()).map_err(|error| unwritten(&error))
    }

    fn flush(&mut self) -> Result<()> {
        self.out.flush().map_err(|error| unwritten(&error))
    }
}

fn unwritten(error: &io::Error) -> Diagnostic {
    Diagnostic::error(format!("the rows can't be written: {error}")).help("make room on the disk")
}

/// Standard output, whatever the form.
struct Screened<'a>(&'a Session);

impl Write for Screened<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.screen.stream(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// All columns: as the file has them for a spreadsheet, by their names for the others.
fn all(columns: &Columns, form: Form) -> Vec<(String, Field)> {
    if form == Form::Csv {
        let field = |(n, heading): (usize, &String)| {
            let field = columns.field(&columns.name_of(n)).filter(|field| *field == Field::Email);
            (heading.clone(), field.unwrap_or(Field::Column(n)))
        };
        return columns.headings().iter().enumerate().map(field).collect();
    }
    let fields = columns.names().into_iter().filter_map(|name| Some((name.to_owned(), columns.field(name)?)));
    fields.filter(|(_, field)| !matches!(field, Field::FirstName | Field::Nothing)).collect()
}

/// The columns that are asked for.
fn chosen(columns: &Columns, wanted: &[String]) -> Result<Vec<(String, Field)>> {
    let find = |name: &String| {
        let normal = normal_name(name);
        columns
            .field(&normal)
            .map(|field| (normal.clone(), field))
            .ok_or_else(|| Diagnostic::error(format!("the list has no column `{normal}`")).help(columns.help(&normal)))
    };
    wanted.iter().map(find).collect()
}

fn short(value: &str) -> String {
    match value.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}
