//! A condition over readers: `plan == 'pro' and days_since(subscribed_at) > 30 and not tag('staff')`.
//!
//! One language for `--segment`, front matter and `[segments]`; docs/segments.md tells all of it. An expression is read in
//! two steps: `parse` knows the grammar, `bind` finds out what its names mean in a [`Scope`]. What comes of it is asked of
//! every row and allocates nothing. Nothing here reads files or the clock: mailings are asked through [`Mailings`].

mod bind;
mod condition;
mod explain;
mod moment;
mod named;
mod parse;
mod roll;
mod token;

use super::column::Columns;
use super::row::Row;
use crate::clock::Timestamp;
use crate::diagnostic::Result;
use bind::Written;
use condition::Condition;

pub use explain::Explanation;
pub use named::NamedSegments;
pub use roll::{Mailings, NoMailings, Roll};

/// What the names in an expression can mean.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    pub columns: &'a Columns,
    /// The moment that `days_since` counts from.
    pub now: Timestamp,
    pub named: &'a NamedSegments,
    pub mailings: &'a dyn Mailings,
}

/// A condition, checked against the columns of a list.
#[derive(Debug, Clone)]
pub struct Segment {
    text: String,
    columns: Columns,
    condition: Condition,
    /// The expression, and those of the named segments that it uses.
    texts: Vec<Written>,
}

impl Segment {
    /// Reads an expression; `label` says in messages where it is written, as in `--segment`.
    ///
    /// # Errors
    /// What is not understood, with its column; a column, a mailing or a segment that is not there.
    pub fn parse(label: &str, text: &str, scope: &Scope<'_>) -> Result<Segment> {
        let (condition, texts) = bind::bind(label, text, scope)?;
        Ok(Segment { text: text.to_owned(), columns: scope.columns.clone(), condition, texts })
    }

    /// The expression as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The columns it was checked against.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Whether a reader of such a list is in it.
    pub fn matches(&self, row: &Row<'_>) -> bool {
        self.condition.holds(row)
    }
}

#[cfg(test)]
mod tests;
