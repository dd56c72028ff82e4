//! Headings that plain text has without marking them, found by their form and never by their words.

/// Words that may stand small in a capitalised phrase.
const SMALL: [&str; 52] = [
    "a", "an", "the", "and", "or", "but", "nor", "so", "yet", "for", "of", "in", "on", "at", "to", "by", "with",
    "from", "as", "is", "if", "it", "be", "not", "up", "off", "out", "over", "via", "per", "vs", "than", "that",
    "into", "onto", "about", "after", "before", "between", "through", "under", "until", "without", "und", "der", "die",
    "das", "de", "la", "le", "et", "y",
];

/// A heading that runs into its paragraph, closed by a colon: the heading, and the byte where its paragraph goes on.
pub(super) fn run_in(text: &str) -> Option<(&str, usize)> {
    let colon = text.match_indices(':').map(|(at, _)| at).find(|at| text[at + 1..].starts_with(char::is_whitespace))?;
    let rest = text[colon + 1..].trim_start();
    let phrase = text[..colon].trim_end();
    (!rest.is_empty() && is_capitalised(phrase, 25)).then_some((phrase, text.len() - rest.len()))
}

/// A heading on a line of its own: short, capitalised, no sentence.
pub(super) fn alone(text: &str) -> bool {
    let phrase = text.strip_suffix(['?', '!']).unwrap_or(text);
    phrase.ends_with(char::is_alphanumeric) && is_capitalised(phrase, 12)
}

/// Whether a text is a phrase in capitals, Like This One: more than one word, no sentence ends in it.
fn is_capitalised(phrase: &str, most: usize) -> bool {
    let words: Vec<&str> = phrase.split_whitespace().collect();
    if !(2..=most).contains(&words.len()) || phrase.len() > 400 || !phrase.starts_with(char::is_alphanumeric) {
        return false;
    }
    let ends_sentence =
        |word: &&str| word.trim_end_matches(['"', '”', '’', ')', '\'']).ends_with(['.', '!', '?', ';', '…']);
    if words[..words.len() - 1].iter().any(ends_sentence) || words.iter().any(|word| word.contains("://")) {
        return false;
    }
    let mut capitals = 0;
    for (n, word) in words.iter().enumerate() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        match bare.chars().next() {
            Some(c) if c.is_uppercase() => capitals += 1,
            Some(c) if c.is_lowercase() && (n == 0 || !SMALL.contains(&bare)) => return false,
            // Digits, letters without case, and dashes say nothing either way.
            _ => {}
        }
    }
    capitals >= 2 && capitals * 2 >= words.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_in_headings_are_known_by_their_form() {
        let cases = [
            ("Take Your Time: Nothing has to", "Take Your Time", "Nothing has to"),
            (
                "Do What You Can, And For Now, You’re Only Asked To Keep In Touch: In many",
                "Do What You Can, And For Now, You’re Only Asked To Keep In Touch",
                "In many",
            ),
            ("The Art of Waiting:  it helps", "The Art of Waiting", "it helps"),
            ("3 Things To Do: one", "3 Things To Do", "one"),
            ("What the “Slow” Way Is: a walk", "What the “Slow” Way Is", "a walk"),
            ("Überall Und Nirgends: so", "Überall Und Nirgends", "so"),
        ];
        for (text, heading, rest) in cases {
            let (found, at) = run_in(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((found, &text[at..]), (heading, rest));
        }
    }

    #[test]
    fn sentences_with_a_colon_are_none() {
        for text in [
            "I might hear a comment like: “it is",
            "Note: this is one word",
            "The point is: wait",
            "To be clear: no",
            "Step 1: go",
            "“Wait And See”: he said",
            "We Left. Then Came: rain",
            "Take Your Time:",
            "Take Your Time:now",
            "At 10:30 the train: left",
            "See Https://Example.com It: x",
            "no Capitals At First: x",
        ] {
            assert_eq!(run_in(text), None, "{text}");
        }
        let long = "Word ".repeat(26);
        assert_eq!(run_in(&format!("{}: x", long.trim())), None);
    }

    #[test]
    fn headings_alone_are_short_and_capitalised() {
        assert!(alone("Where To Begin"));
        assert!(alone("Why Wait?"));
        assert!(alone("THE FIRST WEEK"));
        for text in ["Where we begin", "Where To Begin.", "Dear Ann,", "Hello", "A b", "Where To Begin:"] {
            assert!(!alone(text), "{text}");
        }
    }
}
