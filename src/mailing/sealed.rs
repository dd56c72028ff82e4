//! What a sealed mailing keeps beside its recipients: what it is, and the sources it is set from.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

use super::{RECIPIENTS, SOURCES};
use crate::article::{Article, Variant};
use crate::diagnostic::{Diagnostic, Result, shown_path};
use crate::edition::{Attachment, Images, Sources, Theme, ThemeSettings};
use crate::ledger::Recipient;
use crate::message::Composer;
use crate::message::dkim::{SealedSigner, Signer};
use crate::publication::Publication;
use crate::subscribers::DEFAULT_LIST;
use crate::unsubscribe::{Key, Links, UnsubscribeSettings};

/// The version of the folder's form. In version 1 the tokens by which readers leave name no mailing; nothing else differs.
pub const FORMAT: u32 = 2;
/// The oldest form that is carried on.
const OLDEST: u32 = 1;

/// `mailing.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// The program that sealed it.
    pub letterpress: String,
    /// The mailing's id; message ids are derived from it.
    pub id: String,
    pub slug: String,
    pub title: String,
    /// When it was sealed: the `Date` of every copy.
    pub sealed_at: jiff::Timestamp,
    /// SHA-256 of the sources.
    pub digest: String,
    /// SHA-256 of the recipients.
    pub recipients_digest: String,
    pub recipients: Recipient,
    /// SHA-256 of the recipients as they were, while a person is being taken out of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier_digest: Option<String>,
    /// How many recipients were erased since it was sealed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub erased: u32,
    /// How many readers were left out, by reason.
    pub excluded: serde_json::Value,
    /// The list it was sealed from.
    #[serde(default = "default_list")]
    pub list: String,
    /// The segment it was sealed for, when there was one.
    pub segment: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

fn default_list() -> String {
    DEFAULT_LIST.to_owned()
}

impl Manifest {
    pub fn load(path: &Path) -> Result<Manifest> {
        let text = std::fs::read_to_string(path).map_err(|error| Diagnostic::io("read", path, &error))?;
        let manifest: Manifest = serde_json::from_str(&text).map_err(|error| unreadable(path, &error))?;
        if !(OLDEST..=FORMAT).contains(&manifest.format) {
            return Err(Diagnostic::error(format!(
                "{} has the form {}, which this version doesn't know",
                shown_path(path),
                manifest.format
            ))
            .help(format!("it was sealed by letterpress {}: use that or a newer one", manifest.letterpress)));
        }
        Ok(manifest)
    }

    /// Whether the tokens in its copies name the mailing.
    pub fn tokens_name_it(&self) -> bool {
        self.format >= 2
    }

    /// Makes sure that the sealed files in `folder` are what they were.
    pub(super) fn verify(&self, folder: &Path) -> Result<()> {
        verify(&folder.join(SOURCES), &self.digest)?;
        let recipients = folder.join(RECIPIENTS);
        match &self.earlier_digest {
            // A crash came between the manifest and the recipients: either of them is genuine.
            Some(earlier) => verify(&recipients, earlier).or_else(|_| verify(&recipients, &self.recipients_digest)),
            None => verify(&recipients, &self.recipients_digest),
        }
    }
}

/// `sources.json`: the article, theme and settings as they were when the mailing was sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SealedSources {
    pub publication: Publication,
    /// The article's file, as its author knows it, and its whole text.
    pub article_file: String,
    pub article: String,
    /// The same in other languages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<SealedVariant>,
    pub theme: Theme,
    pub settings: ThemeSettings,
    /// The other articles that it names, file and text each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stories: Vec<(String, String)>,
    pub unsubscribe: UnsubscribeSettings,
    /// The keys that sign every copy; the secret parts stay where they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dkim: Vec<SealedSigner>,
    /// The headers that relays know a repeated message by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repeat_headers: Vec<String>,
    pub images: Images,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    pub columns: Vec<String>,
}

/// The text of an article in another language than its main file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SealedVariant {
    pub language: String,
    pub file: String,
    pub text: String,
}

