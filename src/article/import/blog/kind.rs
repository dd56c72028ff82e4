//! What kind of blog lies there, by the files that only that kind has.

use serde::Serialize;

use super::super::header::header;
use super::tree::Tree;
use crate::diagnostic::{Diagnostic, Place, Result};

/// The program that a blog was written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum From {
    Substack,
    Ghost,
    Hugo,
    Jekyll,
    Zola,
    Pelican,
    /// Files as such: Markdown, HTML, text.
    Files,
}

impl From {
    pub const ALL: [From; 7] =
        [From::Substack, From::Ghost, From::Hugo, From::Jekyll, From::Zola, From::Pelican, From::Files];

    /// As it is written in options and in front matter.
    pub fn name(self) -> &'static str {
        match self {
            From::Substack => "substack",
            From::Ghost => "ghost",
            From::Hugo => "hugo",
            From::Jekyll => "jekyll",
            From::Zola => "zola",
            From::Pelican => "pelican",
            From::Files => "files",
        }
    }
}

impl std::str::FromStr for From {
    type Err = String;

    fn from_str(text: &str) -> Result<From, String> {
        From::ALL.into_iter().find(|from| from.name() == text).ok_or_else(|| {
            let names = From::ALL.map(From::name);
            format!("one of {} is meant", names.join(", "))
        })
    }
}

/// Finds out what it is.
pub(super) fn detect(tree: &mut Tree) -> Result<From> {
    let known = &*tree;
    let has = |name: &str| known.has(name);
    let any = |test: &dyn Fn(&str) -> bool| known.names().any(test);
    let ends = |name: &str, ending: &str| name.to_ascii_lowercase().ends_with(ending);
    if has("posts.csv") {
        return Ok(From::Substack);
    }
    let articles = any(&|name| super::site::is_markdown(name) || super::site::is_page(name));
    if !articles && any(&|name| ends(name, ".json") && !name.contains('/')) {
        return Ok(From::Ghost);
    }
    if any(&|name| name.split('/').any(|part| part == "_posts" || part == "_drafts")) || has("_config.yml") {
        return Ok(From::Jekyll);
    }
    if has("pelicanconf.py") {
        return Ok(From::Pelican);
    }
    if has("hugo.toml")
        || has("hugo.yaml")
        || has("hugo.json")
        || has("archetypes/default.md")
        || has("config/_default/hugo.toml")
    {
        return Ok(From::Hugo);
    }
    // Both have `config.toml` and `_index.md`; a look at what the articles say decides.
    if any(&|name| super::site::is_markdown(name)) { Ok(by_articles(tree)) } else { other(tree) }
}

fn other(tree: &Tree) -> Result<From> {
    if tree.names().any(|name| super::site::is_page(name) || name.ends_with(".txt")) {
        return Ok(From::Files);
    }
    if tree.has("word/document.xml") || tree.has("mimetype") {
        return Err(Diagnostic::error("this is a word processor's document, which can't be read")
            .at(Place::file(tree.name.clone()))
            .help("save it as plain text or as HTML"));
    }
    Err(Diagnostic::error("no articles were found in this")
        .at(Place::file(tree.name.clone()))
        .help("a Substack export, a Ghost export, a folder of Hugo, Jekyll, Zola or Pelican, or of Markdown, HTML or text is read")
        .help("`--from KIND` says what it is"))
}

/// By the front matter of the first articles.
fn by_articles(tree: &mut Tree) -> From {
    let (mut zola, mut hugo, mut pelican) = (0, 0, 0);
    let first: Vec<String> =
        tree.names().filter(|name| super::site::is_markdown(name)).take(50).map(str::to_owned).collect();
    for name in first {
        let Some(start) = tree.start(&name) else { continue };
        if header(&start).is_some() {
            pelican += 1;
        }
        let toml = start.starts_with("+++");
        let front = toml || start.starts_with("---");
        if toml && (start.contains("\n[taxonomies]") || start.contains("\n[extra]")) {
            zola += 1;
        } else if front && (start.contains("{{<") || start.contains("{{%") || start.contains("\ndraft")) {
            hugo += 1;
        }
    }
    match (zola, hugo, pelican) {
        (0, 0, 0) if tree.has("config.toml") => From::Hugo,
        (0, 0, 0) => From::Files,
        (_, _, pelican) if pelican > zola.max(hugo) => From::Pelican,
        (zola, hugo, _) if zola >= hugo => From::Zola,
        _ => From::Hugo,
    }
}
