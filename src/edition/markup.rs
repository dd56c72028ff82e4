//! Where a position in MJML or HTML stands: in text, in an attribute's value, in CSS, or where no value may be.
//!
//! One scanner for what Tera produced and for the finished HTML. It splits, it does not judge: nesting and names are
//! not checked. Conditional comments for Outlook are read as markup, since what stands in them is shown.

use std::ops::Range;

/// What a stretch of source is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind<'a> {
    /// Text between tags.
    Text,
    /// The content of `style` or `mj-style`.
    Css,
    /// An attribute's value, without its quotes.
    Attribute { element: &'a str, name: &'a str, quote: Option<u8> },
    /// Names, brackets, comments, declarations, script.
    Other,
}

/// A stretch of source and what it is. The stretches of a source follow one another without a hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment<'a> {
    pub kind: Kind<'a>,
    pub range: Range<usize>,
}

/// Splits a source. Never fails: what isn't closed goes on to the end.
pub fn segments(source: &str) -> Vec<Segment<'_>> {
    let mut scanner = Scanner { source, at: 0, segments: Vec::new() };
    while scanner.at < source.len() {
        scanner.step();
    }
    scanner.segments
}

/// Whether an attribute holds an address.
pub fn is_url_attribute(name: &str) -> bool {
    matches!(
        name.to_ascii_lowercase().as_str(),
        "href" | "src" | "background" | "background-url" | "action" | "cite" | "srcset" | "poster" | "thumbnails-src"
    )
}

struct Scanner<'a> {
    source: &'a str,
    at: usize,
    segments: Vec<Segment<'a>>,
}

impl<'a> Scanner<'a> {
    fn push(&mut self, kind: Kind<'a>, end: usize) {
        if end > self.at {
            self.segments.push(Segment { kind, range: self.at..end });
            self.at = end;
        }
    }

    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn find(&self, pattern: &str) -> Option<usize> {
        self.rest().find(pattern).map(|found| self.at + found)
    }

