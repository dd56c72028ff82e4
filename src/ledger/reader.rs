//! Reading a journal: whole records in order, from a file that may be growing meanwhile.
//!
//! A torn end is left alone, since another process may be just writing it. Damage is an error that names its offset.

use std::fs::File;
use std::io::{Read as _, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::journal::{Journal, MAGIC};
use super::record::{Decoded, LONGEST_RECORD, Read, Record};
use crate::diagnostic::{Diagnostic, Result, shown_path};

/// How much is read at once.
const PIECE: usize = 1 << 18;

/// A journal that is read to its end now, and again later from there on.
#[derive(Debug)]
pub struct Follower(Reader<File>);

impl Follower {
    /// Opens a journal that may be in use.
    ///
    /// # Errors
    /// Another mailing's journal, or one that can't be read.
    pub fn open(path: &Path, mailing_id: &str) -> Result<Follower> {
        let file = File::open(path).map_err(|error| Diagnostic::io("open the journal", path, &error))?;
        Reader::begin(file, path, mailing_id).map(Follower)
    }

    /// Gives the records that came since the last time to `each`.
    pub fn read(&mut self, mut each: impl FnMut(&Read<'_>) -> Result<(), String>) -> Result<()> {
        self.read_with_offsets(|record, _| each(record))
    }

    /// [`Follower::read`] that also tells where each record begins.
    pub fn read_with_offsets(&mut self, each: impl FnMut(&Read<'_>, u64) -> Result<(), String>) -> Result<()> {
        let Reader { file, path, offset, .. } = &mut self.0;
        let length = file.metadata().map_err(|error| Diagnostic::io("read the journal", path, &error))?.len();
        if length < *offset {
            return Err(damaged(path, length, "it became shorter while it was read"));
        }
        // A torn end that was read may have been cut off and written over since.
        file.seek(SeekFrom::Start(*offset)).map_err(|error| Diagnostic::io("read the journal", path, &error))?;
        self.0.buffer.clear();
        self.0.start = 0;
        self.0.at_end = false;
        self.0.records_with_offsets(each)
    }
}

/// A file read in large pieces.
#[derive(Debug)]
pub(super) struct Reader<F> {
    file: F,
    path: PathBuf,
    buffer: Vec<u8>,
    /// Where in the buffer the octets begin that aren't decoded yet.
    start: usize,
    /// How many octets are decoded.
    offset: u64,
    at_end: bool,
}

impl<F: std::io::Read> Reader<F> {
    /// Reads the header.
    pub(super) fn begin(file: F, path: &Path, mailing_id: &str) -> Result<Reader<F>> {
        let mut reader =
            Reader { file, path: path.to_path_buf(), buffer: Vec::new(), start: 0, offset: 0, at_end: false };
        let header = Journal::header(mailing_id);
        reader.fill(header.len())?;
        if !reader.rest().starts_with(MAGIC) {
            return Err(damaged(path, 0, "this is no journal of ours, or one of another version"));
        }
        if !reader.rest().starts_with(&header) {
            return Err(damaged(path, MAGIC.len() as u64, "it belongs to another mailing"));
        }
        reader.consume(header.len());
        Ok(reader)
    }

    /// Where the whole records end that were read so far.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn records(&mut self, mut each: impl FnMut(&Read<'_>) -> Result<(), String>) -> Result<()> {
        self.records_with_offsets(|record, _| each(record))
    }

    /// Gives every whole record to `each`.
    fn records_with_offsets(&mut self, mut each: impl FnMut(&Read<'_>, u64) -> Result<(), String>) -> Result<()> {
        loop {
            match Record::decode(&self.buffer[self.start..]) {
                Decoded::Record(record, length) => {
                    each(&record, self.offset).map_err(|why| damaged(&self.path, self.offset, &why))?;
                    self.consume(length);
                }
                Decoded::Torn if !self.at_end => self.fill(LONGEST_RECORD)?,
                Decoded::Torn => return Ok(()),
                // A crash while writing leaves a short end, or a block of zeros where a file system had allocated before writing.
                Decoded::Corrupt => {
                    return if self.rest_is_zero()? {
                        Ok(())
                    } else {
                        Err(damaged(&self.path, self.offset, "a record's checksum is wrong"))
                    };
                }
            }
        }
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Reads until `wanted` octets are there or the file ends.
    fn fill(&mut self, wanted: usize) -> Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        while self.buffer.len() < wanted && !self.at_end {
            let before = self.buffer.len();
            let read = (&mut self.file).take(PIECE as u64).read_to_end(&mut self.buffer);
            read.map_err(|error| Diagnostic::io("read the journal", &self.path, &error))?;
            self.at_end = self.buffer.len() - before < PIECE;
        }
        Ok(())
    }

    fn consume(&mut self, length: usize) {
        self.offset += length as u64;
        self.start += length;
    }

    fn rest_is_zero(&mut self) -> Result<bool> {
        self.fill(usize::MAX)?;
        Ok(self.rest().iter().all(|byte| *byte == 0))
    }
}

fn damaged(path: &Path, offset: u64, why: &str) -> Diagnostic {
    Diagnostic::error(format!("{} is damaged at octet {offset}: {why}", shown_path(path)))
        .help("nothing was sent; restore the file from a backup, or look at it with a hex viewer. It is never repaired by guessing")
}
