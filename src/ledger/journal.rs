//! The ledger's file form: an append-only log of records behind a header that names its mailing.
//!
//! Records are appended in groups, one write and one `fdatasync` for many. On opening, what a crash left torn at the end is cut
//! off; damage anywhere else is an error that names its offset, and nothing is repaired. A sync that fails is never tried
//! again: what the disk then holds is unknown.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::record::{Decoded, LONGEST_RECORD, Record};
use crate::diagnostic::{Diagnostic, Result, shown_path};
use crate::durable;

/// The first octets of every journal, with the version of its form.
const MAGIC: &[u8; 16] = b"letterpress j 2\n";

/// A journal open for appending.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Records not yet written.
    buffer: Vec<u8>,
    /// Something was written that the disk may not hold yet.
    unsynced: bool,
    /// Set when a write or sync failed: the journal takes nothing more.
    broken: bool,
}

impl Journal {
    /// The octets a new journal of a mailing begins with.
    pub fn header(mailing_id: &str) -> Vec<u8> {
        [MAGIC.as_slice(), mailing_id.as_bytes(), b"\n"].concat()
    }

    /// Opens a journal for appending: gives every record to `each`, in order, and cuts a torn end off.
    ///
    /// # Errors
    /// Another mailing's journal, damage in the middle, a record that `each` refuses, or an I/O error.
    pub fn open(path: &Path, mailing_id: &str, mut each: impl FnMut(&Record) -> Result<(), String>) -> Result<Journal> {
        let io = |error: &std::io::Error| Diagnostic::io("open the journal", path, error);
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(|error| io(&error))?;
        let length = replay(&mut file, path, mailing_id, |record, _| each(record))?;
        let actual = file.metadata().map_err(|error| io(&error))?.len();
        if length < actual {
            file.set_len(length).and_then(|()| file.sync_all()).map_err(|error| io(&error))?;
        }
        file.seek(SeekFrom::Start(length)).map_err(|error| io(&error))?;
        Ok(Journal { path: path.to_path_buf(), file, buffer: Vec::new(), unsynced: false, broken: false })
    }

    /// Reads a journal that may be in use, without changing it. A torn end is ignored.
    pub fn read(path: &Path, mailing_id: &str, mut each: impl FnMut(&Record) -> Result<(), String>) -> Result<()> {
        Self::read_with_offsets(path, mailing_id, |record, _| each(record))
    }

    /// [`Journal::read`] that also tells where each record begins.
    pub fn read_with_offsets(
        path: &Path,
        mailing_id: &str,
        each: impl FnMut(&Record, u64) -> Result<(), String>,
    ) -> Result<()> {
        let mut file = File::open(path).map_err(|error| Diagnostic::io("open the journal", path, &error))?;
        replay(&mut file, path, mailing_id, each).map(|_| ())
    }

    /// Reads the record that begins at `offset`, as [`Journal::read_with_offsets`] told it.
    pub fn record_at(mut file: &File, offset: u64) -> Result<Record> {
        let mut bytes = Vec::with_capacity(LONGEST_RECORD);
        let read =
            file.seek(SeekFrom::Start(offset)).and_then(|_| file.take(LONGEST_RECORD as u64).read_to_end(&mut bytes));
        match (read, Record::decode(&bytes)) {
            (Ok(_), Decoded::Record(record, _)) => Ok(record),
            _ => Err(Diagnostic::error(format!("the journal changed while it was read, at octet {offset}"))
                .help("run the command again")),
        }
    }

    /// Takes a record; it is durable after the next [`Journal::commit`].
    pub fn append(&mut self, record: &Record) {
        record.encode_into(&mut self.buffer);
    }

    /// Writes what was appended without waiting for the disk: it survives the end of this process, not a power cut.
    ///
    /// # Errors
    /// A failed write; the journal then takes nothing more, since its end is unknown.
    pub fn flush(&mut self) -> Result<()> {
        if self.broken {
            return Err(Diagnostic::error(format!(
                "{} could not be written before; nothing more is sent",
                shown_path(&self.path)
            )));
        }
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.check_in_place()?;
        let written = self.file.write_all(&self.buffer);
        self.buffer.clear();
        self.unsynced = true;
        self.checked(written)
    }

