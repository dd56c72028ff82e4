//! How does one leave in one click: signed tokens, the links that carry them, and the key that signs.
//!
//! A [`Token`] says which reader of which list it is for and can't be guessed or forged; it holds no address (RFC 8058
//! section 3.1, and so that proxies' logs stay clean). The same key makes the opaque ids of messages. What brings a token
//! back is read in [`request`].

pub mod request;
mod token;

use std::path::Path;

use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::diagnostic::{Diagnostic, Result};
use crate::durable::{self, Privacy};
use crate::edition::escape::encode_url;
use crate::publication::SettingError;

pub use request::{Refusal, Request};
pub use token::{MailingMark, Token};

/// `[unsubscribe]` in `letterpress.toml`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnsubscribeSettings {
    /// The page that lets a reader leave, with `{token}` in it.
    pub url: Option<String>,
    /// An address that takes requests to leave by mail.
    pub mailto: Option<Address>,
    /// Where the signing key lies; `keys/unsubscribe.key` when left out.
    pub key_file: Option<String>,
}

impl UnsubscribeSettings {
    /// The signing key's file, relative to the publication.
    pub fn key_file(&self) -> &str {
        self.key_file.as_deref().unwrap_or("keys/unsubscribe.key")
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// The setting that would make mail without a working way to leave.
    pub fn check(&self) -> Result<(), SettingError> {
        let Some(url) = &self.url else {
            return match self.mailto {
                Some(_) => Ok(()),
                None => Err(SettingError::new(
                    "url",
                    "readers have no way to leave",
                    "set url = \"https://…/{token}\", or mailto = \"leave@your-domain.org\", or both",
                )),
            };
        };
        let example = "write it as in `https://example.com/unsubscribe/{token}`";
        if !url.starts_with("https://") {
            return Err(SettingError::new(
                "url",
                "it is not https, which one-click unsubscribing needs (RFC 8058)",
                example,
            ));
        }
        if url.matches("{token}").count() != 1 {
            return Err(SettingError::new("url", "it needs `{token}` once", example));
        }
        let odd = url.bytes().any(|byte| !byte.is_ascii_graphic() || b"\"<>\\,;`".contains(&byte));
        if odd || url.len() > 140 {
            return Err(SettingError::new(
                "url",
                "it is too long, or has characters that can't stand in a header",
                example,
            ));
        }
        Ok(())
    }
}

/// The publication's signing key. Losing it breaks the links in mail that was sent; publishing it lets anybody unsubscribe
/// anybody.
#[derive(Clone)]
pub struct Key(hmac::Key);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

/// How many octets of the key are secret.
const KEY_OCTETS: usize = 32;

impl Key {
    pub fn from_bytes(bytes: &[u8]) -> Key {
        Key(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// Reads the key, or makes one when there is none. `true`: it is new.
    ///
    /// # Errors
    /// A file that holds something else, or that can't be read or written.
    pub fn load_or_create(path: &Path) -> Result<(Key, bool)> {
        match std::fs::read_to_string(path) {
            Ok(text) => Ok((Self::decode(path, text.trim())?, false)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut bytes = [0; KEY_OCTETS];
                rand::fill(&mut bytes).map_err(|_| Diagnostic::error("the system gave no random numbers for a key"))?;
                if let Some(folder) = path.parent() {
                    durable::create_folder(folder, Privacy::Private)?;
                }
                match durable::create_new(
                    path,
                    Privacy::Private,
                    format!("{}\n", URL_SAFE_NO_PAD.encode(bytes)).as_bytes(),
                ) {
                    // Two commands may start at once; the key of the first is the key of both.
                    Err(_) if path.exists() => Self::load_or_create(path).map(|(key, _)| (key, false)),
                    result => result.map(|()| (Self::from_bytes(&bytes), true)),
                }
            }
            Err(error) => Err(Diagnostic::io("read", path, &error)),
        }
    }

    /// Reads a key that must be there: it made what is asked about.
    pub fn load(path: &Path) -> Result<Key> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Diagnostic::io("read the key", path, &error)
                .help("restore it from a backup: without it nothing can be said of mail that was sent with it")
        })?;
        Self::decode(path, text.trim())
    }

