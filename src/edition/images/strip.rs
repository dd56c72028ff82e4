//! Takes out of an image file all that isn't needed to show it: EXIF with its places and times, XMP, comments, thumbnails,
//! texts, and whatever follows the picture. The picture itself is not touched. A file that breaks off is an error.

use super::Kind;
use super::colours::LARGEST_PROFILE;

/// The file without what isn't needed; nothing when it is no whole file of its kind.
pub fn strip(kind: Kind, bytes: &[u8]) -> Option<Vec<u8>> {
    match kind {
        Kind::Jpeg => jpeg(bytes),
        Kind::Png => png(bytes),
        Kind::Gif => gif(bytes),
    }
}

/// Reads on through a file.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(n)?)?;
        self.at += n;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }
}

/// Segments up to the end of the image (ITU T.81 annex B). Of the application segments only those stay that change colours.
fn jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader { bytes, at: 0 };
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(reader.take(2).filter(|start| *start == [0xff, 0xd8])?);
    loop {
        if reader.byte()? != 0xff {
            return None;
        }
        let mut marker = reader.byte()?;
        while marker == 0xff {
            marker = reader.byte()?;
        }
        match marker {
            0xd9 => {
                out.extend_from_slice(&[0xff, 0xd9]);
                return Some(out);
            }
            0x01 | 0xd0..=0xd7 => out.extend_from_slice(&[0xff, marker]),
            0x00 | 0xd8 => return None,
            _ => {
                let length = reader.take(2)?;
                let size = usize::from(u16::from_be_bytes([length[0], length[1]]));
                let content = reader.take(size.checked_sub(2)?)?;
                if stays_in_jpeg(marker, content) {
                    out.extend_from_slice(&[0xff, marker, length[0], length[1]]);
                    out.extend_from_slice(content);
                } else if marker == 0xe0 && content.starts_with(b"JFIF\0") && content.len() >= 12 {
                    // Its density, without the thumbnail that may follow.
                    out.extend_from_slice(&[0xff, 0xe0, 0, 16]);
                    out.extend_from_slice(&content[..12]);
                    out.extend_from_slice(&[0, 0]);
                }
                if marker == 0xda {
                    let start = reader.at;
                    let end = end_of_scan(bytes, start)?;
                    out.extend_from_slice(&bytes[start..end]);
                    reader.at = end;
                }
            }
        }
    }
}

fn stays_in_jpeg(marker: u8, content: &[u8]) -> bool {
    match marker {
        0xe2 => content.starts_with(b"ICC_PROFILE\0"),
        0xee => content.starts_with(b"Adobe"),
        0xe0..=0xef | 0xfe => false,
        _ => true,
    }
}

/// Where the compressed data ends: at the next marker that isn't part of it.
fn end_of_scan(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at += memchr::memchr(0xff, bytes.get(at..)?)?;
        match bytes.get(at + 1)? {
            0x00 | 0xd0..=0xd7 => at += 2,
            0xff => at += 1,
            _ => return Some(at),
        }
    }
}

