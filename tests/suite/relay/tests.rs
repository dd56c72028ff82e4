//! The relay itself, driven by a bare client: a referee must be above suspicion.
#![cfg(test)]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::*;
use crate::distance::Distant;

trait Duplex: Read + Write {}
impl<T: Read + Write> Duplex for T {}

/// A client that says what it is told and reads one reply at a time.
struct Client(BufReader<Box<dyn Duplex>>);

impl Client {
    /// Connects and reads the greeting.
    fn connect(relay: &Relay) -> Client {
        let mut client = Client::silent(relay);
        assert!(client.reply().starts_with("220 "));
        client
    }

    fn silent(relay: &Relay) -> Client {
        Client(BufReader::new(Box::new(tcp(relay))))
    }

    fn tls(relay: &Relay, tcp: TcpStream) -> io::Result<Client> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(relay.ca_file()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), tcp);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Client(BufReader::new(Box::new(stream))))
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
        self.0.get_mut().flush().unwrap();
    }

    /// The codes of the next replies.
    fn codes<const N: usize>(&mut self) -> [String; N] {
        [(); N].map(|()| self.reply()[..3].to_owned())
    }

    /// The next reply, its lines joined by `\n`.
    fn reply(&mut self) -> String {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            let text = line.strip_suffix("\r\n").unwrap_or_else(|| panic!("{line:?} is no reply line")).to_owned();
            let more = text.as_bytes().get(3) == Some(&b'-');
            lines.push(text);
            if !more {
                return lines.join("\n");
            }
        }
    }

    fn say(&mut self, command: &str) -> String {
        self.send(format!("{command}\r\n").as_bytes());
        self.reply()
    }

    /// Says each and expects a reply with the code beside it.
    fn dialogue(&mut self, steps: &[(&str, &str)]) {
        for (command, code) in steps {
            let reply = self.say(command);
            assert!(reply.starts_with(code), "{command} was answered by {reply}");
        }
    }

    fn rest(mut self) -> io::Result<Vec<u8>> {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).map(|_| rest)
    }
}

fn tcp(relay: &Relay) -> TcpStream {
    let tcp = TcpStream::connect(relay.address()).unwrap();
    tcp.set_read_timeout(Some(PATIENCE)).unwrap();
    tcp
}

const LETTER: [(&str, &str); 5] = [
    ("EHLO client.example.org", "250"),
    ("MAIL FROM:<letters@example.com>", "250"),
    ("RCPT TO:<ann@example.org>", "250"),
    ("DATA", "354"),
    ("Subject: x\r\n\r\nHello\r\n..\r\n.", "250"),
];

/// A message as one group: RSET, MAIL, RCPT and BDAT with all its octets.
fn chunked(to: &str, octets: &str) -> Vec<u8> {
    let size = octets.len();
    format!("RSET\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<{to}>\r\nBDAT {size} LAST\r\n{octets}").into_bytes()
}

/// A client that has said EHLO to a relay with CHUNKING.
fn chunking(relay: &Relay) -> Client {
    let mut client = Client::connect(relay);
    assert!(client.say("EHLO client.example.org").contains("CHUNKING"));
    client
}

#[test]
fn a_letter_is_taken_and_recorded() {
    let relay = Relay::plain().start();
    let mut client = Client::connect(&relay);
    client.dialogue(&LETTER);
    client.dialogue(&[("QUIT", "221")]);
    assert_eq!(client.rest().unwrap(), b"");
    let record = relay.wait_until(|record| record.open() == 0);
    assert_eq!(record.connections[0].verbs(), ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]);
    assert_eq!(record.connections[0].count("RCPT"), 1);
    let message = &record.messages[0];
    assert_eq!((message.from.as_str(), &message.to[..]), ("letters@example.com", &["ann@example.org".to_owned()][..]));
    assert_eq!(message.bytes, b"Subject: x\r\n\r\nHello\r\n.\r\n");
    assert_eq!(message.header("subject").unwrap(), "x");
    assert!(message.taken && !message.tls);
    assert_eq!(relay.taken_by(), ["ann@example.org"]);
    assert_eq!((record.connections.len(), record.most_open), (1, 1));
    relay.assert_no_faults();
}

