//! The drive: goes through the plan once and sends to everyone who is owed a copy, recording before and after.
//!
//! The order of steps is what the promise rests on: the relay is ready; claims are durable; only then a copy leaves; what
//! became of it is recorded. A crash at any instant leaves in doubt at most those claimed and not yet recorded, which are
//! as many as the relay's window.

use std::sync::atomic::{AtomicBool, Ordering};

use super::plan::PlanRow;
use super::press::Press;
use super::{Mailing, Writer};
use crate::address::Address;
use crate::clock::Clock;
use crate::delivery::{Outcome, Relay, Reply, Stop};
use crate::diagnostic::Result;
use crate::ledger::{Counts, Event, Record, record};
use crate::message::Message;
use crate::subscribers::Withdrawals;

/// What a run needs beside the mailing.
#[derive(Debug)]
pub struct Driver<'a> {
    pub press: &'a mut Press,
    pub relay: &'a mut Relay,
    pub withdrawals: &'a mut Withdrawals,
    pub clock: Clock,
    /// Set from outside: begin no new message.
    pub interrupted: &'a AtomicBool,
}

/// Somebody whose claim is durable and whose copy hasn't left.
struct Claim<'r> {
    row: &'r PlanRow,
    address: Address,
}

/// How a run ended.
#[derive(Debug)]
pub enum Ended {
    /// Everyone owed a copy was tried.
    Through,
    /// Asked to stop; nobody is left half done.
    Interrupted,
    /// The relay can't go on.
    Stopped(Stop),
}

/// What a person looking on wants to know after each group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Messages handed over or refused in this run.
    pub done: u64,
    pub accepted: u64,
    pub deferred: u64,
    pub rejected: u64,
    pub in_doubt: u64,
    /// How many were owed a copy when the run began.
    pub owed: u64,
}

impl Progress {
    fn count(&mut self, outcome: &Outcome) {
        self.done += 1;
        match outcome {
            Outcome::Accepted(_) => self.accepted += 1,
            Outcome::Deferred(_) => self.deferred += 1,
            Outcome::Rejected(_) => self.rejected += 1,
            Outcome::InDoubt(_) => self.in_doubt += 1,
        }
    }
}

impl Mailing {
    /// Sends to everyone who is owed a copy, once each.
    ///
    /// # Errors
    /// The journal can't be written, or a copy can't be struck: then sending stops at once. What was recorded stays true.
    pub async fn drive(
        &mut self,
        writer: &mut Writer,
        driver: &mut Driver<'_>,
        look_on: &mut dyn FnMut(&Progress),
    ) -> Result<Ended> {
        let counts: Counts = self.ledger.counts();
        let mut progress = Progress { owed: counts.pending + counts.deferred, ..Progress::default() };
        let mut plan = self.plan()?;
        let mut group: Vec<PlanRow> = vec![PlanRow::default(); driver.relay.window()];
        loop {
            let mut filled = 0;
            while filled < group.len() && plan.read(&mut group[filled])? {
                filled += usize::from(self.ledger.state(group[filled].recipient).is_owed());
            }
            if filled == 0 {
                break;
            }
            if let Some(ended) = self.send_group(writer, driver, &group[..filled], &mut progress).await? {
                writer.journal.commit()?;
                return Ok(ended);
            }
            look_on(&progress);
            // What needs no waiting would never let a signal be seen.
            tokio::task::yield_now().await;
        }
        writer.journal.commit()?;
        Ok(Ended::Through)
    }

    /// Claims a group, hands its copies over one by one, records each. `Some`: the run ends here.
    async fn send_group(
        &mut self,
        writer: &mut Writer,
        driver: &mut Driver<'_>,
        group: &[PlanRow],
        progress: &mut Progress,
    ) -> Result<Option<Ended>> {
        if driver.interrupted.load(Ordering::Relaxed) {
            return Ok(Some(Ended::Interrupted));
        }
        if let Err(stop) = driver.relay.ready().await {
            return Ok(Some(Ended::Stopped(stop)));
        }
        let claimed = self.claim(writer, driver, group)?;
        let mut message: Option<Message> = None;
        for (at, Claim { row, address }) in claimed.iter().enumerate() {
            if driver.interrupted.load(Ordering::Relaxed) {
                self.release(writer, driver, &claimed[at..])?;
                return Ok(Some(Ended::Interrupted));
            }
            let message = message.get_or_insert_with(|| Message::empty(address));
            if let Err(error) = driver.press.strike(address, *row, message) {
                self.release(writer, driver, &claimed[at..])?;
                return Err(error);
            }
            match driver.relay.deliver(message).await {
                Ok(outcome) => {
                    progress.count(&outcome);
                    self.record_outcome(writer, driver, row, outcome)?;
                }
                Err(stop) => {
                    self.release(writer, driver, &claimed[at..])?;
                    return Ok(Some(Ended::Stopped(stop)));
                }
            }
        }
        writer.journal.flush()?;
        Ok(None)
    }

    /// Records the claims of a group and makes them durable. Who has left since sealing is withdrawn instead.
    fn claim<'r>(
        &mut self,
        writer: &mut Writer,
        driver: &mut Driver<'_>,
        group: &'r [PlanRow],
    ) -> Result<Vec<Claim<'r>>> {
        driver.withdrawals.refresh()?;
        let now = driver.clock.now();
        let mut claimed = Vec::with_capacity(group.len());
        for row in group {
            let address = row.address()?;
            match driver.withdrawals.find(&address) {
                Some(reason) => {
                    let withdrawn =
                        Record { reply: reason.as_str().to_owned(), ..record(row.recipient, Event::Withdrawn, now) };
                    self.note(writer, &withdrawn)?;
                }
                None => {
                    self.note(writer, &record(row.recipient, Event::Claimed, now))?;
                    claimed.push(Claim { row, address });
                }
            }
        }
        writer.journal.commit()?;
        Ok(claimed)
    }

    /// Takes back the claims of messages that certainly haven't left, and makes that durable.
    fn release(&mut self, writer: &mut Writer, driver: &Driver<'_>, claims: &[Claim<'_>]) -> Result<()> {
        let now = driver.clock.now();
        for Claim { row, .. } in claims {
            self.note(writer, &record(row.recipient, Event::Released, now))?;
        }
        writer.journal.commit()
    }

    fn record_outcome(
        &mut self,
        writer: &mut Writer,
        driver: &Driver<'_>,
        row: &PlanRow,
        outcome: Outcome,
    ) -> Result<()> {
        let (event, reply) = match outcome {
            Outcome::Accepted(reply) => (Event::Accepted, reply),
            Outcome::Deferred(reply) => (Event::Deferred, reply),
            Outcome::Rejected(reply) => (Event::Rejected, reply),
            Outcome::InDoubt(reply) => (Event::Doubted, reply),
        };
        let Reply { code, text } = reply;
        self.note(writer, &Record { code, reply: text, ..record(row.recipient, event, driver.clock.now()) })
    }
}
