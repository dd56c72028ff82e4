//! Images that are linked: files to upload, named by their content, so that one never takes another's place.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::Images;
use crate::diagnostic::{Diagnostic, Result, shown_path};
use crate::durable::{self, Privacy};

/// A file to upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    pub file_name: String,
    pub media_type: &'static str,
    pub bytes: Arc<[u8]>,
}

/// The files that an article's images need, each once, with the address where each has to lie.
pub fn of(images: &Images) -> Vec<(&Asset, &str)> {
    let mut found: Vec<(&Asset, &str)> = Vec::new();
    for image in images.values() {
        if let Some(asset) = &image.asset
            && !found.iter().any(|(known, _)| known.file_name == asset.file_name)
        {
            found.push((asset, &image.url));
        }
    }
    found
}

/// Writes the files into `folder` and returns the names of those that were not there before. What else lies there stays:
/// readers of earlier mailings still need it.
///
/// # Errors
/// The folder can't be written, or something else lies there under the name of one.
pub fn write(folder: &Path, images: &Images) -> Result<Vec<String>> {
    let mut new = Vec::new();
    for (asset, _) in of(images) {
        durable::create_folder(folder, Privacy::Shared)?;
        let path = folder.join(&asset.file_name);
        let is_there = fs::symlink_metadata(&path)
            .is_ok_and(|data| data.is_file() && data.len() == asset.bytes.len() as u64)
            && fs::read(&path).is_ok_and(|bytes| bytes == *asset.bytes);
        if is_there {
            continue;
        }
        if fs::symlink_metadata(&path).is_ok() {
            return Err(Diagnostic::error(format!("{} is not what it was written as", shown_path(&path))).help(
                "its name stands for its content, which earlier mail may show: move it away and run the command again",
            ));
        }
        durable::create_new(&path, Privacy::Shared, &asset.bytes)?;
        new.push(asset.file_name.clone());
    }
    Ok(new)
}

/// What has to be done before a mailing with linked images may leave; nothing when there are none.
pub fn warning(images: &Images, folder: &Path) -> Option<Diagnostic> {
    let files = of(images);
    let (_, url) = files.first()?;
    let base = url.rsplit_once('/').map_or(*url, |(base, _)| base);
    let names: Vec<&str> = files.iter().map(|(asset, _)| asset.file_name.as_str()).collect();
    let what = format!("the images are linked: their files must lie at {base}/ before the first copy leaves");
    let upload = format!("upload from {}: {}", shown_path(folder), names.join(", "));
    Some(Diagnostic::warning(what).help(upload))
}

/// The name of a file without folder and ending, in letters, digits and hyphens.
pub fn stem(name: &str) -> String {
    let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let safe: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).take(40).collect();
    let safe = safe.trim_matches('-');
    if safe.is_empty() { "image".to_owned() } else { safe.to_owned() }
}
