//! `[dkim]` in `letterpress.toml`, or several `[[dkim]]`: which keys sign, and where their public halves are published.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::address::Address;
use crate::publication::SettingError;

/// All keys that sign, in the order of their signatures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DkimSettings {
    pub keys: Vec<KeySettings>,
}

/// One key that signs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySettings {
    /// The name of the key in the DNS: its record is `SELECTOR._domainkey.DOMAIN`.
    pub selector: String,
    /// Where the private key lies; `keys/dkim-SELECTOR.pem` when left out.
    pub key_file: Option<String>,
    /// The domain that signs; the sender's when left out.
    pub domain: Option<String>,
}

impl<'de> Deserialize<'de> for DkimSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMany)
    }
}

/// Takes a table and an array of tables alike, and keeps the place of what is wrong inside.
struct OneOrMany;

impl<'de> Visitor<'de> for OneOrMany {
    type Value = DkimSettings;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table [dkim], or several [[dkim]]")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<DkimSettings, A::Error> {
        Ok(DkimSettings { keys: vec![KeySettings::deserialize(MapAccessDeserializer::new(map))?] })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<DkimSettings, A::Error> {
        Ok(DkimSettings { keys: Vec::deserialize(SeqAccessDeserializer::new(seq))? })
    }
}

impl DkimSettings {
    /// Checks the settings. `from` is the sender's domain.
    ///
    /// # Errors
    /// The number of the table, from 0, and the setting in it that is wrong.
    pub fn check(&self, from: &str) -> Result<(), (usize, SettingError)> {
        let mut seen: Vec<(&str, String)> = Vec::new();
        for (n, key) in self.keys.iter().enumerate() {
            check_selector(&key.selector).map_err(|error| (n, error))?;
            if key.key_file.as_ref().is_some_and(String::is_empty) {
                return Err((n, SettingError::new("key_file", "it is empty", "name a PEM file, or leave the key out")));
            }
            let name = (key.selector.as_str(), key.domain(from).map_err(|error| (n, error))?);
            if seen.iter().any(|(selector, domain)| selector.eq_ignore_ascii_case(name.0) && *domain == name.1) {
                let error = SettingError::new(
                    "selector",
                    format!("`{}` is there twice", key.selector),
                    "each key has a selector of its own",
                );
                return Err((n, error));
            }
            seen.push(name);
        }
        Ok(())
    }
}

impl KeySettings {
    /// The settings of a key that is found where keys are looked for.
    pub fn of_selector(selector: &str) -> KeySettings {
        KeySettings { selector: selector.to_owned(), key_file: None, domain: None }
    }

    /// The private key's file, relative to the publication.
    pub fn key_file(&self) -> String {
        self.key_file.clone().unwrap_or_else(|| format!("keys/dkim-{}.pem", self.selector))
    }

    /// The domain that signs: the sender's, or one above it, or else DMARC would not take the signature as the sender's.
    pub fn domain(&self, from: &str) -> Result<String, SettingError> {
        let Some(written) = &self.domain else { return Ok(from.to_owned()) };
        let wrong = |message| {
            let help = format!("write {from}, or a domain of yours above it");
            SettingError::new("domain", message, help)
        };
        // An address is where a domain is checked and brought into its form on the wire.
        let domain = Address::parse(&format!("x@{written}"))
            .map_err(|error| wrong(format!("`{written}` is no domain: {error}")))?
            .domain()
            .to_owned();
        let is_above = from.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        if is_above { Ok(domain) } else { Err(wrong(format!("`{written}` is not the sender's domain, {from}"))) }
    }
}

/// RFC 6376 section 3.1: labels of letters, digits and hyphens, with dots between them.
pub fn check_selector(selector: &str) -> Result<(), SettingError> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if selector.len() <= 100 && selector.split('.').all(is_label) {
        return Ok(());
    }
    let message = format!("`{selector}` is no selector");
    Err(SettingError::new("selector", message, "write letters, digits and hyphens, as in `letters-2026`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct File {
        dkim: DkimSettings,
    }

    fn keys(text: &str) -> Vec<KeySettings> {
        toml::from_str::<File>(text).unwrap().dkim.keys
    }

    fn wrong(text: &str) -> (usize, &'static str, String) {
        let (n, error) = toml::from_str::<File>(text).unwrap().dkim.check("news.example.com").unwrap_err();
        (n, error.key, error.message)
    }

    #[test]
    fn one_table_and_several_are_read() {
        assert_eq!(keys("[dkim]\nselector = 'a'"), [KeySettings::of_selector("a")]);
        let two =
            keys("[[dkim]]\nselector = 'a'\n[[dkim]]\nselector = 'b'\nkey_file = 'k.pem'\ndomain = 'example.com'");
        assert_eq!((two[0].key_file().as_str(), two[1].key_file().as_str()), ("keys/dkim-a.pem", "k.pem"));
        assert_eq!(two[1].domain("news.example.com").unwrap(), "example.com");
        assert_eq!(two[0].domain("news.example.com").unwrap(), "news.example.com");
        assert!(keys("dkim = []").is_empty());
    }

    #[test]
    fn what_is_wrong_is_found_where_it_stands() {
        for text in ["[dkim]\nselektor = 'a'", "[[dkim]]\nselector = 'a'\nselektor = 'b'"] {
            let error = toml::from_str::<File>(text).unwrap_err();
            assert!(error.message().contains("unknown field `selektor`"), "{error}");
            assert_eq!(&text[error.span().unwrap()], "selektor");
        }
        assert!(toml::from_str::<File>("dkim = 'a'").unwrap_err().message().contains("a table [dkim]"));
        for selector in ["", "a b", "-a", "a-", "a..b", "a/b", "../x", "ü", &"a".repeat(64)] {
            assert_eq!(wrong(&format!("[dkim]\nselector = '{selector}'")).1, "selector", "{selector}");
        }
        assert_eq!(wrong("[[dkim]]\nselector='a'\n[[dkim]]\nselector='A'\ndomain='NEWS.example.com'").0, 1);
        assert_eq!(wrong("[dkim]\nselector='a'\nkey_file=''").1, "key_file");
    }

    #[test]
    fn only_the_senders_domain_or_one_above_it_signs() {
        let domain = |text: &str| {
            KeySettings { domain: Some(text.into()), ..KeySettings::of_selector("a") }.domain("news.example.com").ok()
        };
        assert_eq!(domain("Example.COM").as_deref(), Some("example.com"));
        assert_eq!(domain("news.example.com").as_deref(), Some("news.example.com"));
        for other in ["example.org", "com", "ample.com", "a.news.example.com", "", "example.com; s=x", "a@example.com"]
        {
            assert_eq!(domain(other), None, "{other}");
        }
    }
}
