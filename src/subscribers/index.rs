//! One look at a whole list: which rows may have the same address, and where any of them is found again.
//!
//! The look takes the hash of every address; sorted, equal hashes stand side by side. Two threads look at a long list, one from
//! its middle on: that a row begins there, and not in the midst of a quoted value, is known when the first one arrives.

use std::thread;

use super::key::Hash;
use super::list::Rows;
use super::numbers::{NumberSorter, SortedNumbers};
use super::row::Row;
use crate::diagnostic::{Diagnostic, Result};

/// The place of every so many rows is remembered, to find any of them again.
const STEP: usize = 64;

/// Neighbouring rows.
struct Part {
    /// Where every so many of them begin: byte and line.
    places: Vec<(u64, u64)>,
    /// Of each row that may have an address its hash (the upper half), and its number in this part.
    hashes: SortedNumbers,
    rows: u32,
}

/// Goes through a list, which stands at its first row before, and anywhere after.
pub(super) fn index(rows: &mut Rows) -> Result<(Places, Hashes)> {
    let hash = Hash::default();
    let Some(mut other) = rows.halfway() else { return join(vec![look(rows, u64::MAX, hash)?]) };
    let middle = other.place().0;
    let (first, second) = thread::scope(|scope| {
        let second = thread::Builder::new().spawn_scoped(scope, move || look(&mut other, u64::MAX, hash)).ok();
        (look(rows, middle, hash), second.map(thread::ScopedJoinHandle::join))
    });
    let first = first?;
    let (arrived, line) = rows.place();
    let second = match second {
        Some(Ok(Ok(second))) if arrived == middle => Ok(second.moved(line)),
        // It began where no row does, or met a fault, whose line it can't name.
        Some(Ok(_)) | None => look(rows, u64::MAX, hash),
        Some(Err(panic)) => std::panic::resume_unwind(panic),
    };
    join(vec![first, second?])
}

/// Looks at all rows that begin before the byte `until`.
fn look(rows: &mut Rows, until: u64, hash: Hash) -> Result<Part> {
    let mut places = Vec::new();
    let mut hashes = NumberSorter::default();
    let mut number = 0u32;
    while rows.place().0 < until
        && let Some(row) = rows.glimpse()?
    {
        if (number as usize).is_multiple_of(STEP) {
            places.push(row.begin);
        }
        if memchr::memchr(b'@', row.email).is_some() {
            let entry = u64::from(hash.of(row.email)) << 32 | u64::from(number);
            hashes.push(entry).map_err(|error| no_room(&error))?;
        }
        number = number.checked_add(1).ok_or_else(too_many)?;
    }
    Ok(Part { places, hashes: hashes.sorted().map_err(|error| no_room(&error))?, rows: number })
}

impl Part {
    /// Of a part whose lines were counted from 0, and that begins with this one.
    fn moved(mut self, line: u64) -> Part {
        self.places.iter_mut().for_each(|place| place.1 += line);
        self
    }
}

fn join(parts: Vec<Part>) -> Result<(Places, Hashes)> {
    let (mut places, mut hashes) = (Places(Vec::new()), Hashes(Vec::new()));
    let mut first = 0u32;
    for mut part in parts {
        let next = part.hashes.take().map_err(|error| no_room(&error))?;
        places.0.push((first, part.places));
        hashes.0.push(Sorted { first, next, rest: part.hashes });
        first = first.checked_add(part.rows).ok_or_else(too_many)?;
    }
    Ok((places, hashes))
}

/// Where some of the rows begin: by parts, each with the number of its first row.
pub(super) struct Places(Vec<(u32, Vec<(u64, u64)>)>);

impl Places {
    /// Reads a row by its number, counted from 0.
    pub(super) fn read<'a>(&self, rows: &'a mut Rows, number: u32) -> Result<Option<Row<'a>>> {
        let Some((first, places)) = self.0.iter().rfind(|(first, _)| *first <= number) else { return Ok(None) };
        let number = (number - first) as usize;
        let Some((offset, line)) = places.get(number / STEP) else { return Ok(None) };
        rows.seek(*offset, *line);
        for _ in 0..number % STEP {
            rows.read()?;
        }
        rows.read()
    }
}

