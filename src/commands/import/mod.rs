//! `letterpress import`: one article here, a whole blog in [`blog`].

mod blog;

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::{Exit, Session};
use crate::article::import::blog::{From, is_single};
use crate::article::import::{Imported, Note, import};
use crate::diagnostic::{Diagnostic, Result, printable};
use crate::durable::{self, Privacy};

/// Turn existing articles into content/: a file, or a whole blog (Substack, Ghost, Hugo, Jekyll, Zola, Pelican)
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// A file (plain text, Markdown, HTML; `-` reads standard input), a folder, a zip, or a Ghost export
    pub file: PathBuf,
    /// What a folder, zip or export is: substack, ghost, hugo, jekyll, zola, pelican, files; found out when left out
    #[arg(long, value_name = "KIND")]
    pub from: Option<From>,
    /// The address that a blog had on the web: relative links and pictures lead there
    #[arg(long, value_name = "URL", value_parser = site)]
    pub site: Option<String>,
    /// Write this file and not content/SLUG.md
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Say what would be done and show the article; write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What `--json` tells.
#[derive(Serialize)]
struct Outcome<'a> {
    file: String,
    written: bool,
    slug: String,
    title: &'a str,
    notes: &'a [Note],
    /// The article's file, where it was not written.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

/// An address that relative ones can be put behind.
fn site(text: &str) -> std::result::Result<String, String> {
    let host = text.strip_prefix("https://").unwrap_or_default();
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && !b"<>(){}\"`\\?#".contains(&b));
    if plain && host.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        Ok(text.to_owned())
    } else {
        Err("an address that begins with https:// is meant".to_owned())
    }
}

pub fn run(args: &ImportArgs, session: &Session) -> Result<Exit> {
    if args.from.is_some() || !is_single(&args.file) {
        return blog::run(args, session);
    }
    if args.output.is_none() && !args.dry_run {
        session.project()?;
    }
    let (name, bytes) = read(&args.file)?;
    let mut imported = import(&name, &bytes)?;
    date(&mut imported, session);
    let slug = imported.slug();
    let path = args.output.clone().unwrap_or_else(|| session.root.join("content").join(format!("{slug}.md")));
    // A file of another name has to say itself what it is called.
    if path.file_stem().is_none_or(|stem| stem.to_string_lossy() != slug) {
        imported.front.slug = Some(slug.clone());
    }
    let text = imported.to_file();
    if !args.dry_run {
        write(&path, &slug, args, &text)?;
    }
    for note in &imported.notes {
        session.screen.say(printable(&note.to_string()));
    }
    let file = path.strip_prefix(&session.root).unwrap_or(&path).display().to_string();
    if args.dry_run {
        session.screen.result(text.trim_end());
        session.screen.say(format!("nothing was written; without --dry-run this becomes {file}"));
    } else {
        session.screen.result(&file);
        let article = if args.output.is_some() { path.display().to_string() } else { slug.clone() };
        session.screen.say(format!("next: letterpress send --dry-run {article}"));
    }
    let shown = args.dry_run.then_some(text.as_str());
    let title = imported.title();
    session.screen.document(&Outcome {
        file,
        written: !args.dry_run,
        slug,
        title,
        notes: &imported.notes,
        text: shown,
    });
    Ok(Exit::Done)
}

/// The name and the bytes of what is to be imported.
fn read(file: &Path) -> Result<(String, Vec<u8>)> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        let name = Path::new("standard input");
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(|error| Diagnostic::io("read", name, &error))?;
        return Ok(("-".to_owned(), bytes));
    }
    let bytes = std::fs::read(file).map_err(|error| Diagnostic::io("read", file, &error))?;
    Ok((file.display().to_string(), bytes))
}

/// An article without a date is of today; the newest article is what `send` takes unasked.
fn date(imported: &mut Imported, session: &Session) {
    if imported.front.date.is_none() {
        let today = session.today();
        imported.front.date = Some(today);
        imported.notes.push(Note { line: None, what: format!("date {today}, today: the original has none") });
    }
}

fn write(path: &Path, slug: &str, args: &ImportArgs, text: &str) -> Result<()> {
    if args.output.is_none() {
        // An article of that slug may as well be a folder with an index.md.
        let folder = path.with_extension("");
        if folder.join("index.md").exists() {
            return Err(taken(&folder.join("index.md"), slug, args));
        }
        durable::create_folder(path.parent().unwrap_or(Path::new(".")), Privacy::Shared)?;
    }
    if path.symlink_metadata().is_ok() {
        return Err(taken(path, slug, args));
    }
    durable::create_new(path, Privacy::Shared, text.as_bytes())
}

fn taken(path: &Path, slug: &str, args: &ImportArgs) -> Diagnostic {
    let other = path.with_file_name(format!("{slug}-2.md"));
    Diagnostic::error(format!("{} exists already and is not overwritten", path.display())).help(format!(
        "`letterpress import {} --output {}` writes another file",
        args.file.display(),
        other.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article;
    use crate::commands::tests::session;

    const TEXT: &str = "Far And Near\n\nBy Ann Lee\n\nHello.\n";

    fn args(file: &Path) -> ImportArgs {
        ImportArgs { file: file.to_path_buf(), from: None, site: None, output: None, dry_run: false }
    }

    #[test]
    fn an_article_is_written_once_and_never_over_another() {
        let (folder, session) = session();
        let file = folder.path().join("far.txt");
        std::fs::write(&file, TEXT).unwrap();
        run(&args(&file), &session).unwrap();
        let article = article::find(&session.root, Some("far-and-near")).unwrap();
        assert_eq!(article.date.unwrap().to_string(), "2026-11-22");
        assert_eq!(article.author.as_deref(), Some("Ann Lee"));
        let before = std::fs::read(&article.path).unwrap();
        let error = run(&args(&file), &session).unwrap_err();
        assert!(error.message().contains("not overwritten") && error.helps()[0].contains("--output"), "{error}");
        assert_eq!(std::fs::read(&article.path).unwrap(), before);
    }

    #[test]
    fn another_output_keeps_the_slug() {
        let (folder, session) = session();
        let file = folder.path().join("far.txt");
        std::fs::write(&file, TEXT).unwrap();
        let output = folder.path().join("Another Name.md");
        run(&ImportArgs { output: Some(output.clone()), ..args(&file) }, &session).unwrap();
        assert_eq!(article::Article::load(&session.root, &output).unwrap().slug, "far-and-near");
        assert!(run(&ImportArgs { output: Some(output), ..args(&file) }, &session).is_err());
        assert!(!session.root.join("content").exists());
    }

    #[test]
    fn a_folder_with_an_index_takes_the_slug_too() {
        let (folder, session) = session();
        let file = folder.path().join("far.txt");
        std::fs::write(&file, TEXT).unwrap();
        std::fs::create_dir_all(session.root.join("content/far-and-near")).unwrap();
        std::fs::write(session.root.join("content/far-and-near/index.md"), "# x").unwrap();
        assert!(run(&args(&file), &session).unwrap_err().message().contains("index.md exists already"));
    }

    #[test]
    fn a_dry_run_writes_nothing_and_needs_no_publication() {
        let (folder, session) = session();
        let file = folder.path().join("far.txt");
        std::fs::write(&file, TEXT).unwrap();
        std::fs::remove_file(session.root.join("letterpress.toml")).unwrap();
        run(&ImportArgs { dry_run: true, ..args(&file) }, &session).unwrap();
        assert!(run(&args(&file), &session).unwrap_err().message().contains("letterpress.toml"));
        assert!(!session.root.join("content").exists());
    }
}
