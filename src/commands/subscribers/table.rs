//! Readers on standard input as CSV whose first line names the columns.

use crate::address::Address;
use crate::diagnostic::{Diagnostic, Result};
use crate::subscribers::{NewReader, normal_name};

/// What the column of the addresses may be called.
const EMAIL: [&str; 3] = ["email", "e_mail", "email_address"];

/// Is handed a row's line, its text, and who it is.
type Take<'a> = dyn FnMut(usize, &str, Result<NewReader, String>) + 'a;

/// Text whose first line names columns.
pub(super) struct Table<'a> {
    text: &'a str,
    delimiter: u8,
    names: Vec<String>,
    email: usize,
}

impl<'a> Table<'a> {
    /// `None`: the first line names no column of addresses.
    pub(super) fn read(text: &'a str) -> Option<Table<'a>> {
        let [comma, semicolon, tab] = [b',', b';', b'\t'].map(|delimiter| {
            let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
            let names: Vec<String> = reader.headers().ok()?.iter().map(normal_name).collect();
            let email = EMAIL.iter().find_map(|wanted| names.iter().position(|name| name == wanted))?;
            Some(Table { text, delimiter, names, email })
        });
        comma.or(semicolon).or(tab)
    }

    /// Hands every row to `take`, with its line and its text.
    pub(super) fn visit(&self, set: &[(String, String)], take: &mut Take<'_>) -> Result<()> {
        let reader =
            csv::ReaderBuilder::new().delimiter(self.delimiter).flexible(true).from_reader(self.text.as_bytes());
        for record in reader.into_records() {
            let record = record.map_err(|error| {
                Diagnostic::error(format!("standard input is no CSV: {error}")).help("give it in UTF-8")
            })?;
            let line = record.position().map_or(0, csv::Position::line);
            let text = record.get(self.email).unwrap_or_default();
            let found = if record.len() > self.names.len() {
                Err(format!("the row has {} fields, and the first line names {}", record.len(), self.names.len()))
            } else {
                Address::parse(text)
                    .map(|address| self.person(address, &record, set))
                    .map_err(|error| error.to_string())
            };
            take(usize::try_from(line).unwrap_or(usize::MAX), text, found);
        }
        Ok(())
    }

    fn person(&self, address: Address, record: &csv::StringRecord, set: &[(String, String)]) -> NewReader {
        let mut reader = NewReader { address, name: String::new(), set: set.to_vec() };
        for (n, (name, value)) in self.names.iter().zip(record).enumerate() {
            // What is given for all on the command line counts more.
            let given = set.iter().any(|(known, _)| known == name);
            if n == self.email || name.is_empty() || value.is_empty() || given {
                continue;
            }
            if name == "name" {
                value.clone_into(&mut reader.name);
            } else {
                reader.set.push((name.clone(), value.to_owned()));
            }
        }
        reader
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_known_by_its_first_line() {
        for text in ["ann@example.com\n", "ann@example.com,Ann\n", "", "name,mail\n"] {
            assert!(Table::read(text).is_none(), "{text:?}");
        }
        let table =
            Table::read("Name;E-Mail;Plan\n\"Lee; Ann\";ann@example.com;pro\nBob;bob;\n;x@example.com;a;b\n").unwrap();
        let mut told = Vec::new();
        let set = [("plan".to_owned(), "free".to_owned())];
        table
            .visit(&set, &mut |line, text, found| {
                told.push(match found {
                    Ok(reader) => format!("{line} {} {} {:?}", reader.address, reader.name, reader.set),
                    Err(error) => format!("{line} {text} {error}"),
                });
            })
            .unwrap();
        assert_eq!(told[0], "2 ann@example.com Lee; Ann [(\"plan\", \"free\")]");
        assert!(told[1].starts_with("3 bob it has no `@`"), "{}", told[1]);
        assert!(told[2].starts_with("4 x@example.com the row has 4 fields"), "{}", told[2]);
    }
}
