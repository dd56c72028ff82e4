//! What news from the workers make of the ledger and of the run: every job that comes back is recorded, and replies steer.

use std::time::Duration;

use super::drive::{Ended, Run, relay_number};
use super::outlet::{Outlet, level};
use super::plan::Spot;
use super::worker::{Done, News};
use crate::address::masked;
use crate::delivery::{Backoff, Outcome, Reply, Stage, Stop};
use crate::diagnostic::{Diagnostic, Result};
use crate::ledger::{Event, Record, record};

/// After a lost connection: soon, since it wasn't the reader.
const AFTER_LOSS: Backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(60) };

impl Run<'_, '_> {
    /// Takes one piece of news into account.
    ///
    /// # Errors
    /// The journal can't be written.
    pub(super) fn take_news(&mut self, (worker, news): (usize, News)) -> Result<()> {
        if let News::Interrupt = news {
            self.interrupt();
            return Ok(());
        }
        let (outlet, hand) = self.places[worker];
        match news {
            News::Ready(capacity) => {
                let was_up = self.outlets[outlet].is_up();
                self.outlets[outlet].ready(hand, capacity);
                if !was_up {
                    level(&mut self.outlets, outlet);
                }
            }
            News::Done(done) => {
                self.outlets[outlet].came_back(hand, done.len());
                self.count_losses(outlet, &done);
                for one in done {
                    self.settle(outlet, one)?;
                }
            }
            News::Unsent(spots) => {
                self.outlets[outlet].came_back(hand, spots.len());
                spots.into_iter().try_for_each(|spot| self.release(outlet, spot, String::new()))?;
            }
            News::Failed(stop, refused) => self.fail(outlet, hand, stop, refused),
            News::Broken(diagnostic) => self.fail(outlet, hand, Stop::permanent(diagnostic), true),
            News::Gone => self.workers -= 1,
            News::Interrupt => {}
        }
        Ok(())
    }

    /// Stops: gently at first, at once when asked again.
    fn interrupt(&mut self) {
        self.ending = Some(match self.ending {
            Some(Ended::Interrupted | Ended::Abandoned) => Ended::Abandoned,
            _ => Ended::Interrupted,
        });
    }

    /// A claim is taken back: the message certainly wasn't sent, and the reader is owed it as before.
    fn release(&mut self, outlet: usize, spot: Spot, why: String) -> Result<()> {
        let released = Record {
            relay: relay_number(outlet),
            reply: why,
            ..record(spot.recipient, Event::Released, self.driver.clock.now())
        };
        self.mailing.note(self.writer, &released)?;
        self.owed.again(spot, self.watch.elapsed());
        Ok(())
    }

    /// Records what became of a message, and lets it steer.
    fn settle(&mut self, outlet: usize, done: Done) -> Result<()> {
        let now = self.watch.elapsed();
        self.progress.count(&done.outcome);
        self.steer(outlet, &done, now);
        let Done { spot, outcome, .. } = done;
        let (event, reply) = match outcome {
            Outcome::Accepted(reply) => (Event::Accepted, reply),
            Outcome::Deferred(reply) => (Event::Deferred, reply),
            Outcome::Rejected(reply) => (Event::Rejected, reply),
            Outcome::InDoubt(reply) => (Event::Doubted, reply),
            Outcome::Untried(reply) => return self.release(outlet, spot, reply.text),
        };
        let Reply { code, text } = reply;
        let relay = relay_number(outlet);
        let happened = Record { relay, code, reply: text, ..record(spot.recipient, event, self.driver.clock.now()) };
        self.mailing.note(self.writer, &happened)?;
        if event == Event::Deferred {
            self.try_again(spot, code, now);
        }
        Ok(())
    }

    /// When a reader who was put off is tried next, if the user has patience.
    fn try_again(&mut self, spot: Spot, code: u16, now: Duration) {
        let attempts = self.mailing.ledger.outcome(spot.recipient).map_or(1, |outcome| outcome.attempts);
        let backoff = if code == 0 { &AFTER_LOSS } else { &self.driver.patience.retry_after };
        let at = now + backoff.delay(attempts, u64::from(spot.recipient));
        if at <= self.driver.patience.retry_for {
            self.owed.again(spot, at);
        }
    }

    /// Replies change how fast relays and domains are written to, and may stop the mailing.
    fn steer(&mut self, outlet: usize, done: &Done, now: Duration) {
        let domain = done.address.domain();
        match &done.outcome {
            Outcome::Accepted(_) => {
                self.outlets[outlet].regulator.went_well(now);
                self.domains.went_well(domain, now);
            }
            Outcome::Deferred(reply) if reply.asks_to_slow_down() => {
                let (slower, who) = if reply.code == 421 || done.stage == Stage::Connection {
                    (self.outlets[outlet].regulator.throttled(now), self.outlets[outlet].name.clone())
                } else {
                    (self.domains.throttled(domain, now), domain.to_owned())
                };
                if let Some(rate) = slower {
                    let words = done.address.masked_in(&reply.to_string());
                    let what = format!("{who} asks to slow down ({words})");
                    self.onlooker.notice(&Diagnostic::note(what).help(format!("it gets at most {rate:.1}/s now")));
                }
            }
            _ => {}
        }
        match &done.outcome {
            Outcome::Accepted(_) => self.refusals.record(false),
            Outcome::Rejected(_) => self.refusals.record(true),
            _ => {}
        }
        if self.refusals.is_too_many() && self.ending.is_none() {
            self.ending = Some(Ended::Refusals { rejected: self.refusals.rejected(), of: self.refusals.of() });
        }
    }

    /// A connection that ends without a word about any message was lost; too many in a row, and the relay is given up.
    fn count_losses(&mut self, outlet: usize, done: &[Done]) {
        let silent = done.iter().all(|one| one.outcome.reply().code == 0);
        if let Some(stop) = self.outlets[outlet].count_losses(silent).cloned() {
            self.lose(outlet, &stop);
        }
    }

    /// A connection can't be made, or the relay refuses us.
    fn fail(&mut self, outlet: usize, hand: usize, stop: Stop, refused: bool) {
        if refused {
            // The next message would fare no better, at any relay: the mailing stops, and nobody is marked.
            if self.ending.is_none() {
                self.ending = Some(Ended::Stopped(stop));
            }
            return;
        }
        let now = self.watch.elapsed();
        let patience = self.driver.patience.retry_for;
        let why = masked(stop.diagnostic.message());
        if let Some(stop) = self.outlets[outlet].failed(hand, stop, now, patience).cloned() {
            self.lose(outlet, &stop);
        } else if self.outlets[outlet].is_waited_for(now) {
            self.onlooker.notice(&Diagnostic::note(why).help("it is tried again until it answers, or patience ends"));
        }
    }

    /// A relay is used no more. With others left the mailing goes on.
    fn lose(&mut self, outlet: usize, stop: &Stop) {
        if self.outlets.iter().any(Outlet::is_alive) {
            self.warn_of(outlet, stop);
        } else if self.ending.is_none() {
            self.ending = Some(Ended::Stopped(stop.clone()));
        }
    }

    /// Says what is wrong with one relay of several.
    pub(super) fn warn_of(&mut self, outlet: usize, stop: &Stop) {
        let mut warning = Diagnostic::warning(masked(stop.diagnostic.message()));
        for help in stop.diagnostic.helps() {
            warning = warning.help(help.clone());
        }
        let name = &self.outlets[outlet].name;
        self.onlooker.notice(&warning.help(format!("{name} is not used in this run; the others go on")));
    }
}
