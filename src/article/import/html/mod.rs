//! HTML pages: where the article stands in one ([`page`]), and its elements as Markdown ([`blocks`], [`inline`]); what
//! exports of whole blogs have besides ([`embeds`]).

mod blocks;
mod embeds;
mod inline;
mod links;
mod page;
mod unwanted;

use scraper::Html;

use super::{Note, beginning, byline, furniture, line_of};
use crate::article::FrontMatter;

/// Reads a page: its front matter and its Markdown.
pub(super) fn read(source: &str, notes: &mut Vec<Note>) -> (FrontMatter, String) {
    let html = Html::parse_document(source);
    let page = page::look(&html);
    let mut found = |what: &str, value: &str| notes.push(Note { line: line_of(source, value), what: what.to_owned() });
    if let Some(title) = &page.title {
        found(&format!("title \"{title}\""), title);
    }
    if let Some(author) = &page.author {
        found(&format!("author \"{author}\""), author);
    }
    if let Some(date) = page.date {
        found(&format!("date {date}"), &date.to_string());
    }
    notes.push(Note::whole(format!("the article's text was found in {}", page.place)));
    let mut writer = blocks::Writer::new(source, &page, notes);
    let mut parts = writer.blocks(page.root, 0);
    writer.finish();
    let author = page.author.clone().or_else(|| first_byline(source, &mut parts, notes));
    while let Some(last) = parts.last().filter(|last| furniture::is_furniture(last)) {
        let what = format!("left out \"{}\" (page furniture)", beginning(last, 12));
        notes.push(Note { line: line_of(source, last), what });
        parts.pop();
    }
    let front = FrontMatter {
        title: page.title.clone(),
        author,
        date: page.date,
        language: page.language.clone(),
        ..FrontMatter::default()
    };
    (front, parts.join("\n\n"))
}

/// Reads the text of an export, which has no page around it, and gives its Markdown. `site` is where relative
/// addresses start.
pub(super) fn fragment(source: &str, site: Option<&str>, notes: &mut Vec<Note>) -> String {
    let wall = ["<!--members-only-->", "<!-- members-only -->"].into_iter().find(|mark| source.contains(mark));
    if let Some(mark) = wall {
        let what = "from here on it was for members: kept".to_owned();
        notes.push(Note { line: line_of(source, mark), what });
    }
    let html = Html::parse_fragment(source);
    let mut page = page::look(&html);
    page.root = html.root_element();
    page.title = None;
    page.base = links::Base::new(site.map(|site| format!("{site}/")).as_deref());
    let mut writer = blocks::Writer::new(source, &page, notes);
    writer.export = true;
    let parts = writer.blocks(page.root, 0);
    writer.finish();
    parts.join("\n\n")
}

/// An address as it stands in a Markdown link.
pub(super) fn written(address: &str) -> String {
    links::written(address)
}

/// The byline of a page that marks none: a first paragraph that says nothing else.
fn first_byline(source: &str, parts: &mut Vec<String>, notes: &mut Vec<Note>) -> Option<String> {
    let first = parts.first()?;
    let (author, rest) = byline::byline(first)?;
    if rest < first.len() {
        return None;
    }
    notes.push(Note { line: line_of(source, first), what: format!("author \"{author}\" from the byline") });
    parts.remove(0);
    Some(author)
}
