//! Headings as places to go to: a name for each that stays the same while its words do, a table of contents where the author
//! writes `[[toc]]`, and what a link to `#name` leads to.

use std::collections::BTreeSet;

use pulldown_cmark::{CowStr, Event, HeadingLevel, LinkType, Tag, TagEnd};

use super::terms::Terms;
use super::tokens::{Token, Tokens};

/// What an author writes where the table of contents shall stand, as a paragraph of its own.
const TOC: &str = "[[toc]]";
/// Deeper headings aren't listed.
const DEEPEST_LISTED: HeadingLevel = HeadingLevel::H3;

/// A heading and its name.
#[derive(Debug, Clone)]
pub struct Heading<'a> {
    pub level: HeadingLevel,
    pub id: String,
    pub title: String,
    /// What stands in it, without links and images.
    words: Vec<Event<'a>>,
}

/// Gives every heading a name that no other has, and puts the table of contents in place.
pub fn name_headings<'a>(events: &[Event<'a>], terms: &Terms, tokens: &Tokens) -> (Vec<Event<'a>>, Vec<Heading<'a>>) {
    let headings = headings(events, tokens);
    let linked: BTreeSet<String> = events
        .iter()
        .filter_map(|event| match event {
            Event::Start(Tag::Link { dest_url, .. }) => dest_url.strip_prefix('#').map(decoded),
            _ => None,
        })
        .collect();
    let mut out: Vec<Event<'a>> = Vec::with_capacity(events.len() + 2);
    let mut names = headings.iter().map(|heading| heading.id.clone());
    let has_toc = (0..events.len()).any(|at| toc_at(&events[at..]).is_some());
    let mut in_heading = false;
    let mut at = 0;
    let mut depth = 0usize;
    while let Some(event) = events.get(at) {
        if depth == 0
            && let Some(length) = toc_at(&events[at..])
        {
            contents(&headings, terms, &mut out);
            at += length;
            continue;
        }
        match event {
            Event::Start(Tag::Heading { level, classes, attrs, .. }) => {
                depth += 1;
                in_heading = true;
                let id = names.next().unwrap_or_default();
                out.push(Event::Start(Tag::Heading {
                    level: *level,
                    id: Some(id.clone().into()),
                    classes: classes.clone(),
                    attrs: attrs.clone(),
                }));
                // Outlook goes to a name only where an element `a` has it; the others need none.
                if linked.contains(&id) || (has_toc && *level <= DEEPEST_LISTED) {
                    out.push(Event::InlineHtml(anchor(&id)));
                }
            }
            Event::Start(_) => {
                depth += 1;
                out.push(event.clone());
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                in_heading &= !matches!(tag, TagEnd::Heading(_));
                out.push(event.clone());
            }
            Event::Text(text) if in_heading => out.push(Event::Text(unnamed(text, tokens).0)),
            _ => out.push(event.clone()),
        }
        at += 1;
    }
    (out.into_iter().map(|event| shown(event, tokens)).collect(), headings)
}

/// The name that a heading gives itself is no part of what it says.
fn unnamed<'a>(text: &CowStr<'a>, tokens: &Tokens) -> (CowStr<'a>, Option<String>) {
    let mut name = None;
    let rest = tokens.replace(text, |token, _| match token {
        Token::Name(index) => {
            name = Some(tokens.text(index).to_owned());
            Some(String::new())
        }
        _ => None,
    });
    if name.is_some() { (rest.trim_end().to_owned().into(), name) } else { (text.clone(), None) }
}

/// An event without a heading's name; one that stands elsewhere is shown as it was written.
fn shown<'a>(event: Event<'a>, tokens: &Tokens) -> Event<'a> {
    let written = |text: CowStr<'a>| -> CowStr<'a> {
        let replaced = tokens.replace(&text, |token, _| match token {
            Token::Name(index) => Some(format!("{{#{}}}", tokens.text(index))),
            _ => None,
        });
        if *replaced == *text { text } else { replaced.into() }
    };
    match event {
        Event::Text(text) => Event::Text(written(text)),
        Event::Code(text) => Event::Code(written(text)),
        Event::Html(text) => Event::Html(written(text)),
        Event::InlineHtml(text) => Event::InlineHtml(written(text)),
        event => event,
    }
}

