//! The drive: sends to everyone who is owed a copy, over several connections, recording before and after.
//!
//! The order of steps is what the promise rests on: a connection stands; claims are durable; only then a copy leaves; what
//! became of it is recorded. A crash at any instant leaves in doubt at most those whose claims had no outcome yet, which are
//! as many as the connections' windows. One thread does all the deciding and writes the journal; workers do the sending.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tokio::sync::mpsc::unbounded_channel;

use super::outlet::{Choice, Outgoing, Outlet, choose, connect_due};
use super::owed::Owed;
use super::plan::{Plan, PlanRow};
use super::press::Press;
use super::progress::{Onlooker, Progress};
use super::settings::Patience;
use super::worker::{Desk, Job, News, Worker};
use super::{Mailing, RECIPIENTS, Writer};
use crate::clock::{Clock, Stopwatch};
use crate::delivery::{Domains, Limits, Refusals, Share, Stop};
use crate::diagnostic::{Diagnostic, Result};
use crate::ledger::{Counts, Event, Record, record};
use crate::subscribers::Withdrawals;

/// How long those on their way are waited for when the run is to stop.
const FAREWELL: Duration = Duration::from_secs(60);
/// How often it is looked whether another process asks to stop.
const LOOK: Duration = Duration::from_millis(100);

/// What a run needs beside the mailing.
#[derive(Debug)]
pub struct Driver<'a> {
    pub press: Press,
    pub relays: Vec<Outgoing>,
    pub limits: Limits,
    pub patience: Patience,
    /// The share of refusals that stops the mailing.
    pub refusals: Share,
    /// How many messages may be begun in this run.
    pub quota: Option<u64>,
    pub withdrawals: &'a mut Withdrawals,
    pub clock: Clock,
    /// Where the workers run.
    pub runtime: tokio::runtime::Handle,
    pub interrupts: Interrupts,
}

/// The user's wish to stop comes in here: once, to let those on their way finish; twice, to stop at once.
#[derive(Debug)]
pub struct Interrupts {
    sender: Sender<(usize, News)>,
    receiver: Receiver<(usize, News)>,
}

impl Default for Interrupts {
    fn default() -> Self {
        let (sender, receiver) = channel();
        Interrupts { sender, receiver }
    }
}

impl Interrupts {
    /// A way to say it from elsewhere.
    pub fn handle(&self) -> impl Fn() + Send + Sync + use<> {
        let sender = self.sender.clone();
        move || {
            let _ = sender.send((usize::MAX, News::Interrupt));
        }
    }
}

/// How a run ended.
#[derive(Debug)]
pub enum Ended {
    /// Everyone owed a copy was tried for as long as the user has patience.
    Through,
    /// Asked to stop; nobody is left half done.
    Interrupted,
    /// Asked to stop at once: those on their way are in doubt.
    Abandoned,
    /// No relay can go on.
    Stopped(Stop),
    /// So many of the last so many were refused.
    Refusals { rejected: u16, of: u16 },
    /// The day's share is sent.
    QuotaReached,
}

/// A run: a driver at work on a mailing.
pub(super) struct Run<'r, 'd> {
    pub(super) mailing: &'r mut Mailing,
    pub(super) writer: &'r mut Writer,
    pub(super) driver: &'r mut Driver<'d>,
    pub(super) onlooker: &'r mut dyn Onlooker,
    pub(super) outlets: Vec<Outlet>,
    /// For each worker, its relay and its place among the relay's connections.
    pub(super) places: Vec<(usize, usize)>,
    /// Workers that haven't gone.
    pub(super) workers: usize,
    pub(super) owed: Owed,
    pub(super) domains: Domains,
    pub(super) refusals: Refusals,
    pub(super) progress: Progress,
    pub(super) watch: Stopwatch,
    /// Tells workers to begin nothing more.
    pub(super) stopping: Arc<AtomicBool>,
    /// How the run is ending; nothing more is claimed.
    pub(super) ending: Option<Ended>,
    pub(super) begun: u64,
    row: PlanRow,
    looked: Duration,
}

