//! The article's content as HTML fit for mail: only elements and attributes that mail programs keep, no script, no
//! remote style, links that are absolute. The theme styles it; here it is plain.

use pulldown_cmark::{Event, Tag, TagEnd, html};

use super::clean::clean;
use super::escape::{Place as Spot, escape};
use super::images::Images;
use super::images::elements::fill;
use super::terms::{Terms, callout_class};

/// Writes prose as HTML. Images are looked up by the name the Markdown uses.
pub fn prose(events: &[Event<'_>], images: &Images, terms: &Terms) -> String {
    let mut out = String::new();
    html::push_html(&mut out, for_mail(events, images, terms).into_iter());
    fill(clean(&out), images)
}

/// Writes footnotes as HTML.
pub fn footnotes<'a>(footnotes: &[impl AsRef<[Event<'a>]>], images: &Images, terms: &Terms) -> String {
    let mut out = String::new();
    if !footnotes.is_empty() {
        out.push_str("<div class=\"footnotes\"><ol>\n");
        for footnote in footnotes {
            out.push_str("<li>");
            html::push_html(&mut out, for_mail(footnote.as_ref(), images, terms).into_iter());
            out.push_str("</li>\n");
        }
        out.push_str("</ol></div>\n");
    }
    fill(clean(&out), images)
}

/// Events with what mail programs can't show replaced: footnote mentions, checkboxes, images.
fn for_mail<'a>(events: &[Event<'a>], images: &Images, terms: &Terms) -> Vec<Event<'a>> {
    let mut out = Vec::with_capacity(events.len());
    let mut tables = wide_tables(events).into_iter();
    let mut table: Option<Heads<'a>> = None;
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
            (Event::Start(Tag::BlockQuote(Some(kind))), None) => {
                let (class, title) = (callout_class(*kind), terms.callout(*kind));
                let html = format!("<div class=\"callout {class}\"><p class=\"callout-title\">{title}</p>\n");
                out.push(Event::Html(html.into()));
            }
            (Event::End(TagEnd::BlockQuote(Some(_))), None) => out.push(Event::Html("</div>\n".into())),
            (Event::Start(Tag::Table(_)), None) => {
                table = tables.next().flatten();
                if table.is_some() {
                    out.push(Event::Html("<div class=\"wide\">\n".into()));
                }
                out.push(event.clone());
            }
            (Event::End(TagEnd::Table), None) => {
                out.push(event.clone());
                if table.take().is_some() {
                    out.push(Event::Html("</div>\n".into()));
                }
            }
            (Event::End(TagEnd::TableHead | TagEnd::TableRow), None) => {
                table.iter_mut().for_each(|table| table.column = 0);
                table.iter_mut().for_each(|table| table.in_body = true);
                out.push(event.clone());
            }
            (Event::Start(Tag::TableCell), None) => {
                out.push(event.clone());
                if let Some(table) = &mut table {
                    table.cell(&mut out);
                }
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

/// Tables with this many columns don't fit a phone side by side.
const WIDE: usize = 5;

/// The heads of a wide table, said again in every cell: on a phone each row becomes a list of its cells.
struct Heads<'a> {
    cells: Vec<Vec<Event<'a>>>,
    column: usize,
    in_body: bool,
}

impl<'a> Heads<'a> {
    fn cell(&mut self, out: &mut Vec<Event<'a>>) {
        let head = self.cells.get(self.column).filter(|head| self.in_body && !head.is_empty());
        if let Some(head) = head {
            out.push(Event::InlineHtml("<span class=\"head\">".into()));
            out.extend(head.iter().cloned());
            out.push(Event::Text(": ".into()));
            out.push(Event::InlineHtml("</span>".into()));
        }
        self.column += 1;
    }
}

/// The tables of these events in order, each with its heads when it is wide.
fn wide_tables<'a>(events: &[Event<'a>]) -> Vec<Option<Heads<'a>>> {
    let mut found: Vec<Option<Heads<'a>>> = Vec::new();
    let mut in_head = false;
    for event in events {
        match event {
            Event::Start(Tag::Table(columns)) => {
                let is_wide = columns.len() >= WIDE;
                found.push(is_wide.then(|| Heads { cells: Vec::new(), column: 0, in_body: false }));
            }
            Event::Start(Tag::TableHead) => in_head = true,
            Event::End(TagEnd::TableHead) => in_head = false,
            Event::Start(Tag::TableCell) if in_head => {
                found.iter_mut().rev().take(1).flatten().for_each(|heads| heads.cells.push(Vec::new()));
            }
            Event::Text(_) | Event::Code(_) if in_head => {
                let last = found.last_mut().and_then(Option::as_mut).and_then(|heads| heads.cells.last_mut());
                last.into_iter().for_each(|cell| cell.push(event.clone()));
            }
            _ => {}
        }
    }
    found
}

fn image_element(name: &str, title: &str, alt: &str, images: &Images) -> String {
    let image = images.get(name);
    let url = image.map_or(name, |image| image.url.as_str());
    let mut element = format!("<img src=\"{}\" alt=\"{}\"", escape(Spot::Attribute, url), escape(Spot::Attribute, alt));
    if !title.is_empty() {
        element.push_str(&format!(" title=\"{}\"", escape(Spot::Attribute, title)));
    }
    // Outlook goes by the attributes; others scale down by the theme's max-width.
    if let Some((width, height)) = image.and_then(|image| image.size) {
        element.push_str(&format!(" width=\"{width}\" height=\"{height}\""));
    }
    element.push('>');
    element
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edition::markdown::parse;
    use crate::edition::tokens::Tokens;

    fn html(markdown: &str) -> String {
        let content = parse(markdown, "en", &Tokens::new(&[]));
        prose(&content.body, &Images::new(), &content.terms)
            + &footnotes(&content.footnotes, &Images::new(), &content.terms)
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
    fn github_flavoured_markdown_and_definition_lists() {
        assert_eq!(
            html("> [!WARNING]\n> Hot *water*.\n"),
            "<div class=\"callout warning\"><p class=\"callout-title\">Warning</p>\n<p>Hot <em>water</em>.</p>\n</div>\n"
        );
        assert!(html("Tea\n: hot\n").contains("<dl>\n<dt>Tea</dt>\n<dd>hot</dd>"), "{}", html("Tea\n: hot\n"));
        assert_eq!(html("## One\n"), "<h2 id=\"one\">One</h2>\n");
        assert_eq!(html("## One\n\n[x](#one)\n").lines().next(), Some("<h2 id=\"one\"><a name=\"one\"></a>One</h2>"));
    }

    #[test]
    fn a_wide_table_says_its_heads_in_every_cell() {
        let five = html("|a|b|c|d|e|\n|-|-|-|-|-|\n|1|2|3|4|5|\n");
        assert!(five.starts_with("<div class=\"wide\">"), "{five}");
        assert_eq!(five.matches("<span class=\"head\">").count(), 5);
        assert!(five.contains("<td><span class=\"head\">b: </span>2</td>"), "{five}");
        assert!(!html("|a|b|\n|-|-|\n|1|2|\n").contains("head\""));
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
