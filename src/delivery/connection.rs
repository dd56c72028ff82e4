//! One connection to a relay over SMTP: many messages, several at a time where the relay lets us, each with an exact outcome.
//!
//! What goes out in one write depends on what EHLO offered. With CHUNKING and PIPELINING whole messages follow one another
//! without waiting ([`Style::Chunked`], RFC 3030); with PIPELINING alone the content of a message and the envelope of the
//! next go out together ([`Style::Pipelined`], RFC 2920); else one thing is said at a time. Replies come in the order of
//! what was said, so each is told to the message that it answers.

use std::collections::VecDeque;
use std::time::Duration;

use super::capabilities::Capabilities;
use super::content::fit_for_wire;
use super::dialogue::{Dialogue, Lost};
use super::group::Group;
use super::outcome::{Reply, Stop};
use super::settings::Deadlines;
use super::transaction::{Settled, Transaction, Turn, Unfit, Verb};
use crate::diagnostic::Diagnostic;
use crate::message::Message;

/// How much may be said before an answer is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Stepwise,
    Pipelined,
    Chunked,
}

/// After 421 a relay closes: how long it is given for that.
const FAREWELL: Duration = Duration::from_secs(5);

/// Why nothing more goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The relay refuses us, or makes no sense.
    Refused,
    /// It said 421: it takes nothing of what it hasn't answered.
    Closing,
}

/// An open connection, with a ticket of type `T` for every message on its way.
pub struct Connection<T> {
    /// The relay, as a person calls it.
    name: String,
    dialogue: Dialogue,
    capabilities: Capabilities,
    deadlines: Deadlines,
    style: Style,
    window: usize,
    /// Messages that were submitted and are not settled, oldest first.
    on_their_way: VecDeque<Transaction<T>>,
    /// What replies are still to come, in order.
    expected: VecDeque<Verb>,
    /// A transaction may be open at the relay, or its state be unknown (RFC 3030 section 2).
    needs_reset: bool,
    /// The relay has answered a MAIL: it listens.
    answered: bool,
    /// Set when nothing more goes out.
    end: Option<End>,
    /// How many messages the connection may still take.
    left: u64,
}

impl<T> Connection<T> {
    pub fn new(
        name: String,
        dialogue: Dialogue,
        capabilities: Capabilities,
        deadlines: Deadlines,
        window: usize,
        most_messages: Option<u64>,
    ) -> Self {
        let style = match (capabilities.pipelining, capabilities.chunking) {
            (true, true) if window > 1 => Style::Chunked,
            (true, _) => Style::Pipelined,
            (false, _) => Style::Stepwise,
        };
        Connection {
            name,
            dialogue,
            capabilities,
            deadlines,
            style,
            window,
            on_their_way: VecDeque::new(),
            expected: VecDeque::new(),
            needs_reset: false,
            answered: false,
            end: None,
            left: most_messages.unwrap_or(u64::MAX),
        }
    }

    /// How many messages are worth having at hand: those on their way, and what keeps the connection busy.
    pub fn capacity(&self) -> usize {
        match self.style {
            Style::Chunked => self.window,
            Style::Pipelined => self.window.clamp(1, 5),
            Style::Stepwise => self.window.clamp(1, 2),
        }
    }

    /// How many more messages can be submitted now.
    pub fn room(&self) -> usize {
        let most = match self.style {
            Style::Chunked => self.window,
            Style::Pipelined => 2,
            Style::Stepwise => 1,
        };
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        if self.end.is_some() { 0 } else { most.saturating_sub(self.on_their_way.len()).min(left) }
    }

    pub fn is_idle(&self) -> bool {
        self.on_their_way.is_empty()
    }

    /// Nothing more can be submitted, ever.
    pub fn is_over(&self) -> bool {
        self.end.is_some() || self.left == 0
    }

    /// Takes a message to be sent with the next [`Connection::exchange`].
    ///
    /// # Errors
    /// One that can't go out at all: too large for the relay, or not fit for the wire. It was not taken.
    pub fn submit(&mut self, ticket: T, message: Message) -> Result<(), Box<Unfit<T>>> {
        let size = message.bytes.len() as u64;
        if let Some(largest) = self.capabilities.largest.filter(|largest| size > *largest) {
            let stop = Diagnostic::error(format!(
                "{} takes messages of at most {largest} octets, and a copy has {size}",
                self.name
            ))
            .help("make the article's images smaller, or link them; no reader was marked");
            return Err(Box::new(Unfit { ticket, stop: Stop::permanent(stop) }));
        }
        if fit_for_wire(&message.bytes).is_none() {
            let stop = Diagnostic::error("a message has octets that may not go on the wire")
                .help("this is a fault of letterpress: please report it");
            return Err(Box::new(Unfit { ticket, stop: Stop::permanent(stop) }));
        }
        self.left -= 1;
        self.on_their_way.push_back(Transaction::new(ticket, message));
        Ok(())
    }

