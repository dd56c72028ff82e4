//! `letterpress status`: who has it, who has not, who is in doubt.

mod csv;
mod watch;

use std::collections::BTreeMap;

use clap::Args;
use serde_json::json;

use super::{Exit, Session, sent};
use crate::diagnostic::{Diagnostic, Result, printable};
use crate::ledger::{Recipient, State};
use crate::mailing::{Mailing, PlanRow};
use crate::report::count;

/// Who has an article, who has not, who is in doubt
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// A slug or a path; the newest article that was sent when left out
    pub article: Option<String>,
    /// One line a recipient: address,state,code,reply,attempts,at,message_id,relay
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Follow a running mailing until it ends; with --json a line for each change
    #[arg(short, long, conflicts_with = "csv")]
    pub watch: bool,
}

/// How many recipients a person is shown by name for each state.
const SHOWN: usize = 10;

pub fn run(args: &StatusArgs, session: &Session) -> Result<Exit> {
    if args.watch {
        return watch::run(&sent::slug(args.article.as_deref(), session)?, session);
    }
    let mailing = sent::open(args.article.as_deref(), session)?;
    if args.csv {
        csv::write(&mailing, session)?;
    } else {
        show(&mailing, session)?;
        names(&mailing, session)?;
    }
    Ok(exit(&mailing))
}

fn exit(mailing: &Mailing) -> Exit {
    if mailing.ledger.counts().is_complete() { Exit::Done } else { Exit::Incomplete }
}

/// The counts, and what to do about what is left.
pub(super) fn show(mailing: &Mailing, session: &Session) -> Result<()> {
    counts(mailing, session);
    session.screen.document(&document(mailing)?);
    Ok(())
}

/// The counts for machines.
pub(super) fn document(mailing: &Mailing) -> Result<serde_json::Value> {
    let counts = mailing.ledger.counts();
    let mut document = serde_json::to_value(counts).map_err(|error| Diagnostic::error(error.to_string()))?;
    document["article"] = json!(mailing.manifest.slug);
    document["sealed_at"] = json!(mailing.manifest.sealed_at.to_string());
    document["digest"] = json!(mailing.manifest.digest);
    document["excluded"] = mailing.manifest.excluded.clone();
    Ok(document)
}

/// The counts for people, and what they can do.
pub(super) fn counts(mailing: &Mailing, session: &Session) {
    let screen = session.screen;
    if screen.json {
        return;
    }
    let counts = mailing.ledger.counts();
    let slug = &mailing.manifest.slug;
    screen.result(format!("{slug}: {}", printable(&mailing.manifest.title)));
    if let Some(holder) = mailing.sender() {
        screen.say(format!("Being sent now, by {holder}."));
    }
    for state in State::ALL {
        if counts.of(state) > 0 {
            screen.result(format!("{:>12}  {}", count(counts.of(state)), meaning(state)));
        }
    }
    screen.result(format!("{:>12}  in all", count(counts.total)));
    if counts.is_complete() {
        screen.say("Complete: everyone who is to have it has it.");
    }
    if counts.pending + counts.deferred > 0 {
        screen.say(format!("Carry on with: letterpress send {slug}"));
    }
    if counts.in_doubt > 0 {
        screen.say(format!(
            "In doubt: a copy may have been sent, and no answer is known. Nobody is written to again unasked:\n  letterpress settle {slug} --relay-log FILE  asks the relay's log who has it\n  letterpress send {slug} --resend-in-doubt   sends again (some may get it twice)\n  letterpress send {slug} --accept-in-doubt   takes them as having it (some may not)"
        ));
    }
}

pub(super) fn meaning(state: State) -> &'static str {
    match state {
        State::Accepted => "accepted by the relay",
        State::Deferred => "deferred: not taken yet, to be tried again",
        State::Rejected => "rejected for good",
        State::InDoubt => "in doubt",
        State::Withdrawn => "withdrawn: left since it was sealed",
        State::Pending => "pending: not tried yet",
    }
}

/// The first of those who don't have it, with the relay's words. The plan is read no further than they stand in it.
fn names(mailing: &Mailing, session: &Session) -> Result<()> {
    if session.screen.json {
        return Ok(());
    }
    let told = [State::Deferred, State::Rejected, State::InDoubt, State::Withdrawn];
    let first = |state: &State| mailing.ledger.in_state(*state).take(SHOWN).collect::<Vec<Recipient>>();
    let groups: Vec<(State, Vec<Recipient>)> = told.iter().map(|state| (*state, first(state))).collect();
    let addresses = addresses(mailing, groups.iter().flat_map(|(_, group)| group.iter().copied()))?;
    let counts = mailing.ledger.counts();
    for (state, group) in groups.iter().filter(|(_, group)| !group.is_empty()) {
        session.screen.result(format!("\n{}:", meaning(*state)));
        for recipient in group {
            let address = addresses.get(recipient).map(String::as_str).unwrap_or_default();
            let line = format!("  {address}  {}", printable(&words(mailing, *recipient, *state)));
            session.screen.result(line.trim_end());
        }
        let more = counts.of(*state).saturating_sub(SHOWN as u64);
        if more > 0 {
            let slug = &mailing.manifest.slug;
            session.screen.result(format!("  and {} more: letterpress status {slug} --csv lists all", count(more)));
        }
    }
    Ok(())
}

fn addresses(mailing: &Mailing, wanted: impl Iterator<Item = Recipient>) -> Result<BTreeMap<Recipient, String>> {
    let mut addresses: BTreeMap<Recipient, String> = wanted.map(|recipient| (recipient, String::new())).collect();
    let Some(last) = addresses.keys().next_back().copied() else { return Ok(addresses) };
    let mut plan = mailing.plan()?;
    let mut row = PlanRow::default();
    while plan.read(&mut row)? {
        if let Some(address) = addresses.get_mut(&row.recipient) {
            row.email().clone_into(address);
        }
        if row.recipient == last {
            break;
        }
    }
    Ok(addresses)
}

/// The relay's words, or why there are none.
fn words(mailing: &Mailing, recipient: Recipient, state: State) -> String {
    match mailing.ledger.outcome(recipient) {
        Some(outcome) if outcome.code > 0 => format!("{} {}", outcome.code, outcome.reply),
        Some(outcome) if !outcome.reply.is_empty() => outcome.reply.clone(),
        _ if state == State::InDoubt => "no answer is known".to_owned(),
        _ => String::new(),
    }
}
