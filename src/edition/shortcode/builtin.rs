//! The shortcodes that are built in, and the partial that lays an article's blocks out: what every theme has, unless the
//! publication has a file of the same name.

use std::collections::BTreeMap;

macro_rules! builtin {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("../../../templates/", $name)))),*] };
}

const FILES: &[(&str, &str)] = builtin![
    "partials/blocks.mjml",
    "shortcodes/button.mjml",
    "shortcodes/button.txt",
    "shortcodes/column.mjml",
    "shortcodes/column.txt",
    "shortcodes/columns.mjml",
    "shortcodes/columns.txt",
    "shortcodes/image.mjml",
    "shortcodes/image.txt",
    "shortcodes/quote.mjml",
    "shortcodes/quote.txt",
    "shortcodes/spacer.mjml",
    "shortcodes/spacer.txt",
    "shortcodes/video.mjml",
    "shortcodes/video.txt",
];

/// Adds to a theme's files what they lack.
pub fn complete(files: &mut BTreeMap<String, String>) {
    for (name, text) in FILES {
        files.entry((*name).to_owned()).or_insert_with(|| (*text).to_owned());
    }
}
