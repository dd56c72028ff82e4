//! All that is kept about one person, as `prove` tells it and `export --person` gives it.

use std::path::Path;

use serde::Serialize;

use crate::address::Address;
use crate::commands::{Exit, Session};
use crate::diagnostic::{Diagnostic, Result, shown_path};
use crate::durable::{self, Privacy};
use crate::mailing::{Received, received};
use crate::project::Project;
use crate::subscribers::Person;

/// The whole record.
#[derive(Debug, Serialize)]
pub(super) struct Record {
    #[serde(flatten)]
    pub(super) person: Person,
    pub(super) mailings: Vec<Received>,
}

impl Record {
    /// Looks through lists, history, suppressions and mailings.
    pub(super) fn find(project: &Project, address: &Address) -> Result<Record> {
        let person = Person::find(project.files().folder(), address)?;
        let mut mailings = received(&project.mailings(), address)?;
        // A merge field that is empty says nothing of the person, and neither do those that repeat others.
        for mailing in &mut mailings {
            mailing.fields.retain(|name, _| name != "email");
        }
        Ok(Record { person, mailings })
    }

    pub(super) fn is_unknown(&self) -> bool {
        self.person.is_unknown() && self.mailings.is_empty()
    }
}

/// The address that a command line names.
pub(super) fn address(text: &str) -> Result<Address> {
    Address::parse(text).map_err(|error| {
        Diagnostic::error(format!("`{text}` is no address: {error}"))
            .help("`letterpress subscribers find` looks for a part of one")
    })
}

/// Says that nobody of this address is known.
pub(super) fn nothing(address: &Address, session: &Session) {
    session.screen.diagnostic(
        &Diagnostic::error(format!("nothing is kept about {address}"))
            .help("`letterpress subscribers find` looks for a part of an address or a name"),
    );
}

/// `letterpress subscribers export --person ADDRESS`: the record as JSON, on standard output or in a file.
pub(super) fn export(text: &str, file: Option<&Path>, project: &Project, session: &Session) -> Result<Exit> {
    let address = address(text)?;
    let record = Record::find(project, &address)?;
    if record.is_unknown() {
        nothing(&address, session);
        return Ok(Exit::Failed);
    }
    let json = serde_json::to_string_pretty(&record)
        .map_err(|error| Diagnostic::error(format!("the record can't be written: {error}")))?;
    match file {
        Some(path) => {
            durable::create_new(path, Privacy::Private, format!("{json}\n").as_bytes())?;
            session.screen.result(format!("all about {address} written to {}", shown_path(path)));
            session.screen.document(&serde_json::json!({ "file": shown_path(path), "address": address }));
        }
        None => {
            session.screen.result(&json);
            session.screen.document(&record);
        }
    }
    Ok(Exit::Done)
}
