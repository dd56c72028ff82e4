//! What will it look like: the very messages that would go, as files to look at.
//!
//! Messages are struck by the same press that strikes them for the relay; here they are only decoded for showing and
//! written to `preview/SLUG/`. Which readers are shown is not decided here.

mod files;
mod proof;

pub use files::{Folder, Parts, Proofed, decode_copy, decode_parts};
pub use proof::{Exclusion, Proof, ProofReader, render};
