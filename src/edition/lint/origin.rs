//! Where in the theme's files an element of the MJML was written: every MJML tag of a template carries a token through
//! Tera, which is taken out again before anything reads the MJML.

use std::ops::Range;

use super::super::shifts::Edits;
use super::super::tags::tags;
use super::super::tokens::{Token, Tokens};
use crate::diagnostic::Place;

/// Where a tag stands in what its author wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub file: String,
    /// The octet where the tag begins.
    pub offset: usize,
}

/// The positions just behind the names of the MJML tags in a template, and where the tags begin. What stands inside
/// template tags is passed over.
pub fn mjml_tags(template: &str) -> Vec<(usize, usize)> {
    let hidden: Vec<Range<usize>> = tags(template).into_iter().map(|tag| tag.range).collect();
    let is_hidden = |at: usize| hidden.iter().any(|range| range.contains(&at));
    let starts = template.match_indices("<mj").chain(template.match_indices("</mj"));
    let mut found: Vec<(usize, usize)> = starts
        .filter(|(at, _)| !is_hidden(*at))
        .filter_map(|(at, start)| {
            let name = &template[at + start.len() - 2..];
            let length = name.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').count();
            let end = at + start.len() - 2 + length;
            // A name that goes on in a template tag isn't known yet.
            (!template[end..].starts_with('{')).then_some((end, at))
        })
        .collect();
    found.sort_unstable();
    found
}

/// Puts a token behind the name of each MJML tag; `note` is told where the tag began and gives the token.
pub fn mark(template: &str, mut note: impl FnMut(usize) -> String) -> Edits {
    let mut edits = Edits::default();
    for (end, start) in mjml_tags(template) {
        edits.push(end..end, format!(" {}", note(start)));
    }
    edits
}

/// The tags of a rendering and where they were written.
#[derive(Debug, Default)]
pub struct Origins<'a> {
    known: &'a [Origin],
    /// Where a tag's name ends in the rendering, and its number among the known.
    marks: Vec<(usize, usize)>,
}

impl<'a> Origins<'a> {
    /// Takes the tokens out of a rendering.
    pub fn take(rendered: &str, tokens: &Tokens, known: &'a [Origin]) -> (String, Origins<'a>) {
        let mut out = String::with_capacity(rendered.len());
        let mut marks = Vec::new();
        let mut from = 0;
        for (range, token) in tokens.find(rendered) {
            let Token::Origin(number) = token else { continue };
            out.push_str(rendered[from..range.start].strip_suffix(' ').unwrap_or(&rendered[from..range.start]));
            marks.push((out.len(), number));
            from = range.end;
        }
        out.push_str(&rendered[from..]);
        (out, Origins { known, marks })
    }

    /// The place of a range of the rendering: exact where the template stands there as it was written, and otherwise that of
    /// the last tag before it.
    pub fn place<'s>(
        &self,
        mjml: &str,
        range: Range<usize>,
        source: impl Fn(&str) -> Option<(String, &'s str)>,
    ) -> Option<Place> {
        let at = self.marks.partition_point(|(end, _)| *end <= range.end.max(1)).checked_sub(1)?;
        let (end, number) = *self.marks.get(at)?;
        let origin = self.known.get(number)?;
        let (shown, written) = source(&origin.file)?;
        let tag = mjml.get(..end)?.rfind('<')?;
        let same = |upto: usize| {
            upto >= tag && mjml.get(tag..upto) == written.get(origin.offset..origin.offset + (upto - tag))
        };
        if range.start >= tag && same(range.end) {
            let start = origin.offset + (range.start - tag);
            return Some(Place::span(shown, written, start..start + range.len()));
        }
        Some(Place::span(shown, written, origin.offset..origin.offset + (end - tag)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mjml_tags_are_marked_and_template_tags_left_alone() {
        let template = "<mj-text a=\"b\">{{ \"<mj-x>\" }}<p></p></mj-text >{# <mj-y> #}<mjml>";
        let mut starts = Vec::new();
        let (marked, _) = mark(template, |start| {
            starts.push(&template[start..start + 4]);
            "T".to_owned()
        })
        .apply(template);
        assert_eq!(marked, "<mj-text T a=\"b\">{{ \"<mj-x>\" }}<p></p></mj-text T >{# <mj-y T> #}<mjml T>");
        assert_eq!(starts, ["<mj-", "</mj", "<mj-", "<mjm"]);
    }
}
