//! One connection's work: strikes the copies of claimed recipients, hands them over, and tells what became of each.
//!
//! A worker decides nothing. It is given jobs whose claims are durable, and every job comes back: settled, or unsent.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

use super::plan::{PlanRow, Spot};
use super::press::Press;
use crate::address::Address;
use crate::clock::Stopwatch;
use crate::delivery::{Channel, Outcome, Relay, Settled, Stage, Stop, Unfit};
use crate::diagnostic::Diagnostic;
use crate::message::Message;

/// A connection without work for so long is closed: the relay would do it soon.
const IDLE: Duration = Duration::from_secs(30);
/// After a silence of this length the relay is asked whether it is still there.
const SILENCE: Duration = Duration::from_secs(1);

/// A relay that takes longer than this to answer is far away: before its next answer is waited for, new jobs get a moment to
/// come, so that the window stays full.
const FAR: Duration = Duration::from_millis(3);
const MOMENT: Duration = Duration::from_millis(2);

/// Where nothing is waited for, so many outcomes are told at a time.
const TOLD_TOGETHER: usize = 64;

/// A recipient whose claim is durable.
#[derive(Debug)]
pub struct Job {
    pub row: PlanRow,
    pub address: Address,
}

/// What became of a job.
#[derive(Debug)]
pub struct Done {
    pub spot: Spot,
    pub address: Address,
    pub outcome: Outcome,
    pub stage: Stage,
}

/// What a worker is told.
#[derive(Debug)]
pub enum Order {
    Connect,
    Send(Vec<Job>),
}

/// What a worker tells.
#[derive(Debug)]
pub enum News {
    /// Connected; so many jobs may be given at a time.
    Ready(usize),
    Done(Vec<Done>),
    /// These were never begun.
    Unsent(Vec<Spot>),
    /// No connection, or the relay refuses us: `true` when it refused a message on an open connection.
    Failed(Stop, bool),
    /// A copy can't be struck.
    Broken(Diagnostic),
    /// There will be no more news.
    Gone,
    /// The user asks to stop; no worker says it.
    Interrupt,
}

/// One connection of a relay.
pub struct Worker {
    pub number: usize,
    pub relay: Relay,
    /// How long a connection is used.
    pub age: Option<Duration>,
    pub press: Press,
    pub orders: UnboundedReceiver<Order>,
    /// Tells news with the worker's number.
    pub news: Sender<(usize, News)>,
    /// Set from outside: begin no new message.
    pub stopping: Arc<AtomicBool>,
    pub desk: Desk,
}

/// What a worker has at hand.
#[derive(Default)]
pub struct Desk {
    channel: Option<Open>,
    queue: VecDeque<Job>,
    /// Settled and not yet told.
    done: Vec<Done>,
    spare: Vec<Message>,
}

impl Desk {
    /// Whether waiting a moment for jobs costs nothing: the next answer takes longer, and there is room for them.
    fn has_time(&self) -> bool {
        let far = |open: &Open| open.far.is_some_and(|since| since.elapsed() < SILENCE);
        self.queue.is_empty() && self.channel.as_ref().is_some_and(|open| far(open) && open.channel.room() > 0)
    }
}

struct Open {
    channel: Channel<Job>,
    since: Stopwatch,
    quiet: Stopwatch,
    /// Since an answer took long to come.
    far: Option<Stopwatch>,
}

impl Worker {
    /// Works until there are no more orders.
    pub async fn run(mut self) {
        while self.take_orders().await {
            if self.stopping.load(Ordering::Relaxed) {
                self.give_back_queue();
            }
            self.work().await;
        }
        if let Some(open) = self.desk.channel.take() {
            open.channel.close().await;
        }
        self.tell(News::Gone);
    }

    fn tell(&self, news: News) {
        // Nobody listens any more when the program ends at once.
        let _ = self.news.send((self.number, news));
    }

