//! The front matter of an article: `+++` TOML or `---` YAML, the same keys in both, every mistake with its place.
//!
//! Nothing is guessed: an unknown key is an error. What may go into a header or a terminal (title, subject, preheader,
//! author) is one line without control characters once it has passed here.

use std::ops::Range;

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::enclosures::{Attached, Enclosed, Lead};
use super::fence::{self, Fenced, Notation, fenced};
use super::mistakes::{own_keys, toml_diagnostic, yaml_diagnostic, yaml_range};
use super::slug;
use super::subjects::{self, LETTERS, Shares, SubjectTest};
use crate::diagnostic::{Diagnostic, Place, Result, is_unprintable};
pub use crate::publication::Images;
use crate::publication::is_language_tag;

/// The keys, checked.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct FrontMatter {
    pub title: Option<String>,
    pub subject: Option<String>,
    /// The subjects that are tried against each other, when there are several; `subject` is the first.
    pub test: Option<SubjectTest>,
    pub preheader: Option<String>,
    pub author: Option<String>,
    pub date: Option<Date>,
    pub slug: Option<String>,
    pub language: Option<String>,
    pub draft: bool,
    pub segment: Option<String>,
    pub images: Option<Images>,
    pub image: Option<Lead>,
    pub attachments: Vec<Attached>,
    pub stories: Vec<String>,
    pub extra: Map<String, Value>,
}

impl FrontMatter {
    /// Reads the front matter of `source` (line ends LF) and says where the text after it begins. A source without
    /// front matter has none of the keys.
    ///
    /// # Errors
    /// The first mistake, with its place in `file`.
    pub fn parse(file: &str, source: &str) -> Result<(FrontMatter, usize)> {
        let Some(Fenced { notation, inside, end }) = fenced(source) else { return Ok((FrontMatter::default(), 0)) };
        let Some(end) = end else { return Err(fence::unclosed(file, source, notation)) };
        let reader = Reader { file, source, inside };
        let written = match notation {
            Notation::Toml => reader.toml()?,
            Notation::Yaml => reader.yaml()?,
        };
        Ok((reader.checked(written)?, end))
    }
}

/// A value and the bytes of the source that it was read from.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) value: String,
    pub(super) range: Range<usize>,
}

/// The keys as serde reads them; the parameters are text, date, table, subjects, shares and attachment in the notation's
/// own types.
#[derive(Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    bound(
        deserialize = "S: Deserialize<'de>, D: Deserialize<'de>, E: Deserialize<'de>, J: Deserialize<'de>, N: Deserialize<'de>, A: Deserialize<'de>"
    )
)]
struct Keys<S, D, E, J, N, A> {
    #[serde(default = "left_out")]
    title: Option<S>,
    #[serde(default = "left_out")]
    subject: Option<J>,
    #[serde(default = "left_out")]
    share: Option<N>,
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
    stories: Option<Vec<S>>,
    #[serde(default = "left_out")]
    image: Option<S>,
    #[serde(default = "left_out")]
    image_alt: Option<S>,
    attachments: Option<Vec<A>>,
    #[serde(default = "left_out")]
    extra: Option<E>,
}

fn left_out<T>() -> Option<T> {
    None
}

type TomlText = toml::Spanned<String>;
type YamlText = serde_saphyr::Spanned<String>;

/// Both notations end up as this.
type Written = Keys<Placed, Placed, Map<String, Value>, Vec<Placed>, Shares, Enclosed>;

impl<S, D, E, J, N, A> Keys<S, D, E, J, N, A> {
    fn map(
        self,
        text: impl Fn(S) -> Placed,
        date: impl Fn(D) -> Placed,
        extra: impl Fn(E) -> Map<String, Value>,
        subjects: impl Fn(J) -> Vec<S>,
        shares: impl Fn(N) -> Shares,
        attachment: impl Fn(A) -> Enclosed,
    ) -> Written {
        Keys {
            title: self.title.map(&text),
            subject: self.subject.map(|list| subjects(list).into_iter().map(&text).collect()),
            share: self.share.map(shares),
            preheader: self.preheader.map(&text),
            author: self.author.map(&text),
            date: self.date.map(date),
            slug: self.slug.map(&text),
            language: self.language.map(&text),
            draft: self.draft,
            segment: self.segment.map(&text),
            images: self.images.map(&text),
            image: self.image.map(&text),
            image_alt: self.image_alt.map(&text),
            attachments: self.attachments.map(|list| list.into_iter().map(&attachment).collect()),
            stories: self.stories.map(|stories| stories.into_iter().map(&text).collect()),
            extra: self.extra.map(extra),
        }
    }
}

/// What is needed to say where something stands.
pub(super) struct Reader<'a> {
    file: &'a str,
    source: &'a str,
    /// What stands between the fences.
    inside: Range<usize>,
}

