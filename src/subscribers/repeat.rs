//! Which rows share their address with another one, exactly, in memory that hardly grows with the list.
//!
//! One look at the list takes the hash of every address; sorted, equal hashes stand side by side. Only those rows are
//! read once more, and their addresses decide: nobody is left out because two hashes agree.

use crate::diagnostic::{Diagnostic, Place, Result};

use super::defect::shown;
use super::index::{Places, index};
use super::list::Rows;
use super::row::Row;
use super::withdrawal::Withdrawal;

/// A row whose address stands in another row too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Repeat {
    /// The row's number, counted from 0.
    row: u32,
    /// The line of the first row with this address, when that is another one.
    pub(super) earlier: Option<u64>,
    /// Why any of these rows gets nothing.
    pub(super) withdrawn: Option<Withdrawal>,
}

/// The repeats of a list, handed out row by row.
#[derive(Debug)]
pub(super) struct Repeats {
    /// In the order of the rows.
    found: Vec<Repeat>,
    next: usize,
    row: u32,
}

impl Repeats {
    /// Goes through the list, which stands at its first row before and after.
    pub(super) fn find(rows: &mut Rows) -> Result<Repeats> {
        let (places, mut hashes) = index(rows)?;
        let mut found = Vec::new();
        hashes.each_run(|run| compare(rows, &places, run, &mut found))?;
        found.sort_unstable_by_key(|repeat| repeat.row);
        rows.rewind();
        Ok(Repeats { found, next: 0, row: 0 })
    }

    /// Called for every row in its order: whether it is a repeat.
    pub(super) fn step(&mut self) -> Option<Repeat> {
        let repeat = self.found.get(self.next).copied().filter(|repeat| repeat.row == self.row);
        self.row = self.row.saturating_add(1);
        self.next += usize::from(repeat.is_some());
        repeat
    }
}

/// The numbers of the rows, counted from 0, of every address that has several, and a way to read them. The list stands at
/// its first row before and after.
pub(super) fn groups(rows: &mut Rows) -> Result<(Vec<Vec<u32>>, Places)> {
    let (places, mut hashes) = index(rows)?;
    let mut found = Vec::new();
    hashes.each_run(|run| {
        let groups = same(rows, &places, run)?.into_iter().filter(|group| group.rows.len() > 1);
        found.extend(groups.map(|group| group.rows.into_iter().map(|(row, _)| row).collect::<Vec<u32>>()));
        Ok(())
    })?;
    // In the order of the list.
    found.sort_unstable();
    rows.rewind();
    Ok((found, places))
}

/// The rows of one address among those of one hash.
struct Group {
    email: String,
    first: Option<u64>,
    withdrawn: Option<Withdrawal>,
    rows: Vec<(u32, Option<u64>)>,
}

/// Reads the rows of one hash, in their order, and finds those with the same address.
fn compare(rows: &mut Rows, places: &Places, run: &[u32], found: &mut Vec<Repeat>) -> Result<()> {
    for group in same(rows, places, run)?.into_iter().filter(|group| group.rows.len() > 1) {
        let withdrawn = group.withdrawn;
        found.extend(group.rows.into_iter().map(|(row, earlier)| Repeat { row, earlier, withdrawn }));
    }
    Ok(())
}

/// The rows of one hash by their addresses.
fn same(rows: &mut Rows, places: &Places, run: &[u32]) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    for number in run.iter().copied() {
        let Some(row) = places.read(rows, number)?.filter(Row::has_address) else { continue };
        let known = groups.iter().position(|group| group.email.eq_ignore_ascii_case(row.email()));
        let at = known.unwrap_or(groups.len());
        if known.is_none() {
            groups.push(Group { email: row.email().to_owned(), first: None, withdrawn: None, rows: Vec::new() });
        }
        let group = &mut groups[at];
        group.withdrawn = group.withdrawn.or(Withdrawal::of(&row));
        group.rows.push((number, group.first));
        // A row with a fault is nobody's first.
        if row.fault().is_none() {
            group.first = group.first.or(Some(row.line()));
        }
    }
    Ok(groups)
}

/// The defect of a row whose address has stood before.
pub(super) fn defect(row: &Row<'_>, earlier: u64, label: &str) -> Diagnostic {
    let place = Place::line(label, usize::try_from(row.line()).unwrap_or(0));
    Diagnostic::error(format!("row {}: `{}` stands in row {earlier} already", row.line(), shown(row.email())))
        .at(place)
        .help("remove one of the two rows; the first one counts, and if either is not active nothing is sent")
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
        let mut repeats = Repeats::find(&mut rows).unwrap();
        let mut found = Vec::new();
        while let Some(row) = rows.read().unwrap() {
            if let Some(Repeat { earlier: Some(line), .. }) = repeats.step() {
                found.push((row.line(), line));
            }
        }
        assert_eq!(found, [(1002, 2), (1003, 36), (1004, 1000)]);
    }

    #[test]
    fn equal_hashes_are_not_equal_addresses() {
        let list = list("email,status\nann@example.com,\nbob@example.com,pending\nAnn@example.com,\n");
        let mut rows = rows(&list);
        let (places, _) = index(&mut rows).unwrap();
        let mut found = Vec::new();
        compare(&mut rows, &places, &[0, 1, 2], &mut found).unwrap();
        let repeat = |row, earlier| Repeat { row, earlier, withdrawn: None };
        assert_eq!(found, [repeat(0, None), repeat(2, Some(2))]);
    }
}
