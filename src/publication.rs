//! Who is writing: the newsletter as such. Its name, sender, postal address, list id and language, read from the
//! `[publication]` part of `letterpress.toml` and checked once; after that every field can go into a message as it is.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::diagnostic::is_unprintable;

/// A display name and an address: `Far & Near <letters@example.com>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    pub name: String,
    pub address: Address,
}

impl Mailbox {
    /// Reads `Name <address>`, `"Name" <address>` or a bare address (then the name is empty).
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
            Some((name, address)) => (name.trim(), address),
            None => ("", text),
        };
        let name = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(name);
        if let Some(c) = name.chars().find(|c| is_unprintable(*c) || *c == '\n' || *c == '\t') {
            return Err(format!("the name has the control character {c:?}"));
        }
        let address = Address::parse(address).map_err(|error| format!("`{address}` is no address: {error}"))?;
        Ok(Mailbox { name: name.to_owned(), address })
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() { write!(f, "{}", self.address) } else { write!(f, "{} <{}>", self.name, self.address) }
    }
}

/// How images come to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Images {
    /// Inside the message.
    #[default]
    Embed,
    /// From the publication's web site (`assets_url`).
    Link,
}

/// `[publication]` as it is written in `letterpress.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicationSettings {
    /// What the newsletter is called.
    pub name: String,
    /// The sender, `Name <address>`, at a domain of your own.
    pub from: String,
    /// Where replies go, when not to the sender.
    pub reply_to: Option<String>,
    /// Where refused mail comes back to (the envelope's reverse-path), when not to the sender.
    pub bounces: Option<String>,
    /// Your postal address, which the law wants in every copy.
    pub postal_address: String,
    /// A stable name of the list in a domain of yours (RFC 2919); made from the sender's domain when left out.
    pub list_id: Option<String>,
    /// The language most articles are in (BCP 47).
    #[serde(default = "default_language")]
    pub language: String,
    /// One line under the name.
    #[serde(default)]
    pub tagline: String,
    /// Why a reader gets this.
    pub reason: Option<String>,
    /// The publication's web site.
    pub url: Option<String>,
    /// Where an article can be read on the web; `{slug}` stands for its slug, `{language}` for the reader's language of it.
    pub web_url: Option<String>,
    /// How images come to the reader, where an article doesn't say it.
    #[serde(default)]
    pub images: Images,
    /// Where linked images lie; `{slug}` stands for the article's slug.
    pub assets_url: Option<String>,
}

fn default_language() -> String {
    "en".to_owned()
}

/// The newsletter, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    pub name: String,
    pub from: Mailbox,
    pub reply_to: Option<Mailbox>,
    pub bounces: Address,
    pub postal_address: String,
    /// The identifier without its angle brackets: `far-and-near.example.com`.
    pub list_id: String,
    pub language: String,
    pub tagline: String,
    pub reason: String,
    pub url: Option<String>,
    pub web_url: Option<String>,
    #[serde(default)]
    pub images: Images,
    pub assets_url: Option<String>,
}

/// What is wrong with one setting: its key, what is wrong, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingError {
    pub key: &'static str,
    pub message: String,
    pub help: String,
}

impl SettingError {
    pub fn new(key: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        SettingError { key, message: message.into(), help: help.into() }
    }
}

/// Mailbox providers whose DMARC policy makes receivers refuse bulk mail that others send in their name.
const FREEMAIL: [&str; 16] = [
    "gmail.com",
    "googlemail.com",
    "yahoo.com",
    "ymail.com",
    "aol.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "msn.com",
    "icloud.com",
    "me.com",
    "mac.com",
    "gmx.de",
    "gmx.net",
    "web.de",
    "proton.me",
];

impl Publication {
    /// Checks the settings and fills in what follows from others.
    ///
    /// # Errors
    /// The first setting that can't go into a message, with what to do about it.
    pub fn from_settings(settings: PublicationSettings) -> Result<Self, SettingError> {
        let name = one_line("name", &settings.name)?;
        let mut from = mailbox("from", &settings.from)?;
        if FREEMAIL.contains(&from.address.domain()) {
            return Err(SettingError::new(
                "from",
                format!("newsletters can't be sent in the name of {}", from.address.domain()),
                "receivers refuse bulk mail from free mail providers' domains (DMARC); use an address at a domain of your own",
            ));
        }
        if from.name.is_empty() {
            from.name.clone_from(&name);
        }
        let reply_to = settings.reply_to.as_deref().map(|text| mailbox("reply_to", text)).transpose()?;
        let bounces = match settings.bounces.as_deref() {
            Some(text) => mailbox("bounces", text)?.address,
            None => from.address.clone(),
        };
        // Written in several lines or in one, it stands in one line in the colophon.
        let lines = settings
            .postal_address
            .lines()
            .map(|line| line.trim().trim_end_matches(','))
            .filter(|line| !line.is_empty());
        let postal_address = lines.collect::<Vec<_>>().join(", ");
        if postal_address.is_empty() {
            return Err(SettingError::new(
                "postal_address",
                "it is empty",
                "the law wants a postal address in every copy",
            ));
        }
        let list_id = match &settings.list_id {
            Some(id) => checked_list_id(id)?,
            None => format!("{}.{}", label(&name), from.address.domain()),
        };
        for (key, url) in [("url", &settings.url), ("web_url", &settings.web_url), ("assets_url", &settings.assets_url)]
        {
            if let Some(url) = url {
                checked_url(key, url)?;
            }
        }
        let reason = settings.reason.unwrap_or_else(|| format!("You get this because you subscribed to {name}."));
        Ok(Publication {
            name,
            from,
            reply_to,
            bounces,
            postal_address,
            list_id,
            language: checked_language(&settings.language)?,
            tagline: if settings.tagline.is_empty() { String::new() } else { one_line("tagline", &settings.tagline)? },
            reason: one_line("reason", &reason)?,
            url: settings.url,
            web_url: settings.web_url,
            images: settings.images,
            assets_url: settings.assets_url,
        })
    }
}