fn anchor(id: &str) -> CowStr<'static> {
    let id = super::escape::escape(super::escape::Place::Attribute, id);
    format!("<a name=\"{id}\"></a>").into()
}

/// The name that a link's target means: `#gr%C3%B6%C3%9Fe` is `größe`.
pub fn decoded(target: &str) -> String {
    let bytes = target.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| target.get(at + 1..at + 3)).flatten();
        if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(byte);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn headings<'a>(events: &[Event<'a>], tokens: &Tokens) -> Vec<Heading<'a>> {
    let mut found: Vec<(HeadingLevel, Option<String>, String, Vec<Event<'a>>)> = Vec::new();
    let mut inside = false;
    let mut images = 0usize;
    for event in events {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                inside = true;
                found.push((*level, None, String::new(), Vec::new()));
            }
            Event::End(TagEnd::Heading(_)) => inside = false,
            Event::Start(Tag::Image { .. }) => images += 1,
            Event::End(TagEnd::Image) => images = images.saturating_sub(1),
            event if inside && images == 0 => {
                let Some((_, id, title, words)) = found.last_mut() else { continue };
                match event {
                    Event::Text(text) => {
                        let (text, name) = unnamed(text, tokens);
                        *id = name.or(id.take());
                        title.push_str(&text);
                        words.push(Event::Text(text));
                        continue;
                    }
                    Event::Code(text) => title.push_str(text),
                    Event::SoftBreak | Event::HardBreak => title.push(' '),
                    Event::Start(Tag::Emphasis | Tag::Strong | Tag::Strikethrough)
                    | Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough) => {}
                    _ => continue,
                }
                words.push(event.clone());
            }
            _ => {}
        }
    }
    let mut taken: BTreeSet<String> = found.iter().filter_map(|(_, id, _, _)| id.clone()).collect();
    let mut given: BTreeSet<String> = BTreeSet::new();
    let names = found.into_iter().map(|(level, id, title, words)| {
        let own = id.filter(|id| given.insert(id.clone()));
        let id = own.unwrap_or_else(|| free(&slug(&title, tokens), &mut taken));
        Heading { level, id, title, words }
    });
    names.collect()
}

/// The words of a title as a name: letters and digits of any script in lower case, hyphens for spaces. What a reader fills
/// is left out, so that the name is the same for everyone.
fn slug(title: &str, tokens: &Tokens) -> String {
    let title = tokens.replace(title, |_, _| Some(String::new())).to_lowercase();
    let kept: String =
        title.chars().filter(|c| c.is_alphanumeric() || c.is_whitespace() || matches!(c, '-' | '_')).collect();
    let slug = kept.split_whitespace().collect::<Vec<_>>().join("-");
    if slug.is_empty() { "section".to_owned() } else { slug }
}

/// The name, or the first of `name-1`, `name-2`, … that is free.
fn free(name: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (1..).map(|n: usize| format!("{name}-{n}"));
    let free = std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(free.clone());
    free
}

