//! The fences around front matter: `+++` for TOML, `---` for YAML, on the first line of a file.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Place};

/// How front matter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notation {
    Toml,
    Yaml,
}

impl Notation {
    /// The line before and after it.
    pub(super) fn fence(self) -> &'static str {
        match self {
            Notation::Toml => "+++",
            Notation::Yaml => "---",
        }
    }
}

/// Where front matter stands in a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fenced {
    pub(super) notation: Notation,
    /// The text between the fences.
    pub(super) inside: Range<usize>,
    /// Where the line after the closing fence begins; `None` when there is no closing fence.
    pub(super) end: Option<usize>,
}

/// Finds the fences; `None` when the text begins with something else.
pub(super) fn fenced(source: &str) -> Option<Fenced> {
    let first = source.split_inclusive('\n').next()?;
    let notation = [Notation::Toml, Notation::Yaml].into_iter().find(|n| first.trim_end() == n.fence())?;
    let start = first.len();
    let mut at = start;
    for line in source[start..].split_inclusive('\n') {
        if line.trim_end() == notation.fence() {
            return Some(Fenced { notation, inside: start..at, end: Some(at + line.len()) });
        }
        at += line.len();
    }
    Some(Fenced { notation, inside: start..source.len(), end: None })
}

/// The diagnostic for front matter without its second fence.
pub(super) fn unclosed(file: &str, source: &str, notation: Notation) -> Diagnostic {
    let fence = notation.fence();
    let diagnostic = Diagnostic::error(format!("the front matter that begins with `{fence}` is not closed"))
        .at(Place::span(file, source, 0..fence.len()))
        .help(format!("write a line with `{fence}` after its last key"));
    match notation {
        Notation::Toml => diagnostic,
        Notation::Yaml => diagnostic.help("is the `---` a ruled line of the text? Then leave a line empty before it"),
    }
}
