//! `letterpress import` of a whole blog.

use serde::Serialize;

use super::super::{Exit, Session};
use super::ImportArgs;
use crate::article::import::Note;
use crate::article::import::blog::place::{Outcome, Placed, Shelf};
use crate::article::import::blog::{Blog, Entry, From};
use crate::diagnostic::{Diagnostic, Result, printable};

/// What `--json` tells of one article.
#[derive(Serialize)]
struct Told {
    /// Where it stood in the source.
    place: String,
    id: String,
    title: String,
    draft: bool,
    #[serde(flatten)]
    placed: Placed,
    pictures: usize,
    remote_pictures: usize,
    /// What could not be carried over, or was decided.
    report: Vec<Note>,
}

#[derive(Serialize)]
struct Failed {
    place: String,
    error: Diagnostic,
}

#[derive(Debug, Default, Serialize)]
struct Summary {
    new: usize,
    updated: usize,
    unchanged: usize,
    kept: usize,
    failed: usize,
    drafts: usize,
    pictures: usize,
    remote_pictures: usize,
    notes: usize,
}

#[derive(Serialize)]
struct Document {
    from: From,
    written: bool,
    articles: Vec<Told>,
    failed: Vec<Failed>,
    /// What is no article, as a whole.
    left_out: Vec<String>,
    summary: Summary,
}

/// Imports every article that the source has.
pub(super) fn run(args: &ImportArgs, session: &Session) -> Result<Exit> {
    if args.output.is_some() {
        return Err(Diagnostic::error("--output is for a single article").help("a blog goes into content/"));
    }
    if !args.dry_run {
        session.project()?;
    }
    let mut blog = Blog::open(&args.file, args.from, args.site.as_deref())?;
    let mut shelf = Shelf::open(&session.root)?;
    session.screen.say(format!("{}: {} articles", blog.from.name(), blog.len()));
    let left_out = blog.left_out.clone();
    let mut document = Document {
        from: blog.from,
        written: !args.dry_run,
        articles: Vec::new(),
        failed: Vec::new(),
        left_out,
        summary: Summary::default(),
    };
    for n in 0..blog.len() {
        let place = blog.name(n).to_owned();
        let Some(read) = blog.read(n) else { break };
        match read.and_then(|entry| one(args, session, &mut blog, &mut shelf, entry)) {
            Ok(told) => document.take(told, session),
            Err(error) => {
                document.summary.failed += 1;
                session.screen.diagnostic(&error);
                document.failed.push(Failed { place, error });
            }
        }
    }
    document.finish(&shelf, session);
    Ok(if document.failed.is_empty() { Exit::Done } else { Exit::Failed })
}

fn one(args: &ImportArgs, session: &Session, blog: &mut Blog, shelf: &mut Shelf, mut entry: Entry) -> Result<Told> {
    if entry.article.front.date.is_none() {
        super::date(&mut entry.article, session);
    }
    let placed = shelf.place(blog, &mut entry, !args.dry_run)?;
    Ok(Told {
        id: entry.id,
        title: entry.article.title().to_owned(),
        draft: entry.article.front.draft,
        pictures: entry.pictures.len(),
        remote_pictures: entry.remote,
        report: entry.article.notes,
        place: entry.place,
        placed,
    })
}

impl Document {
    /// Says what became of one article, and counts it.
    fn take(&mut self, told: Told, session: &Session) {
        let summary = &mut self.summary;
        match told.placed.outcome {
            Outcome::New => summary.new += 1,
            Outcome::Updated => summary.updated += 1,
            Outcome::Unchanged => summary.unchanged += 1,
            Outcome::Kept => summary.kept += 1,
        }
        let say = |text: &str| session.screen.say(printable(&format!("{}: {text}", told.place)));
        told.placed.notes.iter().for_each(|note| say(note));
        if matches!(told.placed.outcome, Outcome::New | Outcome::Updated) {
            for note in &told.report {
                say(&note.to_string());
            }
            summary.notes += told.report.len();
            summary.drafts += usize::from(told.draft);
            summary.pictures += told.pictures;
            summary.remote_pictures += told.remote_pictures;
            session.screen.result(&told.placed.file);
        }
        self.articles.push(told);
    }

    /// Sums up.
    fn finish(&self, shelf: &Shelf, session: &Session) {
        let say = |text: String| session.screen.say(printable(&text));
        for what in &self.left_out {
            say(format!("not imported: {what}"));
        }
        for file in &shelf.unreadable {
            say(format!("{file} can't be read: if it was imported, it may be here twice now"));
        }
        let sum = &self.summary;
        let verb = if self.written { "" } else { "would be " };
        say(format!(
            "{verb}new {}, updated {}, unchanged {}, kept as edited {}, failed {}",
            sum.new, sum.updated, sum.unchanged, sum.kept, sum.failed
        ));
        say(format!(
            "of those: {} drafts; {} pictures copied, {} stay on the web; {} remarks above",
            sum.drafts, sum.pictures, sum.remote_pictures, sum.notes
        ));
        if !self.written {
            say("nothing was written; without --dry-run it is".to_owned());
        }
        session.screen.document(self);
    }
}
