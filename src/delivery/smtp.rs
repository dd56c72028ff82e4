//! One connection to a relay over SMTP, reused for many messages, each with an exact outcome.
//!
//! lettre speaks the protocol over a stream of ours. Every step has a deadline, after which the connection is dropped,
//! since a late reply would be taken for the next command's. A refused message is followed by RSET on the same
//! connection. TLS is required but on this machine, and no password goes out before it.

use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials as Login, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::credentials::Credentials;
use super::outcome::{Outcome, Reply, Stop};
use super::settings::{Deadlines, RelaySettings};
use super::tls;
use super::url::{Security, Server};
use super::wire::{ReplyLines, Wire};
use crate::diagnostic::{Diagnostic, Result};
use crate::message::Message;

/// How often a connection that can't be made is tried before the run stops.
const CONNECT_TRIES: u32 = 3;

/// A relay reached over SMTP.
pub struct SmtpRelay {
    server: Server,
    credentials: Option<Credentials>,
    hello: ClientId,
    deadlines: Deadlines,
    tls: Option<TlsConnector>,
    lines: ReplyLines,
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
    pub fn new(server: Server, credentials: Option<Credentials>, settings: &RelaySettings, hello: &str) -> Result<SmtpRelay> {
        let tls = match server.security {
            Security::Plain => None,
            Security::Implicit | Security::StartTls => Some(tls::connector(server.ca.as_deref())?),
        };
        let hello = ClientId::Domain(settings.hello.clone().unwrap_or_else(|| hello.to_owned()));
        let deadlines = settings.deadlines().unwrap_or_default();
        Ok(SmtpRelay { server, credentials, hello, deadlines, tls, lines: ReplyLines::default(), connection: None })
    }

    fn name(&self) -> String {
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
            return Err(Stop::permanent(Diagnostic::error("a message has octets that may not go on the wire").help("this is a fault of letterpress: please report it")));
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
            Answer::Reply(reply) if reply.is_transient() || reply.is_permanent() => self.refusal(Answer::Reply(reply)).await,
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
        Stop::permanent(
            Diagnostic::error(format!("{} refuses {whom}: {reply}", self.name()))
                .help("no reader was marked; mend the cause at the relay or in letterpress.toml, then run the command again"),
        )
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
        let Some(connection) = &mut self.connection else { return Answer::Lost("the connection was closed".to_owned()) };
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
                let first: Vec<String> = lines.iter().take_while(|line| line.as_bytes().get(3) == Some(&b'-')).chain(lines.iter().find(|line| line.as_bytes().get(3) == Some(&b' '))).cloned().collect();
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

    async fn connect(&mut self) -> Result<AsyncSmtpConnection, Stop> {
        let name = self.name();
        let unreachable = |why: &dyn std::fmt::Display| {
            Stop::transient(Diagnostic::error(format!("the relay {name} can't be reached: {why}")).help("check host and port in the relay's URL, and that the relay is running"))
        };
        let tcp = match timeout(self.deadlines.connect, TcpStream::connect((self.server.host.as_str(), self.server.port))).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(unreachable(&error)),
            Err(_) => return Err(unreachable(&format!("no answer within {} s", self.deadlines.connect.as_secs()))),
        };
        tcp.set_nodelay(true).map_err(|error| unreachable(&error))?;
        self.lines.take();
        let wire = match self.server.security {
            Security::Plain => Wire::plain(tcp, self.lines.clone()),
            Security::Implicit => self.secured(tcp, Vec::new()).await?,
            Security::StartTls => {
                let (tcp, greeting) = self.start_tls(tcp).await?;
                self.secured(tcp, greeting).await?
            }
        };
        let connected = timeout(self.deadlines.greeting, AsyncSmtpConnection::connect_with_transport(Box::new(wire), &self.hello)).await;
        let mut connection = match connected {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return Err(self.turned_away(&error)),
            Err(_) => return Err(unreachable(&"it said nothing in time")),
        };
        self.lines.take();
        self.log_in(&mut connection).await?;
        Ok(connection)
    }

    async fn secured(&self, tcp: TcpStream, greeting: Vec<u8>) -> Result<Wire, Stop> {
        let connector = self.tls.as_ref().ok_or_else(|| Stop::permanent(Diagnostic::error("TLS was not set up")))?;
        match timeout(self.deadlines.greeting, tls::handshake(connector, &self.server.host, tcp)).await {
            Ok(Ok(stream)) => Ok(Wire::tls(stream, self.lines.clone(), greeting)),
            Ok(Err(error)) => Err(Stop::permanent(
                Diagnostic::error(format!("no secure connection to {}: {error}", self.name())).help("nothing was sent; the relay's certificate must be valid for its host name (?ca=FILE trusts an authority of your own)"),
            )),
            Err(_) => Err(Stop::transient(Diagnostic::error(format!("{} did not finish the TLS handshake in time", self.name())))),
        }
    }

