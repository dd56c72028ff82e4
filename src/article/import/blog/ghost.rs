//! A Ghost export: one JSON file of tables (`db[0].data`, or `data` alone); the text of a post is its `html`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::super::{Imported, Kind, Note, escape, html, one_line};
use super::tree::{LARGEST, Tree};
use super::{Draft, digest_of, own_slug};
use crate::article::FrontMatter;
use crate::article::front_matter::civil_date;
use crate::diagnostic::{Diagnostic, Place, Result};

/// What Ghost writes for the address of the blog.
pub(super) const SITE: &str = "__GHOST_URL__";

#[derive(Debug, Deserialize)]
struct Export {
    #[serde(default)]
    db: Vec<Wrapped>,
    data: Option<Data>,
}

#[derive(Debug, Deserialize)]
struct Wrapped {
    data: Option<Data>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Data {
    posts: Vec<Row>,
    posts_meta: Vec<Row>,
    tags: Vec<Row>,
    users: Vec<Row>,
    posts_tags: Vec<Row>,
    posts_authors: Vec<Row>,
}

/// A row of a table; ids are text or numbers, and every version has columns of its own.
type Row = BTreeMap<String, Value>;

/// A post with what other tables say of it.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) slug: String,
    row: Row,
    meta: Row,
    tags: Vec<String>,
    authors: Vec<String>,
}

/// A column as text; empty where there is none.
fn text(row: &Row, name: &str) -> String {
    match row.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(n)) => n.to_string(),
        Some(Value::Bool(b)) => b.to_string(),
        _ => String::new(),
    }
}

fn some(row: &Row, name: &str) -> Option<String> {
    Some(one_line(&text(row, name))).filter(|text| !text.is_empty())
}

/// The posts of all exports in the tree.
pub(super) fn posts(tree: &mut Tree, left_out: &mut Vec<String>) -> Result<Vec<Post>> {
    let files: Vec<String> = tree.names().filter(|name| name.ends_with(".json")).map(str::to_owned).collect();
    let mut posts = Vec::new();
    let mut exports = 0;
    for file in files {
        let bytes = tree.read(&file, LARGEST)?;
        let export: Export = match serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)) {
            Ok(export) => export,
            Err(error) => {
                let mut place = Place::line(format!("{}/{file}", tree.name), error.line());
                place.column = 0;
                return Err(Diagnostic::error(format!("this is no Ghost export: {error}"))
                    .at(place)
                    .help("Ghost makes one under Settings, Migration tools, Export"));
            }
        };
        for data in export.db.into_iter().filter_map(|wrapped| wrapped.data).chain(export.data) {
            exports += 1;
            joined(data, &mut posts, left_out);
        }
    }
    if exports == 0 {
        return Err(Diagnostic::error("there is no Ghost export in this")
            .at(Place::file(tree.name.clone()))
            .help("a JSON file with `db` and `data` is expected"));
    }
    Ok(posts)
}

/// Puts the tables together.
fn joined(data: Data, posts: &mut Vec<Post>, left_out: &mut Vec<String>) {
    let named =
        |rows: Vec<Row>| -> BTreeMap<String, Row> { rows.into_iter().map(|row| (text(&row, "id"), row)).collect() };
    let (tags, users) = (named(data.tags), named(data.users));
    let mut metas: BTreeMap<String, Row> =
        data.posts_meta.into_iter().map(|row| (text(&row, "post_id"), row)).collect();
    let related = |links: &[Row], other: &str, rows: &BTreeMap<String, Row>| {
        let mut all: BTreeMap<String, Vec<(u64, String)>> = BTreeMap::new();
        for link in links {
            let order = link.get("sort_order").and_then(Value::as_u64).unwrap_or(0);
            // Tags that begin with # are Ghost's own marks.
            let name = rows.get(&text(link, other)).and_then(|row| some(row, "name"));
            if let Some(name) = name.filter(|name| !name.starts_with('#')) {
                all.entry(text(link, "post_id")).or_default().push((order, name));
            }
        }
        all.values_mut().for_each(|names| names.sort_by_key(|(order, _)| *order));
        all
    };
    let mut tagged = related(&data.posts_tags, "tag_id", &tags);
    let mut written = related(&data.posts_authors, "author_id", &users);
    let names = |names: Option<Vec<(u64, String)>>| names.unwrap_or_default().into_iter().map(|(_, name)| name);
    for row in data.posts {
        let id = text(&row, "id");
        let page = text(&row, "type") == "page" || matches!(text(&row, "page").as_str(), "1" | "true");
        if page {
            left_out.push(format!("\"{}\" is a page and no post", one_line(&text(&row, "title"))));
            continue;
        }
        let mut authors: Vec<String> = names(written.remove(&id)).collect();
        if authors.is_empty() {
            authors.extend(users.get(&text(&row, "author_id")).and_then(|user| some(user, "name")));
        }
        posts.push(Post {
            slug: text(&row, "slug"),
            meta: metas.remove(&id).unwrap_or_default(),
            tags: names(tagged.remove(&id)).collect(),
            authors,
            row,
        });
    }
}

