//! `letterpress show`: what one reader got, struck again byte for byte from the sealed mailing.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::status::meaning;
use super::{Exit, Session, sent};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Result, did_you_mean, printable, shown_path};
use crate::durable::{self, Privacy};
use crate::ledger::State;
use crate::mailing::{Mailing, PlanRow, Press, Standing, Subjects};
use crate::message::Message;
use crate::preview::decode_parts;

/// Show what a reader got, byte for byte, however long ago it was sent
#[derive(Debug, Args)]
#[command(after_help = "\
The copy is struck again from what was sealed; later changes to article, theme, list and settings don't reach it. What became \
of it is told on standard error.")]
pub struct ShowArgs {
    /// A slug or a path
    pub article: String,
    /// The reader's address
    pub address: String,
    /// The HTML part, decoded, in place of the whole message
    #[arg(long, conflicts_with = "text")]
    pub html: bool,
    /// The plain text part, decoded, in place of the whole message
    #[arg(long)]
    pub text: bool,
    /// Write it to this file, which must not exist yet
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

pub fn run(args: &ShowArgs, session: &Session) -> Result<Exit> {
    let mailing = sent::open(Some(&args.article), session)?;
    mailing.verify()?;
    let row = find(&mailing, &args.address)?;
    let address = row.address()?;
    let mut press = mailing.press(sent::key(&mailing, session)?, &session.root)?;
    let mut message = Message::empty(&address);
    press.strike(&address, &row, &mut message)?;
    let standing = mailing.history()?.of(row.recipient)?;
    session.screen.say(told(&address, &standing, session));
    let shown = shown(args, &mut press, &row, &message)?;
    match &args.out {
        Some(path) => {
            durable::create_new(path, Privacy::Private, &shown)?;
            session.screen.result(shown_path(path));
        }
        None => session.screen.raw(&shown),
    }
    let subject = Subjects::of(&mailing.sources()?)?.map(|subjects| subjects.letter_of(row.email()));
    let last = standing.last.as_ref();
    session.screen.document(&json!({
        "article": mailing.manifest.slug, "address": address.as_str(), "message_id": message.message_id,
        "subject": subject, "state": standing.state.name(), "attempts": standing.attempts, "relay": standing.relay,
        "at": last.and_then(|record| crate::clock::Timestamp::from_millisecond(record.at).ok()),
        "code": last.map(|record| record.code).filter(|code| *code > 0),
        "reply": last.map(|record| &record.reply), "file": args.out.as_ref().map(|path| path.display().to_string()),
        "content": if args.out.is_none() { Some(String::from_utf8_lossy(&shown)) } else { None },
    }));
    Ok(Exit::Done)
}

/// The sealed row of an address.
fn find(mailing: &Mailing, text: &str) -> Result<PlanRow> {
    let address = Address::parse(text).map_err(|error| {
        Diagnostic::error(format!("`{text}` is no address: {error}")).help("write it as in ann@example.com")
    })?;
    let mut row = PlanRow::default();
    if mailing.plan()?.find(&address, &mut row)? {
        return Ok(row);
    }
    let slug = &mailing.manifest.slug;
    let error = Diagnostic::error(format!("{address} is no recipient of {slug}"));
    let mut likely: Option<String> = None;
    let mut plan = mailing.plan()?;
    while plan.read(&mut row)? {
        let best = likely.as_deref().into_iter().chain([row.email()]);
        likely = did_you_mean(address.as_str(), best).map(str::to_owned);
    }
    Err(match likely {
        Some(likely) => error.help(format!("did you mean {}?", printable(&likely))),
        None => error.help(format!("letterpress status {slug} --csv lists all who are")),
    })
}

fn shown(args: &ShowArgs, press: &mut Press, row: &PlanRow, message: &Message) -> Result<Vec<u8>> {
    if !args.html && !args.text {
        return Ok(message.bytes.clone());
    }
    let parts = decode_parts(press, &message.envelope.forward_path, row)?;
    Ok(if args.html { parts.html } else { parts.text }.into_bytes())
}

/// What became of the copy, in a line.
fn told(address: &Address, standing: &Standing, session: &Session) -> String {
    let mut line = format!("{address}: {}", meaning(standing.state));
    let Some(last) = &standing.last else { return line };
    line.push_str(&format!(" on {}", session.told(last.at)));
    if let Some(relay) = &standing.relay {
        line.push_str(&format!(", {}", printable(relay)));
    }
    let words = match (last.code, last.reply.as_str()) {
        (0, "") if standing.state == State::InDoubt => "no answer is known".to_owned(),
        (0, words) => words.to_owned(),
        (code, words) => format!("{code} {words}"),
    };
    if !words.is_empty() {
        line.push_str(&format!(": {}", printable(&words)));
    }
    if standing.attempts > 1 {
        line.push_str(&format!(" (attempt {})", standing.attempts));
    }
    line
}
