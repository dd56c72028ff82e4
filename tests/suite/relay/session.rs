//! One connection: the SMTP dialogue from the server's side, in the order of RFC 5321 section 4.1.4, with the script's
//! rules asked at every step. What the client does against the rules is refused and recorded as a fault.

use std::io;
use std::net::TcpStream;

use super::record::{Command, Connection};
use super::script::Step;
use super::wire::Wire;
use super::{Protection, Shared, syntax};

/// The connection is over, whoever ended it.
pub(super) struct Over;

impl From<io::Error> for Over {
    fn from(_: io::Error) -> Over {
        Over
    }
}

pub(super) type Going<T = ()> = Result<T, Over>;

/// A mail transaction: between MAIL and the message's end.
#[derive(Default)]
pub(super) struct Transaction {
    pub(super) from: String,
    pub(super) to: Vec<String>,
    /// A recipient was refused, so that DATA or BDAT in the same group may come in vain.
    pub(super) refused: bool,
    /// What BDAT has brought so far.
    pub(super) chunks: Option<Vec<u8>>,
}

#[expect(clippy::struct_excessive_bools, reason = "they vary freely")]
pub(super) struct Session<'a> {
    /// `None` once closed.
    pub(super) wire: Option<Wire>,
    pub(super) shared: &'a Shared,
    pub(super) number: usize,
    pub(super) tls: bool,
    greeted: bool,
    pub(super) authenticated: bool,
    pub(super) transaction: Option<Transaction>,
    /// MAIL was refused, so that the rest of its group comes in vain.
    pub(super) mail_refused: bool,
    /// BDAT was refused, and nothing but RSET helps (RFC 3030 section 2).
    pub(super) chunk_refused: bool,
    /// MAIL came, and its message was not yet answered.
    pub(super) begun: bool,
}

impl<'a> Session<'a> {
    /// Talks to a client until either side has enough.
    pub(super) fn serve(tcp: TcpStream, shared: &'a Shared) {
        let Ok(wire) = Wire::new(tcp) else { return };
        let number = shared.note(|record| {
            record.connections.push(Connection { open: true, ..Connection::default() });
            record.most_open = record.most_open.max(record.open());
            record.connections.len() - 1
        });
        let mut session = Session {
            wire: Some(wire),
            shared,
            number,
            tls: false,
            greeted: false,
            authenticated: false,
            transaction: None,
            mail_refused: false,
            chunk_refused: false,
            begun: false,
        };
        let _over = session.talk();
        if let Some(wire) = session.wire.take() {
            wire.close();
        }
        session.note(|connection| connection.open = false);
    }

    pub(super) fn note(&self, change: impl FnOnce(&mut Connection)) {
        self.shared.note(|record| change(&mut record.connections[self.number]));
    }

    pub(super) fn fault(&self, fault: &str) {
        self.note(|connection| connection.faults.push(fault.to_owned()));
    }

    pub(super) fn wire(&mut self) -> Going<&mut Wire> {
        self.wire.as_mut().ok_or(Over)
    }

    fn talk(&mut self) -> Going {
        if self.shared.setup.protection == Protection::Tls {
            self.handshake()?;
        }
        let welcome = self.step(Step::Greeting, &[], "220 relay.example.net ESMTP")?;
        loop {
            let Some(line) = self.read_command()? else { return Ok(()) };
            let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
            let verb = verb.to_ascii_uppercase();
            let in_order = match verb.as_str() {
                "QUIT" => true,
                _ if welcome != b'2' => false,
                "EHLO" | "HELO" | "NOOP" | "RSET" => true,
                _ => self.greeted,
            };
            if in_order {
                self.obey(&verb, argument)?;
            } else {
                self.refuse("503 5.5.1 Bad sequence of commands", &format!("{verb} out of order"))?;
            }
        }
    }

