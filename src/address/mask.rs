//! Texts for screens and logs that others may see, in which no address can be read.

use super::Address;

/// A text with every address in it masked, as in `a…@example.com`: the words of a relay, which names whom it speaks of.
pub fn masked(text: &str) -> String {
    let parts = |c: char| c.is_whitespace() || "<>()[]{}\"',;:".contains(c);
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(parts) {
        let word = piece.trim_end_matches(parts);
        // A sentence may end with an address.
        let bare = word.trim_end_matches(['.', '!', '?']);
        match Address::parse(bare) {
            Ok(address) => {
                out.push_str(&address.masked());
                out.push_str(&piece[bare.len()..]);
            }
            Err(_) => out.push_str(piece),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_can_be_read_and_every_other_word_stays() {
        for (text, told) in [
            ("450 4.2.1 <reader3@example.org> greylisted", "450 4.2.1 <r…@example.org> greylisted"),
            ("no such user: ann@example.com.", "no such user: a…@example.com."),
            ("(bob@example.com,cem@example.com)", "(b…@example.com,c…@example.com)"),
            ("try again @ 10:00, é", "try again @ 10:00, é"),
            ("", ""),
        ] {
            assert_eq!(masked(text), told);
        }
    }
}
