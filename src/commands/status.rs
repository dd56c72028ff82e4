//! `letterpress status`: who has it, who has not, who is in doubt.

use clap::Args;
use serde_json::json;

use super::{Exit, Session, sent};
use crate::clock::Timestamp;
use crate::diagnostic::{Diagnostic, Result, printable};
use crate::ledger::State;
use crate::mailing::{Mailing, PlanRow, Standing};
use crate::report::count;

/// Who has an article, who has not, who is in doubt
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// A slug or a path; the newest article that was sent when left out
    pub article: Option<String>,
    /// One line a recipient: address,state,code,reply,attempts,at,message_id
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
}

/// How many recipients a person is shown by name for each state.
const SHOWN: usize = 10;

pub fn run(args: &StatusArgs, session: &Session) -> Result<Exit> {
    let mailing = sent::open(args.article.as_deref(), session)?;
    if args.csv {
        csv(&mailing, session)?;
    } else {
        show(&mailing, session)?;
        names(&mailing, session)?;
    }
    Ok(if mailing.ledger.counts().is_complete() { Exit::Done } else { Exit::Incomplete })
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

/// The first of those who don't have it, with the relay's words.
fn names(mailing: &Mailing, session: &Session) -> Result<()> {
    if session.screen.json {
        return Ok(());
    }
    let mut plan = mailing.plan()?;
    let mut row = PlanRow::default();
    let mut shown = [0usize; 6];
    let mut lines: Vec<(State, String)> = Vec::new();
    let told = [State::Deferred, State::Rejected, State::InDoubt, State::Withdrawn];
    while plan.read(&mut row)? {
        let state = mailing.ledger.state(row.recipient);
        let Some(at) = told.iter().position(|known| *known == state) else { continue };
        shown[at] += 1;
        if shown[at] <= SHOWN {
            let outcome = mailing.ledger.outcome(row.recipient);
            let words = outcome.map(|outcome| match outcome.code {
                0 => outcome.reply.clone(),
                code => format!("{code} {}", outcome.reply),
            });
            lines.push((state, format!("  {}  {}", row.email(), printable(&words.unwrap_or_default()))));
        }
    }
    for (at, state) in told.iter().enumerate().filter(|(at, _)| shown[*at] > 0) {
        session.screen.result(format!("\n{}:", meaning(*state)));
        lines.iter().filter(|(known, _)| known == state).for_each(|(_, line)| session.screen.result(line.trim_end()));
        if shown[at] > SHOWN {
            session.screen.result(format!(
                "  and {} more: letterpress status {} --csv lists all",
                count((shown[at] - SHOWN) as u64),
                mailing.manifest.slug
            ));
        }
    }
    Ok(())
}

/// One line a recipient, in the order of the list.
fn csv(mailing: &Mailing, session: &Session) -> Result<()> {
    let history = mailing.history()?;
    let composer = mailing.composer(sent::key(mailing, session)?)?;
    let mut plan = mailing.plan()?;
    let mut row = PlanRow::default();
    session.screen.result("address,state,code,reply,attempts,at,message_id");
    while plan.read(&mut row)? {
        let standing = history.of(row.recipient)?;
        let message_id = composer.message_id(&row.address()?);
        session.screen.result(line(&row, &standing, &message_id)?);
    }
    Ok(())
}

fn line(row: &PlanRow, standing: &Standing, message_id: &str) -> Result<String> {
    let (code, reply, at) = match &standing.last {
        Some(record) => {
            let at = Timestamp::from_millisecond(record.at).map(|at| at.to_string()).unwrap_or_default();
            let code = if record.code == 0 { String::new() } else { record.code.to_string() };
            (code, printable(&record.reply).into_owned(), at)
        }
        None => Default::default(),
    };
    let attempts = standing.attempts.to_string();
    let message_id = format!("<{message_id}>");
    let fields = [row.email(), standing.state.name(), &code, &reply, &attempts, &at, &message_id];
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    let failed = |error: &dyn std::fmt::Display| Diagnostic::error(format!("a line can't be written: {error}"));
    writer.write_record(fields).map_err(|error| failed(&error))?;
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned())
}
