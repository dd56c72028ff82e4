//! Any text as an article's Markdown, its subject and a theme's template: scanned for merge fields and read by Tera.
#![no_main]

mod sources;

use letterpress::edition::{Merging, Template};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &str)| {
    let (body, subject, theme) = input;
    let Some(sources) = sources::of(body, subject, theme, theme) else { return };
    for merging in [Merging::Gaps, Merging::ChoicesOnly] {
        match Template::new(sources.clone(), merging) {
            Ok(template) => drop((template.group_of(&sources::Nobody), template.in_lists())),
            Err(error) => drop(error.render(false)),
        }
    }
});
