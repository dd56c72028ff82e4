//! The sealed recipients: `recipients.csv`, one row each, read as a stream so that ten readers and ten million need the same
//! memory. The row's number, from 0, is the recipient's number in the ledger.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::address::Address;
use crate::diagnostic::{Diagnostic, Result, shown_path};
use crate::edition::Fields;
use crate::ledger::Recipient;

/// The recipients of a mailing, from the first to the last.
pub struct Plan {
    path: PathBuf,
    reader: csv::Reader<BufReader<File>>,
    columns: Arc<Vec<String>>,
    recipients: Recipient,
    next: Recipient,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Plan({}, at {})", self.path.display(), self.next)
    }
}

/// One recipient with all fields as they were sealed. Can be read into again.
#[derive(Debug, Clone, Default)]
pub struct PlanRow {
    pub recipient: Recipient,
    /// Where in the file it stands.
    place: u64,
    record: csv::StringRecord,
    columns: Arc<Vec<String>>,
}

impl Plan {
    /// Opens the file; `recipients` is how many it must have.
    pub fn open(path: &Path, recipients: Recipient) -> Result<Plan> {
        Self::open_with(path, recipients, 1 << 16)
    }

    /// Opens the file for reading rows here and there, see [`Plan::read_at`].
    pub fn open_for_single_rows(path: &Path, recipients: Recipient) -> Result<Plan> {
        // Each jump throws the buffer away.
        Self::open_with(path, recipients, 1 << 10)
    }

    fn open_with(path: &Path, recipients: Recipient, buffer: usize) -> Result<Plan> {
        let file = File::open(path).map_err(|error| Diagnostic::io("read the recipients in", path, &error))?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(true)
            .flexible(false)
            .from_reader(BufReader::with_capacity(buffer, file));
        let headers = reader.headers().map_err(|error| damaged(path, &error.to_string()))?;
        let columns = Arc::new(headers.iter().map(str::to_owned).collect::<Vec<_>>());
        if columns.first().map(String::as_str) != Some("email") {
            return Err(damaged(path, "its first column is not `email`"));
        }
        Ok(Plan { path: path.to_path_buf(), reader, columns, recipients, next: 0 })
    }

    /// Reads the next recipient; `false` after the last.
    pub fn read(&mut self, row: &mut PlanRow) -> Result<bool> {
        let place = self.reader.position().byte();
        let more = self.reader.read_record(&mut row.record).map_err(|error| damaged(&self.path, &error.to_string()))?;
        if more != (self.next < self.recipients) {
            return Err(damaged(
                &self.path,
                &format!("it doesn't have the {} recipients that were sealed", self.recipients),
            ));
        }
        if more {
            if !Arc::ptr_eq(&row.columns, &self.columns) {
                row.columns = Arc::clone(&self.columns);
            }
            row.recipient = self.next;
            row.place = place;
            self.next += 1;
        }
        Ok(more)
    }

    /// Reads a row that was read before, by where it stands.
    pub fn read_at(&mut self, spot: Spot, row: &mut PlanRow) -> Result<()> {
        let mut position = csv::Position::new();
        position.set_byte(spot.place);
        self.reader.seek(position).map_err(|error| damaged(&self.path, &error.to_string()))?;
        self.next = spot.recipient;
        if self.read(row)? {
            return Ok(());
        }
        Err(damaged(&self.path, &format!("recipient {} is gone", spot.recipient)))
    }
}

/// Where a row stands, to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    pub recipient: Recipient,
    place: u64,
}

impl Plan {
    /// Reads on to the recipient with this address; `false`: there is none.
    pub fn find(&mut self, address: &Address, row: &mut PlanRow) -> Result<bool> {
        let wanted = address.normal_form();
        while self.read(row)? {
            if row.email().eq_ignore_ascii_case(&wanted) && row.address()?.normal_form() == wanted {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl PlanRow {
    pub fn spot(&self) -> Spot {
        Spot { recipient: self.recipient, place: self.place }
    }

    /// The fields that hold something, by name.
    pub fn filled(&self) -> impl Iterator<Item = (&str, &str)> {
        let names = self.columns.iter().map(String::as_str);
        names.zip(self.record.iter()).filter(|(_, value)| !value.is_empty())
    }

    pub fn email(&self) -> &str {
        self.record.get(0).unwrap_or_default()
    }

    /// The domain of the address, in its normal form.
    pub fn domain(&self) -> &str {
        self.email().rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The address, which was checked before sealing.
    pub fn address(&self) -> Result<Address> {
        Address::parse(self.email()).map_err(|error| {
            Diagnostic::error(format!("recipient {} has no address: {error}", self.recipient))
                .help("a sealed mailing is not to be edited")
        })
    }
}

impl Fields for PlanRow {
    fn field(&self, name: &str) -> &str {
        self.columns.iter().position(|column| column == name).and_then(|at| self.record.get(at)).unwrap_or_default()
    }
}

fn damaged(path: &Path, why: &str) -> Diagnostic {
    Diagnostic::error(format!("{} is damaged: {why}", shown_path(path)))
        .help("restore it from a backup; a sealed mailing is not to be edited")
}