    fn step(&mut self) {
        let rest = self.rest();
        if let Some(comment) = rest.strip_prefix("<!--") {
            let conditional = comment.trim_start().starts_with("[if");
            let end = if conditional { self.find("]>").map(|at| at + 2) } else { self.find("-->").map(|at| at + 3) };
            self.push(Kind::Other, end.unwrap_or(self.source.len()));
        } else if rest.starts_with("<!") || rest.starts_with("<?") || rest.starts_with("</") {
            let end = self.find(">").map_or(self.source.len(), |at| at + 1);
            self.push(Kind::Other, end);
        } else if rest.starts_with('<') && rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            self.tag();
        } else {
            // A lone `<` is text; so is all up to the next one.
            let from = usize::from(rest.starts_with('<'));
            let end = rest[from..].find('<').map_or(self.source.len(), |found| self.at + from + found);
            self.push(Kind::Text, end);
        }
    }

    fn tag(&mut self) {
        let rest = self.rest();
        let name_end =
            rest[1..].find(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).map_or(rest.len(), |found| 1 + found);
        let element = &rest[1..name_end];
        self.push(Kind::Other, self.at + name_end);
        while self.at < self.source.len() {
            let rest = self.rest();
            if rest.starts_with("/>") {
                self.push(Kind::Other, self.at + 2);
                return;
            }
            if rest.starts_with('>') {
                self.push(Kind::Other, self.at + 1);
                self.raw_content(element);
                return;
            }
            if rest.starts_with('<') {
                return;
            }
            self.attribute(element);
        }
    }

    /// From white space before a name to the end of the value.
    fn attribute(&mut self, element: &'a str) {
        let rest = self.rest();
        let name_start = rest.find(|c: char| !c.is_whitespace() && c != '/').unwrap_or(rest.len());
        let rest_of_name = &rest[name_start..];
        if rest_of_name.is_empty() || rest_of_name.starts_with(['>', '<']) {
            self.push(Kind::Other, self.at + name_start.max(1).min(rest.len()));
            return;
        }
        let ends =
            |(at, c): (usize, char)| (at > 0 && (c.is_whitespace() || matches!(c, '=' | '>' | '/'))).then_some(at);
        let name_length = rest_of_name.char_indices().find_map(ends).unwrap_or(rest_of_name.len());
        let name = &rest_of_name[..name_length];
        let after = &rest_of_name[name_length..];
        let Some(value) = after.trim_start().strip_prefix('=').map(str::trim_start) else {
            self.push(Kind::Other, self.at + name_start + name_length);
            return;
        };
        let value_at = self.at + (rest.len() - value.len());
        match value.bytes().next() {
            Some(quote @ (b'"' | b'\'')) => {
                self.push(Kind::Other, value_at + 1);
                let end = self.rest().find(char::from(quote)).map_or(self.source.len(), |found| self.at + found);
                self.push(Kind::Attribute { element, name, quote: Some(quote) }, end);
                self.push(Kind::Other, (end + 1).min(self.source.len()));
            }
            _ => {
                self.push(Kind::Other, value_at);
                let end = self
                    .rest()
                    .find(|c: char| c.is_whitespace() || c == '>')
                    .map_or(self.source.len(), |found| self.at + found);
                self.push(Kind::Attribute { element, name, quote: None }, end);
            }
        }
    }

    /// `style` and `script` go on to their end tag, whatever is inside.
    fn raw_content(&mut self, element: &'a str) {
        let kind = match element.to_ascii_lowercase().as_str() {
            "style" | "mj-style" => Kind::Css,
            "script" => Kind::Other,
            _ => return,
        };
        let close = format!("</{element}");
        let end = self
            .rest()
            .to_ascii_lowercase()
            .find(&close.to_ascii_lowercase())
            .map_or(self.source.len(), |found| self.at + found);
        self.push(kind, end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kind_at<'a>(source: &'a str, needle: &str) -> Kind<'a> {
        let at = source.find(needle).unwrap();
        segments(source).into_iter().find(|segment| segment.range.contains(&at)).unwrap().kind
    }

    #[test]
    fn places_are_told_apart() {
        let source =
            "<a href=\"https://X1/\" title='X2' data-x=X3 hidden>X4</a><!-- X5 --><style>X6{}</style><br/>X7 < X8<p>";
        assert_eq!(kind_at(source, "X1"), Kind::Attribute { element: "a", name: "href", quote: Some(b'"') });
        assert_eq!(kind_at(source, "X2"), Kind::Attribute { element: "a", name: "title", quote: Some(b'\'') });
        assert_eq!(kind_at(source, "X3"), Kind::Attribute { element: "a", name: "data-x", quote: None });
        for text in ["X4", "X7", "X8"] {
            assert_eq!(kind_at(source, text), Kind::Text, "{text}");
        }
        assert_eq!(kind_at(source, "X5"), Kind::Other);
        assert_eq!(kind_at(source, "X6"), Kind::Css);
    }

    #[test]
    fn outlook_comments_are_read_as_markup() {
        let source = "<!--[if mso]><td width=\"X1\">X2<![endif]--><!--[if !mso]><!-->X3<!--<![endif]-->X4";
        assert_eq!(kind_at(source, "X1"), Kind::Attribute { element: "td", name: "width", quote: Some(b'"') });
        assert_eq!(kind_at(source, "X2"), Kind::Text);
        assert_eq!(kind_at(source, "X4"), Kind::Text);
    }

    proptest! {
        #[test]
        fn segments_cover_any_source(source in "(<|>|/|=|\"|'|<!--|-->|<!|[a-z ]|ä|<a |<style>|</style>| b=|]>){0,40}") {
            let mut at = 0;
            for segment in segments(&source) {
                prop_assert_eq!(segment.range.start, at);
                at = segment.range.end;
                prop_assert!(source.get(segment.range).is_some());
            }
            prop_assert_eq!(at, source.len());
        }
    }
}
