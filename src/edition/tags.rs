//! Where the template tags of a source are: `{{ … }}`, `{% … %}`, `{# … #}`, as Tera's lexer finds them. What they mean is
//! read elsewhere ([`super::merge`]); a source that Tera will refuse is scanned as far as it goes.

use std::ops::Range;

/// What kind of tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagKind {
    /// `{{ … }}`
    Print,
    /// `{% … %}`
    Block,
}

/// One tag and the expression or statement inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    pub kind: TagKind,
    /// With its delimiters.
    pub range: Range<usize>,
    /// Without delimiters, white space control and surrounding white space.
    pub inner: Range<usize>,
}

impl Tag {
    pub fn text<'a>(&self, source: &'a str) -> &'a str {
        &source[self.inner.clone()]
    }

    /// The first word: `if`, `set`, `endif`, ….
    pub fn keyword<'a>(&self, source: &'a str) -> &'a str {
        self.text(source).split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default()
    }
}

/// The tags of `source` in order. Comments and what stands between `{% raw %}` and `{% endraw %}` are passed over.
pub fn tags(source: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((start, kind)) = next_opening(source, at) {
        match kind {
            None => at = source[start + 2..].find("#}").map_or(source.len(), |end| start + 2 + end + 2),
            Some(kind) => {
                let Some(end) = tag_end(source, start, kind) else { break };
                let tag = Tag { kind, range: start..end, inner: trimmed(source, start + 2..end - 2) };
                at = end;
                if kind == TagKind::Block && tag.text(source) == "raw" {
                    at = raw_end(source, end);
                }
                found.push(tag);
            }
        }
    }
    found
}

/// Where a tag or comment begins that never ends.
pub fn unclosed(source: &str) -> Option<usize> {
    let mut at = tags(source).last().map_or(0, |tag| {
        if tag.kind == TagKind::Block && tag.text(source) == "raw" {
            raw_end(source, tag.range.end)
        } else {
            tag.range.end
        }
    });
    while let Some((start, kind)) = next_opening(source, at) {
        if kind.is_some() {
            return Some(start);
        }
        match source[start + 2..].find("#}") {
            Some(end) => at = start + 2 + end + 2,
            None => return Some(start),
        }
    }
    None
}

/// The next opening delimiter at or after `from`; `None` as kind is a comment.
fn next_opening(source: &str, from: usize) -> Option<(usize, Option<TagKind>)> {
    let bytes = source.as_bytes();
    (from..bytes.len().saturating_sub(1)).find_map(|at| match (bytes[at], bytes[at + 1]) {
        (b'{', b'{') => Some((at, Some(TagKind::Print))),
        (b'{', b'%') => Some((at, Some(TagKind::Block))),
        (b'{', b'#') => Some((at, None)),
        _ => None,
    })
}

/// Just after the closing delimiter, which doesn't count inside a string.
fn tag_end(source: &str, start: usize, kind: TagKind) -> Option<usize> {
    let close: &[u8] = if kind == TagKind::Print { b"}}" } else { b"%}" };
    let bytes = source.as_bytes();
    let mut quote = None;
    let mut at = start + 2;
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(_), b'\\') => at += 1,
            (Some(open), byte) if byte == open => quote = None,
            (None, byte @ (b'"' | b'\'' | b'`')) => quote = Some(byte),
            (None, _) if bytes[at..].starts_with(close) => return Some(at + 2),
            _ => {}
        }
        at += 1;
    }
    None
}

fn raw_end(source: &str, from: usize) -> usize {
    let mut at = from;
    while let Some(start) = source[at..].find("{%").map(|found| at + found) {
        let Some(end) = tag_end(source, start, TagKind::Block) else { break };
        if &source[trimmed(source, start + 2..end - 2)] == "endraw" {
            return end;
        }
        at = start + 2;
    }
    source.len()
}

/// The range without the white space control `-` and the white space inside it.
fn trimmed(source: &str, range: Range<usize>) -> Range<usize> {
    let text = &source[range.clone()];
    let text = text.strip_prefix('-').unwrap_or(text);
    let text = text.strip_suffix('-').unwrap_or(text).trim();
    let start = text.as_ptr() as usize - source.as_ptr() as usize;
    start..start + text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn inners(source: &str) -> Vec<&str> {
        tags(source).iter().map(|tag| &source[tag.inner.clone()]).collect()
    }

    #[test]
    fn tags_are_found_with_strings_comments_and_raw_text() {
        assert_eq!(inners("a {{ b }} {%- if c -%}{# {{ d }} #}{{ \"}}\" }}"), ["b", "if c", "\"}}\""]);
        assert_eq!(inners("{% raw %}{{ a }}{% endraw %}{{ b }}"), ["raw", "b"]);
        assert_eq!(inners("{{ open"), Vec::<&str>::new());
        assert_eq!(inners("{{}}"), [""]);
    }

    proptest! {
        #[test]
        fn any_source_is_scanned(source in "(\\{\\{|\\}\\}|\\{%|%\\}|\\{#|#\\}|raw|endraw|\"|'|[a-zä -]){0,30}") {
            for tag in tags(&source) {
                prop_assert!(source.get(tag.range.clone()).is_some() && source.get(tag.inner.clone()).is_some());
            }
        }
    }
}
