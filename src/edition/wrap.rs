//! Lines of the plain text part: what is indented how, what must stay as it is, and the wrapping at 78 columns.
//!
//! Text travels through the template as *logical lines*, one a paragraph, marked with control characters that no source
//! may hold. They are wrapped at the very end, where every value is known, so that a long name never makes a long line.

use textwrap::WordSeparator;
use textwrap::core::display_width;

/// The widest line but for addresses that can't be broken (RFC 5322 section 2.1.1 asks for 78).
pub const WIDTH: usize = 78;

/// Longer words are cut; the rest of the width is left for indents.
const LONGEST_WORD: usize = 60;
const INDENT: char = '\u{1f}';
/// Before a line that stays as it is.
pub const VERBATIM: char = '\u{1e}';

/// One line of text with what stands before its first and its further lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    pub first: &'a str,
    pub rest: &'a str,
    pub text: &'a str,
    /// Not to be wrapped or trimmed: code and tables.
    pub verbatim: bool,
}

/// Writes a logical line for its way through the template.
pub fn mark(first: &str, rest: &str, text: &str) -> String {
    format!("{INDENT}{first}{INDENT}{rest}{INDENT}{text}")
}

/// Writes a line that stays as it is.
pub fn mark_verbatim(line: &str) -> String {
    format!("{VERBATIM}{line}")
}

impl<'a> Line<'a> {
    /// Reads a line back; one without marks keeps its own leading white space as indent.
    pub fn parse(line: &'a str) -> Line<'a> {
        if let Some(text) = line.strip_prefix(VERBATIM) {
            return Line { first: "", rest: "", text, verbatim: true };
        }
        let mut parts = line.strip_prefix(INDENT).into_iter().flat_map(|marked| marked.splitn(3, INDENT));
        if let (Some(first), Some(rest), Some(text)) = (parts.next(), parts.next(), parts.next()) {
            return Line { first, rest, text, verbatim: false };
        }
        let text = line.trim_start_matches(' ');
        let indent = &line[..line.len() - text.len()];
        Line { first: indent, rest: indent, text, verbatim: false }
    }

    /// Appends the line, wrapped, each piece ended with LF. A word goes where there is room for it, or on a line of its own.
    pub fn wrap_into(&self, text: &str, out: &mut String) {
        if self.verbatim {
            out.push_str(text.trim_end());
            out.push('\n');
            return;
        }
        let mut begun = out.len();
        out.push_str(self.first);
        let mut column = width(self.first);
        let mut spaces = "";
        let mut is_empty = true;
        each_word(text.trim(), |word, following| {
            let wide = width(word);
            if !is_empty && column + spaces.len() + wide > WIDTH {
                end_line(begun, out);
                begun = out.len();
                out.push_str(self.rest);
                column = width(self.rest);
            } else {
                out.push_str(spaces);
                column += spaces.len();
            }
            out.push_str(word);
            column += wide;
            spaces = following;
            is_empty = false;
        });
        end_line(begun, out);
    }
}

/// Ends the line that began there, without spaces at its end.
fn end_line(begun: usize, out: &mut String) {
    let length = out[begun..].trim_end().len();
    out.truncate(begun + length);
    out.push('\n');
}

/// How many columns a text takes.
fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { display_width(text) }
}

/// Hands out the words of a line with the spaces behind them. Addresses stay whole, other words may break where their script
/// allows (Chinese and Japanese put no spaces), and what is longer than a line is cut.
fn each_word<'a>(line: &'a str, mut each: impl FnMut(&'a str, &'a str)) {
    let mut rest = line;
    while !rest.is_empty() {
        let end = rest.bytes().position(|byte| byte == b' ').unwrap_or(rest.len());
        let next = rest.bytes().skip(end).position(|byte| byte != b' ').map_or(rest.len(), |spaces| end + spaces);
        let (word, spaces) = (&rest[..end], &rest[end..next]);
        rest = &rest[next..];
        if is_unbreakable(word) || is_address(word) {
            each(word, spaces);
            continue;
        }
        let mut at = 0;
        for part in WordSeparator::UnicodeBreakProperties.find_words(word) {
            for part in part.break_apart(LONGEST_WORD) {
                at += part.word.len();
                each(&word[at - part.word.len()..at], if at == word.len() { spaces } else { "" });
            }
        }
    }
}

