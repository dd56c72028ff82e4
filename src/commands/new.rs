//! `letterpress new`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{Exit, Session};
use crate::article::{FrontMatter, slug};
use crate::diagnostic::{Diagnostic, Result, is_unprintable, shown_path};
use crate::durable::{self, Privacy};

/// Begin an article: content/SLUG.md with front matter and a first line
#[derive(Debug, Args)]
pub struct NewArgs {
    /// The article's title
    #[arg(required = true, value_name = "TITLE")]
    pub title: Vec<String>,
}

/// What a new article says until its author says it.
const BEGINNING: &str = "\
Dear {{ subscriber.first_name | default(value=\"friend\") }},

Begin here. Every reader gets this letter with their own name in the line above, or `friend` where the list has none.

## A heading

A paragraph with *one word* that matters, a [link](https://example.com/), and an end.
";

pub fn run(args: &NewArgs, session: &Session) -> Result<Exit> {
    session.project()?;
    let title = args.title.join(" ").trim().to_owned();
    if title.is_empty() {
        return Err(Diagnostic::error("the title is empty").help("`letterpress new \"A title\"`"));
    }
    if title.chars().any(|c| is_unprintable(c) || matches!(c, '\n' | '\t')) {
        return Err(Diagnostic::error("the title has a control character or a line end").help("write it in one line"));
    }
    let today = session.today();
    let slug = slug::from_title(&title).unwrap_or_else(|| format!("article-{today}"));
    let content = session.root.join("content");
    let path = content.join(format!("{slug}.md"));
    if let Some(old) = [&path, &content.join(&slug).join("index.md")].into_iter().find(|path| path.exists()) {
        return Err(Diagnostic::error(format!("{} exists already", shown_path(old)))
            .help("give the new article another title, or go on with that one"));
    }
    durable::create_folder(&content, Privacy::Shared)?;
    let front = FrontMatter { title: Some(title), date: Some(today), draft: true, ..FrontMatter::default() };
    durable::create_new(&path, Privacy::Shared, text(&front).as_bytes())?;
    let file = PathBuf::from("content").join(format!("{slug}.md")).display().to_string();
    session.screen.result(&file);
    session.screen.document(&json!({ "file": file, "slug": slug }));
    session.screen.say("it is a draft: take `draft = true` out when it is ready to be sent");
    session.screen.say(format!("next: write, then look at it with letterpress send --dry-run {slug}"));
    Ok(Exit::Done)
}

/// The file, with the keys that an author most often adds shown as comments.
fn text(front: &FrontMatter) -> String {
    let keys = "# subject = \"When it is not the title\"\n# preheader = \"What an inbox shows after the subject\"\n# author = \"Your name\"\n";
    let matter = front.to_toml();
    let at = matter.find("date = ").unwrap_or(matter.len());
    format!("{}{keys}{}\n{BEGINNING}", &matter[..at], &matter[at..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article;
    use crate::commands::tests::session;

    fn new(title: &str, session: &Session) -> Result<Exit> {
        run(&NewArgs { title: vec![title.to_owned()] }, session)
    }

    #[test]
    fn a_new_article_is_a_dated_draft() {
        let (_folder, session) = session();
        new("Far & \"near\"", &session).unwrap();
        let article = article::find(&session.root, Some("far-near")).unwrap();
        assert_eq!((article.title.as_str(), article.draft), ("Far & \"near\"", true));
        assert_eq!(article.date.unwrap().to_string(), "2026-11-22");
        assert!(article.markdown().contains("subscriber.first_name | default"));
        for key in ["subject", "preheader", "author"] {
            let set = article.source.replace(&format!("# {key} ="), &format!("{key} ="));
            assert!(article::Article::parse("content/a.md", set).is_ok(), "{key} only needs its mark taken away");
        }
    }

    #[test]
    fn nothing_is_overwritten() {
        let (_folder, session) = session();
        new("Far", &session).unwrap();
        assert!(new("far!", &session).unwrap_err().message().contains("exists already"));
        std::fs::create_dir_all(session.root.join("content/near")).unwrap();
        std::fs::write(session.root.join("content/near/index.md"), "# Near").unwrap();
        assert!(new("Near", &session).unwrap_err().message().contains("index.md"));
    }

    #[test]
    fn titles_in_any_script_have_a_file_and_bad_ones_none() {
        let (_folder, session) = session();
        new("名前", &session).unwrap();
        assert_eq!(article::find(&session.root, Some("article-2026-11-22")).unwrap().title, "名前");
        for title in ["", "  ", "a\nb", "a\u{202e}b"] {
            assert!(new(title, &session).is_err(), "{title:?}");
        }
    }
}
