//! What did the relay say: handing messages to a relay and telling exactly what became of each.
//!
//! A [`Relay`] is where messages go: a server over SMTP, a folder of `.eml` files, or nowhere. A [`Channel`] is an open way
//! there; a relay may have several. Every attempt ends in an [`Outcome`]; what the relay has against us and not against the
//! reader is a [`Stop`]. Who is sent to, and what is recorded, is not decided here.
//!
//! How fast messages may leave is decided by modules that are handed the time and touch nothing: a stated [`Rate`] is kept by
//! a [`Pace`], steered by replies in a [`Regulator`]; [`Domains`] has one for each of `[limits]`; [`Backoff`] says when to
//! try again, and [`Refusals`] when to stop.

mod backoff;
mod capabilities;
mod channel;
mod connect;
mod connection;
mod content;
mod credentials;
mod dialogue;
mod domains;
mod file;
mod forecast;
mod glob;
mod group;
mod limits;
mod meter;
mod outcome;
mod pace;
mod presets;
mod rate;
mod refusals;
mod regulator;
mod server;
mod settings;
mod tls;
mod transaction;
mod url;
mod wire;

use std::sync::Arc;

pub use backoff::Backoff;
pub use channel::Channel;
pub use credentials::Credentials;
pub use domains::Domains;
pub use file::FileRelay;
pub use forecast::{Counts, forecast};
pub use glob::{Glob, GlobError};
pub use limits::{Day, DomainRates, LimitSettings, Limits};
pub use outcome::{Outcome, Reply, Stage, Stop};
pub use pace::Pace;
pub use rate::{Rate, RateError};
pub use refusals::{Refusals, Share};
pub use regulator::Regulator;
pub use server::SmtpRelay;
pub use settings::{RelaySettings, Relays, duration};
pub use transaction::{Settled, Unfit};
pub use url::{RelayUrl, Security};

use crate::diagnostic::Result;

/// Where messages go. Cheap to clone: every connection has its own.
#[derive(Debug, Clone)]
pub enum Relay {
    Smtp(Arc<SmtpRelay>),
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
                Ok(Relay::Smtp(Arc::new(SmtpRelay::new(server.clone(), credentials, settings, hello)?)))
            }
            RelayUrl::File(folder) => FileRelay::new(folder).map(Relay::File),
            RelayUrl::Discard => Ok(Relay::Discard),
        }
    }

    /// Opens a channel.
    ///
    /// # Errors
    /// Why not; then nothing was handed over.
    pub async fn connect<T>(&self) -> Result<Channel<T>, Stop> {
        match self {
            Relay::Smtp(relay) => Ok(Channel::Smtp(Box::new(relay.connect().await?))),
            Relay::File(folder) => Ok(Channel::File(folder.clone(), Vec::new())),
            Relay::Discard => Ok(Channel::Discard(Vec::new())),
        }
    }
}
