//! What happened to every recipient, for a report with a line each. The journal holds it; here only the place of each one's
//! last record is kept, so that a million recipients need little memory.

use std::fs::File;
use std::path::Path;

use super::sealed::Manifest;
use crate::diagnostic::{Diagnostic, Result};
use crate::ledger::{Event, Journal, Ledger, Recipient, Record, State};

/// The journal with an index by recipient.
#[derive(Debug)]
pub struct History {
    file: File,
    /// Where the last record with an outcome begins, plus one; 0 for none.
    last: Vec<u64>,
    attempts: Vec<u16>,
    ledger: Ledger,
}

/// What is known of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub state: State,
    /// How often a copy was claimed for sending.
    pub attempts: u16,
    /// The last thing that happened, if anything did.
    pub last: Option<Record>,
}

impl History {
    pub(super) fn read(path: &Path, manifest: &Manifest) -> Result<History> {
        let file = File::open(path).map_err(|error| Diagnostic::io("open the journal", path, &error))?;
        let recipients = manifest.recipients as usize;
        let mut history = History {
            file,
            last: vec![0; recipients],
            attempts: vec![0; recipients],
            ledger: Ledger::new(manifest.recipients),
        };
        Journal::read_with_offsets(path, &manifest.id, |record, offset| {
            history.ledger.apply(record)?;
            if record.event == Event::RelayNamed {
                return Ok(());
            }
            let at = record.recipient as usize;
            match record.event {
                Event::Claimed => history.attempts[at] = history.attempts[at].saturating_add(1),
                Event::Released => history.attempts[at] = history.attempts[at].saturating_sub(1),
                _ => {}
            }
            if record.event != Event::Released {
                history.last[at] = offset + 1;
            }
            Ok(())
        })?;
        Ok(history)
    }

    /// What is known of all of them.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What is known of a recipient.
    pub fn of(&self, recipient: Recipient) -> Result<Standing> {
        let at = recipient as usize;
        let last = match self.last[at] {
            0 => None,
            place => Some(Journal::record_at(&self.file, place - 1)?),
        };
        Ok(Standing { state: self.ledger.state(recipient), attempts: self.attempts[at], last })
    }
}
