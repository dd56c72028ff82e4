//! The grammar, by recursive descent of bounded depth: from an expression's tokens to a tree of conditions. What its names
//! mean is not looked at here, so that a named segment can be checked before there is a list.

use std::ops::Range;

use super::condition::{Comparison, Literal, TextTest};
use super::token::{Source, Token};
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use crate::share::Share;

/// Parentheses and `not` inside each other.
const DEPTH: usize = 50;

/// The functions there are, with how each is written.
const FUNCTIONS: [(&str, &str); 10] = [
    ("has", "has(column)"),
    ("tag", "tag('x')"),
    ("contains", "contains(column, 'x')"),
    ("starts_with", "starts_with(column, 'x')"),
    ("ends_with", "ends_with(column, 'x')"),
    ("days_since", "days_since(column) > 30"),
    ("got", "got('slug')"),
    ("missed", "missed('slug')"),
    ("sample", "sample(10%) or sample('name', 10%)"),
    ("segment", "segment('name')"),
];

/// A part of an expression and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) range: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Compare(Operand, Comparison, Literal),
    /// Whether it is one of these, or is none of them.
    OneOf(Operand, Vec<Literal>, bool),
    Has(Name),
    Tag(String),
    Text(TextTest, Name, String),
    Got(Name),
    Missed(Name),
    Sample(String, Share),
    Segment(Name),
}

/// A name or a text, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) range: Range<usize>,
}

/// What is compared.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Column(Name),
    DaysSince(Name),
}

