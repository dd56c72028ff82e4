//! A scriptable SMTP relay on the loopback interface, for tests. It is as strict as a good server, records what it
//! sees, and misbehaves exactly as it is told.
//!
//! ```text
//! let relay = Relay::starttls(Certificate::Good).login("ann", "secret").start();
//! relay.rule(on(Step::Rcpt).of("bob@example.com").reply("550 5.1.1 No such user"));
//! // … run the program against relay.url() …
//! assert_eq!(relay.taken_by(), ["cid@example.com"]);
//! relay.assert_no_faults();
//! ```

mod certificates;
mod content;
mod login;
mod record;
mod reply;
mod script;
mod session;
mod syntax;
mod tests;
mod wire;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

pub(crate) use certificates::Certificate;
use certificates::Tls;
pub(crate) use record::{Message, Record};
use script::Script;
pub(crate) use script::{Action, Gate, Rule, Step, on};
use session::Session;

/// How long anything is waited for before a test fails. Far longer than it takes; never slept through.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protection {
    Plain,
    StartTls,
    Tls,
}

/// A relay about to start.
pub(crate) struct Builder {
    protection: Protection,
    tls: Option<Tls>,
    login: Option<(String, String)>,
    keywords: Vec<String>,
}

impl Builder {
    fn new(protection: Protection, certificate: Option<Certificate>) -> Builder {
        let keywords = ["PIPELINING", "SIZE 10485760", "8BITMIME", "ENHANCEDSTATUSCODES"];
        Builder {
            protection,
            tls: certificate.map(Tls::new),
            login: None,
            keywords: keywords.map(str::to_owned).to_vec(),
        }
    }

    /// Takes mail only after AUTH with these credentials, which it offers over TLS, or in the clear when it has no TLS.
    pub(crate) fn login(mut self, user: &str, password: &str) -> Builder {
        self.login = Some((user.to_owned(), password.to_owned()));
        self
    }

    /// The EHLO keywords besides STARTTLS and AUTH, in place of PIPELINING, SIZE, 8BITMIME and ENHANCEDSTATUSCODES.
    pub(crate) fn keywords(mut self, keywords: &[&str]) -> Builder {
        self.keywords = keywords.iter().map(|&keyword| keyword.to_owned()).collect();
        self
    }

    /// Offers CHUNKING besides.
    pub(crate) fn chunking(mut self) -> Builder {
        self.keywords.push("CHUNKING".to_owned());
        self
    }

    /// Listens on a free port.
    pub(crate) fn start(self) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            setup: self,
            script: Mutex::default(),
            record: Mutex::default(),
            changed: Condvar::new(),
            stopped: Mutex::new(false),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || accept(&listener, &accepting));
        Relay { address, shared }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for tcp in listener.incoming() {
        if *shared.stopped.lock().unwrap() {
            return;
        }
        if let Ok(tcp) = tcp {
            let shared = Arc::clone(shared);
            std::thread::spawn(move || Session::serve(tcp, &shared));
        }
    }
}

/// What the relay's threads share with the test.
struct Shared {
    setup: Builder,
    script: Mutex<Script>,
    record: Mutex<Record>,
    changed: Condvar,
    stopped: Mutex<bool>,
}

impl Shared {
    /// Changes the record and wakes who waits for it.
    fn note<T>(&self, change: impl FnOnce(&mut Record) -> T) -> T {
        let result = change(&mut self.record.lock().unwrap());
        self.changed.notify_all();
        result
    }
}

/// A running relay; it stops when dropped.
pub(crate) struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Relay {
    /// Without TLS.
    pub(crate) fn plain() -> Builder {
        Builder::new(Protection::Plain, None)
    }

    /// Offers STARTTLS.
    pub(crate) fn starttls(certificate: Certificate) -> Builder {
        Builder::new(Protection::StartTls, Some(certificate))
    }

    /// TLS from the first byte.
    pub(crate) fn tls(certificate: Certificate) -> Builder {
        Builder::new(Protection::Tls, Some(certificate))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The relay's URL as the program wants it: with credentials, and with the authority to trust.
    pub(crate) fn url(&self) -> String {
        match self.shared.setup.protection {
            Protection::Plain => self.url_with("smtp", "tls=none"),
            Protection::StartTls => self.url_with("smtp", &format!("tls=starttls&{}", self.ca())),
            Protection::Tls => self.url_with("smtps", &self.ca()),
        }
    }

    /// A URL of this relay that need not agree with what it does.
    pub(crate) fn url_with(&self, scheme: &str, query: &str) -> String {
        let login = match &self.shared.setup.login {
            Some((user, password)) => format!("{}:{}@", percent_encoded(user), percent_encoded(password)),
            None => String::new(),
        };
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        format!("{scheme}://{login}{}{query}", self.address)
    }

    fn ca(&self) -> String {
        format!("ca={}", percent_encoded(&self.ca_file().to_string_lossy()))
    }

    /// The PEM file with the authority that signed the relay's certificate.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.shared.setup.tls.as_ref().expect("a relay with TLS").ca_file()
    }

    /// Adds a rule. Of the rules that apply, the one added first decides.
    pub(crate) fn rule(&self, rule: Rule) {
        self.shared.script.lock().unwrap().add(rule);
    }

    /// From now on the relay behaves well. Gates are released.
    pub(crate) fn forget_rules(&self) {
        let mut script = self.shared.script.lock().unwrap();
        script.release();
        script.clear();
    }

    /// What was seen so far.
    pub(crate) fn record(&self) -> Record {
        self.shared.record.lock().unwrap().clone()
    }

    /// Blocks until the record is as wanted.
    pub(crate) fn wait_until(&self, wanted: impl Fn(&Record) -> bool) -> Record {
        let record = self.shared.record.lock().unwrap();
        let waiting = self.shared.changed.wait_timeout_while(record, PATIENCE, |record| !wanted(record));
        // Not to fail with the lock in hand: the relay's threads need it.
        let record = waiting.unwrap().0.clone();
        assert!(wanted(&record), "the relay never saw what the test waits for; it saw {record:#?}");
        record
    }

    /// The messages that the relay answers for, in order.
    pub(crate) fn taken(&self) -> Vec<Message> {
        self.record().messages.into_iter().filter(|message| message.taken).collect()
    }

    /// The recipients of the messages that the relay answers for, sorted; one who got two stands here twice.
    pub(crate) fn taken_by(&self) -> Vec<String> {
        let mut addresses: Vec<String> = self.taken().into_iter().flat_map(|message| message.to).collect();
        addresses.sort();
        addresses
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.record().connections.len()
    }

    /// Fails if a client broke the protocol.
    pub(crate) fn assert_no_faults(&self) {
        let faults = self.record().faults();
        assert!(faults.is_empty(), "the client broke the protocol: {faults:#?}");
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.forget_rules();
        *self.shared.stopped.lock().unwrap() = true;
        // The listener wakes for a last connection, finds the flag, and is closed.
        let _ = TcpStream::connect(self.address);
    }
}

/// Percent-encoded for any part of a URL: all but RFC 3986's unreserved characters.
fn percent_encoded(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut out, b| {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
            out.push(char::from(b));
        } else {
            write!(out, "%{b:02X}").unwrap();
        }
        out
    })
}
