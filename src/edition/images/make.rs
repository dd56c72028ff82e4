//! One file made ready to be shown: read, recognised by what it holds, measured before it is decoded, stripped and fitted.

use super::read::{self, read};
use super::{Diagnostic, Kind, Result, Wanted, fit, strip};

/// Larger files are refused: no camera writes them.
const LARGEST_FILE: u64 = 32 << 20;
/// Pixels of the largest picture that is decoded: what telephones take, with room.
pub(super) const MOST_PIXELS: usize = 50_000_000;
pub(super) const LONGEST_SIDE: usize = 20_000;

/// A local image, ready to be shown.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) kind: Kind,
    pub(super) bytes: Vec<u8>,
    /// As it was, upright.
    width: usize,
    height: usize,
}

impl Made {
    /// Width and height as shown where there is room for so many pixels: never enlarged.
    pub(super) fn shown_at(&self, most: usize) -> (usize, usize) {
        let width = most.min(self.width).max(1);
        (width, (self.height * width + self.width / 2).checked_div(self.width).unwrap_or(1).max(1))
    }
}

/// Reads and fits a file. The header's word about the size is looked at before anything is decoded.
pub(super) fn make(wanted: &Wanted<'_>) -> Result<Made> {
    let file =
        read::Wanted { what: "image", most: LARGEST_FILE, smaller: "make it smaller: 1200 pixels wide is plenty" };
    let bytes = read(wanted.article, &wanted.file, file, &wanted.place)?;
    let kind = Kind::of(&bytes).ok_or_else(|| no_image(wanted, &bytes))?;
    let size = imagesize::blob_size(&bytes).map_err(|_| unreadable(wanted, "its size can't be read"))?;
    let (width, height) = (size.width, size.height);
    if width == 0 || height == 0 {
        return Err(unreadable(wanted, "it has no width or no height"));
    }
    if width.max(height) > LONGEST_SIDE || width.saturating_mul(height) > MOST_PIXELS {
        let what = format!("`{}` has {width} × {height} pixels: too many to be read", wanted.file);
        return Err(Diagnostic::error(what)
            .at(wanted.place.clone())
            .help("make it smaller: 1200 pixels wide is plenty for mail"));
    }
    let stripped = strip::strip(kind, &bytes).ok_or_else(|| unreadable(wanted, "it breaks off"))?;
    let widest = wanted.shown.values().max().copied().unwrap_or(1).max(1);
    let fitted = fit::fit(kind, &bytes, stripped, widest * 2).map_err(|why| unreadable(wanted, &why))?;
    Ok(Made { kind: fitted.kind, bytes: fitted.bytes, width: fitted.width, height: fitted.height })
}

/// A file of another kind. Those that people try are told what to do with them.
fn no_image(wanted: &Wanted<'_>, bytes: &[u8]) -> Diagnostic {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]).to_ascii_lowercase();
    let error = Diagnostic::error(format!("`{}` is no image that mail programs show", wanted.file));
    let error = error.at(wanted.place.clone());
    if start.contains("<svg") {
        return error.help("most mail programs show no SVG: export it as PNG, twice as wide as it is shown");
    }
    match imagesize::image_type(bytes) {
        Ok(imagesize::ImageType::Webp | imagesize::ImageType::Heif(_) | imagesize::ImageType::Jxl) => {
            error.help("Outlook and others don't show this kind: save it anew as JPEG or PNG")
        }
        _ => error.help("use a JPEG, PNG or GIF file"),
    }
}

pub(super) fn unreadable(wanted: &Wanted<'_>, why: &str) -> Diagnostic {
    Diagnostic::error(format!("the image `{}` can't be used: {why}", wanted.file))
        .at(wanted.place.clone())
        .help("open it in an image editor and save it anew as JPEG, PNG or GIF")
}
