//! Page furniture: what a web page puts after an article, and copying takes along. Known by whole lines of set forms,
//! and only at the end of a text, where the author's own last sentence stops the search.

/// Lines that say only this.
const WHOLE: [&str; 44] = [
    "comments are closed",
    "comments are off",
    "comments are off for this post",
    "comments closed",
    "comments off",
    "no comments",
    "no comments yet",
    "comments",
    "leave a reply",
    "leave a comment",
    "leave a reply cancel reply",
    "post a comment",
    "add a comment",
    "write a comment",
    "be the first to comment",
    "reply",
    "share",
    "share this",
    "share this post",
    "share this article",
    "share this story",
    "share on facebook",
    "share on twitter",
    "share on x",
    "share on linkedin",
    "like this",
    "like this post",
    "tweet",
    "pin it",
    "print",
    "print this",
    "email this",
    "email",
    "related",
    "related posts",
    "you might also like",
    "read next",
    "previous post",
    "next post",
    "back to top",
    "loading",
    "advertisement",
    "all rights reserved",
    "permalink",
];

/// Beginnings of such lines, with how many words they may go on for.
const BEGINNINGS: [(&str, usize); 18] = [
    ("filed under", 20),
    ("posted in ", 20),
    ("tagged with", 20),
    ("tagged:", 20),
    ("tags:", 25),
    ("tag:", 5),
    ("categories:", 25),
    ("category:", 8),
    ("copyright ", 20),
    ("©", 20),
    ("(c) ", 20),
    ("powered by ", 8),
    ("proudly powered by ", 8),
    ("theme by ", 8),
    ("theme: ", 10),
    ("bookmark the permalink", 4),
    ("click to share", 8),
    ("you can follow any responses to this entry", 20),
];

/// Whether a line is page furniture.
pub(super) fn is_furniture(line: &str) -> bool {
    let line = line.trim().trim_start_matches(['-', '*', '•', '←', '→', '«', '»', '|', ' ']).to_lowercase();
    let bare = line.trim_end_matches(['.', ':', '!', '…', '←', '→', '«', '»', ' ']);
    if bare.is_empty() {
        return false;
    }
    if WHOLE.contains(&bare) || is_count(bare) {
        return true;
    }
    // "Copyright law is dull" is a sentence; a copyright line has a year or a sign.
    if line.starts_with("copyright ") && !line.contains(['©']) && !line.contains("(c)") && !has_year(&line) {
        return false;
    }
    let words = line.split_whitespace().count();
    BEGINNINGS.iter().any(|(start, more)| line.starts_with(start) && words <= start.split_whitespace().count() + more)
}

/// `12 comments`, `3 responses to “Title”` have nothing of the author's in them either.
fn is_count(line: &str) -> bool {
    let Some((number, rest)) = line.split_once(' ') else { return false };
    let counted = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
    counted && ["comment", "comments", "response", "responses", "replies", "shares", "likes"].contains(&rest)
}

fn has_year(line: &str) -> bool {
    line.split(|c: char| !c.is_ascii_digit())
        .any(|digits| digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20")))
}

/// Where the sentence that a text ends with has lost its link: its last words.
pub(super) fn lost_link(text: &str) -> Option<String> {
    let text = text.trim_end();
    let words: Vec<&str> = text.split_whitespace().collect();
    let bare = |word: &str| word.trim_end_matches(['.', ':', '!', '…']).to_lowercase();
    let last = bare(words.last()?);
    let before = words.len().checked_sub(2).map(|at| bare(words[at])).unwrap_or_default();
    let ends_open = text.ends_with(char::is_alphanumeric) && words.len() >= 3;
    let open = ends_open
        && ["at", "on", "via", "to", "from", "by", "visit", "see", "here", "unter", "auf", "bei"]
            .contains(&last.as_str());
    let click = last == "here" && before == "click";
    (open || click).then(|| words[words.len().saturating_sub(4)..].join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn furniture_is_known_and_sentences_are_not() {
        for line in [
            "Comments are closed.",
            "12 Comments",
            "Share this:",
            "Leave a Reply",
            "Filed Under: Marriage, Distance",
            "Tags: a, b",
            "© 2026 Ann Lee",
            "Copyright 2026 Ann Lee. All rights reserved.",
            "Proudly powered by Letters",
            "← Previous Post",
        ] {
            assert!(is_furniture(line), "{line}");
        }
        for line in [
            "",
            "* * *",
            "Share this with someone you love.",
            "Copyright is dull.",
            "I like this.",
            "12 comments came in, and every one was kind.",
            "Comments are closed in my heart.",
            "Posted in the hall was a letter that nobody had wanted to read out in front of all the others who stood there waiting.",
            "Print your boarding pass.",
        ] {
            assert!(!is_furniture(line), "{line}");
        }
    }

    #[test]
    fn a_sentence_without_its_link_is_noticed() {
        assert_eq!(lost_link("You may read more on my blog at").as_deref(), Some("on my blog at"));
        assert_eq!(lost_link("To read on, click here.").as_deref(), Some("read on, click here."));
        for text in ["It is what I looked at.", "at", "look at", "Here it is", "I came here."] {
            assert_eq!(lost_link(text), None, "{text}");
        }
    }
}
