//! The article's content as HTML fit for mail: only elements and attributes that mail programs keep, no script, no
//! remote style, links that are absolute. The theme styles it; here it is plain.

use std::borrow::Cow;

use pulldown_cmark::{Event, Tag, TagEnd, html};

use super::escape::{Place as Spot, escape};
use super::images::Images;

/// Writes prose as HTML. Images are looked up by the name the Markdown uses.
pub fn prose(events: &[Event<'_>], images: &Images) -> String {
    let mut out = String::new();
    html::push_html(&mut out, for_mail(events, images).into_iter());
    clean(&out)
}

/// Writes footnotes as HTML.
pub fn footnotes(footnotes: &[Vec<Event<'_>>], images: &Images) -> String {
    let mut out = String::new();
    if !footnotes.is_empty() {
        out.push_str("<div class=\"footnotes\"><ol>\n");
        for footnote in footnotes {
            out.push_str("<li>");
            html::push_html(&mut out, for_mail(footnote, images).into_iter());
            out.push_str("</li>\n");
        }
        out.push_str("</ol></div>\n");
    }
    clean(&out)
}

/// Events with what mail programs can't show replaced: footnote mentions, checkboxes, images.
fn for_mail<'a>(events: &[Event<'a>], images: &Images) -> Vec<Event<'a>> {
    let mut out = Vec::with_capacity(events.len());
    let mut image: Option<(String, String, String)> = None;
    for event in events {
        match (event, &mut image) {
            (Event::Start(Tag::Image { dest_url, title, .. }), None) => {
                image = Some((dest_url.to_string(), title.to_string(), String::new()))
            }
            (Event::End(TagEnd::Image), Some((name, title, alt))) => {
                out.push(Event::InlineHtml(image_element(name, title, alt, images).into()));
                image = None;
            }
            (Event::Text(text) | Event::Code(text), Some((_, _, alt))) => alt.push_str(text),
            (Event::SoftBreak | Event::HardBreak, Some((_, _, alt))) => alt.push(' '),
            (_, Some(_)) => {}
            (Event::FootnoteReference(number), None) => {
                out.push(Event::InlineHtml(format!("<sup>{number}</sup>").into()))
            }
            (Event::TaskListMarker(done), None) => {
                // The box stands where the bullet would; the theme takes the bullet away from this class.
                if let Some(item) = out.iter_mut().rev().take(2).find(|event| matches!(event, Event::Start(Tag::Item)))
                {
                    *item = Event::Html("<li class=\"task\">".into());
                }
                out.push(Event::Text(if *done { "☑ " } else { "☐ " }.into()));
            }
            (event, None) => out.push(event.clone()),
        }
    }
    out
}

/// The widest an image is shown, in pixels: the theme's column.
const COLUMN: usize = 536;

fn image_element(name: &str, title: &str, alt: &str, images: &Images) -> String {
    let image = images.get(name);
    let url = image.map_or(name, |image| image.url.as_str());
    let mut element = format!("<img src=\"{}\" alt=\"{}\"", escape(Spot::Attribute, url), escape(Spot::Attribute, alt));
    if !title.is_empty() {
        element.push_str(&format!(" title=\"{}\"", escape(Spot::Attribute, title)));
    }
    // Outlook goes by the attribute; others scale down by the theme's max-width.
    if let Some((width, _)) = image.and_then(|image| image.size) {
        element.push_str(&format!(" width=\"{}\"", width.min(COLUMN)));
    }
    element.push('>');
    element
}

/// Drops what may not be in mail: anything but the elements and attributes listed here.
fn clean(html: &str) -> String {
    let mut builder = ammonia::Builder::empty();
    builder
        .add_tags([
            "p",
            "br",
            "hr",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "a",
            "em",
            "strong",
            "b",
            "i",
            "u",
            "s",
            "del",
            "ins",
            "sub",
            "sup",
            "small",
            "mark",
            "code",
            "pre",
            "kbd",
            "blockquote",
            "q",
            "cite",
            "abbr",
            "ul",
            "ol",
            "li",
            "dl",
            "dt",
            "dd",
            "table",
            "thead",
            "tbody",
            "tfoot",
            "tr",
            "th",
            "td",
            "caption",
            "img",
            "figure",
            "figcaption",
            "div",
            "span",
            "center",
            "time",
        ])
        .add_clean_content_tags([
            "script", "style", "iframe", "object", "form", "svg", "math", "template", "noscript", "title", "head",
        ])
        .add_generic_attributes(["title", "lang", "dir"])
        .add_tag_attributes("a", ["href"])
        .add_tag_attributes("img", ["src", "alt", "width", "height"])
        .add_tag_attributes("ol", ["start"])
        .add_tag_attributes("th", ["style", "colspan", "rowspan", "align"])
        .add_tag_attributes("td", ["style", "colspan", "rowspan", "align"])
        .add_tag_attribute_values("div", "class", ["footnotes"])
        .add_tag_attribute_values("li", "class", ["task"])
        .filter_style_properties(["text-align"].into())
        .add_url_schemes(["https", "http", "mailto", "tel", "cid"])
        .link_rel(None)
        .url_relative(ammonia::UrlRelative::PassThrough)
        .attribute_filter(|_, name, value| {
            if name == "src" && !value.starts_with("cid:") && value.starts_with("http:") {
                None
            } else {
                Some(Cow::Borrowed(value))
            }
        });
    builder.clean(html).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edition::markdown::parse;

    fn html(markdown: &str) -> String {
        let content = parse(markdown, "en");
        prose(&content.body, &Images::new()) + &footnotes(&content.footnotes, &Images::new())
    }

    #[test]
    fn markdown_becomes_mail_html() {
        assert_eq!(
            html("a **b** *c* ~~d~~ `e`"),
            "<p>a <strong>b</strong> <em>c</em> <del>d</del> <code>e</code></p>\n"
        );
        assert_eq!(html("- [x] done\n- plain\n"), "<ul>\n<li class=\"task\">☑ done</li>\n<li>plain</li>\n</ul>\n");
        assert!(html("- [ ] open\n\n  more\n").contains("<li class=\"task\">\n<p>☐ open</p>"));
        assert!(html("a[^1]\n\n[^1]: note").contains("<div class=\"footnotes\"><ol>\n<li><p>note</p>"));
        assert!(html("|a|b|\n|-|-:|\n|1|2|").contains("text-align"));
    }

    #[test]
    fn nothing_active_or_remote_gets_through() {
        for source in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "<a href=\"data:text/html,x\">x</a>",
            "<iframe src=https://example.com></iframe>",
            "<style>p{}</style>",
            "<svg onload=x>",
            "<form action=x><input></form>",
        ] {
            let out = html(source);
            for bad in ["script", "onerror", "javascript", "data:", "iframe", "<style", "svg", "<form", "<input"] {
                assert!(!out.contains(bad), "{source}: {out}");
            }
        }
    }

    #[test]
    fn every_image_has_an_alternative_text() {
        assert_eq!(
            html("![A *red* door](https://example.com/a.png \"Title\")"),
            "<p><img src=\"https://example.com/a.png\" alt=\"A red door\" title=\"Title\"></p>\n"
        );
    }
}
