//! A relay that is silent holds nobody for ever: every step has its deadline.

use super::{SEND, everyone, letter, publication};
use crate::relay::{Certificate, Gate, Relay, Step, on};
use crate::status::{Counts, counts};

#[test]
fn silence_before_the_end_of_a_message_costs_nobody_a_copy() {
    for step in [Step::Greeting, Step::Hello, Step::StartTls, Step::Auth, Step::Mail, Step::Rcpt, Step::Data] {
        let relay = Relay::starttls(Certificate::Good).login("ann", "secret").start();
        relay.rule(on(step).hold(&Gate::new()));
        let letter = letter(&relay, 2).setting("relay.timeout", "1s");
        letter.run(SEND).code_in(&[1, 4]);
        let counts = counts(&letter);
        assert_eq!((counts.accepted, counts.rejected, counts.in_doubt), (0, 0, 0), "{step:?}: {counts:?}");
        relay.forget_rules();
        letter.run(SEND).success();
        assert_eq!(relay.taken_by(), everyone(2), "{step:?}");
    }
}

#[test]
fn silence_after_the_end_of_a_message_is_a_doubt() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Message).hold(&Gate::new()));
    let letter = letter(&relay, 1).setting("relay.timeout", "1s");
    letter.run(SEND).code(4);
    assert_eq!(counts(&letter), Counts { in_doubt: 1, total: 1, ..Counts::default() });
}

#[test]
fn silence_at_goodbye_changes_nothing() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Quit).hold(&Gate::new()));
    letter(&relay, 2).setting("relay.timeout", "1s").run(SEND).success();
    assert_eq!(relay.taken_by(), everyone(2));
}

#[test]
fn a_handshake_that_is_never_answered_ends() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Greeting).hold(&Gate::new()));
    let url = relay.url_with("smtps", "");
    publication(1).setting("relay.timeout", "1s").run(["send", "--yes", "--relay", &url]).code_in(&[1, 4]);
    assert!(relay.record().messages.is_empty());
}
