//! The last steps of setting: the text part's lines in place, and checks that need the finished whole.

use pulldown_cmark::{Event, LinkType, Tag};

use super::anchors::decoded;
use super::escape::is_link;
use super::images::{Images, InlineImage};
use super::markdown;
use super::tokens::{Token, Tokens};
use super::wrap::VERBATIM;
use crate::article::Article;
use crate::diagnostic::{Diagnostic, Place, Result, did_you_mean};

/// The finished logical lines of the text part: the article's lines in place, no runs of empty lines. Whether a
/// line is empty is judged before values are known, so that readers with and without one are treated alike.
pub fn text_lines(rendered: &str, held: &[String], tokens: &Tokens) -> String {
    // The article and the stories have lines of their own, whatever stands beside them in the template.
    let expanded = tokens.replace(rendered, |token, _| match token {
        Token::Value(index) if held.iter().any(|text| text == tokens.text(index)) => {
            Some(format!("\n{}\n", tokens.put_back(tokens.text(index), |token| matches!(token, Token::Rich(_)))))
        }
        _ => None,
    });
    let is_blank = |line: &str| line.trim_matches([' ', '\t', VERBATIM]).is_empty();
    let mut lines: Vec<&str> = Vec::new();
    for line in expanded.split('\n') {
        if !is_blank(line) || lines.last().is_some_and(|last| !is_blank(last)) {
            lines.push(line);
        }
    }
    while lines.last().is_some_and(|last| is_blank(last)) {
        lines.pop();
    }
    lines.join("\n")
}

/// Links must lead somewhere from a mailbox: absolute, or within the message.
pub fn check_links(content: &markdown::Content<'_>, article: &Article, tokens: &Tokens) -> Result<()> {
    for event in content.body.iter().chain(content.footnotes.iter().flatten()) {
        let Event::Start(Tag::Link { dest_url, link_type, .. }) = event else { continue };
        if let Some(target) = dest_url.strip_prefix('#') {
            check_target(&decoded(target), content, article)?;
            continue;
        }
        if is_link(dest_url) || *link_type == LinkType::Email || tokens.any_in(dest_url) {
            continue;
        }
        let at = article.source.rfind(dest_url.as_ref()).unwrap_or(article.body.start);
        return Err(Diagnostic::error(format!("the link `{dest_url}` leads nowhere from a mailbox"))
            .at(Place::span(&*article.file, &article.source, at..at + dest_url.len()))
            .help("write the whole address, as in https://example.com/page"));
    }
    Ok(())
}

/// A link within the message leads to a heading, or to a name that the author's own HTML gives.
fn check_target(target: &str, content: &markdown::Content<'_>, article: &Article) -> Result<()> {
    let quoted = [format!("\"{target}\""), format!("'{target}'")];
    let in_html = || {
        quoted.iter().any(|name| ["id=", "name="].iter().any(|key| article.source.contains(&format!("{key}{name}"))))
    };
    if content.headings.iter().any(|heading| heading.id == target) || in_html() {
        return Ok(());
    }
    let names: Vec<&str> = content.headings.iter().map(|heading| heading.id.as_str()).collect();
    let hint = match did_you_mean(target, names.iter().copied()) {
        Some(likely) => format!("did you mean `#{likely}`?"),
        None if names.is_empty() => "the article has no headings to link to".to_owned(),
        None => format!("there are {}", names.iter().map(|name| format!("#{name}")).collect::<Vec<_>>().join(", ")),
    };
    let link = format!("(#{target}");
    let at = article.source.rfind(&link).map_or(article.body.start, |at| at + 1);
    Err(Diagnostic::error(format!("no heading is called `#{target}`"))
        .at(Place::span(&*article.file, &article.source, at..at + target.len() + 1))
        .help(hint))
}

/// Every token must have come through as it was; a filter may have changed one.
pub fn check_tokens(text: &str, tokens: &Tokens) -> Result<()> {
    if tokens.count_in(text) == tokens.find(text).count() {
        return Ok(());
    }
    Err(Diagnostic::error("a template has changed a merge field or a link by a filter")
        .help("print {{ unsubscribe_url }} and the article's parts as they are, without filters"))
}

/// The images that the finished HTML shows, each once.
pub fn used_images(images: &Images, html: &str) -> Vec<InlineImage> {
    let mut used: Vec<InlineImage> = Vec::new();
    for image in images.values().filter_map(|image| image.inline.as_ref()) {
        if html.contains(&image.content_id) && !used.iter().any(|known| known.content_id == image.content_id) {
            used.push(image.clone());
        }
    }
    used
}
