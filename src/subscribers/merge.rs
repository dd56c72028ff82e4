//! Puts one list into another: who is in both keeps their row, who is new comes behind, and nobody who left comes back.
//!
//! Whoever left by either list has left. Empty columns are filled, tags put together; where the two lists say different
//! things the one that is added to is believed, and it is shown. The other list stays as it is.

use crate::diagnostic::{Diagnostic, Result};

use super::choice::{Changed, Kept, Sample};
use super::column::Columns;
use super::draft::{Basis, Changeset, Draft};
use super::edit::How;
use super::files::Files;
use super::key::Keys;
use super::list::Rows;
use super::row::Row;
use super::status::Status;
use super::suppression::Suppressions;
use super::tags;

/// What the two lists say differently of one reader.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    pub row: u64,
    pub address: String,
    pub column: String,
    /// What stays.
    pub kept: String,
    /// What the other list says.
    pub other: String,
}

/// What [`merge`] did.
#[derive(Debug)]
pub struct MergeReport {
    pub added: u64,
    pub changed: Sample<Changed>,
    /// Readers of both whose rows say the same.
    pub same: u64,
    pub differences: Sample<Difference>,
    /// Who had left by the other list and gets nothing by this one any more.
    pub left: Sample<Kept>,
    /// Rows of the other list that are suppressed here, and did not come.
    pub suppressed: u64,
    /// Rows of the other list that have a fault, and did not come.
    pub invalid: Sample<Kept>,
    pub changeset: Changeset,
}

/// The readers of the other list.
#[derive(Default)]
struct Others {
    keys: Keys,
    /// By number: byte and line of the first row, the status that says most against writing, whether they were met.
    readers: Vec<(u64, u32, Status, bool)>,
}

/// Merges the list `other` into `files`. `basis` is the list that was shown.
///
/// # Errors
/// One of them can't be read or written. Then nothing is changed.
pub fn merge(files: &Files, other: &Files, basis: Option<Basis>, how: How<'_>) -> Result<MergeReport> {
    if files.list == other.list {
        return Err(Diagnostic::error("a list can't be merged into itself").help("`dedupe` leaves one row a reader"));
    }
    let mut draft = Draft::open(files, "merge", how)?;
    draft.only_if(basis)?;
    let mut rows = Rows::open(&other.list)?;
    let suppressions = Suppressions::load(&files.suppressions)?;
    let theirs = rows.columns().clone();
    // Where each of their columns goes.
    let to: Vec<Option<usize>> = (0..theirs.len())
        .map(|column| {
            let name = theirs.name_of(column);
            if theirs.by_label(&name) != Some(column) || theirs.headings()[column].is_empty() {
                return Ok(None);
            }
            let heading = if column == theirs.email { "email" } else { &theirs.headings()[column] };
            draft.columns().column(&name).map_or_else(|| draft.require(heading), Ok).map(Some)
        })
        .collect::<Result<_>>()?;
    let mut merging = Merging {
        status: draft.require("status")?,
        columns: draft.columns().clone(),
        theirs,
        to,
        others: Others::default(),
        report: Parts::default(),
    };
    merging.survey(&mut rows, &suppressions)?;
    draft.visit(|row, edit| {
        for (column, value) in merging.meet(row, &mut rows)? {
            edit.set(column, value);
        }
        Ok(())
    })?;
    merging.append(&mut rows, &mut draft)?;
    rows.unchanged()?;
    let Parts { changed, same, differences, left, suppressed, invalid } = merging.report;
    let changeset = draft.commit()?;
    Ok(MergeReport { added: changeset.rows.added, changed, same, differences, left, suppressed, invalid, changeset })
}

#[derive(Default)]
struct Parts {
    changed: Sample<Changed>,
    same: u64,
    differences: Sample<Difference>,
    left: Sample<Kept>,
    suppressed: u64,
    invalid: Sample<Kept>,
}

struct Merging {
    status: usize,
    columns: Columns,
    theirs: Columns,
    to: Vec<Option<usize>>,
    others: Others,
    report: Parts,
}

impl Merging {
    /// Goes through the other list: who is in it, and who of them left.
    fn survey(&mut self, rows: &mut Rows, suppressions: &Suppressions) -> Result<()> {
        while let Some(row) = rows.read()? {
            let Some(status) = row.status().filter(|_| row.fault().is_none()) else {
                self.report.invalid.push(|| super::assign::kept_row(&row, &self.theirs));
                continue;
            };
            let suppressed = suppressions.reason_for(row.email()).is_some();
            let line = u32::try_from(row.line()).unwrap_or(u32::MAX);
            match self.others.keys.enter(row.email()) {
                None => self.others.readers.push((row.raw.offset, line, status, suppressed)),
                Some(number) => {
                    if let Some(known) = self.others.readers.get_mut(number) {
                        known.2 = known.2.max(status);
                    }
                }
            }
            self.report.suppressed += u64::from(suppressed);
        }
        Ok(())
    }

