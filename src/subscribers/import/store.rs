//! The values of everybody who is imported, in bounded memory: packed one behind the other, and beyond some megabytes
//! in a file without a name that is gone with the process.

use std::io::{BufReader, Read, Seek, SeekFrom, Write};

use tempfile::SpooledTempFile;

use crate::diagnostic::{Diagnostic, Result};

/// What is held in memory; the rest lies on disk.
const IN_MEMORY: usize = 16 << 20;
/// How much is read at once when values are looked up; those of neighbours are mostly asked for next.
const BLOCK: usize = 1 << 12;

/// Values on their way in.
#[derive(Debug)]
pub(super) struct Writer {
    out: SpooledTempFile,
    row: Vec<u8>,
    buffer: Vec<u8>,
    length: u64,
}

/// Values to be looked up by their place.
#[derive(Debug)]
pub(super) struct Store {
    file: BufReader<SpooledTempFile>,
    at: u64,
    bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn new() -> Writer {
        Writer { out: SpooledTempFile::new(IN_MEMORY), row: Vec::new(), buffer: Vec::new(), length: 0 }
    }

    /// Adds a value of the row that is being written, with the number of its column.
    pub(super) fn value(&mut self, column: u8, value: &str) {
        self.row.push(column);
        number(&mut self.row, value.len());
        self.row.extend_from_slice(value.as_bytes());
    }

    /// Ends the row, and says where its values lie.
    pub(super) fn end_row(&mut self) -> Result<u64> {
        let place = self.length;
        let start = self.buffer.len();
        // The length of the whole goes before it.
        number(&mut self.buffer, self.row.len());
        self.buffer.append(&mut self.row);
        self.length += (self.buffer.len() - start) as u64;
        if self.buffer.len() > 1 << 16 {
            self.flush()?;
        }
        Ok(place)
    }

    fn flush(&mut self) -> Result<()> {
        self.out.write_all(&self.buffer).map_err(|error| failed(&error))?;
        self.buffer.clear();
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Store> {
        self.flush()?;
        self.out.seek(SeekFrom::Start(0)).map_err(|error| failed(&error))?;
        Ok(Store { file: BufReader::with_capacity(BLOCK, self.out), at: 0, bytes: Vec::new() })
    }
}

impl Store {
    /// Looks the values at a place up.
    pub(super) fn at(&mut self, place: u64) -> Result<Values<'_>> {
        self.fill(place).map_err(|error| failed(&error))?;
        Ok(Values { bytes: &self.bytes })
    }

    fn fill(&mut self, place: u64) -> std::io::Result<()> {
        let distance = place.cast_signed().wrapping_sub(self.at.cast_signed());
        self.file.seek_relative(distance)?;
        self.at = place;
        let mut length = 0usize;
        for shift in (0..).step_by(7) {
            let mut byte = [0];
            self.file.read_exact(&mut byte)?;
            self.at += 1;
            length |= usize::from(byte[0] & 0x7f) << shift;
            if byte[0] & 0x80 == 0 || shift > 28 {
                break;
            }
        }
        self.bytes.resize(length, 0);
        self.file.read_exact(&mut self.bytes)?;
        self.at += length as u64;
        Ok(())
    }
}

/// The values of one row.
#[derive(Debug)]
pub(super) struct Values<'a> {
    bytes: &'a [u8],
}

impl<'a> Iterator for Values<'a> {
    type Item = (u8, &'a str);

    fn next(&mut self) -> Option<(u8, &'a str)> {
        let (column, mut rest) = self.bytes.split_first()?;
        let mut length = 0usize;
        let mut shift = 0;
        loop {
            let (byte, more) = rest.split_first()?;
            rest = more;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 || shift > 28 {
                break;
            }
        }
        let (value, rest) = rest.split_at_checked(length)?;
        self.bytes = rest;
        Some((*column, std::str::from_utf8(value).unwrap_or_default()))
    }
}

/// Seven bits a byte, the lowest first.
fn number(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or_default();
        value >>= 7;
        if value == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

fn failed(error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(format!("what is imported can't be set aside: {error}"))
        .help("make room on the disk for temporary files, then run the command again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn values_are_found_again_in_any_order(rows in proptest::collection::vec(proptest::collection::vec((0u8..250, "\\PC{0,200}"), 0..5), 1..40), order: Vec<u16>) {
            let mut writer = Writer::new();
            let mut places = Vec::new();
            for row in &rows {
                row.iter().for_each(|(column, value)| writer.value(*column, value));
                places.push(writer.end_row().unwrap());
            }
            let mut store = writer.finish().unwrap();
            for n in order.iter().map(|n| usize::from(*n) % rows.len()).chain(0..rows.len()) {
                let found: Vec<(u8, String)> = store.at(places[n]).unwrap().map(|(c, v)| (c, v.to_owned())).collect();
                prop_assert_eq!(&found, &rows[n]);
            }
        }
    }
}
