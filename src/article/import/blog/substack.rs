//! A Substack export: `posts.csv`, a row for each post, and `posts/ID.html` (its text, no page around it).

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Imported, Kind, Note, html, one_line};
use super::tree::{LARGEST, Tree};
use super::{Draft, digest_of, own_slug};
use crate::article::FrontMatter;
use crate::article::front_matter::civil_date;
use crate::diagnostic::{Diagnostic, Place, Result};

/// A row of `posts.csv`.
#[derive(Debug)]
pub(super) struct Post {
    /// `12345.the-slug`.
    id: String,
    pub(super) file: String,
    columns: BTreeMap<String, String>,
}

impl Post {
    fn column(&self, name: &str) -> &str {
        self.columns.get(name).map(String::as_str).unwrap_or_default()
    }
}

/// The rows that are articles and have a text.
pub(super) fn posts(tree: &mut Tree, left_out: &mut Vec<String>) -> Result<Vec<Post>> {
    const TABLE: &str = "posts.csv";
    let place = |line: u64| Place::line(TABLE, usize::try_from(line).unwrap_or(0));
    let bytes = tree.read(TABLE, LARGEST)?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes.as_slice());
    let unreadable = |error: &csv::Error| {
        let line = error.position().map_or(0, csv::Position::line);
        Diagnostic::error("this row can't be read").at(place(line)).help("download the export again")
    };
    let head: Vec<String> = reader
        .headers()
        .map_err(|error| unreadable(&error))?
        .iter()
        .map(|name| name.trim().trim_start_matches('\u{feff}').to_ascii_lowercase())
        .collect();
    if !head.iter().any(|name| name == "post_id") {
        return Err(Diagnostic::error("this table has no column `post_id`")
            .at(Place::line(TABLE, 1))
            .help("is it a Substack export? `--from KIND` says what it is"));
    }
    let mut posts: Vec<Post> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut without = 0;
    for row in reader.records() {
        let row = row.map_err(|error| unreadable(&error))?;
        let columns: BTreeMap<String, String> =
            head.iter().cloned().zip(row.iter().map(|value| value.trim().to_owned())).collect();
        let id = columns.get("post_id").cloned().unwrap_or_default();
        let file = format!("posts/{id}.html");
        let line = row.position().map_or(0, csv::Position::line);
        if !seen.insert(id.clone()) {
            left_out.push(format!("{TABLE}:{line}: a second row for {id}"));
        } else if id.is_empty() || !tree.has(&file) {
            without += 1;
            let title = columns.get("title").filter(|title| !title.is_empty()).cloned().unwrap_or_default();
            left_out.push(format!("{TABLE}:{line}: \"{title}\" has no text in the export ({file})"));
        } else {
            posts.push(Post { id, file, columns });
        }
    }
    if posts.is_empty() && without == 0 {
        left_out.push(format!("{TABLE} has no rows"));
    }
    Ok(posts)
}

/// Reads one post.
pub(super) fn read(post: &Post, tree: &mut Tree, site: Option<&str>) -> Result<Draft> {
    let bytes = tree.read(&post.file, LARGEST)?;
    let mut notes = Vec::new();
    let source = super::super::decode::decode(&post.file, &bytes, &mut notes)?;
    let body = html::fragment(&source, site, &mut notes);
    let line = |name: &str| Some(one_line(post.column(name))).filter(|text| !text.is_empty());
    let mut front = FrontMatter {
        title: line("title"),
        preheader: line("subtitle"),
        date: civil_date(post.column("post_date")),
        draft: !post.column("is_published").eq_ignore_ascii_case("true"),
        ..FrontMatter::default()
    };
    front.slug = match post.id.split_once('.') {
        Some((_, slug)) if !slug.is_empty() => own_slug(slug, &mut notes),
        _ => None,
    };
    if let Some(at) = line("post_date") {
        front.extra.insert("published".to_owned(), at.into());
    }
    if let Some(audience) = line("audience").filter(|audience| audience != "everyone") {
        notes.push(Note::whole(format!("was for {audience}: kept under `extra`; say whom it is for with `segment`")));
        front.extra.insert("audience".to_owned(), audience.into());
    }
    if let Some(kind) = line("type").filter(|kind| kind != "newsletter") {
        notes.push(Note::whole(format!("is a {kind}: its text alone is taken over")));
        front.extra.insert("type".to_owned(), kind.into());
    }
    if let Some(address) = line("podcast_url") {
        notes.push(Note::whole(format!("the recording stays at {address}: kept under `extra`")));
        front.extra.insert("podcast_url".to_owned(), address.into());
    }
    super::super::settle_title(&mut front, &post.file, &source, &mut notes);
    if body.trim().is_empty() {
        notes.push(Note::whole("has no text"));
    }
    let columns: String = post.columns.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    Ok(Draft {
        id: post.id.clone(),
        place: post.file.clone(),
        folder: "posts".to_owned(),
        article: Imported { kind: Kind::Html, front, body, notes },
        digest: digest_of(&[columns.as_bytes(), &bytes]),
    })
}
