//! The stories that stand beside an article: what a theme says of other articles, with their summaries.
//!
//! A summary is the same for every reader and in every place: what has merge fields or shortcodes in it is left out, and so
//! are images and footnotes.

use pulldown_cmark::{Event, Tag, TagEnd};
use serde_json::{Value as Json, json};

use super::finish::check_links;
use super::images::{self, Images};
use super::markdown::Content;
use super::nodes::Node;
use super::template::Sources;
use super::tokens::Tokens;
use super::{dates, highlight, html, markdown, text};
use crate::diagnostic::Result;

/// The stories as templates find them, and the texts that stand in them as tokens.
pub struct Told {
    pub values: Json,
    pub texts: Vec<String>,
}

/// Tells each story. `language` is that of the page.
///
/// # Errors
/// A link in a summary that leads nowhere.
pub fn told(sources: &Sources, language: &str, tokens: &mut Tokens) -> Result<Told> {
    let Sources { stories, publication, images: pictures, .. } = sources;
    let mut told = Told { values: Json::Array(Vec::new()), texts: Vec::new() };
    let mut values = Vec::new();
    for story in stories {
        let own = story.language.as_deref().unwrap_or(&publication.language);
        let mut content = markdown::parse(story.markdown(), own, tokens);
        content.body = summary(&content);
        content.footnotes.clear();
        check_links(&content, story, tokens)?;
        let none = Images::new();
        let html = html::prose(&highlight::coloured(&content.body, tokens), &none, &content.terms);
        let nodes = [Node::Prose(content.body.clone())];
        let lines = text::write(&nodes, &content, &none, tokens);
        let lines = tokens.rich(lines.join("\n"));
        let web_url = publication.web_url.as_deref().unwrap_or_default();
        values.push(json!({
            "title": story.title, "slug": story.slug, "author": story.author.as_deref().unwrap_or_default(),
            "date": story.date.map(|date| date.to_string()).unwrap_or_default(),
            "date_text": story.date.map(|date| dates::in_words(date, language)).unwrap_or_default(),
            "language": own, "summary": tokens.rich(html), "text": lines,
            "url": web_url.replace("{slug}", &story.slug), "extra": story.extra,
            "image": images::lead_value(story, &images::of_story(&story.slug), pictures, &content.terms, tokens),
        }));
        told.texts.push(lines);
    }
    told.values = Json::Array(values);
    Ok(told)
}

/// What comes before `<!-- more -->`, else the first paragraph, of what every reader may see alike.
fn summary<'a>(content: &Content<'a>) -> Vec<Event<'a>> {
    let mut chosen = Vec::new();
    for block in top_level(content.summary()) {
        if block.iter().any(has_braces) {
            continue;
        }
        let is_paragraph = matches!(block.first(), Some(Event::Start(Tag::Paragraph)));
        if content.summary.is_some() {
            chosen.extend(without_pictures(block));
        } else if is_paragraph {
            chosen = without_pictures(block);
            // A paragraph that is nothing but a picture says nothing.
            if chosen.len() > 2 {
                return chosen;
            }
        }
    }
    chosen
}

/// Cuts events between the blocks that stand in no other.
fn top_level<'e, 'a>(events: &'e [Event<'a>]) -> Vec<&'e [Event<'a>]> {
    let (mut blocks, mut depth, mut from) = (Vec::new(), 0usize, 0);
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            blocks.push(&events[from..=at]);
            from = at + 1;
        }
    }
    blocks
}

/// Merge fields, conditions and shortcodes; in code they are only shown.
fn has_braces(event: &Event<'_>) -> bool {
    let is_in = |text: &str| ["{{", "{%", "{#"].iter().any(|braces| text.contains(braces));
    match event {
        Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => is_in(text),
        Event::Start(Tag::Link { dest_url, title, .. } | Tag::Image { dest_url, title, .. }) => {
            is_in(dest_url) || is_in(title)
        }
        _ => false,
    }
}

fn without_pictures<'a>(events: &[Event<'a>]) -> Vec<Event<'a>> {
    let mut inside = 0usize;
    let mut out = Vec::with_capacity(events.len());
    for event in events {
        match event {
            Event::Start(Tag::Image { .. }) => inside += 1,
            Event::End(TagEnd::Image) => inside = inside.saturating_sub(1),
            Event::FootnoteReference(_) => {}
            event if inside == 0 => out.push(event.clone()),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::law::sources;
    use super::*;
    use crate::article::Article;

    fn told_of(body: &str) -> (String, String) {
        let story = Article::parse("content/s.md", format!("+++\ntitle = 'S'\n+++\n{body}")).unwrap();
        let mut sources = sources("x", "x", "", "");
        sources.publication.web_url = Some("https://example.com/{slug}".to_owned());
        sources.stories = vec![story];
        let mut tokens = Tokens::new(&[body]);
        let told = told(&sources, "en", &mut tokens).unwrap();
        let told = &told.values[0];
        assert_eq!((told["url"].as_str(), told["image"].is_null()), (Some("https://example.com/s"), true));
        let back = |key: &str| tokens.put_back(told[key].as_str().unwrap(), |_| true);
        (back("summary"), back("text"))
    }

    #[test]
    fn a_summary_is_what_comes_before_more_or_the_first_paragraph() {
        assert_eq!(told_of("# A\n\nOne *a*.\n\nTwo.").0.trim(), "<p>One <em>a</em>.</p>");
        assert_eq!(
            told_of("One.\n\n- two\n\n<!-- more -->\n\nThree.").0.replace('\n', ""),
            "<p>One.</p><ul><li>two</li></ul>"
        );
        assert!(told_of("One [a](https://example.com/a).").1.contains("https://example.com/a"));
    }

    #[test]
    fn what_is_for_one_reader_is_left_out() {
        assert_eq!(
            told_of("Dear {{ subscriber.name }},\n\nOne `{{ x }}`.").0.trim(),
            "<p>One <code>{{ x }}</code>.</p>"
        );
        assert_eq!(told_of("{{ button(url=\"x\") }}\n\n![a](b.png)\n\nOne[^1].\n\n[^1]: x").0.trim(), "<p>One.</p>");
        assert_eq!(told_of("Dear {{ a }}\n\nOne.\n\n<!-- more -->").0.trim(), "<p>One.</p>");
    }
}
