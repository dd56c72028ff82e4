//! A zip from outside: its entries by name, refused where the name leads out of it, where it is a link, encrypted, or
//! stands twice; read within bounds of size and of how much smaller it was packed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use zip::ZipArchive;

use super::tree::MOST;
use crate::diagnostic::{Diagnostic, Result};

/// All that is unpacked of one zip, in bytes.
const TOTAL: u64 = 2 << 30;
/// Text packs to a tenth, rarely to a fiftieth; what goes beyond this is a trap.
const RATIO: u64 = 200;
/// Below this size the ratio says nothing.
const SMALL: u64 = 1 << 20;

#[derive(Debug)]
pub(super) struct Archive {
    zip: ZipArchive<BufReader<File>>,
    /// How much may still be unpacked.
    left: u64,
}

impl Archive {
    /// Opens a zip and lists what may be read of it; what may not goes to `refused`.
    pub(super) fn open(path: &Path, refused: &mut Vec<String>) -> Result<(Archive, BTreeMap<String, usize>)> {
        let mut file = File::open(path).map_err(|error| Diagnostic::io("read", path, &error))?;
        let stated = stated_entries(&mut file);
        if stated.is_some_and(|stated| stated > MOST) {
            return Err(too_many(path));
        }
        let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|error| {
            Diagnostic::error(format!("{} can't be read as a zip: {error}", path.display()))
                .help("download the export again, or unpack it and name the folder")
        })?;
        if zip.len() > MOST {
            return Err(too_many(path));
        }
        if stated.is_some_and(|stated| stated != zip.len()) {
            return Err(Diagnostic::error(format!("{} has two files of the same name", path.display()))
                .help("unpack it, keep the right one, and name the folder"));
        }
        let mut names = BTreeMap::new();
        for n in 0..zip.len() {
            let Ok(entry) = zip.by_index_raw(n) else {
                refused.push(format!("entry {}: can't be read", n + 1));
                continue;
            };
            if entry.is_dir() {
                continue;
            }
            let Ok(name) = entry.name().map(std::borrow::Cow::into_owned) else {
                refused.push(format!("entry {}: its name can't be read", n + 1));
                continue;
            };
            // The upper bits of a Unix mode are the type of the file.
            let kind = entry.unix_mode().map_or(0, |mode| mode & 0o170_000);
            let fault = if !is_inside(&name) {
                Some("its name leads out of the archive")
            } else if kind != 0 && kind != 0o100_000 {
                Some("a link or a device, no file")
            } else if entry.encrypted() {
                Some("encrypted: unpack the archive with its password and name the folder")
            } else if names.contains_key(&name) {
                Some("a second file of this name")
            } else {
                None
            };
            match fault {
                Some(fault) => refused.push(format!("{name}: {fault}")),
                None => {
                    names.insert(name, n);
                }
            }
        }
        Ok((Archive { zip, left: TOTAL }, names))
    }

    /// The bytes of an entry, at most one more than `most`.
    pub(super) fn read(&mut self, n: usize, most: u64) -> Result<Vec<u8>> {
        let failed = |error: &dyn std::fmt::Display| {
            Diagnostic::error(format!("this can't be unpacked: {error}")).help("download the export again")
        };
        let entry = self.zip.by_index(n).map_err(|error| failed(&error))?;
        let packed = entry.compressed_size();
        let fair = packed.saturating_mul(RATIO).max(SMALL);
        let bound = most.min(self.left).min(fair);
        let mut bytes = Vec::new();
        entry.take(bound + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
        let size = bytes.len() as u64;
        if size > bound && size <= most {
            let message = if bound == fair {
                format!("this unpacks to more than {RATIO} times its size: it is made to fill a memory")
            } else {
                format!("the archive unpacks to more than {} GB", TOTAL >> 30)
            };
            return Err(Diagnostic::error(message).help("unpack it yourself if you trust it, and name the folder"));
        }
        self.left = self.left.saturating_sub(size);
        Ok(bytes)
    }
}

fn too_many(path: &Path) -> Diagnostic {
    Diagnostic::error(format!("{} has more than {MOST} files", path.display()))
        .help("unpack it and name the folder with the articles")
}

/// Whether a name stays in the archive on every system.
fn is_inside(name: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part != "." && part != "..";
    name.split('/').all(part) && !name.contains(['\\', '\0']) && name.get(1..2) != Some(":")
}

/// How many entries the end of the archive says it has, which is more than can be told apart when names repeat.
fn stated_entries(file: &mut File) -> Option<usize> {
    let length = file.seek(SeekFrom::End(0)).ok()?;
    let tail = length.min(22 + 65_535);
    file.seek(SeekFrom::Start(length - tail)).ok()?;
    let mut bytes = Vec::new();
    file.by_ref().take(tail).read_to_end(&mut bytes).ok()?;
    file.seek(SeekFrom::Start(0)).ok()?;
    let at = bytes.windows(4).rposition(|four| four == b"PK\x05\x06")?;
    let count = u16::from_le_bytes([*bytes.get(at + 10)?, *bytes.get(at + 11)?]);
    // This number stands for "see the larger record".
    (count != u16::MAX).then_some(usize::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_are_refused() {
        for name in ["../a", "a/../../b", "/etc/passwd", "C:/a", "a\\b", "a//b", "./a", "", "a/.."] {
            assert!(!is_inside(name), "{name}");
        }
        for name in ["a", "posts/1.a b.html", "..a/b..", "é/ü.md"] {
            assert!(is_inside(name), "{name}");
        }
    }
}