#[test]
fn broken_protocol_is_refused_and_recorded() {
    let relay = Relay::plain().start();
    let mut client = Client::connect(&relay);
    let wrong = [
        ("MAIL FROM:<a@example.com>", "503"),
        ("EHLO", "501"),
        ("EHLO not_a_host!", "501"),
        ("EHLO [127.0.0.1]", "250"),
        ("RCPT TO:<ann@example.org>", "503"),
        ("DATA", "503"),
        ("MAIL FROM:a@example.com", "501"),
        ("MAIL FROM: <a@example.com>", "501"),
        ("MAIL TO:<a@example.com>", "501"),
        ("MAIL FROM:<a@example.com> FUNNY=1", "555"),
        ("MAIL FROM:<a@example.com> SIZE=99999999", "552"),
        ("MAIL FROM:<> SIZE=10 BODY=8BITMIME", "250"),
        ("MAIL FROM:<>", "503"),
        ("DATA", "503"),
        ("RCPT TO:<>", "501"),
        ("RCPT TO:<ann>", "501"),
        ("RCPT TO:<a b@example.org>", "501"),
        ("RCPT TO:<\"a>b\"@example.org>", "250"),
        ("DATA now", "501"),
        ("STARTTLS", "502"),
        ("AUTH PLAIN AGEAYg==", "503"),
        ("FLY", "500"),
        ("NOOP", "250"),
        ("QUIT", "221"),
    ];
    client.dialogue(&wrong);
    let refused = wrong.iter().filter(|(_, code)| code.starts_with('5') && *code != "552").count();
    assert_eq!(relay.record().faults().len(), refused, "{:#?}", relay.record().faults());
    assert_eq!(relay.record().logins()[0].password, "b");
}

#[test]
fn bad_bytes_in_a_message_are_found() {
    let long = "x".repeat(999);
    for (body, fault) in [
        ("bare\nLF", "bare <LF>"),
        ("bare\rCR", "bare <CR>"),
        ("smuggled\n.\nMAIL", "bare <LF>"),
        ("Zoë", "8-bit"),
        ("\0", "NUL"),
        (long.as_str(), "998"),
    ] {
        let relay = Relay::plain().chunking().start();
        let mut client = Client::connect(&relay);
        client.dialogue(&LETTER[..4]);
        client.dialogue(&[(&format!("{body}\r\n."), "550")]);
        client.send(&chunked("ann@example.org", &format!("{body}\r\n")));
        assert_eq!(client.codes(), ["250", "250", "250", "550"]);
        let record = relay.record();
        assert!(record.faults().iter().all(|found| found.contains(fault)), "{:?}", record.faults());
        assert_eq!(record.faults().len(), 2);
        assert!(record.messages.iter().all(|message| !message.taken));
    }
}

#[test]
fn a_command_that_ends_in_a_bare_line_feed_is_a_fault() {
    let relay = Relay::plain().start();
    let mut client = Client::connect(&relay);
    client.send(b"NOOP\n");
    client.reply();
    assert!(relay.record().faults()[0].contains("bare LF"));
}

#[test]
fn commands_in_groups_are_for_relays_that_offer_it() {
    for (keywords, faults) in [(&["PIPELINING"][..], 0), (&[][..], 2)] {
        let relay = Relay::plain().keywords(keywords).start();
        let mut client = Client::connect(&relay);
        client.dialogue(&LETTER[..1]);
        client.send(b"MAIL FROM:<a@example.com>\r\nRCPT TO:<ann@example.org>\r\nDATA\r\n");
        assert_eq!(client.codes(), ["250", "250", "354"]);
        client.dialogue(&[("\r\n.", "250")]);
        assert_eq!(relay.record().faults().len(), faults, "{:?}", relay.record().faults());
    }
}

#[test]
fn the_rest_of_a_refused_group_is_no_fault() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Mail).of("a@example.com").reply("450 4.2.0 Later"));
    relay.rule(on(Step::Rcpt).reply("550 5.1.1 No such user"));
    let mut client = Client::connect(&relay);
    client.dialogue(&LETTER[..1]);
    client.send(b"MAIL FROM:<a@example.com>\r\nRCPT TO:<ann@example.org>\r\nDATA\r\n");
    assert_eq!(client.codes(), ["450", "503", "503"]);
    client.send(b"MAIL FROM:<b@example.com>\r\nRCPT TO:<ann@example.org>\r\nDATA\r\n");
    assert_eq!(client.codes(), ["250", "550", "554"]);
    client.dialogue(&[("RSET", "250"), ("QUIT", "221")]);
    relay.assert_no_faults();
}

