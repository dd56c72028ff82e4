//! What the relay says decides what is recorded, and what is recorded decides what the next run does.

use super::{SEND, everyone, letter, publication};
use crate::publication::reader;
use crate::relay::{Action, Relay, Step, on};
use crate::status::{Counts, counts, rows};

#[test]
fn everyone_gets_one_and_a_second_run_sends_no_more() {
    let relay = Relay::plain().start();
    let letter = letter(&relay, 20);
    letter.run(SEND).success();
    assert_eq!(relay.taken_by(), everyone(20));
    assert_eq!(relay.connections(), 1, "one connection carries many messages");
    let record = relay.wait_until(|record| record.open() == 0);
    assert_eq!(record.connections[0].verbs().last(), Some(&"QUIT"));
    for message in &record.messages {
        assert_eq!(message.from, "letters@example.com");
        assert!(message.header("To").unwrap().ends_with(&format!("<{}>", message.to[0])), "{message:?}");
    }
    relay.assert_no_faults();
    assert_eq!(counts(&letter), Counts { accepted: 20, total: 20, ..Counts::default() });

    letter.run(SEND).success();
    assert_eq!(relay.taken().len(), 20);
}

#[test]
fn a_reader_without_a_mailbox_does_not_cost_the_others_their_connection() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Rcpt).of(&reader(2)).reply("550 5.1.1 No such user"));
    relay.rule(on(Step::Message).of(&reader(4)).reply("550 5.2.1 Mailbox disabled"));
    let letter = letter(&relay, 5);
    letter.run(SEND).code(4).stderr_has("2");
    assert_eq!(relay.taken_by(), [reader(1), reader(3), reader(5)]);
    let record = relay.record();
    assert_eq!(record.connections.len(), 1);
    assert!(record.connections[0].count("RSET") >= 1, "{:?}", record.connections[0].verbs());
    relay.assert_no_faults();
    assert_eq!(counts(&letter), Counts { accepted: 3, rejected: 2, total: 5, ..Counts::default() });

    relay.forget_rules();
    letter.run(SEND).code(4);
    assert_eq!(relay.record().messages.len(), 4, "a rejected reader is not tried again");
}

#[test]
fn whom_the_relay_defers_gets_the_same_message_later() {
    for step in [Step::Rcpt, Step::Data, Step::Message] {
        let relay = Relay::plain().start();
        relay.rule(on(step).of(&reader(2)).reply("450 4.2.1 Not now"));
        let letter = letter(&relay, 3);
        letter.run(SEND).code(4);
        assert_eq!(relay.taken_by(), [reader(1), reader(3)], "{step:?}");
        assert_eq!(counts(&letter), Counts { accepted: 2, deferred: 1, total: 3, ..Counts::default() });
        relay.forget_rules();
        letter.run(SEND).success();
        assert_eq!(relay.taken_by(), everyone(3), "{step:?}");
        let copies: Vec<Vec<u8>> = relay
            .record()
            .messages
            .into_iter()
            .filter(|message| message.to == [reader(2)])
            .map(|message| message.bytes)
            .collect();
        assert!(copies.windows(2).all(|two| two[0] == two[1]), "every try is the same, byte for byte");
        relay.assert_no_faults();
    }
}

#[test]
fn what_is_sealed_stays_as_it_was() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Message).of(&reader(2)).reply("450 4.2.1 Not now"));
    let letter = letter(&relay, 2);
    letter.run(SEND).code(4);
    relay.forget_rules();
    let letter = letter.article("spring", "Something else.").reader("late@example.org", "Late");
    letter.run(SEND).success();
    assert_eq!(relay.taken_by(), everyone(2));
    let messages = relay.record().messages;
    let to_second: Vec<_> = messages.iter().filter(|message| message.to == [reader(2)]).collect();
    assert!(to_second.len() >= 2 && to_second[0].bytes == to_second[to_second.len() - 1].bytes);
}

