//! The last steps of setting: the text part's lines in place, and checks that need the finished whole.

use pulldown_cmark::{Event, Tag};

use super::escape::is_link;
use super::images::{Images, InlineImage};
use super::markdown;
use super::tokens::{Token, Tokens};
use super::wrap::VERBATIM;
use crate::article::Article;
use crate::diagnostic::{Diagnostic, Place, Result};

/// The finished logical lines of the text part: the article's lines in place, no runs of empty lines. Whether a
/// line is empty is judged before values are known, so that readers with and without one are treated alike.
pub fn text_lines(rendered: &str, article_text: &str, tokens: &Tokens) -> String {
    // The article has lines of its own, whatever stands beside it in the template.
    let expanded = tokens.replace(rendered, |token, _| match token {
        Token::Value(index) if tokens.text(index) == article_text => {
            Some(format!("\n{}\n", tokens.put_back(article_text, |token| matches!(token, Token::Rich(_)))))
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
        let Event::Start(Tag::Link { dest_url, .. }) = event else { continue };
        if is_link(dest_url) || dest_url.starts_with('#') || tokens.any_in(dest_url) {
            continue;
        }
        let at = article.source.rfind(dest_url.as_ref()).unwrap_or(article.body.start);
        return Err(Diagnostic::error(format!("the link `{dest_url}` leads nowhere from a mailbox"))
            .at(Place::span(&*article.file, &article.source, at..at + dest_url.len()))
            .help("write the whole address, as in https://example.com/page"));
    }
    Ok(())
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
