//! Markdown written for another program: its text stays as it is, its front matter becomes ours. Known keys are kept,
//! others go under `extra`; nothing of it is lost in silence.

use pulldown_cmark::{Event, Parser, TagEnd};
use serde_json::{Map, Value};

use super::header::header;
use super::{Note, beginning, blog, escape, one_line};
use crate::article::fence::{Fenced, Notation, fenced};
use crate::article::front_matter::{Images, civil_date, json};
use crate::article::mistakes::{toml_diagnostic, yaml_diagnostic};
use crate::article::{FrontMatter, slug, title_in_text};
use crate::diagnostic::Result;
use crate::publication::is_language_tag;

/// Reads front matter and text.
///
/// # Errors
/// The front matter can't be read at all.
pub(super) fn read(file: &str, source: &str, notes: &mut Vec<Note>) -> Result<(FrontMatter, String)> {
    let (mut front, start) = match fenced(source) {
        Some(found) => {
            let end = found.end.unwrap_or(source.len());
            (front_matter(file, source, &found, notes)?, end)
        }
        None => match header(source) {
            Some((keys, end)) => (blog::header_keys(keys, notes), end),
            None => (FrontMatter::default(), 0),
        },
    };
    let mut body = &source[start..];
    if front.title.is_none() {
        if let Ok((title, end)) = title_in_text(file, source, start) {
            let line = 1 + source[..end].trim_end().matches('\n').count();
            notes.push(Note::at(line, format!("title \"{title}\" from the first heading")));
            front.title = Some(title);
            body = &source[end..];
        } else if let Some(title) = first_words(body) {
            notes.push(Note::whole(format!("no title: it is made of the first words, \"{title}\"; change it")));
            front.title = Some(title);
        }
    }
    let first = source.len() - body.len();
    for (n, line) in body.lines().enumerate().filter(|(_, line)| escape::has_template(line)).take(5) {
        let number = source[..first].matches('\n').count() + n + 1;
        let what = format!("`{}` is read as a merge field; to show the braces write `{{\\{{`", beginning(line, 6));
        notes.push(Note::at(number, what));
    }
    Ok((front, body.trim_start_matches('\n').to_owned()))
}

/// The first words of the text.
fn first_words(body: &str) -> Option<String> {
    let mut text = String::new();
    for event in Parser::new(body) {
        match event {
            Event::Text(piece) | Event::Code(piece) => text.push_str(&piece),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_)) if !text.trim().is_empty() => break,
            _ => {}
        }
    }
    Some(beginning(&text, 8)).filter(|text| !text.is_empty())
}

/// The keys between the fences, as they are written.
pub(super) fn keys(file: &str, source: &str, found: &Fenced) -> Result<Map<String, Value>> {
    let text = &source[found.inside.clone()];
    match found.notation {
        Notation::Toml => Ok(toml::from_str::<toml::Table>(text)
            .map_err(|error| toml_diagnostic(file, source, found.inside.start, &error))?
            .into_iter()
            .map(|(key, value)| (key, json(value)))
            .collect()),
        Notation::Yaml => {
            let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
            let keys = serde_saphyr::from_str_with_options::<Option<Map<String, Value>>>(text, options);
            Ok(keys.map_err(|error| yaml_diagnostic(file, source, &found.inside, &error))?.unwrap_or_default())
        }
    }
}

fn front_matter(file: &str, source: &str, found: &Fenced, notes: &mut Vec<Note>) -> Result<FrontMatter> {
    let text = &source[found.inside.clone()];
    let keys = keys(file, source, found)?;
    let mut front = FrontMatter::default();
    for (key, value) in keys {
        let line = 2 + text.lines().position(|line| line.trim_start().starts_with(&key)).unwrap_or(0);
        take(&mut front, key, value, line, notes);
    }
    Ok(front)
}

/// One key: kept where it means the same here, else put under `extra`.
fn take(front: &mut FrontMatter, key: String, value: Value, line: usize, notes: &mut Vec<Note>) {
    let text = || value.as_str().map(one_line).filter(|text| !text.is_empty());
    let known = match key.as_str() {
        "title" => set(&mut front.title, text()),
        "subject" => set(&mut front.subject, text()),
        "preheader" => set(&mut front.preheader, text()),
        "author" => set(&mut front.author, text()),
        "segment" => set(&mut front.segment, text()),
        "date" => set(&mut front.date, text().and_then(|text| civil_date(&text))),
        "slug" => set(&mut front.slug, text().and_then(|text| accepted_slug(text, line, notes))),
        "language" => set(&mut front.language, text().filter(|text| is_language_tag(text))),
        "draft" => boolean(&value).map(|draft| front.draft = draft).is_some(),
        "images" => match value.as_str() {
            Some("embed") => set(&mut front.images, Some(Images::Embed)),
            Some("link") => set(&mut front.images, Some(Images::Link)),
            _ => false,
        },
        "extra" => match &value {
            Value::Object(table) => {
                front.extra.extend(table.clone());
                true
            }
            _ => false,
        },
        _ => false,
    };
    if known {
        let shown = if key == "extra" { String::new() } else { format!(" {}", beginning(&plain(&value), 12)) };
        notes.push(Note::at(line, format!("kept `{key}`{shown}")));
    } else if value.is_null() {
        notes.push(Note::at(line, format!("left out `{key}`, which is empty")));
    } else {
        notes.push(Note::at(line, format!("`{key}` is no key of ours in this form: kept under `extra`")));
        front.extra.insert(key, value);
    }
}

/// YAML has had many words for it.
fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        Value::String(text) => match text.to_lowercase().as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn set<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    let some = value.is_some();
    if some {
        *place = value;
    }
    some
}

/// The slug, made into one of ours where it isn't.
fn accepted_slug(text: String, line: usize, notes: &mut Vec<Note>) -> Option<String> {
    if slug::check(&text).is_ok() {
        return Some(text);
    }
    let made = slug::from_title(&text)?;
    notes.push(Note::at(line, format!("the slug `{text}` became `{made}`")));
    Some(made)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| format!("\"{text}\""))
}
