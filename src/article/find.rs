//! Which article is meant: by slug, by path, or the newest that is no draft.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::civil::Date;

use super::Article;
use super::variants::parts_of;
use crate::diagnostic::{Diagnostic, Place, Result, did_you_mean, shown_path};

/// The folder of articles in a publication.
const CONTENT: &str = "content";

/// Every article of the publication, ordered by file name.
///
/// # Errors
/// The first file that can't be read or has a mistake.
pub fn all(root: &Path) -> Result<Vec<Article>> {
    files(root)?.iter().map(|path| Article::load(root, path)).collect()
}

/// The article with this slug or at this path; without a name the newest that is no draft.
///
/// # Errors
/// There is none, there are two, or it has a mistake.
pub fn find(root: &Path, name: Option<&str>) -> Result<Article> {
    match name {
        Some(name) if is_path(name) => by_path(root, name),
        Some(slug) => by_slug(root, slug),
        None => newest(root),
    }
}

fn is_path(name: &str) -> bool {
    name.contains(['/', '\\']) || Path::new(name).extension().is_some()
}

/// A path means what it means in the shell; failing that, a place in the publication.
fn by_path(root: &Path, name: &str) -> Result<Article> {
    let given = PathBuf::from(name);
    let inside = [given.clone(), given.join("index.md"), root.join(name), root.join(name).join("index.md")];
    match inside.iter().find(|path| path.is_file()) {
        Some(path) => Article::load(root, path),
        None => Err(Diagnostic::error(format!("there is no article at {name}"))
            .help("an article is named by its slug or by the path of its file")),
    }
}

fn by_slug(root: &Path, slug: &str) -> Result<Article> {
    let loaded: Vec<(PathBuf, Result<Article>)> =
        files(root)?.into_iter().map(|path| (path.clone(), Article::load(root, &path))).collect();
    let known: Vec<&Article> = loaded.iter().filter_map(|(_, article)| article.as_ref().ok()).collect();
    match known.iter().filter(|article| article.slug == slug).collect::<Vec<_>>()[..] {
        [article] => return Ok((**article).clone()),
        [one, two, ..] => {
            return Err(Diagnostic::error(format!(
                "two articles have the slug `{slug}`: {} and {}",
                one.file, two.file
            ))
            .at(Place::file(two.file.clone()))
            .help("give one of them another `slug`, or name the article by its path"));
        }
        [] => {}
    }
    // A file of that name that can't be read is what was meant; its own error says more than "unknown".
    let named = |path: &Path| {
        let main = parts_of(path).map_or_else(|| path.to_path_buf(), |(main, _)| main);
        main == root.join(CONTENT).join(format!("{slug}.md")) || main.ends_with(format!("{slug}/index.md"))
    };
    let slugs: Vec<String> = known.iter().map(|article| article.slug.clone()).collect();
    match loaded.into_iter().find(|(path, _)| named(path)) {
        Some((_, article)) => article,
        None => Err(unknown(slug, &slugs)),
    }
}

fn unknown(slug: &str, slugs: &[String]) -> Diagnostic {
    let diagnostic = Diagnostic::error(format!("there is no article `{slug}`"));
    let diagnostic = match did_you_mean(slug, slugs.iter().map(String::as_str)) {
        Some(likely) => diagnostic.help(format!("did you mean `{likely}`?")),
        None => diagnostic,
    };
    if slugs.is_empty() { diagnostic.help(BEGIN) } else { diagnostic.help(format!("there is: {}", slugs.join(", "))) }
}

const BEGIN: &str = "`letterpress new \"A title\"` begins an article, `letterpress import FILE` takes one over";

fn newest(root: &Path) -> Result<Article> {
    let articles = all(root).map_err(|error| error.help("or name the article that is meant"))?;
    if articles.is_empty() {
        return Err(
            Diagnostic::error(format!("there is no article in {}", shown_path(&root.join(CONTENT)))).help(BEGIN)
        );
    }
    let drafts: Vec<String> = articles.iter().filter(|a| a.draft).map(|a| a.slug.clone()).collect();
    let age = |article: &Article| -> (Option<Date>, Option<SystemTime>, String) {
        let changed = fs::metadata(&article.path).and_then(|data| data.modified()).ok();
        (article.date, changed, article.slug.clone())
    };
    articles.into_iter().filter(|article| !article.draft).max_by_key(age).ok_or_else(|| {
        Diagnostic::error(format!("every article is a draft: {}", drafts.join(", ")))
            .help("take `draft = true` out of the one that is ready, or name the draft that is meant")
    })
}

/// The files of articles: `content/*.md` and `content/*/index.md`, ordered by name. Hidden ones are no articles, and other
/// languages of one (`letter.de.md`) are no articles of their own; without their main file they are listed, to be told.
fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in entries(&root.join(CONTENT))? {
        if path.is_dir() {
            let index = path.join("index.md");
            if index.is_file() {
                files.push(index);
            } else {
                files
                    .extend(entries(&path)?.into_iter().find(|path| parts_of(path).is_some_and(|(of, _)| of == index)));
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
    files.retain(|path| parts_of(path).is_none_or(|(main, _)| !main.is_file()));
    files.sort();
    Ok(files)
}

/// What lies in a folder and isn't hidden; nothing, when there is no such folder.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error| Diagnostic::io("read the folder", folder, &error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.')) {
            paths.push(path);
        }
    }
    Ok(paths)
}
