//! Where a reader stands: the five words of the `status` column.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::diagnostic::did_you_mean;

/// Whether a reader is written to; only active ones are. In this order each says more against writing to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Gets the newsletter. An empty cell means this.
    Active,
    /// Has subscribed and not confirmed it yet.
    Pending,
    /// The address refuses mail for good.
    Bounced,
    /// Has left.
    Unsubscribed,
    /// Has reported a mail as spam.
    Complained,
}

impl Status {
    pub const ALL: [Status; 5] =
        [Status::Active, Status::Pending, Status::Unsubscribed, Status::Bounced, Status::Complained];

    /// The word in the list.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Pending => "pending",
            Status::Unsubscribed => "unsubscribed",
            Status::Bounced => "bounced",
            Status::Complained => "complained",
        }
    }

    /// Reads a cell. `None`: a word that is none of the five, which is never guessed at.
    pub fn parse(word: &str) -> Option<Status> {
        // First what nearly all rows say.
        if word == "active" {
            return Some(Status::Active);
        }
        let word = word.trim();
        if word.is_empty() {
            return Some(Status::Active);
        }
        Self::ALL.into_iter().find(|status| word.eq_ignore_ascii_case(status.as_str()))
    }

    /// What to do about a word that is none of the five. `inactive` is not taken for a misspelt `active`.
    pub fn help(word: &str) -> String {
        let begins_alike = |status: &&str| *status != "active" || word.trim().to_lowercase().starts_with("ac");
        match did_you_mean(word.trim(), Self::ALL.map(Status::as_str).iter().copied().filter(begins_alike)) {
            Some(likely) => format!("did you mean `{likely}`?"),
            None => "write active, pending, unsubscribed, bounced or complained; empty means active".to_owned(),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_five_words_are_a_status() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
            assert_eq!(Status::parse(&format!(" {} ", status.as_str().to_uppercase())), Some(status));
        }
        assert_eq!(Status::parse(" "), Some(Status::Active));
        for word in ["inactive", "not active", "actve", "yes", "1"] {
            assert_eq!(Status::parse(word), None, "{word}");
        }
    }

    #[test]
    fn nobody_is_talked_into_activating_who_is_not() {
        assert_eq!(Status::help("actve"), "did you mean `active`?");
        assert_eq!(Status::help("unsubcribed"), "did you mean `unsubscribed`?");
        for word in ["inactive", "deactivated", "reactive"] {
            assert!(!Status::help(word).contains("`active`"), "{word}");
        }
    }
}
