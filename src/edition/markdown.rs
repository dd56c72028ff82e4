//! The article's Markdown, parsed once: CommonMark with tables, footnotes, strikethrough, task lists and smart
//! punctuation, as a list of events from which both the HTML and the plain text are made.
//!
//! What both parts must agree on is settled here: the quotes of the language, footnote numbers, heading levels.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::anchors::{Heading, name_headings};
use super::highlight;
use super::terms::Terms;
use super::tokens::Tokens;

/// The article's content, ready to be written as HTML or as text.
#[derive(Debug, Clone)]
pub struct Content<'a> {
    /// The body without footnote definitions.
    pub body: Vec<Event<'a>>,
    /// Footnotes in the order of their first mention, each the events of its content.
    pub footnotes: Vec<Vec<Event<'a>>>,
    pub headings: Vec<Heading<'a>>,
    /// How many events of the body come before `<!-- more -->`: the summary.
    pub summary: Option<usize>,
    /// The words that setting adds.
    pub terms: Terms,
}

/// What an author writes where the summary ends, on a line of its own.
const MORE: &str = "<!--more-->";

/// How many words of an article an inbox shows beside its subject. Words are counted and not letters, since a merge field
/// is one word whatever stands in for it.
const INBOX_WORDS: usize = 24;

impl<'a> Content<'a> {
    /// What comes before `<!-- more -->`; all when the author has written none.
    pub fn summary(&self) -> &[Event<'a>] {
        &self.body[..self.summary.unwrap_or(self.body.len())]
    }

    /// The first words, as an inbox would show them: of paragraphs only, cut between words.
    pub fn beginning(&self, tokens: &Tokens) -> String {
        let mut out = String::new();
        let mut inside = false;
        for event in self.summary() {
            match event {
                Event::Start(Tag::Paragraph) => inside = true,
                Event::End(TagEnd::Paragraph) => {
                    inside = false;
                    out.push(' ');
                }
                Event::Text(text) | Event::Code(text) if inside => out.push_str(text),
                Event::SoftBreak | Event::HardBreak if inside => out.push(' '),
                _ => {}
            }
        }
        let out = tokens.without_shortcodes(&out);
        out.split_whitespace().take(INBOX_WORDS).collect::<Vec<_>>().join(" ")
    }
}

/// What we read beyond CommonMark.
pub fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_SMART_PUNCTUATION
        | Options::ENABLE_GFM
        | Options::ENABLE_DEFINITION_LIST
}

/// Parses Markdown in the given language (BCP 47).
pub fn parse<'a>(markdown: &'a str, language: &str, tokens: &Tokens) -> Content<'a> {
    let quotes = Quotes::of(language);
    let events = Parser::new_ext(markdown, options())
        .into_offset_iter()
        .map(|(event, range)| quotes.apply(event, &markdown[range]))
        .collect::<Vec<_>>();
    let (body, definitions) = split_footnotes(demote_headings(events));
    let mut names = Vec::new();
    let mut body = number_references(body, &definitions, &mut names);
    let mut footnotes: Vec<Vec<Event<'a>>> = Vec::new();
    // A footnote may mention further ones, so the list of names can grow on the way.
    while let Some(name) = names.get(footnotes.len()).cloned() {
        let content = definitions
            .iter()
            .find(|(defined, _)| *defined == name)
            .map(|(_, content)| content.clone())
            .unwrap_or_default();
        footnotes.push(number_references(content, &definitions, &mut names));
    }
    let terms = Terms::of(language);
    highlight::choose(&mut body, &mut footnotes, tokens);
    let (mut body, headings) = name_headings(&body, &terms, tokens);
    let summary = take_more(&mut body);
    Content { body, footnotes, headings, summary, terms }
}

