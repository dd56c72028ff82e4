//! `letterpress import`.

use clap::Args;

use super::{Exit, Session};
use crate::diagnostic::Result;

/// Turn an existing article (plain text, Markdown, HTML) into content/SLUG.md
#[derive(Debug, Args)]
pub struct ImportArgs {}

pub fn run(_args: &ImportArgs, _session: &Session) -> Result<Exit> {
    Ok(Exit::Done)
}