impl Mailing {
    /// Sends to everyone who is owed a copy. Blocks until the run has ended.
    ///
    /// # Errors
    /// The journal can't be written, or a copy can't be struck: then sending stops at once. What was recorded stays true.
    pub fn drive(
        &mut self,
        writer: &mut Writer,
        driver: &mut Driver<'_>,
        onlooker: &mut dyn Onlooker,
    ) -> Result<Ended> {
        Mailing::clear_stop(&self.folder)?;
        let mut run = Run::new(self, writer, driver, onlooker)?;
        let result = run.go();
        run.stopping.store(true, Ordering::Relaxed);
        result
    }

    fn open_plan(&self, for_single_rows: bool) -> Result<Plan> {
        let path = self.folder.join(RECIPIENTS);
        if for_single_rows {
            Plan::open_for_single_rows(&path, self.manifest.recipients)
        } else {
            Plan::open(&path, self.manifest.recipients)
        }
    }
}

impl<'r, 'd> Run<'r, 'd> {
    fn new(
        mailing: &'r mut Mailing,
        writer: &'r mut Writer,
        driver: &'r mut Driver<'d>,
        onlooker: &'r mut dyn Onlooker,
    ) -> Result<Self> {
        let counts: Counts = mailing.ledger.counts();
        let owed = counts.pending + counts.deferred;
        let mut run = Run {
            owed: Owed::new(mailing.open_plan(false)?, mailing.open_plan(true)?),
            domains: Domains::new(driver.limits.clone()),
            refusals: Refusals::new(driver.refusals),
            progress: Progress { owed, ..Progress::default() },
            mailing,
            writer,
            driver,
            onlooker,
            outlets: Vec::new(),
            places: Vec::new(),
            workers: 0,
            watch: Stopwatch::start(),
            stopping: Arc::new(AtomicBool::new(false)),
            ending: None,
            begun: 0,
            row: PlanRow::default(),
            looked: Duration::ZERO,
        };
        run.hire(usize::try_from(owed).unwrap_or(usize::MAX))?;
        Ok(run)
    }

    /// Starts the workers, and notes in the journal which relays there are.
    fn hire(&mut self, most: usize) -> Result<()> {
        for (outlet, outgoing) in self.driver.relays.iter().enumerate() {
            let mut orders = Vec::new();
            for hand in 0..outgoing.connections.min(most).max(1) {
                let (sender, receiver) = unbounded_channel();
                orders.push(sender);
                let worker = Worker {
                    number: self.places.len(),
                    relay: outgoing.relay.clone(),
                    age: outgoing.age,
                    press: self.driver.press.clone(),
                    orders: receiver,
                    news: self.driver.interrupts.sender.clone(),
                    stopping: Arc::clone(&self.stopping),
                    desk: Desk::default(),
                };
                self.driver.runtime.spawn(worker.run());
                self.places.push((outlet, hand));
                self.workers += 1;
            }
            let name = Record {
                relay: relay_number(outlet),
                reply: outgoing.name.clone(),
                ..record(0, Event::RelayNamed, self.driver.clock.now())
            };
            self.mailing.note(self.writer, &name)?;
            self.outlets.push(Outlet::new(outgoing, orders));
        }
        Ok(())
    }

    fn go(&mut self) -> Result<Ended> {
        loop {
            let now = self.watch.elapsed();
            self.look_for_a_stop(now);
            let wait = if self.ending.is_none() { self.give_out(now)? } else { None };
            self.onlooker.progress(&self.progress);
            if self.ending.is_some() {
                return self.finish();
            }
            self.hear(wait)?;
        }
    }

    /// Claims messages and gives them out as far as relays and limits allow. Gives back when more can be done, without news.
    fn give_out(&mut self, now: Duration) -> Result<Option<Duration>> {
        self.driver.withdrawals.refresh()?;
        connect_due(&mut self.outlets, now);
        let wait = loop {
            if self.is_quota_reached() {
                break None;
            }
            let (outlet, hand) = match choose(&self.outlets, now) {
                Choice::Give { outlet, hand } => (outlet, hand),
                Choice::Wait(until) => break until,
            };
            if !self.next_row(now)? {
                break self.owed.next_at();
            }
            self.claim(outlet, hand, now)?;
        };
        // Outcomes ride on the claims' commit; without claims they get one before anything is waited for.
        self.writer.journal.commit()?;
        self.outlets.iter_mut().for_each(Outlet::send_batches);
        self.end_if_through(now)?;
        Ok(wait)
    }

