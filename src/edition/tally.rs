//! How many editions an audience needs, and which field makes them so many: counted while readers pass by, in memory
//! that doesn't grow with the audience.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use super::merge::Choice;
use super::pieces::Fields;
use super::template::Group;
use super::templates::Templates;

/// Up to here editions and values are counted; beyond it they are "more".
pub const COUNTED: usize = 10_000;

/// A number that was counted up to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    pub counted: usize,
    /// There are more than were counted.
    pub more: bool,
}

/// What was counted so far.
#[derive(Debug)]
pub struct Tally {
    hasher: RandomState,
    editions: Distinct,
    /// The fields by whose values templates choose.
    fields: Vec<(String, Distinct)>,
    /// Readers of each language.
    readers: Vec<u64>,
}

/// Different things, told apart by their hashes alone: small, and wrong once in ten million million lists.
#[derive(Debug, Default)]
struct Distinct {
    seen: HashSet<u64>,
    more: bool,
}

impl Distinct {
    /// Whether it is a new one; `false` for all once there are too many.
    fn add(&mut self, hash: u64, limit: usize) -> bool {
        if self.seen.len() < limit {
            return self.seen.insert(hash);
        }
        self.more |= !self.seen.contains(&hash);
        false
    }

    fn count(&self) -> Count {
        Count { counted: self.seen.len(), more: self.more }
    }
}

impl Tally {
    pub fn new(templates: &Templates) -> Self {
        let by_value = templates.choices().into_iter().filter(|(_, choice)| *choice == Choice::Value);
        Tally {
            hasher: RandomState::new(),
            editions: Distinct::default(),
            fields: by_value.map(|(field, _)| (field.to_owned(), Distinct::default())).collect(),
            readers: vec![0; templates.languages().len()],
        }
    }

    /// Counts a reader of this group; whether the edition is a new one.
    pub fn add(&mut self, reader: &dyn Fields, group: &Group) -> bool {
        self.add_up_to(COUNTED, reader, group)
    }

    fn add_up_to(&mut self, limit: usize, reader: &dyn Fields, group: &Group) -> bool {
        if let Some(readers) = self.readers.get_mut(group.language) {
            *readers += 1;
        }
        for (field, values) in &mut self.fields {
            values.add(self.hasher.hash_one(reader.field(field)), limit);
        }
        self.editions.add(self.hasher.hash_one(group), limit)
    }

    pub fn editions(&self) -> Count {
        self.editions.count()
    }

    /// How many readers get each language, in the order of [`Templates::languages`].
    pub fn readers(&self) -> &[u64] {
        &self.readers
    }

    /// The choice field with the most different values: what makes editions many.
    pub fn cause(&self) -> Option<(&str, Count)> {
        let counts = self.fields.iter().map(|(field, values)| (field.as_str(), values.count()));
        counts.max_by_key(|(_, count)| (count.more, count.counted))
    }
}

#[cfg(test)]
mod tests {
    use super::super::law::{reader, sources};
    use super::super::{Merging, Templates};
    use super::*;

    fn templates() -> Templates {
        let body = "{% if subscriber.plan == 'pro' %}a{% endif %}{{ subscriber.city | upper }}{% if subscriber.name %}b{% endif %}";
        let mjml = "<mjml><mj-body></mj-body></mjml>";
        Templates::new(sources(body, "S", mjml, "t"), Merging::Gaps).unwrap()
    }

    #[test]
    fn editions_and_their_cause_are_counted() {
        let templates = templates();
        let mut tally = Tally::new(&templates);
        for (name, plan, city) in
            [("Ann", "pro", "Rome"), ("Bob", "pro", "Rome"), ("", "pro", "Oslo"), ("Eve", "x", "Bonn")]
        {
            let reader = reader([name, plan, city, ""]);
            tally.add(&reader, &templates.group_of(&reader));
        }
        assert_eq!(tally.editions(), Count { counted: 3, more: false });
        assert_eq!(tally.cause(), Some(("city", Count { counted: 3, more: false })));
        assert_eq!(tally.readers(), [4]);
        assert_eq!(templates.choice_place("city").unwrap().to_string(), "content/a.md:4:49");
    }

    #[test]
    fn beyond_the_limit_there_are_more_and_memory_stays() {
        let templates = templates();
        let mut tally = Tally::new(&templates);
        for n in 0..1000 {
            let reader = reader(["", "pro", &n.to_string(), ""]);
            let new = tally.add_up_to(10, &reader, &templates.group_of(&reader));
            assert_eq!(new, n < 10);
        }
        let known = reader(["", "pro", "0", ""]);
        assert!(!tally.add_up_to(10, &known, &templates.group_of(&known)));
        assert_eq!(tally.editions(), Count { counted: 10, more: true });
        assert_eq!(tally.cause(), Some(("city", Count { counted: 10, more: true })));
        assert_eq!((tally.editions.seen.len(), tally.readers()), (10, &[1001][..]));
    }

    #[test]
    fn exactly_the_limit_is_not_more() {
        let mut distinct = Distinct::default();
        assert!((0..10).all(|hash| distinct.add(hash, 10)) && !distinct.add(3, 10));
        assert_eq!(distinct.count(), Count { counted: 10, more: false });
    }
}
