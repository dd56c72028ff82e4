//! Makes a picture as small as it is shown. Turned upright, resized to the pixels wanted, and written anew where that is
//! smaller; the file it was, stripped, wherever that is the better one. The same bytes in give the same bytes out.
//!
//! Pixels are kept as they are; a colour profile that describes them (Display P3, say) stays, and so does the gamma of a PNG
//! (`colours`). One that says sRGB is dropped, since pictures without a profile are taken for that.
//! Built without the feature `images`, files are only stripped.

use super::Kind;

/// A picture as it will be sent, with the size that it had, upright.
#[derive(Debug)]
pub struct Fitted {
    pub kind: Kind,
    pub bytes: Vec<u8>,
    pub width: usize,
    pub height: usize,
}

#[cfg(not(feature = "images"))]
pub fn fit(kind: Kind, _: &[u8], stripped: Vec<u8>, _: usize) -> Result<Fitted, String> {
    let size = imagesize::blob_size(&stripped).map_err(|_| "its size can't be read".to_owned())?;
    Ok(Fitted { kind, bytes: stripped, width: size.width, height: size.height })
}

#[cfg(feature = "images")]
pub use resizing::fit;

#[cfg(feature = "images")]
mod resizing {
    use std::collections::HashSet;
    use std::io::Cursor;

