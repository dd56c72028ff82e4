//! Which domains are meant: `gmail.com`, `*.example.org`, `yahoo.*`.

use std::fmt;

use serde::Deserialize;

/// A domain in lower-case A-label form, in which `*` stands for any run of characters, dots too.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Glob(String);

/// Why a text names no domains.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    #[error("a domain is missing: write it as in \"gmail.com\", \"*.example.org\" or \"yahoo.*\"")]
    Empty,
    #[error("`{0}` is an address: write only its domain, what stands behind the `@`")]
    Address(String),
    #[error("`{0}` has two dots in a row, or one at its start or end")]
    Dots(String),
    #[error("`{0}` has {1:?}, which domains can't have")]
    Character(String, char),
    #[error("`{0}` has `*` in a label that is not ASCII: write that label in its xn-- form")]
    NotAscii(String),
}

impl Glob {
    /// Reads a domain with or without `*`.
    ///
    /// # Errors
    /// Says in words what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, GlobError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(GlobError::Empty);
        }
        if text.contains('@') {
            return Err(GlobError::Address(text.to_owned()));
        }
        let labels: Result<Vec<String>, GlobError> = text.split('.').map(|label| ascii_label(text, label)).collect();
        Ok(Glob(labels?.join(".")))
    }

    /// A domain that is known to be well written.
    pub(super) fn known(text: &'static str) -> Self {
        Glob(text.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names one domain only.
    pub(super) fn is_literal(&self) -> bool {
        !self.0.contains('*')
    }

    /// Whether `domain`, in lower-case A-label form, is meant.
    pub fn matches(&self, domain: &str) -> bool {
        let (glob, text) = (self.0.as_bytes(), domain.as_bytes());
        let (mut g, mut t) = (0, 0);
        // Behind the last star seen: where the glob goes on, and where the text it stands for ends so far.
        let mut star: Option<(usize, usize)> = None;
        while t < text.len() {
            if glob.get(g) == Some(&b'*') {
                g += 1;
                star = Some((g, t));
            } else if glob.get(g) == Some(&text[t]) {
                (g, t) = (g + 1, t + 1);
            } else if let Some((after, end)) = star {
                // The last star stands for one character more; earlier ones need never be tried again.
                (g, t) = (after, end + 1);
                star = Some((after, end + 1));
            } else {
                return false;
            }
        }
        glob[g..].iter().all(|byte| *byte == b'*')
    }
}

fn ascii_label(text: &str, label: &str) -> Result<String, GlobError> {
    if label.is_empty() {
        return Err(GlobError::Dots(text.to_owned()));
    }
    let label = match (label.is_ascii(), label.contains('*')) {
        (true, _) => label.to_ascii_lowercase(),
        (false, true) => return Err(GlobError::NotAscii(text.to_owned())),
        (false, false) => idna::domain_to_ascii_strict(label).map_err(|_| {
            GlobError::Character(text.to_owned(), label.chars().find(|c| !c.is_ascii()).unwrap_or_default())
        })?,
    };
    match label.chars().find(|c| !(c.is_ascii_alphanumeric() || "-_*".contains(*c))) {
        Some(c) => Err(GlobError::Character(text.to_owned(), c)),
        None => Ok(label),
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Glob {
    type Error = GlobError;

    fn try_from(text: String) -> Result<Self, GlobError> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_stand_for_any_run_of_characters() {
        for (glob, domain, expected) in [
            ("gmail.com", "gmail.com", true),
            ("Gmail.COM", "gmail.com", true),
            ("gmail.com", "xgmail.com", false),
            ("gmail.com", "gmail.com.example.org", false),
            ("yahoo.*", "yahoo.co.uk", true),
            ("yahoo.*", "yahoo", false),
            ("*.example.org", "a.b.example.org", true),
            ("*.example.org", "example.org", false),
            ("*example.org", "example.org", true),
            ("m*.e*e.*g", "mail.example.example.org", true),
            ("*", "example.net", true),
            ("**a*", "bbab", true),
            ("bücher.example", "xn--bcher-kva.example", true),
            ("*.BÜCHER.example", "a.xn--bcher-kva.example", true),
        ] {
            assert_eq!(Glob::parse(glob).unwrap().matches(domain), expected, "{glob} {domain}");
        }
    }

    #[test]
    fn what_is_no_domain_is_refused_in_words() {
        for (text, words) in [
            (" ", "is missing"),
            ("@gmail.com", "is an address"),
            ("a..b", "two dots"),
            ("gmail.com.", "two dots"),
            ("gmail com", "' '"),
            ("[ab].com", "'['"),
            ("bü*.example", "xn--"),
            ("\u{fffd}.example", "can't have"),
        ] {
            let error = Glob::parse(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    /// The same by trying everything.
    fn slowly(glob: &[u8], text: &[u8]) -> bool {
        match glob.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|n| slowly(rest, &text[n..])),
            Some((byte, rest)) => text.first() == Some(byte) && slowly(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn matching_is_the_same_as_trying_everything(glob in "[ab*]{1,8}", text in "[ab]{0,10}") {
            prop_assert_eq!(Glob::parse(&glob).unwrap().matches(&text), slowly(glob.as_bytes(), text.as_bytes()));
        }

        #[test]
        fn no_text_panics_and_what_is_read_is_read_again(text in "\\PC*") {
            if let Ok(glob) = Glob::parse(&text) {
                prop_assert_eq!(Glob::parse(glob.as_str()).unwrap(), glob);
            }
        }
    }
}
