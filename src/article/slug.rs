//! The slug: an article's short name in file names, folders and links. Lower-case ASCII letters, digits and hyphens,
//! so that it can leave its folder in no way and means the same on every system.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest slug we make.
const MADE: usize = 60;
/// The longest slug we take.
const TAKEN: usize = 100;

/// Whether a text can be a slug.
///
/// # Errors
/// Says in words what is wrong with it.
pub fn check(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if let Some(c) = text.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-')) {
        return Err(format!("it has {c:?}; only lower-case letters a to z, digits and hyphens can stand in one"));
    }
    if text.starts_with('-') || text.ends_with('-') {
        return Err("it begins or ends with a hyphen".to_owned());
    }
    if text.len() > TAKEN {
        return Err(format!("it is longer than {TAKEN} characters"));
    }
    Ok(())
}

/// The slug of a title, cut at a word; `None` when no letter or digit of it can be written in ASCII.
pub fn from_title(title: &str) -> Option<String> {
    let mut slug = String::new();
    for word in ascii(title).split('-').filter(|word| !word.is_empty()) {
        let hyphen = usize::from(!slug.is_empty());
        if slug.len() + hyphen + word.len() > MADE {
            // A single word that is too long has to be cut somewhere.
            if slug.is_empty() {
                slug.push_str(&word[..MADE]);
            }
            break;
        }
        if hyphen == 1 {
            slug.push('-');
        }
        slug.push_str(word);
    }
    (!slug.is_empty()).then_some(slug)
}

/// The text in lower-case ASCII letters and digits, with hyphens for all else. Apostrophes and accents vanish.
fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => out.push(c),
            '\'' | '’' | '‘' | 'ʼ' | '\u{ad}' => {}
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'þ' => out.push_str("th"),
            'ø' => out.push('o'),
            'ð' | 'đ' => out.push('d'),
            'ł' => out.push('l'),
            'ı' => out.push('i'),
            // What lower-casing İ leaves behind.
            c if is_combining_mark(c) => {}
            _ => out.push('-'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn titles_become_short_ascii_names() {
        let cases = [
            ("Für Zoë", Some("fur-zoe")),
            ("Don’t Panic! (Or do?)", Some("dont-panic-or-do")),
            ("Straße & Łódź, Øre", Some("strasse-lodz-ore")),
            ("  İstanbul  ", Some("istanbul")),
            ("ﬁve ½ things", Some("five-1-2-things")),
            ("../../etc/passwd", Some("etc-passwd")),
            ("名前 and me", Some("and-me")),
            ("名前", None),
            ("❤️", None),
            ("", None),
        ];
        for (title, slug) in cases {
            assert_eq!(from_title(title).as_deref(), slug, "{title}");
        }
    }

    #[test]
    fn long_titles_are_cut_at_a_word() {
        let title = "How Do I Get My Husband To Want Me When He’s Already Gone And Far Away?";
        assert_eq!(from_title(title).unwrap(), "how-do-i-get-my-husband-to-want-me-when-hes-already-gone-and");
        assert_eq!(from_title(&"a".repeat(200)).unwrap().len(), MADE);
    }

    #[test]
    fn what_could_leave_the_folder_is_no_slug() {
        for text in ["", ".", "..", "a/b", "a\\b", "A", "a b", "-a", "a-", "é", "a.md", "a\0"] {
            assert!(check(text).is_err(), "{text:?}");
        }
        assert!(check(&"a".repeat(101)).is_err());
        assert!(check("when-2-meet").is_ok());
    }

    proptest! {
        #[test]
        fn every_slug_made_is_one(title in any::<String>()) {
            if let Some(slug) = from_title(&title) {
                prop_assert_eq!(check(&slug), Ok(()));
                prop_assert!(slug.len() <= MADE);
            }
        }
    }
}
