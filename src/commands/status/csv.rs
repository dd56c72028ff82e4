//! `letterpress status --csv`: one line a recipient, in the order of the list.

use super::super::{Session, sent};
use crate::clock::Timestamp;
use crate::diagnostic::{Result, printable};
use crate::mailing::{Mailing, PlanRow, Standing, Subjects};
use crate::subscribers::spreadsheet_line;

const HEADER: [&str; 9] = ["address", "state", "code", "reply", "attempts", "at", "message_id", "relay", "subject"];

/// So many octets are written at once.
const PIECE: usize = 1 << 16;

pub(super) fn write(mailing: &Mailing, session: &Session) -> Result<()> {
    let history = mailing.history()?;
    let composer = mailing.composer(sent::key(mailing, session)?)?;
    let subjects = Subjects::of(&mailing.sources()?)?;
    let mut plan = mailing.plan()?;
    let mut row = PlanRow::default();
    let mut lines = Vec::with_capacity(PIECE * 2);
    line(&HEADER, &mut lines);
    while plan.read(&mut row)? {
        let standing = history.of(row.recipient)?;
        let subject = subjects.as_ref().map_or("", |subjects| subjects.letter_of(row.email()));
        recipient(&row, &standing, &composer.message_id(&row.address()?), subject, &mut lines);
        if lines.len() > PIECE {
            session.screen.raw(&lines);
            lines.clear();
        }
    }
    session.screen.raw(&lines);
    Ok(())
}

fn recipient(row: &PlanRow, standing: &Standing, message_id: &str, subject: &str, lines: &mut Vec<u8>) {
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
    let relay = printable(standing.relay.as_deref().unwrap_or_default()).into_owned();
    line(&[row.email(), standing.state.name(), &code, &reply, &attempts, &at, &message_id, &relay, subject], lines);
}

/// Relays choose their words, and readers their addresses: neither becomes a formula.
fn line(fields: &[&str], lines: &mut Vec<u8>) {
    lines.extend_from_slice(spreadsheet_line(fields.iter().copied()).as_bytes());
    lines.push(b'\n');
}
