//! An existing article, from wherever it was written, as an article of ours: plain text, Markdown or an HTML page
//! ([`import`]), or many of them ([`blog`]).
//!
//! Nothing is read or written here but bytes. Every word arrives, in its order, but for what was recognised as no part
//! of the article; each such decision is a [`Note`] with its line, so that a person can check it at a glance.

pub mod blog;
mod byline;
mod decode;
mod escape;
mod furniture;
mod header;
mod headings;
mod html;
mod markdown;
mod text;

use std::path::Path;

use serde::Serialize;

use super::fence::{Notation, fenced};
use super::front_matter::fits_in_a_line;
use super::{FrontMatter, slug};
use crate::diagnostic::{Diagnostic, Place, Result};

/// What was done, and where in the original.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The line, counted from 1; none where the file as a whole is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    pub what: String,
}

impl Note {
    fn at(line: usize, what: impl Into<String>) -> Self {
        Note { line: Some(line), what: what.into() }
    }

    fn whole(what: impl Into<String>) -> Self {
        Note { line: None, what: what.into() }
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

/// How a file was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Text,
    Markdown,
    Html,
}

/// An article taken over, not yet written anywhere.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Imported {
    pub kind: Kind,
    /// Has a title.
    pub front: FrontMatter,
    /// The Markdown.
    pub body: String,
    /// What was done, in the order of the lines.
    pub notes: Vec<Note>,
}

impl Imported {
    pub fn title(&self) -> &str {
        self.front.title.as_deref().unwrap_or_default()
    }

    /// The article's slug: as written, or made from the title; from the date when the title has no letter for one.
    pub fn slug(&self) -> String {
        let made = || slug::from_title(self.title());
        self.front.slug.clone().or_else(made).unwrap_or_else(|| match self.front.date {
            Some(date) => format!("article-{date}"),
            None => "article".to_owned(),
        })
    }

    /// The article's file.
    pub fn to_file(&self) -> String {
        let body = self.body.trim_matches('\n');
        let end = if body.is_empty() { "" } else { "\n" };
        format!("{}\n{body}{end}", self.front.to_toml())
    }
}

/// Reads an article from the bytes of a file called `name`.
///
/// # Errors
/// The file holds no text, or none that is an article's.
pub fn import(name: &str, bytes: &[u8]) -> Result<Imported> {
    let mut notes = Vec::new();
    let source = decode::decode(name, bytes, &mut notes)?;
    if source.trim().is_empty() {
        return Err(Diagnostic::error("there is nothing in this file to import").at(Place::file(name)));
    }
    let kind = kind_of(name, &source);
    let (mut front, body) = match kind {
        Kind::Text => text::read(&source, &mut notes),
        Kind::Markdown => markdown::read(name, &source, &mut notes)?,
        Kind::Html => html::read(&source, &mut notes),
    };
    // HTML can write them as entities, which no look at the file's own characters finds.
    let body: String = body.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    settle_title(&mut front, name, &source, &mut notes);
    if body.trim().is_empty() {
        notes.push(Note::whole("no text was found after the title"));
    }
    notes.sort_by_key(|note| note.line);
    Ok(Imported { kind, front, body, notes })
}

/// By the file's extension; what has none that says it, by how it begins.
fn kind_of(name: &str, source: &str) -> Kind {
    let extension = Path::new(name).extension().map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("html" | "htm" | "xhtml") => return Kind::Html,
        Some("md" | "markdown" | "mdown" | "mkd") => return Kind::Markdown,
        _ => {}
    }
    let start: String = source.trim_start().chars().take(200).collect::<String>().to_lowercase();
    let tags = ["<!doctype html", "<html", "<head", "<body", "<article", "<main", "<div", "<p>", "<h1"];
    if tags.iter().any(|tag| start.starts_with(tag)) {
        return Kind::Html;
    }
    // Two ruled lines are no front matter: TOML or YAML keys have to stand between them.
    if header::header(source).is_some() {
        return Kind::Markdown;
    }
    let front = fenced(source).is_some_and(|fenced| {
        let key = match fenced.notation {
            Notation::Toml => " = ",
            Notation::Yaml => ": ",
        };
        fenced.end.is_some() && source[fenced.inside].contains(key)
    });
    let heading = extension.as_deref() != Some("txt") && source.trim_start().starts_with("# ");
    if front || heading { Kind::Markdown } else { Kind::Text }
}

/// Makes sure that there is a title, that it is one line, and that its braces are no merge fields.
fn settle_title(front: &mut FrontMatter, name: &str, source: &str, notes: &mut Vec<Note>) {
    let title = front.title.take().map(|title| one_line(&title)).filter(|title| !title.is_empty());
    let title = title.unwrap_or_else(|| {
        let stem = Path::new(name).file_stem().map(|stem| one_line(&stem.to_string_lossy())).unwrap_or_default();
        let title = if stem.is_empty() || stem == "-" { "Untitled".to_owned() } else { stem };
        notes.push(Note::whole(format!("no title was found: it is called \"{title}\" for now")));
        title
    });
    if escape::has_template(&title) && !title.contains("subscriber.") {
        let line = line_of(source, &title);
        let what = "the braces in the title would be a merge field: written there so that they show";
        notes.push(Note { line, what: what.to_owned() });
        front.title = Some(escape::template(&title));
        return;
    }
    front.title = Some(title);
}

/// A text without line ends and control characters, with single spaces.
fn one_line(text: &str) -> String {
    let fits: String = text
        .chars()
        .map(|c| if c.is_whitespace() && c != '\u{a0}' { ' ' } else { c })
        .filter(|c| fits_in_a_line(*c))
        .collect();
    fits.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// The first line that has this text, as it is or as HTML writes it.
fn line_of(source: &str, text: &str) -> Option<usize> {
    source
        .find(text)
        .or_else(|| source.find(&text.replace('&', "&amp;")))
        .map(|at| source[..at].matches('\n').count() + 1)
}

/// The beginning of a text, for a note: at most `words` words.
fn beginning(text: &str, words: usize) -> String {
    let text = one_line(text);
    let mut all = text.split(' ');
    let start = all.by_ref().take(words).collect::<Vec<_>>().join(" ");
    // A single "word" may be as long as a file.
    let short: String = start.chars().take(120).collect();
    if all.next().is_some() || short.len() < start.len() { format!("{short} …") } else { short }
}

#[cfg(test)]
mod tests;