#[test]
fn the_next_message_may_begin_behind_the_dot_where_groups_are_offered() {
    for (keywords, faults) in [(&["PIPELINING"][..], vec![]), (&[][..], vec!["the message", "MAIL", "RCPT"])] {
        let relay = Relay::plain().keywords(keywords).start();
        let mut client = Client::connect(&relay);
        client.dialogue(&LETTER[..4]);
        client.send(b"one\r\n.\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n");
        assert_eq!(client.codes(), ["250", "250", "250", "354"]);
        client.dialogue(&[("two\r\n.", "250"), ("QUIT", "221")]);
        let found = relay.record().faults();
        assert_eq!(found.len(), faults.len(), "{found:?}");
        assert!(found.iter().zip(faults).all(|(found, wanted)| found.ends_with(wanted)), "{found:?}");
        assert_eq!(relay.taken_by(), ["ann@example.org", "bob@example.org"]);
        assert_eq!(relay.record().most_in_flight(), 2);
    }
}

#[test]
fn nothing_may_come_before_the_reply_to_data() {
    let relay = Relay::plain().start();
    let mut client = Client::connect(&relay);
    client.dialogue(&LETTER[..3]);
    client.send(b"DATA\r\nSubject: x\r\n\r\n.\r\nQUIT\r\n");
    assert_eq!(client.codes(), ["354", "250", "221"]);
    assert_eq!(relay.record().faults(), ["connection 0: did not wait for the reply to DATA"]);
}

#[test]
fn chunks_are_raw_octets_and_join() {
    let relay = Relay::plain().chunking().start();
    let mut client = chunking(&relay);
    client.dialogue(&LETTER[1..3]);
    client.send(b"BDAT 9\r\na\r\n.\r\n..\r");
    assert_eq!(client.codes(), ["250"]);
    client.send(b"BDAT 7\r\n\nRSET\r\nBDAT 0 last\r\n");
    assert_eq!(client.codes(), ["250", "250"]);
    client.dialogue(&[("QUIT", "221")]);
    assert_eq!(relay.taken()[0].bytes, b"a\r\n.\r\n..\r\nRSET\r\n");
    assert_eq!(relay.record().connections[0].count("BDAT"), 3);
    relay.assert_no_faults();
}

#[test]
fn many_messages_can_be_in_flight() {
    let relay = Relay::plain().chunking().start();
    let gate = Gate::new();
    relay.rule(on(Step::Message).nth(1).hold(&gate));
    let mut client = chunking(&relay);
    let names: Vec<String> = (0..8).map(|n| format!("reader{n}@example.org")).collect();
    let body = "Subject: x\r\n\r\nMAIL is no command here\r\n.\r\n";
    client.send(&names.iter().flat_map(|name| chunked(name, body)).collect::<Vec<_>>());
    gate.wait_reached();
    // Seen while the first is held.
    assert_eq!(relay.wait_until(|record| record.most_in_flight() == 8).messages.len(), 1);
    gate.release();
    for _ in &names {
        assert_eq!(client.codes(), ["250", "250", "250", "250"]);
    }
    assert_eq!(relay.taken_by(), names);
    assert!(relay.taken().iter().all(|message| message.bytes == body.as_bytes()));
    assert_eq!(relay.record().most_in_flight(), 8);
    relay.assert_no_faults();
}

#[test]
fn refusals_in_a_window_concern_their_message_alone() {
    let relay = Relay::plain().chunking().start();
    relay.rule(on(Step::Mail).nth(1).reply("450 4.2.0 Later"));
    relay.rule(on(Step::Rcpt).of("bob@example.org").reply("550 5.1.1 No such user"));
    relay.rule(on(Step::Message).of("cid@example.org").reply("554 5.6.0 No"));
    let mut client = chunking(&relay);
    let names = ["ann", "bob", "cid", "dan"].map(|name| format!("{name}@example.org"));
    client.send(&names.iter().flat_map(|name| chunked(name, "x\r\n.\r\n")).collect::<Vec<_>>());
    assert_eq!(client.codes(), ["250", "450", "503", "503"]);
    assert_eq!(client.codes(), ["250", "250", "550", "554"]);
    assert_eq!(client.codes(), ["250", "250", "250", "554"]);
    assert_eq!(client.codes(), ["250", "250", "250", "250"]);
    assert_eq!(relay.taken_by(), ["dan@example.org"]);
    relay.assert_no_faults();
}

