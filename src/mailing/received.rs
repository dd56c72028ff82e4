//! Which mailings a person was a recipient of, and what became of their copies.

use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};

use super::plan::{Plan, PlanRow};
use super::{JOURNAL, Mailing, RECIPIENTS};
use crate::address::Address;
use crate::clock::Timestamp;
use crate::diagnostic::Result;
use crate::ledger::{Event, Journal, State};

/// One mailing, as one recipient had it.
#[derive(Debug, Clone, Serialize)]
pub struct Received {
    pub slug: String,
    pub title: String,
    pub sealed_at: Timestamp,
    pub state: State,
    /// When that was learned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// The relay's reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reply: String,
    /// What was known of them when the mailing was sealed.
    pub fields: Map<String, Value>,
}

/// Looks through all mailings.
///
/// # Errors
/// One of them can't be read.
pub fn received(mailings: &Path, address: &Address) -> Result<Vec<Received>> {
    let mut found = Vec::new();
    for manifest in Mailing::all(mailings)? {
        let folder = mailings.join(&manifest.slug);
        let mut row = PlanRow::default();
        if !Plan::open(&folder.join(RECIPIENTS), manifest.recipients)?.find(address, &mut row)? {
            continue;
        }
        let mut one = Received {
            slug: manifest.slug.clone(),
            title: manifest.title.clone(),
            sealed_at: manifest.sealed_at,
            state: State::Pending,
            at: None,
            code: None,
            reply: String::new(),
            fields: row.filled().map(|(name, value)| (name.to_owned(), Value::from(value))).collect(),
        };
        Journal::read(&folder.join(JOURNAL), &manifest.id, |record| {
            if record.recipient == row.recipient && record.event != Event::RelayNamed {
                one.state = one.state.after(record.event).map_err(|why| why.to_string())?;
                one.at = Timestamp::from_millisecond(record.at).ok();
                one.code = (record.code > 0).then_some(record.code);
                record.reply.clone_into(&mut one.reply);
            }
            Ok(())
        })?;
        found.push(one);
    }
    found.sort_by_key(|one| one.sealed_at);
    Ok(found)
}
