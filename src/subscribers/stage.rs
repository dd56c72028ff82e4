//! A list being written anew beside the old one: bytes that nobody changed are copied as they are, in one pass.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::ops::Range;
use std::path::Path;

use crate::diagnostic::{Diagnostic, Result, shown_path};
use crate::durable::{Privacy, Replacement};

use super::files::Files;
use super::history::{self, Head};
use super::list::Stamp;

/// The new list and the lines of its changeset, as far as they go.
pub(super) struct Stage {
    list: Replacement,
    /// The old list, read from its beginning to its end; none behind that, and when the list begins just now.
    old: Option<BufReader<File>>,
    /// How much of the old list is copied or passed over.
    at: u64,
    lines: BufWriter<File>,
}

impl Stage {
    pub(super) fn begin(files: &Files) -> Result<Stage> {
        let old = match File::open(&files.list) {
            Ok(file) => Some(BufReader::with_capacity(1 << 16, file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Diagnostic::io("read", &files.list, &error)),
        };
        // Without a name, so that nothing of it is left behind, and beside the history, where it will go.
        let folder = files.history.parent().unwrap_or(Path::new("."));
        let lines = tempfile::tempfile_in(folder).map_err(|error| Diagnostic::io("write in", folder, &error))?;
        let list = Replacement::begin(&files.list, Privacy::Private)?;
        Ok(Stage { list, old, at: 0, lines: BufWriter::with_capacity(1 << 16, lines) })
    }

    /// Writes a line of the changeset, and puts `with` in the place of these bytes of the old list, all before which is
    /// copied.
    pub(super) fn splice(&mut self, line: &[u8], place: Range<u64>, with: &[&[u8]]) -> io::Result<()> {
        self.lines.write_all(line)?;
        self.go_on(place.start, true)?;
        with.iter().try_for_each(|bytes| self.list.write_all(bytes))?;
        if place.is_empty() { Ok(()) } else { self.go_on(place.end, false) }
    }

    /// Copies the old list up to this byte.
    pub(super) fn copy_to(&mut self, end: u64) -> io::Result<()> {
        self.go_on(end, true)
    }

    fn go_on(&mut self, end: u64, copies: bool) -> io::Result<()> {
        let Some(old) = &mut self.old else { return Ok(()) };
        while self.at < end {
            let buffer = old.fill_buf()?;
            let wanted = usize::try_from(end - self.at).unwrap_or(usize::MAX).min(buffer.len());
            if wanted == 0 {
                // Not asked again: there are as many ends as rows that come behind it.
                self.old = None;
                return if end == u64::MAX { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
            if copies {
                self.list.write_all(&buffer[..wanted])?;
            }
            old.consume(wanted);
            self.at += wanted as u64;
        }
        Ok(())
    }

    /// Copies what remains of the old list.
    pub(super) fn copy_rest(&mut self) -> io::Result<()> {
        self.copy_to(u64::MAX)
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.list.write_all(bytes)
    }

    /// Writes the changeset into the history, then puts the new list in place, if the old one is still as it was.
    pub(super) fn commit(mut self, files: &Files, head: &Head, basis: Option<Stamp>) -> Result<()> {
        let mut lines = self
            .lines
            .into_inner()
            .map_err(|error| Diagnostic::error(format!("can't write a temporary file: {}", error.error())))?;
        // Somebody's spreadsheet does not know our lock. What it saved meanwhile is not ours to undo.
        let is_old = || {
            if Stamp::at(&files.list) == basis {
                return Ok(());
            }
            let list = shown_path(&files.list);
            Err(Diagnostic::error(format!("another program changed {list} just now; nothing was done"))
                .help("wait until it is saved, then run the command again"))
        };
        is_old()?;
        // Both go to the disk at once, as either is long and slow.
        let (noted, written) = std::thread::scope(|scope| {
            // Without room for a thread, the list is synced at last.
            let written = std::thread::Builder::new().spawn_scoped(scope, || self.list.sync()).ok();
            (history::append(&files.history, head, &mut lines), written.map(std::thread::ScopedJoinHandle::join))
        });
        noted?;
        if let Some(written) = written {
            written.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        is_old()?;
        self.list.commit()?;
        history::finish(&files.history, head.change)
    }
}
