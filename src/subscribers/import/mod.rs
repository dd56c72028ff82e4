//! Taking readers in from elsewhere: exports of other programs, or any table.
//!
//! [`Incoming`] reads the files; [`Plan`] says what they would do to a list and does it. Columns and words of each program
//! are in `preset`. What cannot be told is ambiguous, and nobody is made active by guessing. Nothing here asks or shows.

mod incoming;
mod intake;
mod mapping;
mod plan;
mod layouts;
mod preset;
mod returns;
mod source;
mod standing;
mod store;
mod table;
mod utf16;
mod value;

pub use incoming::{FileSummary, Incoming, RowCounts, Suspicious};
pub use mapping::{Wishes, target_name};
pub use plan::{Counts, Manner, Plan};
pub use preset::Preset;
pub use returns::Returns;
pub use standing::Standing;

#[cfg(test)]
mod tests;