#[test]
fn chunks_against_the_rules_are_found() {
    const MAIL: &str = "MAIL FROM:<a@example.com>\r\n";
    const RCPT: &str = "RCPT TO:<ann@example.org>\r\n";
    const PIPELINED: &[&str] = &["PIPELINING", "CHUNKING"];
    for (keywords, groups, faults) in [
        (PIPELINED, vec!["BDAT 3 LAST\r\nx\r\n"], vec!["BDAT without MAIL"]),
        (PIPELINED, vec![MAIL, "BDAT 3 LAST\r\nx\r\n"], vec!["BDAT without RCPT"]),
        (PIPELINED, vec![MAIL, RCPT, "BDAT 3\r\nx\r\n", MAIL], vec!["MAIL inside a transaction"]),
        (PIPELINED, vec![MAIL, RCPT, "BDAT 3\r\nx\r\n", "DATA\r\n"], vec!["DATA after BDAT in one transaction"]),
        (PIPELINED, vec![MAIL, RCPT, "BDAT 1 LAST\r\nx"], vec!["the message ends without <CR><LF>"]),
        (PIPELINED, vec![MAIL, RCPT, "BDAT 3 FIRST\r\n"], vec!["BDAT 3 FIRST"]),
        (PIPELINED, vec![MAIL, RCPT, "BDAT x\r\n"], vec!["BDAT x"]),
        (&["PIPELINING"], vec![MAIL, RCPT, "BDAT 3 LAST\r\n"], vec!["BDAT 3 LAST"]),
        (&["CHUNKING"], vec![MAIL, RCPT, "BDAT 3\r\nx\r\n", "BDAT 0 LAST\r\n"], vec![]),
    ] {
        let relay = Relay::plain().keywords(keywords).start();
        let mut client = Client::connect(&relay);
        client.dialogue(&LETTER[..1]);
        for group in &groups {
            client.send(group.as_bytes());
            client.reply();
        }
        let found = relay.record().faults();
        let wanted: Vec<String> = faults.iter().map(|fault| format!("connection 0: {fault}")).collect();
        assert_eq!(found, wanted, "{groups:?}");
    }
}

#[test]
fn only_rset_helps_after_a_refused_chunk() {
    let relay = Relay::plain().chunking().start();
    relay.rule(on(Step::Message).nth(1).reply("451 4.3.0 Later"));
    let mut client = chunking(&relay);
    client.send(&chunked("ann@example.org", "x\r\n"));
    assert_eq!(client.codes(), ["250", "250", "250", "451"]);
    client.dialogue(&[("MAIL FROM:<a@example.com>", "503"), ("RSET", "250")]);
    assert_eq!(relay.record().faults(), ["connection 0: MAIL without RSET after a refused BDAT"]);
    client.send(&chunked("ann@example.org", "x\r\n"));
    assert_eq!(client.codes(), ["250", "250", "250", "250"]);
    client.dialogue(&[("MAIL FROM:<a@example.com>", "250")]);
    assert_eq!(relay.record().faults().len(), 1);
}

#[test]
fn in_chunks_too_the_end_of_the_message_is_where_rules_apply() {
    for (action, taken) in [(Action::Close, 0), (Action::TakeAndClose, 1)] {
        let relay = Relay::plain().chunking().start();
        relay.rule(on(Step::Message).act(action));
        let mut client = chunking(&relay);
        client.send(&[chunked("ann@example.org", "x\r\n"), chunked("bob@example.org", "x\r\n")].concat());
        assert_eq!(client.codes(), ["250", "250", "250"]);
        assert_eq!(client.rest().unwrap(), b"");
        assert_eq!((relay.record().messages.len(), relay.taken().len()), (1, taken));
    }
}

