//! The relays of a run and their connections: which of them gets the next message, which are down, and when to try those
//! again.
//!
//! A message goes to a relay that is up, whose rate allows it, and which has had least of its share. Nothing here talks to a
//! relay; workers do.

use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::worker::{Job, Order};
use crate::delivery::{Backoff, Rate, Regulator, Relay, Stop};

/// Reconnecting: at first after so long, at most after so long.
const RECONNECT: Backoff = Backoff { first: Duration::from_millis(250), most: Duration::from_secs(60) };
/// A relay that was never reached in this run is given up after so many tries.
const FIRST_TRIES: u32 = 3;
/// A relay that loses so many connections in a row, with nothing taken between, is given up.
const MOST_LOSSES: u32 = 20;
/// How far ahead of its share a relay may be, in messages.
const AHEAD: f64 = 64.0;

/// What is known of a relay before the run: where it is and how much it gets.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// What to call it in reports.
    pub name: String,
    pub relay: Relay,
    pub connections: usize,
    /// Its share; 0 for one that is used when no other can be.
    pub weight: u32,
    pub rate: Option<Rate>,
    /// How long a connection is used.
    pub age: Option<Duration>,
    /// The header that it knows a repeated message by.
    pub idempotency_header: Option<String>,
}

/// A relay during a run.
#[derive(Debug)]
pub struct Outlet {
    pub name: String,
    weight: u32,
    pub regulator: Regulator,
    hands: Vec<Hand>,
    /// Messages given to it, compared with its weight.
    given: f64,
    /// A connection stood in this run, or the relay said at least that it will later.
    was_up: bool,
    /// Since when no connection stands, of those that stood before.
    down_since: Option<Duration>,
    losses: u32,
    /// Why it is used no more.
    lost: Option<Stop>,
    last_failure: Option<Stop>,
}

/// A worker as the run sees it.
#[derive(Debug)]
struct Hand {
    orders: Option<UnboundedSender<Order>>,
    state: HandState,
    /// How many jobs may be given to it at a time, and how many it has.
    capacity: usize,
    jobs: usize,
    tries: u32,
    batch: Vec<Job>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HandState {
    /// Not connected; to be connected then.
    Off(Duration),
    Connecting,
    Ready,
}

impl Outlet {
    /// `orders`: one for each connection's worker.
    pub fn new(outgoing: &Outgoing, orders: Vec<UnboundedSender<Order>>) -> Self {
        let hand = |orders| Hand {
            orders: Some(orders),
            state: HandState::Off(Duration::ZERO),
            capacity: 0,
            jobs: 0,
            tries: 0,
            batch: Vec::new(),
        };
        Outlet {
            name: outgoing.name.clone(),
            weight: outgoing.weight,
            regulator: Regulator::new(outgoing.rate),
            hands: orders.into_iter().map(hand).collect(),
            given: 0.0,
            was_up: false,
            down_since: None,
            losses: 0,
            lost: None,
            last_failure: None,
        }
    }

    /// Whether a connection stands.
    pub fn is_up(&self) -> bool {
        self.lost.is_none() && self.hands.iter().any(|hand| hand.state == HandState::Ready)
    }

    /// Whether it may still take messages in this run.
    pub fn is_alive(&self) -> bool {
        self.lost.is_none()
    }

    fn share(&self) -> f64 {
        self.given / f64::from(self.weight.max(1))
    }

    /// The connection with the fewest jobs that can take one more.
    fn free_hand(&self) -> Option<usize> {
        let free = |hand: &Hand| hand.state == HandState::Ready && hand.jobs < hand.capacity;
        let hands = self.hands.iter().enumerate().filter(|(_, hand)| free(hand));
        hands.min_by_key(|(_, hand)| hand.jobs).map(|(at, _)| at)
    }

    /// Connects what is to be connected now: the first connection alone, the others when it stands.
    fn connect_due(&mut self, now: Duration) {
        if self.lost.is_some() {
            return;
        }
        let alone = !self.is_up();
        let mut busy = alone && self.hands.iter().any(|hand| hand.state == HandState::Connecting);
        for hand in &mut self.hands {
            let due = matches!(hand.state, HandState::Off(at) if at <= now);
            if due && !busy {
                hand.state = HandState::Connecting;
                if let Some(orders) = &hand.orders {
                    let _ = orders.send(Order::Connect);
                }
                busy = alone;
            }
        }
    }

    /// When the next connection is to be tried; `None` when none waits for that.
    fn next_connect(&self) -> Option<Duration> {
        let first_is_tried = !self.is_up() && self.hands.iter().any(|hand| hand.state == HandState::Connecting);
        if first_is_tried || self.lost.is_some() {
            return None;
        }
        let waiting = self.hands.iter().filter_map(|hand| match hand.state {
            HandState::Off(at) => Some(at),
            HandState::Connecting | HandState::Ready => None,
        });
        waiting.min()
    }

    /// A connection stands.
    pub fn ready(&mut self, hand: usize, capacity: usize) {
        let hand = &mut self.hands[hand];
        hand.state = HandState::Ready;
        hand.capacity = capacity;
        hand.tries = 0;
        self.was_up = true;
        self.down_since = None;
    }

    /// A connection can't be made. `Some`: the relay is given up with that; once it has answered, not before it was down for
    /// as long as the user has patience.
    pub fn failed(&mut self, hand: usize, stop: Stop, now: Duration, patience: Duration) -> Option<&Stop> {
        let tries = self.hands[hand].tries + 1;
        self.hands[hand].tries = tries;
        self.hands[hand].state = HandState::Off(now + RECONNECT.delay(tries, hand as u64));
        self.was_up |= stop.answered;
        if self.is_up() {
            return None;
        }
        let since = *self.down_since.get_or_insert(now);
        let tried_enough = tries >= FIRST_TRIES && (!self.was_up || now.saturating_sub(since) >= patience);
        if !stop.transient || tried_enough {
            return Some(self.give_up(stop));
        }
        self.last_failure = Some(stop);
        None
    }

