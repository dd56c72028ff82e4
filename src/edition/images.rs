//! The images of an article: those beside it are read once and travel inside the message (RFC 2392 `cid:`), or are linked
//! at the publication's assets address; remote ones must be https.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pulldown_cmark::{Event, Parser, Tag};
use serde::{Deserialize, Serialize};

use super::markdown;
use super::shortcode::calls::image_files;
use crate::article::{Article, Images as Mode};
use crate::diagnostic::{Diagnostic, Place, Result, shown_path};

/// Larger files are refused: a message with them would be refused by the readers' servers.
const LARGEST: u64 = 10 * 1024 * 1024;

/// An image that travels with the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InlineImage {
    /// Without its angle brackets; the same for the same bytes.
    pub content_id: String,
    pub media_type: String,
    pub file_name: String,
    /// Base64 in lines of 76 with CRLF, as it stands in every copy.
    pub encoded: String,
}

/// Base64 in lines of 76 (RFC 2045 section 6.8).
fn base64_lines(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let mut out = String::with_capacity(text.len() + text.len() / 38 + 2);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(76));
        out.push_str(line);
        out.push_str("\r\n");
        rest = after;
    }
    out
}

/// One image as the article names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// What stands in `src`.
    pub url: String,
    /// Width and height in pixels, when known.
    pub size: Option<(usize, usize)>,
    pub inline: Option<InlineImage>,
}

/// The images of an article by the name that its Markdown uses.
pub type Images = BTreeMap<String, Image>;

/// Reads the images that the article's Markdown names. Names with merge fields are links and are left alone.
///
/// # Errors
/// An image that is missing, too large, of no known kind, outside the article's folder or not https.
pub fn load(article: &Article, assets_url: Option<&str>) -> Result<Images> {
    let body = &article.source[article.body.clone()];
    let mut images = Images::new();
    let named =
        Parser::new_ext(body, markdown::options()).into_offset_iter().filter_map(|(event, range)| match event {
            Event::Start(Tag::Image { dest_url, .. }) => Some((dest_url.to_string(), range)),
            _ => None,
        });
    for (name, range) in named.chain(image_files(body)) {
        if name.contains("{{") || images.contains_key(&name) {
            continue;
        }
        let place = || {
            Place::span(
                &*article.file,
                &article.source,
                article.body.start + range.start..article.body.start + range.end,
            )
        };
        let image = if name.contains("://") || name.starts_with("//") {
            remote(&name, place)?
        } else {
            local(article, &name, assets_url, place)?
        };
        images.insert(name, image);
    }
    Ok(images)
}

fn remote(url: &str, place: impl Fn() -> Place) -> Result<Image> {
    if url.starts_with("https://") {
        return Ok(Image { url: url.to_owned(), size: None, inline: None });
    }
    Err(Diagnostic::error(format!("the image `{url}` is not https"))
        .at(place())
        .help("mail programs show remote images only over https; or put the file beside the article and name it without an address"))
}

fn local(article: &Article, name: &str, assets_url: Option<&str>, place: impl Fn() -> Place) -> Result<Image> {
    let relative = Path::new(name);
    if relative.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(Diagnostic::error(format!("the image `{name}` is outside the article's folder"))
            .at(place())
            .help("put it beside the article and name it without `..` or a leading `/`"));
    }
    let path = article.folder.join(relative);
    let bytes = read_bounded(&path).map_err(|error| error.at(place()))?;
    let unknown = || {
        Diagnostic::error(format!("`{name}` is no image that mail programs show"))
            .at(place())
            .help("use a JPEG, PNG or GIF file")
    };
    let media_type = match imagesize::image_type(&bytes).map_err(|_| unknown())? {
        imagesize::ImageType::Jpeg => "image/jpeg",
        imagesize::ImageType::Png => "image/png",
        imagesize::ImageType::Gif => "image/gif",
        _ => return Err(unknown()),
    };
    let size = imagesize::blob_size(&bytes).ok().map(|size| (size.width, size.height));
    let file_name = relative.file_name().and_then(|name| name.to_str()).unwrap_or("image").to_owned();
    if article.images == Mode::Link {
        let base = assets_url.ok_or_else(|| {
            Diagnostic::error("`images = \"link\"` needs the address where the files lie")
                .at(place())
                .help("set assets_url = \"https://…/{slug}\" in [publication], or use images = \"embed\"")
        })?;
        let base = base.replace("{slug}", &article.slug);
        let url =
            format!("{}/{}", base.trim_end_matches('/'), super::escape::encode_url(name.trim_start_matches("./")));
        return Ok(Image { url, size, inline: None });
    }
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
    let hex: String = digest.as_ref().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let content_id = format!("{hex}@letterpress.invalid");
    let inline = InlineImage {
        content_id: content_id.clone(),
        media_type: media_type.to_owned(),
        file_name,
        encoded: base64_lines(&bytes),
    };
    Ok(Image { url: format!("cid:{content_id}"), size, inline: Some(inline) })
}

fn read_bounded(path: &Path) -> Result<Vec<u8>> {
    let metadata = std::fs::metadata(path).map_err(|error| Diagnostic::io("read the image", path, &error))?;
    if !metadata.is_file() {
        return Err(Diagnostic::error(format!("{} is no file", shown_path(path))).help("name an image file"));
    }
    if metadata.len() > LARGEST {
        return Err(Diagnostic::error(format!("{} has {} MB", shown_path(path), metadata.len() / 1_048_576))
            .help("make it smaller: 1200 pixels wide is plenty for mail"));
    }
    std::fs::read(path).map_err(|error| Diagnostic::io("read the image", path, &error))
}