#[test]
fn at_a_distance_a_dialogue_takes_its_round_trips() {
    let relay = Relay::plain().chunking().start();
    let one_way = Duration::from_millis(5);
    let distant = Distant::new(relay.address(), one_way).unwrap();
    let begun = std::time::Instant::now();
    let tcp = TcpStream::connect(distant.address()).unwrap();
    tcp.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut client = Client(BufReader::new(Box::new(tcp)));
    client.reply();
    client.dialogue(&LETTER);
    assert_eq!(distant.round_trips(), 5);
    // Later at the earliest; nobody knows at the latest.
    assert!(begun.elapsed() >= one_way * 12);
    client.send(&chunked("bob@example.org", "x\r\n").repeat(8));
    for _ in 0..8 {
        assert_eq!(client.codes(), ["250", "250", "250", "250"]);
    }
    assert_eq!(distant.round_trips(), 6);
    client.dialogue(&[("QUIT", "221")]);
    assert_eq!(client.rest().unwrap(), b"");
    assert_eq!((distant.round_trips(), relay.taken().len()), (7, 9));
    relay.assert_no_faults();
}

#[test]
fn rules_apply_by_address_and_by_count() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Rcpt).of("bob@example.org").reply("550-5.1.1 No such user\n550 5.1.1 Sorry"));
    relay.rule(on(Step::Rcpt).nth(3).reply("450 4.2.1 Later"));
    relay.rule(on(Step::Rset).times(1).reply("250"));
    let mut client = Client::connect(&relay);
    client.dialogue(&LETTER[..2]);
    client.dialogue(&[("RCPT TO:<ann@example.org>", "250")]);
    assert_eq!(client.say("RCPT TO:<bob@example.org>"), "550-5.1.1 No such user\n550 5.1.1 Sorry");
    client.dialogue(&[("RCPT TO:<ann@example.org>", "450"), ("RCPT TO:<ann@example.org>", "250")]);
    assert_eq!(client.say("RSET"), "250");
    relay.forget_rules();
    client.dialogue(&LETTER[1..2]);
    client.dialogue(&[("RCPT TO:<bob@example.org>", "250")]);
}

#[test]
fn a_held_reply_waits_for_the_test() {
    let relay = Relay::plain().start();
    let gate = Gate::new();
    relay.rule(on(Step::Message).hold(&gate).reply("450 4.3.0 Later"));
    let mut client = Client::connect(&relay);
    client.dialogue(&LETTER[..4]);
    client.send(b"Subject: held\r\n\r\n.\r\n");
    gate.wait_reached();
    assert_eq!(relay.record().messages[0].header("Subject").unwrap(), "held");
    assert!(relay.taken().is_empty());
    gate.release();
    assert!(client.reply().starts_with("450"));
    assert!(relay.taken().is_empty());
}

#[test]
fn connections_end_as_told() {
    for (action, taken) in [(Action::Close, 0), (Action::TakeAndClose, 1)] {
        let relay = Relay::plain().start();
        relay.rule(on(Step::Message).act(action));
        let mut client = Client::connect(&relay);
        client.dialogue(&LETTER[..4]);
        client.send(b".\r\n");
        assert_eq!(client.rest().unwrap(), b"");
        assert_eq!(relay.wait_until(|record| record.messages.len() == 1).messages.len(), 1);
        assert_eq!(relay.taken().len(), taken);
    }
    let relay = Relay::plain().start();
    relay.rule(on(Step::Hello).act(Action::Reset));
    let mut client = Client::connect(&relay);
    client.send(b"EHLO client.example.org\r\n");
    assert_eq!(client.rest().unwrap_err().kind(), io::ErrorKind::ConnectionReset);

    let relay = Relay::plain().start();
    relay.rule(on(Step::Mail).act(Action::ReplyAndClose("421 4.3.2 Going down".into())));
    relay.rule(on(Step::Hello).act(Action::Bytewise(Some("250-one\n250 two".into()))));
    let mut client = Client::connect(&relay);
    assert_eq!(client.say("EHLO client.example.org"), "250-one\n250 two");
    assert_eq!(client.say("MAIL FROM:<a@example.com>"), "421 4.3.2 Going down");
    assert_eq!(client.rest().unwrap(), b"");

    let relay = Relay::plain().start();
    relay.rule(on(Step::Greeting).close());
    assert_eq!(Client::silent(&relay).rest().unwrap(), b"");
}

