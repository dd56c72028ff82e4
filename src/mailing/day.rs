//! How much was sent on a day, over all mailings: read from their journals, so that nothing else has to be kept.

use std::path::Path;

use super::{JOURNAL, Mailing};
use crate::clock::Timestamp;
use crate::diagnostic::{Diagnostic, Result};
use crate::ledger::{Event, Journal};

/// How many messages were begun since a moment, and not taken back.
pub fn begun_since(mailings: &Path, since: Timestamp) -> Result<u64> {
    let mut begun = 0i64;
    for manifest in Mailing::all(mailings)? {
        let path = mailings.join(&manifest.slug).join(JOURNAL);
        let changed = std::fs::metadata(&path)
            .and_then(|metadata| metadata.modified())
            .map_err(|error| Diagnostic::io("look at the journal", &path, &error))?;
        if Timestamp::try_from(changed).is_ok_and(|changed| changed < since) {
            continue;
        }
        Journal::read(&path, &manifest.id, |record| {
            if record.at >= since.as_millisecond() {
                begun += match record.event {
                    Event::Claimed => 1,
                    Event::Released => -1,
                    _ => 0,
                };
            }
            Ok(())
        })?;
    }
    Ok(u64::try_from(begun).unwrap_or(0))
}
