//! The ledger's file form: an append-only log of records behind a header that names its mailing.
//!
//! Records are appended in groups, one write and one `fdatasync` for many. On opening, what a crash left torn at the end is cut
//! off; damage anywhere else is an error that names its offset, and nothing is repaired. A sync that fails is never tried
//! again: what the disk then holds is unknown. How it is read is told in `reader.rs`.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::reader::{Follower, Reader};
use super::record::{Decoded, LONGEST_RECORD, Read, Record};
use crate::diagnostic::{Diagnostic, Result, shown_path};
use crate::durable;

/// The first octets of every journal, with the version of its form.
pub(super) const MAGIC: &[u8; 16] = b"letterpress j 2\n";

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
    /// How many octets were cut off its end when it was opened.
    cut: u64,
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
    pub fn open(path: &Path, mailing_id: &str, each: impl FnMut(&Read<'_>) -> Result<(), String>) -> Result<Journal> {
        let io = |error: &std::io::Error| Diagnostic::io("open the journal", path, error);
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(|error| io(&error))?;
        let mut reader = Reader::begin(&file, path, mailing_id)?;
        reader.records(each)?;
        let length = reader.offset();
        let cut = file.metadata().map_err(|error| io(&error))?.len().saturating_sub(length);
        if cut > 0 {
            file.set_len(length).and_then(|()| file.sync_all()).map_err(|error| io(&error))?;
        }
        file.seek(SeekFrom::Start(length)).map_err(|error| io(&error))?;
        Ok(Journal { path: path.to_path_buf(), file, buffer: Vec::new(), unsynced: false, broken: false, cut })
    }

    /// What a person should know of how it was found: how much was cut off its end.
    pub fn warning(&self) -> Option<Diagnostic> {
        (self.cut > 0).then(|| {
            Diagnostic::warning(format!(
                "the last {} octets of {} were no whole record and were cut off",
                self.cut,
                shown_path(&self.path)
            ))
            .help("a crash or a power cut leaves such an end; whoever was on the way then is in doubt, and named by `letterpress status`")
        })
    }

    /// Reads a journal that may be in use, without changing it. A torn end is ignored.
    pub fn read(path: &Path, mailing_id: &str, each: impl FnMut(&Read<'_>) -> Result<(), String>) -> Result<()> {
        Follower::open(path, mailing_id)?.read(each)
    }

    /// [`Journal::read`] that also tells where each record begins.
    pub fn read_with_offsets(
        path: &Path,
        mailing_id: &str,
        each: impl FnMut(&Read<'_>, u64) -> Result<(), String>,
    ) -> Result<()> {
        Follower::open(path, mailing_id)?.read_with_offsets(each)
    }

    /// Reads the record that begins at `offset`, as [`Journal::read_with_offsets`] told it.
    pub fn record_at(mut file: &File, offset: u64) -> Result<Record> {
        let mut bytes = Vec::with_capacity(LONGEST_RECORD);
        let read =
            file.seek(SeekFrom::Start(offset)).and_then(|_| file.take(LONGEST_RECORD as u64).read_to_end(&mut bytes));
        match (read, Record::decode(&bytes)) {
            (Ok(_), Decoded::Record(record, _)) => Ok(record.to_owned()),
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

#[cfg(test)]
mod tests;
