//! The sources as their authors wrote them, scanned for merge fields, and the way back from Tera's errors to their places.

use std::collections::BTreeMap;
use std::ops::Range;

use super::lint::origin::{self, Origin, Origins};
use super::merge::{Choices, Mention, Merging, Scanned, scan};
use super::names;
use super::shifts::{Shifts, Source};
use super::shortcode::{Call, Shortcodes, calls};
use super::steps;
use super::template::Sources;
use super::theme::Theme;
use super::tokens::Tokens;
use crate::article::Article;
use crate::diagnostic::{Diagnostic, Place, Result, did_you_mean};

/// The names under which the article's short texts are templates.
pub const TITLE: &str = "the title";
pub const SUBJECT: &str = "the subject";
pub const PREHEADER: &str = "the preheader";

/// The name of one of several subjects.
pub fn subject_of(letter: &str) -> String {
    format!("{SUBJECT} {letter}")
}

/// Every template source by its name: the theme's files, the article, its title, subject and preheader.
#[derive(Debug)]
pub struct Originals {
    /// Where the theme's files come from.
    theme: Theme,
    /// The article's name among them.
    article: String,
    files: BTreeMap<String, String>,
    scanned: BTreeMap<String, Scanned>,
    /// The scanned sources with their loops counted, as Tera gets them.
    counted: BTreeMap<String, (String, Shifts)>,
    /// The article's whole file.
    whole: String,
    /// The author's short texts, and where each stands in that file, as far as it stands there as it is.
    authors: BTreeMap<String, Option<usize>>,
    shortcodes: Shortcodes,
    /// The shortcodes that the article calls.
    calls: Vec<Call>,
    /// Where the theme's MJML tags were written, by the number of their token.
    origins: Vec<Origin>,
}

impl Originals {
    /// Gathers the sources; nothing is scanned yet.
    ///
    /// # Errors
    /// A shortcode whose templates can't be used.
    pub fn new(sources: &Sources) -> Result<Self> {
        let article = &sources.article;
        let mut files = sources.theme.files.clone();
        files.insert(article.file.clone(), body_at_its_lines(article));
        files.insert(TITLE.into(), article.title.clone());
        files.insert(SUBJECT.into(), article.subject.clone());
        for (letter, subject) in article.test.iter().flat_map(|test| test.letters().zip(&test.subjects)) {
            files.insert(subject_of(letter), subject.clone());
        }
        files.insert(PREHEADER.into(), article.preheader.clone().unwrap_or_default());
        let shortcodes = Shortcodes::read(&files)?;
        let key_of = |name: &str| match name {
            TITLE => Some("title"),
            PREHEADER => Some("preheader"),
            name if name.starts_with(SUBJECT) => Some("subject"),
            _ => None,
        };
        let authors = files
            .iter()
            .filter_map(|(name, text)| key_of(name).map(|key| (name.clone(), in_front_matter(article, key, text))));
        let authors = authors.collect();
        Ok(Originals {
            theme: Theme { files: BTreeMap::new(), ..sources.theme.clone() },
            article: article.file.clone(),
            files,
            scanned: BTreeMap::new(),
            counted: BTreeMap::new(),
            whole: article.source.clone(),
            authors,
            shortcodes,
            calls: Vec::new(),
            origins: Vec::new(),
        })
    }

    pub fn texts(&self) -> Vec<&str> {
        self.files.values().map(String::as_str).collect()
    }

