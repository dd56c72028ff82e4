//! What may be in the HTML of an article: the elements and attributes that mail programs keep and that do no harm. All else
//! is taken out, and [`removed`] says what of the author's own HTML that is, and where.

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{Event, Parser};

use super::highlight;
use super::markdown::options;
use super::markup::{Kind, segments};
use super::shortcode::calls::tags_of;
use super::tags::TagKind;
use crate::diagnostic::{Diagnostic, Place};

const ELEMENTS: [&str; 51] = [
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "dd",
    "del",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "u",
    "ul",
];

/// Elements that go with all that is in them.
const WITH_CONTENT: [&str; 16] = [
    "script", "style", "iframe", "object", "embed", "form", "svg", "math", "template", "noscript", "title", "head",
    "video", "audio", "canvas", "select",
];

const ANYWHERE: [&str; 4] = ["title", "lang", "dir", "id"];

const OF_ELEMENTS: [(&str, &[&str]); 7] = [
    ("a", &["href", "name"]),
    ("img", &["src", "alt", "width", "height"]),
    ("ol", &["start", "type", "reversed"]),
    ("th", &["style", "colspan", "rowspan", "align", "scope"]),
    ("td", &["style", "colspan", "rowspan", "align"]),
    ("time", &["datetime"]),
    ("li", &["value"]),
];

/// The classes that we write ourselves and the theme styles.
const CLASSES: [(&str, &[&str]); 5] = [
    (
        "div",
        &[
            "footnotes",
            "toc",
            "wide",
            "callout note",
            "callout tip",
            "callout important",
            "callout warning",
            "callout caution",
        ],
    ),
    ("li", &["task"]),
    ("p", &["callout-title"]),
    ("span", &["head"]),
    ("table", &[]),
];

const SCHEMES: [&str; 5] = ["https", "http", "mailto", "tel", "cid"];

fn is_element(name: &str) -> bool {
    ELEMENTS.contains(&name)
}

fn is_attribute(element: &str, name: &str) -> bool {
    ANYWHERE.contains(&name) || OF_ELEMENTS.iter().any(|(of, names)| *of == element && names.contains(&name))
}

/// Drops what may not be in mail.
pub fn clean(html: &str) -> String {
    let mut builder = ammonia::Builder::empty();
    builder
        .add_tags(ELEMENTS)
        .add_clean_content_tags(WITH_CONTENT)
        .add_generic_attributes(ANYWHERE)
        .filter_style_properties(["text-align"].into())
        .add_url_schemes(SCHEMES)
        .link_rel(None)
        .url_relative(ammonia::UrlRelative::PassThrough)
        .attribute_filter(
            |_, name, value| {
                if name == "src" && !is_image_address(value) { None } else { Some(Cow::Borrowed(value)) }
            },
        );
    for (element, names) in OF_ELEMENTS {
        builder.add_tag_attributes(element, names);
    }
    for (element, classes) in CLASSES {
        builder.add_tag_attribute_values(element, "class", classes);
    }
    builder.add_tag_attribute_values("span", "class", highlight::CLASSES);
    builder.clean(html).to_string()
}

fn is_image_address(value: &str) -> bool {
    !value.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("http:"))
}

/// What of the author's own HTML is taken out, as warnings at its places. `markdown` stands from `start` on in `source`, the
/// whole text of `file`.
pub fn removed(file: &str, source: &str, start: usize) -> Vec<Diagnostic> {
    let shadow = without_tags(&source[start..]);
    let mut found = Vec::new();
    let mut hidden: Option<String> = None;
    for (event, range) in Parser::new_ext(&shadow, options()).into_offset_iter() {
        let (Event::Html(_) | Event::InlineHtml(_)) = event else { continue };
        let offset = start + range.start;
        for (what, at) in of_html(&shadow[range], &mut hidden) {
            let place = Place::span(file, source, offset + at.start..offset + at.end);
            found.push(Diagnostic::warning(format!("{what} is taken out of the mail")).at(place).help(help(&what)));
        }
    }
    found
}

fn help(what: &str) -> &'static str {
    if what.contains("style") || what.contains("class") {
        "the theme sets the looks: templates/partials/style.mjml"
    } else if what.contains("script") || what.contains("`on") {
        "mail programs run no scripts"
    } else if what.contains("iframe") || what.contains("video") || what.contains("audio") || what.contains("embed") {
        "mail programs play nothing: link a still, as in {{ video(url=\"…\", still=\"…\", alt=\"…\") }}"
    } else {
        "mail programs don't show it, or it does harm there; docs/writing.md lists what may stay"
    }
}

/// The source with other characters for template tags, so that they are no HTML and positions stay.
fn without_tags(source: &str) -> String {
    let mut bytes = source.as_bytes().to_vec();
    for tag in tags_of(source) {
        let blank = if tag.kind == TagKind::Print { b'x' } else { b' ' };
        bytes[tag.range].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = blank);
    }
    String::from_utf8(bytes).unwrap_or_default()
}