/// Takes the mark at the summary's end out, and says where it was.
fn take_more(body: &mut Vec<Event<'_>>) -> Option<usize> {
    let is_more = |event: &Event<'_>| matches!(event, Event::Html(html) if html.split_whitespace().collect::<String>().eq_ignore_ascii_case(MORE));
    let mut depth = 0usize;
    let at = body.iter().position(|event| {
        match event {
            Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => {}
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && is_more(event)
    })?;
    body.remove(at);
    let opens = at.checked_sub(1).filter(|before| matches!(body[*before], Event::Start(Tag::HtmlBlock)));
    if let Some(before) = opens.filter(|_| matches!(body.get(at), Some(Event::End(TagEnd::HtmlBlock)))) {
        body.drain(before..=at);
        return Some(before);
    }
    Some(at)
}

/// The byte ranges of code, where merge fields and template tags are left alone.
pub fn code_ranges(markdown: &str) -> Vec<std::ops::Range<usize>> {
    let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
    for (event, range) in Parser::new_ext(markdown, options()).into_offset_iter() {
        if matches!(event, Event::Code(_) | Event::Start(Tag::CodeBlock(_))) {
            ranges.push(range);
        }
    }
    ranges
}

type Definition<'a> = (CowStr<'a>, Vec<Event<'a>>);

fn split_footnotes(events: Vec<Event<'_>>) -> (Vec<Event<'_>>, Vec<Definition<'_>>) {
    let mut body = Vec::with_capacity(events.len());
    let mut definitions: Vec<Definition<'_>> = Vec::new();
    let mut open: Option<Definition<'_>> = None;
    for event in events {
        match (event, &mut open) {
            (Event::Start(Tag::FootnoteDefinition(name)), _) => open = Some((name, Vec::new())),
            (Event::End(TagEnd::FootnoteDefinition), _) => definitions.extend(open.take()),
            (event, Some((_, content))) => content.push(event),
            (event, None) => body.push(event),
        }
    }
    (body, definitions)
}

/// Numbers footnote mentions in the order of their first appearance; one without a definition is shown as written.
fn number_references<'a>(
    events: Vec<Event<'a>>,
    definitions: &[Definition<'a>],
    names: &mut Vec<CowStr<'a>>,
) -> Vec<Event<'a>> {
    let number = |event| match event {
        Event::FootnoteReference(name) if definitions.iter().any(|(defined, _)| *defined == name) => {
            let at = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            });
            Event::FootnoteReference((at + 1).to_string().into())
        }
        Event::FootnoteReference(name) => Event::Text(format!("[^{name}]").into()),
        event => event,
    };
    events.into_iter().map(number).collect()
}

/// The title is the message's one `h1`; when the body uses `#` itself, all its headings move down one level.
fn demote_headings(events: Vec<Event<'_>>) -> Vec<Event<'_>> {
    let has_top =
        events.iter().any(|event| matches!(event, Event::Start(Tag::Heading { level: HeadingLevel::H1, .. })));
    if !has_top {
        return events;
    }
    let lower = |level| match level {
        HeadingLevel::H1 => HeadingLevel::H2,
        HeadingLevel::H2 => HeadingLevel::H3,
        HeadingLevel::H3 => HeadingLevel::H4,
        HeadingLevel::H4 => HeadingLevel::H5,
        HeadingLevel::H5 | HeadingLevel::H6 => HeadingLevel::H6,
    };
    let demote = |event| match event {
        Event::Start(Tag::Heading { level, id, classes, attrs }) => {
            Event::Start(Tag::Heading { level: lower(level), id, classes, attrs })
        }
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(lower(level))),
        event => event,
    };
    events.into_iter().map(demote).collect()
}

