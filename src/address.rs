//! One e-mail address, checked so strictly that it can go on the wire and into a header as it is.
//!
//! After [`Address::parse`] nothing needs checking again: ASCII, no control character, no route, a registered-looking
//! domain in A-label form. Whether a mailbox exists is not known here; what makes an address suspicious is told by
//! [`Suspicion`], and which addresses a provider takes for one by [`Address::provider_form`].

mod mask;
mod plain;
mod provider;
mod suspicion;
mod traces;

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

pub use mask::masked;
pub(crate) use plain::is_plain;
pub use suspicion::{Suspicion, Suspicions};
pub use traces::Traces;

/// An address such as `ann@example.com` (RFC 5321 section 4.1.2, `Mailbox`), with these limits of ours:
/// the domain has at least two labels and is no IP literal; its labels are A-labels (RFC 5890), lower-case; the local
/// part is ASCII, as SMTPUTF8 (RFC 6531) is not spoken.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    text: String,
    at: usize,
}

impl Clone for Address {
    fn clone(&self) -> Self {
        Address { text: self.text.clone(), at: self.at }
    }

    /// Uses the room of the address that was there, as for the envelope of one copy after another.
    fn clone_from(&mut self, source: &Self) {
        self.text.clone_from(&source.text);
        self.at = source.at;
    }
}

/// Why a text is no address that we write to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("it is empty")]
    Empty,
    #[error("it has no `@`")]
    NoAt,
    #[error("there is nothing before the `@`")]
    NoLocalPart,
    #[error("the part before the `@` is longer than 64 characters")]
    LocalPartTooLong,
    #[error("the part before the `@` has {0:?}, which is not allowed there")]
    LocalPartCharacter(char),
    #[error("the part before the `@` begins or ends with a dot, or has two in a row")]
    LocalPartDots,
    #[error("the part before the `@` has {0:?}: such addresses need SMTPUTF8, which is not supported")]
    LocalPartNotAscii(char),
    #[error("the quotes before the `@` are not closed")]
    LocalPartQuotes,
    #[error("there is nothing after the `@`")]
    NoDomain,
    #[error("the domain needs a dot, as in example.com")]
    DomainNotQualified,
    #[error("the domain is an IP address")]
    DomainIsIp,
    #[error("the domain is not valid: {0}")]
    Domain(String),
    #[error("it is longer than 254 characters")]
    TooLong,
}

impl Address {
    /// Reads an address; white space around it is ignored, a non-ASCII domain becomes its A-label form.
    ///
    /// # Errors
    /// Says in words what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim_matches([' ', '\t']);
        match plain::plain_at(text) {
            Some(at) => Ok(Address { text: text.to_owned(), at }),
            None => Self::parse_any(text),
        }
    }

    fn parse_any(text: &str) -> Result<Self, AddressError> {
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::NoAt)?;
        check_local_part(local)?;
        let domain = check_domain(domain)?;
        // RFC 5321 section 4.5.3.1.3: a path is at most 256 octets, with its two angle brackets.
        if local.len() + 1 + domain.len() > 254 {
            return Err(AddressError::TooLong);
        }
        Ok(Address { text: format!("{local}@{domain}"), at: local.len() })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn local_part(&self) -> &str {
        &self.text[..self.at]
    }

    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// The normal form by which two addresses are one reader: all of it in lower case. RFC 5321 lets a server tell
    /// `Ann@` from `ann@`; none in use does, and one person getting everything twice would be the price of believing it.
    /// Dots and `+tags` are kept: what they mean differs between providers.
    pub fn normal_form(&self) -> String {
        self.text.to_ascii_lowercase()
    }

    /// The normal form by the rules of the provider, where they are known: Gmail reads past dots, most read past what
    /// follows a `+`. Only for who asks for it: another provider may tell such addresses apart.
    pub fn provider_form(&self) -> String {
        provider::form(&self.normal_form())
    }
}

fn check_local_part(local: &str) -> Result<(), AddressError> {
    if local.is_empty() {
        return Err(AddressError::NoLocalPart);
    }
    if local.len() > 64 {
        return Err(AddressError::LocalPartTooLong);
    }
    if local.starts_with('"') {
        check_quoted(local)?;
    } else {
        // RFC 5322 section 3.2.3, dot-atom; beyond ASCII RFC 6531 section 3.3.
        let ascii = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        if let Some(c) = local.chars().find(|c| if c.is_ascii() { !ascii(*c) } else { !is_letter(*c) }) {
            return Err(AddressError::LocalPartCharacter(c));
        }
        if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
            return Err(AddressError::LocalPartDots);
        }
    }
    // Said last: only of an address in which nothing else is wrong.
    local.chars().find(|c| !c.is_ascii()).map_or(Ok(()), |c| Err(AddressError::LocalPartNotAscii(c)))
}

/// A character beyond ASCII that can be seen and does nothing: RFC 6531 allows all, RFC 6532 section 3.1 asks for NFC, and
/// blanks or control characters there are a mistake.
fn is_letter(c: char) -> bool {
    // What is invisible or turns the direction of writing.
    let acts = matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
    !c.is_control() && !c.is_whitespace() && !acts
}

