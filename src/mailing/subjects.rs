//! Who got which of several subjects, as it was sealed; and what became of each group.

use serde::Serialize;

use super::SealedSources;
use crate::article::{Article, SubjectChooser, SubjectTest};
use crate::diagnostic::Result;
use crate::ledger::{Counts, State};
use crate::subscribers::{Withdrawal, Withdrawals};

/// The subjects of a sealed mailing that are tried against each other.
#[derive(Debug, Clone)]
pub struct Subjects {
    test: SubjectTest,
    chooser: SubjectChooser,
}

impl Subjects {
    /// `None`: there is one subject.
    pub fn of(sealed: &SealedSources) -> Result<Option<Subjects>> {
        let article = Article::parse(&sealed.article_file, sealed.article.clone())?;
        let chooser = |test: &SubjectTest| test.chooser(&sealed.publication.list_id, &article.slug);
        Ok(article.test.as_ref().map(|test| Subjects { test: test.clone(), chooser: chooser(test) }))
    }

    /// The letter of the subject that a recipient gets.
    pub fn letter_of(&self, email: &str) -> &'static str {
        self.chooser.letter_of(email)
    }
}

/// What became of the readers of one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubjectGroup {
    pub group: &'static str,
    /// As written, with its merge fields.
    pub subject: String,
    #[serde(flatten)]
    pub counts: Counts,
    /// Of those who have it: who has unsubscribed or complained since. `None` where the list can't be asked.
    pub left: Option<u64>,
}

/// The groups, counted recipient by recipient.
pub(super) struct Tally<'a> {
    subjects: Subjects,
    since: Option<&'a Withdrawals>,
    groups: Vec<SubjectGroup>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(subjects: Subjects, since: Option<&'a Withdrawals>) -> Tally<'a> {
        let named = subjects.test.letters().zip(&subjects.test.subjects);
        let empty = |(group, subject): (&'static str, &String)| SubjectGroup {
            group,
            subject: subject.clone(),
            counts: Counts::default(),
            left: since.map(|_| 0),
        };
        let groups = named.map(empty).collect();
        Tally { subjects, since, groups }
    }

    pub(super) fn add(&mut self, email: &str, state: State) {
        let place = self.subjects.chooser.place_of(email);
        let Some(group) = self.groups.get_mut(place) else { return };
        group.counts.add(state);
        let has_left = |since: &Withdrawals| {
            matches!(since.find_email(email), Some(Withdrawal::Unsubscribed | Withdrawal::Complained))
        };
        if state == State::Accepted && self.since.is_some_and(has_left) {
            group.left = group.left.map(|left| left + 1);
        }
    }

    pub(super) fn into_groups(self) -> Vec<SubjectGroup> {
        self.groups
    }
}