    fn is_quota_reached(&self) -> bool {
        self.driver.quota.is_some_and(|quota| self.begun >= quota)
    }

    fn next_row(&mut self, now: Duration) -> Result<bool> {
        let domains = &self.domains;
        let mut ready = |domain: &str| domains.ready_at(domain, now);
        self.owed.next(now, &self.mailing.ledger, &mut ready, &mut self.row)
    }

    /// Claims the row for a connection; who has left since sealing is withdrawn instead.
    fn claim(&mut self, outlet: usize, hand: usize, now: Duration) -> Result<()> {
        let row = std::mem::take(&mut self.row);
        let address = row.address()?;
        let at = self.driver.clock.now();
        if let Some(reason) = self.driver.withdrawals.find(&address) {
            let withdrawn = Record { reply: reason.as_str().to_owned(), ..record(row.recipient, Event::Withdrawn, at) };
            return self.mailing.note(self.writer, &withdrawn);
        }
        let claimed = Record { relay: relay_number(outlet), ..record(row.recipient, Event::Claimed, at) };
        self.mailing.note(self.writer, &claimed)?;
        self.domains.take(address.domain(), now);
        self.outlets[outlet].give(hand, Job { row, address }, now);
        self.begun += 1;
        Ok(())
    }

    /// Ends the run when nobody is on the way and nobody waits, or nothing can be sent any more.
    fn end_if_through(&mut self, now: Duration) -> Result<()> {
        if self.ending.is_some() {
            return Ok(());
        }
        self.progress.next_try = self.owed.next_at().map(|at| at.saturating_sub(now));
        let on_their_way: usize = self.outlets.iter().map(Outlet::jobs).sum();
        self.progress.idle = on_their_way == 0 && self.outlets.iter().any(Outlet::is_up);
        if on_their_way > 0 {
            return Ok(());
        }
        let mailing = &*self.mailing;
        if self.owed.is_through(|| mailing.open_plan(false))? {
            self.ending = Some(Ended::Through);
        } else if self.is_quota_reached() {
            self.ending = Some(Ended::QuotaReached);
        } else if !self.outlets.iter().any(Outlet::is_alive) {
            let trouble = self.outlets.iter().find_map(Outlet::trouble).cloned();
            let unknown = || Stop::transient(Diagnostic::error("no relay can be used"));
            self.ending = Some(Ended::Stopped(trouble.unwrap_or_else(unknown)));
        }
        Ok(())
    }

    /// Waits for news, until something can be done without any.
    fn hear(&mut self, until: Option<Duration>) -> Result<()> {
        let now = self.watch.elapsed();
        let wait = until.map_or(LOOK, |until| until.saturating_sub(now).min(LOOK));
        match self.driver.interrupts.receiver.recv_timeout(wait) {
            Ok(news) => self.take_news(news)?,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Ok(()),
        }
        while let Ok(news) = self.driver.interrupts.receiver.try_recv() {
            self.take_news(news)?;
        }
        Ok(())
    }

    /// Lets those on their way finish, for a time, and says how the run ended.
    fn finish(&mut self) -> Result<Ended> {
        self.stopping.store(true, Ordering::Relaxed);
        self.outlets.iter_mut().for_each(Outlet::dismiss);
        let since = self.watch.elapsed();
        while self.workers > 0 && self.watch.elapsed() < since + FAREWELL {
            if matches!(self.ending, Some(Ended::Abandoned)) {
                break;
            }
            self.hear(None)?;
            self.writer.journal.flush()?;
            self.onlooker.progress(&self.progress);
        }
        self.writer.journal.commit()?;
        for outlet in 0..self.outlets.len() {
            if let Some(stop) = self.outlets[outlet].never_reached().cloned() {
                self.warn_of(outlet, &stop);
            }
        }
        Ok(self.ending.take().unwrap_or(Ended::Through))
    }

    fn look_for_a_stop(&mut self, now: Duration) {
        if now < self.looked + LOOK {
            return;
        }
        self.looked = now;
        if Mailing::stop_requested(&self.mailing.folder) && self.ending.is_none() {
            self.ending = Some(Ended::Interrupted);
        }
    }
}

/// How the journal calls the relays: from 1, since 0 is none.
pub(super) fn relay_number(outlet: usize) -> u8 {
    u8::try_from(outlet + 1).unwrap_or(u8::MAX)
}
