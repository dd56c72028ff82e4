//! The author's line: `By Ann Lee`, `Written by: Ann Lee`, `By: Ann Lee: It began …`.

/// Words of names that are written small.
const SMALL: [&str; 23] = [
    "and", "&", "van", "von", "vom", "zu", "de", "del", "della", "der", "den", "di", "da", "dos", "du", "la", "le",
    "bin", "al", "el", "ten", "ter", "y",
];

/// The longest name that is believed.
const NAME: usize = 80;

/// The author, and where the text after the byline begins: its end when the line says nothing else.
pub(super) fn byline(text: &str) -> Option<(String, usize)> {
    let (prefix, certain) = prefix(text)?;
    let rest = &text[prefix..];
    let start = prefix + (rest.len() - rest.trim_start().len());
    let rest = text[start..].trim_end();
    // "By Monday" is no author, and "By Ann" before a colon isn't either; "By: Ann" is.
    let enough = |name: &str, words: usize| certain || name.split(' ').count() >= words;
    if is_name(rest) && enough(rest, 1) {
        return Some((rest.trim_end_matches(['.', ',']).to_owned(), text.len()));
    }
    let (at, mark) = [": ", " — ", " – ", " - ", " | ", "— "]
        .iter()
        .filter_map(|mark| rest.find(mark).map(|at| (at, *mark)))
        .min_by_key(|(at, _)| *at)?;
    let name = rest[..at].trim_end();
    (is_name(name) && enough(name, 2)).then(|| {
        let after = start + at + mark.len();
        (name.to_owned(), after + (text[after..].len() - text[after..].trim_start().len()))
    })
}

/// How long the words before the name are, and whether a colon among them leaves no doubt.
fn prefix(text: &str) -> Option<(usize, bool)> {
    for words in ["written by", "posted by", "author", "by"] {
        let Some(start) = text.get(..words.len()) else { continue };
        if !start.eq_ignore_ascii_case(words) {
            continue;
        }
        let rest = &text[words.len()..];
        if rest.starts_with(':') {
            return Some((words.len() + 1, true));
        }
        if rest.starts_with([' ', '\t']) && words != "author" {
            return Some((words.len(), false));
        }
    }
    None
}

/// Whether a text has the form of a name or a few: capitalised words, small ones between them, nothing else.
fn is_name(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let part = |word: &&str| {
        let word = word.trim_end_matches(',');
        SMALL.contains(&word)
            || word.starts_with(|c: char| c.is_alphabetic() && !c.is_lowercase())
                && word.chars().all(|c| {
                    c.is_alphabetic() || unicode_normalization::char::is_combining_mark(c) || "'’.-".contains(c)
                })
    };
    let named = words.iter().any(|word| !SMALL.contains(word));
    (1..=8).contains(&words.len()) && text.len() <= NAME && named && words.iter().all(part)
}

/// The name in what a page calls its author, which may be a whole byline.
pub(super) fn name(text: &str) -> Option<String> {
    let text = super::one_line(text);
    let text = byline(&text).map_or(text, |(name, _)| name);
    let fine = !text.is_empty() && text.len() <= NAME && !text.contains("://") && !text.contains('@');
    fine.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bylines_are_known_by_their_form() {
        let cases = [
            ("By Ann Lee", "Ann Lee", ""),
            ("by Ann Lee", "Ann Lee", ""),
            ("BY ANN LEE", "ANN LEE", ""),
            ("By: Ann", "Ann", ""),
            ("Written by Dr. J. R. O’Neil-Smith", "Dr. J. R. O’Neil-Smith", ""),
            ("Author: Zoë van der Berg", "Zoë van der Berg", ""),
            ("By Ann Lee and Bob Ray", "Ann Lee and Bob Ray", ""),
            ("By: 名前", "名前", ""),
            ("By: Ann Lee: It began", "Ann Lee", "It began"),
            ("By Ann Lee:  It began", "Ann Lee", "It began"),
            ("by Ann Lee — It began", "Ann Lee", "It began"),
            ("By Ann Lee | 3 May", "Ann Lee", "3 May"),
        ];
        for (text, author, rest) in cases {
            let (name, at) = byline(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((name.as_str(), &text[at..]), (author, rest), "{text}");
        }
    }

    #[test]
    fn sentences_that_begin_with_by_are_none() {
        for text in [
            "By the time I left, it rained.",
            "By Monday: wash the dishes",
            "By Monday morning we had left.",
            "By Ann Lee it was said",
            "Bylaws: The Rest",
            "Author of books",
            "By",
            "By:",
            "By and",
            "by 5: go",
        ] {
            assert_eq!(byline(text), None, "{text}");
        }
    }
}
