//! What TOML and YAML readers complain of, in our words and with its place in the file that a person edits.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Place, did_you_mean};

/// A TOML error with its place in `source`, and for an unknown key the one that was likely meant. The text that was
/// parsed begins at byte `offset` of `source`.
pub fn toml_diagnostic(file: &str, source: &str, offset: usize, error: &toml::de::Error) -> Diagnostic {
    let place = error
        .span()
        .map_or_else(|| Place::file(file), |span| Place::span(file, source, span.start + offset..span.end + offset));
    // serde says: unknown field `x`, expected one of `a`, `b`
    let mut quoted = error.message().split('`').skip(1).step_by(2);
    match (error.message().starts_with("unknown field"), quoted.next()) {
        (true, Some(unknown)) => unknown_key(place, unknown, &quoted.collect::<Vec<_>>()),
        _ if place.excerpt.contains("{{") => Diagnostic::error(error.message())
            .at(place)
            .help("a value with double quotes inside goes in single quotes: subject = 'Dear {{ subscriber.name | default(value=\"friend\") }}'"),
        _ => Diagnostic::error(error.message()).at(place),
    }
}

fn unknown_key(place: Place, unknown: &str, known: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::error(format!("unknown key `{unknown}`")).at(place);
    match did_you_mean(unknown, known.iter().copied()) {
        Some(likely) => diagnostic.help(format!("did you mean `{likely}`?")),
        None => diagnostic.help(format!("known keys: {}", known.join(", "))),
    }
}

/// To an unknown key of front matter: where keys of one's own belong.
pub(super) fn own_keys(diagnostic: Diagnostic) -> Diagnostic {
    if diagnostic.message().starts_with("unknown key") {
        diagnostic.help("keys of your own belong under `extra`")
    } else {
        diagnostic
    }
}

/// The bytes of the source that a YAML location means; the text that was parsed stands at `inside`.
pub(super) fn yaml_range(source: &str, inside: &Range<usize>, location: &serde_saphyr::Location) -> Range<usize> {
    let text = source.get(inside.clone()).unwrap_or_default();
    let span = location.span();
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    // Syntax errors are only counted in characters.
    let byte = |chars: usize| text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
    let (start, end) = if let (Some(at), Some(len)) = (span.byte_offset(), span.byte_len()) {
        (number(at), number(at).saturating_add(number(len)))
    } else {
        let at = number(span.offset());
        (byte(at), byte(at.saturating_add(number(span.len()))))
    };
    inside.start.saturating_add(start)..inside.start.saturating_add(end)
}

/// A YAML error with its place in `source`; the text that was parsed stands at `inside`.
pub(super) fn yaml_diagnostic(
    file: &str,
    source: &str,
    inside: &Range<usize>,
    error: &serde_saphyr::Error,
) -> Diagnostic {
    use serde_saphyr::Error as E;
    let place = error
        .location()
        .map_or_else(|| Place::file(file), |location| Place::span(file, source, yaml_range(source, inside, &location)));
    match error.without_snippet() {
        E::SerdeUnknownField { field, expected, .. } => unknown_key(place, field, expected),
        E::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or("this key");
            Diagnostic::error(format!("`{key}` is there twice")).at(place).help("keep one of them")
        }
        E::InvalidBooleanStrict { .. } => {
            Diagnostic::error("expected `true` or `false`").at(place).help("write it as in `draft: true`")
        }
        E::MultipleDocuments { .. } => {
            Diagnostic::error("the front matter ends before its closing `---`").at(place).help("take the line out")
        }
        other => {
            let message = other.to_string();
            // The place says it better than " at line 3, column 7", which counts from the fence.
            let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
            Diagnostic::error(message).at(place).help("a value with `: ` or with marks at its start needs quotes")
        }
    }
}
