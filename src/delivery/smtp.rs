//! One connection to a relay over SMTP, reused for many messages, each with an exact outcome.
//!
//! lettre speaks the protocol over a stream of ours. Every step has a deadline, after which the connection is dropped,
//! since a late reply would be taken for the next command's. A refused message is followed by RSET on the same
//! connection. TLS is required but on this machine, and no password goes out before it.

use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::credentials::Credentials;
use super::outcome::{Outcome, Reply, Stop};
use super::settings::{Deadlines, RelaySettings};
use super::tls;
use super::url::{Security, Server};
use super::wire::ReplyLines;
use crate::diagnostic::{Diagnostic, Result};
use crate::message::Message;

/// How often a connection that can't be made is tried before the run stops.
const CONNECT_TRIES: u32 = 3;

/// A relay reached over SMTP.
pub struct SmtpRelay {
    pub(super) server: Server,
    pub(super) credentials: Option<Credentials>,
    pub(super) hello: ClientId,
    pub(super) deadlines: Deadlines,
    pub(super) tls: Option<TlsConnector>,
    pub(super) lines: ReplyLines,
    connection: Option<AsyncSmtpConnection>,
}

impl std::fmt::Debug for SmtpRelay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SmtpRelay({:?})", self.server)
    }
}

/// What the relay answered to one command, or why it didn't.
enum Answer {
    Reply(Reply),
    /// The connection is gone: closed, silent for too long, or speaking nonsense.
    Lost(String),
}

impl SmtpRelay {
    /// Prepares; nothing is connected yet. `hello` is the name we greet with.
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
        let hello = ClientId::Domain(settings.hello.clone().unwrap_or_else(|| hello.to_owned()));
        let deadlines = settings.deadlines().unwrap_or_default();
        Ok(SmtpRelay { server, credentials, hello, deadlines, tls, lines: ReplyLines::default(), connection: None })
    }

    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.server.host, self.server.port)
    }

    /// Connects and logs in, unless that is done.
    pub async fn ready(&mut self) -> Result<(), Stop> {
        if self.connection.is_some() {
            return Ok(());
        }
        let mut last = None;
        for _ in 0..CONNECT_TRIES {
            match self.connect().await {
                Ok(connection) => {
                    self.connection = Some(connection);
                    return Ok(());
                }
                Err(stop) if stop.transient => last = Some(stop),
                Err(stop) => return Err(stop),
            }
        }
        Err(last.unwrap_or_else(|| Stop::transient(Diagnostic::error(format!("{} can't be reached", self.name())))))
    }

    /// Hands over one message: MAIL, RCPT, DATA, the message.
    pub async fn deliver(&mut self, message: &Message) -> Result<Outcome, Stop> {
        if !is_fit_for_wire(&message.bytes) {
            return Err(Stop::permanent(
                Diagnostic::error("a message has octets that may not go on the wire")
                    .help("this is a fault of letterpress: please report it"),
            ));
        }
        self.ready().await?;
        let command = self.deadlines.command;
        let mail = format!("MAIL FROM:<{}>\r\n", message.envelope.reverse_path);
        match self.ask(&mail, command).await {
            Answer::Reply(reply) if (200..300).contains(&reply.code) => {}
            Answer::Reply(reply) if reply.is_permanent() => return Err(self.refused("the sender", &reply).await),
            answer => return Ok(self.not_taken(answer).await),
        }
        let rcpt = format!("RCPT TO:<{}>\r\n", message.envelope.forward_path);
        match self.ask(&rcpt, command).await {
            Answer::Reply(reply) if (200..300).contains(&reply.code) => {}
            answer => return self.refusal(answer).await,
        }
        match self.ask("DATA\r\n", self.deadlines.data).await {
            Answer::Reply(reply) if reply.code == 354 => {}
            answer => return self.refusal(answer).await,
        }
        self.send_content(&message.bytes).await
    }

    /// The message and its end in one write; from here on a lost connection leaves doubt.
    async fn send_content(&mut self, bytes: &[u8]) -> Result<Outcome, Stop> {
        let content = stuffed(bytes);
        match self.ask(&content, self.deadlines.end_of_data).await {
            Answer::Reply(reply) if (200..300).contains(&reply.code) => Ok(Outcome::Accepted(reply)),
            Answer::Reply(reply) if reply.is_transient() || reply.is_permanent() => {
                self.refusal(Answer::Reply(reply)).await
            }
            Answer::Reply(reply) => {
                self.connection = None;
                Ok(Outcome::InDoubt(reply))
            }
            Answer::Lost(why) => Ok(Outcome::InDoubt(Reply::new(0, why))),
        }
    }

    /// A refusal of this reader or this message; what speaks of us stops the mailing.
    async fn refusal(&mut self, answer: Answer) -> Result<Outcome, Stop> {
        match answer {
            Answer::Reply(reply) if reply.speaks_of_us() => Err(self.refused("us", &reply).await),
            Answer::Reply(reply) if reply.is_permanent() => {
                self.reset().await;
                Ok(Outcome::Rejected(reply))
            }
            answer => Ok(self.not_taken(answer).await),
        }
    }

    /// Certainly not taken, worth another try.
    async fn not_taken(&mut self, answer: Answer) -> Outcome {
        match answer {
            Answer::Reply(reply) if reply.is_transient() => {
                if reply.code == 421 {
                    self.connection = None;
                } else {
                    self.reset().await;
                }
                Outcome::Deferred(reply)
            }
            Answer::Reply(reply) => {
                // A positive reply that isn't the one expected: we don't understand one another.
                self.connection = None;
                Outcome::Deferred(Reply::new(0, format!("unexpected reply: {reply}")))
            }
            Answer::Lost(why) => Outcome::Deferred(Reply::new(0, why)),
        }
    }

    async fn refused(&mut self, whom: &str, reply: &Reply) -> Stop {
        self.close().await;
        Stop::permanent(Diagnostic::error(format!("{} refuses {whom}: {reply}", self.name())).help(
            "no reader was marked; mend the cause at the relay or in letterpress.toml, then run the command again",
        ))
    }

    /// Clears the transaction; without a good answer the connection is given up.
    async fn reset(&mut self) {
        match self.ask("RSET\r\n", self.deadlines.command).await {
            Answer::Reply(reply) if (200..300).contains(&reply.code) => {}
            _ => self.connection = None,
        }
    }

    /// Sends one command (or a message) and waits for its reply.
    async fn ask(&mut self, command: &str, deadline: Duration) -> Answer {
        let Some(connection) = &mut self.connection else {
            return Answer::Lost("the connection was closed".to_owned());
        };
        self.lines.take();
        let result = timeout(deadline, connection.command(command)).await;
        let lines = self.lines.take();
        let finals = lines.iter().filter(|line| line.as_bytes().get(3) == Some(&b' ')).count();
        let Ok(result) = result else {
            self.connection = None;
            return Answer::Lost(format!("no reply within {} s", deadline.as_secs_f32()));
        };
        match result {
            Err(error) if error.status().is_none() => {
                self.connection = None;
                Answer::Lost(lost(&error))
            }
            _ => {
                // More than one reply to one command: the next would be taken for another's answer.
                let first: Vec<String> = lines
                    .iter()
                    .take_while(|line| line.as_bytes().get(3) == Some(&b'-'))
                    .chain(lines.iter().find(|line| line.as_bytes().get(3) == Some(&b' ')))
                    .cloned()
                    .collect();
                if finals != 1 {
                    self.connection = None;
                }
                Answer::Reply(Reply::from_lines(&first))
            }
        }
    }

    /// QUIT, and a short wait for the answer.
    pub async fn close(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            let _ = timeout(Duration::from_secs(2).min(self.deadlines.command), connection.quit()).await;
        }
    }
}

