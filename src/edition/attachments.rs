//! Files that every copy brings along, read and encoded once. What mail providers refuse is refused here.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::encoded::Encoded;
use super::images::read::{Wanted, read};
use crate::article::{Article, Attached};
use crate::diagnostic::{Diagnostic, Place, Result};

/// With base64 a third larger, and what else is in a message, this is what the 20 MB hold that large providers take.
pub(super) const MOST: usize = 14 << 20;
/// Above this, readers' mailboxes and the relay's quota notice.
const HEAVY: usize = 1 << 20;
const LONGEST_NAME: usize = 150;

/// A file that travels with every copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// As readers see it.
    pub name: String,
    pub media_type: String,
    pub bytes: usize,
    /// As it stands in every copy.
    pub encoded: Encoded,
}

/// Reads the files that an article's front matter attaches.
///
/// # Errors
/// A file that is missing, empty, too large, outside the article's folder, or of a kind that providers refuse; two files
/// of one name; more than a message holds.
pub fn load(article: &Article) -> Result<Vec<Attachment>> {
    let mut loaded: Vec<Attachment> = Vec::new();
    let mut sum = 0;
    for attached in &article.attachments {
        let place = place(article, attached);
        let attachment = one(article, attached, &place)?;
        sum += attachment.bytes;
        if sum > MOST {
            let what = format!("the attachments have more than {} MB together", MOST >> 20);
            return Err(Diagnostic::error(what)
                .at(place)
                .help("large providers refuse messages of more than 20 MB, and files grow by a third in mail")
                .help("put the file on the web and link it"));
        }
        if loaded.iter().any(|known| known.name == attachment.name) {
            return Err(Diagnostic::error(format!("two attachments are called `{}`", attachment.name))
                .at(place)
                .help("give one of them another name: {file = \"…\", name = \"…\"}"));
        }
        loaded.push(attachment);
    }
    Ok(loaded)
}

/// Warnings for what is heavy: each reader gets it.
pub fn heavy(article: &Article, attachments: &[Attachment]) -> Vec<Diagnostic> {
    let pairs = attachments.iter().zip(&article.attachments).filter(|(attachment, _)| attachment.bytes > HEAVY);
    let warning = |(attachment, attached): (&Attachment, &Attached)| {
        let size = megabytes(attachment.bytes);
        Diagnostic::warning(format!("`{}` has {size} MB, which every reader gets", attachment.name))
            .at(place(article, attached))
            .help("a link to the file on the web is kinder to mailboxes, and to the relay's quota")
    };
    pairs.map(warning).collect()
}

