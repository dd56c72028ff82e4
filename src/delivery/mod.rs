//! What did the relay say: handing one message at a time to a relay and telling exactly what became of it.
//!
//! [`Relay`] is where messages go: a server over SMTP, a folder of `.eml` files, or nowhere. Every attempt ends in an
//! [`Outcome`]; what the relay has against us and not against the reader is a [`Stop`]. Who is sent to, and what is
//! recorded, is not decided here.
//!
//! How fast messages may leave is decided by modules that are handed the time and touch nothing: a stated [`Rate`] is kept by
//! a [`Pace`], steered by replies in a [`Regulator`]; [`Domains`] has one for each of `[limits]`; [`Backoff`] says when to
//! try again, and [`Refusals`] when to stop.

mod backoff;
mod connect;
mod credentials;
mod domains;
mod file;
mod forecast;
mod glob;
mod limits;
mod meter;
mod outcome;
mod pace;
mod presets;
mod rate;
mod refusals;
mod regulator;
mod settings;
mod smtp;
mod tls;
mod url;
mod wire;

pub use backoff::Backoff;
pub use credentials::Credentials;
pub use domains::Domains;
pub use file::FileRelay;
pub use forecast::{Counts, forecast};
pub use glob::{Glob, GlobError};
pub use limits::{Day, DomainRates, LimitSettings, Limits};
pub use outcome::{Outcome, Reply, Stop};
pub use pace::Pace;
pub use rate::{Rate, RateError};
pub use refusals::{Refusals, Share};
pub use regulator::Regulator;
pub use settings::RelaySettings;
pub use smtp::SmtpRelay;
pub use url::{RelayUrl, Security};

use crate::diagnostic::Result;
use crate::message::Message;

/// Where messages go.
#[derive(Debug)]
pub enum Relay {
    Smtp(Box<SmtpRelay>),
    File(FileRelay),
    /// Strikes, claims and records, and sends nowhere: for measuring.
    Discard,
}

impl Relay {
    /// Makes a relay ready; nothing is connected yet.
    ///
    /// # Errors
    /// A folder that can't be made, a CA file that can't be read.
    pub fn new(
        url: &RelayUrl,
        credentials: Option<Credentials>,
        settings: &RelaySettings,
        hello: &str,
    ) -> Result<Relay> {
        match url {
            RelayUrl::Smtp(server) => {
                Ok(Relay::Smtp(Box::new(SmtpRelay::new(server.clone(), credentials, settings, hello)?)))
            }
            RelayUrl::File(folder) => FileRelay::new(folder).map(Relay::File),
            RelayUrl::Discard => Ok(Relay::Discard),
        }
    }

    /// How many messages may be claimed at once: those that a crash would leave in doubt. A server gets one at a time; for
    /// what stays on this machine a group saves the disk's time.
    pub fn window(&self) -> usize {
        match self {
            Relay::Smtp(_) => 1,
            Relay::File(_) => 32,
            Relay::Discard => 4096,
        }
    }

    /// Makes sure that the relay can take a message now, connecting if needed.
    ///
    /// # Errors
    /// Why not; then no message has been touched.
    pub async fn ready(&mut self) -> Result<(), Stop> {
        match self {
            Relay::Smtp(relay) => relay.ready().await,
            Relay::File(_) | Relay::Discard => Ok(()),
        }
    }

    /// Hands over one message.
    ///
    /// # Errors
    /// The relay refuses us: this message was certainly not taken, and the next one would fare no better.
    pub async fn deliver(&mut self, message: &Message) -> Result<Outcome, Stop> {
        match self {
            Relay::Smtp(relay) => relay.deliver(message).await,
            Relay::File(relay) => relay.deliver(message),
            Relay::Discard => Ok(Outcome::Accepted(Reply::new(250, "2.0.0 discarded"))),
        }
    }

    /// Says goodbye.
    pub async fn close(&mut self) {
        if let Relay::Smtp(relay) = self {
            relay.close().await;
        }
    }
}
