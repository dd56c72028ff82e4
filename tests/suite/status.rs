//! `letterpress status`: the counts, the rows, and that both are true at any moment.

use std::collections::BTreeMap;

use serde::Deserialize;

use letterpress::ledger::Event;

use crate::journal::Told;
use crate::publication::{Publication, reader};
use crate::relay::{Action, Gate, Relay, Step, on};

/// The counts of `status --json`.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Counts {
    pub(crate) accepted: u64,
    pub(crate) deferred: u64,
    pub(crate) rejected: u64,
    pub(crate) in_doubt: u64,
    pub(crate) withdrawn: u64,
    pub(crate) pending: u64,
    pub(crate) total: u64,
}

/// A line of `status --csv`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) address: String,
    pub(crate) state: String,
    pub(crate) code: String,
    pub(crate) reply: String,
    pub(crate) attempts: u64,
    pub(crate) at: String,
    pub(crate) message_id: String,
    pub(crate) relay: String,
    pub(crate) subject: String,
}

/// What the mailing's status says; the counts must add up.
#[track_caller]
pub(crate) fn counts(letter: &Publication) -> Counts {
    let output = letter.run(["status", "--json"]).code_in(&[0, 4]);
    let counts: Counts = serde_json::from_value(output.json()).unwrap();
    let Counts { accepted, deferred, rejected, in_doubt, withdrawn, pending, total } = counts;
    assert_eq!(accepted + deferred + rejected + in_doubt + withdrawn + pending, total, "{counts:?}");
    counts
}

/// The status of every recipient, by address; it must agree with the counts.
#[track_caller]
pub(crate) fn rows(letter: &Publication) -> BTreeMap<String, Row> {
    let text = letter.run(["status", "--csv"]).code_in(&[0, 4]).stdout;
    assert_eq!(text.lines().next(), Some("address,state,code,reply,attempts,at,message_id,relay,subject"));
    let rows: Vec<Row> = csv::Reader::from_reader(text.as_bytes()).deserialize().map(Result::unwrap).collect();
    let number = |state: &str| rows.iter().filter(|row| row.state == state).count() as u64;
    let counted = Counts {
        accepted: number("accepted"),
        deferred: number("deferred"),
        rejected: number("rejected"),
        in_doubt: number("in_doubt"),
        withdrawn: number("withdrawn"),
        pending: number("pending"),
        total: rows.len() as u64,
    };
    assert_eq!(counted, counts(letter));
    let by_address: BTreeMap<String, Row> = rows.into_iter().map(|row| (row.address.clone(), row)).collect();
    assert_eq!(by_address.len() as u64, counted.total, "one line a recipient");
    by_address
}

#[test]
fn every_recipient_has_a_line_with_what_the_relay_said() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Rcpt).of(&reader(2)).reply("550-5.1.1 No such\n550 5.1.1 user, \"here\""));
    relay.rule(on(Step::Message).of(&reader(3)).reply("451 4.3.0 Greylisted"));
    let letter = Publication::new().article("spring", "Hello").readers(3).relay(&relay);
    letter.run(["send", "--yes"]).code(4);
    let rows = rows(&letter);
    let accepted = &rows[&reader(1)];
    assert_eq!((accepted.state.as_str(), accepted.code.as_str(), accepted.attempts), ("accepted", "250", 1));
    assert_eq!(accepted.subject, "", "there is one subject");
    let rejected = &rows[&reader(2)];
    assert_eq!((rejected.state.as_str(), rejected.code.as_str(), rejected.attempts), ("rejected", "550", 1));
    assert!(rejected.reply.contains("No such") && rejected.reply.contains("user, \"here\""), "{rejected:?}");
    let deferred = &rows[&reader(3)];
    assert_eq!((deferred.state.as_str(), deferred.code.as_str()), ("deferred", "451"));
    assert!(deferred.attempts >= 1 && deferred.reply.contains("Greylisted"), "{deferred:?}");
    for row in rows.values() {
        assert!(row.at.parse::<letterpress::clock::Timestamp>().is_ok(), "{row:?}");
    }
    let taken = &relay.taken()[0];
    let bare = |id: &str| id.trim_matches(['<', '>']).to_owned();
    assert_eq!(bare(&rows[&taken.to[0]].message_id), bare(&taken.header("Message-ID").unwrap()));
}

#[test]
fn a_person_is_told_who_and_why() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Rcpt).of(&reader(1)).reply("550 5.1.1 No such user"));
    relay.rule(on(Step::Message).of(&reader(2)).act(Action::TakeAndClose));
    let letter = Publication::new().article("spring", "Hello").readers(3).relay(&relay);
    letter.run(["send", "--yes"]).code(4);
    let told = letter.run(["status"]).code_in(&[0, 4]);
    told.stdout_has(&reader(1)).stdout_has("No such user").stdout_has(&reader(2)).stdout_has("in doubt");
}

