//! `[segments]` in `letterpress.toml`: expressions with a name, which other expressions can use.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::parse::{self, Kind, Node};
use super::token::Source;
use crate::diagnostic::{Diagnostic, Result, did_you_mean};

/// Words that mean something else in an expression.
const TAKEN: [&str; 4] = ["and", "or", "not", "in"];

/// Segments by their names.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct NamedSegments(BTreeMap<String, String>);

impl NamedSegments {
    /// An expression by its name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Where a segment is written, for messages.
    pub(super) fn label(name: &str) -> String {
        format!("letterpress.toml ([segments] {name})")
    }

    /// Checks what can be checked without a list: names, grammar, that segments used in others are there, and that none is
    /// part of itself.
    ///
    /// # Errors
    /// The first mistake.
    pub fn check(&self) -> Result<()> {
        let mut uses: BTreeMap<&str, Vec<Use>> = BTreeMap::new();
        for (owner, text) in &self.0 {
            let label = Self::label(owner);
            check_name(&label, owner)?;
            let source = Source { label: &label, text };
            let mut used = Vec::new();
            used_in(&parse::expression(source)?, &mut used);
            for Use { name, range, by_function } in &used {
                // A bare word may be a column that was meant to be compared; without the list nobody knows.
                if *by_function && !self.0.contains_key(name) {
                    let error = source.wrong(range.clone(), format!("there is no segment `{name}`"));
                    return Err(match did_you_mean(name, self.names().filter(|other| other != owner)) {
                        Some(likely) => error.help(format!("did you mean `{likely}`?")),
                        None => error.help("name it beside this one"),
                    });
                }
            }
            uses.insert(owner, used);
        }
        for name in uses.keys() {
            if let Some(way) = way_back(name, &uses) {
                let label = Self::label(name);
                let text = self.get(name).unwrap_or_default();
                let error = Source { label: &label, text }.wrong(0..text.len(), format!("`{name}` is part of itself"));
                return Err(error.help(format!("it uses, one by the other: {}", way.join(", "))));
            }
        }
        Ok(())
    }
}

/// A segment that another uses.
struct Use {
    name: String,
    range: std::ops::Range<usize>,
    by_function: bool,
}

fn check_name(label: &str, name: &str) -> Result<()> {
    let one_word = name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    if one_word && !TAKEN.iter().any(|taken| name.eq_ignore_ascii_case(taken)) {
        return Ok(());
    }
    let error = Diagnostic::error(format!("`{name}` can't be a segment's name"));
    let error = error.at(crate::diagnostic::Place::file(label));
    Err(error.help("use letters, digits and `_`, a letter first, and none of the words `and`, `or`, `not`, `in`"))
}

fn used_in(node: &Node, used: &mut Vec<Use>) {
    match &node.kind {
        Kind::All(parts) | Kind::Any(parts) => parts.iter().for_each(|part| used_in(part, used)),
        Kind::Not(part) => used_in(part, used),
        Kind::Segment(name) => {
            used.push(Use { name: name.text.clone(), range: name.range.clone(), by_function: node.range != name.range })
        }
        _ => {}
    }
}

/// The way from a segment to itself, if there is one.
fn way_back<'a>(start: &'a str, uses: &'a BTreeMap<&str, Vec<Use>>) -> Option<Vec<&'a str>> {
    // Who was reached, and by whom.
    let mut reached: BTreeMap<&str, &str> = BTreeMap::new();
    let mut next = vec![start];
    while let Some(name) = next.pop() {
        for used in uses.get(name).into_iter().flatten() {
            if used.name == start {
                let mut way = vec![start, name];
                while way.last() != Some(&start) {
                    let by = way.last().and_then(|last| reached.get(last)).copied().unwrap_or(start);
                    way.push(by);
                }
                way.reverse();
                return Some(way);
            }
            if !reached.contains_key(used.name.as_str()) {
                reached.insert(&used.name, name);
                next.push(&used.name);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(segments: &[(&str, &str)]) -> Result<(), String> {
        let named = segments.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        NamedSegments(named.collect()).check().map_err(|error| error.render(false))
    }

    #[test]
    fn names_grammar_and_uses_are_checked() {
        assert_eq!(
            check(&[("pros", "plan == 'pro'"), ("new_pros", "pros and segment('recent')"), ("recent", "has(x)")]),
            Ok(())
        );
        for (segments, says) in [
            (&[("a b", "has(x)")][..], "can't be a segment's name"),
            (&[("not", "has(x)")], "can't be a segment's name"),
            (&[("pros", "plan = 'pro'")], "write `==`"),
            (&[("pros", "segment('prox')"), ("pro", "has(x)")], "did you mean `pro`?"),
            (&[("a", "a or has(x)")], "`a` is part of itself"),
            (&[("a", "has(x) and not b"), ("b", "(segment('c'))"), ("c", "has(y) or a")], "a, b, c, a"),
        ] {
            let error = check(segments).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
