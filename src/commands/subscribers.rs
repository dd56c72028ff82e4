//! `letterpress subscribers`.

use clap::Args;

use super::{Exit, Session};
use crate::diagnostic::Result;

/// Look at and change the subscriber list
#[derive(Debug, Args)]
pub struct SubscribersArgs {}

pub fn run(_args: &SubscribersArgs, _session: &Session) -> Result<Exit> {
    Ok(Exit::Done)
}
