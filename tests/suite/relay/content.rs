//! How a message comes: behind DATA, up to a dot alone on its line, or counted out by BDAT (RFC 3030); and what is
//! answered for it.

use super::record::Message;
use super::script::{Action, Step};
use super::session::{Going, Over, Session, Transaction};

impl Session<'_> {
    pub(super) fn data(&mut self) -> Going {
        let Some(transaction) = &self.transaction else {
            return self.refuse_in_group("503 5.5.1 MAIL first", "DATA without MAIL");
        };
        if transaction.chunks.is_some() {
            return self.refuse("503 5.5.1 BDAT was begun", "DATA after BDAT in one transaction");
        }
        let to = transaction.to.clone();
        if to.is_empty() && !transaction.refused {
            return self.refuse("503 5.5.1 RCPT first", "DATA without RCPT");
        }
        if to.is_empty() {
            return self.say("554 5.5.1 No valid recipients");
        }
        if self.step(Step::Data, &to, "354 End data with <CR><LF>.<CR><LF>")? != b'3' {
            return Ok(());
        }
        let bytes = self.read_to_the_dot()?;
        self.expect_no_more_after("the message", true)?;
        let transaction = self.transaction.take().ok_or(Over)?;
        self.finish(transaction, bytes).map(drop)
    }

    /// The lines up to the final dot, dot-stuffing undone.
    fn read_to_the_dot(&mut self) -> Going<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            let line = self.wire()?.read_until(b"\r\n")?.ok_or(Over)?;
            if line == b".\r\n" {
                return Ok(bytes);
            }
            bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }

    /// The octets are read in any case: a client may send them before it knows whether they are wanted.
    pub(super) fn bdat(&mut self, argument: &str) -> Going {
        let parsed = chunk(argument).filter(|_| self.offers("CHUNKING"));
        let Some((size, last)) = parsed else {
            // Nobody knows where the next command begins.
            self.refuse("501 5.5.4 BDAT size [LAST], where offered", &format!("BDAT {argument}"))?;
            return Err(Over);
        };
        let bytes = self.wire()?.read_exactly(size)?;
        self.expect_no_more_after("BDAT", true)?;
        let refused = self.reason_against_a_chunk();
        if let Some((reply, fault)) = refused {
            self.chunk_refused = true;
            self.begun &= self.transaction.is_some();
            return if self.offers("PIPELINING") && fault.is_none() {
                self.say(reply)
            } else {
                self.refuse(reply, fault.unwrap_or("BDAT where everything was refused"))
            };
        }
        let transaction = self.transaction.as_mut().ok_or(Over)?;
        let chunks = transaction.chunks.get_or_insert_default();
        chunks.extend_from_slice(&bytes);
        if !last {
            return self.say(&format!("250 2.0.0 {size} octets"));
        }
        let bytes = std::mem::take(chunks);
        let transaction = self.transaction.take().ok_or(Over)?;
        self.chunk_refused = self.finish(transaction, bytes)? != b'2';
        Ok(())
    }

    /// Why octets are not wanted now: the reply and, if no group of commands could excuse it, the fault.
    fn reason_against_a_chunk(&self) -> Option<(&'static str, Option<&'static str>)> {
        match &self.transaction {
            _ if self.chunk_refused => Some(("503 5.5.1 RSET first", None)),
            None if self.mail_refused => Some(("503 5.5.1 MAIL first", None)),
            None => Some(("503 5.5.1 MAIL first", Some("BDAT without MAIL"))),
            Some(transaction) if !transaction.to.is_empty() => None,
            Some(transaction) if transaction.refused => Some(("554 5.5.1 No valid recipients", None)),
            Some(_) => Some(("503 5.5.1 RCPT first", Some("BDAT without RCPT"))),
        }
    }

    /// The reply to a message, of which the first digit is returned. The message is on record before the reply leaves, as
    /// taken when the reply will say so.
    fn finish(&mut self, transaction: Transaction, bytes: Vec<u8>) -> Going<u8> {
        let faults = faults_in(&bytes);
        for fault in &faults {
            self.fault(fault);
        }
        let usual = match faults.first() {
            Some(fault) => format!("550 5.6.0 {fault}"),
            None if bytes.len() > self.size_limit() => "552 5.3.4 Message too big".to_owned(),
            None => "250 2.0.0 Ok: queued".to_owned(),
        };
        let to = transaction.to.clone();
        let message = Message { from: transaction.from, to: transaction.to, bytes, tls: self.tls, taken: false };
        let at = self.shared.note(|record| {
            record.messages.push(message);
            record.messages.len() - 1
        });
        let action = self.decide(Step::Message, &to)?;
        let taken = is_taken(&action, &usual);
        self.shared.note(|record| record.messages[at].taken = taken);
        self.begun = false;
        self.perform(action, &usual)
    }
}

/// Whether the relay answers for a message from now on.
fn is_taken(action: &Action, usual: &str) -> bool {
    match action {
        Action::Usual | Action::Inject(_) | Action::Bytewise(None) => usual.starts_with('2'),
        Action::Reply(reply)
        | Action::ReplyAndClose(reply)
        | Action::ReplyAndReset(reply)
        | Action::Bytewise(Some(reply)) => reply.starts_with('2'),
        Action::Raw(bytes) => bytes.starts_with(b"2"),
        Action::TakeAndClose => true,
        Action::Close | Action::Reset | Action::Endless => false,
    }
}

/// What BDAT announces: so many octets, and whether they are the last.
fn chunk(argument: &str) -> Option<(usize, bool)> {
    let (size, last) = match argument.split_once(' ') {
        Some((size, last)) if last.eq_ignore_ascii_case("LAST") => (size, true),
        Some(_) => return None,
        None => (argument, false),
    };
    let digits = (1..=9).contains(&size.len()) && size.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| Some((size.parse().ok()?, last))).flatten()
}

/// What is wrong with the octets of a message.
fn faults_in(message: &[u8]) -> Vec<&'static str> {
    let mut faults = Vec::new();
    let mut rest = message;
    while !rest.is_empty() {
        let end = rest.windows(2).position(|two| two == b"\r\n");
        let line = &rest[..end.unwrap_or(rest.len())];
        rest = &rest[end.map_or(rest.len(), |end| end + 2)..];
        let wrong = [
            (line.contains(&b'\n'), "bare <LF> in the message"),
            (line.contains(&b'\r'), "bare <CR> in the message"),
            (line.contains(&0), "NUL in the message"),
            (line.iter().any(|b| *b > 127), "8-bit byte in the message"),
            (line.len() > 998, "message line over 998 octets"),
            (end.is_none(), "the message ends without <CR><LF>"),
        ];
        faults.extend(wrong.iter().filter(|(wrong, _)| *wrong).map(|(_, fault)| *fault));
    }
    faults
}
