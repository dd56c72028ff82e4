//! Whole blogs: an export of Substack or Ghost, a folder of Hugo, Jekyll, Zola or Pelican, a folder or zip of articles.
//!
//! [`Blog::open`] finds out what it is and which articles it has; [`Blog::read`] makes one of them an article of ours;
//! [`place`] puts them into `content/`. Nothing is fetched from the network, and nothing of the source is changed.

mod archive;
mod braces;
mod ghost;
mod keys;
mod kind;
mod pictures;
pub mod place;
mod site;
mod substack;
mod tree;

use std::path::Path;

use aws_lc_rs::digest;
use serde_json::{Map, Value};

use super::{Imported, Note, escape};
use crate::article::{FrontMatter, slug};
use crate::diagnostic::Result;

pub use kind::From;
use tree::Tree;

/// A picture that comes with an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Where it lies in the source.
    from: String,
    /// What it is called beside the article.
    pub name: String,
}

/// One article of a blog, as an article of ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What names it in its source, the same at every import.
    pub id: String,
    /// The file or row in the source, for a person.
    pub place: String,
    pub article: Imported,
    pub pictures: Vec<Picture>,
    /// How many pictures stay on the web.
    pub remote: usize,
    /// What the source was, in short.
    pub digest: String,
}

/// A blog that was opened, not yet read.
#[derive(Debug)]
pub struct Blog {
    pub from: From,
    tree: Tree,
    site: Option<String>,
    items: Vec<Item>,
    /// What is no article, or could not be taken up, as a whole.
    pub left_out: Vec<String>,
}

/// What one article is read from.
#[derive(Debug)]
enum Item {
    Substack(substack::Post),
    Ghost(Box<ghost::Post>),
    File(String),
}

/// An article before its pictures are looked for.
struct Draft {
    id: String,
    place: String,
    /// The folder in the source that its relative addresses start from.
    folder: String,
    article: Imported,
    digest: digest::Context,
}

/// Whether a file is a single article, which [`super::import`] reads, and no blog.
pub fn is_single(path: &Path) -> bool {
    let json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    path == Path::new("-") || (path.is_file() && !json && !tree::is_zip(path)) || !path.exists()
}

impl Blog {
    /// Opens it and lists its articles. `from` overrides what is found; `site` is the address that it had on the web.
    ///
    /// # Errors
    /// It can't be read, or isn't of any known kind.
    pub fn open(path: &Path, from: Option<From>, site: Option<&str>) -> Result<Blog> {
        let mut tree = Tree::open(path)?;
        let from = match from {
            Some(from) => from,
            None => kind::detect(&mut tree)?,
        };
        let mut left_out = std::mem::take(&mut tree.refused);
        let items = match from {
            From::Substack => substack::posts(&mut tree, &mut left_out)?.into_iter().map(Item::Substack).collect(),
            From::Ghost => {
                ghost::posts(&mut tree, &mut left_out)?.into_iter().map(|p| Item::Ghost(Box::new(p))).collect()
            }
            other => site::files(other, &tree, &mut left_out)?.into_iter().map(Item::File).collect(),
        };
        let site = site.map(|site| site.trim_end_matches('/').to_owned());
        Ok(Blog { from, tree, site, items, left_out })
    }

    /// How many articles there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// What the `n`th article is called, for a person.
    pub fn name(&self, n: usize) -> &str {
        match self.items.get(n) {
            Some(Item::Substack(post)) => &post.file,
            Some(Item::Ghost(post)) => &post.slug,
            Some(Item::File(name)) => name,
            None => "",
        }
    }

    /// Reads the `n`th article; `None` past the last one.
    ///
    /// # Errors
    /// It can't be read; the others still may.
    pub fn read(&mut self, n: usize) -> Option<Result<Entry>> {
        let item = self.items.get(n)?;
        let site = self.site.as_deref();
        let draft = match item {
            Item::Substack(post) => substack::read(post, &mut self.tree, site),
            Item::Ghost(post) => Ok(ghost::read(post, site)),
            Item::File(name) => site::read(self.from, name, &mut self.tree),
        };
        Some(draft.map(|draft| self.finish(draft)))
    }

    /// Finds its pictures, and closes the account of it.
    fn finish(&mut self, draft: Draft) -> Entry {
        let Draft { id, place, folder, mut article, mut digest } = draft;
        let found = pictures::find(&article.body, &folder, &self.tree, self.site.as_deref());
        // HTML can write control characters as entities.
        article.body = found.body.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        if let Some(text) = article.front.preheader.as_mut().filter(|text| escape::has_template(text)) {
            *text = escape::template(text);
        }
        article.notes.extend(found.notes);
        for picture in &found.pictures {
            digest.update(picture.name.as_bytes());
            if let Ok(bytes) = self.tree.read(&picture.from, pictures::LARGEST) {
                digest.update(&bytes);
            }
        }
        article.notes.sort_by_key(|note| note.line);
        article.notes.dedup();
        Entry { id, place, article, pictures: found.pictures, remote: found.remote, digest: short(digest) }
    }

    /// The bytes of a picture.
    fn picture(&mut self, picture: &Picture) -> Result<Vec<u8>> {
        self.tree.read(&picture.from, pictures::LARGEST)
    }
}

/// The front matter that header lines without fences make.
pub(super) fn header_keys(written: Map<String, Value>, notes: &mut Vec<Note>) -> FrontMatter {
    notes.push(Note::at(1, "the lines before the first empty line are read as front matter"));
    keys::taken(From::Pelican, written, notes)
}

/// A digest as it stands in front matter: 128 bits in hexadecimal.
fn short(digest: digest::Context) -> String {
    digest.finish().as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn digest_of(parts: &[&[u8]]) -> digest::Context {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    context
}

/// A slug of the source's, made one of ours.
fn own_slug(text: &str, notes: &mut Vec<Note>) -> Option<String> {
    if slug::check(text).is_ok() {
        return Some(text.to_owned());
    }
    let made = slug::from_title(text)?;
    notes.push(Note::whole(format!("the slug `{text}` became `{made}`")));
    Some(made)
}
