//! `<img>` in the author's own HTML: found in the source, and filled in the cleaned HTML.

use std::ops::Range;

use super::Images;
use crate::edition::escape::{Place as Spot, escape};

/// An `<img>` and its attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    pub range: Range<usize>,
    /// Names in lower case, values with their entities resolved.
    attributes: Vec<(String, String)>,
}

impl Element {
    pub fn value(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The `<img>` elements of HTML, in order. One that isn't closed is none.
pub fn elements(html: &str) -> Vec<Element> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = html[at..].find('<').map(|n| at + n) {
        let rest = &html[start..];
        if rest.starts_with("<!--") {
            at = rest.find("-->").map_or(html.len(), |end| start + end + 3);
            continue;
        }
        at = start + 1;
        let is_img = rest.get(1..4).is_some_and(|name| name.eq_ignore_ascii_case("img"))
            && rest[4..].starts_with(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'));
        if !is_img {
            continue;
        }
        let Some((attributes, end)) = attributes(html, start + 4) else { break };
        found.push(Element { range: start..end, attributes });
        at = end;
    }
    found
}

/// The attributes from `at` on, and where the element ends.
fn attributes(html: &str, mut at: usize) -> Option<(Vec<(String, String)>, usize)> {
    let mut found = Vec::new();
    loop {
        at += html[at..].find(|c: char| !c.is_ascii_whitespace() && c != '/')?;
        if html[at..].starts_with('>') {
            return Some((found, at + 1));
        }
        // A `=` where a name should begin is part of the name, as in browsers.
        let first = html[at..].chars().next().map_or(1, char::len_utf8);
        let ends_name = |c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/');
        let name_end = at + first + html[at + first..].find(ends_name)?;
        let name = html[at..name_end].to_ascii_lowercase();
        at = name_end + html[name_end..].find(|c: char| !c.is_ascii_whitespace())?;
        let mut value = "";
        if html[at..].starts_with('=') {
            at += 1;
            at += html[at..].find(|c: char| !c.is_ascii_whitespace())?;
            let quote = html[at..].chars().next().filter(|c| matches!(c, '"' | '\''));
            let start = at + usize::from(quote.is_some());
            let end = start
                + match quote {
                    Some(quote) => html[start..].find(quote)?,
                    None => html[start..].find(|c: char| c.is_ascii_whitespace() || c == '>')?,
                };
            value = &html[start..end];
            at = end + usize::from(quote.is_some());
        }
        found.push((name, resolved(value)));
    }
}

fn resolved(value: &str) -> String {
    if !value.contains('&') {
        return value.to_owned();
    }
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", "\u{a0}"), ("&amp;", "&")]
        .iter()
        .fold(value.to_owned(), |text, (entity, c)| text.replace(entity, c))
}

/// Gives every `<img>` that names an image its address and its size, and every one an alternative text.
pub fn fill(html: String, images: &Images) -> String {
    let found = elements(&html);
    let is_whole = |element: &Element| {
        element.value("alt").is_some() && !element.value("src").is_some_and(|src| images.contains_key(src))
    };
    if found.iter().all(is_whole) {
        return html;
    }
    let mut out = String::with_capacity(html.len() + 64);
    let mut from = 0;
    for element in found.iter().filter(|element| !is_whole(element)) {
        out.push_str(&html[from..element.range.start]);
        write(element, images, &mut out);
        from = element.range.end;
    }
    out.push_str(&html[from..]);
    out
}

/// Gives pictures that MJML has set their height: it writes `height="auto"`, which Outlook doesn't know.
pub fn with_heights(html: &str, images: &Images) -> String {
    let mut out = String::with_capacity(html.len() + 64);
    let mut from = 0;
    for element in elements(html).iter().filter(|element| element.value("height") == Some("auto")) {
        let image = images.values().find(|image| Some(image.url.as_str()) == element.value("src"));
        let width: Option<usize> = element.value("width").and_then(|width| width.parse().ok());
        let written = &html[element.range.clone()];
        if let (Some((w, h)), Some(width)) = (image.and_then(|image| image.size), width) {
            let height = (h * width + w / 2).checked_div(w).unwrap_or(h).max(1);
            out.push_str(&html[from..element.range.start]);
            let quoted = written.replacen("height=\"auto\"", &format!("height=\"{height}\""), 1);
            out.push_str(&quoted.replacen("height=auto", &format!("height={height}"), 1));
            from = element.range.end;
        }
    }
    out.push_str(&html[from..]);
    out
}

fn write(element: &Element, images: &Images, out: &mut String) {
    let image = element.value("src").and_then(|src| images.get(src));
    let src = image.map_or(element.value("src"), |image| Some(image.url.as_str()));
    let asked = element.value("width").and_then(|width| width.trim_end_matches("px").parse::<usize>().ok());
    let size = image.and_then(|image| image.size).map(|(width, height)| match asked {
        Some(asked) if asked > 0 && asked < width => (asked, (height * asked).div_ceil(width)),
        _ => (width, height),
    });
    let mut written = vec![("src", src.unwrap_or_default().to_owned())];
    written.push(("alt", element.value("alt").unwrap_or_default().to_owned()));
    if let Some((width, height)) = size {
        written.extend([("width", width.to_string()), ("height", height.to_string())]);
    }
    for (name, value) in &element.attributes {
        if !written.iter().any(|(known, _)| known == name) {
            written.push((name, value.clone()));
        }
    }
    out.push_str("<img");
    let mut attribute = |name: &str, value: &str| {
        out.push_str(&format!(" {name}=\"{}\"", escape(Spot::Attribute, value)));
    };
    written.iter().for_each(|(name, value)| attribute(name, value));
    out.push('>');
}

#[cfg(test)]
mod tests {
    use super::super::Image;
    use super::*;

    #[test]
    fn attributes_are_read_in_every_notation() {
        let html =
            "<p>a<b <IMG src = 'a\">b.png' hidden alt=x width=3px/><!-- <img src=n> --><img\nsrc=c.gif><image src=d>";
        let found = elements(html);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].value("src"), Some("a\">b.png"));
        assert_eq!((found[0].value("alt"), found[0].value("hidden")), (Some("x"), Some("")));
        assert_eq!((found[1].value("src"), found[1].value("alt")), (Some("c.gif"), None));
        assert!(elements("<img src=\"x").is_empty());
    }

    #[test]
    fn pictures_of_mjml_get_their_height() {
        let image = Image { url: "cid:1".into(), size: Some((400, 200)), inline: None, asset: None };
        let images = Images::from([("a".to_owned(), image)]);
        let img = |height| {
            format!(
                "x<img src=\"cid:1\" style=\"height:auto\" height=\"{height}\" width=\"300\"><img src=\"cid:2\" height=\"auto\">"
            )
        };
        assert_eq!(with_heights(&img("auto"), &images), img("150"));
    }

    #[test]
    fn names_become_addresses_with_sizes() {
        let image = Image { url: "cid:1".into(), size: Some((400, 200)), inline: None, asset: None };
        let images = Images::from([("a&b.png".to_owned(), image)]);
        assert_eq!(
            fill(
                "x<img src=\"a&amp;b.png\" width=\"100\" title=\"T\">y<img src=\"https://example.com/x.png\">".into(),
                &images
            ),
            "x<img src=\"cid:1\" alt=\"\" width=\"100\" height=\"50\" title=\"T\">y<img src=\"https://example.com/x.png\" alt=\"\">"
        );
    }
}
