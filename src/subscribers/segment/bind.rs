//! From what an expression says to what it means: its names become columns, mailings and other segments.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::condition::{Condition, Operand, Past, Test};
use super::moment::Moment;
use super::parse::{self, Kind, Name, Node};
use super::roll::Roll;
use super::token::Source;
use super::{NamedSegments, Scope};
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use crate::share::Seed;
use crate::subscribers::column::{Field, normal_name};

/// How many conditions a segment may have, those of the segments it uses included.
const MOST: usize = 100_000;
/// How deep named segments may lie inside each other.
const NESTED: usize = 20;

/// A text that conditions stand in: where it is written, and what it says.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) label: String,
    pub(super) text: String,
}

/// Reads an expression and finds what it names.
pub(super) fn bind(label: &str, text: &str, scope: &Scope<'_>) -> Result<(Condition, Vec<Written>)> {
    let today = Moment::of(scope.now).day();
    let mut binder =
        Binder { scope, today, texts: Vec::new(), open: Vec::new(), rolls: BTreeMap::new(), conditions: 0 };
    let condition = binder.text(label.to_owned(), text)?;
    Ok((condition, binder.texts))
}

struct Binder<'a> {
    scope: &'a Scope<'a>,
    today: i64,
    texts: Vec<Written>,
    /// The named segments that are being read, the outermost first.
    open: Vec<String>,
    rolls: BTreeMap<String, Arc<Roll>>,
    conditions: usize,
}

impl Binder<'_> {
    fn text(&mut self, label: String, text: &str) -> Result<Condition> {
        let node = parse::expression(Source { label: &label, text })?;
        let number = self.texts.len();
        self.texts.push(Written { label, text: text.to_owned() });
        self.node(node, number)
    }

    fn wrong(&self, text: usize, range: &Range<usize>, message: impl Into<String>) -> Diagnostic {
        match self.texts.get(text) {
            Some(Written { label, text }) => Source { label, text }.wrong(range.clone(), message),
            None => Diagnostic::error(message),
        }
    }

    fn node(&mut self, Node { range, kind }: Node, text: usize) -> Result<Condition> {
        self.conditions += 1;
        if self.conditions > MOST {
            return Err(self
                .wrong(text, &range, "the segments used here come to too many conditions")
                .help("write it more simply"));
        }
        let test = match kind {
            Kind::All(parts) => Test::All(self.nodes(parts, text)?),
            Kind::Any(parts) => Test::Any(self.nodes(parts, text)?),
            Kind::Not(part) => Test::Not(Box::new(self.node(*part, text)?)),
            Kind::Compare(operand, comparison, literal) => {
                Test::Compare(self.operand(&operand, text)?, comparison, literal)
            }
            Kind::OneOf(operand, literals, wanted) => Test::OneOf(self.operand(&operand, text)?, literals, wanted),
            Kind::Has(column) => Test::Has(self.field(&column, text)?),
            Kind::Tag(tag) => match self.scope.columns.field("tags") {
                Some(field) => Test::Tag(field, tag),
                None => {
                    let error = self.wrong(text, &range, "the list has no column `tags`");
                    return Err(error.help(self.scope.columns.help("tags")));
                }
            },
            Kind::Text(test, column, wanted) => Test::Text(test, self.field(&column, text)?, wanted),
            Kind::Got(slug) => Test::Got(self.past(&slug, text)?),
            Kind::Missed(slug) => Test::Missed(self.past(&slug, text)?),
            Kind::Sample(name, share) => Test::Sample(Seed::of(&name), share),
            Kind::Segment(name) => Test::Segment(Box::new(self.named(&name, text)?)),
        };
        Ok(Condition { text, range, test })
    }

    fn nodes(&mut self, nodes: Vec<Node>, text: usize) -> Result<Vec<Condition>> {
        nodes.into_iter().map(|node| self.node(node, text)).collect()
    }

    fn operand(&self, operand: &parse::Operand, text: usize) -> Result<Operand> {
        Ok(match operand {
            parse::Operand::Column(column) => Operand::Field(self.field(column, text)?),
            parse::Operand::DaysSince(column) => Operand::Days(self.field(column, text)?, self.today),
        })
    }

    fn field(&self, column: &Name, text: usize) -> Result<Field> {
        let name = normal_name(&column.text);
        let columns = self.scope.columns;
        columns.field(&name).ok_or_else(|| {
            self.wrong(text, &column.range, format!("the list has no column `{name}`")).help(columns.help(&name))
        })
    }

    fn past(&mut self, slug: &Name, text: usize) -> Result<Past> {
        let known = self.rolls.get(&slug.text).cloned();
        let roll = match known {
            Some(roll) => roll,
            None => match self.scope.mailings.roll(&slug.text)? {
                Some(roll) => Arc::new(roll),
                None => return Err(self.no_mailing(slug, text)),
            },
        };
        self.rolls.insert(slug.text.clone(), Arc::clone(&roll));
        Ok(Past { slug: slug.text.clone(), roll })
    }

    fn no_mailing(&self, slug: &Name, text: usize) -> Diagnostic {
        let error = self.wrong(text, &slug.range, format!("there is no mailing `{}`", slug.text));
        let slugs = self.scope.mailings.slugs().unwrap_or_default();
        match did_you_mean(&slug.text, slugs.iter().map(String::as_str)) {
            Some(likely) => error.help(format!("did you mean `{likely}`?")),
            None if slugs.is_empty() => error.help("nothing was sent yet"),
            None => error.help("`letterpress status SLUG` shows a mailing; only what was sent can be asked about"),
        }
    }

    fn named(&mut self, name: &Name, text: usize) -> Result<Condition> {
        let Some(expression) = self.scope.named.get(&name.text) else { return Err(self.no_segment(name, text)) };
        if self.open.contains(&name.text) || self.open.len() >= NESTED {
            let error = self.wrong(text, &name.range, format!("`{}` is part of itself", name.text));
            let way: Vec<&str> = self.open.iter().map(String::as_str).chain([name.text.as_str()]).collect();
            return Err(error.help(format!("it uses, one by the other: {}", way.join(", "))));
        }
        self.open.push(name.text.clone());
        let condition = self.text(NamedSegments::label(&name.text), expression)?;
        self.open.pop();
        Ok(condition)
    }

    fn no_segment(&self, name: &Name, text: usize) -> Diagnostic {
        let word = &name.text;
        if self.scope.columns.field(&normal_name(word)).is_some() {
            return self
                .wrong(text, &name.range, "a column alone is no condition")
                .help(format!("compare it, as in `{word} == 'x'`, or ask `has({word})`"));
        }
        let error = self.wrong(text, &name.range, format!("there is no segment `{word}`"));
        match did_you_mean(word, self.scope.named.names().chain(self.scope.columns.names())) {
            Some(likely) => error.help(format!("did you mean `{likely}`?")),
            None => error.help(format!("name it in letterpress.toml: [segments] {word} = \"plan == 'pro'\"")),
        }
    }
}
