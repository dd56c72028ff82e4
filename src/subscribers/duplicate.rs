//! Which rows repeat an earlier one, exactly, in 8 bytes a reader.
//!
//! Addresses are remembered by hash and row number; when a hash comes again, the earlier row is read again and decides.

use std::path::Path;

use crate::diagnostic::{Diagnostic, Result};

use super::key::Table;
use super::list::Rows;
use super::row::Row;

/// The place of every so many rows is remembered, to find any of them again.
const STEP: usize = 16;

/// The addresses of the rows so far.
#[derive(Debug)]
pub(super) struct Seen {
    table: Table,
    /// Offset and line of rows 0, 16, 32 …
    places: Vec<(u64, u64)>,
    rows: usize,
    earlier: Rows,
}

impl Seen {
    /// For the list `path`, which is opened once more to look back.
    pub(super) fn new(path: &Path) -> Result<Seen> {
        Ok(Seen { table: Table::default(), places: Vec::new(), rows: 0, earlier: Rows::open(path)? })
    }

    /// Takes every row of the list in its order, and says in which line its address has stood before. Rows with a fault
    /// are nobody's.
    pub(super) fn line_of_earlier(&mut self, row: &Row<'_>) -> Result<Option<u64>> {
        let ordinal = self.rows;
        self.rows += 1;
        if ordinal.is_multiple_of(STEP) {
            self.places.push((row.raw.offset, row.raw.line));
        }
        if row.fault().is_some() {
            return Ok(None);
        }
        let number = u32::try_from(ordinal).ok().filter(|n| *n < u32::MAX).ok_or_else(|| {
            Diagnostic::error("the list has more than four billion rows").help("split it into several lists")
        })?;
        let email = row.email();
        let (earlier, places) = (&mut self.earlier, &self.places);
        let mut line = None;
        self.table.find_or_enter(email, number, |n| {
            line = same_address(earlier, places, n as usize, email)?;
            Ok::<_, Diagnostic>(line.is_some())
        })?;
        Ok(line)
    }
}

/// The line of row `ordinal`, when it has this address.
fn same_address(rows: &mut Rows, places: &[(u64, u64)], ordinal: usize, email: &str) -> Result<Option<u64>> {
    let Some((offset, line)) = places.get(ordinal / STEP) else { return Ok(None) };
    rows.seek(*offset, *line)?;
    for _ in 0..ordinal % STEP {
        rows.read()?;
    }
    let row = rows.read()?;
    Ok(row.filter(|row| row.email().eq_ignore_ascii_case(email)).map(|row| row.line()))
}

#[cfg(test)]
mod tests {
    use super::super::test::{list, rows};
    use super::*;

    #[test]
    fn the_earlier_line_is_named_wherever_it_is() {
        let lines: Vec<String> = (0..500).map(|n| format!("r{n}@example.com,\"two\nlines\"\n")).collect();
        let mut text = format!("email,name\n{}", lines.concat());
        text.push_str("R0@example.com,\nr17@example.com,\nr499@example.com,\nnew@example.com,\n");
        let list = list(text);
        let mut rows = rows(&list);
        let mut seen = Seen::new(&list.files.list).unwrap();
        let mut found = Vec::new();
        while let Some(row) = rows.read().unwrap() {
            if let Some(line) = seen.line_of_earlier(&row).unwrap() {
                found.push((row.line(), line));
            }
        }
        assert_eq!(found, [(1002, 2), (1003, 36), (1004, 1000)]);
    }
}