    /// Makes everything appended so far durable: one write, one `fdatasync`.
    ///
    /// # Errors
    /// As [`Journal::flush`]; after a failed sync nothing is known of what the disk holds, so it is not tried again.
    pub fn commit(&mut self) -> Result<()> {
        self.flush()?;
        if !self.unsynced {
            return Ok(());
        }
        let synced = self.file.sync_data();
        self.unsynced = false;
        self.checked(synced)
    }

    /// A journal that was removed or replaced meanwhile would take our records into nowhere.
    fn check_in_place(&mut self) -> Result<()> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let same = std::fs::metadata(&self.path)
                .and_then(|there| {
                    self.file.metadata().map(|ours| (there.dev(), there.ino()) == (ours.dev(), ours.ino()))
                })
                .unwrap_or(false);
            if !same {
                self.broken = true;
                return Err(Diagnostic::error(format!(
                    "{} was moved or removed while it was in use; sending has stopped",
                    shown_path(&self.path)
                ))
                .help("put the file back, then run `letterpress status` to see what is known"));
            }
        }
        Ok(())
    }

    fn checked(&mut self, result: std::io::Result<()>) -> Result<()> {
        result.map_err(|error| {
            self.broken = true;
            Diagnostic::io("write the journal", &self.path, &error)
                .help("sending has stopped; what was recorded before is safe, and copies on their way show as in doubt")
        })
    }
}

/// Makes a new journal in a folder that isn't in use yet.
pub fn create(path: &Path, mailing_id: &str) -> Result<()> {
    durable::create_new(path, durable::Privacy::Private, &Journal::header(mailing_id))
}

/// Gives every whole record to `each` and returns where they end.
fn replay(
    file: &mut File,
    path: &Path,
    mailing_id: &str,
    mut each: impl FnMut(&Record, u64) -> Result<(), String>,
) -> Result<u64> {
    let mut reader = Chunks { file, path, buffer: Vec::new(), start: 0, offset: 0, at_end: false };
    let header = Journal::header(mailing_id);
    reader.fill(header.len())?;
    if !reader.rest().starts_with(MAGIC) {
        return Err(damaged(path, 0, "this is no journal of ours, or one of another version"));
    }
    if !reader.rest().starts_with(&header) {
        return Err(damaged(path, MAGIC.len() as u64, "it belongs to another mailing"));
    }
    reader.consume(header.len());
    loop {
        match Record::decode(reader.rest()) {
            Decoded::Record(record, length) => {
                each(&record, reader.offset).map_err(|why| damaged(path, reader.offset, &why))?;
                reader.consume(length);
            }
            Decoded::Torn if !reader.at_end => reader.fill(usize::from(u16::MAX) + 8)?,
            Decoded::Torn => return Ok(reader.offset),
            // A crash while writing leaves a short end, or a block of zeros where a file system had allocated before writing.
            Decoded::Corrupt if reader.rest_is_zero()? => return Ok(reader.offset),
            Decoded::Corrupt => return Err(damaged(path, reader.offset, "a record's checksum is wrong")),
        }
    }
}

fn damaged(path: &Path, offset: u64, why: &str) -> Diagnostic {
    Diagnostic::error(format!("{} is damaged at octet {offset}: {why}", shown_path(path)))
        .help("nothing was sent; restore the file from a backup, or look at it with a hex viewer. It is never repaired by guessing")
}

/// A file read in large pieces.
struct Chunks<'a> {
    file: &'a mut File,
    path: &'a Path,
    buffer: Vec<u8>,
    /// Where in the buffer the octets begin that aren't decoded yet.
    start: usize,
    /// How many octets are decoded.
    offset: u64,
    at_end: bool,
}

impl Chunks<'_> {
    fn rest(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Reads until `wanted` octets are there or the file ends.
    fn fill(&mut self, wanted: usize) -> Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let mut chunk = vec![0; 1 << 16];
        while self.buffer.len() < wanted && !self.at_end {
            let n =
                self.file.read(&mut chunk).map_err(|error| Diagnostic::io("read the journal", self.path, &error))?;
            self.buffer.extend_from_slice(&chunk[..n]);
            self.at_end = n == 0;
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

#[cfg(test)]
mod tests;
