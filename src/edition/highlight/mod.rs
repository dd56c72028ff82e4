//! Code in colours (cargo feature `highlight`): a fenced block whose first word names a language is divided into spans of a
//! few kinds. The theme writes their colours (`partials/style.mjml`), which [`colours`] reckons for its grounds.
//!
//! Only tags are added: without them the HTML is what it would be without the feature, and the text part never sees them.
//! What it may cost is bounded, since for some languages the time grows with the square of a line: at these bounds the worst
//! that was found takes about a second, and ordinary code some hundredths.

mod palette;
mod scopes;

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};
use serde_json::{Map, Value as Json};

use super::tokens::{Token, Tokens};

/// Octets of code in an article that are read for colours; a block that goes beyond them stays plain.
const MOST: usize = 16 << 10;
/// A block with a longer line, in octets, stays plain.
const LONGEST_LINE: usize = 120;

/// What a piece of code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Keyword,
    Text,
    Number,
    Comment,
    Name,
}

impl Kind {
    const ALL: [Kind; 5] = [Kind::Keyword, Kind::Text, Kind::Number, Kind::Comment, Kind::Name];

    /// The class of its spans.
    fn class(self) -> &'static str {
        CLASSES[self as usize]
    }
}

/// The classes of the spans, which cleaning leaves.
pub const CLASSES: [&str; Kind::ALL.len()] = ["code-keyword", "code-text", "code-number", "code-comment", "code-name"];

/// What every one of our spans has.
const MARK: &str = "<span class=\"code-";

/// Decides which blocks of an article will be coloured: their fences name the language as we know it, all others none.
pub fn choose<'a>(body: &mut [Event<'a>], footnotes: &mut [Vec<Event<'a>>], tokens: &Tokens) {
    let mut left = MOST;
    for events in std::iter::once(body).chain(footnotes.iter_mut().map(Vec::as_mut_slice)) {
        for at in 0..events.len() {
            let Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) = &events[at] else { continue };
            let language = scopes::language(info).filter(|_| take(&code(&events[at + 1..]), tokens, &mut left));
            let kind = CodeBlockKind::Fenced(language.unwrap_or_default().into());
            events[at] = Event::Start(Tag::CodeBlock(kind));
        }
    }
}

/// Whether a block is within the bounds. What it has is taken from what is left for the article.
fn take(written: &str, tokens: &Tokens, left: &mut usize) -> bool {
    let Some(shown) = Shown::new(written, tokens) else { return false };
    let fits = shown.text.len() <= *left && shown.text.lines().all(|line| line.len() <= LONGEST_LINE);
    if fits {
        *left -= shown.text.len();
    }
    fits
}

/// The events with spans in the blocks that [`choose`] has chosen.
pub fn coloured<'e, 'a>(events: &'e [Event<'a>], tokens: &Tokens) -> Cow<'e, [Event<'a>]> {
    let chosen = |event: &Event<'_>| matches!(event, Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) if !language.is_empty());
    if !events.iter().any(chosen) {
        return Cow::Borrowed(events);
    }
    let mut out = Vec::with_capacity(events.len());
    let mut at = 0;
    while let Some(event) = events.get(at) {
        out.push(event.clone());
        at += 1;
        let Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) = event else { continue };
        if let Some(markup) = markup(language, &code(&events[at..]), tokens) {
            out.push(Event::InlineHtml(markup.into()));
            at += events[at..].iter().take_while(|event| matches!(event, Event::Text(_))).count();
        }
    }
    Cow::Owned(out)
}

/// What stands in the block that these events begin with.
fn code(events: &[Event<'_>]) -> String {
    let text = |event: &Event<'_>| match event {
        Event::Text(text) => Some(text.to_string()),
        _ => None,
    };
    events.iter().take_while(|event| !matches!(event, Event::End(TagEnd::CodeBlock))).filter_map(text).collect()
}

/// Code as HTML with spans.
fn markup(language: &str, written: &str, tokens: &Tokens) -> Option<String> {
    let shown = Shown::new(written, tokens)?;
    let spans = scopes::spans(language, &shown.text)?;
    let mut out = String::with_capacity(written.len() * 2);
    let mut from = 0;
    for (range, kind) in spans {
        let (start, end) = (shown.in_written(range.start), shown.in_written(range.end));
        if from <= start && start < end {
            escape_into(&written[from..start], &mut out);
            out.push_str(&format!("<span class=\"{}\">", kind.class()));
            escape_into(&written[start..end], &mut out);
            out.push_str("</span>");
            from = end;
        }
    }
    escape_into(&written[from..], &mut out);
    Some(out)
}

fn escape_into(text: &str, out: &mut String) {
    out.push_str(&text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
}

/// Code as readers see it: braces that were held back stand in it, and no span may cut through their tokens.
struct Shown {
    text: String,
    /// Where held text stands in the text, and where its token stands in what was written.
    held: Vec<(Range<usize>, Range<usize>)>,
}

impl Shown {
    /// `None` when anything else stands in the code that becomes known only later: it is not ours to look at.
    fn new(written: &str, tokens: &Tokens) -> Option<Shown> {
        let mut shown = Shown { text: String::with_capacity(written.len()), held: Vec::new() };
        let mut from = 0;
        for (range, token) in tokens.find(written) {
            let Token::Held(index) = token else { return None };
            shown.text.push_str(&written[from..range.start]);
            let start = shown.text.len();
            shown.text.push_str(tokens.text(index));
            from = range.end;
            shown.held.push((start..shown.text.len(), range));
        }
        shown.text.push_str(&written[from..]);
        Some(shown)
    }

    /// A position of the text in what was written; one inside held text is behind its token.
    fn in_written(&self, at: usize) -> usize {
        let before = self.held.partition_point(|(shown, _)| shown.start < at);
        match before.checked_sub(1).map(|last| &self.held[last]) {
            Some((shown, written)) => written.end + at.saturating_sub(shown.end),
            None => at,
        }
    }
}

/// What templates find as `code`: for each kind of span its class and its colours on the theme's grounds by light and by
/// dark. Empty when nothing set so far has spans.
pub fn colours(look: &Map<String, Json>, tokens: &Tokens) -> Json {
    if tokens.any_text(|text| text.contains(MARK)) { palette::of(look) } else { Json::Array(Vec::new()) }
}

#[cfg(test)]
mod tests;
