//! `letterpress stop`: asks a `send` that runs elsewhere to stop, and waits until it has.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::{Exit, Session, sent, status};
use crate::diagnostic::Result;
use crate::mailing::Mailing;
use crate::project::Project;

/// Stop a running `send`, from another terminal, as Ctrl-C does
#[derive(Debug, Args)]
#[command(after_help = "\
No new message begins, those on their way are finished, and the ledger is exact when this returns. `letterpress send` carries \
on where it stopped.")]
pub struct StopArgs {
    /// A slug or a path; whatever is being sent when left out
    pub article: Option<String>,
}

/// How often it is looked whether the other process has let go.
const LOOK: Duration = Duration::from_millis(100);

pub fn run(args: &StopArgs, session: &Session) -> Result<Exit> {
    let mailings = Project::mailings_in(&session.root);
    let slugs = match &args.article {
        Some(name) => vec![sent::slug(Some(name), session)?],
        None => Mailing::all(&mailings)?.into_iter().map(|manifest| manifest.slug).collect(),
    };
    let running: Vec<(&String, String)> =
        slugs.iter().filter_map(|slug| Some((slug, Mailing::sender_in(&mailings.join(slug))?))).collect();
    for (slug, holder) in &running {
        Mailing::request_stop(&mailings.join(slug))?;
        session.screen.say(format!("Asked {holder} to stop sending {slug}; what is on its way is finished first…"));
    }
    if running.is_empty() {
        let what = args.article.as_ref().and(slugs.first());
        session.screen.result(match what {
            Some(slug) => format!("{slug} is not being sent."),
            None => "Nothing is being sent.".to_owned(),
        });
        session.screen.document(&json!({ "stopped": [] }));
        return Ok(Exit::Done);
    }
    let mut stopped = Vec::new();
    for (slug, _) in running {
        wait(&mailings.join(slug))?;
        let mailing = Mailing::open(&mailings, slug)?;
        status::counts(&mailing, session);
        stopped.push(status::document(&mailing)?);
    }
    session.screen.document(&json!({ "stopped": stopped }));
    Ok(Exit::Done)
}

/// Waits until nobody sends the mailing in this folder. The request is taken back, should its sender have ended by itself.
fn wait(folder: &std::path::Path) -> Result<()> {
    while Mailing::sender_in(folder).is_some() {
        std::thread::sleep(LOOK);
    }
    Mailing::clear_stop(folder)
}
