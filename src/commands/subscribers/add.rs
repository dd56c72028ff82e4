//! `letterpress subscribers add`.

use clap::Args;
use serde::Serialize;

use super::{change, misused, table, typed, who};
use crate::address::Address;
use crate::commands::{Exit, Session};
use crate::diagnostic::{Diagnostic, Place, Result, printable};
use crate::report::counted;
use crate::subscribers::{Added, Files, NewReader, add, normal_name, words};

/// Add a reader, or many from standard input
///
/// With `-`, each line of standard input is one reader: `address`, `address,name` or `Name <address>`; or all of it is CSV
/// whose first line names the columns, `email` among them. Lines that can't be taken are named and the others are added;
/// the exit code is then 1.
#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// The address, or `Name <address>`, or `-` for lines on standard input
    address: String,
    /// The name
    name: Option<String>,
    /// The name, the other way to say it
    #[arg(long = "name", value_name = "NAME", conflicts_with = "name")]
    called: Option<String>,
    /// A tag; may be given several times
    #[arg(long, value_name = "TAG", value_parser = one_word)]
    tag: Vec<String>,
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

fn one_word(text: &str) -> Result<String, String> {
    let mut found = words(text);
    match (found.next(), found.next()) {
        (Some(word), None) if word == text.trim() => Ok(word.to_owned()),
        _ => Err("a tag is one word".to_owned()),
    }
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
    /// The number in the history.
    change: Option<u64>,
    readers: Vec<Answer>,
    warnings: Vec<Diagnostic>,
}

pub(super) fn run(args: &AddArgs, files: &Files, session: &Session) -> Result<Exit> {
    let many = args.address == "-";
    if many && (args.name.is_some() || args.called.is_some()) {
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
    change::numbered(&report.changeset, session);
    let change = report.changeset.number;
    session.screen.document(&Document { dry_run: args.dry_run, change, readers, warnings: report.warnings });
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
    let set = settings(args);
    if !many {
        let (address, name) = person(&args.address).map_err(|error| wrong(&args.address, &error))?;
        let name = args.name.clone().or(args.called.clone()).unwrap_or(name);
        return Ok(People { readers: vec![NewReader { address, name, set }], invalid: Vec::new() });
    }
    let text = who::input()?;
    let mut people = People::default();
    let mut take = |n: usize, line: &str, found: Result<NewReader, String>| match found {
        Ok(reader) => people.readers.push(reader),
        Err(error) => {
            let place = Place::line("standard input", n);
            people.invalid.push((line.trim().to_owned(), wrong(line, &error).at(place)));
        }
    };
    if let Some(table) = table::Table::read(&text) {
        table.visit(&set, &mut take)?;
    } else {
        for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            take(n + 1, line, person(line).map(|(address, name)| NewReader { address, name, set: set.clone() }));
        }
    }
    if people.readers.is_empty() && people.invalid.is_empty() {
        return Err(Diagnostic::error("standard input holds no address").help("give one address a line"));
    }
    Ok(people)
}

/// The columns that every new reader gets.
fn settings(args: &AddArgs) -> Vec<(String, String)> {
    let mut set = args.set.clone();
    if !args.tag.is_empty() {
        set.push(("tags".to_owned(), args.tag.join(" ")));
    }
    set
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
