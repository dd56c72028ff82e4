//! Reading an expression: tokens with their places, then the grammar by recursive descent of bounded depth.

use std::ops::Range;

use super::{Comparison, Expression, Literal};
use crate::diagnostic::{Diagnostic, Place, Result};
use crate::subscribers::column::{Columns, Field, normal_name};

/// Parentheses and `not` inside each other.
const DEPTH: usize = 50;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(f64),
    Sign(&'static str),
    End,
}

const SIGNS: [&str; 11] = ["==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ","];

/// What people write who know another language, and what they mean.
const MEANT: [(&str, &str); 5] = [("&&", "and"), ("||", "or"), ("=", "=="), ("!", "not"), ("&", "and")];

pub(super) fn expression(label: &str, text: &str, columns: &Columns) -> Result<Expression> {
    let source = Source { label, text, columns };
    let tokens = source.tokens()?;
    let mut parser = Parser { source, tokens, at: 0 };
    if parser.peek() == &Token::End {
        return Err(parser.wrong("the expression is empty").help("write a condition such as `has(name)`"));
    }
    let expression = parser.any(0)?;
    match parser.peek() {
        Token::End => Ok(expression),
        Token::Sign(")") => Err(parser.wrong("this `)` closes nothing").help("remove it, or open it with `(`")),
        _ => Err(parser.wrong("the expression goes on unexpectedly").help("join conditions by `and` or `or`")),
    }
}

#[derive(Clone, Copy)]
struct Source<'a> {
    label: &'a str,
    text: &'a str,
    columns: &'a Columns,
}

