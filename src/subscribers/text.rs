//! Text of a list as it can go into a message: decoded, in one line, without invisible characters that act.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

use crate::diagnostic::is_unprintable;

/// Reads a record: UTF-8, or else Windows-1252, in which every byte is a character. The flag tells the latter.
pub(super) fn decode(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), false),
        Err(_) => (WINDOWS_1252.decode_without_bom_handling(bytes).0, true),
    }
}

/// The bytes of a record for a file in Windows-1252. What that can't say, or what would be read
/// as UTF-8 again, becomes UTF-8.
pub(super) fn encode(text: &str, windows_1252: bool) -> Cow<'_, [u8]> {
    if windows_1252 && !text.is_ascii() {
        let (bytes, _, unmappable) = WINDOWS_1252.encode(text);
        if !unmappable && std::str::from_utf8(&bytes).is_err() {
            return bytes;
        }
    }
    Cow::Borrowed(text.as_bytes())
}

/// What was taken out of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cleaned {
    /// How many characters were removed or became a space.
    pub characters: usize,
    /// The first of them.
    pub first: char,
}

/// The value in one line: line ends and tabs become a space, control and bidi-control characters go, and space around
/// it goes. `None` when only the latter had to be done.
pub fn clean(value: &str) -> (Cow<'_, str>, Option<Cleaned>) {
    let Some(first) = value.trim().chars().find(|c| breaks_line(*c) || acts(*c)) else {
        return (Cow::Borrowed(value.trim()), None);
    };
    let mut characters = 0;
    let mut out = String::with_capacity(value.len());
    for c in value.trim().chars() {
        characters += usize::from(breaks_line(c) || acts(c));
        match c {
            '\n' if out.ends_with(' ') => {}
            c if breaks_line(c) => out.push(' '),
            c if acts(c) => {}
            c => out.push(c),
        }
    }
    let out = out.trim().to_owned();
    (Cow::Owned(out), Some(Cleaned { characters, first }))
}

fn breaks_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn acts(c: char) -> bool {
    is_unprintable(c) || c == '\u{FEFF}'
}

/// The first word of a name. Empty for `Smith, Ann`, which begins with the family name, and for an address.
pub(super) fn first_word(name: &str) -> &str {
    if name.contains([',', '@']) {
        return "";
    }
    name.split_whitespace().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_cleaned_and_kept() {
        assert_eq!(clean(" Zoë "), ("Zoë".into(), None));
        assert_eq!(clean("👩🏽\u{200d}🚀"), ("👩🏽\u{200d}🚀".into(), None));
        let long = "名".repeat(300);
        assert_eq!(clean(&long), (long.as_str().into(), None));
        let (value, cleaned) = clean("Ann\r\nBcc: x\u{202e}\0y");
        assert_eq!(value, "Ann Bcc: xy");
        assert_eq!(cleaned, Some(Cleaned { characters: 4, first: '\r' }));
        assert_eq!(clean("\u{202e}").0, "");
    }

    #[test]
    fn first_names_are_not_guessed() {
        assert_eq!(first_word("Ann Lee"), "Ann");
        assert_eq!(first_word("名前"), "名前");
        for name in ["", "  ", "Lee, Ann", "ann@example.com"] {
            assert_eq!(first_word(name), "", "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn cleaning_leaves_nothing_that_acts_and_is_done_once(value in any::<String>()) {
            let (once, _) = clean(&value);
            prop_assert!(!once.chars().any(|c| is_unprintable(c) || breaks_line(c)));
            prop_assert_eq!(clean(&once), (once.as_ref().into(), None));
        }

        #[test]
        fn what_is_written_is_read(text in "[a-zéÃ«ïœ€名]{0,6}", windows_1252: bool) {
            let bytes = encode(&text, windows_1252).into_owned();
            prop_assert_eq!(decode(&bytes).0, text);
        }
    }
}
