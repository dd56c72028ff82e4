//! Texts for screens and logs that others may see, in which no address can be read.
//!
//! Whatever stands before an `@` and could be a mailbox is cut to its first character, also where the whole is no address that
//! we would write to: a log is no place for the almost right ones either. The domain stays, as it tells what went wrong where.

use super::Address;

/// What stands for the rest of a mailbox.
const REST: &str = "…";
/// An `@`, as mail writes it and as links do.
const SIGNS: [&str; 2] = ["@", "%40"];

/// A text with every address in it masked, as in `a…@example.com`: the words of a relay, which names whom it speaks of.
pub fn masked(text: &str) -> String {
    SIGNS.iter().fold(text.to_owned(), |text, sign| if text.contains(sign) { masked_at(&text, sign) } else { text })
}

impl Address {
    /// The address for logs and screens that others may see: `a…@example.com`.
    pub fn masked(&self) -> String {
        masked(self.as_str())
    }

    /// What was said of this address, masked: as [`masked`], and its mailbox also where it stands alone.
    pub fn masked_in(&self, text: &str) -> String {
        let text = masked(text);
        let mailbox = self.local_part();
        let is_part = |c: char| c.is_alphanumeric() || "._-+@".contains(c);
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let word_end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(word_end);
            // A sentence may end with it.
            let bare = word.trim_end_matches('.');
            if bare.eq_ignore_ascii_case(mailbox) {
                out.extend(bare.chars().next());
                out.extend([REST, &word[bare.len()..]]);
            } else {
                out.push_str(word);
            }
            let next = after.find(is_part).unwrap_or(after.len());
            out.push_str(&after[..next]);
            rest = &after[next..];
        }
        out
    }
}

/// Masks what stands before each `sign`.
fn masked_at(text: &str, sign: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(sign) {
        let before = &rest[..at];
        let after = rest[at..].trim_start_matches(sign);
        let mailbox = mailbox(before, sign);
        let kept = if is_path(mailbox, after) { before.len() } else { before.len() - mailbox.len() };
        out.push_str(&before[..kept]);
        if kept < before.len() {
            out.extend(before[kept..].trim_start_matches('"').chars().next());
            out.push_str(REST);
        }
        out.push_str(&rest[at..rest.len() - after.len()]);
        rest = after;
    }
    out + rest
}

/// The mailbox at the end of a text: a quoted one, or as many characters as one could have.
fn mailbox<'a>(before: &'a str, sign: &str) -> &'a str {
    if let Some(inner) = before.strip_suffix('"')
        && let Some(open) = inner.rfind('"')
    {
        return &before[open..];
    }
    // In a link more has a meaning of its own.
    let ends = |c: char| c.is_whitespace() || "<>()[]\",;:…".contains(c) || (sign != "@" && "=&?/#".contains(c));
    let start = before.char_indices().rev().find(|(_, c)| ends(*c)).map_or(0, |(at, c)| at + c.len_utf8());
    // Words are quoted with these, and addresses may have them inside.
    let bare = before[start..].trim_start_matches(['\'', '`', '{', '|', '/']);
    if bare.is_empty() { &before[start..] } else { bare }
}

/// Whether it is a folder whose name has an `@`, as in `/srv/me@mail/letter`.
fn is_path(mailbox: &str, after: &str) -> bool {
    let behind = after.find(|c: char| !c.is_alphanumeric() && !".-_".contains(c)).map(|at| &after[at..]);
    mailbox.contains('/') && behind.is_some_and(|behind| behind.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_address_can_be_read_and_every_other_word_stays() {
        for (text, told) in [
            ("450 4.2.1 <reader3@example.org> greylisted", "450 4.2.1 <r…@example.org> greylisted"),
            ("no such user: ann@example.com.", "no such user: a…@example.com."),
            ("(bob@example.com,cem@example.com)", "(b…@example.com,c…@example.com)"),
            ("row 3: `ann@@example.com` is no address", "row 3: `a…@@example.com` is no address"),
            ("`ann@example` is no address", "`a…@example` is no address"),
            ("`ann@ example.com` is no address", "`a…@ example.com` is no address"),
            ("\"ann lee\"@example.com, 'bob@example.com'", "a…@example.com, 'b…@example.com'"),
            ("john.o'brien@example.com", "j…@example.com"),
            ("bounce+ann=example.org@example.com", "b…@example.com"),
            ("RCPT TO:<ann@[192.0.2.1]> rfc822;ann@example.com", "RCPT TO:<a…@[192.0.2.1]> rfc822;a…@example.com"),
            (
                "https://example.com/why?s=mfrom&id=ann%40example.org&x=1",
                "https://example.com/why?s=mfrom&id=a…%40example.org&x=1",
            ),
            ("名前@例え.jp mailto:é@bücher.example", "名…@例え.jp mailto:é…@bücher.example"),
            ("can't read /srv/me@mail/letter.toml", "can't read /srv/me@mail/letter.toml"),
            ("try again @ 10:00, é, 40%, @example.com", "try again @ 10:00, é, 40%, @example.com"),
            ("", ""),
        ] {
            assert_eq!(masked(text), told);
        }
    }

    #[test]
    fn whom_it_was_said_of_is_masked_without_a_domain_too() {
        let ann = Address::parse("Ann.Lee@example.com").unwrap();
        for (text, told) in [
            ("550 5.1.1 <ann.lee>: unknown", "550 5.1.1 <a…>: unknown"),
            ("user ANN.LEE. Try ann.leeds", "user A…. Try ann.leeds"),
            ("<ann.lee@example.com> unknown", "<a…@example.com> unknown"),
            ("too fast", "too fast"),
        ] {
            assert_eq!(ann.masked_in(text), told);
        }
    }

    proptest! {
        #[test]
        fn wherever_an_address_stands_it_is_masked(
            local in "[a-z0-9!#$%&'*+/=?^_{|}~-]{3,8}(\\.[a-z']{2,5})?",
            before in "(\\PC{0,6}[ <(,;:\"`'])?",
            after in "([ >),;:\"`'.]\\PC{0,6})?",
        ) {
            let text = format!("{before}{local}@example.com{after}");
            prop_assume!(Address::parse(&format!("{local}@example.com")).is_ok());
            // Between two slashes it is a folder.
            prop_assume!(!(local.contains('/') && after.contains('/')));
            let told = masked(&text);
            prop_assert!(!told.contains(&format!("{}@", &local[local.len() - 2..])), "{text} as {told}");
            // Again it stays as it is.
            prop_assert_eq!(masked(&told), told);
        }
    }
}