impl Source<'_> {
    fn wrong(self, range: Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(message).at(Place::span(self.label, self.text, range))
    }

    fn tokens(self) -> Result<Vec<(Token, Range<usize>)>> {
        let mut tokens = Vec::new();
        let mut at = 0;
        loop {
            let rest = &self.text[at..];
            let space = rest.len() - rest.trim_start().len();
            at += space;
            let rest = &self.text[at..];
            let Some(first) = rest.chars().next() else { break };
            let (token, length) = match first {
                '\'' | '"' => self.quoted(at, first)?,
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

    fn number(self, at: usize) -> Result<(Token, usize)> {
        let rest = &self.text[at..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '-' || c == '.')).unwrap_or(rest.len());
        let digits = rest[..end].strip_prefix('-').unwrap_or(&rest[..end]);
        let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        match rest[..end].parse() {
            Ok(number) if plain => Ok((Token::Number(number), end)),
            _ => Err(self
                .wrong(at..at + end, format!("`{}` is no number", &rest[..end]))
                .help(format!("write a text or a date in quotes: '{}'", &rest[..end]))),
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

struct Parser<'a> {
    source: Source<'a>,
    /// Ends with [`Token::End`], which is never gone past.
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    /// The error for the token that comes next.
    fn wrong(&self, message: impl Into<String>) -> Diagnostic {
        let end = self.source.text.len();
        let range = self.tokens.get(self.at).map_or(end..end, |(_, range)| range.clone());
        self.source.wrong(range, message)
    }

    fn takes_word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Token::Word(word) if word.eq_ignore_ascii_case(wanted));
        if found {
            self.next();
        }
        found
    }

    fn takes_sign(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Token::Sign(sign) if *sign == wanted);
        if found {
            self.next();
        }
        found
    }

    fn expect(&mut self, sign: &str, help: &str) -> Result<()> {
        if self.takes_sign(sign) { Ok(()) } else { Err(self.wrong(format!("`{sign}` is missing here")).help(help)) }
    }

    fn any(&mut self, depth: usize) -> Result<Expression> {
        let first = self.all(depth)?;
        let mut parts = vec![first];
        while self.takes_word("or") {
            parts.push(self.all(depth)?);
        }
        Ok(only_or(parts, Expression::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Expression> {
        let first = self.one(depth)?;
        let mut parts = vec![first];
        while self.takes_word("and") {
            parts.push(self.one(depth)?);
        }
        Ok(only_or(parts, Expression::All))
    }

    fn one(&mut self, depth: usize) -> Result<Expression> {
        if depth > DEPTH {
            return Err(self.wrong("conditions stand inside each other too deeply").help("write it more simply"));
        }
        if self.takes_word("not") {
            return Ok(Expression::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.takes_sign("(") {
            let inner = self.any(depth + 1)?;
            self.expect(")", "close the parenthesis")?;
            return Ok(inner);
        }
        let function = matches!(self.tokens.get(self.at + 1), Some((Token::Sign("("), _)));
        match self.peek() {
            Token::Word(word) if function => match word.to_ascii_lowercase().as_str() {
                "has" => self.has(),
                "tag" => self.tag(),
                other => Err(self
                    .wrong(format!("there is no function `{other}`"))
                    .help("there are `has(column)` and `tag('x')`")),
            },
            Token::Word(_) => self.condition(),
            Token::End => Err(self.wrong("a condition is missing here").help("write one such as `has(name)`")),
            _ => Err(self.wrong("no condition begins like this").help("the column comes first: `plan == 'pro'`")),
        }
    }

    fn has(&mut self) -> Result<Expression> {
        self.next();
        self.expect("(", "write `has(column)`")?;
        if !matches!(self.peek(), Token::Word(_)) {
            return Err(self.wrong("a column belongs here").help("write its name without quotes: `has(name)`"));
        }
        let field = self.field()?;
        self.expect(")", "close the parenthesis")?;
        Ok(Expression::Has(field))
    }

    fn tag(&mut self) -> Result<Expression> {
        let Some(field) = self.source.columns.field("tags") else {
            return Err(self.wrong("the list has no column `tags`").help(self.source.columns.help("tags")));
        };
        self.next();
        self.expect("(", "write `tag('x')`")?;
        let Token::Text(tag) = self.peek().clone() else {
            return Err(self.wrong("a tag belongs here").help("write it in quotes: `tag('x')`"));
        };
        if tag.is_empty() || tag.contains([' ', ',', ';']) {
            return Err(self.wrong("this can't be a tag").help("a tag is one word; join several by `and` or `or`"));
        }
        self.next();
        self.expect(")", "close the parenthesis")?;
        Ok(Expression::Tag(field, tag))
    }

    /// A column and what is said about it.
    fn condition(&mut self) -> Result<Expression> {
        let start = self.at;
        let field = self.field()?;
        if self.takes_word("not") {
            if !self.takes_word("in") {
                return Err(self.wrong("`in` is missing here").help("write `not in ['a', 'b']`"));
            }
            return Ok(Expression::Not(Box::new(self.one_of(field)?)));
        }
        if self.takes_word("in") {
            return self.one_of(field);
        }
        let comparison = match self.peek() {
            Token::Sign("==") => Comparison::Equal,
            Token::Sign("!=") => Comparison::Unequal,
            Token::Sign("<") => Comparison::Less,
            Token::Sign("<=") => Comparison::LessOrEqual,
            Token::Sign(">") => Comparison::Greater,
            Token::Sign(">=") => Comparison::GreaterOrEqual,
            _ => {
                self.at = start;
                let Token::Word(word) = self.peek().clone() else { return Err(self.wrong("a column belongs here")) };
                return Err(self
                    .wrong("a column alone is no condition")
                    .help(format!("compare it, as in `{word} == 'x'`, or ask `has({word})`")));
            }
        };
        self.next();
        Ok(Expression::Compare(field, comparison, self.literal()?))
    }

    fn one_of(&mut self, field: Field) -> Result<Expression> {
        self.expect("[", "write `in ['a', 'b']`")?;
        let mut literals = vec![self.literal()?];
        while self.takes_sign(",") {
            literals.push(self.literal()?);
        }
        self.expect("]", "close the bracket; values are separated by commas")?;
        Ok(Expression::OneOf(field, literals))
    }

    fn literal(&mut self) -> Result<Literal> {
        let literal = match self.peek() {
            Token::Text(text) => Literal::Text(text.clone()),
            Token::Number(number) => Literal::Number(*number),
            Token::Word(word) => {
                return Err(self
                    .wrong(format!("`{word}` is no value"))
                    .help(format!("write a text in quotes: '{word}'")));
            }
            _ => return Err(self.wrong("a value is missing here").help("write a text in quotes, or a number")),
        };
        self.next();
        Ok(literal)
    }

    fn field(&mut self) -> Result<Field> {
        let Token::Word(word) = self.peek().clone() else {
            return Err(self.wrong("a column belongs here").help("write its name without quotes"));
        };
        let name = normal_name(&word);
        let columns = self.source.columns;
        let field = columns
            .field(&name)
            .ok_or_else(|| self.wrong(format!("the list has no column `{name}`")).help(columns.help(&name)))?;
        self.next();
        Ok(field)
    }
}

/// The part itself when there is but one.
fn only_or(mut parts: Vec<Expression>, join: impl FnOnce(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}
