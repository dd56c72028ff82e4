//! Puts the articles of a blog into `content/`: each once, under a slug of its own, and again only where the source has
//! changed and the file was not edited since.
//!
//! An imported file says in its front matter where it is from: `imported = { from, id, source, text }` under `extra`.
//! `source` is a digest of what it was made from, `text` one of the file as it was written, but for that line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Blog, Entry, digest_of, short};
use crate::article::FrontMatter;
use crate::diagnostic::{Diagnostic, Result, shown_path};
use crate::durable::{self, Privacy};

/// The key under `extra`, and how its line in the file begins.
const KEY: &str = "imported";
const LINE: &str = "\nimported = ";

/// What became of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    New,
    Updated,
    Unchanged,
    /// The source changed, and so did the file, by hand: the file stays as it is.
    Kept,
}

/// Where an article went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Placed {
    pub slug: String,
    /// Relative to the publication.
    pub file: String,
    pub outcome: Outcome,
    pub notes: Vec<String>,
}

/// A file of `content/` that was imported.
#[derive(Debug, Clone)]
struct Known {
    path: PathBuf,
    slug: String,
    source: String,
    edited: bool,
}

/// The articles that are there, and those that came.
#[derive(Debug)]
pub struct Shelf {
    root: PathBuf,
    /// By kind and id.
    known: BTreeMap<(String, String), Known>,
    slugs: BTreeSet<String>,
    /// Files that look imported and can't be read: an import could not tell what they are.
    pub unreadable: Vec<String>,
}

