//! Addresses that must not be written to, whatever the list says: `suppressions.csv`, with the columns
//! `address,reason,date,source`. `@example.com` stands for every address of exactly that domain, and a word that begins
//! with `forgotten:` for the address of a person who was forgotten, which nobody can read from it (`veil`).

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::address::Address;
use crate::diagnostic::{Diagnostic, Result};

use super::column::Field;
use super::key::Keys;
use super::list::Rows;
use super::row::Row;
use super::veil::{Veil, Veiled};

pub(super) const ADDRESS: [&str; 4] = ["address", "email", "e_mail", "email_address"];

/// Why an address is suppressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suppression<'a> {
    pub reason: &'a str,
    /// Not by itself, but with its whole domain.
    pub by_domain: bool,
    /// The person was forgotten.
    pub is_forgotten: bool,
}

/// How many entries there are of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct SuppressionCounts {
    pub addresses: u64,
    pub domains: u64,
    pub forgotten: u64,
}

/// All suppressions, with their reasons.
#[derive(Debug, Default)]
pub struct Suppressions {
    keys: Keys,
    /// By the number of the key: its reason.
    reasons: Vec<Arc<str>>,
    /// Who was forgotten, and the secret by which they are known again.
    forgotten: HashMap<Veiled, Arc<str>>,
    veil: Option<Veil>,
    counts: SuppressionCounts,
}

impl Suppressions {
    /// Reads the file. A file that is missing or empty suppresses nobody.
    ///
    /// # Errors
    /// A row that can't be understood: passing over it might write to the one it was meant for.
    pub fn load(path: &Path) -> Result<Suppressions> {
        let mut suppressions = Suppressions::default();
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(suppressions),
            Err(error) => return Err(Diagnostic::io("read", path, &error)),
        };
        let Some(mut rows) = Rows::read_file(file, path, &ADDRESS)? else { return Ok(suppressions) };
        let reason = rows.columns().field("reason");
        let label = rows.label().to_owned();
        // A reason that a thousand rows give is held once.
        let mut texts = HashSet::new();
        while let Some(row) = rows.read()? {
            let text = row_reason(&row, reason, &mut texts);
            if let Some(veiled) = Veiled::parse(row.email()) {
                if suppressions.veil.is_none() {
                    suppressions.veil = Some(Veil::load(path)?);
                }
                suppressions.forget(&row, &veiled?, text, &label)?;
            } else {
                suppressions.enter(&row, text, &label)?;
            }
        }
        Ok(suppressions)
    }

    fn forget(&mut self, row: &Row<'_>, veiled: &Veiled, reason: Arc<str>, label: &str) -> Result<()> {
        if !self.veil.as_ref().is_some_and(|veil| veil.made(veiled)) {
            return Err(Diagnostic::error(
                "a forgotten person's entry was made with another key than the one there is",
            )
            .at(row.place(label, row.columns().email))
            .help("restore subscribers/forgotten.key from a backup: without it nobody knows who must not come back"));
        }
        if self.forgotten.insert(*veiled, reason).is_none() {
            self.counts.forgotten += 1;
        }
        Ok(())
    }

    fn enter(&mut self, row: &Row<'_>, reason: Arc<str>, label: &str) -> Result<()> {
        let Some(key) = key(row) else {
            return Err(Diagnostic::error(format!("row {}: `{}` can't be suppressed", row.line(), row.email()))
                .at(row.place(label, row.columns().email))
                .help("write an address, or `@example.com` for a whole domain; or remove the row"));
        };
        if self.keys.enter(&key).is_none() {
            *if key.starts_with('@') { &mut self.counts.domains } else { &mut self.counts.addresses } += 1;
            self.reasons.push(reason);
        }
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.forgotten.is_empty()
    }

    pub fn counts(&self) -> SuppressionCounts {
        self.counts
    }

    /// Why this address, or its domain, is suppressed.
    pub fn reason_for(&self, email: &str) -> Option<&str> {
        self.find(email).map(|suppression| suppression.reason)
    }

    /// How this address is suppressed: by itself, by having been forgotten, or only with its domain, which may be let in again.
    pub fn find(&self, email: &str) -> Option<Suppression<'_>> {
        if self.is_empty() {
            return None;
        }
        let reason = |number: usize| self.reasons.get(number).map_or("", AsRef::as_ref);
        if let Some(number) = self.key(email) {
            return Some(Suppression { reason: reason(number), by_domain: false, is_forgotten: false });
        }
        if let Some(veil) = self.veil.as_ref().filter(|_| !self.forgotten.is_empty())
            && let Some(reason) = self.forgotten.get(&veil.over(email))
        {
            return Some(Suppression { reason, by_domain: false, is_forgotten: true });
        }
        let number = self.key(email.rfind('@').map_or("", |at| &email[at..]))?;
        Some(Suppression { reason: reason(number), by_domain: true, is_forgotten: false })
    }

    fn key(&self, text: &str) -> Option<usize> {
        if self.keys.is_empty() { None } else { self.keys.find(text) }
    }
}

