//! Addresses that must not be written to, whatever the list says: `suppressions.csv`, with the columns
//! `address,reason,date,source`. `@example.com` stands for every address of exactly that domain.

use std::collections::HashSet;
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

const ADDRESS: [&str; 4] = ["address", "email", "e_mail", "email_address"];

/// All suppressions, with their reasons.
#[derive(Debug, Default)]
pub struct Suppressions {
    keys: Keys,
    /// By the number of the key: its reason.
    reasons: Vec<Arc<str>>,
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
            suppressions.enter(&row, reason, &mut texts, &label)?;
        }
        Ok(suppressions)
    }

    fn enter(
        &mut self,
        row: &Row<'_>,
        reason: Option<Field>,
        texts: &mut HashSet<Arc<str>>,
        label: &str,
    ) -> Result<()> {
        // A table of suppressions has no status, and its address may be a domain: the faults of a list are not its own.
        let domain = row.email().strip_prefix('@').and_then(|domain| Address::parse(&format!("x@{domain}")).ok());
        let key = match (row.has_address(), domain) {
            (true, _) => row.email().to_owned(),
            (false, Some(address)) => format!("@{}", address.domain()),
            (false, None) => {
                return Err(Diagnostic::error(format!("row {}: `{}` can't be suppressed", row.line(), row.email()))
                    .at(row.place(label, row.columns().email))
                    .help("write an address, or `@example.com` for a whole domain; or remove the row"));
            }
        };
        if self.keys.enter(&key).is_none() {
            let reason = reason.map_or("", |field| row.get(field));
            let reason = if reason.is_empty() { "suppressed" } else { reason };
            let text = texts.get(reason).map_or_else(|| Arc::from(reason), Arc::clone);
            texts.insert(Arc::clone(&text));
            self.reasons.push(text);
        }
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Why this address, or its domain, is suppressed.
    pub fn reason_for(&self, email: &str) -> Option<&str> {
        if self.is_empty() {
            return None;
        }
        let domain = email.rfind('@').map_or("", |at| &email[at..]);
        let number = self.keys.find(email).or_else(|| self.keys.find(domain))?;
        self.reasons.get(number).map(AsRef::as_ref)
    }
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
    }

    #[test]
    fn a_missing_file_suppresses_nobody_and_an_unclear_one_stops() {
        assert!(Suppressions::load(Path::new("no/such/suppressions.csv")).unwrap().is_empty());
        assert!(load("").unwrap().is_empty());
        for text in ["address\nexample.com\n", "address\nann@example,com\n", "address\n@\n", "ann@example.com\n"] {
            let error = load(text).err().unwrap_or_else(|| panic!("{text:?} must be refused"));
            assert!(!error.helps().is_empty());
        }
    }
}