#[test]
fn what_is_sealed_stays_so_when_the_settings_change() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Message).of(&reader(2)).reply("450 4.2.1 Not now"));
    let letter = letter(&relay, 2);
    letter.run(SEND).code(4);
    relay.forget_rules();
    let letter = letter
        .setting("publication.list_id", "other.example.com")
        .setting("publication.name", "Another")
        .setting("unsubscribe.url", "https://example.net/leave/{token}");
    letter.run(SEND).success();
    let messages = relay.record().messages;
    let to_second: Vec<_> = messages.iter().filter(|message| message.to == [reader(2)]).collect();
    assert_eq!(to_second[0].bytes, to_second[to_second.len() - 1].bytes);
    let id = to_second[0].header("Message-ID").unwrap();
    assert!(rows(&letter)[&reader(2)].message_id.contains(id.trim_matches(['<', '>'])));
}

#[test]
fn a_relay_that_goes_down_costs_nobody_a_copy() {
    for step in [Step::Mail, Step::Rcpt, Step::Data, Step::Message] {
        let relay = Relay::plain().start();
        relay.rule(on(step).nth(3).act(Action::ReplyAndClose("421 4.3.2 Going down".into())));
        let letter = letter(&relay, 6);
        letter.run(SEND).code_in(&[0, 4]);
        let counts = counts(&letter);
        assert_eq!((counts.rejected, counts.in_doubt), (0, 0), "{step:?}: {counts:?}");
        letter.run(SEND).success();
        assert_eq!(relay.taken_by(), everyone(6), "{step:?}");
        relay.assert_no_faults();
    }
}

#[test]
fn a_connection_lost_before_the_end_of_the_message_is_no_doubt() {
    for action in [Action::Close, Action::Reset] {
        for step in [Step::Greeting, Step::Hello, Step::Mail, Step::Rcpt, Step::Data] {
            let relay = Relay::plain().start();
            relay.rule(on(step).times(1).act(action.clone()));
            let letter = letter(&relay, 2);
            letter.run(SEND).code_in(&[0, 1, 4]);
            let counts = counts(&letter);
            assert_eq!((counts.rejected, counts.in_doubt), (0, 0), "{action:?} at {step:?}: {counts:?}");
            letter.run(SEND).success();
            assert_eq!(relay.taken_by(), everyone(2), "{action:?} at {step:?}");
        }
    }
}

#[test]
fn what_concerns_all_readers_stops_the_mailing_and_marks_nobody() {
    for (step, reply) in [
        (Step::Greeting, "554 5.7.1 You are on a list"),
        (Step::Hello, "550 5.7.1 Not you"),
        (Step::Auth, "535 5.7.8 Authentication credentials invalid"),
        (Step::Mail, "550 5.1.8 Sender refused"),
        (Step::Mail, "530 5.7.0 Authentication required"),
        (Step::Rcpt, "554 5.7.1 Relay access denied"),
        (Step::Message, "550 5.7.1 Message refused by policy"),
    ] {
        let relay = Relay::plain().login("ann", "secret").start();
        relay.rule(on(step).reply(reply));
        let letter = letter(&relay, 3);
        letter.run(SEND).code(1).stderr_has(&reply[..3]);
        let counts = counts(&letter);
        assert_eq!((counts.accepted, counts.rejected, counts.in_doubt), (0, 0, 0), "{reply}: {counts:?}");
        assert_eq!(relay.connections(), 1, "{reply}: it is not tried again and again");
        // The next envelope may be on its way already, with the content that is refused.
        assert!(relay.record().connections[0].count("RCPT") <= 2, "{reply}");
        relay.forget_rules();
        letter.run(SEND).success();
        assert_eq!(relay.taken_by(), everyone(3), "{reply}");
    }
}

#[test]
fn a_relay_that_is_not_there_is_said_and_costs_nothing() {
    let relay = Relay::plain().start();
    let gone = Relay::plain().start();
    let url = gone.url();
    drop(gone);
    let letter = letter(&relay, 2);
    letter.run(["send", "--yes", "--relay", &url]).code_in(&[1, 4]).stderr_has("127.0.0.1");
    letter.run(SEND).success();
    assert_eq!(relay.taken_by(), everyone(2));
}

