//! Who must not be written to any more, as of now: asked by a mailing before each message.
//!
//! Only the readers who are not active are held, with their addresses, so the answer is exact and small. When one of the
//! two files changes, both are read again.

use crate::address::Address;
use crate::diagnostic::Result;

use super::files::Files;
use super::key::Keys;
use super::list::{Rows, Stamp};
use super::row::Row;
use super::status::Status;
use super::suppression::Suppressions;

/// Why an address gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawal {
    Unsubscribed,
    Pending,
    Bounced,
    Complained,
    /// A row with this address has a fault, so that nobody can tell whether it is active.
    Unclear,
    Suppressed,
}

impl Withdrawal {
    /// One word for reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Withdrawal::Unsubscribed => "unsubscribed",
            Withdrawal::Pending => "pending",
            Withdrawal::Bounced => "bounced",
            Withdrawal::Complained => "complained",
            Withdrawal::Unclear => "unclear",
            Withdrawal::Suppressed => "suppressed",
        }
    }

    /// Why the reader of this row gets nothing; `None` for an active one.
    pub(super) fn of(row: &Row<'_>) -> Option<Withdrawal> {
        match (row.fault(), row.status()) {
            (Some(_), _) | (None, None) => Some(Withdrawal::Unclear),
            (None, Some(Status::Active)) => None,
            (None, Some(Status::Pending)) => Some(Withdrawal::Pending),
            (None, Some(Status::Unsubscribed)) => Some(Withdrawal::Unsubscribed),
            (None, Some(Status::Bounced)) => Some(Withdrawal::Bounced),
            (None, Some(Status::Complained)) => Some(Withdrawal::Complained),
        }
    }
}

/// All withdrawals of a list and its suppressions.
#[derive(Debug)]
pub struct Withdrawals {
    files: Files,
    keys: Keys,
    reasons: Vec<Withdrawal>,
    suppressions: Suppressions,
    /// The list and the suppressions as they were read.
    stamps: [Option<Stamp>; 2],
}

impl Withdrawals {
    /// Reads the list and the suppressions.
    pub fn load(files: &Files) -> Result<Withdrawals> {
        // Before reading: what changes meanwhile is noticed the next time.
        let stamps = stamps(files);
        let mut withdrawals = Withdrawals {
            files: files.clone(),
            keys: Keys::default(),
            reasons: Vec::new(),
            suppressions: Suppressions::load(&files.suppressions)?,
            stamps,
        };
        let mut rows = Rows::open(&files.list)?;
        while let Some(row) = rows.read()? {
            if let Some(reason) = Withdrawal::of(&row)
                && row.has_address()
                && withdrawals.keys.enter(row.email()).is_none()
            {
                withdrawals.reasons.push(reason);
            }
        }
        Ok(withdrawals)
    }

    /// Whether one of the files is another than the one read, by its time, length and identity.
    pub fn changed(&self) -> bool {
        self.stamps != stamps(&self.files)
    }

    /// Reads the files again if they changed, and says whether they did.
    pub fn refresh(&mut self) -> Result<bool> {
        if !self.changed() {
            return Ok(false);
        }
        *self = Withdrawals::load(&self.files)?;
        Ok(true)
    }

    /// Why this address gets nothing. `None`: nothing is known against writing to it.
    pub fn find(&self, address: &Address) -> Option<Withdrawal> {
        self.find_email(address.as_str())
    }

    /// [`Withdrawals::find`] for an address as a list or a plan has it.
    pub fn find_email(&self, email: &str) -> Option<Withdrawal> {
        if !self.keys.is_empty()
            && let Some(number) = self.keys.find(email)
        {
            return self.reasons.get(number).copied();
        }
        self.suppressions.reason_for(email).map(|_| Withdrawal::Suppressed)
    }
}

fn stamps(files: &Files) -> [Option<Stamp>; 2] {
    [Stamp::at(&files.list), Stamp::at(&files.suppressions)]
}

#[cfg(test)]
mod tests {
    use super::super::test::list;
    use super::*;

    #[test]
    fn who_leaves_is_known_after_a_refresh() {
        let list = list("email,status\nann@example.com,\nbob@example.com,unsubscribed\ncem@example.com,on hold\n");
        let find = |withdrawals: &Withdrawals, text: &str| withdrawals.find(&Address::parse(text).unwrap());
        let mut withdrawals = Withdrawals::load(&list.files).unwrap();
        assert_eq!(find(&withdrawals, "Ann@example.com"), None);
        assert_eq!(find(&withdrawals, "BOB@example.com"), Some(Withdrawal::Unsubscribed));
        assert_eq!(find(&withdrawals, "cem@example.com"), Some(Withdrawal::Unclear));
        assert!(!withdrawals.refresh().unwrap());
        let at = "2026-11-22T23:00:00Z".parse().unwrap();
        let how = super::super::How { at, by: "test", dry_run: false };
        super::super::remove(&list.files, &[Address::parse("ann@example.com").unwrap()], how).unwrap();
        assert!(withdrawals.refresh().unwrap());
        assert_eq!(find(&withdrawals, "ann@example.com"), Some(Withdrawal::Unsubscribed));
        std::fs::write(&list.files.suppressions, "address\n@example.net\n").unwrap();
        assert!(withdrawals.refresh().unwrap());
        assert_eq!(find(&withdrawals, "dan@example.net"), Some(Withdrawal::Suppressed));
    }
}
