//! Where an article names images, how wide it wants them, and whether it says what they show.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::elements::elements;
use super::{Diagnostic, Place};
use crate::article::Article;
use crate::edition::markdown;
use crate::edition::shortcode::calls::image_files;

/// An image where it is named.
#[derive(Debug, Clone)]
pub(super) struct Mention {
    /// The name that it is looked up by.
    pub(super) key: String,
    pub(super) file: String,
    pub(super) place: Place,
    /// The width it is to be shown at, when the author says so.
    pub(super) width: Option<usize>,
}

/// An article's lead picture.
pub(super) fn lead(article: &Article, key: &str) -> Option<Mention> {
    let lead = article.image.as_ref()?;
    let place = place(article, lead.range.clone());
    Some(Mention { key: key.to_owned(), file: lead.file.clone(), place, width: None })
}

/// Every mention of an image in the text.
pub(super) fn mentions(article: &Article) -> Vec<Mention> {
    let mut found = Vec::new();
    let body = article.markdown();
    let start = article.body.start;
    let mut add = |name: &str, range: Range<usize>, width| {
        if !name.is_empty() && !name.contains("{{") && !name.starts_with("data:") {
            let place = place(article, start + range.start..start + range.end);
            found.push(Mention { key: name.to_owned(), file: name.to_owned(), place, width });
        }
    };
    for (event, range) in Parser::new_ext(body, markdown::options()).into_offset_iter() {
        match event {
            Event::Start(Tag::Image { dest_url, .. }) => add(&dest_url, range, None),
            Event::Start(Tag::HtmlBlock) | Event::InlineHtml(_) => {
                for element in elements(&body[range.clone()]) {
                    let at = range.start + element.range.start..range.start + element.range.end;
                    let width = element.value("width").and_then(|width| width.trim_end_matches("px").parse().ok());
                    add(element.value("src").unwrap_or_default(), at, width.filter(|width| *width > 0));
                }
            }
            _ => {}
        }
    }
    image_files(body).into_iter().for_each(|(name, range, width)| add(&name, range, width));
    found
}

/// Warnings for images of which nothing is said. `<img alt="">` says that there is nothing to say.
pub fn without_alt(article: &Article) -> Vec<Diagnostic> {
    let body = article.markdown();
    let start = article.body.start;
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut image: Option<(Range<usize>, bool)> = None;
    for (event, range) in Parser::new_ext(body, markdown::options()).into_offset_iter() {
        match (event, &mut image) {
            (Event::Start(Tag::Image { .. }), None) => image = Some((range, false)),
            (Event::End(TagEnd::Image), Some(_)) => {
                found.extend(image.take().filter(|(_, said)| !said).map(|(range, _)| range));
            }
            (Event::Text(text) | Event::Code(text), Some((_, said))) => *said |= !text.trim().is_empty(),
            (Event::Start(Tag::HtmlBlock) | Event::InlineHtml(_), None) => {
                let silent = elements(&body[range.clone()]).into_iter().filter(|it| it.value("alt").is_none());
                found.extend(silent.map(|it| range.start + it.range.start..range.start + it.range.end));
            }
            _ => {}
        }
    }
    let mut found: Vec<Range<usize>> = found.into_iter().map(|at| start + at.start..start + at.end).collect();
    found.extend(article.image.iter().filter(|lead| lead.alt.is_none()).map(|lead| lead.range.clone()));
    let warning = |range| {
        Diagnostic::warning("the image has no words for those who don't see it")
            .at(place(article, range))
            .help("say what it shows: ![A red door](door.jpg), for the lead picture image_alt = \"…\"; one that only decorates is <img src=\"…\" alt=\"\">")
    };
    found.into_iter().map(warning).collect()
}

fn place(article: &Article, range: Range<usize>) -> Place {
    Place::span(&*article.file, &article.source, range)
}
