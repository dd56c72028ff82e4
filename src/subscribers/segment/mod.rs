//! A condition over readers: `plan == 'pro' and not tag('staff')`.
//!
//! Comparisons `== != < <= > >=` of a column with a text in quotes or a number, `in [..]`, `not in [..]`, `tag('x')`,
//! `has(column)`, joined by `and`, `or`, `not` and parentheses; `and` binds closer than `or`. Texts are compared letter
//! by letter, numbers as numbers. An empty field, or one that is no number where a number is asked for, is neither
//! less nor greater than anything and equals no number. `tag` looks for one word of the column `tags`.

mod parse;

use std::cmp::Ordering;

use super::column::{Columns, Field};
use super::row::Row;
use crate::diagnostic::Result;

/// A condition, checked against the columns of a list.
#[derive(Debug, Clone)]
pub struct Segment {
    text: String,
    columns: Columns,
    expression: Expression,
}

#[derive(Debug, Clone)]
enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Compare(Field, Comparison, Literal),
    OneOf(Field, Vec<Literal>),
    Tag(Field, String),
    Has(Field),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, PartialEq)]
enum Literal {
    Text(String),
    Number(f64),
}

impl Segment {
    /// Reads an expression; `label` says in messages where it is written, as in `--segment`.
    ///
    /// # Errors
    /// What is not understood, with its column, or a column that the list does not have.
    pub fn parse(label: &str, text: &str, columns: &Columns) -> Result<Segment> {
        let expression = parse::expression(label, text, columns)?;
        Ok(Segment { text: text.to_owned(), columns: columns.clone(), expression })
    }

    /// The expression as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The columns it was checked against.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Whether a reader of such a list is in it.
    pub fn matches(&self, row: &Row<'_>) -> bool {
        self.expression.holds(&|field| row.get(field))
    }
}

impl Expression {
    fn holds<'a>(&self, get: &impl Fn(Field) -> &'a str) -> bool {
        match self {
            Expression::All(parts) => parts.iter().all(|part| part.holds(get)),
            Expression::Any(parts) => parts.iter().any(|part| part.holds(get)),
            Expression::Not(part) => !part.holds(get),
            Expression::Compare(field, comparison, literal) => comparison.holds(get(*field), literal),
            Expression::OneOf(field, literals) => {
                literals.iter().any(|literal| Comparison::Equal.holds(get(*field), literal))
            }
            Expression::Tag(field, tag) => get(*field).split([',', ';', ' ']).any(|word| word == tag),
            Expression::Has(field) => !get(*field).is_empty(),
        }
    }
}

impl Comparison {
    fn holds(self, value: &str, literal: &Literal) -> bool {
        let ordering = match literal {
            Literal::Text(text) => match self {
                Comparison::Equal => return value == text,
                Comparison::Unequal => return value != text,
                _ if value.is_empty() => None,
                _ => Some(value.cmp(text.as_str())),
            },
            Literal::Number(number) => {
                value.parse().ok().filter(|value: &f64| value.is_finite()).and_then(|value| value.partial_cmp(number))
            }
        };
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

#[cfg(test)]
mod tests {
    use super::super::test::{list, rows};
    use super::*;
    use proptest::prelude::*;

    const LIST: &str = "email,name,status,Plan,age,tags,Größe\n\
        ann@example.com,Ann Lee,,pro,41,\"staff, early\",L\n\
        bob@example.com,Bob,pending,free,9,late,\n\
        cem@example.com,,,,,,XL\n";

    fn columns() -> Columns {
        rows(&list(LIST)).columns().clone()
    }

    fn who(expression: &str) -> String {
        let list = list(LIST);
        let mut rows = rows(&list);
        let segment =
            Segment::parse("--segment", expression, rows.columns()).unwrap_or_else(|e| panic!("{}", e.render(false)));
        let mut found = String::new();
        while let Some(row) = rows.read().unwrap() {
            if segment.matches(&row) {
                found.push_str(&row.email()[..1]);
            }
        }
        found
    }

    #[test]
    fn expressions_say_what_they_say() {
        for (expression, found) in [
            ("plan == 'pro'", "a"),
            ("plan != \"pro\"", "bc"),
            ("age > 9", "a"),
            ("age >= 9", "ab"),
            ("age == 9.0", "b"),
            ("age != 9", "ac"),
            ("age < 1000", "ab"),
            ("age < '9'", "a"),
            ("age <= -1", ""),
            ("plan in ['pro', 'free']", "ab"),
            ("age in [9]", "b"),
            ("plan not in ['pro']", "bc"),
            ("tag('early')", "a"),
            ("not tag('earl')", "abc"),
            ("has(name)", "ab"),
            ("not has(plan) or plan == 'pro' and age == 1", "c"),
            ("(not has(plan) or plan == 'pro') and age == 41", "a"),
            ("status == 'pending'", "b"),
            ("status == 'active' AND first_name == 'Ann'", "a"),
            ("email == 'cem@example.com'", "c"),
            ("größe == 'XL'", "c"),
            ("not not has(name)", "ab"),
        ] {
            assert_eq!(who(expression), found, "{expression}");
        }
    }

    #[test]
    fn mistakes_are_placed_and_answered() {
        for (expression, column, says) in [
            ("plann == 'pro'", 1, "did you mean `plan`?"),
            ("plan = 'pro'", 6, "write `==`"),
            ("plan == pro", 9, "'pro'"),
            ("plan == ‘pro’", 9, "straight quotes"),
            ("plan == 'pro", 9, "not closed"),
            ("plan", 1, "has(plan)"),
            ("", 1, "empty"),
            ("plan == 'a' && age > 1", 13, "write `and`"),
            ("plan == 'a' age", 13, "and"),
            ("(plan == 'a'", 13, "`)`"),
            ("plan in ['a'", 13, "`]`"),
            ("plan in 'a'", 9, "`[`"),
            ("tag('a b')", 5, "one word"),
            ("has('plan')", 5, "without quotes"),
            ("subscribed < 3", 1, "the list has"),
            ("age < 2026-01-01", 7, "'2026-01-01'"),
            ("'pro' == plan", 1, "first"),
        ] {
            let error = Segment::parse("--segment", expression, &columns()).unwrap_err();
            let shown = error.render(false);
            assert_eq!(error.place().unwrap().column, column, "{shown}");
            assert!(shown.contains(says), "{shown}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("{}has(plan){}", "(".repeat(100_000), ")".repeat(100_000));
        assert!(Segment::parse("s", &deep, &columns()).is_err());
        assert!(Segment::parse("s", &format!("{}has(plan)", "not ".repeat(100_000)), &columns()).is_err());
        let long = vec!["has(plan)"; 10_000].join(" or ");
        assert!(Segment::parse("s", &long, &columns()).is_ok());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(plan|age|tag|has|in|not|and|or|[ ()\\[\\],'\"=!<>]|-?[0-9.]{1,3}|\\PC){0,12}") {
            let _ = Segment::parse("s", &text, &columns());
        }

        #[test]
        fn not_turns_it_round(field in "plan|age|status|tags", op in "==|!=|<|<=|>|>=", value in "'pro'|'free'|9|41|''") {
            let plain = who(&format!("{field} {op} {value}"));
            let turned = who(&format!("not ({field} {op} {value})"));
            let mut all: Vec<char> = plain.chars().chain(turned.chars()).collect();
            all.sort_unstable();
            prop_assert_eq!(all, ['a', 'b', 'c']);
        }
    }
}
