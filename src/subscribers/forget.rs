//! Erasing a person (GDPR Art. 17): gone from every list and from the history, and yet known again when somebody tries to
//! bring them back, by a word that nobody can read.

use std::path::Path;

use super::draft::Draft;
use super::edit::How;
use super::files::Files;
use super::history::erase;
use super::person::is_meant;
use super::suppress::veil;
use crate::address::Address;
use crate::diagnostic::Result;
use crate::durable::Lock;

/// What was erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Forgotten {
    /// Rows of lists.
    pub rows: u64,
    /// Lines of the history.
    pub history: u64,
    /// They were suppressed by name before.
    pub suppression: bool,
    /// The key by which forgotten people are known was made just now.
    pub new_key: bool,
}

/// Forgets a person in all lists of the folder. Once begun it can be run again until it is done: first they are kept out,
/// then their rows go, then the history of these rows.
///
/// # Errors
/// A file can't be read or written. What was done before stays done.
pub fn forget(folder: &Path, address: &Address, how: How<'_>) -> Result<Forgotten> {
    let files = Files::of(folder);
    let mut forgotten = Forgotten::default();
    {
        let _lock = Lock::acquire(&files.lock)?;
        let date = how.at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
        (forgotten.suppression, forgotten.new_key) = veil(&files, address, &date)?;
    }
    for name in Files::all(folder) {
        let files = Files::named(folder, &name)?;
        let mut draft = Draft::open(&files, "forget", how)?;
        draft.visit(|row, edit| {
            if is_meant(row.email(), address) {
                edit.delete();
            }
            Ok(())
        })?;
        forgotten.rows += draft.commit()?.rows.deleted;
    }
    let _lock = Lock::acquire(&files.lock)?;
    forgotten.history = erase(&files, &|text| is_meant(text, address))?;
    Ok(forgotten)
}

#[cfg(test)]
mod tests {
    use super::super::{NewReader, Person, Suppressions, add, remove};
    use super::*;

    #[test]
    fn a_forgotten_person_is_nowhere_and_stays_out() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::of(folder.path());
        let how = How { at: "2026-11-23T06:00:00Z".parse().unwrap(), by: "test", dry_run: false };
        let address = |text: &str| Address::parse(text).unwrap();
        let reader = |text: &str| NewReader { address: address(text), name: "N".to_owned(), set: Vec::new() };
        add(&files, &[reader("ann@example.com"), reader("bob@example.com")], false, how).unwrap();
        remove(&files, &[address("ann@example.com")], how).unwrap();
        std::fs::write(folder.path().join("press.csv"), "email,name\nANN@example.com,Ann\n").unwrap();
        std::fs::write(&files.suppressions, "address,reason\nann@example.com,spam\n").unwrap();
        let ann = address("Ann@Example.com");
        assert_eq!(Person::find(folder.path(), &ann).unwrap().rows.len(), 2);
        let forgotten = forget(folder.path(), &ann, how).unwrap();
        assert_eq!((forgotten.rows, forgotten.suppression), (2, true));
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let text = String::from_utf8(std::fs::read(&path).unwrap()).unwrap().to_lowercase();
            assert!(!text.contains("ann@"), "{}: {text}", path.display());
        }
        assert!(std::fs::read_to_string(&files.list).unwrap().contains("bob@example.com"));
        assert!(Suppressions::load(&files.suppressions).unwrap().find("ann@example.com").unwrap().is_forgotten);
        let person = Person::find(folder.path(), &ann).unwrap();
        assert!(person.rows.is_empty() && person.history.is_empty());
        // Again, and nothing is left to do.
        assert_eq!(forget(folder.path(), &ann, how).unwrap(), Forgotten::default());
    }
}