fn mailbox(key: &'static str, text: &str) -> Result<Mailbox, SettingError> {
    Mailbox::parse(text)
        .map_err(|message| SettingError::new(key, message, "write it as `Name <address@your-domain.org>`"))
}

fn one_line(key: &'static str, text: &str) -> Result<String, SettingError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(SettingError::new(key, "it is empty", "write it in one line"));
    }
    if let Some(c) = text.chars().find(|c| is_unprintable(*c) || *c == '\n' || *c == '\t') {
        return Err(SettingError::new(key, format!("it has the control character {c:?}"), "write it in one line"));
    }
    Ok(text.to_owned())
}

/// RFC 2919 section 2: a name in a domain, at most 255 octets.
fn checked_list_id(id: &str) -> Result<String, SettingError> {
    let id = id.trim().trim_start_matches('<').trim_end_matches('>');
    let labels_ok = id
        .split('.')
        .all(|label| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
    if !labels_ok || !id.contains('.') || id.len() > 255 {
        return Err(SettingError::new(
            "list_id",
            format!("`{id}` is no list id"),
            "write letters, digits and dots, as in `weekly.example.com`",
        ));
    }
    Ok(id.to_ascii_lowercase())
}

fn checked_language(language: &str) -> Result<String, SettingError> {
    if is_language_tag(language) {
        Ok(language.to_owned())
    } else {
        Err(SettingError::new(
            "language",
            format!("`{language}` is no language tag"),
            "write it as in `en`, `de` or `pt-BR`",
        ))
    }
}

/// Whether a text has the form of a language tag (BCP 47): `en`, `de-CH`, `sr-Latn-RS`.
pub fn is_language_tag(language: &str) -> bool {
    language.split('-').enumerate().all(|(n, part)| {
        (1..=8).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_alphanumeric())
            && (n > 0 || (2..=3).contains(&part.len()))
    })
}

/// A link that goes into mail: absolute https, without spaces.
fn checked_url(key: &'static str, url: &str) -> Result<(), SettingError> {
    let rest = url.strip_prefix("https://").unwrap_or_default();
    if rest.is_empty()
        || rest.starts_with('/')
        || !url.is_ascii()
        || url.bytes().any(|b| b <= b' ' || b"\"<>\\".contains(&b))
    {
        return Err(SettingError::new(
            key,
            format!("`{url}` can't go into mail"),
            "links in mail are absolute and https, as in `https://example.com/letters/{slug}`",
        ));
    }
    Ok(())
}

/// A name as one label of a domain: letters and digits, the rest as single hyphens.
fn label(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => out.push(c),
            _ if !out.is_empty() && !out.ends_with('-') => out.push('-'),
            _ => {}
        }
    }
    let label = out.trim_end_matches('-');
    let label = &label[..label.len().min(63)];
    if label.is_empty() { "list".to_owned() } else { label.trim_end_matches('-').to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> PublicationSettings {
        toml::from_str("name = 'Far & Near'\nfrom = 'letters@example.com'\npostal_address = '1 High Street, Anytown'")
            .unwrap()
    }

    #[test]
    fn what_is_left_out_follows_from_the_rest() {
        let publication = Publication::from_settings(settings()).unwrap();
        assert_eq!(publication.list_id, "far-near.example.com");
        assert_eq!(publication.from.name, "Far & Near");
        assert_eq!(publication.bounces.as_str(), "letters@example.com");
    }

    #[test]
    fn senders_at_free_mail_providers_are_refused() {
        let error =
            Publication::from_settings(PublicationSettings { from: "me@gmail.com".into(), ..settings() }).unwrap_err();
        assert_eq!(error.key, "from");
        assert!(error.help.contains("DMARC"));
    }

    #[test]
    fn settings_cannot_carry_header_lines() {
        for text in ["A\r\nBcc: x@example.org", "A\u{202e}B", "A\0"] {
            assert!(
                Publication::from_settings(PublicationSettings { name: text.into(), ..settings() }).is_err(),
                "{text:?}"
            );
            assert!(Mailbox::parse(&format!("{text} <a@example.com>")).is_err(), "{text:?}");
        }
        assert!(
            Publication::from_settings(PublicationSettings { url: Some("http://example.com".into()), ..settings() })
                .is_err()
        );
    }

    #[test]
    fn mailboxes_are_read_with_and_without_a_name() {
        assert_eq!(Mailbox::parse("\"Far & Near\" <a@example.com>").unwrap().name, "Far & Near");
        assert_eq!(Mailbox::parse("a@example.com").unwrap().name, "");
        assert!(Mailbox::parse("Ann").is_err());
    }
}
