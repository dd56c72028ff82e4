//! The program: reads the command line and the environment, calls the library, returns its exit code.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use letterpress::cli::{self, Cli};
use letterpress::commands::Environment;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    ExitCode::from(cli::run(cli, Environment::new(variables)) as u8)
}
