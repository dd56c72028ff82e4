//! `letterpress completions` and `letterpress man`: what shells and manuals need, made from the command line itself.

use std::io::Write;

use clap::{Args, Command};
use clap_complete::Shell;

use super::Exit;
use crate::diagnostic::{Diagnostic, Result};

/// Print completions for a shell
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    pub shell: Shell,
}

/// Print the manual page
#[derive(Debug, Args)]
pub struct ManArgs {}

pub fn completions(args: &CompletionsArgs, mut program: Command) -> Exit {
    let mut out = Vec::new();
    clap_complete::generate(args.shell, &mut program, "letterpress", &mut out);
    // A reader that went away is no error of ours.
    let _ = std::io::stdout().write_all(&out);
    Exit::Done
}

pub fn man(program: Command) -> Result<Exit> {
    let mut out = Vec::new();
    clap_mangen::Man::new(program)
        .render(&mut out)
        .map_err(|error| Diagnostic::error(format!("the manual page can't be made: {error}")))?;
    let _ = std::io::stdout().write_all(&out);
    Ok(Exit::Done)
}
