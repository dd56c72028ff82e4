//! The files of one list: where each of them lies.

use std::path::{Path, PathBuf};

/// The files that belong to one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// What the list is called: `readers`.
    pub name: String,
    /// The owner's file.
    pub list: PathBuf,
    /// Who must not be written to, whatever a list says.
    pub suppressions: PathBuf,
    /// What was changed, one line a change.
    pub history: PathBuf,
    /// Held by whoever changes one of them.
    pub lock: PathBuf,
}

impl Files {
    /// The list `readers` in the folder `subscribers/` of a publication.
    pub fn of(folder: &Path) -> Files {
        Files {
            name: "readers".to_owned(),
            list: folder.join("readers.csv"),
            suppressions: folder.join("suppressions.csv"),
            history: folder.join("history.jsonl"),
            lock: folder.join("subscribers.lock"),
        }
    }
}