pub(super) fn expression(source: Source<'_>) -> Result<Node> {
    let tokens = source.tokens()?;
    let mut parser = Parser { source, tokens, at: 0 };
    if parser.peek() == &Token::End {
        return Err(parser.wrong("the expression is empty").help("write a condition such as `has(name)`"));
    }
    let node = parser.any(0)?;
    match parser.peek() {
        Token::End => Ok(node),
        Token::Sign(")") => Err(parser.wrong("this `)` closes nothing").help("remove it, or open it with `(`")),
        _ => Err(parser.wrong("the expression goes on unexpectedly").help("join conditions by `and` or `or`")),
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

    /// Where the token stands that comes next.
    fn range(&self) -> Range<usize> {
        let end = self.source.text.len();
        self.tokens.get(self.at).map_or(end..end, |(_, range)| range.clone())
    }

    /// From `start` to the end of the last token that was taken.
    fn since(&self, start: usize) -> Range<usize> {
        let end = self.at.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(start, |(_, range)| range.end);
        start..end.max(start)
    }

    /// The error for the token that comes next.
    fn wrong(&self, message: impl Into<String>) -> Diagnostic {
        self.source.wrong(self.range(), message)
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

    fn any(&mut self, depth: usize) -> Result<Node> {
        self.joined("or", Kind::Any, |parser| parser.all(depth))
    }

    fn all(&mut self, depth: usize) -> Result<Node> {
        self.joined("and", Kind::All, |parser| parser.one(depth))
    }

    /// Parts joined by a word; the part itself when there is but one.
    fn joined(
        &mut self,
        word: &str,
        join: impl FnOnce(Vec<Node>) -> Kind,
        part: impl Fn(&mut Self) -> Result<Node>,
    ) -> Result<Node> {
        let start = self.range().start;
        let first = part(self)?;
        if !matches!(self.peek(), Token::Word(next) if next.eq_ignore_ascii_case(word)) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.takes_word(word) {
            parts.push(part(self)?);
        }
        Ok(Node { range: self.since(start), kind: join(parts) })
    }

    fn one(&mut self, depth: usize) -> Result<Node> {
        if depth > DEPTH {
            return Err(self.wrong("conditions stand inside each other too deeply").help("write it more simply"));
        }
        let start = self.range().start;
        if self.takes_word("not") {
            let inner = self.one(depth + 1)?;
            return Ok(Node { range: self.since(start), kind: Kind::Not(Box::new(inner)) });
        }
        if self.takes_sign("(") {
            let inner = self.any(depth + 1)?;
            self.expect(")", "close the parenthesis")?;
            return Ok(inner);
        }
        let kind = match self.peek().clone() {
            Token::Word(word) if matches!(self.tokens.get(self.at + 1), Some((Token::Sign("("), _))) => {
                self.function(&word.to_ascii_lowercase())?
            }
            Token::Word(_) => {
                let column = self.name()?;
                if self.compares() { self.condition(Operand::Column(column))? } else { Kind::Segment(column) }
            }
            Token::End => return Err(self.wrong("a condition is missing here").help("write one such as `has(name)`")),
            _ => {
                return Err(self
                    .wrong("no condition begins like this")
                    .help("the column comes first: `plan == 'pro'`"));
            }
        };
        Ok(Node { range: self.since(start), kind })
    }

    /// Whether what comes next compares what came before.
    fn compares(&self) -> bool {
        match self.peek() {
            Token::Sign(sign) => comparison(sign).is_some(),
            Token::Word(word) => ["in", "not"].iter().any(|known| word.eq_ignore_ascii_case(known)),
            _ => false,
        }
    }

    fn function(&mut self, name: &str) -> Result<Kind> {
        let Some((_, usage)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
            let known = FUNCTIONS.iter().map(|(known, _)| *known);
            let help = match did_you_mean(name, known.clone()) {
                Some(likely) => format!("did you mean `{likely}`?"),
                None => format!("there are {}", known.collect::<Vec<_>>().join(", ")),
            };
            return Err(self.wrong(format!("there is no function `{name}`")).help(help));
        };
        self.next();
        self.next();
        let help = format!("write {usage}");
        let kind = match name {
            "has" => Kind::Has(self.name()?),
            "tag" => self.tag(&help)?,
            "contains" | "starts_with" | "ends_with" => self.text_test(name, &help)?,
            "got" => Kind::Got(self.text("a mailing's slug belongs here", &help)?),
            "missed" => Kind::Missed(self.text("a mailing's slug belongs here", &help)?),
            "sample" => self.sample(&help)?,
            "segment" => Kind::Segment(self.text("a segment's name belongs here", &help)?),
            _ => {
                let column = self.name()?;
                self.expect(")", &help)?;
                return self.condition(Operand::DaysSince(column));
            }
        };
        self.expect(")", &help)?;
        Ok(kind)
    }

    fn tag(&mut self, help: &str) -> Result<Kind> {
        let before = self.at;
        let tag = self.text("a tag belongs here", help)?.text;
        if tag.is_empty() || tag.contains([' ', ',', ';']) {
            self.at = before;
            return Err(self.wrong("this can't be a tag").help("a tag is one word; join several by `and` or `or`"));
        }
        Ok(Kind::Tag(tag))
    }

    fn text_test(&mut self, name: &str, help: &str) -> Result<Kind> {
        let test = match name {
            "contains" => TextTest::Contains,
            "starts_with" => TextTest::StartsWith,
            _ => TextTest::EndsWith,
        };
        let column = self.name()?;
        self.expect(",", help)?;
        let before = self.at;
        let text = self.text("a text belongs here", help)?.text;
        if text.is_empty() {
            self.at = before;
            return Err(self.wrong("an empty text is in every text").help("`has(column)` asks whether it is filled"));
        }
        Ok(Kind::Text(test, column, text))
    }

    fn sample(&mut self, help: &str) -> Result<Kind> {
        let name = if matches!(self.peek(), Token::Text(_)) {
            let name = self.text("", help)?.text;
            self.expect(",", help)?;
            name
        } else {
            String::new()
        };
        let share = match self.peek() {
            Token::Percent(percent) => Share::of_percent(*percent),
            Token::Number(number) => {
                return Err(self.wrong("a share is written with `%`").help(format!("write {number}%")));
            }
            _ => return Err(self.wrong("a share belongs here").help(help)),
        };
        let Some(share) = share else {
            return Err(self.wrong("a share is between 0% and 100%").help(help));
        };
        self.next();
        Ok(Kind::Sample(name, share))
    }

    /// What is said about an operand.
    fn condition(&mut self, operand: Operand) -> Result<Kind> {
        if self.takes_word("not") {
            if !self.takes_word("in") {
                return Err(self.wrong("`in` is missing here").help("write `not in ['a', 'b']`"));
            }
            return self.one_of(operand, false);
        }
        if self.takes_word("in") {
            return self.one_of(operand, true);
        }
        let found = match self.peek() {
            Token::Sign(sign) => comparison(sign),
            _ => None,
        };
        let Some(comparison) = found else {
            return Err(self.wrong("a comparison is missing here").help("write one such as `> 30`"));
        };
        self.next();
        let literal = self.literal(&operand)?;
        Ok(Kind::Compare(operand, comparison, literal))
    }

    fn one_of(&mut self, operand: Operand, wanted: bool) -> Result<Kind> {
        self.expect("[", "write `in ['a', 'b']`")?;
        let mut literals = vec![self.literal(&operand)?];
        while self.takes_sign(",") {
            literals.push(self.literal(&operand)?);
        }
        self.expect("]", "close the bracket; values are separated by commas")?;
        Ok(Kind::OneOf(operand, literals, wanted))
    }

    fn literal(&mut self, operand: &Operand) -> Result<Literal> {
        let literal = match self.peek() {
            Token::Number(number) => Literal::Number(*number),
            _ if matches!(operand, Operand::DaysSince(_)) => {
                return Err(self
                    .wrong("a number of days belongs here")
                    .help("write one such as `days_since(column) > 30`"));
            }
            Token::Text(text) => Literal::Text(text.clone()),
            Token::Moment(moment) => Literal::Moment(*moment),
            Token::Percent(_) => {
                return Err(self.wrong("only `sample` takes a share").help("write the number without `%`"));
            }
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

    fn name(&mut self) -> Result<Name> {
        let Token::Word(word) = self.peek().clone() else {
            return Err(self.wrong("a column belongs here").help("write its name without quotes: `has(name)`"));
        };
        let range = self.range();
        self.next();
        Ok(Name { text: word, range })
    }

    fn text(&mut self, message: &str, help: &str) -> Result<Name> {
        let Token::Text(text) = self.peek().clone() else {
            return Err(self.wrong(message).help(format!("{help}, with its quotes")));
        };
        let range = self.range();
        self.next();
        Ok(Name { text, range })
    }
}

fn comparison(sign: &str) -> Option<Comparison> {
    Some(match sign {
        "==" => Comparison::Equal,
        "!=" => Comparison::Unequal,
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::Greater,
        ">=" => Comparison::GreaterOrEqual,
        _ => return None,
    })
}
