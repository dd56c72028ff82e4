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
    /// The last relay that had to do with each, as its place in `names`, plus one; 0 for none.
    relays: Vec<u8>,
    names: Names,
    ledger: Ledger,
}

/// The relays that a journal names. Each run numbers them anew.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: Vec<String>,
    /// By the run's number: the place in `known`, plus one.
    numbered: Vec<u8>,
}

impl Names {
    /// From here on a relay is called by this number.
    pub(super) fn name(&mut self, number: u8, name: &str) {
        let place = self.known.iter().position(|known| known == name).unwrap_or_else(|| {
            self.known.push(name.to_owned());
            self.known.len() - 1
        });
        let number = usize::from(number);
        if number >= self.numbered.len() {
            self.numbered.resize(number + 1, 0);
        }
        self.numbered[number] = u8::try_from(place + 1).unwrap_or(0);
    }

    /// The place of the relay that this number means now; 0 when it means none.
    pub(super) fn place(&self, number: u8) -> u8 {
        self.numbered.get(usize::from(number)).copied().unwrap_or(0)
    }

    /// The name of the relay at a place.
    pub(super) fn at(&self, place: u8) -> Option<&str> {
        usize::from(place).checked_sub(1).and_then(|at| self.known.get(at)).map(String::as_str)
    }
}

/// What is known of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub state: State,
    /// How often a copy was claimed for sending.
    pub attempts: u16,
    /// The last thing that happened, if anything did.
    pub last: Option<Record>,
    /// The relay that the last attempt was made at, where it is known.
    pub relay: Option<String>,
}

impl History {
    pub(super) fn read(path: &Path, manifest: &Manifest) -> Result<History> {
        let file = File::open(path).map_err(|error| Diagnostic::io("open the journal", path, &error))?;
        let recipients = manifest.recipients as usize;
        let mut history = History {
            file,
            last: vec![0; recipients],
            attempts: vec![0; recipients],
            relays: vec![0; recipients],
            names: Names::default(),
            ledger: Ledger::of_states(manifest.recipients),
        };
        Journal::read_with_offsets(path, &manifest.id, |record, offset| {
            history.ledger.apply(record)?;
            if record.event == Event::RelayNamed {
                history.names.name(record.relay, record.reply);
                return Ok(());
            }
            let at = record.recipient as usize;
            match record.event {
                Event::Claimed => history.attempts[at] = history.attempts[at].saturating_add(1),
                Event::Released => history.attempts[at] = history.attempts[at].saturating_sub(1),
                _ => {}
            }
            if record.relay > 0 || record.event == Event::Claimed {
                history.relays[at] = history.names.place(record.relay);
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
        let relay = self.names.at(self.relays[at]).map(str::to_owned);
        Ok(Standing { state: self.ledger.state(recipient), attempts: self.attempts[at], last, relay })
    }
}
