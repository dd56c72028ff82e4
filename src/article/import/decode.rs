//! Bytes to text: which encoding a file is in, line ends, and what is no text at all.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::Note;
use crate::diagnostic::{Diagnostic, Place, Result};

/// More than any article; keeps a wrong file name from filling the memory with a film.
const LARGEST: usize = 32 << 20;

/// What other programs' documents begin with, what they are, and how to get at their text.
const DOCUMENTS: [(&[u8], &str, &str); 5] = [
    (b"%PDF", "a PDF document", "copy its text into a .txt file"),
    (b"PK\x03\x04", "a word processor's document or an archive", "save it as plain text or as HTML"),
    (b"\xD0\xCF\x11\xE0", "a word processor's document", "save it as plain text or as HTML"),
    (b"{\\rtf", "a rich text document", "save it as plain text or as HTML"),
    (b"\x1f\x8b", "a compressed file", "unpack it first"),
];

/// The text of a file: line ends LF, no byte order mark, no control characters but tabs and line ends.
///
/// # Errors
/// The file holds no text, or too much.
pub(super) fn decode(name: &str, bytes: &[u8], notes: &mut Vec<Note>) -> Result<String> {
    refuse_documents(name, bytes)?;
    let encoding = encoding_of(bytes);
    // `decode` follows a byte order mark against the encoding it is given; ours comes from the mark where there is one.
    let (text, encoding, broken) = encoding.decode(bytes);
    if encoding != UTF_8 {
        notes.push(Note::whole(format!("read as {}", encoding.name())));
    }
    if broken {
        notes.push(Note::whole("some bytes are no text in that encoding and became \u{fffd}"));
    }
    if encoding != UTF_16LE && encoding != UTF_16BE && text.contains('\0') {
        return Err(Diagnostic::error("this is no text")
            .at(Place::file(name))
            .help("text, Markdown and HTML are read"));
    }
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'], "\n");
    let plain: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let lost = text.chars().count() - plain.chars().count();
    if lost > 0 {
        notes.push(Note::whole(format!("left out {lost} control character{}", if lost == 1 { "" } else { "s" })));
    }
    Ok(plain)
}

fn refuse_documents(name: &str, bytes: &[u8]) -> Result<()> {
    if bytes.len() > LARGEST {
        let message = format!("this is larger than {} MB, more than an article can be", LARGEST >> 20);
        return Err(Diagnostic::error(message).at(Place::file(name)).help("is it the right file?"));
    }
    match DOCUMENTS.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        Some((_, what, help)) => {
            Err(Diagnostic::error(format!("this is {what}, which can't be read")).at(Place::file(name)).help(*help))
        }
        None => Ok(()),
    }
}

/// By byte order mark, by the zeros that UTF-16 has in Latin text, by being valid UTF-8, by what an HTML page says of
/// itself; else Windows-1252, in which every byte means something.
fn encoding_of(bytes: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    let start = &bytes[..bytes.len().min(4096)];
    let zeros = |odd: usize| start.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), start.len() / 2);
    if pairs > 0 && odd * 3 > pairs && even * 20 < pairs {
        return UTF_16LE;
    }
    if pairs > 0 && even * 3 > pairs && odd * 20 < pairs {
        return UTF_16BE;
    }
    if std::str::from_utf8(bytes).is_ok() {
        return UTF_8;
    }
    declared(start).unwrap_or(WINDOWS_1252)
}

/// The encoding in `<meta charset="…">` or `content="text/html; charset=…"`.
fn declared(start: &[u8]) -> Option<&'static Encoding> {
    let text = String::from_utf8_lossy(start).to_ascii_lowercase();
    let (_, after) = text.split_once("charset=")?;
    let label = after.trim_start_matches(['"', '\'', ' ']).split(['"', '\'', ' ', ';', '>', '/']).next()?;
    // The page is no UTF-8, whatever it says.
    Encoding::for_label(label.as_bytes()).filter(|encoding| *encoding != UTF_8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> String {
        decode("a.txt", bytes, &mut Vec::new()).unwrap()
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn the_same_text_arrives_from_every_encoding() {
        let text = "Caf\u{e9} \u{201c}Zo\u{eb}\u{201d}\n\nline two\n";
        let windows = b"Caf\xe9 \x93Zo\xeb\x94\r\n\r\nline two\r\n";
        let cases: [(&str, Vec<u8>); 8] = [
            ("UTF-8", text.into()),
            ("UTF-8 with mark", format!("\u{feff}{text}").into()),
            ("CRLF", text.replace('\n', "\r\n").into()),
            ("CR", text.replace('\n', "\r").into()),
            ("UTF-16LE with mark", utf16(&format!("\u{feff}{text}"), u16::to_le_bytes)),
            ("UTF-16BE with mark", utf16(&format!("\u{feff}{text}"), u16::to_be_bytes)),
            ("UTF-16LE", utf16(text, u16::to_le_bytes)),
            ("Windows-1252", windows.to_vec()),
        ];
        for (name, bytes) in cases {
            assert_eq!(read(&bytes), text, "{name}");
        }
        assert_eq!(read(&utf16(text, u16::to_be_bytes)), text);
    }

    #[test]
    fn a_page_that_names_its_encoding_is_believed() {
        assert!(read(b"<meta charset=\"iso-8859-2\"><p>\xb3\xf3d\xbc").contains("\u{142}\u{f3}d\u{17a}"));
        assert!(read(b"<meta charset=utf-8><p>caf\xe9").contains("caf\u{e9}"), "what it says can't be true");
    }

    #[test]
    fn control_characters_are_left_out_and_counted() {
        let mut notes = Vec::new();
        assert_eq!(decode("a", b"a\x1b[2Jb\x07\tc", &mut notes).unwrap(), "a[2Jb\tc");
        assert_eq!(notes[0].what, "left out 2 control characters");
    }

    #[test]
    fn other_documents_are_named() {
        let cases: [(&[u8], &str); 4] = [
            (b"%PDF-1.7", "PDF"),
            (b"PK\x03\x04..", "word processor"),
            (b"{\\rtf1", "rich text"),
            (b"a\0b\0\0", "no text"),
        ];
        for (bytes, word) in cases {
            assert!(decode("x", bytes, &mut Vec::new()).unwrap_err().message().contains(word), "{word}");
        }
    }
}