    fn obey(&mut self, verb: &str, argument: &str) -> Going {
        let lone = matches!(verb, "STARTTLS" | "DATA" | "RSET" | "QUIT");
        if lone && !argument.is_empty() {
            return self.refuse("501 5.5.4 No argument allowed", &format!("{verb} with an argument"));
        }
        match verb {
            "EHLO" | "HELO" => self.hello(verb, argument),
            "STARTTLS" => self.starttls(),
            "AUTH" => self.auth(argument),
            "MAIL" => self.mail(argument),
            "RCPT" => self.rcpt(argument),
            "DATA" => self.data(),
            "BDAT" => self.bdat(argument),
            "RSET" => {
                self.begin_anew();
                self.step(Step::Rset, &[], "250 2.0.0 Ok").map(drop)
            }
            "NOOP" => self.say("250 2.0.0 Ok"),
            "QUIT" => {
                self.step(Step::Quit, &[], "221 2.0.0 Bye")?;
                Err(Over)
            }
            _ => self.refuse("500 5.5.1 Command not recognised", &format!("unknown command {verb}")),
        }
    }

    fn begin_anew(&mut self) {
        self.transaction = None;
        self.mail_refused = false;
        self.chunk_refused = false;
        self.begun = false;
    }

    /// One command line; `None` when the client has closed.
    fn read_command(&mut self) -> Going<Option<String>> {
        let Some(bytes) = self.wire()?.read_until(b"\n")? else { return Ok(None) };
        if bytes.len() > 12_288 {
            self.fault("a command line over 12288 octets");
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let line = text.strip_suffix("\r\n").unwrap_or_else(|| {
            self.fault("a command that ends in a bare LF");
            text.trim_end_matches('\n')
        });
        if !line.is_ascii() || line.chars().any(char::is_control) {
            self.fault(&format!("a command with control or 8-bit characters: {line:?}"));
        }
        let (verb, rest) = line.split_at(line.find(' ').unwrap_or(line.len()));
        let verb = verb.to_ascii_uppercase();
        let tls = self.tls;
        self.note(|connection| connection.commands.push(Command { line: format!("{verb}{rest}"), tls }));
        // Behind BDAT its octets come; what follows them is looked at when they are read.
        if verb != "BDAT" {
            let anywhere_in_a_group = matches!(verb.as_str(), "MAIL" | "RCPT" | "RSET");
            self.expect_no_more_after(&verb, anywhere_in_a_group)?;
        }
        Ok(Some(line.to_owned()))
    }

    /// A fault when more has come already than may come before the reply (RFC 2920 section 3.1).
    pub(super) fn expect_no_more_after(&mut self, what: &str, anywhere_in_a_group: bool) -> Going {
        let may_go_on = anywhere_in_a_group && self.offers("PIPELINING");
        if self.wire()?.has_more() && !may_go_on {
            self.fault(&format!("did not wait for the reply to {what}"));
        }
        Ok(())
    }

    pub(super) fn offers(&self, keyword: &str) -> bool {
        self.shared.setup.keywords.iter().any(|offered| offered.split(' ').next() == Some(keyword))
    }

    fn offers_starttls(&self) -> bool {
        self.shared.setup.protection == Protection::StartTls && !self.tls
    }

    pub(super) fn offers_auth(&self) -> bool {
        self.shared.setup.login.is_some() && !self.offers_starttls()
    }

    fn hello(&mut self, verb: &str, argument: &str) -> Going {
        if !syntax::is_hello(argument) {
            return self.refuse("501 5.5.4 Say who you are", &format!("{verb} {argument:?}"));
        }
        let mut lines = vec!["relay.example.net".to_owned()];
        if verb == "EHLO" {
            lines.extend(self.shared.setup.keywords.clone());
            lines.extend(self.offers_starttls().then(|| "STARTTLS".to_owned()));
            lines.extend(self.offers_auth().then(|| "AUTH PLAIN LOGIN".to_owned()));
        }
        let last = lines.len() - 1;
        let reply: Vec<String> = lines
            .iter()
            .enumerate()
            .map(|(n, line)| format!("250{}{line}", if n == last { ' ' } else { '-' }))
            .collect();
        self.begin_anew();
        self.greeted = self.step(Step::Hello, &[], &reply.join("\n"))? == b'2';
        Ok(())
    }

    fn starttls(&mut self) -> Going {
        if !self.offers_starttls() {
            return self.refuse("502 5.5.1 Not offered", "STARTTLS that was not offered");
        }
        self.wire()?.forget();
        if self.step(Step::StartTls, &[], "220 2.0.0 Go ahead")? == b'2' {
            self.handshake()?;
            self.greeted = false;
            self.authenticated = false;
            self.begin_anew();
        }
        Ok(())
    }

    fn handshake(&mut self) -> Going {
        let config = self.shared.setup.tls.as_ref().ok_or(Over)?.config.clone();
        if let Err(error) = self.wire()?.handshake(config) {
            self.note(|connection| connection.tls_error = Some(error.to_string()));
            return Err(Over);
        }
        self.tls = true;
        self.note(|connection| connection.tls = true);
        Ok(())
    }

    fn mail(&mut self, argument: &str) -> Going {
        if self.transaction.is_some() {
            return self.refuse("503 5.5.1 Nested MAIL", "MAIL inside a transaction");
        }
        if self.chunk_refused {
            return self.refuse("503 5.5.1 RSET first", "MAIL without RSET after a refused BDAT");
        }
        self.begun = true;
        let (from, parameters) = match syntax::path_argument(argument, "FROM") {
            Ok(parsed) => parsed,
            Err(error) => return self.refuse("501 5.5.4 Syntax", &format!("MAIL {argument}: {error}")),
        };
        if self.shared.setup.login.is_some() && !self.authenticated {
            return self.refuse("530 5.7.0 Authentication required", "MAIL before AUTH");
        }
        if let Some(parameter) = parameters.iter().find(|parameter| !self.allows(parameter)) {
            return self.refuse("555 5.5.4 Parameter", &format!("MAIL parameter {parameter} was not offered"));
        }
        if parameters.iter().any(|parameter| self.is_too_large(parameter)) {
            return self.say("552 5.3.4 Message too big");
        }
        self.mail_refused = self.step(Step::Mail, std::slice::from_ref(&from), "250 2.1.0 Ok")? != b'2';
        if !self.mail_refused {
            self.transaction = Some(Transaction { from, ..Transaction::default() });
        }
        Ok(())
    }

    fn allows(&self, parameter: &str) -> bool {
        match parameter.split_once('=') {
            Some(("SIZE", size)) => self.offers("SIZE") && size.parse::<u64>().is_ok(),
            Some(("BODY", "7BIT" | "8BITMIME")) => self.offers("8BITMIME"),
            _ => false,
        }
    }

    fn is_too_large(&self, parameter: &str) -> bool {
        let size = parameter.strip_prefix("SIZE=").and_then(|size| size.parse().ok());
        size.is_some_and(|size: usize| size > self.size_limit())
    }

    pub(super) fn size_limit(&self) -> usize {
        let limit = self.shared.setup.keywords.iter().find_map(|keyword| keyword.strip_prefix("SIZE "));
        limit.and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX)
    }

    fn rcpt(&mut self, argument: &str) -> Going {
        if self.transaction.is_none() {
            return self.refuse_in_group("503 5.5.1 MAIL first", "RCPT without MAIL");
        }
        let (to, parameters) = match syntax::path_argument(argument, "TO") {
            Ok(parsed) => parsed,
            Err(error) => return self.refuse("501 5.5.4 Syntax", &format!("RCPT {argument}: {error}")),
        };
        if let Some(parameter) = parameters.first() {
            return self.refuse("555 5.5.4 Parameter", &format!("RCPT parameter {parameter} was not offered"));
        }
        let taken = self.step(Step::Rcpt, std::slice::from_ref(&to), "250 2.1.5 Ok")? == b'2';
        let transaction = self.transaction.as_mut().ok_or(Over)?;
        if taken {
            transaction.to.push(to);
        } else {
            transaction.refused = true;
        }
        Ok(())
    }
}