impl Shelf {
    /// Looks at `content/` below `root`.
    pub fn open(root: &Path) -> Result<Shelf> {
        let mut shelf =
            Shelf { root: root.to_path_buf(), known: BTreeMap::new(), slugs: BTreeSet::new(), unreadable: Vec::new() };
        let content = root.join("content");
        let entries = match fs::read_dir(&content) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(shelf),
            Err(error) => return Err(Diagnostic::io("read", &content, &error)),
        };
        for entry in entries.filter_map(std::result::Result::ok) {
            let path = entry.path();
            let path = if path.is_dir() { path.join("index.md") } else { path };
            if path.extension().is_some_and(|extension| extension == "md") && path.is_file() {
                shelf.look(&path);
            }
        }
        Ok(shelf)
    }

    fn look(&mut self, path: &Path) {
        let stem = path.file_stem().unwrap_or_default();
        let folder = path.parent().and_then(Path::file_name).unwrap_or(stem);
        let name = if stem == "index" { folder } else { stem }.to_string_lossy().into_owned();
        let shown = shown_path(path.strip_prefix(&self.root).unwrap_or(path));
        self.slugs.insert(name.clone());
        let Ok(text) = fs::read_to_string(path) else {
            self.unreadable.push(shown);
            return;
        };
        let text = text.replace("\r\n", "\n");
        let Ok((front, _)) = FrontMatter::parse(&shown, &text) else {
            self.unreadable.push(shown);
            return;
        };
        let slug = front.slug.unwrap_or(name);
        self.slugs.insert(slug.clone());
        let Some(Value::Object(origin)) = front.extra.get(KEY) else { return };
        let get = |key: &str| origin.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let known =
            Known { path: path.to_path_buf(), slug, source: get("source"), edited: get("text") != digest(&text) };
        self.known.insert((get("from"), get("id")), known);
    }

    /// Puts one article in its place; with `write` false only says where that would be.
    pub fn place(&mut self, blog: &mut Blog, entry: &mut Entry, write: bool) -> Result<Placed> {
        let key = (blog.from.name().to_owned(), entry.id.clone());
        let Some(known) = self.known.get(&key).cloned() else {
            return self.place_new(blog, entry, key, write);
        };
        let file = shown_path(known.path.strip_prefix(&self.root).unwrap_or(&known.path));
        let placed = |outcome, notes| Placed { slug: known.slug.clone(), file: file.clone(), outcome, notes };
        if known.source == entry.digest {
            return Ok(placed(Outcome::Unchanged, Vec::new()));
        }
        if known.edited {
            let what = "its source changed, but the file was edited since it was imported: kept as it is; \
                        move it away to import it anew";
            return Ok(placed(Outcome::Kept, vec![what.to_owned()]));
        }
        let stem = known.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let bundle = stem == "index";
        let folder = if bundle { known.path.with_file_name("") } else { known.path.with_extension("") };
        let mut notes = Vec::new();
        let prefix = if bundle { String::new() } else { format!("{stem}/") };
        Shelf::pictures(blog, entry, &folder, &prefix, write, &mut notes)?;
        let text = Shelf::text(entry, &key, &known.slug, &known.path);
        if write {
            durable::replace(&known.path, Privacy::Shared, text.as_bytes())?;
        }
        Ok(placed(Outcome::Updated, notes))
    }

    fn place_new(&mut self, blog: &mut Blog, entry: &mut Entry, key: (String, String), write: bool) -> Result<Placed> {
        let wanted = entry.article.slug();
        let slug = self.free(&wanted);
        let mut notes = Vec::new();
        if slug != wanted {
            notes.push(format!("the slug `{wanted}` is taken: it is called `{slug}`"));
        }
        let content = self.root.join("content");
        let folder = content.join(&slug);
        let bundle = !entry.pictures.is_empty();
        let path = if bundle { folder.join("index.md") } else { content.join(format!("{slug}.md")) };
        if write {
            durable::create_folder(&content, Privacy::Shared)?;
        }
        Shelf::pictures(blog, entry, &folder, "", write, &mut notes)?;
        let text = Shelf::text(entry, &key, &slug, &path);
        if write {
            durable::create_new(&path, Privacy::Shared, text.as_bytes())?;
        }
        self.slugs.insert(slug.clone());
        let known = Known { path: path.clone(), slug: slug.clone(), source: entry.digest.clone(), edited: false };
        self.known.insert(key, known);
        let file = shown_path(path.strip_prefix(&self.root).unwrap_or(&path));
        Ok(Placed { slug, file, outcome: Outcome::New, notes })
    }

    /// A slug that no other article has.
    fn free(&self, wanted: &str) -> String {
        let taken = |slug: &str| {
            let content = self.root.join("content");
            // A link or a file of that name is no folder of ours.
            let folder = content.join(slug).symlink_metadata();
            self.slugs.contains(slug)
                || content.join(format!("{slug}.md")).symlink_metadata().is_ok()
                || folder.is_ok_and(|about| !about.is_dir())
        };
        if !taken(wanted) {
            return wanted.to_owned();
        }
        // A slug has at most 100 characters.
        let stem = wanted.get(..wanted.len().min(90)).unwrap_or(wanted).trim_end_matches('-');
        let mut n = 2;
        while taken(&format!("{stem}-{n}")) {
            n += 1;
        }
        format!("{stem}-{n}")
    }

    /// Copies the pictures; one whose name is taken by another file gets another name.
    fn pictures(
        blog: &mut Blog,
        entry: &mut Entry,
        folder: &Path,
        prefix: &str,
        write: bool,
        notes: &mut Vec<String>,
    ) -> Result<()> {
        if entry.pictures.is_empty() {
            return Ok(());
        }
        if folder.symlink_metadata().is_ok_and(|about| !about.is_dir()) {
            return Err(Diagnostic::error(format!("{} is no folder", folder.display())).help("move it away"));
        }
        if write {
            durable::create_folder(folder, Privacy::Shared)?;
        }
        for picture in entry.pictures.clone() {
            let bytes = match blog.picture(&picture) {
                Ok(bytes) => bytes,
                Err(error) => {
                    notes.push(format!("the picture {} could not be copied: {}", picture.from, error.message()));
                    continue;
                }
            };
            let (stem, ending) = picture.name.rsplit_once('.').unwrap_or((&picture.name, ""));
            let names = (1..).map(|n| if n == 1 { picture.name.clone() } else { format!("{stem}-{n}.{ending}") });
            for name in names {
                let path = folder.join(&name);
                match path.symlink_metadata() {
                    Err(_) if write => durable::create_new(&path, Privacy::Shared, &bytes)?,
                    Err(_) => {}
                    Ok(about) if about.is_file() && fs::read(&path).is_ok_and(|there| there == bytes) => {}
                    Ok(_) => continue,
                }
                if name != picture.name {
                    notes.push(format!("{} is there and another picture: this one is called {name}", picture.name));
                }
                if name != picture.name || !prefix.is_empty() {
                    let new = format!("]({prefix}{name}");
                    entry.article.body = entry.article.body.replace(&format!("]({}", picture.name), &new);
                }
                break;
            }
        }
        Ok(())
    }

    /// The file, with the line that says where it is from.
    fn text(entry: &mut Entry, key: &(String, String), slug: &str, path: &Path) -> String {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        let name = if stem == "index" { folder } else { stem };
        let front = &mut entry.article.front;
        front.slug = (name != slug).then(|| slug.to_owned());
        // The line must be there, and be one, for the digest to leave it out.
        front.extra.retain(|name, _| name != KEY);
        let mut origin = Map::new();
        for (name, value) in [("from", &key.0), ("id", &key.1), ("source", &entry.digest), ("text", &String::new())] {
            origin.insert(name.to_owned(), Value::String(value.clone()));
        }
        entry.article.front.extra.insert(KEY.to_owned(), Value::Object(origin.clone()));
        let text = digest(&entry.article.to_file());
        origin.insert("text".to_owned(), Value::String(text));
        entry.article.front.extra.insert(KEY.to_owned(), Value::Object(origin));
        entry.article.to_file()
    }
}

/// A digest of a file but for the line of its origin.
fn digest(text: &str) -> String {
    let (before, rest) = text.split_once(LINE).unwrap_or((text, ""));
    let after = rest.split_once('\n').map_or("", |(_, after)| after);
    short(digest_of(&[before.as_bytes(), after.as_bytes()]))
}
