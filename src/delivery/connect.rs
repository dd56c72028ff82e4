//! Making a connection to a relay: TCP, TLS by policy, greeting and EHLO, login.
//!
//! With STARTTLS the few lines in clear are spoken here and believed of nothing but that step; lettre asks for everything
//! again over TLS. No password goes out before TLS but to this machine.

use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials as Login, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::capabilities::Capabilities;
use super::connection::Connection;
use super::dialogue::{Dialogue, lost};
use super::outcome::{Reply, Stop};
use super::server::SmtpRelay;
use super::tls;
use super::url::Security;
use super::wire::{Traffic, Wire};
use crate::diagnostic::Diagnostic;

impl SmtpRelay {
    /// Connects and logs in.
    pub(super) async fn connect<T>(&self) -> Result<Connection<T>, Stop> {
        let name = self.name();
        let unreachable = |why: &dyn std::fmt::Display| {
            Stop::transient(
                Diagnostic::error(format!("the relay {name} can't be reached: {why}"))
                    .help("check host and port in the relay's URL, and that the relay is running"),
            )
        };
        let tcp =
            match timeout(self.deadlines.connect, TcpStream::connect((self.server.host.as_str(), self.server.port)))
                .await
            {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => return Err(unreachable(&error)),
                Err(_) => return Err(unreachable(&format!("no answer within {} s", self.deadlines.connect.as_secs()))),
            };
        tcp.set_nodelay(true).map_err(|error| unreachable(&error))?;
        let traffic = Traffic::default();
        let wire = match self.server.security {
            Security::Plain => Wire::plain(tcp, traffic.clone()),
            Security::Implicit => self.secured(tcp, Vec::new(), &traffic).await?,
            Security::StartTls => {
                let (tcp, greeting) = self.start_tls(tcp).await?;
                self.secured(tcp, greeting, &traffic).await?
            }
        };
        let connected =
            timeout(self.deadlines.greeting, AsyncSmtpConnection::connect_with_transport(Box::new(wire), &self.hello))
                .await;
        let mut connection = match connected {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return Err(self.turned_away(&error, &traffic)),
            Err(_) => return Err(unreachable(&"it said nothing in time")),
        };
        // The answer to EHLO is the last reply: after STARTTLS the greeting before it is our own.
        let mut hello = traffic.take_reply();
        while traffic.replies() > 0 {
            hello = traffic.take_reply();
        }
        let capabilities = Capabilities::parse(hello.iter().map(|line| line.get(4..).unwrap_or_default()));
        self.log_in(&mut connection, &traffic).await?;
        let dialogue = Dialogue::new(connection, traffic);
        Ok(Connection::new(self.name(), dialogue, capabilities, self.deadlines, self.window, self.most_messages))
    }

