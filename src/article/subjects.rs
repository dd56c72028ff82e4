//! Subjects that are tried against each other: `subject = ["One", "Other"]`, with the share of readers that each is for.
//!
//! Which subject a reader gets is decided by a hash of publication, article and address, so it is the same in a dry run, in
//! the mailing, and whenever it is asked about later.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::share::{Seed, side_of};

/// Several subjects of one article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubjectTest {
    /// As written, with their merge fields; at least two.
    pub subjects: Vec<String>,
    /// The percentage of readers that each is for; together 100.
    pub shares: Vec<f64>,
}

/// What the subjects are called: `A`, `B` and so on.
pub const LETTERS: [&str; 26] = [
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W",
    "X", "Y", "Z",
];

impl SubjectTest {
    /// How readers are given the subjects of one article.
    pub fn chooser(&self, list_id: &str, slug: &str) -> SubjectChooser {
        SubjectChooser { seed: Seed::of(&format!("subject {list_id} {slug}")), shares: self.shares.clone() }
    }

    /// What its groups are called.
    pub fn letters(&self) -> impl Iterator<Item = &'static str> {
        LETTERS.into_iter().take(self.subjects.len())
    }
}

/// Which subject each reader gets.
#[derive(Debug, Clone)]
pub struct SubjectChooser {
    seed: Seed,
    shares: Vec<f64>,
}

impl SubjectChooser {
    /// The subject that a reader gets, counted from 0.
    pub fn place_of(&self, address: &str) -> usize {
        side_of(self.seed, address, &self.shares)
    }

    /// The same, as its letter.
    pub fn letter_of(&self, address: &str) -> &'static str {
        LETTERS.get(self.place_of(address)).copied().unwrap_or_default()
    }
}

/// The shares as they are written in front matter.
#[derive(Debug)]
pub(super) struct Shares {
    pub(super) values: Vec<f64>,
    pub(super) range: Range<usize>,
}

/// What is wrong with the shares of so many subjects, and what to do about it.
pub(super) fn mistake(shares: &[f64], subjects: usize) -> Option<(String, &'static str)> {
    const EXAMPLE: &str = "write a percentage for each subject, as in `share = [50, 50]`, or leave `share` out";
    let sum: f64 = shares.iter().sum();
    if subjects < 2 {
        let help = "write several, as in `subject = [\"One\", \"Other\"]`; `segment = \"sample(10%)\"` sends to a part of the list";
        return Some(("is for several subjects, and there is one".to_owned(), help));
    }
    if shares.len() != subjects {
        return Some((format!("has {} numbers, and there are {subjects} subjects", shares.len()), EXAMPLE));
    }
    if shares.iter().any(|share| *share <= 0.0) {
        return Some(("gives a subject to nobody".to_owned(), "leave that subject out"));
    }
    if (sum - 100.0).abs() > 0.01 || sum.is_nan() {
        let help = "every reader gets one of the subjects; to try them on a part of the list first, send to `sample(20%)`, then the best one to those who `missed` it";
        return Some((format!("comes to {sum}, and not to 100"), help));
    }
    None
}