    fn decode(path: &Path, text: &str) -> Result<Key> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == KEY_OCTETS);
        bytes.map(|bytes| Key::from_bytes(&bytes)).ok_or_else(|| {
            Diagnostic::error(format!("{} holds no key of ours", path.display()))
                .help("restore it from a backup: links in mail that was sent are signed with it")
        })
    }

    /// The first 16 octets of a MAC over labelled parts; a label keeps MACs of different purposes apart.
    fn mac(&self, label: &str, parts: &[&[u8]]) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(label.as_bytes());
        for part in parts {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        let tag = context.sign();
        let mut out = [0; 16];
        out.copy_from_slice(&tag.as_ref()[..16]);
        out
    }

    /// What one reader's copy of one mailing is called: opaque, and always the same.
    pub fn message_id(&self, mailing: &str, reader: &ReaderId) -> String {
        hex(&self.mac("letterpress message", &[mailing.as_bytes(), &reader.0]))
    }

    /// The id of the mailing of an article: the same for the same publication and slug.
    pub fn mailing_id(&self, list_id: &str, slug: &str, purpose: &str) -> String {
        hex(&self.mac("letterpress mailing", &[list_id.as_bytes(), slug.as_bytes(), purpose.as_bytes()]))
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    out
}

/// A reader of a list, without the address: the same for the same address, whatever its case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReaderId([u8; 16]);

/// The ways to leave one publication.
#[derive(Debug, Clone)]
pub struct Links {
    key: Key,
    list_id: String,
    url: Option<(String, String)>,
    /// A link for a mail that asks to leave, but for the token at its end.
    mailto: Option<String>,
    settings: UnsubscribeSettings,
}

impl Links {
    pub fn new(key: Key, list_id: &str, settings: &UnsubscribeSettings) -> Self {
        let url = settings
            .url
            .as_ref()
            .and_then(|url| url.split_once("{token}"))
            .map(|(before, after)| (before.to_owned(), after.to_owned()));
        let mailto = settings.mailto.as_ref();
        let mailto = mailto.map(|address| format!("mailto:{}?subject=unsubscribe%20", encode_url(address.as_str())));
        Links { key, list_id: list_id.to_owned(), url, mailto, settings: settings.clone() }
    }

    /// The settings that the links were made from.
    pub fn settings(&self) -> &UnsubscribeSettings {
        &self.settings
    }

    /// The list that the links are for.
    pub fn list_id(&self) -> &str {
        &self.list_id
    }

    pub fn key(&self) -> &Key {
        &self.key
    }

    pub fn reader_id(&self, address: &Address) -> ReaderId {
        ReaderId(self.key.mac("letterpress reader", &[self.list_id.as_bytes(), address.normal_form().as_bytes()]))
    }

    /// The token of a reader's copy of a mailing; without a mailing it is one of version 1.
    pub fn token(&self, reader: &ReaderId, mailing: Option<MailingMark>) -> String {
        Token { reader: *reader, mailing }.signed(&self.key, &self.list_id)
    }

    /// What a token says, when we signed it for this list.
    pub fn verify(&self, token: &str) -> Option<Token> {
        Token::verify(token, &self.key, &self.list_id)
    }

    /// The link for the message's body: the web page, or a mail when there is none.
    pub fn url(&self, token: &str) -> String {
        self.header_urls(token).next().unwrap_or_default().concat()
    }