impl SealedSources {
    pub fn of(sources: &Sources, composer: &Composer) -> Self {
        SealedSources {
            publication: sources.publication.clone(),
            article_file: sources.article.file.clone(),
            article: sources.article.source.clone(),
            variants: sources.article.variants.iter().map(SealedVariant::of).collect(),
            theme: sources.theme.clone(),
            settings: sources.settings.clone(),
            stories: sources.stories.iter().map(|story| (story.file.clone(), story.source.clone())).collect(),
            unsubscribe: composer.links().settings().clone(),
            dkim: composer.signers().iter().map(Signer::sealed).collect(),
            repeat_headers: composer.repeat_headers().to_vec(),
            images: sources.images.clone(),
            attachments: sources.attachments.clone(),
            columns: sources.columns.clone(),
        }
    }

    /// As they are kept.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|error| Diagnostic::error(format!("the sources can't be sealed: {error}")))
    }

    pub fn load(path: &Path) -> Result<SealedSources> {
        let text = std::fs::read_to_string(path).map_err(|error| Diagnostic::io("read", path, &error))?;
        serde_json::from_str(&text).map_err(|error| unreadable(path, &error))
    }

    /// The ways to leave that were sealed, with the publication's key: message ids and links stay what they were.
    pub fn links(&self, key: Key) -> Links {
        Links::new(key, &self.publication.list_id, &self.unsubscribe)
    }

    /// The signers that were sealed, with their keys from the publication at `root`.
    ///
    /// # Errors
    /// A key that is gone or is another one now: the copies would not be the same octets.
    pub fn signers(&self, root: &Path) -> Result<Vec<Signer>> {
        self.dkim.iter().map(|signer| signer.open(root)).collect()
    }

    /// The article that was sealed, in all its languages.
    pub fn article(&self) -> Result<Article> {
        let texts = self.variants.iter().cloned().map(|SealedVariant { language, file, text }| (file, language, text));
        Article::parse(&self.article_file, self.article.clone())?.with_variants(texts)
    }

    /// The sources, ready to be set.
    pub fn into_sources(self) -> Result<Sources> {
        Ok(Sources {
            article: self.article()?,
            publication: self.publication,
            theme: self.theme,
            settings: self.settings,
            stories: self.stories.into_iter().map(|(file, text)| Article::parse(&file, text)).collect::<Result<_>>()?,
            images: self.images,
            attachments: self.attachments,
            columns: self.columns,
        })
    }
}

impl SealedVariant {
    fn of(variant: &Variant) -> Self {
        let Variant { tag, article } = variant;
        SealedVariant { language: tag.clone(), file: article.file.clone(), text: article.source.clone() }
    }
}

/// Makes sure that a sealed file is what it was: sending from a changed one would say something else, or to others.
fn verify(path: &Path, digest: &str) -> Result<()> {
    if digest_of(path)? == digest {
        return Ok(());
    }
    Err(Diagnostic::error(format!("{} was changed since it was sealed; nothing was sent", shown_path(path)))
        .help("restore it from a backup; a sealed mailing is not to be edited"))
}

/// The digest of a file as it is.
pub(super) fn digest_of(path: &Path) -> Result<String> {
    let mut file = File::open(path).map_err(|error| Diagnostic::io("read", path, &error))?;
    let mut context = digest::Context::new(&digest::SHA256);
    let mut chunk = vec![0; 1 << 16];
    loop {
        match file.read(&mut chunk).map_err(|error| Diagnostic::io("read", path, &error))? {
            0 => return Ok(hex(&context.finish())),
            n => context.update(&chunk[..n]),
        }
    }
}

/// A digest as it is written in `mailing.json`.
pub fn hex(digest: &digest::Digest) -> String {
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unreadable(path: &Path, error: &serde_json::Error) -> Diagnostic {
    Diagnostic::error(format!("{} can't be read: {error}", shown_path(path)))
        .help("restore it from a backup; a sealed mailing is not to be edited")
}
