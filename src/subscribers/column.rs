//! The columns of a list: which are ours, what the others are called, and what a merge field or a segment may name.

use std::borrow::Cow;

use crate::diagnostic::{Diagnostic, Place, Result, did_you_mean};

use super::record::{Raw, quote, unquote};
use super::records::Records;
use super::text::{clean, decode};

/// What `email` may be called.
const EMAIL: [&str; 3] = ["email", "e_mail", "email_address"];
const DELIMITERS: [u8; 3] = *b",;\t";

/// A field of a reader, found once by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The address, as it goes on the wire.
    Email,
    /// The status, as one of its five words.
    Status,
    /// The first word of the name, when the list has no column `first_name`.
    FirstName,
    /// The name, when the list has no such column: empty.
    Nothing,
    /// A column, counted from 0.
    Column(usize),
}

/// The first line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// As written.
    headings: Vec<String>,
    /// Lower-case, with `_` for spaces and hyphens.
    names: Vec<String>,
    pub(super) email: usize,
    pub(super) name: Option<usize>,
    pub(super) status: Option<usize>,
}

impl Columns {
    /// Reads the first line and finds out by it how the file delimits its fields. `Ok(None)`: the file is empty.
    pub(super) fn read(records: &mut Records, wanted: &[&str]) -> Result<Option<Columns>> {
        let mut best: Option<(usize, u8)> = None;
        for delimiter in DELIMITERS {
            let Some(raw) = records.peek(delimiter)? else { return Ok(None) };
            let names: Vec<String> = headings(&raw).iter().map(|heading| normal_name(heading)).collect();
            let score = names.len() + if find_any(&names, wanted).is_some() { 1000 } else { 0 };
            if best.is_none_or(|(most, _)| score > most) {
                best = Some((score, delimiter));
            }
        }
        records.delimiter = best.map_or(b',', |(_, delimiter)| delimiter);
        let label = records.label().to_owned();
        let Some(raw) = records.read()? else { return Ok(None) };
        let excerpt = decode(raw.bytes).0.into_owned();
        let place = Place { line: usize::try_from(raw.line).unwrap_or(0), column: 1, excerpt, ..Place::file(label) };
        Columns::new(headings(&raw), wanted, &place).map(Some)
    }

    fn new(headings: Vec<String>, wanted: &[&str], place: &Place) -> Result<Columns> {
        let whole = Place { width: place.excerpt.chars().count(), ..place.clone() };
        let names: Vec<String> = headings.iter().map(|heading| normal_name(heading)).collect();
        let Some(email) = find_any(&names, wanted) else {
            return Err(no_such_column(&names, wanted[0]).at(whole));
        };
        for (n, name) in names.iter().enumerate() {
            if !name.is_empty() && names[..n].contains(name) {
                return Err(Diagnostic::error(format!("two columns are called `{name}`"))
                    .at(whole)
                    .help("rename one of them, so that it is clear which is meant"));
            }
        }
        let column = |wanted: &str| names.iter().position(|name| name == wanted);
        let (name, status) = (column("name"), column("status"));
        Ok(Columns { headings, names, email, name, status })
    }

    /// The columns of a list that does not exist yet.
    pub(super) fn of_new_list() -> Columns {
        let names: Vec<String> = ["email", "name", "status"].map(str::to_owned).into();
        Columns { headings: names.clone(), names, email: 0, name: Some(1), status: Some(2) }
    }

    /// The number of the column of this name, which is added behind the others when there is none.
    ///
    /// # Errors
    /// The name can't be one of a column.
    pub(super) fn require(&mut self, heading: &str) -> Result<usize> {
        let name = normal_name(heading);
        if let Some(column) = self.column(&name) {
            return Ok(column);
        }
        if !is_name(&name) || name == "first_name" && self.name.is_some() {
            return Err(Diagnostic::error(format!("a column can't be called `{heading}`"))
                .help("give it a name such as `plan`"));
        }
        self.headings.push(heading.trim().to_owned());
        self.names.push(name.clone());
        let column = self.names.len() - 1;
        match name.as_str() {
            "name" => self.name = Some(column),
            "status" => self.status = Some(column),
            _ => {}
        }
        Ok(column)
    }

    /// The number of a column by its normal name; `email` is found whatever its heading.
    pub fn column(&self, name: &str) -> Option<usize> {
        match name {
            "" => None,
            "email" => Some(self.email),
            _ => self.names.iter().position(|known| known == name),
        }
    }

    /// The number of a column by what [`Columns::name_of`] calls it.
    pub(super) fn by_label(&self, label: &str) -> Option<usize> {
        let nameless = || {
            let column = label.parse::<usize>().ok()?.checked_sub(1)?;
            self.names.get(column).filter(|name| name.is_empty()).map(|_| column)
        };
        self.column(label).or_else(nameless)
    }

