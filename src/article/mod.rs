//! What did the author write: one file in `content/`, its front matter and its Markdown.
//!
//! [`Article::parse`] is pure; [`Article::load`] and [`find`] read files. The Markdown is not looked into here, but for
//! a title that stands in it as its first heading. Texts made elsewhere come in through [`import`].

mod enclosures;
mod fence;
mod find;
mod front_matter;
pub mod import;
mod mistakes;
pub mod slug;
mod subjects;
mod toml_form;
mod variants;

use std::ops::Range;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Place, Result};

pub use enclosures::{Attached, Lead};
pub use find::{all, find};
pub use front_matter::{FrontMatter, Images};
pub use mistakes::toml_diagnostic;
pub use subjects::{SubjectChooser, SubjectTest};
pub use variants::Variant;

/// What the author wrote: one thing to send.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Article {
    /// The file as shown to people, such as `content/slug.md`.
    pub file: String,
    /// The file itself.
    #[serde(skip)]
    pub path: PathBuf,
    /// Where images that are named without a folder lie.
    #[serde(skip)]
    pub folder: PathBuf,
    pub slug: String,
    pub title: String,
    /// The subject as written, with its merge fields; the title when there is none.
    pub subject: String,
    /// The subjects that are tried against each other, when there are several; `subject` is the first.
    pub test: Option<SubjectTest>,
    pub preheader: Option<String>,
    pub author: Option<String>,
    pub date: Option<Date>,
    pub language: Option<String>,
    pub draft: bool,
    /// Whom it is for, when not for everyone: a condition over subscribers, as written.
    pub segment: Option<String>,
    pub images: Option<Images>,
    /// The lead picture.
    pub image: Option<Lead>,
    pub attachments: Vec<Attached>,
    /// The slugs of other articles to be told of beside this one.
    pub stories: Vec<String>,
    /// Keys of the author's own.
    pub extra: Map<String, Value>,
    /// The whole file, with line ends LF and without a byte order mark.
    #[serde(skip)]
    pub source: String,
    /// Where the Markdown stands in `source`.
    #[serde(skip)]
    pub body: Range<usize>,
    /// The same in other languages, from the files beside it.
    #[serde(skip)]
    pub variants: Vec<Variant>,
}

impl Article {
    /// Reads the text of an article. `file` is its name as people see it, from which the slug follows when the front
    /// matter has none, and its folder.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub fn parse(file: &str, source: String) -> Result<Article> {
        Article::parse_with(file, source, None)
    }

    /// [`Article::parse`]; slug and title may be missing where a main file has them.
    fn parse_with(file: &str, source: String, main: Option<&Article>) -> Result<Article> {
        let source = normal(source);
        let (front, start) = FrontMatter::parse(file, &source)?;
        let path = PathBuf::from(file);
        let slug = match (front.slug, main) {
            (Some(slug), _) => slug,
            (None, Some(main)) => main.slug.clone(),
            (None, None) => slug_of(file, &path)?,
        };
        let (title, start) = match (front.title, title_in_text(file, &source, start), main) {
            (Some(title), ..) => (title, start),
            (None, Ok((title, start)), _) => (title, start),
            (None, Err(_), Some(main)) => (main.title.clone(), start),
            (None, Err(error), None) => return Err(error),
        };
        if let Some((at, c)) = source[start..].char_indices().find(|(_, c)| c.is_control() && !matches!(c, '\n' | '\t'))
        {
            let place = Place::span(file, &source, start + at..start + at + c.len_utf8());
            return Err(Diagnostic::error(format!("the text has the control character U+{:04X}", u32::from(c)))
                .at(place)
                .help("remove it"));
        }
        let lead = front.image.map(|lead| lead.completed(main.and_then(|main| main.image.as_ref()), file, &source));
        Ok(Article {
            file: file.to_owned(),
            folder: path.parent().map(Path::to_path_buf).unwrap_or_default(),
            path,
            slug,
            subject: front.subject.unwrap_or_else(|| title.clone()),
            test: front.test,
            title,
            preheader: front.preheader,
            author: front.author,
            date: front.date,
            language: front.language,
            draft: front.draft,
            segment: front.segment,
            images: front.images,
            image: lead.transpose()?,
            attachments: front.attachments,
            stories: front.stories,
            extra: front.extra,
            body: start..source.len(),
            source,
            variants: Vec::new(),
        })
    }

    /// Reads an article's file, which people see named relative to `root`, and its other languages beside it. The file of
    /// another language stands for the whole article.
    ///
    /// # Errors
    /// A file can't be read, is no UTF-8, or has a mistake.
    pub fn load(root: &Path, path: &Path) -> Result<Article> {
        if let Some((main, tag)) = variants::parts_of(path) {
            return if main.is_file() { Article::load(root, &main) } else { Err(variants::orphan(path, &main, &tag)) };
        }
        let (file, source) = text_of(root, path)?;
        let texts = variants::files_of(path)?.into_iter().map(|(path, tag)| {
            let (file, source) = text_of(root, &path)?;
            Ok((file, tag, source))
        });
        let mut article = Article::parse(&file, source)?.with_variants(texts.collect::<Result<Vec<_>>>()?)?;
        article.path = path.to_path_buf();
        article.folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let folder = &article.folder;
        article.variants.iter_mut().for_each(|variant| variant.article.folder.clone_from(folder));
        Ok(article)
    }

    /// The article with each of its subjects as the only one.
    pub fn with_each_subject(&self) -> Vec<Article> {
        let Some(test) = &self.test else { return vec![self.clone()] };
        let with = |n: usize| {
            let mut article = self.clone();
            let variants = article.variants.iter_mut().map(|variant| &mut variant.article);
            variants.for_each(|article| article.keep_subject(n));
            article.keep_subject(n);
            article
        };
        (0..test.subjects.len()).map(with).collect()
    }

    fn keep_subject(&mut self, n: usize) {
        let kept = self.test.take().and_then(|test| test.subjects.into_iter().nth(n));
        self.subject = kept.unwrap_or_else(|| self.subject.clone());
    }

    /// Where a word of the front matter stands.
    pub fn place_of(&self, word: &str) -> Place {
        match self.source[..self.body.start].find(word) {
            Some(at) => Place::span(&*self.file, &self.source, at..at + word.len()),
            None => Place::file(&*self.file),
        }
    }

    /// The Markdown.
    pub fn markdown(&self) -> &str {
        self.source.get(self.body.clone()).unwrap_or_default()
    }
}