fn is_address(word: &str) -> bool {
    word.contains(':') && (word.contains("://") || word.contains("mailto:"))
}

/// Letters and digits of ASCII, then at most marks that no line begins with: what most words are, and no rule of Unicode
/// breaks them.
fn is_unbreakable(word: &str) -> bool {
    let letters = word.trim_end_matches(['.', ',', ':', ';', '!', '?']);
    word.len() <= LONGEST_WORD && letters.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wrapped(line: &str) -> String {
        let line = Line::parse(line);
        let mut out = String::new();
        line.wrap_into(line.text, &mut out);
        out
    }

    #[test]
    fn indents_hang_and_addresses_stay_whole() {
        let text = format!("{} https://example.com/{}", "word ".repeat(14), "x".repeat(90));
        let out = wrapped(&mark("* ", "  ", &text));
        let lines: Vec<&str> = out.lines().collect();
        assert!(lines[0].starts_with("* word") && lines[1].starts_with("  https://") && lines[1].ends_with('x'));
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn scripts_without_spaces_are_wrapped() {
        for line in wrapped(&"名前".repeat(60)).lines() {
            assert!(display_width(line) <= WIDTH);
        }
    }

    #[test]
    fn what_is_taken_as_unbreakable_is_so_by_the_rules_of_unicode() {
        for word in ["word", "A1b2", "1.", "end.", "so...", "what?!", "list:;,", "!", ""] {
            assert!(is_unbreakable(word), "{word}");
            assert!(WordSeparator::UnicodeBreakProperties.find_words(word).count() <= 1, "{word}");
        }
        for word in ["well-known", "a/b", "名前", "don’t", "(so)", &"x".repeat(LONGEST_WORD + 1)] {
            assert!(!is_unbreakable(word), "{word}");
        }
    }

    proptest! {
        /// Against another's wrapping of the same text.
        #[test]
        fn lines_break_where_textwrap_breaks_them(
            text in prop::collection::vec("([a-zé]{1,12}|名{1,4}|[a-z]{1,9}-[a-z]{1,9}|[A-Z]{2}[.,;]) {1,2}", 1..60)
        ) {
            let text = text.concat();
            let options = textwrap::Options::new(WIDTH)
                .initial_indent("* ")
                .subsequent_indent("  ")
                .word_separator(WordSeparator::UnicodeBreakProperties)
                .word_splitter(textwrap::WordSplitter::NoHyphenation)
                .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit)
                .break_words(false);
            let lines = textwrap::wrap(text.trim(), options);
            let expected: String = lines.iter().map(|line| format!("{}\n", line.trim_end())).collect();
            prop_assert_eq!(wrapped(&mark("* ", "  ", &text)), expected);
        }

        #[test]
        fn unbreakable_words_are_never_broken(word in "[a-zA-Z0-9]{0,8}[.,:;!?]{0,3}") {
            prop_assert!(is_unbreakable(&word));
            prop_assert!(WordSeparator::UnicodeBreakProperties.find_words(&word).count() <= 1);
        }

        #[test]
        fn lines_are_never_too_long_and_words_never_lost(text in "[a-zé名 ]{0,300}") {
            let out = wrapped(&mark("> ", "> ", &text));
            prop_assert!(out.lines().all(|line| display_width(line) <= WIDTH));
            let kept: String = out.lines().map(|line| line.trim_start_matches('>')).collect::<String>().split_whitespace().collect();
            prop_assert_eq!(kept, text.split_whitespace().collect::<String>());
        }
    }
}
