//! Reading files that an article names: regular files within its folder, of a bounded size. Whatever else stands there (a
//! folder, a pipe, a device, a link that leads out) is refused before it is opened.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use crate::article::Article;
use crate::diagnostic::{Diagnostic, Place, Result, did_you_mean, shown_path};

/// What a file is for, in the words of errors.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub what: &'static str,
    /// The most bytes that are read.
    pub most: u64,
    /// What to do about a file that is larger.
    pub smaller: &'static str,
}

/// Reads the file that `name` means beside the article.
///
/// # Errors
/// Anything but a regular file within the article's folder that is not too large and not empty.
pub fn read(article: &Article, name: &str, wanted: Wanted, place: &Place) -> Result<Vec<u8>> {
    let at = |error: Diagnostic| error.at(place.clone());
    let path = within(article, name, wanted).map_err(at)?;
    let metadata = fs::metadata(&path).map_err(|error| at(failed(wanted, &path, &error)))?;
    if !metadata.is_file() {
        let error = Diagnostic::error(format!("{} is no file", shown_path(&path)));
        return Err(at(error.help(format!("name an {} file", wanted.what))));
    }
    let too_large = |bytes: u64| {
        let size = bytes.div_ceil(1 << 20);
        let error = Diagnostic::error(format!(
            "{} has {size} MB, and {} may have {} at most",
            shown_path(&path),
            wanted.what,
            wanted.most >> 20
        ));
        at(error.help(wanted.smaller))
    };
    if metadata.len() > wanted.most {
        return Err(too_large(metadata.len()));
    }
    let mut bytes = Vec::new();
    // It may have grown since it was looked at.
    File::open(&path)
        .and_then(|file| file.take(wanted.most + 1).read_to_end(&mut bytes))
        .map_err(|error| at(failed(wanted, &path, &error)))?;
    match bytes.len() as u64 {
        0 => Err(at(Diagnostic::error(format!("{} is empty", shown_path(&path))).help("save the file again"))),
        size if size > wanted.most => Err(too_large(size)),
        _ => Ok(bytes),
    }
}

/// The path of a name that leads nowhere else, also not by links.
fn within(article: &Article, name: &str, wanted: Wanted) -> Result<PathBuf> {
    let outside = || {
        Diagnostic::error(format!("the {} `{name}` is outside the article's folder", wanted.what))
            .help("put it beside the article and name it without `..` or a leading `/`")
    };
    let relative = Path::new(name);
    let inward = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if name.contains(['\\', '\0']) || !relative.components().all(inward) {
        return Err(outside());
    }
    let folder = if article.folder.as_os_str().is_empty() { Path::new(".") } else { &article.folder };
    let path = folder.join(relative);
    let resolved = fs::canonicalize(&path).map_err(|error| failed(wanted, &path, &error))?;
    let root = fs::canonicalize(folder).map_err(|error| failed(wanted, folder, &error))?;
    if resolved.starts_with(&root) { Ok(path) } else { Err(outside()) }
}

fn failed(wanted: Wanted, path: &Path, error: &io::Error) -> Diagnostic {
    if error.kind() != io::ErrorKind::NotFound {
        return Diagnostic::io(&format!("read the {}", wanted.what), path, error);
    }
    let missing = Diagnostic::error(format!("there is no {} {}", wanted.what, shown_path(path)));
    match likely(path) {
        Some(name) => missing.help(format!("is `{name}` meant? It is in that folder")),
        None => missing.help("put it beside the article, and name it letter by letter"),
    }
}

/// A file in the same folder with a name much like this one's.
fn likely(path: &Path) -> Option<String> {
    /// A folder of pictures may have thousands.
    const LOOKED_AT: usize = 5_000;
    let entries = fs::read_dir(path.parent()?).ok()?;
    let mut names: Vec<String> =
        entries.take(LOOKED_AT).filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    // The same answer in whatever order the folder tells them.
    names.sort_unstable();
    let wanted = path.file_name()?.to_str()?;
    let article = |name: &&str| !name.ends_with(".md") && !name.ends_with(".txt");
    did_you_mean(wanted, names.iter().map(String::as_str).filter(article)).map(str::to_owned)
}
