//! `letterpress send`: the real program against relays that behave and relays that don't.

mod confirmation;
mod connections;
mod deadlines;
mod doubt;
mod outcomes;
mod patience;
mod protection;
pub(crate) mod relays;
mod striking;

pub(crate) use relays::letter as letter_to;

use crate::publication::{Publication, reader};
use crate::relay::Relay;

/// A publication with an article and `readers` readers, which hands to `relay`.
fn letter(relay: &Relay, readers: usize) -> Publication {
    publication(readers).relay(relay)
}

/// The same without a relay.
fn publication(readers: usize) -> Publication {
    Publication::new().article("spring", "Hello {{ subscriber.name }}, it is spring.").readers(readers)
}

/// The addresses of all `readers`, sorted.
fn everyone(readers: usize) -> Vec<String> {
    let mut all: Vec<String> = (1..=readers).map(reader).collect();
    all.sort();
    all
}

const SEND: [&str; 2] = ["send", "--yes"];
