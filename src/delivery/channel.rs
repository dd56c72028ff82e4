//! A way to hand messages over, open: an SMTP connection, a folder, or nowhere. All take messages with a ticket, and give
//! tickets back with what became of the messages.

use super::connection::Connection;
use super::file::FileRelay;
use super::outcome::{Outcome, Reply, Stage, Stop};
use super::transaction::{Settled, Unfit};
use crate::message::Message;

/// How many messages are worth having at hand where nothing is waited for.
const GROUP: usize = 256;

/// An open channel, with a ticket of type `T` for every message.
#[derive(Debug)]
pub enum Channel<T> {
    Smtp(Box<Connection<T>>),
    File(FileRelay, Vec<(T, Message)>),
    Discard(Vec<(T, Message)>),
}

impl<T> Channel<T> {
    /// How many messages may be claimed for it at a time: a crash would leave as many in doubt.
    pub fn capacity(&self) -> usize {
        match self {
            Channel::Smtp(connection) => connection.capacity(),
            Channel::File(..) => 32,
            Channel::Discard(_) => GROUP * 4,
        }
    }

    /// How many messages can be submitted now.
    pub fn room(&self) -> usize {
        match self {
            Channel::Smtp(connection) => connection.room(),
            Channel::File(_, waiting) | Channel::Discard(waiting) => 1usize.saturating_sub(waiting.len()),
        }
    }

    /// Whether nothing is on its way.
    pub fn is_idle(&self) -> bool {
        match self {
            Channel::Smtp(connection) => connection.is_idle(),
            Channel::File(_, waiting) | Channel::Discard(waiting) => waiting.is_empty(),
        }
    }

    /// Whether it will never take another message.
    pub fn is_over(&self) -> bool {
        matches!(self, Channel::Smtp(connection) if connection.is_over())
    }

    /// Takes a message, to be handed over by the next [`Channel::exchange`].
    ///
    /// # Errors
    /// A message that can't go out at all; its ticket comes back.
    pub fn submit(&mut self, ticket: T, message: Message) -> Result<(), Box<Unfit<T>>> {
        match self {
            Channel::Smtp(connection) => connection.submit(ticket, message),
            Channel::File(_, waiting) | Channel::Discard(waiting) => {
                waiting.push((ticket, message));
                Ok(())
            }
        }
    }

    /// Hands over what was submitted until at least one message is settled.
    ///
    /// # Errors
    /// The relay can't go on; what was on its way is settled all the same.
    pub async fn exchange(&mut self, settled: &mut Vec<Settled<T>>) -> Result<(), Stop> {
        match self {
            Channel::Smtp(connection) => connection.exchange(settled).await,
            Channel::Discard(waiting) => {
                let discarded = || Outcome::Accepted(Reply::new(250, "2.0.0 discarded"));
                settled.extend(waiting.drain(..).map(|(ticket, message)| done(ticket, message, discarded())));
                Ok(())
            }
            Channel::File(folder, waiting) => {
                let mut result = Ok(());
                for (ticket, message) in waiting.drain(..) {
                    let outcome = match folder.deliver(&message) {
                        Ok(outcome) => outcome,
                        Err(stop) => {
                            let why = Reply::new(0, stop.diagnostic.message());
                            result = Err(stop);
                            Outcome::Untried(why)
                        }
                    };
                    settled.push(done(ticket, message, outcome));
                }
                result
            }
        }
    }

    /// Whether the other side still answers after a time of silence.
    pub async fn still_answers(&mut self) -> bool {
        match self {
            Channel::Smtp(connection) => connection.still_answers().await,
            Channel::File(..) | Channel::Discard(_) => true,
        }
    }

    /// Says goodbye.
    pub async fn close(self) {
        if let Channel::Smtp(connection) = self {
            connection.close().await;
        }
    }
}

fn done<T>(ticket: T, message: Message, outcome: Outcome) -> Settled<T> {
    Settled { ticket, message, outcome, stage: Stage::Recipient }
}