/// Whether a paragraph that begins here is the mark for the table of contents, and how many events it has.
fn toc_at(events: &[Event<'_>]) -> Option<usize> {
    if !matches!(events.first(), Some(Event::Start(Tag::Paragraph))) {
        return None;
    }
    let mut text = String::new();
    for (at, event) in events.iter().enumerate().skip(1) {
        match event {
            Event::Text(more) if text.len() + more.len() <= TOC.len() => text.push_str(more),
            Event::End(TagEnd::Paragraph) => return text.eq_ignore_ascii_case(TOC).then_some(at + 1),
            _ => return None,
        }
    }
    None
}

/// The table of contents: a list of links, the lower level inside the upper one.
fn contents<'a>(headings: &[Heading<'a>], terms: &Terms, out: &mut Vec<Event<'a>>) {
    let listed: Vec<&Heading<'_>> = headings.iter().filter(|heading| heading.level <= DEEPEST_LISTED).collect();
    let Some(top) = listed.iter().map(|heading| heading.level).min() else { return };
    out.push(Event::Html("<div class=\"toc\">\n".into()));
    out.extend([Event::Start(Tag::Paragraph), Event::Text(terms.contents.into()), Event::End(TagEnd::Paragraph)]);
    out.push(Event::Start(Tag::List(None)));
    let mut open_item = false;
    let mut open_list = false;
    for heading in headings.iter().filter(|heading| heading.level <= DEEPEST_LISTED) {
        let is_lower = heading.level > top && open_item;
        if is_lower && !open_list {
            out.push(Event::Start(Tag::List(None)));
            open_list = true;
        } else if !is_lower {
            if std::mem::take(&mut open_list) {
                out.push(Event::End(TagEnd::List(false)));
            }
            if std::mem::replace(&mut open_item, true) {
                out.push(Event::End(TagEnd::Item));
            }
        }
        out.push(Event::Start(Tag::Item));
        out.push(Event::Start(Tag::Link {
            link_type: LinkType::Inline,
            dest_url: format!("#{}", heading.id).into(),
            title: "".into(),
            id: "".into(),
        }));
        out.extend(heading.words.iter().cloned());
        out.push(Event::End(TagEnd::Link));
        if is_lower {
            out.push(Event::End(TagEnd::Item));
        }
    }
    if open_list {
        out.push(Event::End(TagEnd::List(false)));
    }
    if open_item {
        out.push(Event::End(TagEnd::Item));
    }
    out.push(Event::End(TagEnd::List(false)));
    out.push(Event::Html("</div>\n".into()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edition::markdown::parse;
    use proptest::prelude::*;

    /// The names of the headings; `{#a}` is what a heading calls itself.
    fn ids(markdown: &str) -> Vec<String> {
        let mut tokens = Tokens::new(&[]);
        let source = ["a", "b"]
            .into_iter()
            .fold(markdown.to_owned(), |source, name| source.replace(&format!("{{#{name}}}"), &tokens.name(name)));
        parse(&source, "en", &tokens).headings.into_iter().map(|heading| heading.id).collect()
    }

    #[test]
    fn names_follow_the_words_and_never_meet() {
        assert_eq!(
            ids("## One, two!\n\n## One two\n\n## Größe & 名前\n\n## !\n\n### `code` *x*\n"),
            ["one-two", "one-two-1", "größe-名前", "section", "code-x"]
        );
        assert_eq!(ids("## A-1\n\n## A\n\n## A\n"), ["a-1", "a", "a-2"]);
        assert_eq!(ids("## A\n\n## B {#a}\n\n## C {#a}\n"), ["a-1", "a", "c"]);
    }

    #[test]
    fn targets_are_decoded() {
        assert_eq!(decoded("gr%C3%B6%C3%9Fe%"), "größe%");
    }

    #[test]
    fn contents_are_listed_where_asked_for() {
        let content = parse("[[toc]]\n\n## A\n\n### B\n\n## C\n\n#### D\n", "de", &Tokens::new(&[]));
        let links: Vec<String> = content
            .body
            .iter()
            .filter_map(|event| match event {
                Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.to_string()),
                _ => None,
            })
            .collect();
        assert_eq!(links, ["#a", "#b", "#c"]);
        assert!(content.body.contains(&Event::Text("Inhalt".into())));
        let starts = content.body.iter().filter(|event| matches!(event, Event::Start(_))).count();
        let ends = content.body.iter().filter(|event| matches!(event, Event::End(_))).count();
        assert_eq!(starts, ends);
    }

    proptest! {
        #[test]
        fn no_two_headings_share_a_name(source in "(## [ab1 -]{0,4}( \\{#[ab]\\})?\n\n){0,8}") {
            let ids = ids(&source);
            let different: BTreeSet<&String> = ids.iter().collect();
            prop_assert_eq!(different.len(), ids.len());
        }
    }
}
