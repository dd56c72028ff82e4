//! Which rows share their address with another one, exactly, in memory that hardly grows with the list.
//!
//! One look at the list takes the hash of every address; sorted, equal hashes stand side by side. Only those rows are
//! read once more, and their addresses decide: nobody is left out because two hashes agree.

use crate::diagnostic::{Diagnostic, Place, Result};

use super::defect::shown;
use super::key::Hash;
use super::list::Rows;
use super::numbers::NumberSorter;
use super::row::Row;
use super::withdrawal::Withdrawal;

/// The place of every so many rows is remembered, to find any of them again.
const STEP: usize = 64;

/// Where a row begins: byte and line.
type Begin = (u64, u64);

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
        let (places, hashes) = hashes(rows)?;
        let mut found = Vec::new();
        each_run(hashes, |run| compare(rows, &places, run, &mut found))?;
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

/// Goes through the list once: the places of some rows, and for each row that may have an address its hash (the upper
/// half) and its number.
fn hashes(rows: &mut Rows) -> Result<(Vec<Begin>, NumberSorter)> {
    let hash = Hash::default();
    let mut places = Vec::new();
    let mut hashes = NumberSorter::default();
    let mut number = 0u32;
    while let Some(row) = rows.glimpse()? {
        if (number as usize).is_multiple_of(STEP) {
            places.push(row.begin);
        }
        if memchr::memchr(b'@', row.email).is_some() {
            let entry = u64::from(hash.of(row.email)) << 32 | u64::from(number);
            hashes.push(entry).map_err(|error| no_room(&error))?;
        }
        number = number.checked_add(1).ok_or_else(|| {
            Diagnostic::error("the list has more than four billion rows").help("split it into several lists")
        })?;
    }
    Ok((places, hashes))
}

/// Gives every run of equal hashes that is longer than one to `each`.
fn each_run(hashes: NumberSorter, mut each: impl FnMut(&[u64]) -> Result<()>) -> Result<()> {
    let mut run: Vec<u64> = Vec::new();
    let mut sorted = hashes.sorted().map_err(|error| no_room(&error))?;
    loop {
        let entry = sorted.take().map_err(|error| no_room(&error))?;
        if run.first().is_none_or(|first| entry.is_none_or(|entry| first >> 32 != entry >> 32)) {
            if run.len() > 1 {
                each(&run)?;
            }
            run.clear();
        }
        match entry {
            Some(entry) => run.push(entry),
            None => return Ok(()),
        }
    }
}

fn no_room(error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(format!("the temporary file that finds repeated addresses can't be used: {error}"))
        .help("make room where temporary files go, or name another folder in TMPDIR")
}

/// The numbers of the rows, counted from 0, of every address that has several, and a way to read them. The list stands at
/// its first row before and after.
pub(super) fn groups(rows: &mut Rows) -> Result<(Vec<Vec<u32>>, Places)> {
    let (places, hashes) = hashes(rows)?;
    let mut found = Vec::new();
    each_run(hashes, |run| {
        let groups = same(rows, &places, run)?.into_iter().filter(|group| group.rows.len() > 1);
        found.extend(groups.map(|group| group.rows.into_iter().map(|(row, _)| row).collect::<Vec<u32>>()));
        Ok(())
    })?;
    // In the order of the list.
    found.sort_unstable();
    rows.rewind();
    Ok((found, Places(places)))
}

/// Where some of the rows begin: byte and line.
pub(super) struct Places(Vec<Begin>);

impl Places {
    /// Reads a row by its number.
    pub(super) fn read<'a>(&self, rows: &'a mut Rows, number: u32) -> Result<Option<Row<'a>>> {
        read(rows, &self.0, number as usize)
    }
}

/// The rows of one address among those of one hash.
struct Group {
    email: String,
    first: Option<u64>,
    withdrawn: Option<Withdrawal>,
    rows: Vec<(u32, Option<u64>)>,
}

/// Reads the rows of one hash, in their order, and finds those with the same address.
fn compare(rows: &mut Rows, places: &[Begin], run: &[u64], found: &mut Vec<Repeat>) -> Result<()> {
    for group in same(rows, places, run)?.into_iter().filter(|group| group.rows.len() > 1) {
        let withdrawn = group.withdrawn;
        found.extend(group.rows.into_iter().map(|(row, earlier)| Repeat { row, earlier, withdrawn }));
    }
    Ok(())
}

/// The rows of one hash by their addresses.
fn same(rows: &mut Rows, places: &[Begin], run: &[u64]) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    for entry in run {
        let number = u32::try_from(entry & u64::from(u32::MAX)).unwrap_or_default();
        let Some(row) = read(rows, places, number as usize)?.filter(Row::has_address) else { continue };
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

/// Reads row `number` again.
fn read<'a>(rows: &'a mut Rows, places: &[Begin], number: usize) -> Result<Option<Row<'a>>> {
    let Some((offset, line)) = places.get(number / STEP) else { return Ok(None) };
    rows.seek(*offset, *line);
    for _ in 0..number % STEP {
        rows.read()?;
    }
    rows.read()
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
        let mut places = Vec::new();
        while let Some(row) = rows.read().unwrap() {
            places.push((row.raw.offset, row.line()));
        }
        let mut found = Vec::new();
        compare(&mut rows, &places[..1], &[0, 1, 2], &mut found).unwrap();
        let repeat = |row, earlier| Repeat { row, earlier, withdrawn: None };
        assert_eq!(found, [repeat(0, None), repeat(2, Some(2))]);
    }
}