/// What is taken out of a piece of HTML. `hidden` is the element whose content goes too, as far as it is open.
fn of_html(html: &str, hidden: &mut Option<String>) -> Vec<(String, Range<usize>)> {
    let mut found = Vec::new();
    let mut element = String::new();
    for segment in segments(html) {
        let text = &html[segment.range.clone()];
        match &segment.kind {
            Kind::Other if text.starts_with("</") => {
                let name = name_of(&text[2..]);
                if hidden.as_deref() == Some(name.as_str()) {
                    *hidden = None;
                }
            }
            Kind::Other if text.starts_with('<') && !text.starts_with("<!") && !text.starts_with("<?") => {
                element = name_of(&text[1..]);
                if hidden.is_none() && !is_element(&element) && !element.is_empty() {
                    found.push((format!("the element `{element}`"), segment.range.clone()));
                    if WITH_CONTENT.contains(&element.as_str()) {
                        *hidden = Some(element.clone());
                    }
                }
            }
            Kind::Attribute { name, .. } if hidden.is_none() && is_element(&element) => {
                let name = name.to_ascii_lowercase();
                let at = named_at(html, segment.range.start, &name);
                if let Some(what) = of_attribute(&element, &name, text) {
                    found.push((what, at..segment.range.end));
                }
            }
            _ => {}
        }
    }
    found
}

/// What is wrong with an attribute of an element that may stay.
fn of_attribute(element: &str, name: &str, value: &str) -> Option<String> {
    let of_class = |(of, classes): &(&str, &[&str])| *of == element && classes.contains(&value);
    if name == "class" && CLASSES.iter().any(of_class) {
        return None;
    }
    if !is_attribute(element, name) {
        return Some(format!("the attribute `{name}`"));
    }
    if name == "style"
        && value.split(';').any(|rule| !matches!(rule.split(':').next().unwrap_or_default().trim(), "" | "text-align"))
    {
        return Some("all of this `style` but `text-align`".to_owned());
    }
    let scheme = value.split_once(':').map(|(scheme, _)| scheme.trim().to_ascii_lowercase());
    let is_bad = |scheme: &String| !scheme.contains(['/', '?', '#']) && !SCHEMES.contains(&scheme.as_str());
    if name == "href" && scheme.as_ref().is_some_and(is_bad) {
        return Some(format!("the address `{value}`"));
    }
    if name == "src" && (scheme.as_ref().is_some_and(is_bad) || !is_image_address(value)) {
        return Some(format!("the address `{value}`, which is not https,"));
    }
    None
}

fn name_of(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect::<String>().to_ascii_lowercase()
}

/// Where an attribute's name begins, which stands before its value.
fn named_at(html: &str, value_at: usize, name: &str) -> usize {
    html[..value_at].to_ascii_lowercase().rfind(name).unwrap_or(value_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warned(source: &str) -> Vec<String> {
        removed("a.md", source, 0)
            .iter()
            .map(|warning| format!("{}: {}", warning.place().unwrap(), warning.message()))
            .collect()
    }

    #[test]
    fn what_is_taken_out_is_told_with_its_place() {
        assert_eq!(
            warned("a\n\nb <font color=\"red\">c</font>\n"),
            ["a.md:3:3: the element `font` is taken out of the mail"]
        );
        assert_eq!(
            warned("<p style=\"color: red\" onclick='x'>\nb</p>\n"),
            [
                "a.md:1:4: the attribute `style` is taken out of the mail",
                "a.md:1:23: the attribute `onclick` is taken out of the mail"
            ]
        );
        assert_eq!(
            warned("<script>\nlet a = \"<b class='x'>\";\n</script>\n\nx <b>c</b>\n"),
            ["a.md:1:1: the element `script` is taken out of the mail"]
        );
        assert_eq!(
            warned("<a href=\"javascript:x\">a</a>"),
            ["a.md:1:4: the address `javascript:x` is taken out of the mail"]
        );
        assert_eq!(
            warned("<td style=\"text-align: left; color: red\">"),
            ["a.md:1:5: all of this `style` but `text-align` is taken out of the mail"]
        );
    }

    #[test]
    fn what_stays_is_not_told() {
        for source in [
            "<div dir=\"rtl\"><sub>a</sub><br></div>",
            "`<script>`",
            "    <script>",
            "<https://example.com>",
            "<!-- a comment with <b class=x> -->",
            "<a href=\"{{ unsubscribe_url }}\">x</a>",
            "<img src=\"a.png\" alt=\"a: b\">",
            "<td style=\"text-align:left\">",
            "1 < 2 <b>",
        ] {
            assert_eq!(warned(source), Vec::<String>::new(), "{source}");
        }
    }

    #[test]
    fn every_element_that_is_told_is_taken_out_and_every_other_stays() {
        for element in ["font", "input", "h1", "marquee", "iframe", "u", "ul", "details", "mark"] {
            let html = format!("<{element}>x</{element}>");
            let stays = clean(&html).contains(&format!("<{element}"));
            assert_eq!(warned(&html).is_empty(), stays, "{element}");
        }
    }
}