/// A file's name as people see it, and its text.
fn text_of(root: &Path, path: &Path) -> Result<(String, String)> {
    let file = path.strip_prefix(root).unwrap_or(path).display().to_string();
    let bytes = std::fs::read(path).map_err(|error| Diagnostic::io("read", path, &error))?;
    let source = String::from_utf8(bytes).map_err(|error| not_utf8(&file, &error))?;
    Ok((file, source))
}

/// Line ends LF, no byte order mark.
fn normal(source: String) -> String {
    let source = match source.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => source,
    };
    if source.contains('\r') { source.replace("\r\n", "\n").replace('\r', "\n") } else { source }
}

fn not_utf8(file: &str, error: &std::string::FromUtf8Error) -> Diagnostic {
    let good = error.utf8_error().valid_up_to();
    let line = error.as_bytes()[..good].split(|byte| *byte == b'\n').count();
    Diagnostic::error("this line has a byte that is no UTF-8")
        .at(Place::line(file, line))
        .help("save the file as UTF-8")
        .help(format!("`letterpress import {file}` reads other encodings into a new article"))
}

/// The slug that a file's name gives: `SLUG.md` or `SLUG/index.md`.
fn slug_of(file: &str, path: &Path) -> Result<String> {
    let stem = path.file_stem().unwrap_or_default();
    let name = if stem == "index" { path.parent().and_then(Path::file_name).unwrap_or(stem) } else { stem };
    let name = name.to_string_lossy();
    match slug::check(&name) {
        Ok(()) => Ok(name.into_owned()),
        Err(error) => {
            let better = slug::from_title(&name).unwrap_or_else(|| "a-short-name".to_owned());
            Err(Diagnostic::error(format!("the file's name is no slug: {error}"))
                .at(Place::file(file))
                .help(format!("rename it to `{better}.md`, or write `slug = \"{better}\"` in its front matter")))
        }
    }
}

/// The title that stands in the text as its first heading, and where the text after it begins.
fn title_in_text(file: &str, source: &str, start: usize) -> Result<(String, usize)> {
    let text = &source[start..];
    let first = start + (text.len() - text.trim_start().len());
    let missing = || {
        Diagnostic::error("the article has no title")
            .at(Place::span(file, source, first..first + 1))
            .help("write `title = \"…\"` in its front matter, or begin the text with `# Title`")
    };
    let mut title = String::new();
    let mut events = Parser::new(text).into_offset_iter();
    match events.next() {
        // Link definitions yield no event: a heading counts as first only when nothing at all stands before it.
        Some((Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }), range)) if start + range.start == first => {}
        _ => return Err(missing()),
    }
    for (event, range) in events {
        match event {
            Event::Text(piece) | Event::Code(piece) => title.push_str(&piece),
            Event::SoftBreak | Event::HardBreak => title.push(' '),
            Event::End(TagEnd::Heading(_)) => {
                let title = title.trim();
                if title.is_empty() {
                    return Err(missing());
                }
                if let Some(c) = title.chars().find(|c| !front_matter::fits_in_a_line(*c)) {
                    let code = c.escape_unicode();
                    return Err(Diagnostic::error(format!("the title has the control character {code}"))
                        .at(Place::span(file, source, start + range.start..start + range.end))
                        .help("take it out"));
                }
                return Ok((title.to_owned(), start + range.end));
            }
            _ => {}
        }
    }
    Err(missing())
}

#[cfg(test)]
mod tests;
