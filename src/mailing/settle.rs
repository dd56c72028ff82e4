//! Settling doubts: what a person or a relay's log says about copies whose answer was never learned.

use super::relay_log::{Finding, RelayLog};
use super::{Doubt, Mailing, Writer};
use crate::clock::Timestamp;
use crate::diagnostic::Result;
use crate::ledger::{Event, Recipient, Record, State, record};
use crate::message::Composer;

/// How a doubt ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The reader has it.
    Accept,
    /// The reader doesn't have it and is owed a copy again.
    Resend,
}

/// One doubt that ends, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    pub recipient: Recipient,
    pub verdict: Verdict,
    pub reason: String,
}

/// Why a doubt ended that a person settled.
pub const BY_WORD: &str = "settled by word";

/// The log to be read for these doubts: it looks for their message ids and for those of their witnesses.
pub fn log_for(doubts: &[Doubt], composer: &Composer, zone: jiff::tz::TimeZone) -> RelayLog {
    let addresses = doubts.iter().flat_map(|doubt| std::iter::once(&doubt.address).chain(&doubt.witnesses));
    let near = doubts.first().and_then(|doubt| Timestamp::from_millisecond(doubt.since).ok()).unwrap_or_default();
    RelayLog::new(addresses.map(|address| composer.message_id(address)), zone, near)
}

/// What the logs prove of one doubt.
pub fn judge(doubt: &Doubt, log: &RelayLog, composer: &Composer) -> Finding {
    let witnesses: Vec<String> = doubt.witnesses.iter().map(|address| composer.message_id(address)).collect();
    let id = composer.message_id(&doubt.address);
    log.finding(&id, (doubt.since, doubt.until), witnesses.iter().map(String::as_str))
}

impl Mailing {
    /// Settles these doubts, durably.
    pub fn settle_each(&mut self, writer: &mut Writer, settlements: &[Settlement], now: Timestamp) -> Result<()> {
        for Settlement { recipient, verdict, reason } in settlements {
            let event = match verdict {
                Verdict::Accept => Event::SettledAccept,
                Verdict::Resend => Event::SettledResend,
            };
            self.note(writer, &Record { reply: reason.clone(), ..record(*recipient, event, now) })?;
        }
        writer.journal.commit()
    }

    /// Settles every doubt as the user decided and says how many there were.
    pub fn settle(&mut self, writer: &mut Writer, resend: bool, now: Timestamp) -> Result<usize> {
        let verdict = if resend { Verdict::Resend } else { Verdict::Accept };
        let doubts = self.ledger.in_state(State::InDoubt);
        let settlements: Vec<Settlement> =
            doubts.map(|recipient| Settlement { recipient, verdict, reason: BY_WORD.to_owned() }).collect();
        self.settle_each(writer, &settlements, now)?;
        Ok(settlements.len())
    }
}
