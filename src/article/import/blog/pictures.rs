//! The pictures that an article names: those that lie in the source come along under a name of their own, those on the
//! web stay there and are counted, those that are missing are named.

use std::collections::BTreeMap;
use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag};

use super::super::{Note, html};
use super::Picture;
use super::ghost::SITE;
use super::tree::Tree;
use crate::article::slug;

/// The largest picture that is copied.
pub(super) const LARGEST: u64 = 32 << 20;

const ENDINGS: [&str; 8] = ["png", "jpg", "jpeg", "gif", "webp", "svg", "avif", "bmp"];

pub(super) struct Found {
    pub(super) body: String,
    pub(super) pictures: Vec<Picture>,
    pub(super) remote: usize,
    pub(super) notes: Vec<Note>,
}

/// Finds the pictures of an article that lies in `folder`, and writes their new addresses into it.
pub(super) fn find(body: &str, folder: &str, tree: &Tree, site: Option<&str>) -> Found {
    let mut found = Found { body: String::new(), pictures: Vec::new(), remote: 0, notes: Vec::new() };
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    for (address, range) in addresses(body) {
        let lower = address.to_ascii_lowercase();
        if lower.starts_with("https://") || lower.starts_with("//") {
            found.remote += 1;
            continue;
        }
        if lower.starts_with("http://") {
            found.remote += 1;
            found.notes.push(Note::whole(format!("the picture {address} is not https: mail needs it to be")));
            continue;
        }
        if let Some(from) = resolve(&address, folder, tree) {
            let name = match names.get(&from) {
                Some(name) => name.clone(),
                None => {
                    let name = own_name(&from, &found.pictures);
                    found.pictures.push(Picture { from: from.clone(), name: name.clone() });
                    names.insert(from, name.clone());
                    name
                }
            };
            changes.push((range, name));
        } else if let Some(site) = site.filter(|_| !address.contains(':')) {
            found.remote += 1;
            let path = address.trim_start_matches(SITE).trim_start_matches("../").trim_start_matches(['/', '.']);
            changes.push((range, html::written(&format!("{site}/{path}"))));
        } else {
            found.notes.push(Note::whole(format!("the picture `{address}` is not in what was imported")));
        }
    }
    changes.sort_by_key(|(range, _)| range.start);
    let mut at = 0;
    for (range, name) in changes {
        if range.start >= at {
            found.body.push_str(&body[at..range.start]);
            found.body.push_str(&name);
            at = range.end;
        }
    }
    found.body.push_str(&body[at..]);
    found
}

/// The addresses of all pictures, and where each is written.
fn addresses(body: &str) -> Vec<(String, Range<usize>)> {
    let mut out: Vec<(String, Range<usize>)> = Vec::new();
    let mut add = |address: &str, within: Range<usize>| {
        let text = &body[within.clone()];
        for form in [address.to_owned(), html::written(address), address.replace('&', "&amp;")] {
            if let Some(at) = text.rfind(&form).filter(|_| !form.is_empty()) {
                let range = within.start + at..within.start + at + form.len();
                if !out.iter().any(|(_, known)| *known == range) {
                    out.push((address.to_owned(), range));
                }
                return;
            }
        }
    };
    let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES;
    let parser = Parser::new_ext(body, options);
    let defined: BTreeMap<String, Range<usize>> =
        parser.reference_definitions().iter().map(|(label, found)| (label.to_owned(), found.span.clone())).collect();
    for (event, range) in parser.into_offset_iter() {
        match event {
            Event::Start(Tag::Image { link_type: LinkType::Inline, dest_url, .. }) => {
                // Behind the words that stand for the picture, which may hold the same text.
                let start = body[range.clone()].rfind("](").map_or(range.start, |at| range.start + at);
                add(&dest_url, start..range.end);
            }
            Event::Start(Tag::Image { dest_url, id, .. }) => {
                let span = defined.iter().find(|(label, _)| label.eq_ignore_ascii_case(&id));
                if let Some((_, span)) = span {
                    add(&dest_url, span.clone());
                }
            }
            Event::Html(text) | Event::InlineHtml(text) => {
                for address in sources(&text) {
                    add(address, range.clone());
                }
            }
            _ => {}
        }
    }
    out
}

/// The `src` of every `<img` in a piece of HTML.
fn sources(html: &str) -> Vec<&str> {
    let source = |tag: &'_ str| -> Option<(usize, usize)> {
        let at = tag.find("src=")? + 4;
        let quote = tag[at..].chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let end = tag[at + 1..].find(quote)?;
        Some((at + 1, at + 1 + end))
    };
    let images = html.match_indices("<img").map(|(at, _)| &html[at..]);
    images
        .filter_map(|tag| source(&tag[..tag.find('>').unwrap_or(tag.len())]).map(|(start, end)| &tag[start..end]))
        .collect()
}

/// The file that an address means, in the ways in which these programs read addresses.
fn resolve(address: &str, folder: &str, tree: &Tree) -> Option<String> {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    let address = decoded(address);
    let ending = address.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    if address.contains(':') || !ENDINGS.contains(&ending.as_str()) {
        return None;
    }
    let stated = ["{static}", "{attach}", "{filename}", "|static|", "|filename|", SITE]
        .iter()
        .find_map(|mark| address.strip_prefix(mark));
    let path = stated.unwrap_or(&address);
    let beside = if path.starts_with('/') || stated.is_some_and(|_| address.starts_with(SITE)) {
        None
    } else {
        joined(folder, path)
    };
    let whole = joined("", path.trim_start_matches('/'))?;
    let roots = ["", "static/", "content/", "assets/", "source/", "public/"].map(|root| Some(format!("{root}{whole}")));
    // Ghost's own folder stands below one that is named after the export.
    let below = || {
        tree.names()
            .find(|name| whole.starts_with("content/images/") && name.ends_with(&format!("/{whole}")))
            .map(str::to_owned)
    };
    [beside].into_iter().chain(roots).flatten().find(|name| tree.has(name)).or_else(below)
}

/// A path from a folder, or `None` when it leads out of the source.
fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Percent-encoding undone, where it gives text.
fn decoded(address: &str) -> String {
    let bytes = address.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code =
            address.get(at + 1..at + 3).filter(|_| bytes[at] == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| address.to_owned())
}

/// A name of letters and digits that no other picture of the article has.
fn own_name(from: &str, others: &[Picture]) -> String {
    let file = from.rsplit('/').next().unwrap_or(from);
    let (stem, ending) = file.rsplit_once('.').unwrap_or((file, "png"));
    let stem = slug::from_title(stem).unwrap_or_else(|| "picture".to_owned());
    let ending = ending.to_ascii_lowercase();
    let name = |n: usize| if n == 1 { format!("{stem}.{ending}") } else { format!("{stem}-{n}.{ending}") };
    // One of so many names is free.
    (1..=others.len() + 1).map(name).find(|name| others.iter().all(|other| other.name != *name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_where_they_are_written() {
        let body = "![a.png](a.png \"a.png\") ![b][r]\n\n<img alt=x src='c.png'>\n\n`![d](d.png)`\n\n[r]: b%20c.png\n";
        let found: Vec<(String, &str)> =
            addresses(body).into_iter().map(|(address, range)| (address, &body[range])).collect();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.iter().any(|(address, text)| address == "b%20c.png" && *text == "b%20c.png"));
    }

    #[test]
    fn no_path_leads_out() {
        assert_eq!(joined("a/b", "../c.png").as_deref(), Some("a/c.png"));
        assert_eq!(joined("a", "../../c.png"), None);
        assert_eq!(decoded("a%20b%zz%"), "a b%zz%");
    }
}
