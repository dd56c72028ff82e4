//! The body of a copy: multipart/alternative, plain text first, and the HTML with its images (RFC 2046, 2387, 2392); around
//! them multipart/mixed when files are attached.

use super::header;
use crate::edition::{Attachment, Edition, InlineImage, Reader, Scratch};

const HTML: &str = "text/html; charset=utf-8";

/// What stands around the parts: the same in every copy of a mailing.
#[derive(Debug)]
pub struct Frame {
    /// The MIME headers, the empty line, and the headers of the plain text.
    opening: Vec<u8>,
    /// Where attachments follow: the parts of the letter are one part among others.
    mixed_opening: Vec<u8>,
    before_html: Vec<u8>,
    /// Where images follow the HTML.
    before_related_html: Vec<u8>,
    /// The boundary between the HTML and its images.
    inner: String,
    /// The boundary between the letter and its attachments.
    mixed: String,
    closing: Vec<u8>,
}

impl Frame {
    /// The boundaries begin with `=_`, which quoted-printable and base64 can't hold, so no part contains them.
    pub fn new(mailing_id: &str) -> Frame {
        let name = &mailing_id[..mailing_id.len().min(24)];
        let (outer, inner, mixed) = (format!("=_a{name}"), format!("=_r{name}"), format!("=_m{name}"));
        let mut opening = Vec::new();
        header::plain("MIME-Version", "1.0", &mut opening);
        let mut mixed_opening = opening.clone();
        header::plain("Content-Type", &format!("multipart/mixed; boundary=\"{mixed}\""), &mut mixed_opening);
        mixed_opening.extend_from_slice(b"\r\n");
        delimiter(&mixed, &mut mixed_opening);
        for opening in [&mut opening, &mut mixed_opening] {
            header::plain("Content-Type", &format!("multipart/alternative; boundary=\"{outer}\""), opening);
            opening.extend_from_slice(b"\r\n");
            delimiter(&outer, opening);
            part_headers("text/plain; charset=utf-8", opening);
        }
        let mut before_html = Vec::new();
        delimiter(&outer, &mut before_html);
        let mut before_related_html = before_html.clone();
        part_headers(HTML, &mut before_html);
        // In two lines: one would be longer than 76.
        let related = format!("Content-Type: multipart/related; type=\"text/html\";\r\n boundary=\"{inner}\"\r\n\r\n");
        before_related_html.extend_from_slice(related.as_bytes());
        delimiter(&inner, &mut before_related_html);
        part_headers(HTML, &mut before_related_html);
        let mut closing = Vec::new();
        close(&outer, &mut closing);
        Frame { opening, mixed_opening, before_html, before_related_html, inner, mixed, closing }
    }

    /// Writes the MIME headers, the empty line and the parts.
    pub fn write(&self, edition: &Edition, reader: Reader<'_>, scratch: &mut Scratch, out: &mut Vec<u8>) {
        let attached = !edition.attachments.is_empty();
        out.extend_from_slice(if attached { &self.mixed_opening } else { &self.opening });
        edition.text.strike_into(reader, scratch, out);
        let related = !edition.images.is_empty();
        out.extend_from_slice(if related { &self.before_related_html } else { &self.before_html });
        edition.html.strike_into(reader, scratch, out);
        for image in &edition.images {
            delimiter(&self.inner, out);
            write_image(image, out);
        }
        if related {
            close(&self.inner, out);
        }
        out.extend_from_slice(&self.closing);
        for attachment in &edition.attachments {
            delimiter(&self.mixed, out);
            write_attachment(attachment, out);
        }
        if attached {
            close(&self.mixed, out);
        }
    }
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

fn close(boundary: &str, out: &mut Vec<u8>) {
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

fn write_attachment(attachment: &Attachment, out: &mut Vec<u8>) {
    header::plain("Content-Type", &attachment.media_type, out);
    header::plain("Content-Transfer-Encoding", "base64", out);
    header::file_name("Content-Disposition", "attachment", &attachment.name, out);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(attachment.encoded.as_bytes());
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