/// The address or `@domain` of a row. A table of suppressions has no status, and its address may be a domain: the faults of
/// a list are not its own.
pub(super) fn key(row: &Row<'_>) -> Option<String> {
    if row.has_address() {
        return Some(row.email().to_owned());
    }
    let domain = row.email().strip_prefix('@')?;
    Address::parse(&format!("x@{domain}")).ok().map(|address| format!("@{}", address.domain()))
}

fn row_reason(row: &Row<'_>, reason: Option<Field>, texts: &mut HashSet<Arc<str>>) -> Arc<str> {
    let reason = reason.map_or("", |field| row.get(field));
    let reason = if reason.is_empty() { "suppressed" } else { reason };
    let text = texts.get(reason).map_or_else(|| Arc::from(reason), Arc::clone);
    texts.insert(Arc::clone(&text));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Suppressions> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("suppressions.csv");
        std::fs::write(&path, text).unwrap();
        Suppressions::load(&path)
    }

    #[test]
    fn addresses_and_domains_are_found_whatever_their_case() {
        let suppressions =
            load("address,reason,date,source\nAnn@example.com,complained,2026-01-01,relay\n@Bücher.example,,,\n")
                .unwrap();
        assert_eq!(suppressions.reason_for("ann@example.com"), Some("complained"));
        assert_eq!(suppressions.reason_for("bob@example.com"), None);
        assert_eq!(suppressions.reason_for("bob@xn--bcher-kva.example"), Some("suppressed"));
        assert_eq!(suppressions.reason_for("bob@www.xn--bcher-kva.example"), None);
        assert_eq!(suppressions.counts(), SuppressionCounts { addresses: 1, domains: 1, forgotten: 0 });
    }

    #[test]
    fn a_forgotten_person_is_known_again_and_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("suppressions.csv");
        let (veil, _) = Veil::load_or_create(&path).unwrap();
        let word = veil.over("Ann@example.com").to_string();
        std::fs::write(&path, format!("address,reason\n{word},forgotten\n")).unwrap();
        assert!(!word.to_lowercase().contains("ann") && !word.contains("example"));
        let suppressions = Suppressions::load(&path).unwrap();
        let found = suppressions.find("ann@EXAMPLE.com").unwrap();
        assert_eq!((found.reason, found.is_forgotten), ("forgotten", true));
        assert!(suppressions.find("bob@example.com").is_none());
        std::fs::remove_file(folder.path().join("forgotten.key")).unwrap();
        assert!(Suppressions::load(&path).unwrap_err().helps().iter().any(|help| help.contains("restore")));
        Veil::load_or_create(&path).unwrap();
        assert!(Suppressions::load(&path).unwrap_err().message().contains("another key"));
    }

    #[test]
    fn a_missing_file_suppresses_nobody_and_an_unclear_one_stops() {
        assert!(Suppressions::load(Path::new("no/such/suppressions.csv")).unwrap().is_empty());
        assert!(load("").unwrap().is_empty());
        for text in [
            "address\nexample.com\n",
            "address\nann@example,com\n",
            "address\n@\n",
            "ann@example.com\n",
            "address\nforgotten:xyz\n",
        ] {
            let error = load(text).err().unwrap_or_else(|| panic!("{text:?} must be refused"));
            assert!(!error.helps().is_empty());
        }
    }
}