    /// Sends what can go out, and hears replies until at least one message is settled or none is on its way. Settled messages
    /// are put into `settled`, in whatever way this ends.
    ///
    /// # Errors
    /// The relay refuses us. What was on its way then is settled, too.
    pub async fn exchange(&mut self, settled: &mut Vec<Settled<T>>) -> Result<(), Stop> {
        let before = settled.len();
        let mut refused = None;
        while !self.on_their_way.is_empty() {
            match self.speak().await {
                Ok(reply) => {
                    let refusal = self.take(reply, settled);
                    refused = refused.or(refusal);
                }
                Err(Lost { why, closed }) => self.give_up(&why, closed && self.end == Some(End::Closing), settled),
            }
            let unasked = self.expected.is_empty() && self.dialogue.traffic().replies() > 0;
            if unasked {
                // The next reply would be taken for another's.
                self.give_up("the relay answers what it was not asked", false, settled);
            } else if self.end.is_some() && self.expected.is_empty() {
                // All that was said is answered: what is left was neither taken nor refused.
                self.give_up("the relay takes nothing more", true, settled);
            } else if settled.len() > before && self.dialogue.traffic().replies() == 0 && self.end.is_none() {
                break;
            }
        }
        match refused {
            Some(reply) => Err(self.refusal(&reply)),
            None => Ok(()),
        }
    }

    /// Says what may be said now, in one write, and hears one reply.
    async fn speak(&mut self) -> Result<Reply, Lost> {
        let mut group = Group::new(self.dialogue.traffic().written(), &mut self.expected, self.capabilities.size);
        if self.end.is_none() {
            let needs_reset = std::mem::take(&mut self.needs_reset);
            self.needs_reset = match self.style {
                Style::Chunked => group.chunked(&mut self.on_their_way, needs_reset, self.answered),
                Style::Pipelined => group.pipelined(&mut self.on_their_way, needs_reset),
                Style::Stepwise => group.step(&mut self.on_their_way, needs_reset),
            };
        }
        let Deadlines { command, data, end_of_data, .. } = self.deadlines;
        let deadline = match group.first_expected() {
            _ if self.end.is_some() => command.min(FAREWELL),
            Some(Verb::Content) => end_of_data,
            _ if group.has_content => end_of_data,
            Some(Verb::Data) => data,
            _ => command,
        };
        if group.is_empty() { self.dialogue.hear(deadline).await } else { self.dialogue.say(group, deadline).await }
    }

    /// Takes a reply to what was said first of all that is unanswered; gives it back if it refuses us.
    fn take(&mut self, reply: Reply, settled: &mut Vec<Settled<T>>) -> Option<Reply> {
        let verb = self.expected.pop_front()?;
        if reply.code == 421 {
            self.end = Some(End::Closing);
        }
        self.answered |= verb == Verb::Mail;
        if verb == Verb::Rset {
            self.end_unless((200..300).contains(&reply.code));
            return None;
        }
        let turn = self.on_their_way.front_mut().map(|transaction| transaction.hear(verb, reply))?;
        match turn {
            Turn::Goes => None,
            Turn::Settled => {
                self.settle_first(settled);
                None
            }
            Turn::Refused(mut reply) => {
                // What it says is told to whoever looks on, and speaks of us: the reader it was said at is nobody's business.
                if let Some(transaction) = self.on_their_way.front() {
                    reply.text = transaction.message.envelope.forward_path.masked_in(&reply.text);
                }
                self.end.get_or_insert(End::Refused);
                // The answers to come are its own only when its envelope is refused; those behind its content are others'.
                if matches!(verb, Verb::Data | Verb::Content) || self.expected.is_empty() {
                    self.settle_first(settled);
                }
                Some(reply)
            }
            Turn::Nonsense => {
                self.give_up("the relay's answers make no sense", false, settled);
                None
            }
        }
    }

    /// Nothing more goes out from now on, unless all is well.
    fn end_unless(&mut self, well: bool) {
        if !well {
            self.end.get_or_insert(End::Refused);
        }
    }

    fn settle_first(&mut self, settled: &mut Vec<Settled<T>>) {
        if let Some(transaction) = self.on_their_way.pop_front() {
            let one = transaction.settled();
            self.needs_reset |= !matches!(one.outcome, super::Outcome::Accepted(_));
            settled.push(one);
        }
    }

    /// The connection is of no more use: settles all that was on its way by what is certain.
    fn give_up(&mut self, why: &str, closed: bool, settled: &mut Vec<Settled<T>>) {
        let written = self.dialogue.traffic().written();
        let mut first = true;
        for transaction in self.on_their_way.drain(..) {
            settled.push(transaction.lost(why, written, first, closed));
            first = false;
        }
        self.expected.clear();
        self.end.get_or_insert(End::Refused);
    }

    /// The relay has something against us, not against the reader.
    fn refusal(&self, reply: &Reply) -> Stop {
        Stop::permanent(Diagnostic::error(format!("{} refuses us: {reply}", self.name)).help(
            "no reader was marked; mend the cause at the relay or in letterpress.toml, then run the command again",
        ))
    }

    /// Whether the relay still answers, after the connection was idle: it may have closed meanwhile, and a message that is
    /// written to a closed connection would be in doubt.
    pub async fn still_answers(&mut self) -> bool {
        let answer = self.dialogue.say("NOOP\r\n", self.deadlines.command).await;
        self.end_unless(answer.is_ok_and(|reply| (200..300).contains(&reply.code)));
        self.end.is_none()
    }

    /// QUIT, and a short wait for the answer.
    pub async fn close(self) {
        self.dialogue.quit(Duration::from_secs(2).min(self.deadlines.command)).await;
    }
}

impl<T> std::fmt::Debug for Connection<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connection({}, {:?}, {} on their way)", self.name, self.style, self.on_their_way.len())
    }
}
