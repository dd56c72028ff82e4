//! Who a command is meant for: addresses, lines on standard input, or a segment.

use std::io::Read;

use clap::Args;

use crate::address::Address;
use crate::commands::Session;
use crate::diagnostic::{Diagnostic, Place, Result, printable};
use crate::subscribers::{Choice, Columns, Files, Rows, Segment};

/// What many commands have in common.
#[derive(Debug, Args)]
pub(super) struct Means {
    /// All readers for whom this holds, as in "plan == 'pro' and not tag('staff')"
    #[arg(long, value_name = "EXPR")]
    pub(super) segment: Option<String>,
    /// Only say what would be done
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Don't ask
    #[arg(short, long)]
    pub(super) yes: bool,
}

/// Reads who is meant; `None`: the command line names nobody, or in two ways at once.
pub(super) fn choice(
    addresses: &[String],
    segment: Option<&str>,
    files: &Files,
    session: &Session,
) -> Result<Option<Choice>> {
    match (addresses, segment) {
        ([], Some(text)) => {
            let rows = Rows::open(&files.list)?;
            Ok(Some(Choice::Segment(Box::new(parse(text, rows.columns(), session)?))))
        }
        ([], None) | ([_, ..], Some(_)) => Ok(None),
        ([dash], None) if dash == "-" => Ok(Some(Choice::Addresses(from_input()?))),
        (addresses, None) => {
            Ok(Some(Choice::Addresses(addresses.iter().map(|text| address(text)).collect::<Result<_>>()?)))
        }
    }
}

/// What to say when [`choice`] is `None`.
pub(super) const NOBODY: (&str, &str) = (
    "it must be clear who is meant",
    "name addresses, or `-` for one a line on standard input, or --segment EXPR, and not both",
);

/// A segment of `--segment`.
pub(super) fn parse(text: &str, columns: &Columns, session: &Session) -> Result<Segment> {
    session.project()?.condition("--segment", text, columns, session.clock.now())
}

pub(super) fn address(text: &str) -> Result<Address> {
    Address::parse(text).map_err(|error| {
        Diagnostic::error(format!("`{}` is no address: {error}", printable(text.trim())))
            .help("write it as in ann@example.com")
    })
}

fn from_input() -> Result<Vec<Address>> {
    let lines = input()?;
    let lines = lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let addresses: Vec<Address> = lines
        .map(|(n, line)| address(line).map_err(|error| error.at(Place::line("standard input", n + 1))))
        .collect::<Result<_>>()?;
    if addresses.is_empty() {
        return Err(Diagnostic::error("standard input holds no address").help("give one address a line"));
    }
    Ok(addresses)
}

/// All of standard input.
pub(super) fn input() -> Result<String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| {
        Diagnostic::error(format!("can't read standard input: {error}")).help("give the lines in UTF-8")
    })?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}