    use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
    use image::codecs::png::{CompressionType, FilterType, PngDecoder, PngEncoder};
    use image::imageops::FilterType as Resampling;
    use image::metadata::Orientation;
    use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageResult, Limits};

    use super::super::colours;
    use super::super::make::{LONGEST_SIDE, MOST_PIXELS};
    use super::{Fitted, Kind};

    const QUALITY: u8 = 82;
    /// A PNG below this is small enough as it is.
    const SMALL_PNG: usize = 100 * 1024;

    /// Fits a file, whole and stripped, into `most` pixels of width. GIFs stay as they are, so that they stay animated.
    pub fn fit(kind: Kind, file: &[u8], stripped: Vec<u8>, most: usize) -> Result<Fitted, String> {
        if kind == Kind::Gif {
            let size = imagesize::blob_size(&stripped).map_err(|_| "its size can't be read".to_owned())?;
            return Ok(Fitted { kind, bytes: stripped, width: size.width, height: size.height });
        }
        let (picture, orientation, profile) = decode(kind, file).map_err(|error| error.to_string())?;
        let (width, height) = match orientation {
            Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH => (picture.height(), picture.width()),
            _ => (picture.width(), picture.height()),
        };
        let upright = orientation == Orientation::NoTransforms;
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        let resized = width > most;
        let mut small = if resized { shrink(picture, width, most) } else { plain(picture) };
        small.apply_orientation(orientation);
        let profile = profile.filter(|profile| colours::has_to_stay(profile, small.color().has_color()));
        let (kind, bytes) = match kind {
            Kind::Jpeg => (kind, as_jpeg(&small, profile.as_deref(), stripped, upright, resized)),
            _ => as_png(&small, profile.as_deref(), stripped, upright),
        };
        let (width, height) = (usize::try_from(width).unwrap_or(1), usize::try_from(height).unwrap_or(1));
        Ok(Fitted { kind, bytes, width, height })
    }

    type Decoded = (DynamicImage, Orientation, Option<Vec<u8>>);

    fn decode(kind: Kind, file: &[u8]) -> ImageResult<Decoded> {
        let mut limits = Limits::default();
        let side = u32::try_from(LONGEST_SIDE).ok();
        (limits.max_image_width, limits.max_image_height) = (side, side);
        // Eight bytes a pixel are the most that a PNG has.
        limits.max_alloc = Some(MOST_PIXELS as u64 * 8 + (1 << 20));
        match kind {
            Kind::Png => pixels(PngDecoder::with_limits(Cursor::new(file), limits.clone())?, limits),
            _ => pixels(JpegDecoder::new(Cursor::new(file))?, limits),
        }
    }

    fn pixels(mut decoder: impl ImageDecoder, limits: Limits) -> ImageResult<Decoded> {
        decoder.set_limits(limits)?;
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let profile = decoder.icc_profile().unwrap_or_default();
        Ok((DynamicImage::from_decoder(decoder)?, orientation, profile))
    }

    /// Eight bits a channel, without an alpha channel that says nothing.
    fn plain(picture: DynamicImage) -> DynamicImage {
        if picture.color().has_alpha() {
            let picture = picture.into_rgba8();
            let is_opaque = picture.pixels().all(|pixel| pixel[3] == u8::MAX);
            let picture = DynamicImage::ImageRgba8(picture);
            return if is_opaque { DynamicImage::ImageRgb8(picture.into_rgb8()) } else { picture };
        }
        if picture.color().has_color() {
            DynamicImage::ImageRgb8(picture.into_rgb8())
        } else {
            DynamicImage::ImageLuma8(picture.into_luma8())
        }
    }

    /// Resizes to `most` of `width`, which is measured upright. Much larger pictures are averaged down first: that is many
    /// times faster and can't be told apart.
    fn shrink(picture: DynamicImage, width: u32, most: u32) -> DynamicImage {
        let scaled = |side: u32, by: u32| {
            let side = u64::from(side) * u64::from(most) * u64::from(by);
            u32::try_from(side.div_ceil(u64::from(width)).max(1)).unwrap_or(u32::MAX)
        };
        let (w, h) = (picture.width(), picture.height());
        let picture = if width >= most.saturating_mul(4) {
            plain(picture.thumbnail_exact(scaled(w, 2), scaled(h, 2)))
        } else {
            plain(picture)
        };
        let (w, h) = (scaled(w, 1), scaled(h, 1));
        match picture {
            DynamicImage::ImageRgba8(mut pixels) => {
                // Colours weigh by how much of them is seen: what is transparent may have any.
                pixels.pixels_mut().for_each(|pixel| weigh(pixel, |c, a| c * a / 255));
                let small = DynamicImage::ImageRgba8(pixels).resize_exact(w, h, Resampling::Lanczos3);
                let mut pixels = small.into_rgba8();
                pixels.pixels_mut().for_each(|pixel| weigh(pixel, |c, a| (c * 255).checked_div(a).unwrap_or(0)));
                DynamicImage::ImageRgba8(pixels)
            }
            picture => picture.resize_exact(w, h, Resampling::Lanczos3),
        }
    }

    fn weigh(pixel: &mut image::Rgba<u8>, by: impl Fn(u32, u32) -> u32) {
        let alpha = u32::from(pixel[3]);
        for channel in 0..3 {
            pixel[channel] = u8::try_from(by(u32::from(pixel[channel]), alpha)).unwrap_or(u8::MAX);
        }
    }

    fn jpeg(picture: &DynamicImage, profile: Option<&[u8]>, quality: u8) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut out, quality);
        if let Some(profile) = profile {
            encoder.set_icc_profile(profile.to_vec()).ok()?;
        }
        picture.write_with_encoder(encoder).ok()?;
        Some(out)
    }

    fn as_jpeg(
        picture: &DynamicImage,
        profile: Option<&[u8]>,
        stripped: Vec<u8>,
        upright: bool,
        resized: bool,
    ) -> Vec<u8> {
        let Some(mut made) = jpeg(picture, profile, QUALITY) else { return stripped };
        // Writing a JPEG anew costs a little sharpness: not without need, and not for little.
        let worth = if resized { made.len() < stripped.len() } else { made.len() < stripped.len() / 5 * 4 };
        if upright {
            return if worth { made } else { stripped };
        }
        // It must be turned; it needn't become larger by that.
        for quality in [70, 55, 40] {
            if made.len() > stripped.len() {
                made = jpeg(picture, profile, quality).unwrap_or(made);
            }
        }
        made
    }

    fn as_png(picture: &DynamicImage, profile: Option<&[u8]>, stripped: Vec<u8>, upright: bool) -> (Kind, Vec<u8>) {
        let chunks = colours::chunks(&stripped);
        let made = png(picture, profile).map(|made| colours::with_chunks(made, &chunks));
        let best = match made {
            Some(made) if !upright || made.len() < stripped.len() => made,
            _ => stripped,
        };
        if best.len() > SMALL_PNG && chunks.is_empty() && is_photograph(picture) {
            let photograph = jpeg(picture, profile, QUALITY).filter(|jpeg| jpeg.len() < best.len() / 3);
            if let Some(photograph) = photograph {
                return (Kind::Jpeg, photograph);
            }
        }
        (Kind::Png, best)
    }

    fn png(picture: &DynamicImage, profile: Option<&[u8]>) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut encoder = PngEncoder::new_with_quality(&mut out, CompressionType::Default, FilterType::Adaptive);
        if let Some(profile) = profile {
            encoder.set_icc_profile(profile.to_vec()).ok()?;
        }
        picture.write_with_encoder(encoder).ok()?;
        Some(out)
    }

    /// Drawings and screens have few colours, photographs nearly as many as pixels.
    fn is_photograph(picture: &DynamicImage) -> bool {
        let DynamicImage::ImageRgb8(pixels) = picture else { return false };
        let colours: HashSet<[u8; 3]> = pixels.pixels().step_by(7).map(|pixel| pixel.0).collect();
        colours.len() * 7 > pixels.pixels().len() / 8 && colours.len() > 4096
    }
}
