//! Folders of Hugo, Jekyll, Zola and Pelican, and folders of articles as such: which files are articles, and what
//! their names and folders say.

use jiff::civil::Date;
use serde_json::{Map, Value};

use super::super::header::header;
use super::super::{Imported, Kind, Note, decode, import, settle_title};
use super::tree::{LARGEST, Tree};
use super::{Draft, From, braces, digest_of, keys, own_slug};
use crate::article::fence::fenced;
use crate::article::front_matter::civil_date;
use crate::article::{FrontMatter, title_in_text};
use crate::diagnostic::{Diagnostic, Result};
use crate::publication::is_language_tag;

/// Articles larger than this are none.
const ARTICLE: u64 = 32 << 20;

pub(super) fn is_markdown(name: &str) -> bool {
    ends_in(name, &["md", "markdown", "mdown", "mkd"])
}

pub(super) fn is_page(name: &str) -> bool {
    ends_in(name, &["html", "htm", "xhtml"])
}

fn ends_in(name: &str, endings: &[&str]) -> bool {
    name.rsplit_once('.').is_some_and(|(_, end)| endings.contains(&end.to_ascii_lowercase().as_str()))
}

/// The articles of a folder, by name.
pub(super) fn files(from: From, tree: &Tree, left_out: &mut Vec<String>) -> Result<Vec<String>> {
    let content = matches!(from, From::Hugo | From::Zola | From::Pelican)
        && tree.names().any(|name| name.starts_with("content/"));
    let mut out = Vec::new();
    let mut sections = 0;
    for name in tree.names() {
        let inside = !content || name.starts_with("content/");
        let file = name.rsplit('/').next().unwrap_or(name);
        let text = is_markdown(name) || (from == From::Files && (is_page(name) || ends_in(name, &["txt"])));
        let post = |part: &str| name.split('/').rev().skip(1).any(|folder| folder == part);
        match from {
            From::Jekyll if (is_markdown(name) || is_page(name)) && (post("_posts") || post("_drafts")) => {
                out.push(name.to_owned());
            }
            From::Jekyll if is_markdown(name) => left_out.push(format!("{name}: not in _posts or _drafts")),
            From::Jekyll => {}
            _ if !text || !inside || post("archetypes") || post("themes") => {}
            From::Hugo | From::Zola if file.starts_with("_index.") => sections += 1,
            From::Pelican if post("pages") => left_out.push(format!("{name}: a page and no article")),
            _ if ["README.md", "LICENSE.md", "CHANGELOG.md"].contains(&file) && !name.contains('/') => {
                left_out.push(format!("{name}: about the folder, no article"));
            }
            _ if from == From::Pelican && ends_in(name, &["rst"]) => {}
            _ => out.push(name.to_owned()),
        }
    }
    let rst = tree.names().filter(|name| ends_in(name, &["rst", "adoc", "org"])).count();
    if rst > 0 {
        left_out.push(format!("{rst} of reStructuredText, AsciiDoc or Org, which are not read"));
    }
    if sections > 0 {
        left_out.push(format!("{sections} `_index` pages, which list others"));
    }
    if out.is_empty() {
        return Err(Diagnostic::error(format!("no articles of {} were found in {}", from.name(), tree.name))
            .help("`--from KIND` says what it is"));
    }
    Ok(out)
}

/// Reads one article.
pub(super) fn read(from: From, name: &str, tree: &mut Tree) -> Result<Draft> {
    let bytes = tree.read(name, ARTICLE.min(LARGEST))?;
    let mut article = if is_markdown(name) || from == From::Jekyll {
        markdown(from, name, &bytes)?
    } else {
        let mut read = import(name, &bytes)?;
        read.front.slug = read.front.slug.take().or_else(|| named(from, name, &mut read.notes).slug);
        read
    };
    if article.body.trim().is_empty() {
        article.notes.push(Note::whole("has no text"));
    }
    Ok(Draft {
        id: name.to_owned(),
        place: name.to_owned(),
        folder: name.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default(),
        article,
        digest: digest_of(&[&bytes]),
    })
}

fn markdown(from: From, name: &str, bytes: &[u8]) -> Result<Imported> {
    let mut notes = Vec::new();
    let source = decode::decode(name, bytes, &mut notes)?;
    let (written, start) = front_matter(name, &source)?;
    let mut front = keys::taken(from, written, &mut notes);
    let said = named(from, name, &mut notes);
    if front.slug.is_none() {
        front.slug = said.slug;
    }
    front.date = front.date.or(said.date);
    front.language = front.language.or(said.language);
    front.draft |= said.draft;
    let mut start = start;
    if front.title.is_none()
        && let Ok((title, end)) = title_in_text(name, &source, start)
    {
        front.title = Some(title);
        start = end;
    }
    let first = source[..start].matches('\n').count() + 1;
    let (kind, body) = if is_page(name) {
        let text = braces::literal(&source[start..], first, &mut notes);
        (Kind::Html, super::super::html::fragment(&text, None, &mut notes))
    } else {
        (Kind::Markdown, braces::literal(&source[start..], first, &mut notes))
    };
    settle_title(&mut front, name, &source, &mut notes);
    Ok(Imported { kind, front, body: body.trim_start_matches('\n').to_owned(), notes })
}

/// The keys of a file, whatever they are written in, and where its text begins.
fn front_matter(name: &str, source: &str) -> Result<(Map<String, Value>, usize)> {
    if let Some(found) = fenced(source) {
        let keys = super::super::markdown::keys(name, source, &found)?;
        return Ok((keys, found.end.unwrap_or(source.len())));
    }
    // Hugo takes JSON too.
    if source.starts_with('{') {
        let mut stream = serde_json::Deserializer::from_str(source).into_iter::<Map<String, Value>>();
        if let Some(Ok(keys)) = stream.next() {
            return Ok((keys, stream.byte_offset()));
        }
    }
    Ok(header(source).unwrap_or_default())
}

/// What a file's name and folder say.
fn named(from: From, name: &str, notes: &mut Vec<Note>) -> FrontMatter {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let mut stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let mut front = FrontMatter::default();
    if let Some((rest, language)) = stem.rsplit_once('.').filter(|(rest, tag)| !rest.is_empty() && is_language_tag(tag))
    {
        front.language = Some(language.to_owned());
        stem = rest;
    }
    let bundle = stem == "index" && !folder.is_empty();
    if bundle {
        stem = folder.rsplit('/').next().unwrap_or(folder);
    }
    if let Some(date) = civil_date_before(stem).filter(|_| from != From::Files) {
        front.date = Some(date);
        stem = stem[10..].trim_start_matches(['-', '_']);
    }
    front.draft = folder.split('/').any(|part| part == "_drafts");
    let slug = match &front.language {
        Some(language) => format!("{stem}-{}", language.to_lowercase()),
        None => stem.to_owned(),
    };
    front.slug = own_slug(&slug, notes);
    front
}

/// `2021-05-03` before a hyphen.
fn civil_date_before(stem: &str) -> Option<Date> {
    let (date, rest) = stem.split_at_checked(10)?;
    (rest.len() > 1 && rest.starts_with(['-', '_'])).then(|| civil_date(date)).flatten()
}
