//! Plain text as Markdown that says the same: what Markdown or a template would take for a mark of theirs is escaped.

use std::fmt::Write as _;

/// Appends text. White space becomes single spaces, none at the start of a line; addresses on the web become links.
pub(super) fn push_text(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some((address, taken)) = web_address(out, rest) {
            out.push('<');
            out.push_str(address);
            out.push('>');
            rest = &rest[taken..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        push_char(out, c, rest);
    }
}

/// Appends text without looking for links in it.
pub(super) fn push_words(out: &mut String, text: &str) {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        push_char(out, c, rest.as_str());
    }
}

/// Appends text that is escaped already: no template code may come into being where the two meet, and no longer run of
/// backticks.
pub(super) fn push_escaped(out: &mut String, text: &str) {
    if out.ends_with('{') && text.starts_with(['{', '%', '#']) {
        out.push('\\');
    }
    if out.ends_with('`') && text.starts_with('`') {
        out.push(' ');
    }
    out.push_str(text);
}

fn push_char(out: &mut String, c: char, rest: &str) {
    let before = out.chars().next_back();
    let escape = match c {
        ' ' | '\t' | '\n' | '\r' | '\u{c}' => {
            if !matches!(before, None | Some(' ' | '\n')) {
                out.push(' ');
            }
            return;
        }
        '\\' | '`' | '*' | '[' | ']' | '<' | '~' | '|' => true,
        // Inside a word an underscore means nothing.
        '_' => !(before.is_some_and(char::is_alphanumeric) && rest.starts_with(char::is_alphanumeric)),
        '&' => is_entity(rest),
        // Template code begins with these pairs; between the two characters a backslash harms nobody.
        '{' | '%' | '#' => before == Some('{'),
        _ => false,
    };
    if escape {
        out.push('\\');
    }
    out.push(c);
}