    /// Whether it went down just now, and is waited for.
    pub fn is_waited_for(&self, now: Duration) -> bool {
        self.lost.is_none() && self.was_up && self.down_since == Some(now)
    }

    /// Connections were lost with messages on them, or messages got through.
    pub fn count_losses(&mut self, lost: bool) -> Option<&Stop> {
        self.losses = if lost { self.losses + 1 } else { 0 };
        if self.losses < MOST_LOSSES || self.lost.is_some() {
            return None;
        }
        let what = format!("{} lost {MOST_LOSSES} connections in a row with nothing taken", self.name);
        let stop =
            crate::diagnostic::Diagnostic::error(what).help("look at the relay's log; run the command again later");
        Some(self.give_up(Stop::transient(stop)))
    }

    /// Uses it no more.
    fn give_up(&mut self, stop: Stop) -> &Stop {
        self.hands.iter_mut().for_each(|hand| hand.orders = None);
        self.lost.insert(stop)
    }

    /// Why it was of no use in this run, when that wasn't said before.
    pub fn never_reached(&self) -> Option<&Stop> {
        self.last_failure.as_ref().filter(|_| !self.was_up && self.lost.is_none())
    }

    /// Why it can't be used at the moment.
    pub fn trouble(&self) -> Option<&Stop> {
        self.lost.as_ref().or(self.last_failure.as_ref())
    }

    /// Claims one message for a connection: the job is sent with the next [`Outlet::send_batches`].
    pub fn give(&mut self, hand: usize, job: Job, now: Duration) {
        self.regulator.take(now);
        self.given += 1.0;
        self.hands[hand].jobs += 1;
        self.hands[hand].batch.push(job);
    }

    /// Hands the jobs over whose claims are durable now.
    pub fn send_batches(&mut self) {
        for hand in self.hands.iter_mut().filter(|hand| !hand.batch.is_empty()) {
            let jobs = std::mem::take(&mut hand.batch);
            if let Some(orders) = &hand.orders {
                let _ = orders.send(Order::Send(jobs));
            }
        }
    }

    /// Jobs came back.
    pub fn came_back(&mut self, hand: usize, jobs: usize) {
        self.hands[hand].jobs = self.hands[hand].jobs.saturating_sub(jobs);
    }

    /// Jobs that are with workers.
    pub fn jobs(&self) -> usize {
        self.hands.iter().map(|hand| hand.jobs).sum()
    }

    /// No more orders: workers finish what they have and go.
    pub fn dismiss(&mut self) {
        self.hands.iter_mut().for_each(|hand| hand.orders = None);
    }
}

/// Which relay and connection get the next message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    Give {
        outlet: usize,
        hand: usize,
    },
    /// Nobody can take one before then, or before somebody has news.
    Wait(Option<Duration>),
}

/// Connects what is to be connected now; spare relays only when no other can be used.
pub fn connect_due(outlets: &mut [Outlet], now: Duration) {
    let spares_are_needed = are_spares_needed(outlets);
    let wanted = outlets.iter_mut().filter(|outlet| outlet.weight > 0 || spares_are_needed);
    wanted.for_each(|outlet| outlet.connect_due(now));
}

/// Whether every relay that has a share was tried and can't be used at the moment.
fn are_spares_needed(outlets: &[Outlet]) -> bool {
    outlets.iter().filter(|outlet| outlet.weight > 0).all(|outlet| !outlet.is_up() && outlet.trouble().is_some())
}

/// Chooses among the relays.
pub fn choose(outlets: &[Outlet], now: Duration) -> Choice {
    let spares_are_needed = are_spares_needed(outlets);
    let in_use = |outlet: &&Outlet| outlet.is_up() && (outlet.weight > 0 || spares_are_needed);
    let least = outlets.iter().filter(in_use).map(Outlet::share).fold(f64::INFINITY, f64::min);
    let wanted = outlets.iter().filter(|outlet| outlet.weight > 0 || spares_are_needed);
    let mut wait: Option<Duration> = wanted.filter_map(Outlet::next_connect).min();
    let mut best: Option<(f64, usize, usize)> = None;
    for (at, outlet) in outlets.iter().enumerate().filter(|(_, outlet)| in_use(outlet)) {
        let Some(hand) = outlet.free_hand() else { continue };
        if outlet.share() > least + AHEAD / f64::from(outlet.weight.max(1)) {
            continue;
        }
        if let Some(ready_at) = outlet.regulator.ready_at(now) {
            wait = Some(wait.map_or(ready_at, |wait| wait.min(ready_at)));
            continue;
        }
        if best.is_none_or(|(share, ..)| outlet.share() < share) {
            best = Some((outlet.share(), at, hand));
        }
    }
    match best {
        Some((_, outlet, hand)) => Choice::Give { outlet, hand },
        None => Choice::Wait(wait),
    }
}

/// A relay that comes up, at first or again, isn't owed what the others got meanwhile.
pub fn level(outlets: &mut [Outlet], came_up: usize) {
    let others = outlets.iter().enumerate().filter(|(at, outlet)| *at != came_up && outlet.is_up());
    let least = others.map(|(_, outlet)| outlet.share()).fold(f64::INFINITY, f64::min);
    let outlet = &mut outlets[came_up];
    if least.is_finite() && outlet.share() < least {
        outlet.given = least * f64::from(outlet.weight.max(1));
    }
}
