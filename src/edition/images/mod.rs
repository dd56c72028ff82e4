//! The images of an article: those beside it are read once, made as small as they are shown, freed of metadata, and travel
//! inside the message (RFC 2392 `cid:`) or are linked at the publication's assets address; remote ones must be https.
//!
//! `mentions` finds what an article names, `read` opens files safely, `make` readies them with `strip`, which takes out what
//! isn't shown, and `fit`, which resizes. `elements` knows `<img>` in HTML, `assets` writes what is to be uploaded.

pub mod assets;
#[cfg_attr(not(feature = "images"), expect(dead_code, reason = "without that feature files are only stripped"))]
mod colours;
pub mod elements;
mod fit;
mod lead;
mod make;
mod mentions;
pub mod read;
mod strip;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::attachments::{MOST, megabytes};
use super::encoded::Encoded;
use super::theme::Page;
use crate::article::{Article, Images as Mode};
use crate::diagnostic::{Diagnostic, Place, Result};
use crate::publication::Publication;

pub use assets::Asset;
pub use lead::{lead_value, unshown};
use make::{Made, make, unreadable};
pub use mentions::without_alt;
use mentions::{Mention, lead, mentions};

/// Above this all embedded images together are worth a word.
const HEAVY: usize = 2 << 20;
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

/// The name of an article's lead picture among its images. No file is called so: what begins with `//` is an address.
pub const LEAD: &str = "//lead";

/// The name of another article's lead picture.
pub fn of_story(slug: &str) -> String {
    format!("//story/{slug}")
}

/// Reads the images of an article and its stories: those named in Markdown, in `<img>`, in shortcodes, and the lead pictures.
/// Names with merge fields are links and are left alone.
///
/// # Errors
/// An image that is missing, too large, broken, of no known kind, outside the article's folder or not https.
pub fn load(article: &Article, stories: &[Article], publication: &Publication, page: Page) -> Result<Images> {
    let mut images = Images::new();
    let mut wanted: Vec<Wanted<'_>> = Vec::new();
    // Languages of an article lie in one folder: the same name is the same image.
    for article in article.in_all_languages() {
        for mention in mentions(article) {
            want(&mut wanted, &mut images, article, mention, page.column)?;
        }
    }
    if let Some(mention) = lead(article, LEAD) {
        want(&mut wanted, &mut images, article, mention, page.width)?;
    }
    for story in stories {
        if let Some(mention) = lead(story, &of_story(&story.slug)) {
            want(&mut wanted, &mut images, story, mention, page.width / 2)?;
        }
    }
    let base = assets_base(article, publication, wanted.first())?;
    let mut sum = 0;
    for some in wanted.chunks(AT_ONCE) {
        for (wanted, made) in some.iter().zip(make_all(some)) {
            let made = made?;
            sum += made.bytes.len();
            if sum > MOST && base.is_none() {
                let what = format!("the article's images have more than {} MB together", MOST >> 20);
                return Err(Diagnostic::error(what)
                    .at(wanted.place.clone())
                    .help("leave some out, or link them with images = \"link\""));
            }
            let image = placed(wanted, &made, base.as_deref());
            for (key, shown) in &wanted.shown {
                images.insert(key.clone(), Image { size: Some(made.shown_at(*shown)), ..image.clone() });
            }
        }
    }
    Ok(images)
}

/// A warning for embedded images that are heavy: each reader gets them.
pub fn heavy(article: &Article, images: &Images) -> Option<Diagnostic> {
    let sizes: BTreeMap<&str, usize> = images
        .values()
        .filter_map(|image| image.inline.as_ref())
        .map(|inline| (inline.content_id.as_str(), inline.encoded.decoded_len()))
        .collect();
    let sum: usize = sizes.values().sum();
    let warning = || {
        Diagnostic::warning(format!("the images have {} MB together, which every reader gets", megabytes(sum)))
            .at(Place::file(&*article.file))
            .help("leave some out, or link them with images = \"link\"; a GIF stays as large as it is")
    };
    (sum > HEAVY).then(warning)
}

/// A file, and what it is wanted for.
#[derive(Debug)]
struct Wanted<'a> {
    article: &'a Article,
    file: String,
    place: Place,
    /// Under which names it is looked up, and how wide it is shown then.
    shown: BTreeMap<String, usize>,
}

/// Notes what a mention asks for; remote images need nothing more.
fn want<'a>(
    wanted: &mut Vec<Wanted<'a>>,
    images: &mut Images,
    article: &'a Article,
    mention: Mention,
    widest: usize,
) -> Result<()> {
    let Mention { key, file, place, width } = mention;
    if file.contains("://") || file.starts_with("//") {
        images.insert(key, remote(&file, &place)?);
        return Ok(());
    }
    let shown = width.unwrap_or(widest).min(widest);
    let known = wanted.iter_mut().find(|known| known.file == file && known.article.folder == article.folder);
    match known {
        Some(known) => {
            let widest = known.shown.entry(key).or_insert(shown);
            *widest = shown.max(*widest);
        }
        None => wanted.push(Wanted { article, file, place, shown: BTreeMap::from([(key, shown)]) }),
    }
    Ok(())
}

/// Makes several images at once.
fn make_all(some: &[Wanted<'_>]) -> Vec<Result<Made>> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = some.iter().map(|wanted| scope.spawn(|| make(wanted))).collect();
        let broken = |wanted: &Wanted<'_>| Err(unreadable(wanted, "it can't be decoded"));
        threads.into_iter().zip(some).map(|(thread, of)| thread.join().unwrap_or_else(|_| broken(of))).collect()
    })
}

/// The address below which linked images lie; nothing when they are embedded.
fn assets_base(article: &Article, publication: &Publication, first: Option<&Wanted<'_>>) -> Result<Option<String>> {
    let Some(first) = first.filter(|_| article.images.unwrap_or(publication.images) == Mode::Link) else {
        return Ok(None);
    };
    let base = publication.assets_url.as_ref().ok_or_else(|| {
        Diagnostic::error("`images = \"link\"` needs the address where the files lie")
            .at(first.place.clone())
            .help("set assets_url = \"https://…/{slug}\" in [publication], or use images = \"embed\"")
    })?;
    Ok(Some(base.replace("{slug}", &article.slug).trim_end_matches('/').to_owned()))
}

fn remote(url: &str, place: &Place) -> Result<Image> {
    if url.starts_with("https://") {
        return Ok(Image { url: url.to_owned(), size: None, inline: None, asset: None });
    }
    Err(Diagnostic::error(format!("the image `{url}` is not https"))
        .at(place.clone())
        .help("mail programs show remote images only over https; or put the file beside the article and name it without an address"))
}

/// Where the reader's mail program finds it.
fn placed(wanted: &Wanted<'_>, made: &Made, base: Option<&str>) -> Image {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &made.bytes);
    let hex: String = digest.as_ref().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let stem = assets::stem(&wanted.file);
    if let Some(base) = base {
        let file_name = format!("{stem}-{hex}.{}", made.kind.extension());
        let url = format!("{base}/{file_name}");
        return Image {
            url,
            size: None,
            inline: None,
            asset: Some(Asset { file_name, media_type: made.kind.media_type(), bytes: made.bytes.as_slice().into() }),
        };
    }
    let content_id = format!("{hex}@letterpress.invalid");
    let inline = InlineImage {
        content_id: content_id.clone(),
        media_type: made.kind.media_type().to_owned(),
        file_name: format!("{stem}.{}", made.kind.extension()),
        encoded: Encoded::of(&made.bytes),
    };
    Image { url: format!("cid:{content_id}"), size: None, inline: Some(inline), asset: None }
}
