//! What did the author write: one file in `content/`, its front matter and its Markdown.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Place, did_you_mean};

/// A TOML error with its place in `source`, and for an unknown key the one that was likely meant. The text that was
/// parsed begins at byte `offset` of `source`.
pub fn toml_diagnostic(file: &str, source: &str, offset: usize, error: &toml::de::Error) -> Diagnostic {
    let span: Option<Range<usize>> = error.span();
    let place = span
        .map_or_else(|| Place::file(file), |span| Place::span(file, source, span.start + offset..span.end + offset));
    with_suggestion(Diagnostic::error(error.message().to_owned()).at(place), error.message())
}

/// Turns serde's "unknown field `x`, expected one of `a`, `b`" into our words with a suggestion.
fn with_suggestion(diagnostic: Diagnostic, message: &str) -> Diagnostic {
    let mut quoted = message.split('`').skip(1).step_by(2);
    match (message.starts_with("unknown field"), quoted.next()) {
        (true, Some(unknown)) => {
            let known: Vec<&str> = quoted.collect();
            let place = diagnostic.place().cloned();
            let mut ours = Diagnostic::error(format!("unknown key `{unknown}`"));
            if let Some(place) = place {
                ours = ours.at(place);
            }
            match did_you_mean(unknown, known.iter().copied()) {
                Some(likely) => ours.help(format!("did you mean `{likely}`?")),
                None => ours.help(format!("known keys: {}", known.join(", "))),
            }
        }
        _ => diagnostic,
    }
}