    /// Turns gaps into tokens and gathers choices, in all sources.
    pub fn scan(&mut self, merging: Merging, tokens: &mut Tokens) -> Result<Choices> {
        let mut choices = Choices::default();
        self.scanned.clear();
        for (name, source) in &self.files {
            let is_authors = self.authors.contains_key(name) || *name == self.article;
            let mut source = if *name == self.article {
                let written = calls::prepare(name, source, &self.shortcodes, tokens)?;
                self.calls = written.calls;
                written.source
            } else {
                Source::as_written(name, source)
            };
            source.whole =
                self.authors.get(name).copied().flatten().map(|at| (self.article.as_str(), self.whole.as_str(), at));
            if is_authors {
                names::check(&source)?;
            }
            let mut scanned = scan(&source, merging, tokens, &mut choices)?;
            if is_mjml(name) && *name != self.article {
                let origins = &mut self.origins;
                let edits = origin::mark(&scanned.text, |start| {
                    origins.push(Origin { file: name.clone(), offset: scanned.original(start) });
                    tokens.origin()
                });
                scanned.insert(edits);
            }
            self.scanned.insert(name.clone(), scanned);
        }
        let count = |(name, scanned): (&String, &Scanned)| (name.clone(), steps::count_in(&scanned.text));
        self.counted = self.scanned.iter().map(count).collect();
        Ok(choices)
    }

    /// The shortcodes of the theme.
    pub fn shortcodes(&self) -> &Shortcodes {
        &self.shortcodes
    }

    /// The shortcodes that the article calls, in the order of its source.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// The scanned sources by name, for Tera.
    pub fn templates(&self) -> Vec<(&str, &str)> {
        self.counted.iter().map(|(name, (text, _))| (name.as_str(), text.as_str())).collect()
    }

    /// The position in what the author wrote of a position in what Tera got.
    fn original(&self, file: &str, position: usize) -> Option<usize> {
        let (_, shifts) = self.counted.get(file)?;
        Some(self.scanned.get(file)?.original(shifts.original(position)))
    }

    /// Every field that a source names.
    pub fn mentions(&self) -> impl Iterator<Item = &Mention> {
        self.scanned.values().flat_map(|file| &file.mentions)
    }

    /// Errors for fields that readers don't have, warnings where a default stands in for every reader.
    pub fn check_mentions(&self, columns: &[String]) -> Result<Vec<Diagnostic>> {
        let mut warnings = Vec::new();
        for mention in self.mentions() {
            if columns.contains(&mention.field) {
                continue;
            }
            let suggestion = match did_you_mean(&mention.field, columns.iter().map(String::as_str)) {
                Some(likely) => format!("did you mean `{likely}`?"),
                None => format!("the list has {}", columns.join(", ")),
            };
            if !mention.has_default {
                return Err(Diagnostic::error(format!("no reader has a field `{}`", mention.field))
                    .at(mention.place.clone())
                    .help(suggestion));
            }
            warnings.push(
                Diagnostic::warning(format!("no reader has a field `{}`: everyone gets the default", mention.field))
                    .at(mention.place.clone())
                    .help(suggestion),
            );
        }
        Ok(warnings)
    }

    /// Tera's error with its place in the file that the author wrote.
    pub fn error(&self, error: &tera::Error) -> Diagnostic {
        let (message, file, range) = match error.kind() {
            tera::ErrorKind::SyntaxError(report) | tera::ErrorKind::RenderingError(report) => {
                (report.message().to_owned(), report.filename().to_owned(), Some(report.span().range.clone()))
            }
            tera::ErrorKind::CircularInclude { include_chain, .. } => (
                format!("templates include one another in a circle: {}", include_chain.join(", ")),
                String::new(),
                None,
            ),
            tera::ErrorKind::CircularExtend { inheritance_chain, .. } => (
                format!("templates extend one another in a circle: {}", inheritance_chain.join(", ")),
                String::new(),
                None,
            ),
            _ => {
                // Errors of a whole load carry their place only in words: "error: … --> FILE:LINE:COLUMN".
                let text = error.to_string();
                let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
                let arrow = text.lines().find_map(|line| line.trim_start().strip_prefix("--> "));
                let mut parts = arrow.unwrap_or_default().rsplitn(3, ':');
                let (column, line) =
                    (parts.next().and_then(|n| n.parse().ok()), parts.next().and_then(|n| n.parse().ok()));
                let file = parts.next().unwrap_or_default().to_owned();
                let range = self
                    .counted
                    .get(&file)
                    .zip(line.zip(column))
                    .and_then(|((text, _), (line, column))| offset_of(text, line, column));
                (message, file, range.map(|at| at..at + 1))
            }
        };
        let span = range.and_then(|range| {
            let start = self.original(&file, range.start)?;
            Some(start..self.original(&file, range.end)?.max(start + 1))
        });
        let place = match (self.files.get(&file), span) {
            (Some(original), Some(span)) => match self.authors.get(&file).copied().flatten() {
                Some(at) => Some(Place::span(&*self.article, &self.whole, at + span.start..at + span.end)),
                None => Some(Place::span(self.shown_name(&file), original, span)),
            },
            _ if file.is_empty() => None,
            _ => Some(Place::file(self.shown_name(&file))),
        };
        let mut diagnostic = Diagnostic::error(message);
        if let Some(place) = place {
            diagnostic = diagnostic.at(place);
        }
        if file == self.article || self.authors.contains_key(&file) {
            diagnostic = diagnostic
                .help("an article may use {{ subscriber.FIELD }}, {{ unsubscribe_url }}, {{ web_url }}, shortcodes and {% if %}")
                .help(names::LITERALLY);
        }
        diagnostic
    }

