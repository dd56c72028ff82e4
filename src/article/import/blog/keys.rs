//! Front matter of other programs in our keys: what means the same is taken, what only steered the other program is
//! left out, all else is kept under `extra`.

use serde_json::{Map, Value};

use super::super::{Note, one_line};
use super::{From, own_slug};
use crate::article::FrontMatter;
use crate::article::front_matter::civil_date;
use crate::publication::is_language_tag;

/// Keys that say how a program shows a page, and nothing about the article.
const STEERING: [&str; 24] = [
    "layout",
    "template",
    "type",
    "weight",
    "markup",
    "outputs",
    "cascade",
    "build",
    "_build",
    "sitemap",
    "toc",
    "comments",
    "math",
    "mathjax",
    "in_search_index",
    "insert_anchor_links",
    "page_template",
    "render",
    "sort_by",
    "render_with_liquid",
    "excerpt_separator",
    "save_as",
    "modified",
    "updated",
];

/// The keys, taken one by one.
pub(super) fn taken(from: From, keys: Map<String, Value>, notes: &mut Vec<Note>) -> FrontMatter {
    let mut front = FrontMatter::default();
    let mut left_out = Vec::new();
    for (key, value) in keys {
        if value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()) {
            continue;
        }
        let name = key.to_ascii_lowercase();
        if STEERING.contains(&name.as_str()) {
            left_out.push(format!("`{key}`"));
        } else if let Some(value) = take(&mut front, from, &name, value, notes) {
            front.extra.insert(key, value);
        }
    }
    if !left_out.is_empty() {
        let what = format!("left out {}: they steer {} alone", left_out.join(", "), from.name());
        notes.push(Note::whole(what.replace("they steer files alone", "they steer another program alone")));
    }
    front
}

/// Takes one key; gives the value back when it is none of ours.
fn take(front: &mut FrontMatter, from: From, key: &str, value: Value, notes: &mut Vec<Note>) -> Option<Value> {
    let text = || value.as_str().map(one_line).filter(|text| !text.is_empty());
    let done = match key {
        "title" => set(&mut front.title, scalar(&value)),
        "subject" => set(&mut front.subject, text()),
        "preheader" | "subtitle" | "description" | "summary" | "excerpt" => {
            front.preheader.is_none() && set(&mut front.preheader, text())
        }
        "author" | "authors" => set(&mut front.author, names(&value)),
        "date" | "publishdate" => match scalar(&value) {
            Some(at) if front.date.is_none() => {
                front.date = civil_date(&at).or_else(|| civil_date(&at.replace('/', "-")));
                if front.date.is_some() && at.len() > 10 {
                    front.extra.insert("published".to_owned(), at.into());
                }
                front.date.is_some()
            }
            _ => false,
        },
        "slug" => set(&mut front.slug, scalar(&value).and_then(|slug| own_slug(&slug, notes))),
        "language" | "lang" | "locale" => {
            set(&mut front.language, text().map(|tag| tag.replace('_', "-")).filter(|tag| is_language_tag(tag)))
        }
        "draft" => truth(&value).map(|draft| front.draft |= draft).is_some(),
        "published" => truth(&value).map(|published| front.draft |= !published).is_some(),
        "status" => match text().as_deref().map(str::to_lowercase).as_deref() {
            Some("published") => true,
            Some(status @ ("draft" | "hidden" | "skip")) => {
                front.draft = true;
                if status != "draft" {
                    notes.push(Note::whole(format!("was {status}: it is a draft here")));
                }
                true
            }
            _ => false,
        },
        "tags" | "categories" | "category" | "keywords" => {
            let words = list(&value, from);
            let done = !words.is_empty();
            if done {
                front.extra.insert(if key == "category" { "categories" } else { key }.to_owned(), words.into());
            }
            done
        }
        "taxonomies" | "extra" => match &value {
            Value::Object(table) => {
                front.extra.extend(table.clone());
                true
            }
            _ => false,
        },
        _ => false,
    };
    (!done).then_some(value)
}

fn set(place: &mut Option<String>, value: Option<String>) -> bool {
    let some = value.is_some();
    if some {
        *place = value;
    }
    some
}

/// A title may be a number to YAML.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(one_line(text)).filter(|text| !text.is_empty()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

fn truth(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| match value.as_str()?.to_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    })
}

/// One name, a list of names, or tables with a name.
fn names(value: &Value) -> Option<String> {
    let name = |value: &Value| match value {
        Value::String(text) => Some(one_line(text)),
        Value::Object(table) => table.get("name").and_then(Value::as_str).map(one_line),
        _ => None,
    };
    let all: Vec<String> = match value {
        Value::Array(values) => values.iter().filter_map(name).collect(),
        // Pelican parts names that have commas in them by semicolons.
        Value::String(text) => text.split(';').map(one_line).collect(),
        other => name(other).into_iter().collect(),
    };
    let all: Vec<String> = all.into_iter().filter(|name| !name.is_empty()).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// Words in a list; Pelican parts them by commas, Jekyll by spaces.
fn list(value: &Value, from: From) -> Vec<String> {
    let words: Vec<String> = match value {
        Value::Array(values) => values.iter().filter_map(scalar).collect(),
        Value::String(text) if text.contains(',') => text.split(',').map(one_line).collect(),
        Value::String(text) if from == From::Jekyll => text.split_whitespace().map(one_line).collect(),
        other => scalar(other).into_iter().collect(),
    };
    words.into_iter().filter(|word| !word.is_empty()).collect()
}
