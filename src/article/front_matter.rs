//! The front matter of an article: `+++` TOML or `---` YAML, the same keys in both, every mistake with its place.
//!
//! Nothing is guessed: an unknown key is an error. What may go into a header or a terminal (title, subject, preheader,
//! author) is one line without control characters once it has passed here.

use std::ops::Range;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::slug;
use crate::diagnostic::{Diagnostic, Place, Result, did_you_mean, is_unprintable};
use crate::publication::is_language_tag;

/// How images come to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Images {
    /// Inside the message.
    #[default]
    Embed,
    /// From the publication's web site (`assets_url`).
    Link,
}

/// The keys, checked.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct FrontMatter {
    pub title: Option<String>,
    pub subject: Option<String>,
    pub preheader: Option<String>,
    pub author: Option<String>,
    pub date: Option<Date>,
    pub slug: Option<String>,
    pub language: Option<String>,
    pub draft: bool,
    pub segment: Option<String>,
    pub images: Images,
    pub extra: Map<String, Value>,
}

/// How front matter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notation {
    Toml,
    Yaml,
}

impl Notation {
    /// The line before and after it.
    fn fence(self) -> &'static str {
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

impl FrontMatter {
    /// Reads the front matter of `source` (line ends LF) and says where the text after it begins. A source without
    /// front matter has none of the keys.
    ///
    /// # Errors
    /// The first mistake, with its place in `file`.
    pub fn parse(file: &str, source: &str) -> Result<(FrontMatter, usize)> {
        let Some(Fenced { notation, inside, end }) = fenced(source) else { return Ok((FrontMatter::default(), 0)) };
        let Some(end) = end else { return Err(unclosed(file, source, notation)) };
        let reader = Reader { file, source, text: &source[inside.clone()], offset: inside.start };
        let written = match notation {
            Notation::Toml => reader.toml()?,
            Notation::Yaml => reader.yaml()?,
        };
        Ok((reader.checked(written)?, end))
    }
}

fn unclosed(file: &str, source: &str, notation: Notation) -> Diagnostic {
    let fence = notation.fence();
    let diagnostic = Diagnostic::error(format!("the front matter that begins with `{fence}` is not closed"))
        .at(Place::span(file, source, 0..fence.len()))
        .help(format!("write a line with `{fence}` after its last key"));
    match notation {
        Notation::Toml => diagnostic,
        Notation::Yaml => diagnostic.help("is the `---` a ruled line of the text? Then leave a line empty before it"),
    }
}

/// A value and the bytes of the source that it was read from.
#[derive(Debug)]
struct Placed {
    value: String,
    range: Range<usize>,
}

/// The keys as serde reads them; the parameters are text, date and table in the notation's own types.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "S: Deserialize<'de>, D: Deserialize<'de>, E: Deserialize<'de>"))]
struct Keys<S, D, E> {
    #[serde(default = "left_out")]
    title: Option<S>,
    #[serde(default = "left_out")]
    subject: Option<S>,
    #[serde(default = "left_out")]
    preheader: Option<S>,
    #[serde(default = "left_out")]
    author: Option<S>,
    #[serde(default = "left_out")]
    date: Option<D>,
    #[serde(default = "left_out")]
    slug: Option<S>,
    #[serde(default = "left_out")]
    language: Option<S>,
    draft: Option<bool>,
    #[serde(default = "left_out")]
    segment: Option<S>,
    #[serde(default = "left_out")]
    images: Option<S>,
    #[serde(default = "left_out")]
    extra: Option<E>,
}

fn left_out<T>() -> Option<T> {
    None
}

/// Both notations end up as this.
type Written = Keys<Placed, Placed, Map<String, Value>>;

impl<S, D, E> Keys<S, D, E> {
    fn map(
        self,
        text: impl Fn(S) -> Placed,
        date: impl Fn(D) -> Placed,
        extra: impl Fn(E) -> Map<String, Value>,
    ) -> Written {
        Keys {
            title: self.title.map(&text),
            subject: self.subject.map(&text),
            preheader: self.preheader.map(&text),
            author: self.author.map(&text),
            date: self.date.map(date),
            slug: self.slug.map(&text),
            language: self.language.map(&text),
            draft: self.draft,
            segment: self.segment.map(&text),
            images: self.images.map(&text),
            extra: self.extra.map(extra),
        }
    }
}

/// What is needed to say where something stands.
struct Reader<'a> {
    file: &'a str,
    source: &'a str,
    /// The text between the fences, and where it begins in the source.
    text: &'a str,
    offset: usize,
}

