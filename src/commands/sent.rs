//! The mailing that a command asks about. What was sent stands on its own: neither the article's file nor the settings need
//! to be there any more.

use super::Session;
use crate::diagnostic::{Diagnostic, Result};
use crate::mailing::Mailing;
use crate::project::Project;
use crate::unsubscribe::Key;

/// The mailing of an article by slug or path; the newest when none is named.
pub(super) fn open(name: Option<&str>, session: &Session) -> Result<Mailing> {
    Mailing::open(&Project::mailings_in(&session.root), &slug(name, session)?)
}

/// The slug of [`open`]'s mailing, which is not read yet.
pub(super) fn slug(name: Option<&str>, session: &Session) -> Result<String> {
    let mailings = Project::mailings_in(&session.root);
    let Some(name) = name else {
        let newest = Mailing::all(&mailings)?.into_iter().max_by_key(|manifest| manifest.sealed_at);
        if let Some(newest) = newest {
            return Ok(newest.slug);
        }
        // A folder that is no publication is the likelier mistake.
        session.project()?;
        return Err(Diagnostic::error("nothing was sent yet").help("letterpress send --dry-run shows what would go"));
    };
    if Mailing::exists(&mailings, name) {
        return Ok(name.to_owned());
    }
    let article = session.project()?.article(Some(name))?;
    if Mailing::exists(&mailings, &article.slug) {
        return Ok(article.slug);
    }
    Err(Diagnostic::error(format!("{} was not sent yet", article.slug))
        .help(format!("letterpress send {} --dry-run", article.slug)))
}

/// The key that a mailing's links and message ids were made with: where it lay then, or where it lies now.
pub(super) fn key(mailing: &Mailing, session: &Session) -> Result<Key> {
    let sealed = session.root.join(mailing.sources()?.unsubscribe.key_file());
    let moved = match session.project() {
        Ok(project) if !sealed.exists() => Some(project.root.join(project.key_file())),
        _ => None,
    };
    Key::load(&moved.filter(|path| path.exists()).unwrap_or(sealed))
}
