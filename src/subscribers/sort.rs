//! Rows of a list in another order, with little more in memory than the values they are sorted by.

use std::cmp::Ordering;

use crate::diagnostic::{Diagnostic, Result};

use super::column::Field;
use super::list::Rows;
use super::row::Row;

/// Rows to be sorted.
#[derive(Debug, Default)]
pub struct Sorter {
    text: String,
    /// Where the row begins: byte and line; where its value ends in `text`.
    rows: Vec<(u64, u32, u32)>,
}

impl Sorter {
    /// Remembers a row by the value of a field.
    pub fn take(&mut self, row: &Row<'_>, field: Field) -> Result<()> {
        self.text.push_str(row.get(field));
        let (Ok(line), Ok(end)) = (u32::try_from(row.line()), u32::try_from(self.text.len())) else {
            return Err(Diagnostic::error("the list is too long to be sorted").help("narrow it down with --segment"));
        };
        self.rows.push((row.raw.offset, line, end));
        Ok(())
    }

    /// Hands the rows to `each` in order; `rows` is the same list.
    pub fn visit(self, mut rows: Rows, reverse: bool, each: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
        let key = |n: u32| {
            let start = n.checked_sub(1).and_then(|n| self.rows.get(n as usize)).map_or(0, |(.., end)| *end as usize);
            let end = self.rows.get(n as usize).map_or(start, |(.., end)| *end as usize);
            self.text.get(start..end).unwrap_or_default()
        };
        let mut order: Vec<u32> = (0..u32::try_from(self.rows.len()).unwrap_or(u32::MAX)).collect();
        order.sort_by(|a, b| compare(key(*a), key(*b), reverse));
        for n in order {
            let Some((offset, line, _)) = self.rows.get(n as usize) else { continue };
            rows.seek(*offset, u64::from(*line));
            if let Some(row) = rows.read()? {
                each(&row)?;
            }
        }
        rows.unchanged()
    }
}

/// Numbers by their size and before words, empty values last whichever way round.
fn compare(a: &str, b: &str, reverse: bool) -> Ordering {
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    let ordering = match (a.is_empty(), b.is_empty()) {
        (false, false) => match (number(a), number(b)) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => a.cmp(b),
        },
        (a, b) => return a.cmp(&b),
    };
    if reverse { ordering.reverse() } else { ordering }
}

#[cfg(test)]
mod tests {
    use super::super::test::{list, rows};
    use super::*;

    fn sorted(column: &str, reverse: bool) -> String {
        let list = list(
            "email,age,name\na@example.com,9,Zoë\nb@example.com,,Ann\nc@example.com,10,\nd@example.com,x,\"A\nB\"\n",
        );
        let mut first = rows(&list);
        let field = first.columns().field(column).unwrap();
        let mut sorter = Sorter::default();
        while let Some(row) = first.read().unwrap() {
            sorter.take(&row, field).unwrap();
        }
        let mut found = String::new();
        let mut each = |row: &Row<'_>| {
            found.push_str(&row.email()[..1]);
            Ok(())
        };
        sorter.visit(rows(&list), reverse, &mut each).unwrap();
        found
    }

    #[test]
    fn numbers_words_and_nothing() {
        assert_eq!(sorted("age", false), "acdb");
        assert_eq!(sorted("age", true), "dcab");
        assert_eq!(sorted("name", false), "dbac");
        assert_eq!(sorted("email", true), "dcba");
    }
}
