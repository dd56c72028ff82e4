//! `letterpress subscribers new`.

use clap::Args;
use serde_json::json;

use crate::commands::{Exit, Session};
use crate::diagnostic::{Result, shown_path};
use crate::durable::{self, Privacy};
use crate::subscribers::{Files, NEW_LIST};

/// Begin another list, with the usual columns and nobody in it
#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// What it is called: `press` makes subscribers/press.csv
    name: String,
}

pub(super) fn run(args: &NewArgs, files: &Files, session: &Session) -> Result<Exit> {
    let files = Files::named(files.folder(), &args.name)?;
    durable::create_folder(files.folder(), Privacy::Private)?;
    durable::create_new(&files.list, Privacy::Private, format!("{NEW_LIST}\n").as_bytes())?;
    let path = shown_path(&files.list);
    session.screen.result(format!("Made {path}."));
    session.screen.say(format!("`--list {}` works with it.", args.name));
    session.screen.document(&json!({ "list": args.name, "file": path }));
    Ok(Exit::Done)
}
