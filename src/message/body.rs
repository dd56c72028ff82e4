//! The body of a copy: multipart/alternative, plain text first, and the HTML with its images (RFC 2046, 2387, 2392).

use super::header;
use crate::edition::{Edition, InlineImage, Reader, Scratch};

/// Writes the MIME headers, the empty line and the parts.
///
/// The boundaries begin with `=_`, which quoted-printable and base64 can't hold, so no part contains them.
pub fn write(edition: &Edition, reader: Reader<'_>, mailing_id: &str, scratch: &mut Scratch, out: &mut Vec<u8>) {
    let name = &mailing_id[..mailing_id.len().min(24)];
    let (outer, inner) = (format!("=_a{name}"), format!("=_r{name}"));
    header::plain("MIME-Version", "1.0", out);
    header::plain("Content-Type", &format!("multipart/alternative; boundary=\"{outer}\""), out);
    out.extend_from_slice(b"\r\n");
    delimiter(&outer, out);
    part_headers("text/plain; charset=utf-8", out);
    edition.text.strike_into(reader, scratch, out);
    delimiter(&outer, out);
    if edition.images.is_empty() {
        html(edition, reader, scratch, out);
    } else {
        header::plain("Content-Type", &format!("multipart/related; type=\"text/html\"; boundary=\"{inner}\""), out);
        out.extend_from_slice(b"\r\n");
        delimiter(&inner, out);
        html(edition, reader, scratch, out);
        for image in &edition.images {
            delimiter(&inner, out);
            write_image(image, out);
        }
        closing(&inner, out);
    }
    closing(&outer, out);
}

fn html(edition: &Edition, reader: Reader<'_>, scratch: &mut Scratch, out: &mut Vec<u8>) {
    part_headers("text/html; charset=utf-8", out);
    edition.html.strike_into(reader, scratch, out);
}

fn part_headers(content_type: &str, out: &mut Vec<u8>) {
    header::plain("Content-Type", content_type, out);
    header::plain("Content-Transfer-Encoding", "quoted-printable", out);
    out.extend_from_slice(b"\r\n");
}

/// The line end before a delimiter belongs to it (RFC 2046 section 5.1.1); parts end with one of their own too.
fn delimiter(boundary: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"--");
    out.extend_from_slice(boundary.as_bytes());
    out.extend_from_slice(b"\r\n");
}

fn closing(boundary: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"--");
    out.extend_from_slice(boundary.as_bytes());
    out.extend_from_slice(b"--\r\n");
}

fn write_image(image: &InlineImage, out: &mut Vec<u8>) {
    header::plain("Content-Type", &image.media_type, out);
    header::plain("Content-Transfer-Encoding", "base64", out);
    header::plain("Content-ID", &format!("<{}>", image.content_id), out);
    header::plain("Content-Disposition", &format!("inline; filename=\"{}\"", ascii_file_name(&image.file_name)), out);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(image.encoded.as_bytes());
}

/// A file name that every mail program can save: the extension is kept, other characters become hyphens.
fn ascii_file_name(name: &str) -> String {
    let name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' })
        .take(80)
        .collect();
    name.trim_start_matches('.').to_owned()
}
