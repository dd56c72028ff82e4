//! Records that were found together, to be looked at one by one in another place: their bytes, their fields, and where in
//! the file they stand.

use super::record::{Extent, Raw, Span};
use crate::address;

/// Neighbouring records of a file. Used again for the next ones.
#[derive(Debug, Default)]
pub(super) struct Block {
    content: Content,
    spans: Vec<Span>,
    found: Vec<Found>,
    /// Where the search went on or ended: byte and line.
    pub(super) end: (u64, u64),
}

#[derive(Debug)]
enum Content {
    Text(String),
    /// Not all of it is UTF-8.
    Bytes(Vec<u8>),
}

impl Default for Content {
    fn default() -> Self {
        Content::Text(String::new())
    }
}

/// One of the records.
#[derive(Debug)]
struct Found {
    /// Its first byte and its first field.
    start: usize,
    first: usize,
    extent: Extent,
    offset: u64,
    line: u64,
    has_plain_address: bool,
}

impl Block {
    /// Forgets the records; gives the room in which they lay.
    pub(super) fn clear(&mut self) -> Vec<u8> {
        self.spans.clear();
        self.found.clear();
        match std::mem::take(&mut self.content) {
            Content::Text(text) => text.into_bytes(),
            Content::Bytes(bytes) => bytes,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.found.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Adds a record, which begins at byte `start` of the content. `place` is that of the file: byte and line.
    pub(super) fn push(&mut self, start: usize, spans: &[Span], extent: Extent, place: (u64, u64)) {
        let (offset, line) = place;
        self.found.push(Found { start, first: self.spans.len(), extent, offset, line, has_plain_address: false });
        self.spans.extend_from_slice(spans);
    }

    /// Gives the records their content, and looks which of them have a plain address in this column.
    pub(super) fn fill(&mut self, bytes: Vec<u8>, column: usize) {
        self.content = match String::from_utf8(bytes) {
            Ok(text) => Content::Text(text),
            Err(error) => Content::Bytes(error.into_bytes()),
        };
        for n in 0..self.found.len() {
            let is_plain = |raw: Raw<'_>| {
                let span = raw.spans.get(column)?;
                raw.text?.get(span.start..span.end).map(address::is_plain)
            };
            self.found[n].has_plain_address = self.get(n).and_then(is_plain).unwrap_or_default();
        }
    }

    /// The record with this number, counted from 0.
    pub(super) fn get(&self, number: usize) -> Option<Raw<'_>> {
        let found = self.found.get(number)?;
        let place = found.start..found.start + found.extent.content;
        let (bytes, text) = match &self.content {
            Content::Text(text) => (text.as_bytes().get(place.clone())?, text.get(place)),
            Content::Bytes(bytes) => {
                let bytes = bytes.get(place)?;
                (bytes, std::str::from_utf8(bytes).ok())
            }
        };
        let end = self.found.get(number + 1).map_or(self.spans.len(), |next| next.first);
        Some(Raw {
            bytes,
            text,
            spans: self.spans.get(found.first..end)?,
            extent: &found.extent,
            offset: found.offset,
            line: found.line,
            has_plain_address: found.has_plain_address,
        })
    }
}
