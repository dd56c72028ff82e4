//! The images of an article: those beside it are read once, made as small as they are shown, freed of metadata, and travel
//! inside the message (RFC 2392 `cid:`) or are linked at the publication's assets address; remote ones must be https.
//!
//! `read` opens files safely, `strip` takes out what isn't shown, `fit` resizes, `elements` knows `<img>` in the author's own
//! HTML, `assets` writes what is to be uploaded.

pub mod assets;
pub mod elements;
mod fit;
mod mentions;
pub mod read;
mod strip;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::encoded::Encoded;
use crate::article::{Article, Images as Mode};
use crate::diagnostic::{Diagnostic, Place, Result};

pub use assets::Asset;
pub use mentions::without_alt;
use mentions::{Mention, mentions};
use read::{Wanted, read};

/// Larger files are refused: no camera writes them.
const LARGEST_FILE: u64 = 32 << 20;
/// What all embedded images may have together: with more, the readers' servers refuse the message.
const LARGEST_SUM: usize = 7 << 20;
/// Pixels of the largest picture that is decoded: what telephones take, with room.
const MOST_PIXELS: usize = 50_000_000;
const LONGEST_SIDE: usize = 20_000;
/// Pictures that are decoded at the same time; each may take 200 MB for a moment.
const AT_ONCE: usize = 2;

/// The kinds that every mail program shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Jpeg,
    Png,
    Gif,
}

impl Kind {
    fn of(bytes: &[u8]) -> Option<Kind> {
        match imagesize::image_type(bytes).ok()? {
            imagesize::ImageType::Jpeg => Some(Kind::Jpeg),
            imagesize::ImageType::Png => Some(Kind::Png),
            imagesize::ImageType::Gif => Some(Kind::Gif),
            _ => None,
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Kind::Jpeg => "image/jpeg",
            Kind::Png => "image/png",
            Kind::Gif => "image/gif",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Kind::Jpeg => "jpg",
            Kind::Png => "png",
            Kind::Gif => "gif",
        }
    }
}

/// An image that travels with the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InlineImage {
    /// Without its angle brackets; the same for the same bytes.
    pub content_id: String,
    pub media_type: String,
    pub file_name: String,
    /// As it stands in every copy.
    pub encoded: Encoded,
}

/// One image as the article names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// What stands in `src`.
    pub url: String,
    /// Width and height as shown, in CSS pixels, when known. The picture itself has up to twice as many.
    pub size: Option<(usize, usize)>,
    pub inline: Option<InlineImage>,
    /// The file to upload when it is linked. It isn't sealed: its name holds its digest, and the address is sealed.
    #[serde(skip)]
    pub asset: Option<Asset>,
}

/// The images of an article by the name that it uses.
pub type Images = BTreeMap<String, Image>;

/// Reads the images that an article names: in Markdown, in `<img>`, in shortcodes, as its lead picture. Names with merge
/// fields are links and are left alone. `column` is the width of the theme's text in CSS pixels.
///
/// # Errors
/// An image that is missing, too large, broken, of no known kind, outside the article's folder or not https.
pub fn load(article: &Article, assets_url: Option<&str>, column: usize) -> Result<Images> {
    let mut images = Images::new();
    let mut local: Vec<Mention> = Vec::new();
    for mention in mentions(article) {
        let name = &mention.name;
        if name.contains("://") || name.starts_with("//") {
            images.insert(name.clone(), remote(&mention)?);
        } else if let Some(known) = local.iter_mut().find(|known| known.name == *name) {
            known.width = known.width.zip(mention.width).map(|(one, other)| one.max(other));
        } else {
            local.push(mention);
        }
    }
    let base = assets_base(article, assets_url, local.first())?;
    let mut sum = 0;
    for some in local.chunks(AT_ONCE) {
        let made: Vec<Result<Made>> = std::thread::scope(|scope| {
            let threads: Vec<_> = some.iter().map(|mention| scope.spawn(|| make(article, mention, column))).collect();
            let broken = |mention: &Mention| Err(unreadable(mention, "it can't be decoded"));
            threads.into_iter().zip(some).map(|(thread, of)| thread.join().unwrap_or_else(|_| broken(of))).collect()
        });
        for (mention, made) in some.iter().zip(made) {
            let made = made?;
            sum += made.bytes.len();
            if sum > LARGEST_SUM && base.is_none() {
                let what = format!("the article's images have more than {} MB together", LARGEST_SUM >> 20);
                return Err(Diagnostic::error(what)
                    .at(mention.place.clone())
                    .help("leave some out, or link them with images = \"link\""));
            }
            images.insert(mention.name.clone(), placed(mention, &made, base.as_deref()));
        }
    }
    Ok(images)
}

