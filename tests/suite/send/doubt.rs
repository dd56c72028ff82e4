//! The end of a message was sent and the answer never came: the one case that only a person can settle.

use super::{SEND, everyone, letter};
use crate::publication::{Publication, reader};
use crate::relay::{Action, Gate, Message, Relay, Step, on};
use crate::status::{Counts, counts, rows};

/// A mailing to three readers, the second of which is in doubt; what the relay saw of him.
fn in_doubt(relay: &Relay, action: Action) -> (Publication, Message) {
    relay.rule(on(Step::Message).of(&reader(2)).act(action));
    let letter = letter(relay, 3);
    letter.run(SEND).code(4).stderr_has("in-doubt");
    relay.forget_rules();
    // Whoever was not reached after the connection broke is sent to now; the reader in doubt is not.
    letter.run(SEND).code(4);
    assert_eq!(counts(&letter), Counts { accepted: 2, in_doubt: 1, total: 3, ..Counts::default() });
    assert_eq!(rows(&letter)[&reader(2)].state, "in_doubt");
    let mut offered = relay.record().messages.into_iter().filter(|message| message.to == [reader(2)]);
    let message = offered.next().unwrap();
    assert!(offered.next().is_none(), "it is not sent again unasked");
    (letter, message)
}

#[test]
fn a_message_without_an_answer_is_in_doubt_and_sent_again_only_when_asked() {
    for action in [Action::TakeAndClose, Action::Close, Action::Reset, Action::Raw(b"what?\r\n".to_vec())] {
        let told = format!("{action:?}");
        let relay = Relay::plain().start();
        let (letter, first) = in_doubt(&relay, action);
        letter.run(["send", "--yes", "--resend-in-doubt"]).success();
        let again = relay.record().messages.pop().unwrap();
        assert_eq!(again.to, [reader(2)], "{told}");
        assert_eq!(again.header("Message-ID"), first.header("Message-ID"), "{told}");
        assert_eq!(again.bytes, first.bytes, "{told}");
        assert_eq!(counts(&letter), Counts { accepted: 3, total: 3, ..Counts::default() });
    }
}

#[test]
fn a_doubt_can_be_settled_without_sending() {
    let relay = Relay::plain().start();
    let (letter, _) = in_doubt(&relay, Action::TakeAndClose);
    let before = relay.record().messages.len();
    letter.run(["send", "--yes", "--accept-in-doubt"]).success();
    assert_eq!(relay.record().messages.len(), before);
    assert_eq!(relay.taken_by(), everyone(3));
    assert_eq!(counts(&letter), Counts { accepted: 3, total: 3, ..Counts::default() });
    letter.run(SEND).success();
    assert_eq!(relay.record().messages.len(), before);
}

#[test]
fn both_ways_to_settle_a_doubt_at_once_are_a_usage_error() {
    let relay = Relay::plain().start();
    letter(&relay, 1).run(["send", "--yes", "--accept-in-doubt", "--resend-in-doubt"]).code(2);
}

#[test]
fn after_a_kill_those_in_flight_are_in_doubt_and_nobody_else() {
    let relay = Relay::plain().start();
    let gate = Gate::new();
    relay.rule(on(Step::Message).nth(4).hold(&gate));
    let letter = letter(&relay, 8);
    let running = letter.spawn(SEND);
    gate.wait_reached();
    running.kill();
    let held = relay.record().messages[3].to.clone();
    gate.release();
    relay.wait_until(|record| record.messages[3].taken && record.open() == 0);

    letter.run(SEND).code(4);
    let rows = rows(&letter);
    let doubtful: Vec<&String> = rows.values().filter(|row| row.state == "in_doubt").map(|row| &row.address).collect();
    assert!(doubtful.contains(&&held[0]), "{held:?} is in doubt: {doubtful:?}");
    // Claims that were durable and not yet sent, and answers that were not yet durable, are doubts too: at most a window's
    // worth, and never a second copy.
    assert!(doubtful.len() <= 8, "{rows:?}");
    assert!(rows.values().all(|row| ["accepted", "in_doubt"].contains(&row.state.as_str())), "{rows:?}");
    let taken = relay.taken_by();
    let has_it = |address: &String| taken.iter().filter(|taken| *taken == address).count();
    assert!(rows.values().all(|row| has_it(&row.address) == 1 || row.state == "in_doubt"), "{rows:?}");
    assert!(rows.keys().all(|address| has_it(address) <= 1), "{taken:?}");
    letter.run(["send", "--yes", "--accept-in-doubt"]).success();
    assert_eq!(relay.taken_by(), taken);
}