/// RFC 5321 section 4.1.2, `Quoted-string`: printable ASCII, `"` and `\` behind a backslash.
fn check_quoted(local: &str) -> Result<(), AddressError> {
    let inner = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or(AddressError::LocalPartQuotes)?;
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(' '..='~') => {}
                Some(c) => return Err(AddressError::LocalPartCharacter(c)),
                None => return Err(AddressError::LocalPartQuotes),
            },
            '"' => return Err(AddressError::LocalPartQuotes),
            ' '..='~' => {}
            c if !c.is_ascii() && is_letter(c) => {}
            c => return Err(AddressError::LocalPartCharacter(c)),
        }
    }
    if inner.is_empty() { Err(AddressError::NoLocalPart) } else { Ok(()) }
}

fn check_domain(domain: &str) -> Result<String, AddressError> {
    if domain.is_empty() {
        return Err(AddressError::NoDomain);
    }
    if domain.starts_with('[') || domain.parse::<std::net::IpAddr>().is_ok() {
        return Err(AddressError::DomainIsIp);
    }
    // Full-width letters and other look-alikes would be folded to plain ones in silence: someone typed them by mistake.
    let normal: String = domain.nfc().collect();
    if let Some(c) = normal.chars().find(|c| matches!(c, '\u{FF00}'..='\u{FFEF}' | '\u{3002}')) {
        return Err(AddressError::Domain(format!("it has {c:?}")));
    }
    let ascii = idna::domain_to_ascii_strict(&normal).map_err(|_| {
        AddressError::Domain("a label is empty, too long, or has a character that domains can't have".to_owned())
    })?;
    if ascii.len() > 253 {
        return Err(AddressError::Domain("it is longer than 253 characters".to_owned()));
    }
    let last = ascii.rsplit('.').next().unwrap_or_default();
    if last.is_empty() {
        return Err(AddressError::Domain("it ends with a dot".to_owned()));
    }
    if last == ascii {
        return Err(AddressError::DomainNotQualified);
    }
    if last.bytes().all(|b| b.is_ascii_digit()) {
        return Err(AddressError::DomainIsIp);
    }
    Ok(ascii)
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        Address::parse(&text)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> String {
        address.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn good_addresses_are_taken_and_domains_normalised() {
        for (given, kept) in [
            ("ann@example.com", "ann@example.com"),
            ("  Ann.O'Hara+news@EXAMPLE.com ", "Ann.O'Hara+news@example.com"),
            ("a@bücher.example", "a@xn--bcher-kva.example"),
            ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
            ("\"a b\"@example.com", "\"a b\"@example.com"),
            ("\"a@b\"@example.com", "\"a@b\"@example.com"),
        ] {
            assert_eq!(Address::parse(given).unwrap().as_str(), kept, "{given}");
        }
    }

    #[test]
    fn bad_addresses_are_refused() {
        for text in [
            "",
            " ",
            "ann",
            "@example.com",
            "ann@",
            "ann@localhost",
            "ann@127.0.0.1",
            "ann@[127.0.0.1]",
            "a@1.2.3.4",
            "ann@example..com",
            "ann@.example.com",
            "ann@example.com.",
            "ann@-example.com",
            "ann@exa_mple.com",
            ".ann@example.com",
            "ann.@example.com",
            "a..b@example.com",
            "a b@example.com",
            "a\r\nRCPT@example.com",
            "ann@example.com\r\nBcc: x@example.org",
            "ann@example.com>",
            "<ann@example.com>",
            "ann@example.com,b@example.org",
            "jörg@example.com",
            "ann@ｅxample.com",
            "\"a\"b\"@example.com",
            "\"\"@example.com",
            "\"a\u{1b}\"@example.com",
            "a\0@example.com",
            "ann@exa mple.com",
        ] {
            assert!(Address::parse(text).is_err(), "{text:?} must be refused");
        }
        assert_eq!(Address::parse(&format!("{}@example.com", "a".repeat(65))), Err(AddressError::LocalPartTooLong));
    }

    #[test]
    fn an_address_beyond_ascii_is_told_from_a_wrong_one() {
        for text in ["jörg@example.com", "用户@example.com", "\"jörg x\"@example.com"] {
            assert!(matches!(Address::parse(text), Err(AddressError::LocalPartNotAscii(_))), "{text}");
        }
        assert_eq!(Address::parse("jörg..x@example.com"), Err(AddressError::LocalPartDots));
        assert_eq!(Address::parse("j\u{a0}x@example.com"), Err(AddressError::LocalPartCharacter('\u{a0}')));
        assert_eq!(Address::parse("j\u{202e}x@example.com"), Err(AddressError::LocalPartCharacter('\u{202e}')));
    }

    #[test]
    fn one_reader_whatever_the_case() {
        let a = Address::parse("Ann@Example.com").unwrap();
        let b = Address::parse("ann@example.COM").unwrap();
        assert_eq!(a.normal_form(), b.normal_form());
        let c = Address::parse("an.n@example.com").unwrap();
        assert_ne!(a.normal_form(), c.normal_form());
    }

    proptest! {
        #[test]
        fn whatever_is_taken_is_safe_on_the_wire(text in "\\PC{0,40}|[ -~\\r\\n\\t\u{0}]{0,40}@[a-zA-Z0-9.\\-ä]{0,20}\\.com") {
            if let Ok(address) = Address::parse(&text) {
                prop_assert!(address.as_str().bytes().all(|b| (0x20..0x7f).contains(&b)));
                prop_assert!(address.as_str().len() <= 254);
                prop_assert_eq!(Address::parse(address.as_str()).unwrap(), address);
            }
        }
    }
}
