//! Several messages on a connection, several connections to a relay: nothing is lost, doubled or mixed up between them.

use super::{SEND, everyone, letter};
use crate::publication::reader;
use crate::relay::{Action, Gate, Relay, Step, on};
use crate::status::{Counts, counts, rows};

#[test]
fn where_the_relay_chunks_messages_follow_one_another_without_waiting() {
    let relay = Relay::plain().chunking().start();
    let letter = letter(&relay, 40);
    letter.run(SEND).success();
    assert_eq!(relay.taken_by(), everyone(40));
    relay.assert_no_faults();
    let most = relay.record().most_in_flight();
    assert!((2..=8).contains(&most), "{most} in flight");
    assert_eq!(relay.record().connections[0].count("BDAT"), 40);
}

#[test]
fn the_window_is_what_the_settings_say() {
    let relay = Relay::plain().chunking().start();
    letter(&relay, 20).setting("relay.window", 3).run(SEND).success();
    let most = relay.record().most_in_flight();
    assert!((2..=3).contains(&most), "{most} in flight");
}

#[test]
fn without_pipelining_one_thing_is_said_at_a_time() {
    let relay = Relay::plain().keywords(&["SIZE 10485760", "CHUNKING"]).start();
    letter(&relay, 10).run(SEND).success();
    assert_eq!(relay.taken_by(), everyone(10));
    relay.assert_no_faults();
    assert_eq!(relay.record().most_in_flight(), 1);
}

#[test]
fn what_is_refused_in_the_middle_of_a_window_is_told_apart() {
    for chunking in [true, false] {
        let relay = if chunking { Relay::plain().chunking() } else { Relay::plain() }.start();
        relay.rule(on(Step::Rcpt).of(&reader(3)).reply("550 5.1.1 No such user"));
        relay.rule(on(Step::Message).of(&reader(5)).reply("552 5.2.2 Mailbox full"));
        relay.rule(on(Step::Message).of(&reader(6)).reply("451 4.3.0 Try later"));
        relay.rule(on(Step::Rcpt).of(&reader(8)).reply("450 4.2.1 Greylisted"));
        let letter = letter(&relay, 10);
        letter.run(SEND).code(4);
        relay.assert_no_faults();
        assert_eq!(counts(&letter), Counts { accepted: 6, rejected: 2, deferred: 2, total: 10, ..Counts::default() });
        let rows = rows(&letter);
        let told = |n: usize| (rows[&reader(n)].state.as_str(), rows[&reader(n)].reply.as_str());
        assert_eq!(told(3), ("rejected", "5.1.1 No such user"));
        assert_eq!(told(5), ("rejected", "5.2.2 Mailbox full"));
        assert_eq!(told(6), ("deferred", "4.3.0 Try later"));
        assert_eq!(told(8), ("deferred", "4.2.1 Greylisted"));
        assert_eq!(relay.connections(), 1, "a refusal costs no connection");
    }
}

/// Refused as spam, say: that stops the mailing, and the answers to the rest of the window still belong to whom they answer.
#[test]
fn a_refusal_of_us_at_the_end_of_a_message_leaves_every_other_answer_its_own() {
    for chunking in [true, false] {
        let relay = if chunking { Relay::plain().chunking() } else { Relay::plain() }.start();
        let gate = Gate::new();
        relay.rule(on(Step::Message).of(&reader(1)).hold(&gate));
        relay.rule(on(Step::Message).of(&reader(3)).reply("554 5.7.1 Looks like spam"));
        relay.rule(on(Step::Message).of(&reader(5)).reply("552 5.2.2 Mailbox full"));
        let letter = letter(&relay, 30);
        let running = letter.spawn(SEND);
        gate.wait_reached();
        gate.release();
        running.wait().code(1);
        let rows = rows(&letter);
        let taken = relay.taken_by();
        for row in rows.values() {
            let state = if taken.contains(&row.address) { "accepted" } else { "pending" };
            let full = row.address == reader(5) && row.state == "rejected";
            assert!(row.state == state || full, "{chunking}: {} is {}", row.address, row.state);
        }
        assert_eq!(rows[&reader(3)].state, "pending");
        assert!(!chunking || rows[&reader(5)].state == "rejected", "it was in the window of reader 3");
        relay.forget_rules();
        letter.run(SEND);
        let mut once = relay.taken_by();
        once.dedup();
        assert_eq!(once, relay.taken_by(), "nobody has two copies");
    }
}

#[test]
fn a_relay_that_closes_with_421_in_the_middle_of_a_window_costs_nobody_a_copy() {
    for step in [Step::Mail, Step::Rcpt, Step::Message] {
        let relay = Relay::plain().chunking().start();
        relay.rule(on(step).nth(4).reply("421 4.3.2 Going down"));
        let letter = letter(&relay, 10);
        letter.run(SEND).code(4);
        let counts = counts(&letter);
        assert_eq!((counts.accepted, counts.deferred), (9, 1), "{step:?}: {counts:?}");
        letter.run(SEND).success();
        assert_eq!(relay.taken_by(), everyone(10), "{step:?}");
    }
}

