//! `send --to`: one copy as a test, outside any mailing. It has a message id of its own, so that the real copy is not taken
//! for a second one of it. Of several subjects an address gets each.

use super::SendArgs;
use super::means::first_relay;
use crate::address::Address;
use crate::article::Article;
use crate::commands::{Exit, Session};
use crate::delivery::{Outcome, Settled};
use crate::diagnostic::{Diagnostic, Result};
use crate::edition::Fields;
use crate::message::Message;
use crate::project::Project;
use crate::subscribers::{Rows, Subscriber};

pub(super) fn run(
    project: &Project,
    article: &Article,
    addresses: &[Address],
    args: &SendArgs,
    session: &Session,
) -> Result<Exit> {
    let relay = first_relay(project, args, session)?.relay;
    let (links, _) = session.links(project)?;
    let now = session.clock.now();
    let columns = project.audience()?.columns().clone();
    let mut presses = Vec::new();
    for (n, article) in article.with_each_subject().into_iter().enumerate() {
        // Of several subjects each makes a mail of its own.
        let further = if n > 0 { format!(" {n}") } else { String::new() };
        let purpose = format!("test {}{further}", now.as_millisecond());
        let mailing_id = links.key().mailing_id(&project.config.publication.list_id, &article.slug, &purpose);
        let sources = project.sources(article, &columns)?;
        if let Some(upload) = project.write_assets(&sources)?.filter(|_| n == 0) {
            session.screen.diagnostic(&upload);
        }
        presses.push(project.press(sources, links.clone(), &mailing_id, now)?);
    }
    let known = find_readers(project, addresses)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Diagnostic::error(format!("the program can't start its timers: {error}")))?;
    let mut channel = runtime.block_on(relay.connect()).map_err(|stop| stop.diagnostic)?;
    let mut taken = 0;
    let copies = addresses.iter().flat_map(|address| (0..presses.len()).map(move |press| (address, press)));
    for (address, press) in copies.collect::<Vec<_>>() {
        let press = &mut presses[press];
        let mut message = Message::empty(address);
        match known.iter().find(|reader| reader.address.normal_form() == address.normal_form()) {
            Some(reader) => press.strike(address, reader, &mut message)?,
            None => press.strike(address, &Stranger(address), &mut message)?,
        }
        if !runtime.block_on(channel.still_answers()) {
            channel = runtime.block_on(relay.connect()).map_err(|stop| stop.diagnostic)?;
        }
        channel.submit((), message).map_err(|unfit| unfit.stop.diagnostic)?;
        let mut settled = Vec::new();
        runtime.block_on(channel.exchange(&mut settled)).map_err(|stop| stop.diagnostic)?;
        let Some(Settled { outcome, .. }) = settled.pop() else { continue };
        taken += usize::from(matches!(outcome, Outcome::Accepted(_)));
        session.screen.result(describe(address, &outcome));
    }
    runtime.block_on(channel.close());
    Ok(if taken == addresses.len() * presses.len() { Exit::Done } else { Exit::Incomplete })
}

/// Somebody who is not on the list: an address and no other fields.
struct Stranger<'a>(&'a Address);

impl Fields for Stranger<'_> {
    fn field(&self, name: &str) -> &str {
        if name == "email" { self.0.as_str() } else { "" }
    }
}

/// The list's rows of these addresses, so that a test shows their own fields.
fn find_readers(project: &Project, addresses: &[Address]) -> Result<Vec<Subscriber>> {
    let wanted: Vec<String> = addresses.iter().map(Address::normal_form).collect();
    let mut rows = Rows::open(&project.files().list)?;
    let mut found = Vec::new();
    while let Some(row) = rows.read()? {
        if row.fault().is_none() && row.address().is_some_and(|address| wanted.contains(&address.normal_form())) {
            found.push(row.to_subscriber("readers.csv")?);
        }
    }
    Ok(found)
}

fn describe(address: &Address, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted(reply) => format!("{address}: accepted ({reply})"),
        Outcome::Untried(reply) => format!("{address}: not sent ({reply})"),
        Outcome::Deferred(reply) => format!("{address}: deferred ({reply})"),
        Outcome::Rejected(reply) => format!("{address}: rejected ({reply})"),
        Outcome::InDoubt(reply) => format!("{address}: in doubt ({reply})"),
    }
}