    /// The addresses of `List-Unsubscribe`, https first (RFC 2369 section 3.2, RFC 8058 section 3.1).
    /// Each in three parts, which belong together without anything between them.
    pub fn header_urls<'a>(&'a self, token: &'a str) -> impl Iterator<Item = [&'a str; 3]> {
        let web = self.url.as_ref().map(|(before, after)| [before.as_str(), token, after.as_str()]);
        let mail = self.mailto.as_ref().map(|before| [before.as_str(), token, ""]);
        web.into_iter().chain(mail)
    }

    /// Whether `List-Unsubscribe-Post` may be said: only with an https link (RFC 8058 section 3.1).
    pub fn one_click(&self) -> bool {
        self.url.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(list: &str) -> Links {
        let settings = UnsubscribeSettings {
            url: Some("https://example.com/u/{token}?x=1".into()),
            mailto: Some(Address::parse("leave@example.com").unwrap()),
            key_file: None,
        };
        Links::new(Key::from_bytes(&[7; 32]), list, &settings)
    }

    #[test]
    fn a_token_is_for_one_reader_of_one_list() {
        let (a, b) = (links("a.example.com"), links("b.example.com"));
        let reader = a.reader_id(&Address::parse("Ann@Example.com").unwrap());
        assert_eq!(reader, a.reader_id(&Address::parse("ann@example.com").unwrap()));
        assert_ne!(reader, b.reader_id(&Address::parse("ann@example.com").unwrap()));
        for mailing in [None, Some(a.key().mailing_mark("one"))] {
            let token = a.token(&reader, mailing);
            assert_eq!(a.verify(&token), Some(Token { reader, mailing }));
            assert_eq!(b.verify(&token), None, "a token of another list is refused");
            assert!(!token.contains("ann"));
        }
    }

    /// They lie in readers' mailboxes: a version that doesn't know them has broken the law there.
    #[test]
    fn tokens_that_were_sent_are_understood_for_ever() {
        let links = links("a.example.com");
        let one = Some(links.key().mailing_mark("one"));
        for (address, token, mailing) in [
            ("ann@example.com", "AeT-PfTP8wW1U3Vv_kXjKzYvyhnImhPbGXFQoUNG7bY8", None),
            ("bob@example.org", "AWdHxq0P5j0N6lB85zI_SkvnfZJGNh0WUtlL4Lq4V9O_", None),
            ("ann@example.com", "AuT-PfTP8wW1U3Vv_kXjKzZdLoKoTB5QNpmvgebzZRTZS9wy6g", one),
        ] {
            let reader = links.reader_id(&Address::parse(address).unwrap());
            assert_eq!(links.verify(token), Some(Token { reader, mailing }));
            assert_eq!(links.token(&reader, mailing), token);
        }
    }

    #[test]
    fn the_header_has_https_first() {
        let links = links("a.example.com");
        let urls: Vec<String> = links.header_urls("T").map(|parts| parts.concat()).collect();
        assert_eq!(urls, ["https://example.com/u/T?x=1", "mailto:leave@example.com?subject=unsubscribe%20T"]);
    }

    #[test]
    fn settings_without_a_way_out_are_refused() {
        let check =
            |url: Option<&str>| UnsubscribeSettings { url: url.map(str::to_owned), ..Default::default() }.check();
        assert!(check(Some("https://example.com/u/{token}")).is_ok());
        for url in [
            None,
            Some("http://example.com/{token}"),
            Some("https://example.com/u"),
            Some("https://example.com/>{token}"),
            Some("https://example.com/a,b/{token}"),
        ] {
            assert!(check(url).is_err(), "{url:?}");
        }
        // Servers and mail programs take a link of 200 characters.
        let longest = format!("https://example.com/{}{{token}}", "u".repeat(113));
        assert_eq!((longest.len(), check(Some(&longest)).is_ok()), (140, true));
        assert!(longest.len() - "{token}".len() + token::LETTERS[0] <= 200);
        assert!(check(Some(&format!("{longest}u"))).is_err());
    }

    #[test]
    fn the_key_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/unsubscribe.key");
        let (first, new) = Key::load_or_create(&path).unwrap();
        assert!(new);
        let (second, new) = Key::load_or_create(&path).unwrap();
        assert!(!new);
        assert_eq!(first.mac("x", &[b"y"]), second.mac("x", &[b"y"]));
        std::fs::write(&path, "nonsense").unwrap();
        assert!(Key::load_or_create(&path).is_err());
    }
}
