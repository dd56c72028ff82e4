//! How a list file is written, so that what is changed in it looks like the rest: line ends, first line, quotes, encoding.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::diagnostic::{Diagnostic, Result};

use super::files::Files;
use super::list::label;
use super::record::{Span, line_ends, quote};
use super::records::Records;
use super::row::Row;
use super::text::decode;

/// The record with other values: what is not changed stays letter by letter.
pub(super) fn rewritten(row: &Row<'_>, values: &[(usize, &str, &str)], delimiter: u8) -> String {
    let (_, is_windows_1252) = decode(row.raw.bytes);
    let piece = |span: Span| {
        let bytes = &row.raw.bytes[span.start..span.end];
        if is_windows_1252 {
            encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0
        } else {
            String::from_utf8_lossy(bytes)
        }
    };
    let columns = values.iter().map(|(column, ..)| column + 1).max().unwrap_or(0).max(row.raw.spans.len());
    let mut text = String::with_capacity(row.raw.bytes.len() + 32);
    for column in 0..columns {
        if column > 0 {
            text.push(char::from(delimiter));
        }
        let old = row.raw.spans.get(column).map_or(Cow::Borrowed(""), |span| piece(*span));
        match values.iter().find(|(changed, ..)| *changed == column) {
            None => text.push_str(&old),
            Some((.., value)) => {
                let new = quote(value, delimiter);
                // Who puts everything in quotes gets quotes.
                if old.starts_with('"') && !new.starts_with('"') {
                    text.extend(["\"", &new, "\""]);
                } else {
                    text.push_str(&new);
                }
            }
        }
    }
    text
}

/// How many line ends there are.
pub(super) fn lines(bytes: &[u8]) -> i64 {
    i64::try_from(line_ends(bytes)).unwrap_or(i64::MAX)
}

/// How lines end in the file, by its first, and whether its last one lacks its end.
pub(super) fn ends(path: &Path) -> Result<(&'static str, bool)> {
    let read = || -> io::Result<(&'static str, bool)> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(("\n", false)),
            Err(error) => return Err(error),
        };
        let mut begin = vec![0; 1 << 16];
        let length = file.read(&mut begin)?;
        let mut ends = begin[..length].iter().enumerate().filter(|(_, b)| matches!(b, b'\r' | b'\n'));
        let line_end = match ends.next() {
            Some((n, b'\r')) if begin.get(n + 1) == Some(&b'\n') => "\r\n",
            Some((_, b'\r')) => "\r",
            _ => "\n",
        };
        let mut last = [b'\n'];
        if length > 0 {
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        Ok((line_end, !matches!(last, [b'\r' | b'\n'])))
    };
    read().map_err(|error| Diagnostic::io("read", path, &error))
}

/// Whether the list is in Windows-1252: its first line beyond ASCII tells.
pub(super) fn is_windows_1252(files: &Files, delimiter: u8) -> Result<bool> {
    let file = match File::open(&files.list) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Diagnostic::io("read", &files.list, &error)),
    };
    let mut records = Records::new(file, &label(&files.list))?;
    // With another, a quote would begin in the middle of a field.
    records.delimiter = delimiter;
    while let Some(raw) = records.read()? {
        if !raw.bytes.is_ascii() {
            return Ok(decode(raw.bytes).1);
        }
    }
    Ok(false)
}

/// Where the first line ends, and whether it is in Windows-1252; `None` when there is none.
pub(super) fn header_end(files: &Files, delimiter: u8) -> Result<Option<(u64, bool)>> {
    let file = File::open(&files.list).map_err(|error| Diagnostic::io("read", &files.list, &error))?;
    let mut records = Records::new(file, &label(&files.list))?;
    let header = records.peek(delimiter)?;
    Ok(header.map(|raw| (raw.offset + raw.bytes.len() as u64, decode(raw.bytes).1)))
}