/// With one digit after the point.
pub(super) fn megabytes(bytes: usize) -> String {
    let tenths = (bytes * 10) >> 20;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn one(article: &Article, attached: &Attached, place: &Place) -> Result<Attachment> {
    let wanted = Wanted { what: "attachment", most: MOST as u64, smaller: "put the file on the web and link it" };
    let own = Path::new(&attached.file).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let name = attached.name.as_deref().unwrap_or(own);
    let refuse = |what: String| {
        Diagnostic::error(what)
            .at(place.clone())
            .help("mail providers refuse messages with programs; put the file on the web and link it")
    };
    for name in [name, own] {
        if let Some(ending) = ending(name).filter(|ending| REFUSED.contains(&ending.as_str())) {
            return Err(refuse(format!("`{name}` can't be attached: .{ending} files are programs")));
        }
    }
    if name.chars().count() > LONGEST_NAME {
        let what = format!("the attachment's name has more than {LONGEST_NAME} characters");
        return Err(Diagnostic::error(what)
            .at(place.clone())
            .help("give it a shorter one: {file = \"…\", name = \"…\"}"));
    }
    let bytes = read(article, &attached.file, wanted, place)?;
    if bytes.starts_with(b"MZ") || bytes.starts_with(b"\x7fELF") || bytes.starts_with(b"#!") {
        return Err(refuse(format!("`{name}` can't be attached: it is a program")));
    }
    let media_type = media_type(ending(name).or(ending(own)).as_deref().unwrap_or_default(), &bytes);
    Ok(Attachment { name: name.to_owned(), media_type, bytes: bytes.len(), encoded: Encoded::of(&bytes) })
}

fn place(article: &Article, attached: &Attached) -> Place {
    Place::span(&*article.file, &article.source, attached.range.clone())
}

/// What stands after the last dot, in lower case. Windows leaves dots and spaces at the end out.
fn ending(name: &str) -> Option<String> {
    let (stem, ending) = name.trim_end_matches(['.', ' ']).rsplit_once('.')?;
    (!stem.is_empty()).then(|| ending.to_ascii_lowercase())
}

fn media_type(ending: &str, bytes: &[u8]) -> String {
    let known = TYPES.iter().find(|(known, _)| known.split(' ').any(|known| known == ending));
    let media_type = known.map_or("application/octet-stream", |(_, media_type)| media_type);
    if !media_type.starts_with("text/") {
        return media_type.to_owned();
    }
    // A text whose letters can't be told is a file like any other.
    if std::str::from_utf8(bytes).is_ok() {
        format!("{media_type}; charset=utf-8")
    } else {
        "application/octet-stream".to_owned()
    }
}

const TYPES: [(&str, &str); 29] = [
    ("pdf", "application/pdf"),
    ("ics", "text/calendar"),
    ("vcf", "text/vcard"),
    ("txt text", "text/plain"),
    ("md markdown", "text/markdown"),
    ("csv", "text/csv"),
    ("jpg jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("mp3", "audio/mpeg"),
    ("m4a", "audio/mp4"),
    ("ogg", "audio/ogg"),
    ("mp4", "video/mp4"),
    ("epub", "application/epub+zip"),
    ("zip", "application/zip"),
    ("json", "application/json"),
    ("xml", "application/xml"),
    ("gpx", "application/gpx+xml"),
    ("rtf", "application/rtf"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("odp", "application/vnd.oasis.opendocument.presentation"),
];

/// Endings that large providers refuse, and those that run where they are opened.
const REFUSED: [&str; 68] = [
    "ade",
    "adp",
    "apk",
    "app",
    "appx",
    "appxbundle",
    "bat",
    "cab",
    "chm",
    "cmd",
    "com",
    "cpl",
    "deb",
    "diagcab",
    "dll",
    "dmg",
    "docm",
    "exe",
    "ex_",
    "hta",
    "htm",
    "html",
    "img",
    "inf",
    "ins",
    "iso",
    "isp",
    "jar",
    "jnlp",
    "js",
    "jse",
    "lib",
    "lnk",
    "mde",
    "mjs",
    "msc",
    "msi",
    "msix",
    "msp",
    "mst",
    "nsh",
    "pif",
    "pptm",
    "ps1",
    "ps1xml",
    "psc1",
    "py",
    "reg",
    "rpm",
    "scf",
    "scr",
    "sct",
    "sh",
    "shb",
    "svg",
    "swf",
    "sys",
    "url",
    "vb",
    "vbe",
    "vbs",
    "vhd",
    "vhdx",
    "vxd",
    "wsc",
    "wsf",
    "wsh",
    "xlsm",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn article(folder: &Path, attachments: &str) -> Article {
        let source = format!("+++\ntitle = 'T'\nattachments = {attachments}\n+++\nText\n");
        Article { folder: folder.to_owned(), ..Article::parse("content/a.md", source).unwrap() }
    }

    fn error(folder: &Path, attachments: &str) -> String {
        let error = load(&article(folder, attachments)).unwrap_err();
        assert!(error.render(false).contains("a.md:3:"), "{}", error.render(false));
        error.message().to_owned()
    }

    #[test]
    fn files_are_read_typed_and_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.ics"), "BEGIN:VCALENDAR").unwrap();
        std::fs::write(folder.path().join("b"), [0, 1, 2]).unwrap();
        let article = article(folder.path(), "['a.ics', {file = 'b', name = 'Übersicht.PDF'}, {file = 'b'}]");
        let loaded = load(&article).unwrap();
        let seen: Vec<(&str, &str, usize)> =
            loaded.iter().map(|it| (it.name.as_str(), it.media_type.as_str(), it.bytes)).collect();
        assert_eq!(
            seen,
            [
                ("a.ics", "text/calendar; charset=utf-8", 15),
                ("Übersicht.PDF", "application/pdf", 3),
                ("b", "application/octet-stream", 3)
            ]
        );
        assert!(heavy(&article, &loaded).is_empty());
    }

    #[test]
    fn programs_and_what_is_too_large_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [("a.exe", "x"), ("b.pdf", "MZ\x01"), ("c.pdf", "x"), ("empty.pdf", "")] {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        std::fs::File::create(folder.path().join("huge.pdf")).unwrap().set_len(10 << 30).unwrap();
        for name in ["big1.pdf", "big2.pdf"] {
            std::fs::File::create(folder.path().join(name)).unwrap().set_len(9 << 20).unwrap();
        }
        for (attachments, says) in [
            ("['a.exe']", "programs"),
            ("[{file = 'a.exe', name = 'a.pdf'}]", "programs"),
            ("[{file = 'c.pdf', name = 'c.pdf.JS. '}]", "programs"),
            ("['b.pdf']", "is a program"),
            ("['huge.pdf']", "10240 MB"),
            ("['empty.pdf']", "is empty"),
            ("['none.pdf']", "none.pdf"),
            ("['../a.pdf']", "outside"),
            ("['c.pdf', 'c.pdf']", "two attachments"),
            ("['big1.pdf', 'big2.pdf']", "together"),
        ] {
            let message = error(folder.path(), attachments);
            assert!(message.contains(says), "{attachments}: {message}");
        }
        let one = article(folder.path(), "['big1.pdf']");
        assert!(heavy(&one, &load(&one).unwrap())[0].message().contains("9.0 MB"));
    }
}