/// Reads one post.
pub(super) fn read(post: &Post, site: Option<&str>) -> Draft {
    let mut notes = Vec::new();
    let row = &post.row;
    let (source, body) = body(row, site, &mut notes);
    let status = text(row, "status");
    let published = moment(row, "published_at").or_else(|| moment(row, "created_at"));
    let mut front = FrontMatter {
        title: some(row, "title"),
        subject: some(&post.meta, "email_subject").map(|subject| escape::template(&subject)),
        preheader: some(row, "custom_excerpt").or_else(|| some(&post.meta, "meta_description")),
        author: Some(post.authors.join(", ")).filter(|authors| !authors.is_empty()),
        date: published.as_deref().and_then(civil_date),
        slug: own_slug(&post.slug, &mut notes),
        draft: !matches!(status.as_str(), "published" | "sent"),
        ..FrontMatter::default()
    };
    if status == "scheduled" {
        notes.push(Note::whole("was scheduled: it is a draft here"));
    }
    if let Some(at) = published {
        front.extra.insert("published".to_owned(), at.into());
    }
    if !post.tags.is_empty() {
        front.extra.insert("tags".to_owned(), post.tags.clone().into());
    }
    if let Some(visibility) = some(row, "visibility").filter(|who| who != "public") {
        notes.push(Note::whole(format!("was for {visibility}: kept under `extra`; say whom it is for with `segment`")));
        front.extra.insert("visibility".to_owned(), visibility.into());
    }
    for name in ["codeinjection_head", "codeinjection_foot"] {
        if some(row, name).is_some() {
            notes.push(Note::whole(format!("left out `{name}`: mail runs no code")));
        }
    }
    let body = match some(row, "feature_image").or_else(|| some(row, "image")) {
        Some(address) => format!("{}\n\n{body}", feature(&address, &post.meta)),
        None => body,
    };
    let place = if post.slug.is_empty() { text(row, "id") } else { post.slug.clone() };
    super::super::settle_title(&mut front, &place, &source, &mut notes);
    if body.trim().is_empty() {
        notes.push(Note::whole("has no text"));
    }
    let whole = format!("{row:?}{:?}{:?}{:?}", post.meta, post.tags, post.authors);
    Draft {
        id: some(row, "uuid").or_else(|| some(row, "id")).unwrap_or_else(|| place.clone()),
        place,
        folder: String::new(),
        article: Imported { kind: Kind::Html, front, body, notes },
        digest: digest_of(&[whole.as_bytes()]),
    }
}

/// The text as Ghost has it, and as Markdown; what lacks the HTML says so.
fn body(row: &Row, site: Option<&str>, notes: &mut Vec<Note>) -> (String, String) {
    let source = text(row, "html");
    if !source.trim().is_empty() {
        let markdown = html::fragment(&source, site, notes);
        return (source, markdown);
    }
    let plain = text(row, "plaintext");
    if plain.trim().is_empty() {
        let kept = ["lexical", "mobiledoc", "markdown"].into_iter().find(|name| some(row, name).is_some());
        if let Some(kept) = kept {
            notes.push(Note::whole(format!(
                "the export has its text as `{kept}` alone, which is not read: publish it in Ghost and export again"
            )));
        }
        return (String::new(), String::new());
    }
    notes.push(Note::whole("the export has no HTML of it: its plain text is taken, without links and pictures"));
    let paragraphs = plain.split("\n\n").map(|paragraph| {
        let mut out = String::new();
        escape::push_text(&mut out, paragraph);
        escape::line(&out)
    });
    let markdown = paragraphs.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n");
    (plain, markdown)
}

/// The picture over a post, with its caption.
fn feature(address: &str, meta: &Row) -> String {
    let mut alt = String::new();
    escape::push_words(&mut alt, &some(meta, "feature_image_alt").unwrap_or_default());
    let picture = format!("![{alt}]({})", html::written(address));
    match some(meta, "feature_image_caption") {
        Some(caption) => {
            let caption = html::fragment(&caption, None, &mut Vec::new());
            format!("{picture}\n\n{caption}")
        }
        None => picture,
    }
}

/// A time: text, or milliseconds since 1970 in early versions.
fn moment(row: &Row, name: &str) -> Option<String> {
    match row.get(name)? {
        Value::Number(n) => Some(jiff::Timestamp::from_millisecond(n.as_i64()?).ok()?.to_string()),
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        _ => None,
    }
}
