//! A relay reached over SMTP: everything that its connections have in common. Nothing here is connected.

use lettre::transport::smtp::extension::ClientId;
use tokio_rustls::TlsConnector;

use super::credentials::Credentials;
use super::settings::{Deadlines, RelaySettings};
use super::tls;
use super::url::{Security, Server};
use crate::diagnostic::Result;

/// How many messages may be on their way on a connection, when nothing is said.
const WINDOW: u16 = 8;

/// Where the relay is, who we are there, and how it is spoken to.
pub struct SmtpRelay {
    pub(super) server: Server,
    pub(super) credentials: Option<Credentials>,
    pub(super) hello: ClientId,
    pub(super) deadlines: Deadlines,
    pub(super) tls: Option<TlsConnector>,
    pub(super) window: usize,
    pub(super) most_messages: Option<u64>,
}

impl std::fmt::Debug for SmtpRelay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SmtpRelay({:?})", self.server)
    }
}

impl SmtpRelay {
    /// `hello` is the name we greet with when the settings have none.
    ///
    /// # Errors
    /// A CA file that can't be read.
    pub fn new(
        server: Server,
        credentials: Option<Credentials>,
        settings: &RelaySettings,
        hello: &str,
    ) -> Result<SmtpRelay> {
        let tls = match server.security {
            Security::Plain => None,
            Security::Implicit | Security::StartTls => Some(tls::connector(server.ca.as_deref())?),
        };
        Ok(SmtpRelay {
            server,
            credentials,
            hello: ClientId::Domain(settings.hello.clone().unwrap_or_else(|| hello.to_owned())),
            deadlines: settings.deadlines().unwrap_or_default(),
            tls,
            window: usize::from(settings.window.unwrap_or(WINDOW)),
            most_messages: settings.messages_per_connection.map(u64::from),
        })
    }

    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.server.host, self.server.port)
    }
}
