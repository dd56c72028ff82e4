//! The words of an expression, each with its place: names, texts, numbers, shares, dates and signs.

use std::ops::Range;

use super::moment::Moment;
use crate::diagnostic::{Diagnostic, Place, Result};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Word(String),
    Text(String),
    Number(f64),
    /// `10%`
    Percent(f64),
    /// `2026-01-01`, `2026-01-01T12:00Z`
    Moment(Moment),
    Sign(&'static str),
    End,
}

const SIGNS: [&str; 11] = ["==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ","];

/// What people write who know another language, and what they mean.
const MEANT: [(&str, &str); 5] = [("&&", "and"), ("||", "or"), ("=", "=="), ("!", "not"), ("&", "and")];

/// An expression and where it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) label: &'a str,
    pub(super) text: &'a str,
}

impl Source<'_> {
    pub(super) fn wrong(self, range: Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(message).at(Place::span(self.label, self.text, range))
    }

    /// All tokens, [`Token::End`] last.
    pub(super) fn tokens(self) -> Result<Vec<(Token, Range<usize>)>> {
        let mut tokens = Vec::new();
        let mut at = 0;
        loop {
            let rest = &self.text[at..];
            at += rest.len() - rest.trim_start().len();
            let rest = &self.text[at..];
            let Some(first) = rest.chars().next() else { break };
            let (token, length) = match first {
                '\'' | '"' => self.quoted(at, first)?,
                '0'..='9' if looks_like_a_date(rest) => self.moment(at)?,
                '0'..='9' | '-' | '.' => self.number(at)?,
                c if c.is_alphabetic() || c == '_' => {
                    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
                    (Token::Word(rest[..end].to_owned()), end)
                }
                c => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                    Some(sign) => (Token::Sign(sign), sign.len()),
                    None => return Err(self.unknown(at, c)),
                },
            };
            tokens.push((token, at..at + length));
            at += length;
        }
        tokens.push((Token::End, self.text.len()..self.text.len()));
        Ok(tokens)
    }

    fn quoted(self, at: usize, quote: char) -> Result<(Token, usize)> {
        let inner = &self.text[at + 1..];
        let Some(end) = inner.find(quote) else {
            return Err(self
                .wrong(at..self.text.len(), "the quote is not closed")
                .help(format!("end it with {quote}")));
        };
        Ok((Token::Text(inner[..end].to_owned()), end + 2))
    }

    fn moment(self, at: usize) -> Result<(Token, usize)> {
        let rest = &self.text[at..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.' | '+')))
            .unwrap_or(rest.len());
        match Moment::parse(&rest[..end]) {
            Some(moment) => Ok((Token::Moment(moment), end)),
            None => Err(self
                .wrong(at..at + end, format!("`{}` is no date", &rest[..end]))
                .help("write year, month and day as in 2026-01-31, or a moment as in 2026-01-31T18:00Z")),
        }
    }

    fn number(self, at: usize) -> Result<(Token, usize)> {
        let rest = &self.text[at..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '-' || c == '.')).unwrap_or(rest.len());
        let digits = rest[..end].strip_prefix('-').unwrap_or(&rest[..end]);
        let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        match rest[..end].parse() {
            Ok(number) if plain && rest[end..].starts_with('%') => Ok((Token::Percent(number), end + 1)),
            Ok(number) if plain => Ok((Token::Number(number), end)),
            _ => Err(self
                .wrong(at..at + end, format!("`{}` is no number", &rest[..end]))
                .help(format!("write a text in quotes: '{}'; a date as in 2026-01-31", &rest[..end]))),
        }
    }

    fn unknown(self, at: usize, c: char) -> Diagnostic {
        if "‘’“”‚„«»`´".contains(c) {
            return self
                .wrong(at..at + c.len_utf8(), format!("`{c}` is no quote here"))
                .help("use straight quotes: 'x'");
        }
        match MEANT.iter().find(|(sign, _)| self.text[at..].starts_with(sign)) {
            Some((sign, meant)) => {
                self.wrong(at..at + sign.len(), format!("`{sign}` is not understood")).help(format!("write `{meant}`"))
            }
            None => self
                .wrong(at..at + c.len_utf8(), format!("`{c}` is not understood"))
                .help("a text stands in quotes; conditions are joined by `and`, `or`, `not`"),
        }
    }
}

/// Four digits, a hyphen and a digit, as no number begins.
fn looks_like_a_date(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    bytes.len() > 5 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-' && bytes[5].is_ascii_digit()
}