#[test]
fn replies_can_be_anything() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Hello).act(Action::Raw(b"\xff\0\r\n".to_vec())));
    relay.rule(on(Step::Quit).act(Action::Endless));
    let mut client = Client::connect(&relay);
    client.send(b"EHLO client.example.org\r\n");
    let mut garbage = [0; 4];
    client.0.read_exact(&mut garbage).unwrap();
    assert_eq!(&garbage, b"\xff\0\r\n");
    client.send(b"QUIT\r\n");
    let mut lines = vec![0; 230_000];
    client.0.read_exact(&mut lines).unwrap();
    assert!(lines.ends_with(b"250-and another thing\r\n"));
}

#[test]
fn a_refusing_greeting_leaves_only_quit() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Greeting).reply("554 5.7.1 Go away"));
    let mut client = Client::silent(&relay);
    assert_eq!(client.reply(), "554 5.7.1 Go away");
    client.dialogue(&[("EHLO client.example.org", "503"), ("QUIT", "221")]);
}

#[test]
fn credentials_are_wanted_and_compared() {
    let relay = Relay::plain().login("ann", "s3cret/+").start();
    let mut client = Client::connect(&relay);
    assert!(client.say("EHLO client.example.org").contains("AUTH PLAIN LOGIN"));
    client.dialogue(&[
        ("MAIL FROM:<a@example.com>", "530"),
        ("AUTH PLAIN AGFubgB3cm9uZw==", "535"),
        ("AUTH PLAIN", "334"),
        ("AGFubgBzM2NyZXQvKw==", "235"),
        ("MAIL FROM:<a@example.com>", "250"),
    ]);
    assert_eq!(relay.record().logins().last().unwrap().password, "s3cret/+");
    assert!(relay.url().starts_with("smtp://ann:s3cret%2F%2B@127.0.0.1:"), "{}", relay.url());
    let mut client = Client::connect(&relay);
    client.dialogue(&[("EHLO [127.0.0.1]", "250"), ("AUTH LOGIN", "334"), ("YW5u", "334"), ("czNjcmV0Lys=", "235")]);
}

#[test]
fn starttls_protects_what_follows() {
    let relay = Relay::starttls(Certificate::Good).login("ann", "secret").start();
    let mut tcp = tcp(&relay);
    let mut client = Client(BufReader::new(Box::new(tcp.try_clone().unwrap())));
    client.reply();
    let offer = client.say("EHLO client.example.org");
    assert!(offer.contains("STARTTLS") && !offer.contains("AUTH"), "{offer}");
    assert!(client.say("STARTTLS").starts_with("220"));
    tcp.flush().unwrap();
    let mut client = Client::tls(&relay, tcp).unwrap();
    let offer = client.say("EHLO client.example.org");
    assert!(offer.contains("AUTH") && !offer.contains("STARTTLS"), "{offer}");
    client.dialogue(&[("AUTH PLAIN AGFubgBzZWNyZXQ=", "235")]);
    client.dialogue(&LETTER[1..]);
    let record = relay.record();
    assert!(record.connections[0].tls && record.messages[0].tls && record.logins()[0].tls);
    assert_eq!(record.connections[0].commands.iter().filter(|command| command.tls).count(), 5);
    relay.assert_no_faults();
}

#[test]
fn words_behind_the_starttls_reply_come_in_the_same_breath() {
    let relay = Relay::starttls(Certificate::Good).start();
    relay.rule(on(Step::StartTls).act(Action::Inject(b"250 injected\r\n".to_vec())));
    let mut client = Client::connect(&relay);
    client.dialogue(&[("EHLO client.example.org", "250"), ("STARTTLS", "220")]);
    assert_eq!(client.reply(), "250 injected");
}

#[test]
fn careful_clients_refuse_all_certificates_but_the_good_one() {
    let good = Relay::tls(Certificate::Good).start();
    let mut client = Client::tls(&good, tcp(&good)).unwrap();
    assert!(client.reply().starts_with("220"));
    for (certificate, complaint) in [
        (Certificate::WrongHost, "NotValidForName"),
        (Certificate::Expired, "Expired"),
        (Certificate::SelfSigned, "UnknownIssuer"),
    ] {
        let relay = Relay::tls(certificate).start();
        let error = Client::tls(&relay, tcp(&relay)).err().expect("the certificate must be refused");
        let error = format!("{error:?}");
        assert!(error.contains(complaint), "{certificate:?}: {error}");
        relay.wait_until(|record| record.connections[0].tls_error.is_some());
    }
}
