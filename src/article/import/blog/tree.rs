//! The files of what is imported, from a folder or a zip, by name. A name leads nowhere but into it, links are not
//! followed, and what is read is bounded.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::archive::Archive;
use crate::diagnostic::{Diagnostic, Place, Result};

/// The most files that are looked at.
pub(super) const MOST: usize = 100_000;
/// The largest file that is read; an export of a whole blog may be one file.
pub(super) const LARGEST: u64 = 256 << 20;
/// Folders deeper than this are no blog's.
const DEEPEST: usize = 32;
/// Folders of programs, not of writers.
const PROGRAMS: [&str; 4] = ["node_modules", "__MACOSX", "_site", "target"];

/// The files by name: parts joined with `/`, none of them `.` or `..`.
#[derive(Debug)]
pub(super) struct Tree {
    /// What it is called, for a person.
    pub(super) name: String,
    files: BTreeMap<String, Slot>,
    archive: Option<Archive>,
    /// What was not taken up, and why.
    pub(super) refused: Vec<String>,
}

#[derive(Debug)]
enum Slot {
    File(PathBuf),
    Entry(usize),
}

impl Tree {
    /// Opens a folder, a zip, or a single file.
    pub(super) fn open(path: &Path) -> Result<Tree> {
        let about = fs::metadata(path).map_err(|error| Diagnostic::io("read", path, &error))?;
        let mut tree =
            Tree { name: path.display().to_string(), files: BTreeMap::new(), archive: None, refused: Vec::new() };
        if about.is_dir() {
            tree.walk(path, "", 0)?;
        } else if is_zip(path) {
            let (archive, names) = Archive::open(path, &mut tree.refused)?;
            tree.archive = Some(archive);
            let top = common_folder(names.keys());
            tree.files = names
                .into_iter()
                .filter(|(name, _)| !name.split('/').any(|part| PROGRAMS.contains(&part) || part.starts_with('.')))
                .map(|(name, n)| (name[top..].to_owned(), Slot::Entry(n)))
                .collect();
        } else {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            tree.files.insert(name, Slot::File(path.to_path_buf()));
        }
        Ok(tree)
    }

    fn walk(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<()> {
        let failed = |error: &std::io::Error| Diagnostic::io("read", folder, error);
        let mut entries = fs::read_dir(folder)
            .and_then(Iterator::collect::<std::io::Result<Vec<_>>>)
            .map_err(|error| failed(&error))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let file_name = entry.file_name();
            let Some(name) = file_name.to_str() else {
                self.refused.push(format!("{prefix}{}: its name is no UTF-8", file_name.to_string_lossy()));
                continue;
            };
            if name.starts_with('.') || PROGRAMS.contains(&name) {
                continue;
            }
            let whole = format!("{prefix}{name}");
            let kind = entry.file_type().map_err(|error| failed(&error))?;
            if kind.is_symlink() {
                self.refused.push(format!("{whole}: a link, which is not followed"));
            } else if kind.is_dir() && depth < DEEPEST {
                self.walk(&entry.path(), &format!("{whole}/"), depth + 1)?;
            } else if kind.is_dir() {
                self.refused.push(format!("{whole}: lies more than {DEEPEST} folders deep"));
            } else if kind.is_file() {
                if self.files.len() >= MOST {
                    return Err(Diagnostic::error(format!("{} has more than {MOST} files", self.name))
                        .help("name the folder with the articles in it"));
                }
                self.files.insert(whole, Slot::File(entry.path()));
            }
        }
        Ok(())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// The beginning of a text, to tell what it is by.
    pub(super) fn start(&mut self, name: &str) -> Option<String> {
        let bytes = self.read(name, LARGEST).ok()?;
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(8192)]).into_owned();
        Some(text.trim_start_matches('\u{feff}').replace("\r\n", "\n"))
    }

    /// The bytes of a file, at most `most` of them.
    pub(super) fn read(&mut self, name: &str, most: u64) -> Result<Vec<u8>> {
        let place = || Place::file(format!("{}/{name}", self.name));
        let slot = self.files.get(name).ok_or_else(|| Diagnostic::error("there is no such file").at(place()))?;
        let too_large = || Diagnostic::error(format!("this is larger than {} MB", most >> 20)).at(place());
        let bytes = match (slot, &mut self.archive) {
            (Slot::File(path), _) => {
                let mut bytes = Vec::new();
                let file = fs::File::open(path).map_err(|error| Diagnostic::io("read", path, &error))?;
                file.take(most + 1).read_to_end(&mut bytes).map_err(|error| Diagnostic::io("read", path, &error))?;
                bytes
            }
            (Slot::Entry(n), Some(archive)) => {
                archive.read(*n, most).map_err(|error| error.at(Place::file(format!("{}/{name}", self.name))))?
            }
            (Slot::Entry(_), None) => Vec::new(),
        };
        if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) }
    }
}

/// By its first bytes: a zip keeps its nature under any name.
pub(super) fn is_zip(path: &Path) -> bool {
    let mut start = [0; 4];
    fs::File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok()
        && (start == *b"PK\x03\x04" || start == *b"PK\x05\x06")
}

/// How many bytes of every name are one folder around all files, its `/` included.
fn common_folder<'a>(mut names: impl Iterator<Item = &'a String> + Clone) -> usize {
    let first = names.clone().find(|name| !name.starts_with("__MACOSX/"));
    let Some((top, _)) = first.and_then(|name| name.split_once('/')) else { return 0 };
    // These names mean something where they stand.
    let telling = ["posts", "_posts", "_drafts", "content"].contains(&top);
    let all = names
        .all(|name| name.starts_with("__MACOSX/") || name.strip_prefix(top).is_some_and(|rest| rest.starts_with('/')));
    if all && !telling { top.len() + 1 } else { 0 }
}