/// A window that goes out to a relay which hangs up on newcomers would be in doubt as a whole.
#[test]
fn a_relay_that_hangs_up_before_it_answered_anything_leaves_nobody_in_doubt() {
    for action in [Action::Close, Action::Reset] {
        let relay = Relay::plain().chunking().start();
        relay.rule(on(Step::Mail).act(action));
        let letter = letter(&relay, 30);
        letter.run(SEND).code(4);
        let counts = counts(&letter);
        assert_eq!((counts.in_doubt, counts.accepted), (0, 0), "{counts:?}");
        relay.forget_rules();
        letter.run(SEND).success();
        assert_eq!(relay.taken_by(), everyone(30));
    }
}

/// A relay that closes without having read what else was sent to it resets the connection: it said before that it takes
/// nothing more. On a busy machine its words may be lost with the connection, so that it must be tried more than once.
#[test]
fn a_relay_that_closes_with_421_and_reads_nothing_more_leaves_nobody_in_doubt() {
    for step in [Step::Mail, Step::Rcpt, Step::Message] {
        let heard = (0..20).any(|_| hears_421_before_a_reset(step));
        assert!(heard, "{step:?}: the 421 never came");
    }
}

/// Whether the 421 came; then nobody may be in doubt.
fn hears_421_before_a_reset(step: Step) -> bool {
    let relay = Relay::plain().chunking().start();
    relay.rule(on(step).nth(4).act(Action::ReplyAndReset("421 4.3.2 Going down".to_owned())));
    let letter = letter(&relay, 10);
    letter.run(SEND).code(4);
    let counts = counts(&letter);
    let heard = rows(&letter).values().any(|row| row.code == "421");
    if heard {
        assert_eq!((counts.accepted, counts.deferred), (9, 1), "{step:?}: {counts:?}");
        letter.run(SEND).success();
        assert_eq!(relay.taken_by(), everyone(10), "{step:?}");
    } else {
        assert!((1..=8).contains(&counts.in_doubt), "{step:?}: {counts:?}");
    }
    heard
}

#[test]
fn a_connection_lost_in_the_middle_of_a_window_leaves_in_doubt_only_what_was_on_its_way() {
    for action in [Action::TakeAndClose, Action::Close, Action::Reset] {
        let told = format!("{action:?}");
        let relay = Relay::plain().chunking().start();
        relay.rule(on(Step::Message).nth(5).act(action));
        let letter = letter(&relay, 30);
        letter.run(SEND).code(4);
        let counts = counts(&letter);
        assert!((1..=8).contains(&counts.in_doubt), "{told}: {counts:?}");
        assert_eq!(counts.accepted + counts.in_doubt, 30, "{told}: {counts:?}");
        let taken = relay.taken_by();
        for row in rows(&letter).values() {
            let copies = taken.iter().filter(|address| **address == row.address).count();
            let may_be = if row.state == "in_doubt" { 0..=1 } else { 1..=1 };
            assert!(may_be.contains(&copies), "{told}: {} has {copies}", row.address);
        }
    }
}

#[test]
fn never_more_connections_than_configured() {
    let relay = Relay::plain().start();
    let gate = Gate::new();
    relay.rule(on(Step::Message).hold(&gate));
    let letter = letter(&relay, 30).setting("relay.connections", 3);
    let running = letter.spawn(SEND);
    relay.wait_until(|record| record.open() == 3);
    gate.wait_reached();
    relay.forget_rules();
    running.wait().success();
    assert_eq!(relay.record().most_open, 3);
    assert_eq!(relay.connections(), 3);
    assert_eq!(relay.taken_by(), everyone(30));
    relay.assert_no_faults();
}

#[test]
fn the_command_line_says_how_many_connections() {
    let relay = Relay::plain().start();
    letter(&relay, 8).setting("relay.connections", 3).run(["send", "--yes", "--connections", "1"]).success();
    assert_eq!(relay.connections(), 1);
}

#[test]
fn a_connection_takes_so_many_messages_and_ends_in_good_order() {
    for chunking in [true, false] {
        let relay = if chunking { Relay::plain().chunking() } else { Relay::plain() }.start();
        letter(&relay, 5).setting("relay.messages_per_connection", 2).run(SEND).success();
        assert_eq!(relay.taken_by(), everyone(5));
        let record = relay.wait_until(|record| record.open() == 0);
        assert_eq!(record.connections.len(), 3);
        assert!(record.connections.iter().all(|connection| connection.verbs().last() == Some(&"QUIT")));
    }
}

#[test]
fn a_relay_that_takes_no_message_of_that_size_stops_the_mailing() {
    let relay = Relay::plain().keywords(&["PIPELINING", "SIZE 1000"]).start();
    let letter = letter(&relay, 3);
    letter.run(SEND).code(1).stderr_has("at most 1000 octets");
    assert_eq!(counts(&letter), Counts { pending: 3, total: 3, ..Counts::default() });
    assert!(relay.record().messages.is_empty());
}

/// With TLS the window works as without.
#[test]
fn chunks_go_over_tls_too() {
    let relay = Relay::starttls(crate::relay::Certificate::Good).chunking().start();
    letter(&relay, 20).run(SEND).success();
    assert_eq!(relay.taken_by(), everyone(20));
    assert!(relay.record().most_in_flight() > 1);
    relay.assert_no_faults();
}