    /// The first line from this column on, as it is written.
    pub(super) fn first_line(&self, from: usize, delimiter: u8) -> String {
        let fields: Vec<_> = self.headings.iter().skip(from).map(|heading| quote(heading, delimiter)).collect();
        fields.join(char::from(delimiter).to_string().as_str())
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// A list has at least its column `email`.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The headings as the file has them.
    pub fn headings(&self) -> &[String] {
        &self.headings
    }

    /// The name of a column, counted from 0, for messages: normalised, or its number where it has none.
    pub fn name_of(&self, column: usize) -> Cow<'_, str> {
        match self.names.get(column) {
            _ if column == self.email => Cow::Borrowed("email"),
            Some(name) if !name.is_empty() => Cow::Borrowed(name),
            _ => Cow::Owned(format!("{}", column + 1)),
        }
    }

    /// The field that `name` names.
    pub fn field(&self, name: &str) -> Option<Field> {
        match name {
            "" => None,
            "email" => Some(Field::Email),
            "status" => Some(Field::Status),
            _ => match self.names.iter().position(|known| known == name) {
                Some(column) if column == self.email => Some(Field::Email),
                Some(column) => Some(Field::Column(column)),
                None if name == "first_name" => Some(Field::FirstName),
                None if name == "name" => Some(Field::Nothing),
                None => None,
            },
        }
    }

    /// The names of all fields a reader of this list has: `email`, `name`, `status`, further columns in their order, and
    /// `first_name`.
    pub fn names(&self) -> Vec<&str> {
        let own = ["email", "name", "status"];
        let further = self.names.iter().enumerate().filter(|(n, name)| {
            *n != self.email && !name.is_empty() && *name != "first_name" && !own.contains(&name.as_str())
        });
        own.into_iter().chain(further.map(|(_, name)| name.as_str())).chain(["first_name"]).collect()
    }

    /// What to say about a name that no column has.
    pub fn help(&self, name: &str) -> String {
        let known = self.names();
        match did_you_mean(name, known.iter().copied()) {
            Some(likely) => format!("did you mean `{likely}`?"),
            None => format!("the list has: {}", known.join(", ")),
        }
    }
}

/// `First Name` and `first-name` as `first_name`.
pub fn normal_name(heading: &str) -> String {
    heading.trim().to_lowercase().replace([' ', '-'], "_")
}

/// Whether a new column can have this name. An address is none: it would be a list's first row without a first line.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['@', '"']) && !name.contains(char::is_control)
}

/// The names of the address column of a subscriber list.
pub(super) fn email_names() -> &'static [&'static str] {
    &EMAIL
}

fn headings(raw: &Raw<'_>) -> Vec<String> {
    let cell = |bytes| clean(&unquote(&decode(bytes).0)).0.into_owned();
    raw.spans.iter().map(|span| cell(&raw.bytes[span.start..span.end])).collect()
}

fn find_any(names: &[String], wanted: &[&str]) -> Option<usize> {
    wanted.iter().find_map(|wanted| names.iter().position(|name| name == wanted))
}

fn no_such_column(names: &[String], wanted: &str) -> Diagnostic {
    let error = Diagnostic::error(format!("the first line names no column `{wanted}`"));
    if names.iter().any(|name| name.contains('@')) {
        return error.help(format!("the first line names the columns: put a line `{wanted}` above it"));
    }
    match did_you_mean(wanted, names.iter().map(String::as_str)) {
        Some(likely) => error.help(format!("is `{likely}` the address? call that column `{wanted}`")),
        None => error.help(format!("call the column with the addresses `{wanted}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Rows;
    use super::super::test::{list, rows};
    use super::*;

    #[test]
    fn columns_are_found_by_normal_names_in_any_dialect() {
        for text in
            ["E-Mail,First Name,Plan\n", "\u{feff}e-mail;First Name;plan\r\n", "\n\"Email Address\"\tfirst-name\tPLAN"]
        {
            let list = list(text);
            let rows = rows(&list);
            let columns = rows.columns();
            assert_eq!(columns.field("email"), Some(Field::Email), "{text:?}");
            assert_eq!(columns.field("first_name"), Some(Field::Column(1)));
            assert_eq!(columns.field("plan"), Some(Field::Column(2)));
            assert_eq!(columns.field("name"), Some(Field::Nothing));
            assert_eq!(columns.field("city"), None);
            assert_eq!(columns.names(), ["email", "name", "status", "plan", "first_name"]);
        }
    }

    #[test]
    fn a_first_line_that_is_none_is_answered() {
        for (text, says) in [
            ("ann@example.com,Ann\n", "put a line `email` above it"),
            ("emial,name\n", "is `emial` the address?"),
            ("who,what\n", "call the column with the addresses `email`"),
            ("email,Name,name\n", "two columns are called `name`"),
            ("", "begin it with the line"),
        ] {
            let error = Rows::open(&list(text).files.list).unwrap_err();
            assert!(error.render(false).contains(says), "{}", error.render(false));
        }
    }
}