/// Whether what follows an ampersand makes it a character reference: `amp;`, `#39;`.
fn is_entity(rest: &str) -> bool {
    rest.find(';').is_some_and(|end| {
        let name = rest[..end].strip_prefix('#').unwrap_or(&rest[..end]);
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// A web address that begins here and the bytes it takes, with the angle brackets it may stand in.
fn web_address<'a>(out: &str, rest: &'a str) -> Option<(&'a str, usize)> {
    let (inner, bracket) = match rest.strip_prefix('<') {
        Some(inner) => (inner, 1),
        None => (rest, 0),
    };
    if !(inner.starts_with("https://") || inner.starts_with("http://")) {
        return None;
    }
    if bracket == 0 && out.ends_with(char::is_alphanumeric) {
        return None;
    }
    let end = inner.find(|c: char| c.is_whitespace() || "<>\"“”«»".contains(c)).unwrap_or(inner.len());
    let address =
        if bracket == 1 && inner[end..].starts_with('>') { &inner[..end] } else { without_tail(&inner[..end]) };
    let closed = bracket == 1 && inner[address.len()..].starts_with('>');
    if bracket == 1 && !closed {
        return None;
    }
    let host = address.split_once("://")?.1;
    let plain = address.bytes().all(|b| b > b' ' && b != 0x7f && !b"{}\\`|".contains(&b));
    (plain && host.starts_with(char::is_alphanumeric))
        .then_some((address, bracket + address.len() + usize::from(closed)))
}

/// The punctuation after an address belongs to the sentence.
fn without_tail(address: &str) -> &str {
    let mut address = address;
    while let Some(c) = address.chars().next_back() {
        let unbalanced = c == ')' && address.matches(')').count() > address.matches('(').count();
        if !unbalanced && !".,;:!?'’…]*_".contains(c) {
            break;
        }
        address = &address[..address.len() - c.len_utf8()];
    }
    address
}

/// A line of Markdown text, escaped where its beginning would make it a heading, a list, a quote or a rule.
pub(super) fn line(text: &str) -> String {
    let text = text.trim_matches([' ', '\t', '\n']);
    let mark = text.bytes().next().unwrap_or_default();
    let run = text.bytes().take_while(|byte| *byte == mark).count();
    let spaced = |at: usize| matches!(text.as_bytes().get(at), None | Some(b' ' | b'\t'));
    let only_marks = text.bytes().all(|byte| byte == mark || byte == b' ');
    let at = match mark {
        b'#' if run <= 6 && spaced(run) => Some(0),
        b'>' | b':' => Some(0),
        b'-' | b'+' if spaced(1) || only_marks => Some(0),
        b'=' if only_marks => Some(0),
        b'0'..=b'9' => {
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            (digits <= 9 && matches!(text.as_bytes().get(digits), Some(b'.' | b')')) && spaced(digits + 1))
                .then_some(digits)
        }
        _ => None,
    };
    match at {
        Some(at) => format!("{}\\{}", &text[..at], &text[at..]),
        None => text.to_owned(),
    }
}

/// The text of a heading: its end must not look like closing marks (`#`) or attributes (`{…}`).
pub(super) fn heading(level: usize, inline: &str) -> String {
    let text = inline.trim_matches([' ', '\t', '\n']);
    let text = match text.chars().next_back() {
        Some(c @ ('#' | '}')) if !text.ends_with(&format!("\\{c}")) => format!("{}\\{c}", &text[..text.len() - 1]),
        _ => text.to_owned(),
    };
    format!("{} {}", "#".repeat(level), line(&text))
}

/// A text for a place that is a template but no Markdown, such as a subject.
pub(super) fn template(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = ["{{", "{%", "{#"].iter().filter_map(|mark| rest.find(mark)).min() {
        out.push_str(&rest[..at]);
        let _ = write!(out, "{{{{ \"{}\" }}}}", &rest[at..at + 2]);
        rest = &rest[at + 2..];
    }
    out.push_str(rest);
    out
}

/// Whether a text has something that a template would act on.
pub(super) fn has_template(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Parser, Tag};

    fn paragraph(text: &str) -> String {
        let mut out = String::new();
        push_text(&mut out, text);
        line(&out)
    }

    /// The text of Markdown that must be a single paragraph (or heading) of text and links.
    fn read(markdown: &str) -> String {
        let mut out = String::new();
        for event in Parser::new_ext(markdown, super::super::tests::options()) {
            match event {
                Event::Text(text) => out.push_str(&text),
                Event::Start(Tag::Paragraph | Tag::Link { .. } | Tag::Heading { .. }) | Event::End(_) => {}
                other => panic!("{markdown:?} has {other:?}"),
            }
        }
        out
    }

    #[test]
    fn marks_of_markdown_and_templates_arrive_as_text() {
        for text in [
            "# not a heading",
            "#hashtag",
            "1. not a list",
            "12) neither",
            "2026. A year",
            "- dash",
            "+ plus",
            "+++",
            "---",
            "- - -",
            "===",
            "* star",
            "*a* **b** _c_ __d__ snake_case _x",
            "> said",
            "<b>bold</b> <script>",
            "[a](b) ![c](d) [e]: f [^1] [ ] [x]",
            "back\\slash \\* end\\",
            "`code` ``` fence",
            "~~gone~~ ~x~",
            "a | b",
            "&amp; &copy; &#39; &#x27; AT&T & co;",
            "{{ name }} {% if x %} {# note #} {{{ {{",
            "{ {a} {b}",
            ": definition",
            "^2^ a:b $5",
        ] {
            assert_eq!(read(&paragraph(text)), text);
            let mut inline = String::new();
            push_text(&mut inline, text);
            assert_eq!(read(&heading(2, &inline)), text, "as a heading");
            assert!(!has_template(&paragraph(text)), "{text}");
        }
        for text in ["C #", "a {#id}", "a {.b}", "x \\#"] {
            let mut inline = String::new();
            push_text(&mut inline, text);
            assert_eq!(read(&heading(2, &inline)), text);
        }
    }

    #[test]
    fn white_space_becomes_single_spaces() {
        assert_eq!(paragraph("  a  b\t\tc \n d\u{a0}e "), "a b c d\u{a0}e");
    }

    #[test]
    fn web_addresses_become_links_without_the_sentence_around_them() {
        for (text, markdown) in [
            ("See https://example.com/a_b_c.", "See <https://example.com/a_b_c>."),
            ("(https://example.com/x_(y))", "(<https://example.com/x_(y)>)"),
            ("<https://example.com>", "<https://example.com>"),
            ("“https://example.com/”", "“<https://example.com/>”"),
            ("https://example.com/{{x}}", "https://example.com/{\\{x}}"),
            ("https://", "https://"),
            ("xhttps://example.com", "xhttps://example.com"),
        ] {
            assert_eq!(paragraph(text), markdown);
        }
    }

    #[test]
    fn a_subject_shows_braces_by_template_code() {
        assert_eq!(template("Using {{ x }} and {%"), "Using {{ \"{{\" }} x }} and {{ \"{%\" }}");
    }

    proptest! {
        #[test]
        fn any_line_arrives_as_it_is(words in prop::collection::vec("[-a-c0-9#*_+=~`>|<!\\[\\](){}%&;:.\\\\\"'$^]{1,6}", 1..8)) {
            let text = words.join(" ");
            let markdown = paragraph(&text);
            prop_assert_eq!(read(&markdown), text.clone(), "{}", markdown);
            prop_assert!(!has_template(&markdown));
            let mut inline = String::new();
            push_text(&mut inline, &text);
            prop_assert_eq!(read(&heading(3, &inline)), text);
        }
    }
}