/// The address below which linked images lie; nothing when they are embedded.
fn assets_base(article: &Article, assets_url: Option<&str>, first: Option<&Mention>) -> Result<Option<String>> {
    let Some(first) = first.filter(|_| article.images == Mode::Link) else { return Ok(None) };
    let base = assets_url.ok_or_else(|| {
        Diagnostic::error("`images = \"link\"` needs the address where the files lie")
            .at(first.place.clone())
            .help("set assets_url = \"https://…/{slug}\" in [publication], or use images = \"embed\"")
    })?;
    Ok(Some(base.replace("{slug}", &article.slug).trim_end_matches('/').to_owned()))
}

fn remote(mention: &Mention) -> Result<Image> {
    let url = &mention.name;
    if url.starts_with("https://") {
        return Ok(Image { url: url.to_owned(), size: None, inline: None, asset: None });
    }
    Err(Diagnostic::error(format!("the image `{url}` is not https"))
        .at(mention.place.clone())
        .help("mail programs show remote images only over https; or put the file beside the article and name it without an address"))
}

/// A local image, ready to be shown.
#[derive(Debug)]
struct Made {
    kind: Kind,
    bytes: Vec<u8>,
    /// As shown.
    size: (usize, usize),
}

fn make(article: &Article, mention: &Mention, column: usize) -> Result<Made> {
    let wanted = Wanted { what: "image", most: LARGEST_FILE, smaller: "make it smaller: 1200 pixels wide is plenty" };
    let bytes = read(article, &mention.name, wanted, &mention.place)?;
    let kind = Kind::of(&bytes).ok_or_else(|| {
        Diagnostic::error(format!("`{}` is no image that mail programs show", mention.name))
            .at(mention.place.clone())
            .help("use a JPEG, PNG or GIF file")
    })?;
    let size = imagesize::blob_size(&bytes).map_err(|_| unreadable(mention, "its size can't be read"))?;
    let (width, height) = (size.width, size.height);
    if width == 0 || height == 0 {
        return Err(unreadable(mention, "it has no width or no height"));
    }
    if width.max(height) > LONGEST_SIDE || width.saturating_mul(height) > MOST_PIXELS {
        let what = format!("`{}` has {width} × {height} pixels: too many to be read", mention.name);
        return Err(Diagnostic::error(what)
            .at(mention.place.clone())
            .help("make it smaller: 1200 pixels wide is plenty for mail"));
    }
    let stripped = strip::strip(kind, &bytes).ok_or_else(|| unreadable(mention, "it breaks off"))?;
    let shown = mention.width.unwrap_or(column).min(column).max(1);
    let fitted = fit::fit(kind, &bytes, stripped, shown * 2).map_err(|why| unreadable(mention, &why))?;
    let width = shown.min(fitted.width);
    let height = (fitted.height * width).div_ceil(fitted.width).max(1);
    Ok(Made { kind: fitted.kind, bytes: fitted.bytes, size: (width, height) })
}

fn unreadable(mention: &Mention, why: &str) -> Diagnostic {
    Diagnostic::error(format!("the image `{}` can't be used: {why}", mention.name))
        .at(mention.place.clone())
        .help("open it in an image editor and save it anew as JPEG, PNG or GIF")
}

/// Where the reader's mail program finds it.
fn placed(mention: &Mention, made: &Made, base: Option<&str>) -> Image {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &made.bytes);
    let hex: String = digest.as_ref().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let stem = assets::stem(&mention.name);
    let size = Some(made.size);
    if let Some(base) = base {
        let file_name = format!("{stem}-{}.{}", &hex[..12], made.kind.extension());
        let url = format!("{base}/{file_name}");
        return Image {
            url,
            size,
            inline: None,
            asset: Some(Asset { file_name, bytes: made.bytes.as_slice().into() }),
        };
    }
    let content_id = format!("{hex}@letterpress.invalid");
    let inline = InlineImage {
        content_id: content_id.clone(),
        media_type: made.kind.media_type().to_owned(),
        file_name: format!("{stem}.{}", made.kind.extension()),
        encoded: Encoded::of(&made.bytes),
    };
    Image { url: format!("cid:{content_id}"), size, inline: Some(inline), asset: None }
}

#[cfg(test)]
mod tests;