impl Reader<'_> {
    fn text(&self) -> &str {
        &self.source[self.inside.clone()]
    }

    fn toml(&self) -> Result<Written> {
        // Its type is found out first: a reader that would take either of two loses the places.
        let subject = toml::from_str::<toml::Table>(self.text()).ok().and_then(|mut table| table.remove("subject"));
        match subject {
            Some(toml::Value::Array(_)) => self.toml_with(|list: Vec<TomlText>| list),
            _ => self.toml_with(|one: TomlText| vec![one]),
        }
    }

    fn toml_with<J: DeserializeOwned>(&self, subjects: impl Fn(J) -> Vec<TomlText>) -> Result<Written> {
        type Any = toml::Spanned<toml::Value>;
        type TomlKeys<J> = Keys<TomlText, Any, toml::Table, J, toml::Spanned<Vec<f64>>, Any>;
        let keys: TomlKeys<J> = toml::from_str(self.text())
            .map_err(|error| own_keys(toml_diagnostic(self.file, self.source, self.inside.start, &error)))?;
        let range = |span: Range<usize>| span.start + self.inside.start..span.end + self.inside.start;
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
            subjects,
            |shares| Shares { range: range(shares.span()), values: shares.into_inner() },
            |item| Enclosed { range: range(item.span()), value: json(item.into_inner()) },
        ))
    }

    fn yaml(&self) -> Result<Written> {
        let any = serde_saphyr::from_str::<Map<String, Value>>(self.text());
        match any.ok().and_then(|mut keys| keys.remove("subject")) {
            Some(Value::Array(_)) => self.yaml_with(|list: Vec<YamlText>| list),
            _ => self.yaml_with(|one: YamlText| vec![one]),
        }
    }

    fn yaml_with<J: DeserializeOwned>(&self, subjects: impl Fn(J) -> Vec<YamlText>) -> Result<Written> {
        type Any = serde_saphyr::Spanned<Value>;
        type YamlKeys<J> = Keys<YamlText, YamlText, Map<String, Value>, J, serde_saphyr::Spanned<Vec<f64>>, Any>;
        let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
        let keys: YamlKeys<J> = serde_saphyr::from_str_with_options(self.text(), options)
            .map_err(|error| own_keys(yaml_diagnostic(self.file, self.source, &self.inside, &error)))?;
        let range = |at: &serde_saphyr::Location| yaml_range(self.source, &self.inside, at);
        let placed = |text: YamlText| Placed { range: range(&text.referenced), value: text.value };
        let shares =
            |shares: serde_saphyr::Spanned<Vec<f64>>| Shares { range: range(&shares.referenced), values: shares.value };
        let enclosed =
            |item: serde_saphyr::Spanned<Value>| Enclosed { range: range(&item.referenced), value: item.value };
        Ok(keys.map(placed, placed, |table| table, subjects, shares, enclosed))
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
        let (subject, test) = self.subjects(written.subject, written.share)?;
        Ok(FrontMatter {
            title,
            subject,
            test,
            preheader: self.one_line("preheader", written.preheader)?,
            author: self.one_line("author", written.author)?,
            date: written.date.map(|date| self.date(&date)).transpose()?,
            slug: written.slug.map(|slug| self.slug(slug)).transpose()?,
            language: written.language.map(|language| self.language(language)).transpose()?,
            draft: written.draft.unwrap_or(false),
            segment: self.one_line("segment", written.segment)?,
            images: written.images.map(|images| self.images(&images)).transpose()?,
            image: self.lead(written.image, written.image_alt)?,
            attachments: self.all_attached(written.attachments)?,
            stories: written.stories.into_iter().flatten().map(|slug| self.slug(slug)).collect::<Result<_>>()?,
            extra: written.extra.unwrap_or_default(),
        })
    }

    pub(super) fn wrong(
        &self,
        key: &str,
        at: &Placed,
        message: impl std::fmt::Display,
        help: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::error(format!("`{key}` {message}"))
            .at(Place::span(self.file, self.source, at.range.clone()))
            .help(help)
    }

    /// A text that goes into headers and onto terminals; an empty one is as good as none.
    pub(super) fn one_line(&self, key: &str, text: Option<Placed>) -> Result<Option<String>> {
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

    /// The subject, and all of them when there are several.
    fn subjects(
        &self,
        written: Option<Vec<Placed>>,
        shares: Option<Shares>,
    ) -> Result<(Option<String>, Option<SubjectTest>)> {
        let several = written.as_ref().is_some_and(|list| list.len() > 1);
        let mut subjects: Vec<String> = Vec::new();
        for text in written.into_iter().flatten() {
            let range = text.range.clone();
            let wrong = |message: &str, help: &str| {
                let place = Placed { value: String::new(), range: range.clone() };
                Err(self.wrong("subject", &place, message, help))
            };
            match self.one_line("subject", Some(text))? {
                Some(subject) if subjects.contains(&subject) => return wrong("is there twice", "take one of them out"),
                Some(_) if subjects.len() == LETTERS.len() => return wrong("is one too many", "26 are tried at most"),
                Some(subject) => subjects.push(subject),
                None if several => return wrong("is empty", "take it out"),
                None => {}
            }
        }
        if let Some(Shares { values, range }) = &shares
            && let Some((message, help)) = subjects::mistake(values, subjects.len())
        {
            let place = Placed { value: String::new(), range: range.clone() };
            return Err(self.wrong("share", &place, message, help));
        }
        let first = subjects.first().cloned();
        #[expect(clippy::cast_precision_loss, reason = "26 at most")]
        let equal = || vec![100.0 / subjects.len() as f64; subjects.len()];
        let shares = shares.map_or_else(equal, |shares| shares.values);
        Ok((first, several.then_some(SubjectTest { subjects, shares })))
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