    /// Greeting, EHLO and STARTTLS in clear. What the relay says here is believed of nothing but this step: lettre asks for
    /// everything again over TLS, and octets that came before the handshake are refused (injection, NO STARTTLS 2021).
    async fn start_tls(&self, mut tcp: TcpStream) -> Result<(TcpStream, Vec<u8>), Stop> {
        let mut clear = ClearText { stream: &mut tcp, buffer: Vec::new(), deadline: self.deadlines.greeting };
        let greeting = clear.reply().await.map_err(|why| self.no_start(&why))?;
        if !greeting.is_positive() {
            return Err(self.greeted_with(&greeting));
        }
        clear.deadline = self.deadlines.command;
        let ehlo = clear.ask(&format!("EHLO {}\r\n", self.hello)).await.map_err(|why| self.no_start(&why))?;
        let offered = ehlo.is_positive() && ehlo.text.split_whitespace().any(|word| word.eq_ignore_ascii_case("STARTTLS"));
        if !offered {
            return Err(Stop::permanent(Diagnostic::error(format!("{} does not offer STARTTLS; nothing was sent", self.name())).help("use smtps:// if the relay has a TLS port (usually 465)")));
        }
        let answer = clear.ask("STARTTLS\r\n").await.map_err(|why| self.no_start(&why))?;
        if answer.code != 220 {
            return Err(Stop::permanent(Diagnostic::error(format!("{} refuses STARTTLS: {answer}; nothing was sent", self.name())).help("use smtps:// if the relay has a TLS port (usually 465)")));
        }
        if !clear.buffer.is_empty() {
            return Err(Stop::permanent(Diagnostic::error(format!("{} sent more than its answer to STARTTLS: someone may be tampering with the connection", self.name())).help("nothing was sent; try another network, or smtps://")));
        }
        Ok((tcp, b"220 secured\r\n".to_vec()))
    }

    fn no_start(&self, why: &str) -> Stop {
        Stop::transient(Diagnostic::error(format!("the relay {} can't be reached: {why}", self.name())).help("check host, port and scheme: smtp:// starts in clear, smtps:// with TLS"))
    }

    fn greeted_with(&self, reply: &Reply) -> Stop {
        let diagnostic = Diagnostic::error(format!("{} turns us away: {reply}", self.name())).help("no reader was marked; ask the relay's operator, or try later");
        if reply.is_permanent() { Stop::permanent(diagnostic) } else { Stop::transient(diagnostic) }
    }

    /// The greeting or EHLO was no 2yz.
    fn turned_away(&self, error: &lettre::transport::smtp::Error) -> Stop {
        let lines = self.lines.take();
        // lettre says QUIT before it tells: the refusal is not the last line.
        let refusal = |line: &&String| line.starts_with('4') || line.starts_with('5');
        let last: Vec<String> = lines.iter().rev().find(refusal).or(lines.last()).cloned().into_iter().collect();
        match error.status() {
            Some(_) => self.greeted_with(&Reply::from_lines(&last)),
            None => self.no_start(&lost(error)),
        }
    }

    async fn log_in(&self, connection: &mut AsyncSmtpConnection) -> Result<(), Stop> {
        let Some(credentials) = &self.credentials else { return Ok(()) };
        let login = Login::new(credentials.user.clone(), credentials.password.clone());
        let result = timeout(self.deadlines.command, connection.auth(&[Mechanism::Plain, Mechanism::Login], &login)).await;
        let reply = Reply::from_lines(&self.lines.take().last().cloned().into_iter().collect::<Vec<_>>());
        match result {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.status().is_some() && !reply.is_transient() => {
                Err(Stop::permanent(Diagnostic::error(format!("{} refuses the login of {}: {reply}", self.name(), credentials.user)).help("no reader was marked; check user and password")))
            }
            Ok(Err(error)) if error.is_client() => Err(Stop::permanent(
                Diagnostic::error(format!("{} offers no login that we know (PLAIN or LOGIN)", self.name())).help("leave the user out if the relay takes mail without a login"),
            )),
            Ok(Err(error)) => Err(self.no_start(&lost(&error))),
            Err(_) => Err(self.no_start("no reply to the login in time")),
        }
    }
}

/// Why a connection was lost, in a person's words.
fn lost(error: &lettre::transport::smtp::Error) -> String {
    use std::error::Error;
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    if cause.contains("incomplete response") || cause.is_empty() { "the relay closed the connection".to_owned() } else { format!("the connection failed: {cause}") }
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

/// The few lines that are spoken before TLS.
struct ClearText<'a> {
    stream: &'a mut TcpStream,
    buffer: Vec<u8>,
    deadline: Duration,
}

impl ClearText<'_> {
    async fn ask(&mut self, command: &str) -> Result<Reply, String> {
        timeout(self.deadline, self.stream.write_all(command.as_bytes())).await.map_err(|_| "it takes nothing".to_owned())?.map_err(|error| error.to_string())?;
        self.reply().await
    }

    /// Reads one reply; what comes after it stays in the buffer.
    async fn reply(&mut self) -> Result<Reply, String> {
        let mut lines = Vec::new();
        loop {
            while let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                let is_last = line.as_bytes().get(3) != Some(&b'-');
                lines.push(line);
                if is_last {
                    return Ok(Reply::from_lines(&lines));
                }
            }
            if self.buffer.len() > 4096 || lines.len() > 100 {
                return Err("its reply has no end".to_owned());
            }
            let mut chunk = [0; 1024];
            let n = timeout(self.deadline, self.stream.read(&mut chunk)).await.map_err(|_| "it said nothing in time".to_owned())?.map_err(|error| error.to_string())?;
            if n == 0 {
                return Err("it closed the connection".to_owned());
            }
            self.buffer.extend_from_slice(&chunk[..n]);
        }
    }
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
