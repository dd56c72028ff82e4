//! `letterpress subscribers add`.

use std::io::Read;

use clap::Args;
use serde::Serialize;

use super::{misused, typed};
use crate::address::Address;
use crate::commands::{Exit, Session};
use crate::diagnostic::{Diagnostic, Place, Result, printable};
use crate::report::counted;
use crate::subscribers::{Added, Files, NewReader, add, normal_name};

/// Add a reader, or many from standard input
///
/// With `-`, each line of standard input is one reader: `address`, `address,name` or `Name <address>`. Lines that can't
/// be taken are named and the others are added; the exit code is then 1.
#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// The address, or `Name <address>`, or `-` for lines on standard input
    address: String,
    /// The name
    name: Option<String>,
    /// The value of a further column of the list; may be given several times
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Make someone who left, bounced or is pending active again, because they asked for it; their other columns stay
    #[arg(long)]
    resubscribe: bool,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, _)) if normal_name(name) == "email" => Err("the address is given by itself".to_owned()),
        Some((name, value)) if !name.trim().is_empty() => Ok((normal_name(name), value.to_owned())),
        _ => Err("write it as in plan=pro".to_owned()),
    }
}

/// What became of one reader, for machines.
#[derive(Serialize)]
struct Answer {
    address: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<u64>,
    /// The status before, or the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(Serialize)]
struct Document {
    dry_run: bool,
    readers: Vec<Answer>,
    warnings: Vec<Diagnostic>,
}

pub(super) fn run(args: &AddArgs, files: &Files, session: &Session) -> Result<Exit> {
    let many = args.address == "-";
    if many && args.name.is_some() {
        return Ok(misused(session, "lines on standard input bring their own names", "leave out NAME"));
    }
    if many && args.resubscribe {
        return Ok(misused(
            session,
            "--resubscribe does not go with lines on standard input",
            "who has left comes back only one by one: `letterpress subscribers add ADDRESS --resubscribe`",
        ));
    }
    let People { readers: people, invalid } = people(args, many)?;
    let report = add(files, &people, args.resubscribe, typed(session, args.dry_run))?;
    let mut readers: Vec<Answer> = Vec::new();
    let mut refused = invalid.len();
    for (person, added) in people.iter().zip(&report.outcomes) {
        match sentence(person, added, args.dry_run) {
            Ok(line) => session.screen.result(line),
            Err(diagnostic) => {
                session.screen.diagnostic(&diagnostic);
                refused += usize::from(*added != Added::Twice);
            }
        }
        if matches!(added, Added::Resubscribed { .. }) && !(person.name.is_empty() && person.set.is_empty()) {
            session.screen.say("the name and the other columns stay as they were");
        }
        if let (Added::New { .. }, Some(suspicion)) = (added, person.address.suspicion()) {
            let told = super::check::suspicious(person.address.as_str(), &suspicion);
            session.screen.diagnostic(&Diagnostic::warning(told).help("it is added as it is"));
        }
        readers.push(outcome(person, added));
    }
    for (text, diagnostic) in invalid {
        session.screen.diagnostic(&diagnostic);
        readers.push(Answer {
            address: text,
            outcome: "invalid",
            row: None,
            detail: Some(diagnostic.message().into()),
        });
    }
    for warning in &report.warnings {
        session.screen.diagnostic(warning);
    }
    if many {
        let added = report.outcomes.iter().filter(|added| matches!(added, Added::New { .. })).count();
        let verb = if args.dry_run { "would be added" } else { "added" };
        session.screen.say(format!("{} {verb}, {refused} refused", counted(added as u64, "reader", "readers")));
    }
    session.screen.document(&Document { dry_run: args.dry_run, readers, warnings: report.warnings });
    Ok(if refused == 0 { Exit::Done } else { Exit::Failed })
}

/// Who is to be added.
#[derive(Default)]
struct People {
    readers: Vec<NewReader>,
    /// Lines that name nobody.
    invalid: Vec<(String, Diagnostic)>,
}

fn people(args: &AddArgs, many: bool) -> Result<People> {
    let wrong = |text: &str, error: &str| {
        let text = printable(text.trim());
        Diagnostic::error(format!("`{text}` is not added: {error}")).help("write an address, as in ann@example.com")
    };
    if !many {
        let (address, name) = person(&args.address).map_err(|error| wrong(&args.address, &error))?;
        let name = args.name.clone().unwrap_or(name);
        let readers = vec![NewReader { address, name, set: args.set.clone() }];
        return Ok(People { readers, invalid: Vec::new() });
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| {
        Diagnostic::error(format!("can't read standard input: {error}")).help("give the lines in UTF-8")
    })?;
    let mut people = People::default();
    let text = text.trim_start_matches('\u{feff}');
    for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match person(line) {
            Ok((address, name)) => people.readers.push(NewReader { address, name, set: args.set.clone() }),
            Err(error) => {
                let place = Place::line("standard input", n + 1);
                people.invalid.push((line.trim().to_owned(), wrong(line, &error).at(place)));
            }
        }
    }
    if people.readers.is_empty() && people.invalid.is_empty() {
        return Err(Diagnostic::error("standard input holds no address").help("give one address a line"));
    }
    Ok(people)
}

