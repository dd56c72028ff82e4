//! Lines of the plain text part: what is indented how, what must stay as it is, and the wrapping at 78 columns.
//!
//! Text travels through the template as *logical lines*, one a paragraph, marked with control characters that no source
//! may hold. They are wrapped at the very end, where every value is known, so that a long name never makes a long line.

use textwrap::core::{Word, display_width};
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

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

    /// Appends the line, wrapped, each piece ended with LF.
    pub fn wrap_into(&self, text: &str, out: &mut String) {
        if self.verbatim {
            out.push_str(text.trim_end());
            out.push('\n');
            return;
        }
        let options = Options::new(WIDTH)
            .initial_indent(self.first)
            .subsequent_indent(self.rest)
            .word_separator(WordSeparator::Custom(words))
            .word_splitter(WordSplitter::NoHyphenation)
            .wrap_algorithm(WrapAlgorithm::FirstFit)
            .break_words(false);
        let text = text.trim();
        if text.is_empty() {
            out.push_str(self.first.trim_end());
            out.push('\n');
            return;
        }
        for line in textwrap::wrap(text, options) {
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
}

/// The words of a line: addresses stay whole, other words may break where their script allows (Chinese and Japanese
/// put no spaces), and what is longer than a line is cut.
fn words(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    Box::new(WordSeparator::AsciiSpace.find_words(line).flat_map(|word| -> Vec<Word<'_>> {
        if word.word.contains("://") || word.word.contains("mailto:") {
            return vec![word];
        }
        let breakable = WordSeparator::UnicodeBreakProperties.find_words(&line[offset(line, &word)..end(line, &word)]);
        breakable
            .flat_map(|word| {
                if display_width(word.word) > LONGEST_WORD {
                    word.break_apart(LONGEST_WORD).collect()
                } else {
                    vec![word]
                }
            })
            .collect()
    }))
}

fn offset(line: &str, word: &Word<'_>) -> usize {
    word.word.as_ptr() as usize - line.as_ptr() as usize
}

fn end(line: &str, word: &Word<'_>) -> usize {
    offset(line, word) + word.word.len() + word.whitespace.len()
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

    proptest! {
        #[test]
        fn lines_are_never_too_long_and_words_never_lost(text in "[a-zé名 ]{0,300}") {
            let out = wrapped(&mark("> ", "> ", &text));
            prop_assert!(out.lines().all(|line| display_width(line) <= WIDTH));
            let kept: String = out.lines().map(|line| line.trim_start_matches('>')).collect::<String>().split_whitespace().collect();
            prop_assert_eq!(kept, text.split_whitespace().collect::<String>());
        }
    }
}