    /// What a row of ours gets from the other list.
    fn meet(&mut self, row: &Row<'_>, rows: &mut Rows) -> Result<Vec<(usize, String)>> {
        let Some(number) = self.others.keys.find(row.email()).filter(|_| row.has_address()) else {
            return Ok(Vec::new());
        };
        let Some((offset, line, status, met)) = self.others.readers.get_mut(number) else { return Ok(Vec::new()) };
        *met = true;
        let (offset, line, status) = (*offset, *line, *status);
        if row.fault().is_some() {
            return Ok(Vec::new());
        }
        let mut values = Vec::new();
        if row.status().is_some_and(|ours| status > ours) && status != Status::Pending {
            self.report.left.push(|| super::assign::kept_row(row, &self.columns));
            values.push((self.status, status.as_str().to_owned()));
        }
        rows.seek(offset, u64::from(line));
        if let Some(other) = rows.read()? {
            self.compare(row, &other, &mut values);
        }
        if values.is_empty() {
            self.report.same += 1;
        } else {
            let named = |(column, value): &(usize, String)| {
                (self.columns.name_of(*column).into_owned(), row.cell(*column).into_owned(), value.clone())
            };
            let address = || row.email().to_owned();
            let columns = || values.iter().map(named).collect();
            self.report.changed.push(|| Changed { row: row.line(), address: address(), columns: columns() });
        }
        Ok(values)
    }

    fn compare(&mut self, row: &Row<'_>, other: &Row<'_>, values: &mut Vec<(usize, String)>) {
        for (column, to) in self.to.iter().enumerate() {
            let Some(to) = to.filter(|to| *to != self.columns.email && *to != self.status) else { continue };
            let (ours, theirs) = (row.column(to), other.column(column));
            if theirs.is_empty() || theirs == ours {
                continue;
            }
            if self.columns.name_of(to) == "tags" {
                let cell = row.cell(to).into_owned();
                let all = tags::words(theirs).fold(cell.clone(), |cell, word| tags::with(&cell, word));
                if all != cell {
                    values.push((to, all));
                }
            } else if ours.is_empty() {
                values.push((to, theirs.to_owned()));
            } else {
                self.report.differences.push(|| Difference {
                    row: row.line(),
                    address: row.email().to_owned(),
                    column: self.columns.name_of(to).into_owned(),
                    kept: ours.to_owned(),
                    other: theirs.to_owned(),
                });
            }
        }
    }

    /// Who is in the other list alone comes behind; also who left by it, so that this stays known.
    fn append(&mut self, rows: &mut Rows, draft: &mut Draft) -> Result<()> {
        rows.rewind();
        let mut cells = vec![String::new(); self.columns.len()];
        while let Some(row) = rows.read()? {
            let Some(number) = self.others.keys.find(row.email()).filter(|_| row.fault().is_none()) else { continue };
            let Some((.., status, met)) = self.others.readers.get_mut(number) else { continue };
            if std::mem::replace(met, true) {
                continue;
            }
            cells.iter_mut().for_each(String::clear);
            for (column, to) in self.to.iter().enumerate() {
                if let Some(cell) = to.and_then(|to| cells.get_mut(to)) {
                    cell.push_str(row.column(column));
                }
            }
            row.email().clone_into(&mut cells[self.columns.email]);
            status.as_str().clone_into(&mut cells[self.status]);
            draft.append(row.email(), &cells)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::test::list;
    use super::*;

    #[test]
    fn nobody_who_left_comes_back_and_gaps_are_filled() {
        let list = list(
            "email,name,status,tags\nann@example.com,Ann,active,a\nbob@example.com,,unsubscribed,\ncem@example.com,Cem,,\n",
        );
        let folder = list.files.folder().to_owned();
        let other = Files::named(&folder, "old").unwrap();
        std::fs::write(
            &other.list,
            "E-Mail;Name;City;Status;Tags\nANN@example.com;Anna;Rome;active;b\nbob@example.com;Bob;;active;\n\
             cem@example.com;Cem;;unsubscribed;\ndan@example.com;\"D;an\";Oslo;;\ndan@example.com;;;complained;\n\
             eve@example.org;;;;\nfay;;;;\n",
        )
        .unwrap();
        std::fs::write(&list.files.suppressions, "address\n@example.org\n").unwrap();
        let at = "2026-11-22T23:00:00Z".parse().unwrap();
        let how = How { at, by: "t", dry_run: false };
        let report = merge(&list.files, &other, None, how).unwrap();
        assert_eq!(
            std::fs::read_to_string(&list.files.list).unwrap(),
            "email,name,status,tags,City\nann@example.com,Ann,active,a b,Rome\nbob@example.com,Bob,unsubscribed,\n\
             cem@example.com,Cem,unsubscribed,\ndan@example.com,D;an,complained,,Oslo\n"
        );
        assert_eq!((report.added, report.changed.total, report.left.total), (1, 3, 1));
        assert_eq!((report.suppressed, report.invalid.total), (1, 1));
        assert_eq!((report.differences.total, report.differences.first[0].other.as_str()), (1, "Anna"));
        let again = merge(&list.files, &other, None, how).unwrap();
        assert_eq!((again.changeset.number, again.same), (None, 4));
        assert!(merge(&list.files, &list.files, None, how).is_err());
    }
}
