//! A token: which reader of a list it lets leave, and with which mailing it came; signed, short, and without an address.
//!
//! Version 1 names no mailing. Mail that was sent with it lies in mailboxes for years, so it is understood for ever; version 2
//! has four octets more, a mark of the mailing. Nobody can tell from a mark what it is of without the key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Key, ReaderId};

/// The octets of the parts, in their order: version, reader, the mailing's mark (in version 2), MAC.
const READER: usize = 16;
const MARK: usize = 4;
const MAC: usize = 16;
/// How many letters a token of each version has, the longest first.
pub const LETTERS: [usize; 2] = [50, 44];
/// What every token begins with: six bits of the first octet, which is the version.
pub const FIRST_LETTER: char = 'A';

/// A mailing, as its tokens name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailingMark([u8; MARK]);

/// What a genuine token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token {
    pub reader: ReaderId,
    /// `None` in version 1.
    pub mailing: Option<MailingMark>,
}

impl Token {
    /// Which mailing it names decides its version.
    fn version(&self) -> u8 {
        if self.mailing.is_some() { 2 } else { 1 }
    }

    fn mac(&self, key: &Key, list_id: &str) -> [u8; MAC] {
        let version = [self.version()];
        let Token { reader: ReaderId(reader), mailing } = self;
        let parts: [&[u8]; 3] = [&version, list_id.as_bytes(), reader];
        match mailing {
            None => key.mac("letterpress leave", &parts),
            Some(MailingMark(mark)) => {
                let [version, list, reader] = parts;
                key.mac("letterpress leave", &[version, list, reader, mark])
            }
        }
    }

    /// As letters that need no escaping in a URL.
    pub(super) fn signed(&self, key: &Key, list_id: &str) -> String {
        let mut bytes = [0; 1 + READER + MARK + MAC];
        let mut length = 0;
        let mark = self.mailing.as_ref().map_or(&[][..], |MailingMark(mark)| mark);
        for part in [&[self.version()], &self.reader.0[..], mark, &self.mac(key, list_id)] {
            bytes[length..length + part.len()].copy_from_slice(part);
            length += part.len();
        }
        URL_SAFE_NO_PAD.encode(&bytes[..length])
    }

    /// Reads one that this key signed for this list.
    pub(super) fn verify(text: &str, key: &Key, list_id: &str) -> Option<Token> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (reader, rest) = rest.split_at_checked(READER)?;
        let reader = ReaderId(reader.try_into().ok()?);
        let (mailing, mac) = match version {
            1 => (None, rest),
            2 => {
                let (mark, mac) = rest.split_at_checked(MARK)?;
                (Some(MailingMark(mark.try_into().ok()?)), mac)
            }
            _ => return None,
        };
        let token = Token { reader, mailing };
        let genuine = aws_lc_rs::constant_time::verify_slices_are_equal(mac, &token.mac(key, list_id)).is_ok();
        genuine.then_some(token)
    }
}

impl Key {
    /// The mark of a mailing, by its id.
    pub fn mailing_mark(&self, mailing_id: &str) -> MailingMark {
        let mac = self.mac("letterpress origin", &[mailing_id.as_bytes()]);
        MailingMark([mac[0], mac[1], mac[2], mac[3]])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "a.example.com";

    fn key() -> Key {
        Key::from_bytes(&[7; 32])
    }

    fn tokens() -> [Token; 2] {
        let reader = ReaderId([0xA5; READER]);
        [Token { reader, mailing: None }, Token { reader, mailing: Some(key().mailing_mark("spring")) }]
    }

    #[test]
    fn a_token_says_what_it_was_signed_for_in_either_version() {
        for (token, letters) in tokens().into_iter().zip([44, 50]) {
            let text = token.signed(&key(), LIST);
            assert_eq!(Token::verify(&text, &key(), LIST), Some(token));
            assert_eq!(Token::verify(&text, &key(), "b.example.com"), None, "a token of another list is refused");
            assert_eq!(Token::verify(&text, &Key::from_bytes(&[8; 32]), LIST), None, "and one of another key");
            assert!(text.starts_with(FIRST_LETTER) && text.len() == letters && LETTERS.contains(&letters), "{text}");
        }
        assert_ne!(key().mailing_mark("spring"), key().mailing_mark("summer"));
    }

    #[test]
    fn a_changed_token_is_refused_whatever_bit_changed() {
        for token in tokens() {
            let text = token.signed(&key(), LIST);
            let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
            for bit in 0..bytes.len() * 8 {
                let mut forged = bytes.clone();
                forged[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(Token::verify(&URL_SAFE_NO_PAD.encode(&forged), &key(), LIST), None);
            }
            for at in 0..text.len() {
                assert_eq!(Token::verify(&text[at + 1..], &key(), LIST), None);
                assert_eq!(Token::verify(&text[..at], &key(), LIST), None);
            }
            assert_eq!(Token::verify(&format!("{text}A"), &key(), LIST), None);
        }
        for text in ["", "x", "AAAA", "ä"] {
            assert_eq!(Token::verify(text, &key(), LIST), None, "{text}");
        }
    }

    #[test]
    fn neither_version_can_be_made_of_the_other() {
        let [first, second] = tokens().map(|token| URL_SAFE_NO_PAD.decode(token.signed(&key(), LIST)).unwrap());
        // The MAC of one behind the parts of the other, with and without the mark.
        let mark = &second[1 + READER..1 + READER + MARK];
        let mac = |bytes: &[u8]| bytes[bytes.len() - MAC..].to_vec();
        for forged in [
            [&[1], &first[1..=READER], &mac(&second)].concat(),
            [&[2], &first[1..=READER], mark, &mac(&first)].concat(),
            [&[2], &first[1..]].concat(),
            [&[1], &second[1..]].concat(),
        ] {
            assert_eq!(Token::verify(&URL_SAFE_NO_PAD.encode(&forged), &key(), LIST), None);
        }
    }
}
