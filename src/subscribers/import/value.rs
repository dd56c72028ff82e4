//! The values of an export in the form that a list keeps them in: moments, tags.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime};

use super::super::tags::{with, words};
use crate::clock::Timestamp;

/// A moment in its international form, `2026-11-23T06:00:00Z` or `2026-11-23`, when it is written in one of the forms that
/// can be read in one way only. Another one, such as `03/04/2021`, stays as it is: nobody can tell its month.
///
/// A time without a zone is taken as UTC, in which the known programs export.
pub(super) fn moment(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if !text.starts_with(|c: char| c.is_ascii_digit()) || text.len() < 10 {
        return Cow::Borrowed(text);
    }
    if text.len() == 10 && text.parse::<Date>().is_ok() {
        return Cow::Borrowed(text);
    }
    let canonical = |at: Timestamp| {
        let seconds = Timestamp::from_second(at.as_second()).unwrap_or(at);
        Cow::Owned(seconds.to_string())
    };
    if let Ok(at) = text.parse::<Timestamp>() {
        return canonical(at);
    }
    // `2023-03-24 10:23:10 UTC`, and Go's `2023-03-24 10:23:10.123 +0000 UTC`.
    let plain = text.trim_end_matches("UTC").trim_end().trim_end_matches("+0000").trim_end_matches("+00:00").trim_end();
    match plain.parse::<DateTime>() {
        Ok(civil) if plain.len() > 10 => {
            civil.to_zoned(jiff::tz::TimeZone::UTC).map_or(Cow::Borrowed(text), |at| canonical(at.timestamp()))
        }
        _ => Cow::Borrowed(text),
    }
}

/// The tags of a cell. A tag is one word in a list: blanks in it become hyphens. Exports write them between commas or
/// semicolons, in quotes (Mailchimp), as a JSON list, or between ` ::: ` (Google).
pub(super) fn tags(cell: &str) -> impl Iterator<Item = String> {
    let cell = cell.trim().trim_start_matches('[').trim_end_matches(']');
    let parts = cell.split(":::").flat_map(|part| part.split([',', ';', '|']));
    parts.filter_map(|part| {
        let part = part.trim();
        // Google's own groups, which everybody is in.
        if part == "* myContacts" || part == "* My Contacts" {
            return None;
        }
        let part = part.trim_start_matches("* ").trim_matches(['"', '\'', ' ']);
        let tag = part.split_whitespace().collect::<Vec<_>>().join("-");
        (!tag.is_empty()).then_some(tag)
    })
}

/// The tags of a cell of the list, and those of `more` that aren't among them; `None`: nothing is new.
pub(super) fn merged_tags(cell: &str, more: &str) -> Option<String> {
    let mut all: Option<String> = None;
    for tag in words(more) {
        let known = all.as_deref().unwrap_or(cell);
        if !words(known).any(|known| known.eq_ignore_ascii_case(tag)) {
            all = Some(with(known, tag));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn moments_are_read_where_they_are_clear() {
        for (given, kept) in [
            ("2023-04-21 11:16:57", "2023-04-21T11:16:57Z"),
            ("2023-03-24 10:23:10 UTC", "2023-03-24T10:23:10Z"),
            ("2023-03-24 10:23:10.123456 +0000 UTC", "2023-03-24T10:23:10Z"),
            ("2018-12-25T20:43:22.178Z", "2018-12-25T20:43:22Z"),
            ("2022-01-02T03:04:05+02:00", "2022-01-02T01:04:05Z"),
            ("2021-01-02", "2021-01-02"),
            ("03/04/2021", "03/04/2021"),
            ("03/04/2021 10:00", "03/04/2021 10:00"),
            ("yesterday", "yesterday"),
            ("", ""),
        ] {
            assert_eq!(moment(given), kept, "{given}");
        }
    }

    #[test]
    fn tags_are_words() {
        let all = |cell: &str| tags(cell).collect::<Vec<_>>();
        assert_eq!(all("\"Lorem Editors\",\"VIP\""), ["Lorem-Editors", "VIP"]);
        assert_eq!(all("* myContacts ::: * Book club"), ["Book-club"]);
        assert_eq!(all("[\"a\", \"b c\"]"), ["a", "b-c"]);
        assert_eq!(all("a; b|c,,"), ["a", "b", "c"]);
        assert_eq!(all(""), [""; 0]);
    }

    #[test]
    fn tags_are_added_and_never_taken() {
        assert_eq!(merged_tags("a, b", "b,c").as_deref(), Some("a, b, c"));
        assert_eq!(merged_tags("a;b", "c").as_deref(), Some("a;b;c"));
        assert_eq!(merged_tags("a b", "c").as_deref(), Some("a b c"));
        assert_eq!(merged_tags("", "x,y").as_deref(), Some("x y"));
        assert_eq!(merged_tags("A", "a"), None);
        assert_eq!(merged_tags("A", ""), None);
    }

    proptest! {
        #[test]
        fn every_tag_is_there_afterwards(cell in "[ab;, ]{0,8}", more in "[abcd, ]{0,8}") {
            let out = merged_tags(&cell, &more).unwrap_or_else(|| cell.clone());
            for tag in words(&cell).chain(words(&more)) {
                prop_assert!(words(&out).any(|known| known == tag), "{tag} in {out}");
            }
            prop_assert_eq!(merged_tags(&out, &more), None);
        }

        #[test]
        fn any_text_is_a_moment_or_stays(text in "\\PC{0,30}|[0-9 :T./+-]{0,30}") {
            let once = moment(&text).into_owned();
            prop_assert_eq!(moment(&once), once.as_str());
        }
    }
}
