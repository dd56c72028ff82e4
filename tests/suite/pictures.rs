//! Pictures made for tests: whole files, as cameras and programs write them.

use std::io::Cursor;

use image::codecs::gif::{GifEncoder, Repeat};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, Frame, ImageFormat, Rgb, RgbImage, RgbaImage};

/// Sky, sea and sun: with soft colours, as photographs have.
fn scene(width: u32, height: u32) -> DynamicImage {
    let (w, h) = (f64::from(width), f64::from(height));
    let mut state = 7_u32;
    let picture = RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (f64::from(x) / w, f64::from(y) / h);
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let grain = f64::from(state >> 28) - 8.0;
        let sun = (1.0 - ((x - 0.7).hypot((y - 0.4) * h / w) * 5.0)).max(0.0);
        let wave = ((y - 0.6) * 90.0 + (x * 23.0).sin()).sin() * 18.0;
        let colour = if y < 0.6 {
            [230.0 - 90.0 * (0.6 - y) + 60.0 * sun, 150.0 + 60.0 * (0.6 - y) + 90.0 * sun, 120.0 + 160.0 * (0.6 - y)]
        } else {
            [40.0 + wave + 50.0 * sun, 90.0 + wave, 120.0 + wave]
        };
        Rgb(colour.map(|channel| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0 and 255")]
            let value = (channel + grain).clamp(0.0, 255.0) as u8;
            value
        }))
    });
    DynamicImage::ImageRgb8(picture)
}

/// A photograph with EXIF before its picture: a camera, a place, and the way it was held (1 is upright).
pub(crate) fn jpeg(width: u32, height: u32, orientation: u8) -> Vec<u8> {
    let mut out = Vec::new();
    scene(width, height).write_with_encoder(JpegEncoder::new_with_quality(&mut out, 95)).unwrap();
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend_from_slice(&[orientation, 0, 0, 0, 0, 0, 0, 0]);
    exif.extend_from_slice(b"SecretCam at 52.5N 13.4E");
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&out[..2], &[0xff, 0xe1], &length, &exif, &out[2..]].concat()
}

pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    scene(width, height).write_to(&mut out, ImageFormat::Png).unwrap();
    out.into_inner()
}

/// A picture that is clear on the left.
pub(crate) fn clear_png(width: u32, height: u32) -> Vec<u8> {
    let mut picture = scene(width, height).into_rgba8();
    picture.enumerate_pixels_mut().for_each(|(x, _, pixel)| pixel[3] = if x < width / 2 { 0 } else { 255 });
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, ImageFormat::Png).unwrap();
    out.into_inner()
}

/// An animation with a comment in it.
pub(crate) fn gif(width: u32, height: u32, frames: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = GifEncoder::new(&mut out);
    encoder.set_repeat(Repeat::Infinite).unwrap();
    for n in 0..frames {
        let frame = RgbaImage::from_pixel(width, height, image::Rgba([n * 20, 100, 200, 255]));
        encoder.encode_frame(Frame::new(frame)).unwrap();
    }
    drop(encoder);
    out.pop();
    out.extend_from_slice(b"\x21\xfe\x09SecretGif\0\x3b");
    out
}
