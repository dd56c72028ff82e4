//! The files of an import: tables as they are, or those in a zip archive that hold readers.
//!
//! An archive comes from elsewhere: its names are never used as paths, and what it unpacks to is bounded.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use zip::ZipArchive;

use super::super::list::label;
use crate::diagnostic::{Diagnostic, Place, Result};

/// The most that an archive may unpack to, or another program may hand over.
const LARGEST: u64 = 8 << 30;
/// How many times its own size an archive may unpack to, and how much in any case.
const EXPANSION: u64 = 200;
const SMALL: u64 = 64 << 20;
/// Where programs find what another one hands over to them.
const STANDARD_INPUT: &str = "/dev/stdin";
/// The most files that an archive may hold.
const MOST: usize = 10_000;
/// What Mailchimp calls the tables of an audience.
const MAILCHIMP: [&str; 4] = ["subscribed_", "unsubscribed_", "cleaned_", "nonsubscribed_"];

/// A table of readers.
#[derive(Debug)]
pub(super) struct Opened {
    /// As messages name it.
    pub(super) label: String,
    /// Its name without folders.
    pub(super) name: String,
    pub(super) file: File,
}

/// Opens a file, `-` being the standard input; an archive gives its tables of readers.
pub(super) fn open(path: &Path) -> Result<Vec<Opened>> {
    let path = if cfg!(unix) && path == Path::new("-") { Path::new(STANDARD_INPUT) } else { path };
    let mut file = File::open(path).map_err(|error| Diagnostic::io("read", path, &error))?;
    if path.is_dir() {
        return Err(Diagnostic::error("this is a folder").at(Place::file(label(path))).help("name the files in it"));
    }
    if file.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        file = kept(&file, path)?;
    }
    let mut magic = [0; 4];
    let begin = file.read(&mut magic).and_then(|length| file.seek(SeekFrom::Start(0)).map(|_| length));
    let length = begin.map_err(|error| Diagnostic::io("read", path, &error))?;
    if length == 4 && magic == *b"PK\x03\x04" {
        return unpack(file, &label(path));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(vec![Opened { label: label(path), name, file }])
}

/// A copy, without a name, of what another program hands over and nobody can read twice.
fn kept(file: &File, path: &Path) -> Result<File> {
    let copy = || -> std::io::Result<(File, u64)> {
        let mut copy = tempfile::tempfile()?;
        let length = std::io::copy(&mut file.take(LARGEST + 1), &mut copy)?;
        copy.seek(SeekFrom::Start(0))?;
        Ok((copy, length))
    };
    let (copy, length) = copy().map_err(|error| Diagnostic::io("read", path, &error))?;
    if length > LARGEST {
        return Err(Diagnostic::error("this has no end")
            .at(Place::file(label(path)))
            .help("write it into a file first"));
    }
    Ok(copy)
}

fn unpack(file: File, label: &str) -> Result<Vec<Opened>> {
    let wrong = |why: &str| Diagnostic::error(format!("the archive can't be unpacked: {why}")).at(Place::file(label));
    let unpacked = |error: &dyn std::fmt::Display| wrong(&error.to_string()).help("download the export again");
    let packed = file.metadata().map_or(0, |metadata| metadata.len());
    let mut archive = ZipArchive::new(file).map_err(|error| unpacked(&error))?;
    if archive.len() > MOST {
        return Err(wrong("it holds too many files").help("unpack it yourself and name the tables of readers"));
    }
    let mut tables = Vec::new();
    for n in 0..archive.len() {
        let entry = archive.by_index_raw(n).map_err(|error| unpacked(&error))?;
        let name = entry.name().map_err(|error| unpacked(&error))?;
        let base = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        let is_table = base.to_ascii_lowercase().ends_with(".csv") && !base.starts_with('.');
        if entry.is_file() && is_table && !name.starts_with("__MACOSX") {
            tables.push((n, base));
        }
    }
    let chosen = choose(tables).map_err(|names| {
        let error = match names.len() {
            0 => wrong("there is no CSV file in it"),
            _ => wrong("which of its tables hold the readers can't be told"),
        };
        let names = if names.len() > 12 { &names[..12] } else { &names[..] };
        error.help(format!("unpack it and name the tables of readers: {}", names.join(", ")))
    })?;
    let mut left = (packed.saturating_mul(EXPANSION)).clamp(SMALL, LARGEST);
    let mut opened = Vec::new();
    for (n, name) in chosen {
        let mut entry = archive.by_index(n).map_err(|error| unpacked(&error))?;
        let mut out = tempfile::tempfile()
            .map_err(|error| wrong(&error.to_string()).help("make room on the disk for temporary files"))?;
        let copied = std::io::copy(&mut Read::by_ref(&mut entry).take(left + 1), &mut out);
        let copied = copied.map_err(|error| unpacked(&error))?;
        if copied > left {
            return Err(wrong("it unpacks to far more than an export does")
                .help("if it is genuine, unpack it yourself and name the tables of readers"));
        }
        left -= copied;
        out.seek(SeekFrom::Start(0)).map_err(|error| unpacked(&error))?;
        opened.push(Opened { label: format!("{label}:{name}"), name, file: out });
    }
    Ok(opened)
}

/// The tables of readers among those of an archive: Mailchimp's, Substack's, or the only one. `Err`: the names there are.
fn choose(tables: Vec<(usize, String)>) -> Result<Vec<(usize, String)>, Vec<String>> {
    let named = |begins: &dyn Fn(&str) -> bool| -> Vec<(usize, String)> {
        tables.iter().filter(|(_, name)| begins(&name.to_ascii_lowercase())).cloned().collect()
    };
    let mailchimp = named(&|name| MAILCHIMP.iter().any(|begin| name.starts_with(begin)));
    let substack = named(&|name| name.starts_with("email_list"));
    for found in [mailchimp, substack] {
        if !found.is_empty() {
            return Ok(found);
        }
    }
    if tables.len() == 1 { Ok(tables) } else { Err(tables.into_iter().map(|(_, name)| name).collect()) }
}