impl Reader<'_> {
    fn toml(&self) -> Result<Written> {
        type TomlKeys = Keys<toml::Spanned<String>, toml::Spanned<toml::Value>, toml::Table>;
        let keys: TomlKeys = toml::from_str(self.text)
            .map_err(|error| own_keys(toml_diagnostic(self.file, self.source, self.offset, &error)))?;
        let range = |span: Range<usize>| span.start + self.offset..span.end + self.offset;
        Ok(keys.map(
            |text| Placed { range: range(text.span()), value: text.into_inner() },
            |date| Placed {
                range: range(date.span()),
                value: match date.into_inner() {
                    toml::Value::String(text) => text,
                    other => other.to_string(),
                },
            },
            |table| table.into_iter().map(|(key, value)| (key, json(value))).collect(),
        ))
    }

    fn yaml(&self) -> Result<Written> {
        type Text = serde_saphyr::Spanned<String>;
        let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
        let keys: Keys<Text, Text, Map<String, Value>> =
            serde_saphyr::from_str_with_options(self.text, options).map_err(|error| self.yaml_diagnostic(&error))?;
        let placed = |text: Text| Placed { range: self.yaml_range(&text.referenced), value: text.value };
        Ok(keys.map(placed, placed, |table| table))
    }

    /// The bytes of the source that a YAML location means.
    fn yaml_range(&self, location: &serde_saphyr::Location) -> Range<usize> {
        let span = location.span();
        let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let byte = |chars: usize| self.text.char_indices().nth(chars).map_or(self.text.len(), |(at, _)| at);
        let (start, end) = if let (Some(at), Some(len)) = (span.byte_offset(), span.byte_len()) {
            (number(at), number(at).saturating_add(number(len)))
        } else {
            let at = number(span.offset());
            (byte(at), byte(at.saturating_add(number(span.len()))))
        };
        self.offset.saturating_add(start)..self.offset.saturating_add(end)
    }

    fn yaml_diagnostic(&self, error: &serde_saphyr::Error) -> Diagnostic {
        use serde_saphyr::Error as E;
        let place = match error.location() {
            Some(location) => Place::span(self.file, self.source, self.yaml_range(&location)),
            None => Place::file(self.file),
        };
        match error.without_snippet() {
            E::SerdeUnknownField { field, expected, .. } => own_keys(unknown_key(Some(place), field, expected)),
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

    /// The values checked, one by one.
    fn checked(&self, written: Written) -> Result<FrontMatter> {
        let title = match written.title {
            Some(title) if title.value.trim().is_empty() => {
                return Err(self.wrong(
                    "title",
                    &title,
                    "is empty",
                    "write the title, or begin the text with `# Title`",
                ));
            }
            title => self.one_line("title", title)?,
        };
        Ok(FrontMatter {
            title,
            subject: self.one_line("subject", written.subject)?,
            preheader: self.one_line("preheader", written.preheader)?,
            author: self.one_line("author", written.author)?,
            date: written.date.map(|date| self.date(&date)).transpose()?,
            slug: written.slug.map(|slug| self.slug(slug)).transpose()?,
            language: written.language.map(|language| self.language(language)).transpose()?,
            draft: written.draft.unwrap_or(false),
            segment: self.one_line("segment", written.segment)?,
            images: written.images.map(|images| self.images(&images)).transpose()?.unwrap_or_default(),
            extra: written.extra.unwrap_or_default(),
        })
    }

    fn wrong(&self, key: &str, at: &Placed, message: impl std::fmt::Display, help: impl Into<String>) -> Diagnostic {
        Diagnostic::error(format!("`{key}` {message}"))
            .at(Place::span(self.file, self.source, at.range.clone()))
            .help(help)
    }

    /// A text that goes into headers and onto terminals; an empty one is as good as none.
    fn one_line(&self, key: &str, text: Option<Placed>) -> Result<Option<String>> {
        let Some(text) = text else { return Ok(None) };
        let trimmed = text.value.trim();
        match trimmed.chars().find(|c| !fits_in_a_line(*c)) {
            Some('\n') => Err(self.wrong(key, &text, "has more than one line", "write it in one line")),
            Some(c) => {
                let code = c.escape_unicode();
                Err(self.wrong(key, &text, format_args!("has the control character {code}"), "take it out"))
            }
            None if trimmed.is_empty() => Ok(None),
            None => Ok(Some(trimmed.to_owned())),
        }
    }

    fn date(&self, date: &Placed) -> Result<Date> {
        civil_date(&date.value).ok_or_else(|| {
            let message = format!("is `{}`, which is no date", date.value.trim());
            self.wrong("date", date, message, "write year, month and day, as in 2026-11-22")
        })
    }

    fn slug(&self, text: Placed) -> Result<String> {
        match slug::check(&text.value) {
            Ok(()) => Ok(text.value),
            Err(error) => {
                let better = slug::from_title(&text.value).unwrap_or_else(|| "a-short-name".to_owned());
                Err(self.wrong("slug", &text, format_args!("can't be used: {error}"), format!("`{better}` would do")))
            }
        }
    }

    fn language(&self, text: Placed) -> Result<String> {
        if is_language_tag(&text.value) {
            return Ok(text.value);
        }
        Err(self.wrong("language", &text, "is no language tag", "write it as in `en`, `de` or `pt-BR`"))
    }

    fn images(&self, text: &Placed) -> Result<Images> {
        match text.value.as_str() {
            "embed" => Ok(Images::Embed),
            "link" => Ok(Images::Link),
            other => {
                let message = format!("is `{other}`");
                Err(self.wrong(
                    "images",
                    text,
                    message,
                    "`embed` puts them into the message, `link` leaves them on the web",
                ))
            }
        }
    }
}

/// Whether a character may stand in a title, a subject, a name.
pub(super) fn fits_in_a_line(c: char) -> bool {
    !is_unprintable(c) && !matches!(c, '\n' | '\t' | '\u{2028}' | '\u{2029}')
}

/// The date at the start of `2026-11-22`, `2026-11-22T09:00:00Z` or `2026-11-22 09:00`.
pub(super) fn civil_date(text: &str) -> Option<Date> {
    let text = text.trim();
    let (date, rest) = text.split_at_checked(10)?;
    (rest.is_empty() || rest.starts_with(['T', 't', ' '])).then(|| date.parse().ok()).flatten()
}

/// A TOML value as JSON; dates and numbers that JSON lacks become text.
pub(super) fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(n) => Value::from(n),
        toml::Value::Float(n) => {
            serde_json::Number::from_f64(n).map_or_else(|| Value::String(n.to_string()), Value::Number)
        }
        toml::Value::Boolean(b) => Value::Bool(b),
        toml::Value::Datetime(at) => Value::String(at.to_string()),
        toml::Value::Array(items) => Value::Array(items.into_iter().map(json).collect()),
        toml::Value::Table(table) => Value::Object(table.into_iter().map(|(key, value)| (key, json(value))).collect()),
    }
}