/// The chunks that make the picture. An animated PNG keeps its first picture: few mail programs show more.
fn png(bytes: &[u8]) -> Option<Vec<u8>> {
    const KEPT: [&[u8; 4]; 8] = [b"IHDR", b"PLTE", b"IDAT", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP"];
    let mut reader = Reader { bytes, at: 0 };
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(reader.take(8).filter(|start| *start == b"\x89PNG\r\n\x1a\n")?);
    loop {
        let start = reader.at;
        let length = reader.take(4)?;
        let size = u32::from_be_bytes([length[0], length[1], length[2], length[3]]);
        let kind = reader.take(4)?;
        reader.take(usize::try_from(size).ok()?.checked_add(4)?)?;
        let chunk = &bytes[start..reader.at];
        if kind == b"IEND" {
            out.extend_from_slice(chunk);
            return (size == 0).then_some(out);
        }
        let is_profile = kind == b"iCCP";
        if KEPT.iter().any(|kept| *kept == kind) && !(is_profile && chunk.len() > LARGEST_PROFILE) {
            out.extend_from_slice(chunk);
        }
    }
}

/// Blocks up to the trailer. Of the extensions only those stay that time and repeat an animation.
fn gif(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader { bytes, at: 0 };
    let mut out = Vec::with_capacity(bytes.len());
    let head = reader.take(13).filter(|head| head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a"))?;
    reader.take(colours(head[10]))?;
    out.extend_from_slice(&bytes[..reader.at]);
    let mut pictures = 0;
    loop {
        let start = reader.at;
        match reader.byte()? {
            0x3b => {
                out.push(0x3b);
                return (pictures > 0).then_some(out);
            }
            0x2c => {
                let flags = reader.take(9)?[8];
                reader.take(colours(flags) + 1)?;
                blocks(&mut reader)?;
                pictures += 1;
                out.extend_from_slice(&bytes[start..reader.at]);
            }
            0x21 => {
                let label = reader.byte()?;
                let at = reader.at;
                blocks(&mut reader)?;
                let content = &bytes[at..reader.at];
                let repeats = content.starts_with(b"\x0bNETSCAPE2.0") || content.starts_with(b"\x0bANIMEXTS1.0");
                if label == 0xf9 || (label == 0xff && repeats && content.len() <= 32) {
                    out.extend_from_slice(&bytes[start..reader.at]);
                }
            }
            _ => return None,
        }
    }
}

/// The bytes of a colour table, if there is one.
fn colours(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Blocks with their lengths before them, up to an empty one.
fn blocks(reader: &mut Reader<'_>) -> Option<()> {
    loop {
        match reader.byte()? {
            0 => return Some(()),
            n => reader.take(usize::from(n))?,
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chunk(kind: &[u8], content: &[u8]) -> Vec<u8> {
        let mut out = u32::try_from(content.len()).unwrap().to_be_bytes().to_vec();
        out.extend_from_slice(kind);
        out.extend_from_slice(content);
        let crc = crc32fast::hash(&out[4..]);
        out.extend_from_slice(&crc.to_be_bytes());
        out
    }

    #[test]
    fn a_png_loses_texts_and_what_follows() {
        let start: &[u8] = b"\x89PNG\r\n\x1a\n";
        let (head, data, end) = (chunk(b"IHDR", &[0; 13]), chunk(b"IDAT", b"x"), chunk(b"IEND", b""));
        let text = chunk(b"tEXt", b"Author\0Ann");
        let full = [start, &head, &text, &data, &chunk(b"eXIf", b"GPS"), &end, b"<script>"].concat();
        assert_eq!(strip(Kind::Png, &full), Some([start, &head, &data, &end].concat()));
        assert_eq!(strip(Kind::Png, &full[..full.len() - 15]), None);
    }

    #[test]
    fn a_jpeg_keeps_its_scan_and_loses_exif_comments_and_thumbnails() {
        let exif = [&[0xff, 0xe1, 0, 8][..], b"Exif\0\0"].concat();
        let jfif = [&[0xff, 0xe0, 0, 19][..], b"JFIF\0\x01\x02\0\0\x01\0\x01\x01\x01abc"].concat();
        let plain = [&[0xff, 0xe0, 0, 16][..], b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0"].concat();
        let scan = [0xff, 0xda, 0, 3, 1, 9, 0xff, 0, 8, 0xff, 0xd0, 7, 0xff, 0xd9];
        let comment = [0xff, 0xfe, 0, 4, b'h', b'i'];
        let full = [&[0xff, 0xd8][..], &jfif, &exif, &comment, &scan, b"PK\x03\x04"].concat();
        assert_eq!(strip(Kind::Jpeg, &full), Some([&[0xff, 0xd8][..], &plain, &scan].concat()));
        assert_eq!(strip(Kind::Jpeg, &full[..full.len() - 6]), None);
    }

    #[test]
    fn a_gif_stays_animated_and_loses_comments() {
        let head = b"GIF89a\x01\0\x01\0\0\0\0".as_slice();
        let repeats = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0".as_slice();
        let comment = b"\x21\xfe\x02hi\0".as_slice();
        let xmp = b"\x21\xff\x0bXMP DataXMP\x02hi\0".as_slice();
        let timing = b"\x21\xf9\x04\0\x0a\0\0\0".as_slice();
        let picture = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0".as_slice();
        let full = [head, repeats, comment, timing, picture, xmp, timing, picture, b"\x3bmore"].concat();
        let kept = [head, repeats, timing, picture, timing, picture, b"\x3b"].concat();
        assert_eq!(strip(Kind::Gif, &full), Some(kept));
        assert_eq!(strip(Kind::Gif, b"GIF89a\x01\0\x01\0\0\0\0\x3b"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_time_and_stripping_twice_changes_nothing(
            start in 0usize..4, rest in proptest::collection::vec(any::<u8>(), 0..200)
        ) {
            let starts: [&[u8]; 4] = [b"", b"\xff\xd8\xff\xda\0\x02", b"\x89PNG\r\n\x1a\n", b"GIF89a\x01\0\x01\0\0\0\0"];
            let bytes = [starts[start], &rest].concat();
            for kind in [Kind::Jpeg, Kind::Png, Kind::Gif] {
                if let Some(stripped) = strip(kind, &bytes) {
                    prop_assert!(stripped.len() <= bytes.len());
                    prop_assert_eq!(strip(kind, &stripped), Some(stripped.clone()));
                }
            }
        }
    }
}