/// The quotation marks of a language: double opening, double closing, single opening, single closing.
struct Quotes([&'static str; 4]);

impl Quotes {
    fn of(language: &str) -> Self {
        let primary = language.split('-').next().unwrap_or_default().to_ascii_lowercase();
        Quotes(match primary.as_str() {
            "de" | "cs" | "sk" | "sl" | "bg" | "is" => ["„", "“", "‚", "‘"],
            "fr" => ["«\u{202f}", "\u{202f}»", "“", "”"],
            "it" | "es" | "pt" | "ca" | "el" | "nb" | "no" | "nn" => ["«", "»", "“", "”"],
            "ru" | "uk" => ["«", "»", "„", "“"],
            "pl" | "ro" | "hu" | "hr" => ["„", "”", "‚", "’"],
            "sv" | "fi" => ["”", "”", "’", "’"],
            "da" => ["»", "«", "›", "‹"],
            "ja" | "zh" => ["「", "」", "『", "』"],
            _ => ["“", "”", "‘", "’"],
        })
    }

    /// Replaces a quote that the parser made of a straight one; one that the author typed stays.
    fn apply<'a>(&self, event: Event<'a>, source: &str) -> Event<'a> {
        let Event::Text(text) = &event else { return event };
        // An entity such as `&#7;` can bring one in.
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            return Event::Text(text.chars().filter(|c| !c.is_control()).collect::<String>().into());
        }
        let [open, close, single_open, single_close] = self.0;
        let replacement = match (source, text.as_ref()) {
            ("\"", "“") => open,
            ("\"", "”") => close,
            ("'", "‘") => single_open,
            // An apostrophe looks the same everywhere; only a closing quote differs, and it follows an opening one.
            ("'", "’") if single_close == "’" || single_open == "‘" => "’",
            _ => return event,
        };
        Event::Text(replacement.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(markdown: &str, language: &str) -> String {
        parse(markdown, language, &Tokens::new(&[]))
            .body
            .iter()
            .filter_map(|event| if let Event::Text(text) = event { Some(text.as_ref()) } else { None })
            .collect()
    }

    #[test]
    fn quotes_follow_the_language_and_typed_ones_stay() {
        assert_eq!(text("\"Hi\" it's", "en"), "“Hi” it’s");
        assert_eq!(text("\"Hallo\" -- geht's", "de-AT"), "„Hallo“ – geht’s");
        assert_eq!(text("\"Salut\"", "fr"), "«\u{202f}Salut\u{202f}»");
        assert_eq!(text("“Hi”", "de"), "“Hi”");
    }

    #[test]
    fn footnotes_are_numbered_as_they_appear() {
        let content = parse("a[^z] b[^a] c[^z] d[^none]\n\n[^a]: A\n[^z]: Z[^a]\n", "en", &Tokens::new(&[]));
        let numbers: Vec<String> = content
            .body
            .iter()
            .filter_map(|e| if let Event::FootnoteReference(n) = e { Some(n.to_string()) } else { None })
            .collect();
        assert_eq!(numbers, ["1", "2", "1"]);
        assert_eq!(content.footnotes.len(), 2);
        assert!(content.footnotes[0].contains(&Event::Text("Z".into())));
    }

    #[test]
    fn the_body_has_no_heading_of_the_first_level() {
        let content = parse("# A\n\n## B\n", "en", &Tokens::new(&[]));
        assert!(content.body.contains(&Event::End(TagEnd::Heading(HeadingLevel::H2))));
        assert!(content.body.contains(&Event::End(TagEnd::Heading(HeadingLevel::H3))));
        assert!(!content.body.contains(&Event::End(TagEnd::Heading(HeadingLevel::H1))));
    }

    #[test]
    fn an_inbox_shows_the_first_words() {
        assert_eq!(
            parse("# Head\n\nDear *Ann*,\n\nhello\nthere.\n", "en", &Tokens::new(&[])).beginning(&Tokens::new(&[])),
            "Dear Ann, hello there."
        );
        let long = parse(&"word ".repeat(100), "en", &Tokens::new(&[])).beginning(&Tokens::new(&[]));
        assert_eq!(long.split(' ').count(), INBOX_WORDS);
    }

    #[test]
    fn a_summary_ends_where_the_author_says() {
        let content = parse("First.\n\n<!-- more -->\n\nSecond.\n", "en", &Tokens::new(&[]));
        assert_eq!(content.beginning(&Tokens::new(&[])), "First.");
        assert!(!content.body.iter().any(|event| matches!(event, Event::Html(_) | Event::Start(Tag::HtmlBlock))));
        let inside = parse("> a\n>\n> <!-- more -->\n", "en", &Tokens::new(&[]));
        assert_eq!(inside.summary, None);
    }

    #[test]
    fn code_is_found() {
        let source = "a `b {{ c }}` d\n\n    indented\n\n```\nfence\n```\n";
        let found: Vec<&str> = code_ranges(source).into_iter().map(|range| &source[range]).collect();
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[0], "`b {{ c }}`");
    }
}
