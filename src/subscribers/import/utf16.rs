//! Tables in UTF-16, as spreadsheets save "Unicode text": told by their byte order mark, read as a copy in UTF-8.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use encoding_rs::{CoderResult, Encoding};

use crate::diagnostic::{Diagnostic, Place, Result};

/// So many octets are decoded at a time.
const BLOCK: usize = 1 << 16;

/// The file, or a copy in UTF-8 without a name when it is in UTF-16.
pub(super) fn as_utf8(mut file: File, label: &str) -> Result<File> {
    let copied = |error: io::Error| {
        Diagnostic::error(format!("can't read this file as UTF-16: {error}"))
            .at(Place::file(label))
            .help("make room on the disk for temporary files, or save the file as `CSV UTF-8`")
    };
    let mut mark = [0; 2];
    let length = file.read(&mut mark).map_err(copied)?;
    file.seek(SeekFrom::Start(0)).map_err(copied)?;
    match Encoding::for_bom(&mark[..length]) {
        Some((encoding, _)) => decoded(&mut file, encoding).map_err(copied),
        None => Ok(file),
    }
}

fn decoded(file: &mut File, encoding: &'static Encoding) -> io::Result<File> {
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let mut out = BufWriter::with_capacity(BLOCK, tempfile::tempfile()?);
    let (mut read, mut text) = (vec![0; BLOCK], vec![0; BLOCK]);
    loop {
        let length = file.read(&mut read)?;
        let mut rest = &read[..length];
        loop {
            let (result, taken, written, _) = decoder.decode_to_utf8(rest, &mut text, length == 0);
            out.write_all(&text[..written])?;
            rest = &rest[taken..];
            if result == CoderResult::InputEmpty {
                break;
            }
        }
        if length == 0 {
            break;
        }
    }
    let mut copy = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    copy.seek(SeekFrom::Start(0))?;
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> Vec<u8> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let mut text = Vec::new();
        as_utf8(file, "x.txt").unwrap().read_to_end(&mut text).unwrap();
        text
    }

    proptest! {
        #[test]
        fn any_text_arrives(text in "\\PC{0,40}", times in prop_oneof![9 => Just(1_usize), 1 => Just(9000)]) {
            let text = text.repeat(times);
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            let little: Vec<u8> = units.clone().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = units.flat_map(u16::to_be_bytes).collect();
            prop_assert_eq!(read(&little), text.as_bytes());
            prop_assert_eq!(read(&big), text.as_bytes());
        }
    }

    #[test]
    fn other_files_stay_as_they_are() {
        for bytes in [&b""[..], b"e", b"email\n", b"\xffx"] {
            assert_eq!(read(bytes), bytes);
        }
    }
}