    /// Takes the orders that are there, or waits for one when there is nothing to do. `false`: there will be none.
    async fn take_orders(&mut self) -> bool {
        let busy =
            !self.desk.queue.is_empty() || self.desk.channel.as_ref().is_some_and(|open| !open.channel.is_idle());
        if !busy {
            match timeout(IDLE, self.orders.recv()).await {
                Ok(Some(order)) => self.obey(order).await,
                Ok(None) => return false,
                Err(_) => self.close().await,
            }
        }
        if busy
            && self.desk.has_time()
            && let Ok(Some(order)) = timeout(MOMENT, self.orders.recv()).await
        {
            self.obey(order).await;
        }
        while let Ok(order) = self.orders.try_recv() {
            self.obey(order).await;
        }
        true
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Connect => {
                self.connect().await;
            }
            Order::Send(jobs) => self.desk.queue.extend(jobs),
        }
    }

    /// Opens a channel unless one is open; tells how that went.
    async fn connect(&mut self) -> bool {
        if self.desk.channel.is_some() {
            return true;
        }
        match self.relay.connect().await {
            Ok(channel) => {
                self.tell(News::Ready(channel.capacity()));
                self.desk.channel =
                    Some(Open { channel, since: Stopwatch::start(), quiet: Stopwatch::start(), far: None });
                true
            }
            Err(stop) => {
                self.give_back_queue();
                self.tell(News::Failed(stop, false));
                false
            }
        }
    }

    async fn close(&mut self) {
        if let Some(open) = self.desk.channel.take() {
            open.channel.close().await;
        }
    }

    fn give_back_queue(&mut self) {
        if !self.desk.queue.is_empty() {
            let unsent = self.desk.queue.drain(..).map(|job| job.row.spot()).collect();
            self.tell(News::Unsent(unsent));
        }
    }

    /// Sends what there is, as far as the channel has room, and hears what became of something.
    async fn work(&mut self) {
        if !self.desk.queue.is_empty() && !self.is_fit().await {
            self.close().await;
            if !self.connect().await {
                return;
            }
        }
        let result = self.fill();
        let mut settled = Vec::new();
        let Some(open) = &mut self.desk.channel else { return };
        let waited = Stopwatch::start();
        let exchanged = open.channel.exchange(&mut settled).await;
        if waited.elapsed() > FAR {
            open.far = Some(Stopwatch::start());
        }
        open.quiet = Stopwatch::start();
        // A failure is told before what comes back with it: nobody is to be given out again then.
        if let Err(failure) = result {
            self.tell(failure);
            self.give_back_queue();
        }
        if let Err(stop) = exchanged {
            self.tell(News::Failed(stop, true));
            self.give_back_queue();
        }
        self.tell_settled(settled);
        let spent = self.desk.channel.as_ref().is_some_and(|open| open.channel.is_over() && open.channel.is_idle());
        if spent {
            self.close().await;
        }
    }

    /// Whether the open channel can take a message now; an old or silent one is looked at first.
    async fn is_fit(&mut self) -> bool {
        let Some(open) = &mut self.desk.channel else { return false };
        if !open.channel.is_idle() {
            return true;
        }
        let too_old = self.age.is_some_and(|age| open.since.elapsed() >= age);
        if too_old || open.channel.is_over() {
            return false;
        }
        open.quiet.elapsed() < SILENCE || open.channel.still_answers().await
    }

    /// Strikes and submits copies while there is room.
    fn fill(&mut self) -> Result<(), News> {
        let Some(open) = &mut self.desk.channel else { return Ok(()) };
        let too_old = self.age.is_some_and(|age| open.since.elapsed() >= age);
        if too_old && !open.channel.is_idle() {
            return Ok(());
        }
        while open.channel.room() > 0 && !self.stopping.load(Ordering::Relaxed) {
            let Some(job) = self.desk.queue.pop_front() else { break };
            let mut message = self.desk.spare.pop().unwrap_or_else(|| Message::empty(&job.address));
            if let Err(diagnostic) = self.press.strike(&job.address, &job.row, &mut message) {
                self.desk.queue.push_front(job);
                return Err(News::Broken(diagnostic));
            }
            if let Err(unfit) = open.channel.submit(job, message) {
                let Unfit { ticket, stop } = *unfit;
                self.desk.queue.push_front(ticket);
                return Err(News::Failed(stop, true));
            }
        }
        Ok(())
    }

    /// Tells what became of jobs: at once while somebody waits for it, else in groups.
    fn tell_settled(&mut self, settled: Vec<Settled<Job>>) {
        let Desk { channel, queue, done, spare } = &mut self.desk;
        for Settled { ticket, message, outcome, stage } in settled {
            spare.push(message);
            done.push(Done { spot: ticket.row.spot(), address: ticket.address, outcome, stage });
        }
        let waited_for = matches!(channel, Some(Open { channel: Channel::Smtp(_), .. }));
        if !done.is_empty() && (waited_for || queue.is_empty() || done.len() >= TOLD_TOGETHER) {
            let done = std::mem::take(done);
            self.tell(News::Done(done));
        }
    }
}