    /// The theme prints the article's HTML, and the article isn't prose only.
    pub fn prints_html(&self) -> Diagnostic {
        let call = self.calls.iter().find(|call| self.shortcodes.get(&call.name).is_some_and(|it| it.is_block));
        let mention = self.files.iter().find_map(|(name, text)| {
            text.find("article.html").map(|at| Place::span(self.shown_name(name), text, at..at + "article.html".len()))
        });
        let name = call.map_or("a shortcode", |call| call.name.as_str());
        let error = Diagnostic::error(format!("the theme prints article.html, and `{name}` can't stand inside a text"))
            .help("lay the article out block by block: {% include \"partials/blocks.mjml\" %} between the sections of the theme");
        match mention {
            Some(place) => error.at(place),
            None => error,
        }
    }

    /// The places of a rendering's tags, and the rendering without the tokens that tell them.
    pub fn origins(&self, rendered: &str, tokens: &Tokens) -> (String, Origins<'_>) {
        Origins::take(rendered, tokens, &self.origins)
    }

    /// Where a range of rendered MJML was written.
    pub fn place_of(&self, mjml: &str, range: Range<usize>, origins: &Origins<'_>) -> Place {
        let source = |file: &str| self.files.get(file).map(|text| (self.shown_name(file), text.as_str()));
        origins.place(mjml, range.clone(), source).unwrap_or_else(|| Place::span("the MJML", mjml, range))
    }

    /// A template's name as the author knows it.
    pub fn shown_name(&self, file: &str) -> String {
        match file {
            TITLE | PREHEADER => format!("{} ({})", self.article, file.trim_start_matches("the ")),
            _ if file.starts_with(SUBJECT) => format!("{} ({})", self.article, file.trim_start_matches("the ")),
            _ if file != self.article => self.theme.shown_name(file),
            _ => file.to_owned(),
        }
    }
}

fn is_mjml(name: &str) -> bool {
    name.ends_with(".mjml")
}

/// The article's Markdown with as many empty lines before it as the front matter has, so that lines keep their numbers.
fn body_at_its_lines(article: &Article) -> String {
    let before = article.source[..article.body.start].matches('\n').count();
    format!("{}{}", "\n".repeat(before), &article.source[article.body.clone()])
}

/// Where a short text stands in the article's file: in the line of its key, or wherever it is when the key is another's.
fn in_front_matter(article: &Article, key: &str, text: &str) -> Option<usize> {
    let front = article.source.get(..article.body.start)?;
    let mut line_at = 0;
    let mut anywhere = None;
    for line in front.split_inclusive('\n') {
        let found = Some(text).filter(|text| !text.is_empty()).and_then(|text| line.find(text)).map(|at| line_at + at);
        if found.is_some() && line.trim_start().starts_with(key) {
            return found;
        }
        anywhere = anywhere.or(found);
        line_at += line.len();
    }
    anywhere
}

/// The byte offset of a line and column, both counted from 1.
fn offset_of(text: &str, line: usize, column: usize) -> Option<usize> {
    let start: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    Some(start + column.saturating_sub(1))
}