/// Reads `address`, `address,name` or `Name <address>`.
fn person(text: &str) -> Result<(Address, String), String> {
    let text = text.trim();
    let (address, name) = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (address, name),
        None if text.starts_with('"') => (text, ""),
        None => text.split_once([',', ';', '\t']).unwrap_or((text, "")),
    };
    let name = name.trim();
    let name = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(name);
    let address = Address::parse(address.trim()).map_err(|error| error.to_string())?;
    Ok((address, name.replace("\"\"", "\"")))
}

/// What was done, or why not.
fn sentence(person: &NewReader, added: &Added, dry_run: bool) -> Result<String> {
    let address = &person.address;
    match added {
        Added::New { row } => Ok(format!("{} {address}, row {row}", if dry_run { "would add" } else { "added" })),
        Added::Resubscribed { row, before } => {
            let verb = if dry_run { "would resubscribe" } else { "resubscribed" };
            Ok(format!("{verb} {address}, row {row}, who was {}", printable(before)))
        }
        Added::Exists { row, status } if status == "active" => {
            Err(Diagnostic::error(format!("{address} is in the list already: row {row}, active"))
                .help("nothing needs to be done"))
        }
        Added::Exists { row, status } => {
            Err(Diagnostic::error(format!("{address} is in the list already: row {row}, {status}"))
                .help(format!("if they asked to come back: `letterpress subscribers add {address} --resubscribe`")))
        }
        Added::Suppressed { reason } => Err(Diagnostic::error(format!("{address} is suppressed: {reason}"))
            .help(format!("if that is no longer so: `letterpress subscribers unsuppress {address}`"))),
        Added::Twice => Err(Diagnostic::note(format!("{address} is named twice; once is enough"))),
    }
}

fn outcome(person: &NewReader, added: &Added) -> Answer {
    let (outcome, row, detail) = match added {
        Added::New { row } => ("added", Some(*row), None),
        Added::Resubscribed { row, before } => ("resubscribed", Some(*row), Some(before.clone())),
        Added::Exists { row, status } => ("exists", Some(*row), Some(status.clone())),
        Added::Suppressed { reason } => ("suppressed", None, Some(reason.clone())),
        Added::Twice => ("repeated", None, None),
    };
    Answer { address: person.address.to_string(), outcome, row, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_read_in_three_ways() {
        for (text, address, name) in [
            ("ann@example.com", "ann@example.com", ""),
            (" ann@example.com , Ann Lee ", "ann@example.com", "Ann Lee"),
            ("ann@example.com,\"Lee, \"\"A\"\"\"", "ann@example.com", "Lee, \"A\""),
            ("Lee, Ann <ann@example.com>", "ann@example.com", "Lee, Ann"),
            ("\"a,b\"@example.com", "\"a,b\"@example.com", ""),
        ] {
            let (found, called) = person(text).unwrap();
            assert_eq!((found.as_str(), called.as_str()), (address, name), "{text}");
        }
        for text in ["", "Ann", "email,name", "<>", "ann@example.com bob@example.com"] {
            assert!(person(text).is_err(), "{text}");
        }
    }

    #[test]
    fn columns_are_set_by_normal_names() {
        assert_eq!(pair("First Name=Ann=1").unwrap(), ("first_name".to_owned(), "Ann=1".to_owned()));
        for text in ["plan", "=x", "Email=x@example.com"] {
            assert!(pair(text).is_err(), "{text}");
        }
    }
}
