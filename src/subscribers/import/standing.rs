//! What an export says of a reader's will: the words of each program, mapped one by one. A word that is not in the list
//! of its program says nothing that we act on: the reader is ambiguous, never active.

use serde::Serialize;

use super::super::status::Status;
use super::table::{Entry, Table};

/// What an export says of one reader. When several rows speak of one reader, the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Active,
    Pending,
    /// Known to the other program, but never asked for the newsletter.
    NotSubscribed,
    /// A word that we don't know, or none where one is needed.
    Unclear,
    Unsubscribed,
    Bounced,
    Complained,
}

impl Standing {
    pub(super) fn of(status: Status) -> Standing {
        match status {
            Status::Active => Standing::Active,
            Status::Pending => Standing::Pending,
            Status::Unsubscribed => Standing::Unsubscribed,
            Status::Bounced => Standing::Bounced,
            Status::Complained => Standing::Complained,
        }
    }

    /// The status of a reader whom we know nothing else of; `None`: such a one is not taken in.
    pub(super) fn status(self) -> Option<Status> {
        match self {
            Standing::Active => Some(Status::Active),
            Standing::Pending => Some(Status::Pending),
            Standing::Unsubscribed => Some(Status::Unsubscribed),
            Standing::Bounced => Some(Status::Bounced),
            Standing::Complained => Some(Status::Complained),
            Standing::NotSubscribed | Standing::Unclear => None,
        }
    }

    /// Whether such a reader must get nothing, for good.
    pub(super) fn is_gone(self) -> bool {
        matches!(self, Standing::Unsubscribed | Standing::Bounced | Standing::Complained)
    }
}

type Words = &'static [(&'static str, Standing)];
type Columns = &'static [&'static str];

/// One question asked of every row; the first that is answered decides.
#[derive(Debug, Clone, Copy)]
pub(super) enum Question {
    /// A column that holds a value says this, whatever the value.
    Filled(Columns, Standing),
    /// A column that holds yes or no; `None` leaves it to the next question.
    Flag(Columns, Option<Standing>, Option<Standing>),
    /// A column that holds one of these words, and none else.
    Word(Columns, Words),
    /// A column that may hold one of these words; others leave it to the next question.
    Perhaps(Columns, Words),
    /// The beginning of the file's name, up to its first `_`.
    FileName(Words),
}

/// A question with the column that it is asked of.
#[derive(Debug, Clone, Copy)]
enum Asked {
    Filled(usize, Standing),
    Flag(usize, Option<Standing>, Option<Standing>),
    Word(usize, Words),
    Perhaps(usize, Words),
    Always(Standing),
}

/// The questions that one table can answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Rule {
    asked: Vec<Asked>,
    /// What stands where the table says nothing.
    unsaid: Option<Standing>,
}

impl Rule {
    /// The questions that have their column in the table; `file` is its name without folders.
    pub(super) fn new(questions: &[Question], table: &Table, file: &str, unsaid: Option<Standing>) -> Rule {
        let asked = questions.iter().filter_map(|question| {
            Some(match question {
                Question::Filled(columns, standing) => Asked::Filled(table.find(columns)?, *standing),
                Question::Flag(columns, yes, no) => Asked::Flag(table.find(columns)?, *yes, *no),
                Question::Word(columns, words) => Asked::Word(table.find(columns)?, words),
                Question::Perhaps(columns, words) => Asked::Perhaps(table.find(columns)?, words),
                Question::FileName(words) => {
                    let begin = file.split('_').next().unwrap_or_default();
                    Asked::Always(find(words, begin)?)
                }
            })
        });
        Rule { asked: asked.collect(), unsaid }
    }

    /// A column of words that was named by hand.
    pub(super) fn of_column(column: usize, words: Words, unsaid: Option<Standing>) -> Rule {
        Rule { asked: vec![Asked::Word(column, words)], unsaid }
    }

    /// The columns that are asked.
    pub(super) fn columns(&self) -> impl Iterator<Item = usize> {
        self.asked.iter().filter_map(|asked| match asked {
            Asked::Filled(column, _) | Asked::Flag(column, ..) | Asked::Word(column, _) | Asked::Perhaps(column, _) => {
                Some(*column)
            }
            Asked::Always(_) => None,
        })
    }

    /// Whether every reader of the table could be told to be active or not: some question decides by itself, or what is
    /// unsaid is settled.
    pub(super) fn decides(&self) -> bool {
        let decisive = |asked: &Asked| match asked {
            Asked::Word(..) | Asked::Always(_) => true,
            Asked::Flag(_, yes, no) => yes.is_some() && no.is_some(),
            Asked::Filled(_, standing) => *standing == Standing::Active,
            Asked::Perhaps(..) => false,
        };
        self.unsaid.is_some() || self.asked.iter().any(decisive)
    }

    /// What the row says, and the word that wasn't understood.
    pub(super) fn standing(&self, entry: &Entry<'_>) -> (Standing, Option<String>) {
        for asked in &self.asked {
            match *asked {
                Asked::Always(standing) => return (standing, None),
                Asked::Filled(column, standing) => {
                    if !entry.value(column).is_empty() {
                        return (standing, None);
                    }
                }
                Asked::Perhaps(column, words) => {
                    if let Some(standing) = find(words, &entry.value(column)) {
                        return (standing, None);
                    }
                }
                Asked::Word(column, words) => {
                    let word = entry.value(column);
                    match find(words, &word) {
                        Some(standing) => return (standing, None),
                        None if word.is_empty() => {}
                        None => return (Standing::Unclear, Some(word.into_owned())),
                    }
                }
                Asked::Flag(column, yes, no) => {
                    let word = entry.value(column);
                    match flag(&word) {
                        Some(true) if yes.is_some() => return (yes.unwrap_or(Standing::Unclear), None),
                        Some(false) if no.is_some() => return (no.unwrap_or(Standing::Unclear), None),
                        None if !word.is_empty() => return (Standing::Unclear, Some(word.into_owned())),
                        _ => {}
                    }
                }
            }
        }
        match self.unsaid {
            Some(standing) => (standing, None),
            None => (Standing::Unclear, Some(String::new())),
        }
    }
}

/// The whole word, whatever its case: `inactive` has nothing to do with `active`.
fn find(words: Words, word: &str) -> Option<Standing> {
    let word = word.trim();
    words.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, standing)| *standing)
}

fn flag(word: &str) -> Option<bool> {
    match word.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "t" => Some(true),
        "false" | "no" | "n" | "0" | "f" => Some(false),
        _ => None,
    }
}