/// Why a connection was lost, in a person's words.
pub(super) fn lost(error: &lettre::transport::smtp::Error) -> String {
    use std::error::Error;
    if error.is_response() && error.source().is_some_and(|cause| !cause.to_string().contains("incomplete")) {
        return "the relay's answer makes no sense".to_owned();
    }
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    let cause = cause.split(" (os error").next().unwrap_or_default();
    if cause.contains("incomplete response") || cause.is_empty() {
        "the relay closed the connection".to_owned()
    } else {
        format!("the connection failed: {cause}")
    }
}

/// Our messages are CRLF only and 7-bit; anything else could end the message early for some server (SMTP smuggling).
fn is_fit_for_wire(bytes: &[u8]) -> bool {
    let mut previous = 0u8;
    let mut column = 0usize;
    for byte in bytes {
        let sound = match byte {
            b'\n' => previous == b'\r',
            b'\r' | b'\t' | 0x20..0x7f => previous != b'\r',
            _ => false,
        };
        column = if *byte == b'\n' { 0 } else { column + 1 };
        if !sound || column > 999 {
            return false;
        }
        previous = *byte;
    }
    previous == b'\n'
}

/// The message with dots at line starts doubled (RFC 5321 section 4.5.2) and the end of data.
fn stuffed(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = if text.starts_with('.') { format!(".{text}") } else { text.into_owned() };
    if out.contains("\r\n.") {
        out = out.replace("\r\n.", "\r\n..");
    }
    out.push_str(".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_clean_messages_reach_the_wire() {
        assert!(is_fit_for_wire(b"A: b\r\n\r\ntext\r\n"));
        for bad in [b"a\nb\r\n".as_slice(), b"a\rb\r\n", b"a\0\r\n", b"\xc3\xa9\r\n", b"no end", b"", b"a\r\r\n"] {
            assert!(!is_fit_for_wire(bad), "{bad:?}");
        }
    }

    #[test]
    fn dots_are_doubled_at_line_starts() {
        assert_eq!(stuffed(b".a\r\n.\r\nb.\r\n"), "..a\r\n..\r\nb.\r\n.\r\n");
    }
}