    async fn secured(&self, tcp: TcpStream, greeting: Vec<u8>, traffic: &Traffic) -> Result<Wire, Stop> {
        let connector = self.tls.as_ref().ok_or_else(|| Stop::permanent(Diagnostic::error("TLS was not set up")))?;
        match timeout(self.deadlines.greeting, tls::handshake(connector, &self.server.host, tcp)).await {
            Ok(Ok(stream)) => Ok(Wire::tls(stream, traffic.clone(), greeting)),
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
        let offered =
            ehlo.is_positive() && ehlo.text.split_whitespace().any(|word| word.eq_ignore_ascii_case("STARTTLS"));
        if !offered {
            return Err(Stop::permanent(
                Diagnostic::error(format!("{} does not offer STARTTLS; nothing was sent", self.name()))
                    .help("use smtps:// if the relay has a TLS port (usually 465)"),
            ));
        }
        let answer = clear.ask("STARTTLS\r\n").await.map_err(|why| self.no_start(&why))?;
        if answer.code != 220 {
            return Err(Stop::permanent(
                Diagnostic::error(format!("{} refuses STARTTLS: {answer}; nothing was sent", self.name()))
                    .help("use smtps:// if the relay has a TLS port (usually 465)"),
            ));
        }
        if !clear.buffer.is_empty() {
            return Err(Stop::permanent(
                Diagnostic::error(format!(
                    "{} sent more than its answer to STARTTLS: someone may be tampering with the connection",
                    self.name()
                ))
                .help("nothing was sent; try another network, or smtps://"),
            ));
        }
        Ok((tcp, b"220 secured\r\n".to_vec()))
    }

    fn no_start(&self, why: &str) -> Stop {
        Stop::transient(
            Diagnostic::error(format!("the relay {} can't be reached: {why}", self.name()))
                .help("check host, port and scheme: smtp:// starts in clear, smtps:// with TLS"),
        )
    }

    fn greeted_with(&self, reply: &Reply) -> Stop {
        let diagnostic = Diagnostic::error(format!("{} turns us away: {reply}", self.name()))
            .help("no reader was marked; ask the relay's operator, or try later");
        if reply.is_permanent() { Stop::permanent(diagnostic) } else { Stop::put_off(diagnostic) }
    }

    /// The greeting or EHLO was no 2yz.
    fn turned_away(&self, error: &lettre::transport::smtp::Error, traffic: &Traffic) -> Stop {
        let lines = traffic.take_all();
        // lettre says QUIT before it tells: the refusal is not the last line.
        let refusal = |line: &&String| line.starts_with('4') || line.starts_with('5');
        let last: Vec<String> = lines.iter().rev().find(refusal).or(lines.last()).cloned().into_iter().collect();
        match error.status() {
            Some(_) => self.greeted_with(&Reply::from_lines(&last)),
            None => self.no_start(&lost(error)),
        }
    }

    async fn log_in(&self, connection: &mut AsyncSmtpConnection, traffic: &Traffic) -> Result<(), Stop> {
        let Some(credentials) = &self.credentials else { return Ok(()) };
        let login = Login::new(credentials.user.clone(), credentials.password.clone());
        let result =
            timeout(self.deadlines.command, connection.auth(&[Mechanism::Plain, Mechanism::Login], &login)).await;
        let reply = Reply::from_lines(&traffic.take_all().last().cloned().into_iter().collect::<Vec<_>>());
        match result {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.status().is_some() && !reply.is_transient() => Err(Stop::permanent(
                Diagnostic::error(format!("{} refuses the login of {}: {reply}", self.name(), credentials.user))
                    .help("no reader was marked; check user and password"),
            )),
            Ok(Err(error)) if error.status().is_some() => Err(Stop::put_off(
                Diagnostic::error(format!("{} puts the login of {} off: {reply}", self.name(), credentials.user))
                    .help("no reader was marked; run the command again later"),
            )),
            Ok(Err(error)) if error.is_client() => Err(Stop::permanent(
                Diagnostic::error(format!("{} offers no login that we know (PLAIN or LOGIN)", self.name()))
                    .help("leave the user out if the relay takes mail without a login"),
            )),
            Ok(Err(error)) => Err(self.no_start(&lost(&error))),
            Err(_) => Err(self.no_start("no reply to the login in time")),
        }
    }
}

/// The few lines that are spoken before TLS.
struct ClearText<'a> {
    stream: &'a mut TcpStream,
    buffer: Vec<u8>,
    deadline: Duration,
}

impl ClearText<'_> {
    async fn ask(&mut self, command: &str) -> Result<Reply, String> {
        timeout(self.deadline, self.stream.write_all(command.as_bytes()))
            .await
            .map_err(|_| "it takes nothing".to_owned())?
            .map_err(|error| error.to_string())?;
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
            let n = timeout(self.deadline, self.stream.read(&mut chunk))
                .await
                .map_err(|_| "it said nothing in time".to_owned())?
                .map_err(|error| error.to_string())?;
            if n == 0 {
                return Err("it closed the connection".to_owned());
            }
            self.buffer.extend_from_slice(&chunk[..n]);
        }
    }
}
