//! Saying and hearing over one SMTP connection, each with a deadline, and each reply in the relay's own words.
//!
//! After a deadline or a loss the dialogue is over: a late reply would be taken for the next command's. What the replies
//! mean is not decided here.

use std::fmt::Display;
use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::response::Response;
use tokio::time::timeout;

use super::outcome::Reply;
use super::wire::Traffic;

const CLOSED: &str = "the relay closed the connection";

/// An open connection.
pub struct Dialogue {
    smtp: AsyncSmtpConnection,
    traffic: Traffic,
    over: bool,
}

/// There was no reply, and there will be none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// In a person's words.
    pub why: String,
    /// The relay's end of the connection is closed, in good order or by a reset: it says nothing more.
    pub closed: bool,
}

impl Dialogue {
    pub fn new(smtp: AsyncSmtpConnection, traffic: Traffic) -> Self {
        Dialogue { smtp, traffic, over: false }
    }

    /// What passed over the connection.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Says something, in one write, and hears one reply: the oldest that is still to come.
    pub async fn say(&mut self, words: impl Display, deadline: Duration) -> Result<Reply, Lost> {
        self.open()?;
        let smtp = &mut self.smtp;
        let exchange = async {
            match smtp.command(words).await {
                // Who closes while we speak may have said why: what it said comes before the loss.
                Err(error) if is_closed(&error) => {
                    smtp.read_response().await.map_err(|second| if second.status().is_some() { second } else { error })
                }
                result => result,
            }
        };
        let result = timeout(deadline, exchange).await;
        self.reply(result.ok(), deadline)
    }

    /// Hears one reply.
    pub async fn hear(&mut self, deadline: Duration) -> Result<Reply, Lost> {
        self.open()?;
        let result = timeout(deadline, self.smtp.read_response()).await;
        self.reply(result.ok(), deadline)
    }

    fn open(&self) -> Result<(), Lost> {
        if self.over { Err(Lost { why: "the connection was closed".to_owned(), closed: false }) } else { Ok(()) }
    }

    fn reply(
        &mut self,
        result: Option<Result<Response, lettre::transport::smtp::Error>>,
        deadline: Duration,
    ) -> Result<Reply, Lost> {
        match result {
            None => {
                self.over = true;
                Err(Lost { why: format!("no reply within {} s", deadline.as_secs_f32()), closed: false })
            }
            Some(Err(error)) if error.status().is_none() => {
                self.over = true;
                let why = lost(&error);
                let closed = why == CLOSED || is_closed(&error);
                Err(Lost { why, closed })
            }
            Some(_) => Ok(Reply::from_lines(&self.traffic.take_reply())),
        }
    }

    /// QUIT, and a short wait for the answer.
    pub async fn quit(mut self, patience: Duration) {
        if !self.over {
            let _ = timeout(patience, self.smtp.quit()).await;
        }
    }
}

/// Whether the other side ended the connection without a goodbye, as the system does for a relay that closes with octets
/// unread.
fn is_closed(error: &lettre::transport::smtp::Error) -> bool {
    use std::error::Error;
    use std::io::ErrorKind;
    let kind = error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
    matches!(
        kind,
        Some(
            ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof
        )
    )
}

/// Why a connection was lost, in a person's words.
pub fn lost(error: &lettre::transport::smtp::Error) -> String {
    use std::error::Error;
    if error.is_response() && error.source().is_some_and(|cause| !cause.to_string().contains("incomplete")) {
        return "the relay's answer makes no sense".to_owned();
    }
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    let cause = cause.split(" (os error").next().unwrap_or_default();
    if cause.contains("incomplete response") || cause.is_empty() {
        CLOSED.to_owned()
    } else {
        format!("the connection failed: {cause}")
    }
}
