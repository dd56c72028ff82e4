//! Numbers in their order, as many as there may be, in bounded memory: beyond so many they are sorted in runs that wait in a
//! temporary file without a name, and are merged when read. What the numbers mean is not known here.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

/// So many numbers are sorted at a time: 4 MiB.
const RUN: usize = 1 << 19;
/// So many octets of a run are read at a time.
const CHUNK: usize = 1 << 16;
/// What a number takes in the file.
const WIDTH: usize = size_of::<u64>();

/// Numbers being collected.
#[derive(Debug)]
pub(super) struct NumberSorter {
    run: Vec<u64>,
    most: usize,
    file: Option<File>,
    /// How many numbers each run in the file has.
    written: Vec<usize>,
}

impl Default for NumberSorter {
    fn default() -> Self {
        NumberSorter::with_runs_of(RUN)
    }
}

impl NumberSorter {
    fn with_runs_of(most: usize) -> Self {
        NumberSorter { run: Vec::new(), most, file: None, written: Vec::new() }
    }

    /// # Errors
    /// The temporary file can't be written.
    pub(super) fn push(&mut self, number: u64) -> io::Result<()> {
        if self.run.len() == self.most {
            self.spill()?;
        }
        self.run.push(number);
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        self.run.sort_unstable();
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        let mut out = BufWriter::with_capacity(CHUNK, file);
        for number in &self.run {
            out.write_all(&number.to_le_bytes())?;
        }
        out.flush()?;
        self.written.push(self.run.len());
        self.run.clear();
        Ok(())
    }

    /// The numbers in their order.
    ///
    /// # Errors
    /// The temporary file can't be read.
    pub(super) fn sorted(mut self) -> io::Result<SortedNumbers> {
        self.run.sort_unstable();
        let mut runs = Vec::with_capacity(self.written.len());
        let mut offset = 0;
        for numbers in &self.written {
            let end = offset + (numbers * WIDTH) as u64;
            runs.push(Run { offset, end, read: Vec::new(), next: 0 });
            offset = end;
        }
        let mut sorted = SortedNumbers { last: self.run, next: 0, file: self.file, runs, heads: BinaryHeap::new() };
        for run in 0..sorted.runs.len() {
            sorted.refill(run)?;
        }
        Ok(sorted)
    }
}

/// Numbers, lowest first.
#[derive(Debug)]
pub(super) struct SortedNumbers {
    /// The run that never went to the file.
    last: Vec<u64>,
    next: usize,
    file: Option<File>,
    runs: Vec<Run>,
    /// The lowest number of each run in the file that has one left.
    heads: BinaryHeap<Reverse<(u64, usize)>>,
}

/// A run in the file: what of it was not read yet, and what was read and not given out.
#[derive(Debug)]
struct Run {
    offset: u64,
    end: u64,
    read: Vec<u8>,
    next: usize,
}

impl SortedNumbers {
    /// The next number.
    ///
    /// # Errors
    /// The temporary file can't be read.
    pub(super) fn take(&mut self) -> io::Result<Option<u64>> {
        let kept = self.last.get(self.next).copied();
        match (self.heads.peek().copied(), kept) {
            (Some(Reverse((number, run))), kept) if kept.is_none_or(|kept| number <= kept) => {
                self.heads.pop();
                self.refill(run)?;
                Ok(Some(number))
            }
            _ => {
                self.next += 1;
                Ok(kept)
            }
        }
    }

    /// Puts the next number of a run among the heads.
    fn refill(&mut self, run: usize) -> io::Result<()> {
        let Run { offset, end, read, next } = &mut self.runs[run];
        if *next == read.len()
            && let Some(file) = &mut self.file
        {
            let left = usize::try_from(*end - *offset).unwrap_or(usize::MAX);
            read.resize(left.min(CHUNK), 0);
            file.seek(SeekFrom::Start(*offset))?;
            file.read_exact(read)?;
            *offset += read.len() as u64;
            *next = 0;
        }
        if let Some(number) = read.get(*next..).and_then(|rest| rest.first_chunk::<WIDTH>()) {
            *next += WIDTH;
            self.heads.push(Reverse((u64::from_le_bytes(*number), run)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(mut sorted: SortedNumbers) -> Vec<u64> {
        std::iter::from_fn(|| sorted.take().unwrap()).collect()
    }

    proptest! {
        #[test]
        fn numbers_come_out_in_their_order(mut numbers in prop::collection::vec(0u64..500, 0..400), most in 1usize..50) {
            let mut sorter = NumberSorter::with_runs_of(most);
            numbers.iter().for_each(|number| sorter.push(*number).unwrap());
            numbers.sort_unstable();
            prop_assert_eq!(all(sorter.sorted().unwrap()), numbers);
        }
    }

    #[test]
    fn a_run_longer_than_a_chunk_is_read_whole() {
        let mut sorter = NumberSorter::with_runs_of(3 * CHUNK / WIDTH + 1);
        let numbers = 40_000u64..140_000;
        numbers.clone().rev().for_each(|number| sorter.push(number).unwrap());
        assert_eq!(all(sorter.sorted().unwrap()), numbers.collect::<Vec<_>>());
    }
}
