//! In place of `highlight` where the program is built without it: all code is plain.

use std::borrow::Cow;

use pulldown_cmark::Event;
use serde_json::{Map, Value as Json};

use super::tokens::Tokens;

/// No span has a class.
pub const CLASSES: [&str; 0] = [];

/// No block is coloured.
pub fn choose(_: &mut [Event<'_>], _: &mut [Vec<Event<'_>>], _: &Tokens) {}

/// The events as they are.
pub fn coloured<'e, 'a>(events: &'e [Event<'a>], _: &Tokens) -> Cow<'e, [Event<'a>]> {
    Cow::Borrowed(events)
}

/// What templates find as `code`.
pub fn colours(_: &Map<String, Json>, _: &Tokens) -> Json {
    Json::Array(Vec::new())
}
