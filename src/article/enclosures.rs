//! What front matter says goes with an article: a lead picture, and files attached.
//!
//! Only the words are read here; whether the files are there and fit to be sent is found out where they are loaded.

use std::ops::Range;

use serde::Serialize;
use serde_json::Value;

use super::front_matter::{Placed, Reader};
use crate::diagnostic::{Diagnostic, Place, Result};

/// The article's lead picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lead {
    pub file: String,
    /// What it shows. Empty text says that it only decorates.
    pub alt: Option<String>,
    /// Where it is named.
    #[serde(skip)]
    pub range: Range<usize>,
}

impl Lead {
    /// The lead picture with the file that the main file names, where this one has only words for it.
    ///
    /// # Errors
    /// Words for no picture.
    pub(super) fn completed(self, main: Option<&Lead>, file: &str, source: &str) -> Result<Lead> {
        if !self.file.is_empty() {
            return Ok(self);
        }
        let Some(main) = main else {
            return Err(Diagnostic::error("`image_alt` has no image to speak of")
                .at(Place::span(file, source, self.range))
                .help("write image = \"picture.jpg\" too"));
        };
        Ok(Lead { file: main.file.clone(), ..self })
    }

    /// The same in another language, whose words it lacks unless that file has no words of its own at all.
    pub(super) fn in_variant(&self, has_words: bool) -> Lead {
        let alt = self.alt.clone().filter(|alt| alt.is_empty() || !has_words);
        Lead { file: self.file.clone(), alt, range: 0..0 }
    }
}

/// A file that every copy brings along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attached {
    pub file: String,
    /// The name that readers see; the file's own when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it is named.
    #[serde(skip)]
    pub range: Range<usize>,
}

/// Whether two lists attach the same files under the same names.
pub(super) fn same(one: &[Attached], other: &[Attached]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.file == b.file && a.name == b.name)
}

/// An item of `attachments` as it was written.
#[derive(Debug)]
pub(super) struct Enclosed {
    pub(super) value: Value,
    pub(super) range: Range<usize>,
}

impl Reader<'_> {
    /// `image` and `image_alt`. In a file of another language the words may stand alone.
    pub(super) fn lead(&self, file: Option<Placed>, alt: Option<Placed>) -> Result<Option<Lead>> {
        let is_said = alt.is_some();
        let range = file.as_ref().or(alt.as_ref()).map(|written| written.range.clone()).unwrap_or_default();
        let alt = self.one_line("image_alt", alt)?.or(is_said.then(String::new));
        let file = self.one_line("image", file)?;
        let is_there = file.is_some() || is_said;
        Ok(is_there.then(|| Lead { file: file.unwrap_or_default(), alt, range }))
    }

    /// `attachments`.
    pub(super) fn all_attached(&self, items: Option<Vec<Enclosed>>) -> Result<Vec<Attached>> {
        items.into_iter().flatten().map(|item| self.attached(item)).collect()
    }

    /// One of `attachments`: a file name, or a table with `file` and `name`.
    fn attached(&self, item: Enclosed) -> Result<Attached> {
        let Enclosed { value, range } = item;
        let at = |value: String| Some(Placed { value, range: range.clone() });
        let wrong = |message: &str| {
            let help = "write attachments = [\"programme.pdf\", {file = \"dates.ics\", name = \"Dates.ics\"}]";
            let place = Placed { value: String::new(), range: range.clone() };
            self.wrong("attachments", &place, message, help)
        };
        let (file, name) = match value {
            Value::String(file) => (file, None),
            Value::Object(mut table) => {
                let mut take = |key: &str| match table.remove(key) {
                    None => Ok(None),
                    Some(Value::String(text)) => Ok(Some(text)),
                    Some(_) => Err(wrong(&format!("has a `{key}` that is no text"))),
                };
                let (file, name) = (take("file")?, take("name")?);
                if let Some(key) = table.keys().next() {
                    return Err(wrong(&format!("has an item with the unknown key `{key}`")));
                }
                (file.ok_or_else(|| wrong("has an item without a `file`"))?, name)
            }
            _ => return Err(wrong("has an item that is neither a file name nor a table")),
        };
        let file = self.one_line("attachments", at(file))?.ok_or_else(|| wrong("has an empty file name"))?;
        let name = name.map(|name| self.one_line("attachments", at(name))).transpose()?.flatten();
        if name.as_ref().is_some_and(|name| name.contains(['/', '\\'])) {
            return Err(wrong("has a name with a slash"));
        }
        Ok(Attached { file, name, range })
    }
}
