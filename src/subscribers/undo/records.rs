//! The rows of a changeset as the history has them, found by the address under which each stands in the list now.

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Result};

use super::super::draft::open;
use super::super::files::Files;
use super::super::history::{Entry, History, RowChange};
use super::super::key::Keys;
use super::Target;

/// The rows of the changeset, by the address under which each is found now.
#[derive(Default)]
pub(super) struct Records {
    pub(super) keys: Keys,
    /// The key found last: rows mostly come in the order of the history.
    last: Option<usize>,
    /// By the number of the key: its records, as indices into `rows`.
    pub(super) first: Vec<u32>,
    /// By the number of the key: how many rows of the list have it and were not yet met.
    pub(super) rows_left: Vec<u32>,
    /// Place in the history, the next record of the same key (counted from 1), whether it is settled.
    pub(super) rows: Vec<(u64, u32, bool)>,
    /// Deleted rows: their line then, and their place in the history.
    pub(super) deleted: Vec<(u64, u64)>,
    /// The addresses of those.
    pub(super) deleted_keys: Keys,
    /// Where the lines behind the changeset begin in the history.
    pub(super) end: u64,
    pub(super) forgotten: u64,
}

impl Records {
    pub(super) fn read(history: &mut History, target: &Target) -> Result<Records> {
        let mut records = Records::default();
        history.seek(target.offset)?;
        loop {
            let offset = history.offset();
            records.end = offset;
            let Some(Entry::Row(row)) = history.read()? else { break };
            if row.change != target.head.change {
                break;
            }
            if row.forgotten {
                records.forgotten += 1;
            } else if row.after.is_none() {
                records.deleted.push((row.line, offset));
                records.deleted_keys.enter(&row.address);
            } else {
                records.enter(&row, offset)?;
            }
        }
        records.deleted.sort_unstable();
        Ok(records)
    }

    fn enter(&mut self, row: &RowChange, offset: u64) -> Result<()> {
        let index = u32::try_from(self.rows.len() + 1)
            .map_err(|_| Diagnostic::error("the change has more than four billion rows"))?;
        match self.keys.enter(address_now(row)) {
            None => {
                self.first.push(index);
                self.rows.push((offset, 0, false));
            }
            Some(number) => {
                // The last of the chain; chains are as long as an address has rows.
                let mut at = self.first.get(number).copied().unwrap_or(0) as usize;
                while let Some((_, next, _)) = self.rows.get(at.wrapping_sub(1)).filter(|(_, next, _)| *next > 0) {
                    at = *next as usize;
                }
                self.rows.push((offset, 0, false));
                if let Some((_, next, _)) = self.rows.get_mut(at.wrapping_sub(1)) {
                    *next = index;
                }
            }
        }
        Ok(())
    }

    /// Counts the rows of each address, to know where there is a choice.
    pub(super) fn count_rows(&mut self, files: &Files) -> Result<()> {
        self.rows_left = vec![0; self.first.len()];
        let Some(mut rows) = open(files)? else { return Ok(()) };
        while let Some(row) = rows.read()? {
            if let Some(count) = self.find(row.email()).and_then(|key| self.rows_left.get_mut(key)) {
                *count += 1;
            }
        }
        self.last = None;
        Ok(())
    }

    fn find(&mut self, email: &str) -> Option<usize> {
        let found = self.keys.find_after(self.last, email);
        self.last = found.or(self.last);
        found
    }

    /// A row of this address: how many of them are still to come, with this one, and the records of the address that are not
    /// settled, as indices.
    pub(super) fn meet(&mut self, email: &str) -> (usize, Vec<usize>) {
        let Some(key) = self.find(email) else { return (0, Vec::new()) };
        let count = self.rows_left.get_mut(key);
        let count = count.map_or(0, |count| std::mem::replace(count, count.saturating_sub(1)) as usize);
        (count, self.open(key))
    }

    fn open(&self, key: usize) -> Vec<usize> {
        let mut found = Vec::new();
        let mut at = self.first.get(key).copied().unwrap_or(0) as usize;
        while let Some((_, next, settled)) = self.rows.get(at.wrapping_sub(1)) {
            if !settled {
                found.push(at - 1);
            }
            at = *next as usize;
        }
        found
    }
}

/// The address under which the row is found after the change.
fn address_now(row: &RowChange) -> &str {
    let changed = row.after.as_ref().and_then(|after| after.get("email")).and_then(Value::as_str);
    changed.map_or(row.address.as_str(), str::trim)
}

pub(super) fn at(history: &mut History, offset: u64) -> Result<RowChange> {
    history.seek(offset)?;
    match history.read()? {
        Some(Entry::Row(row)) => Ok(row),
        _ => Err(Diagnostic::error("the history changed while it was read; nothing was done").help("try again")),
    }
}