#[test]
fn legal_replies_of_every_form_are_understood() {
    let forms = [
        ("250", Action::Reply("250".into())),
        ("250 ", Action::Reply("250 ".into())),
        ("several lines", Action::Reply("250-2.0.0 one\n250-2.0.0 two\n250 2.0.0 three".into())),
        ("byte by byte", Action::Bytewise(Some("250-2.0.0 one\n250 2.0.0 two".into()))),
        ("another code", Action::Reply("251 2.1.5 Will forward".into())),
        ("8-bit text", Action::Reply("250 2.0.0 Zoë".into())),
    ];
    for (form, action) in forms {
        let relay = Relay::plain().start();
        for step in [Step::Mail, Step::Rcpt, Step::Message, Step::Rset, Step::Quit] {
            relay.rule(on(step).act(action.clone()));
        }
        relay.rule(on(Step::Data).act(Action::Bytewise(Some("354-go\n354 ahead".into()))));
        relay.rule(on(Step::Greeting).act(Action::Bytewise(Some("220-welcome\n220".into()))));
        let letter = letter(&relay, 3);
        letter.run(SEND).success();
        assert_eq!(relay.taken_by(), everyone(3), "{form}");
        relay.assert_no_faults();
    }
}

#[test]
fn a_relay_with_no_extensions_at_all_is_enough() {
    let relay = Relay::plain().keywords(&[]).start();
    let letter = letter(&relay, 3);
    letter.run(SEND).success();
    assert_eq!(relay.taken_by(), everyone(3));
    relay.assert_no_faults();
}

#[test]
fn replies_that_are_none_mark_nobody() {
    let garbage = [
        Action::Raw(b"\xff\xfe\0garbage\r\n".to_vec()),
        Action::Raw(b"2\r\n".to_vec()),
        Action::Raw(b"999 what\r\n".to_vec()),
        Action::Raw([b"250 ".as_slice(), &b"x".repeat(1 << 20), b"\r\n"].concat()),
        Action::Raw(b"250-one\r\n550 two\r\n".to_vec()),
        Action::Endless,
    ];
    for action in garbage {
        let relay = Relay::plain().start();
        relay.rule(on(Step::Rcpt).act(action));
        let letter = letter(&relay, 2).setting("relay.timeout", "1s");
        letter.run(SEND).code_in(&[1, 4]);
        let counts = counts(&letter);
        assert_eq!((counts.accepted, counts.rejected, counts.in_doubt), (0, 0, 0), "{counts:?}");
        relay.forget_rules();
        letter.run(SEND).success();
        assert_eq!(relay.taken_by(), everyone(2));
    }
}

#[test]
fn who_leaves_between_two_runs_is_withdrawn() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Rcpt).reply("450 4.2.1 Not now"));
    let letter = letter(&relay, 3);
    letter.run(SEND).code(4);
    letter.run(["subscribers", "remove", &reader(2)]).success();
    relay.forget_rules();
    letter.run(SEND).success();
    assert_eq!(relay.taken_by(), [reader(1), reader(3)]);
    assert_eq!(counts(&letter), Counts { accepted: 2, withdrawn: 1, total: 3, ..Counts::default() });
    assert_eq!(rows(&letter)[&reader(2)].state, "withdrawn");
}

#[test]
fn a_mailing_to_files_leaves_one_message_for_each_reader() {
    let letter = publication(5).setting("relay.url", "file:out");
    letter.run(SEND).success();
    let files = letter.files("out");
    assert_eq!(files.len(), 5, "{files:?}");
    let readers = everyone(5).into_iter().map(|address| (address, Vec::new())).collect();
    let letters = crate::referee::examine(&letter.path().join("out"), &readers);
    assert!(letters.iter().all(|letter| letter.subject == "spring"));
    letter.run(SEND).success();
    assert_eq!(letter.files("out"), files);
    assert_eq!(counts(&letter), Counts { accepted: 5, total: 5, ..Counts::default() });
}