/// The hashes of all rows, in the order of the hashes.
pub(super) struct Hashes(Vec<Sorted>);

/// The hashes of a part, and the number of its first row.
struct Sorted {
    first: u32,
    next: Option<u64>,
    rest: SortedNumbers,
}

impl Hashes {
    /// Gives the numbers of the rows that have one hash to `each`, wherever there are several, in the order of the list.
    pub(super) fn each_run(&mut self, mut each: impl FnMut(&[u32]) -> Result<()>) -> Result<()> {
        let (mut run, mut hash) = (Vec::new(), None);
        loop {
            let next = self.take().map_err(|error| no_room(&error))?;
            if hash != next.map(|(hash, _)| hash) {
                if run.len() > 1 {
                    each(&run)?;
                }
                run.clear();
            }
            let Some((same, number)) = next else { return Ok(()) };
            hash = Some(same);
            run.push(number);
        }
    }

    /// The next hash, with the number of a row that has it.
    fn take(&mut self) -> std::io::Result<Option<(u32, u32)>> {
        let halves = |entry: u64| (u32::try_from(entry >> 32), u32::try_from(entry & u64::from(u32::MAX)));
        let mut lowest: Option<(&mut Sorted, u32, u32)> = None;
        for part in &mut self.0 {
            let Some((Ok(hash), Ok(number))) = part.next.map(halves) else { continue };
            // Of two parts with the hash, the former goes first.
            if lowest.as_ref().is_none_or(|(_, low, _)| hash < *low) {
                let number = part.first + number;
                lowest = Some((part, hash, number));
            }
        }
        let Some((part, hash, number)) = lowest else { return Ok(None) };
        part.next = part.rest.take()?;
        Ok(Some((hash, number)))
    }
}

fn too_many() -> Diagnostic {
    Diagnostic::error("the list has more than four billion rows").help("split it into several lists")
}

fn no_room(error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(format!("the temporary file that finds repeated addresses can't be used: {error}"))
        .help("make room where temporary files go, or name another folder in TMPDIR")
}

#[cfg(test)]
mod tests {
    use super::super::test::{list, rows};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Quotes anywhere, so that the middle may lie within a value, and empty lines.
        #[test]
        fn two_threads_find_the_rows_that_one_finds(
            pieces in proptest::collection::vec("[abAB]@b\\.c,x\n|b@b\\.c,\"two\nlines\"\n|\n|\"|[ab],\r\n", 0..60),
        ) {
            let list = list(format!("email,name\n{}", pieces.concat()));
            let (mut one, mut two) = (rows(&list), rows(&list));
            let mut places = Vec::new();
            let alone = loop {
                match one.read() {
                    Ok(Some(row)) => places.push((row.raw.offset, row.line(), row.email().to_owned())),
                    Ok(None) => break None,
                    Err(error) => break Some(error.render(false)),
                }
            };
            let found = index(&mut two);
            prop_assert_eq!(found.as_ref().err().map(|error| error.render(false)), alone);
            let Ok((found, mut hashes)) = found else { return Ok(()) };
            for (number, place) in places.iter().enumerate() {
                let row = found.read(&mut two, u32::try_from(number).unwrap()).unwrap().unwrap();
                prop_assert_eq!(&(row.raw.offset, row.line(), row.email().to_owned()), place);
            }
            let same = |one: usize, other: usize| places[one].2.eq_ignore_ascii_case(&places[other].2);
            let has_others = |n: usize| places[n].2.contains('@') && (0..places.len()).any(|m| m != n && same(n, m));
            let mut wanted: Vec<usize> = (0..places.len()).filter(|n| has_others(*n)).collect();
            hashes.each_run(|run| {
                assert!(run.is_sorted());
                wanted.retain(|n| !run.contains(&u32::try_from(*n).unwrap()));
                Ok(())
            }).unwrap();
            prop_assert!(wanted.is_empty());
        }
    }
}