#[test]
fn what_a_relay_says_cannot_command_the_terminal() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Rcpt).of(&reader(1)).reply("550 5.1.1 \u{1b}[2J\u{7}gone\u{202e}"));
    let letter = Publication::new().article("spring", "Hello").readers(2).relay(&relay);
    letter.run(["send", "--yes"]).code(4).nowhere("\u{1b}[2J").nowhere("\u{7}").nowhere("\u{202e}");
    letter.run(["status"]).stdout_has("gone").nowhere("\u{1b}").nowhere("\u{7}").nowhere("\u{202e}");
}

#[test]
fn the_status_is_true_while_the_mailing_runs() {
    let relay = Relay::plain().start();
    let gate = Gate::new();
    relay.rule(on(Step::Message).nth(2).hold(&gate));
    let letter = Publication::new().article("spring", "Hello").readers(3).relay(&relay);
    let running = letter.spawn(["send", "--yes"]);
    gate.wait_reached();
    let now = counts(&letter);
    assert_eq!((now.total, now.rejected, now.deferred, now.withdrawn), (3, 0, 0, 0));
    assert!(now.accepted <= 1, "{now:?}");
    gate.release();
    running.wait().success();
    assert_eq!(counts(&letter), Counts { accepted: 3, total: 3, ..Counts::default() });
}

#[test]
fn a_running_mailing_is_followed_to_its_end() {
    let relay = Relay::plain().start();
    let gate = Gate::new();
    relay.rule(on(Step::Message).nth(2).hold(&gate));
    relay.rule(on(Step::Rcpt).of(&reader(3)).reply("550 5.1.1 No such user"));
    let letter = Publication::new().article("spring", "Hello").readers(3).relay(&relay);
    let running = letter.spawn(["send", "--yes"]);
    gate.wait_reached();
    let watching = letter.spawn(["status", "--watch", "--json"]);
    let worded = letter.spawn(["status", "spring", "--watch"]);
    gate.release();
    running.wait().code(4);
    let lines = watching.wait().code(4).stdout;
    let documents: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = documents.last().unwrap();
    assert_eq!((last["accepted"].as_u64(), last["rejected"].as_u64()), (Some(2), Some(1)), "{lines}");
    assert_eq!(documents.iter().filter(|document| document["running"] == false).count(), 1, "{lines}");
    worded.wait().code(4).stdout_has("rejected for good").stdout_has("No such user");
}

#[test]
fn watching_what_nobody_sends_ends_at_once() {
    let letter = Publication::new().article("spring", "Hello").readers(2).setting("relay.url", "file:outbox");
    letter.run(["send", "--yes"]).success();
    letter.run(["status", "--watch"]).success().stderr_has("Nobody is sending it now").stdout_has("in all");
}

#[test]
fn looking_on_never_keeps_a_mailing_from_being_sent() {
    let letter = Publication::new().article("spring", "Hello").readers(1).setting("relay.url", "file:outbox");
    letter.run(["send", "--yes"]).success();
    for _ in 0..20 {
        let looking: Vec<_> = (0..3).map(|_| letter.spawn(["status", "spring"])).collect();
        letter.run(["send", "spring", "--yes"]).success();
        looking.into_iter().for_each(|looking| drop(looking.wait().success()));
    }
}

#[test]
fn the_relay_of_each_and_the_reason_of_a_doubt_are_told() {
    let letter = Publication::new().article("spring", "Hello").readers(4).setting("relay.url", "file:outbox");
    letter.run(["send", "--yes"]).success();
    Told::anew(&letter)
        .run(&["smtps://one.example.com", "smtps://two.example.com"])
        .sent(0, Event::Accepted, 250, "ok")
        .sent(1, Event::Deferred, 451, "4.3.0 later")
        .relay(2)
        .sent(2, Event::Doubted, 0, "no reply to the end of data in time")
        // Another run numbers its relays anew.
        .run(&["smtps://two.example.com"])
        .sent(1, Event::Accepted, 250, "ok")
        .write(&letter);
    let rows = rows(&letter);
    let relays: Vec<&str> = (1..=4).map(|n| rows[&reader(n)].relay.as_str()).collect();
    assert_eq!(relays, ["smtps://one.example.com", "smtps://two.example.com", "smtps://two.example.com", ""]);
    assert_eq!(rows[&reader(2)].attempts, 2);
    letter.run(["status"]).code(4).stdout_has("reader3@example.org  no reply to the end of data in time");
    let listed = letter.run(["settle"]).code(4);
    listed.stdout_has("smtps://two.example.com").stdout_has("no reply to the end of data in time");
}