#[test]
fn a_kill_before_the_end_of_a_message_leaves_no_second_copy_either() {
    for step in [Step::Greeting, Step::Hello, Step::Mail, Step::Rcpt, Step::Data] {
        let relay = Relay::plain().start();
        let gate = Gate::new();
        relay.rule(on(step).nth(1).hold(&gate));
        let letter = letter(&relay, 3);
        let running = letter.spawn(SEND);
        gate.wait_reached();
        running.kill();
        relay.forget_rules();
        letter.run(SEND).code_in(&[0, 4]);
        letter.run(["send", "--yes", "--resend-in-doubt"]).success();
        assert_eq!(relay.taken_by(), everyone(3), "killed at {step:?}");
    }
}

/// The second message is answered after the interruption. Should the program be at the third by then, it waits for
/// that answer no longer than its deadline; in either case it knows what it did.
#[cfg(unix)]
#[test]
fn an_interruption_leaves_the_ledger_exact() {
    let relay = Relay::plain().start();
    let (second, third) = (Gate::new(), Gate::new());
    relay.rule(on(Step::Message).nth(2).hold(&second));
    relay.rule(on(Step::Message).nth(3).hold(&third));
    let letter = letter(&relay, 4).setting("relay.timeout", "5s");
    let running = letter.spawn(SEND);
    second.wait_reached();
    running.interrupt();
    second.release();
    running.wait().code(130);
    let counts = counts(&letter);
    assert!(counts.accepted + counts.in_doubt >= 2 && counts.in_doubt <= 1 && counts.rejected == 0, "{counts:?}");
    relay.forget_rules();
    relay.wait_until(|record| record.open() == 0);
    letter.run(["send", "--yes", "--accept-in-doubt"]).success();
    assert_eq!(relay.taken_by(), everyone(4));
}

/// The relay never answers the messages on their way, so that only the second interruption can end the run.
#[cfg(unix)]
#[test]
fn a_second_interruption_stops_at_once_and_the_ledger_is_right() {
    let relay = Relay::plain().chunking().start();
    let gate = Gate::new();
    relay.rule(on(Step::Message).nth(3).hold(&gate));
    let letter = letter(&relay, 20);
    let running = letter.spawn(SEND);
    gate.wait_reached();
    running.interrupt();
    running.wait_for_stderr("interrupt again to stop at once");
    running.interrupt();
    running.wait().code(130).stderr_has("Stopped at once");
    let counts = counts(&letter);
    assert!((1..=8).contains(&counts.in_doubt) && counts.accepted <= 2, "{counts:?}");
    relay.forget_rules();
    relay.wait_until(|record| record.open() == 0);
    letter.run(["send", "--yes", "--accept-in-doubt"]).success();
    let taken = relay.taken_by();
    assert!(taken.windows(2).all(|two| two[0] != two[1]), "nobody has it twice: {taken:?}");
}

#[test]
fn a_relay_that_asks_to_slow_down_gets_less_and_it_is_said() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Mail).nth(5).times(1).reply("451 4.7.0 Too fast"));
    let letter = letter(&relay, 10).setting("relay.rate", "100/s");
    letter.run(SEND).code(4).stderr_has("asks to slow down (451 4.7.0 Too fast)").stderr_has("50.0/s");
    assert_eq!(counts(&letter), Counts { accepted: 9, deferred: 1, total: 10, ..Counts::default() });
}

#[test]
fn a_relay_that_knows_a_repeated_message_is_handed_it_again_unasked() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Message).of(&reader(2)).act(Action::TakeAndClose));
    let letter = letter(&relay, 3).setting("relay.idempotency_header", "Idempotency-Key");
    letter.run(SEND).code(4);
    relay.forget_rules();
    letter.run(SEND).success().stderr_has("the relay knows what it was handed");
    let copies: Vec<Message> = relay.taken().into_iter().filter(|message| message.to == [reader(2)]).collect();
    assert_eq!(copies.len(), 2);
    let key = |message: &Message| message.header("Idempotency-Key").unwrap();
    assert_eq!(key(&copies[0]), key(&copies[1]), "the relay keeps one of them");
    assert_eq!(copies[0].bytes, copies[1].bytes);
    let others = relay.taken().into_iter().filter(|message| message.to != [reader(2)]);
    assert!(others.into_iter().all(|message| key(&message) != key(&copies[0])));
}

#[test]
fn another_relay_does_not_know_what_the_first_was_handed() {
    let (relay, other) = (Relay::plain().start(), Relay::plain().start());
    relay.rule(on(Step::Message).of(&reader(2)).act(Action::TakeAndClose));
    let letter = letter(&relay, 3).setting("relay.idempotency_header", "Idempotency-Key");
    letter.run(SEND).code(4);
    letter.relay(&other).run(SEND).code(4);
    assert!(other.taken().iter().all(|message| message.to != [reader(2)]));
}
