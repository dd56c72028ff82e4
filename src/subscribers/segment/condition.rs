//! A condition whose names are known: whether it holds for a row, without allocating, and what in the row decides it.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use super::moment::Moment;
use super::roll::{Roll, Standing};
use crate::share::{Seed, Share};
use crate::subscribers::column::Field;
use crate::subscribers::row::Row;

/// A condition and where it is written.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    /// Which of the segment's texts it stands in: the expression itself, or a named segment that it uses.
    pub(super) text: usize,
    pub(super) range: Range<usize>,
    pub(super) test: Test,
}

#[derive(Debug, Clone)]
pub(super) enum Test {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Compare(Operand, Comparison, Literal),
    /// Whether it is one of these, or is none of them.
    OneOf(Operand, Vec<Literal>, bool),
    Has(Field),
    Tag(Field, String),
    Text(TextTest, Field, String),
    Got(Past),
    Missed(Past),
    Sample(Seed, Share),
    /// A named segment.
    Segment(Box<Condition>),
}

/// What is compared.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operand {
    Field(Field),
    /// Whole days from the day in the field to this one.
    Days(Field, i64),
}

/// An earlier mailing.
#[derive(Debug, Clone)]
pub(super) struct Past {
    pub(super) slug: String,
    pub(super) roll: Arc<Roll>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextTest {
    Contains,
    StartsWith,
    EndsWith,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Number(f64),
    Moment(Moment),
}

impl Condition {
    pub(super) fn holds(&self, row: &Row<'_>) -> bool {
        match &self.test {
            Test::All(parts) => parts.iter().all(|part| part.holds(row)),
            Test::Any(parts) => parts.iter().any(|part| part.holds(row)),
            Test::Not(part) => !part.holds(row),
            Test::Segment(part) => part.holds(row),
            Test::Compare(operand, comparison, literal) => operand.holds(row, *comparison, literal),
            Test::OneOf(operand, literals, wanted) => {
                *wanted == literals.iter().any(|literal| operand.holds(row, Comparison::Equal, literal))
            }
            Test::Has(field) => !row.get(*field).is_empty(),
            Test::Tag(field, tag) => row.get(*field).split([',', ';', ' ']).any(|word| word == tag),
            Test::Text(test, field, text) => test.holds(row.get(*field), text),
            Test::Got(past) => past.roll.of(row.email()) == Standing::Got,
            Test::Missed(past) => past.roll.of(row.email()) == Standing::Missed,
            Test::Sample(seed, share) => share.has(seed.place(row.email())),
        }
    }

    /// What in the row decides a condition that has no parts.
    pub(super) fn because(&self, row: &Row<'_>) -> Option<String> {
        let shown = |field: Field| match row.get(field) {
            "" => format!("{} is empty", name(row, field)),
            value => format!("{} is `{value}`", name(row, field)),
        };
        Some(match &self.test {
            Test::All(_) | Test::Any(_) | Test::Not(_) | Test::Segment(_) => return None,
            Test::Compare(operand, _, literal) => operand.told(row, std::slice::from_ref(literal)),
            Test::OneOf(operand, literals, _) => operand.told(row, literals),
            Test::Has(field) | Test::Tag(field, _) | Test::Text(_, field, _) => shown(*field),
            Test::Got(past) | Test::Missed(past) => match past.roll.of(row.email()) {
                Standing::Got => format!("{} was accepted for them", past.slug),
                Standing::InDoubt => format!("nobody knows whether they have {}: it is in doubt", past.slug),
                Standing::Missed => format!("they did not get {}", past.slug),
            },
            Test::Sample(seed, _) => format!("they stand at {:.2}%", seed.place(row.email()).percent()),
        })
    }
}

/// What a field is called in an expression.
fn name(row: &Row<'_>, field: Field) -> String {
    match field {
        Field::Email => "email".to_owned(),
        Field::Status => "status".to_owned(),
        Field::FirstName => "first_name".to_owned(),
        Field::Nothing => "name".to_owned(),
        Field::Column(column) => row.columns().name_of(column).into_owned(),
    }
}

impl Operand {
    fn holds(self, row: &Row<'_>, comparison: Comparison, literal: &Literal) -> bool {
        match (self, literal) {
            (Operand::Field(field), Literal::Text(text)) => comparison.holds_of_text(row.get(field), text),
            (Operand::Field(field), Literal::Number(number)) => {
                let value = number_in(row.get(field));
                comparison.allows(value.and_then(|value| value.partial_cmp(number)))
            }
            (Operand::Field(field), Literal::Moment(written)) => {
                comparison.allows(Moment::parse(row.get(field)).map(|value| value.compare(*written)))
            }
            (Operand::Days(field, today), Literal::Number(number)) => {
                comparison.allows(days_since(row.get(field), today).and_then(|days| days.partial_cmp(number)))
            }
            (Operand::Days(..), _) => false,
        }
    }

    fn told(self, row: &Row<'_>, literals: &[Literal]) -> String {
        let (Operand::Field(field) | Operand::Days(field, _)) = self;
        let value = row.get(field);
        let name = name(row, field);
        if value.is_empty() {
            return format!("{name} is empty");
        }
        let wants = |wanted: fn(&Literal) -> bool| literals.iter().all(wanted);
        let remark = match self {
            Operand::Days(_, today) => match days_since(value, today) {
                Some(days) => format!(", {days} days ago"),
                None => ", which is no date".to_owned(),
            },
            Operand::Field(_)
                if wants(|literal| matches!(literal, Literal::Number(_))) && number_in(value).is_none() =>
            {
                ", which is no number".to_owned()
            }
            Operand::Field(_)
                if wants(|literal| matches!(literal, Literal::Moment(_))) && Moment::parse(value).is_none() =>
            {
                ", which is no date".to_owned()
            }
            Operand::Field(_) => String::new(),
        };
        format!("{name} is `{value}`{remark}")
    }
}

fn number_in(value: &str) -> Option<f64> {
    value.parse().ok().filter(|value: &f64| value.is_finite())
}

fn days_since(value: &str, today: i64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "days of four-digit years")]
    Moment::parse(value).map(|moment| (today - moment.day()) as f64)
}

impl Comparison {
    fn holds_of_text(self, value: &str, text: &str) -> bool {
        match self {
            Comparison::Equal => value == text,
            Comparison::Unequal => value != text,
            _ if value.is_empty() => false,
            _ => self.allows(Some(value.cmp(text))),
        }
    }

    /// Whether it holds of two values that stand so; of those that can't be compared only that they are not equal.
    fn allows(self, ordering: Option<Ordering>) -> bool {
        match self {
            Comparison::Equal => ordering == Some(Ordering::Equal),
            Comparison::Unequal => ordering != Some(Ordering::Equal),
            Comparison::Less => ordering == Some(Ordering::Less),
            Comparison::LessOrEqual => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
            Comparison::Greater => ordering == Some(Ordering::Greater),
            Comparison::GreaterOrEqual => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

impl TextTest {
    fn holds(self, value: &str, text: &str) -> bool {
        match self {
            TextTest::Contains => value.contains(text),
            TextTest::StartsWith => value.starts_with(text),
            TextTest::EndsWith => value.ends_with(text),
        }
    }
}