/// A TOML error with its place in `source`, and for an unknown key the one that was likely meant. The text that was
/// parsed begins at byte `offset` of `source`.
pub fn toml_diagnostic(file: &str, source: &str, offset: usize, error: &toml::de::Error) -> Diagnostic {
    let place = error
        .span()
        .map_or_else(|| Place::file(file), |span| Place::span(file, source, span.start + offset..span.end + offset));
    // serde says: unknown field `x`, expected one of `a`, `b`
    let mut quoted = error.message().split('`').skip(1).step_by(2);
    match (error.message().starts_with("unknown field"), quoted.next()) {
        (true, Some(unknown)) => unknown_key(Some(place), unknown, &quoted.collect::<Vec<_>>()),
        _ => Diagnostic::error(error.message()).at(place),
    }
}

fn unknown_key(place: Option<Place>, unknown: &str, known: &[&str]) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(format!("unknown key `{unknown}`"));
    if let Some(place) = place {
        diagnostic = diagnostic.at(place);
    }
    match did_you_mean(unknown, known.iter().copied()) {
        Some(likely) => diagnostic.help(format!("did you mean `{likely}`?")),
        None => diagnostic.help(format!("known keys: {}", known.join(", "))),
    }
}

/// To an unknown key of front matter: where keys of one's own belong.
fn own_keys(diagnostic: Diagnostic) -> Diagnostic {
    if diagnostic.message().starts_with("unknown key") {
        diagnostic.help("keys of your own belong under `extra`")
    } else {
        diagnostic
    }
}
