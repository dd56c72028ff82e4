//! The files of a dry run: per reader `.eml`, `.html` and `.txt`, the MJML, `report.json` and the proof page.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::address::Address;
use crate::diagnostic::{Diagnostic, Result};
use crate::durable::{self, Privacy};
use crate::edition::images::assets;
use crate::edition::quoted_printable::decode;
use crate::edition::{Edition, Fields, Images, Reader, Scratch};
use crate::mailing::Press;
use crate::message::Message;
use crate::subscribers::Subscriber;

/// One copy, decoded for looking at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proofed {
    pub message: Message,
    pub subject: String,
    pub preheader: String,
    /// The HTML part as it is sent.
    pub html: String,
    /// The HTML part as a browser shows it from a file: images stand in it as data.
    pub page: String,
    pub text: String,
    pub unsubscribe_url: String,
    /// The MJML of the reader's edition.
    pub mjml: String,
}

/// A copy's two parts, decoded as a mail program decodes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    pub html: String,
    pub text: String,
}

impl Parts {
    fn of(edition: &Edition, reader: Reader<'_>) -> Parts {
        let mut scratch = Scratch::default();
        let mut part = Vec::new();
        edition.text.strike_into(reader, &mut scratch, &mut part);
        let text = decode(&part);
        part.clear();
        edition.html.strike_into(reader, &mut scratch, &mut part);
        Parts { html: decode(&part), text }
    }
}

/// The parts of a reader's copy.
pub fn decode_parts(press: &mut Press, address: &Address, fields: &dyn Fields) -> Result<Parts> {
    let edition = press.edition(fields)?;
    let unsubscribe_url = press.composer().unsubscribe_url(address);
    Ok(Parts::of(&edition, Reader { fields, unsubscribe_url: &unsubscribe_url }))
}

/// Strikes a reader's copy and decodes it.
pub fn decode_copy(press: &mut Press, reader: &Subscriber) -> Result<Proofed> {
    let edition = press.edition(reader)?;
    let mut message = Message::empty(&reader.address);
    press.strike(&reader.address, reader, &mut message)?;
    let unsubscribe_url = press.composer().unsubscribe_url(&reader.address);
    let given = Reader { fields: reader, unsubscribe_url: &unsubscribe_url };
    let Parts { html, text } = Parts::of(&edition, given);
    let page = with_images(&html, &edition, &press.templates().sources().images);
    let (subject, preheader) = (edition.subject.line(given), edition.preheader.line(given));
    let (subject, preheader) = (subject.into_owned(), preheader.into_owned());
    Ok(Proofed { message, subject, preheader, html, page, text, mjml: edition.mjml.clone(), unsubscribe_url })
}

/// The page with its pictures in it: those that travel with the message, and those that are not yet uploaded.
fn with_images(html: &str, edition: &Edition, images: &Images) -> String {
    let page = edition.images.iter().fold(html.to_owned(), |html, image| {
        let data: String = image.encoded.split_whitespace().collect();
        html.replace(&format!("cid:{}", image.content_id), &format!("data:{};base64,{data}", image.media_type))
    });
    assets::of(images).into_iter().filter(|(_, url)| html.contains(*url)).fold(page, |page, (asset, url)| {
        page.replace(url, &format!("data:{};base64,{}", asset.media_type, STANDARD.encode(&*asset.bytes)))
    })
}

/// The folder of one article's preview.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder anew. Only what an earlier dry run wrote there is removed.
    ///
    /// # Errors
    /// A folder of that name that isn't ours, or one that can't be written.
    pub fn create(preview: &Path, slug: &str) -> Result<Folder> {
        let path = preview.join(slug);
        if path.exists() {
            let is_ours =
                path.join(REPORT).is_file() || fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_none());
            if !is_ours {
                return Err(Diagnostic::error(format!("{} exists and is no preview of ours", path.display()))
                    .help("move it away"));
            }
            fs::remove_dir_all(&path).map_err(|error| Diagnostic::io("empty", &path, &error))?;
        }
        durable::create_folder(&path, Privacy::Private)?;
        let folder = Folder { path };
        // Written first, so that a preview broken off halfway is known as ours.
        folder.write(REPORT, b"{}")?;
        Ok(folder)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes one copy's files and returns their common name.
    pub fn copy(&self, number: usize, proof: &Proofed) -> Result<String> {
        let safe =
            |c: char| if c.is_ascii_alphanumeric() || matches!(c, '@' | '.' | '-' | '_' | '+') { c } else { '_' };
        let address: String = proof.message.envelope.forward_path.as_str().chars().map(safe).take(80).collect();
        let stem = format!("{number:03}-{address}");
        self.write(&format!("{stem}.eml"), &proof.message.bytes)?;
        self.write(&format!("{stem}.html"), proof.page.as_bytes())?;
        self.write(&format!("{stem}.txt"), proof.text.as_bytes())?;
        Ok(stem)
    }

    /// The MJML of an edition, numbered from 1.
    pub fn mjml(&self, number: usize, mjml: &str) -> Result<()> {
        let name = if number == 1 { "article.mjml".to_owned() } else { format!("article-{number}.mjml") };
        self.write(&name, mjml.as_bytes())
    }

    pub fn report(&self, report: &impl Serialize) -> Result<()> {
        let text = serde_json::to_vec_pretty(report)
            .map_err(|error| Diagnostic::error(format!("the report can't be written: {error}")))?;
        self.write(REPORT, &text)
    }

    pub fn page(&self, html: &str) -> Result<()> {
        self.write(PAGE, html.as_bytes())
    }

    /// Where the proof page is.
    pub fn page_path(&self) -> PathBuf {
        self.path.join(PAGE)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path.join(name);
        fs::write(&path, bytes).map_err(|error| Diagnostic::io("write", &path, &error))
    }
}

const REPORT: &str = "report.json";
const PAGE: &str = "index.html";
