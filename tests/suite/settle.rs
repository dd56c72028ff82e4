//! `letterpress settle`: doubts end by evidence or by word, and otherwise stay.

use crate::publication::{Output, Publication, reader};
use crate::relay::{Action, Relay, Step, on};
use crate::status::{Counts, counts, rows};

/// What a Postfix would have logged; `@READERn@` stands for a Message-ID.
const LOG: &str = include_str!("settle.log");
/// 22 November 2026, 23:30:00 UTC: the time of all attempts.
const NOW: &str = "1795390200";

fn at_once(letter: &Publication, arguments: &[&str]) -> Output {
    letter.command(arguments).env("SOURCE_DATE_EPOCH", NOW).run()
}

/// A mailing to five readers of whom the second, third and fourth are in doubt, and the log beside it.
fn in_doubt(relay: &Relay) -> Publication {
    for n in [2, 3, 4] {
        relay.rule(on(Step::Message).of(&reader(n)).act(Action::TakeAndClose));
    }
    let letter = Publication::new().article("spring", "Hello").readers(5).relay(relay);
    // A lost connection may put those after it off.
    for _ in 0..4 {
        at_once(&letter, &["send", "--yes"]).code(4);
    }
    let rows = rows(&letter);
    let mut log = LOG.to_owned();
    for n in 1..=5 {
        log = log.replace(&format!("@READER{n}@"), rows[&reader(n)].message_id.trim_matches(['<', '>']));
    }
    assert_eq!(counts(&letter), Counts { accepted: 2, in_doubt: 3, total: 5, ..Counts::default() });
    relay.forget_rules();
    letter.file("mail.log", log)
}

const SETTLE: [&str; 4] = ["settle", "spring", "--relay-log", "mail.log"];

#[test]
fn a_log_tells_who_has_it_and_who_has_not() {
    let relay = Relay::plain().start();
    let letter = in_doubt(&relay);
    let dry = at_once(&letter, &[&SETTLE[..], &["--dry-run"]].concat()).success();
    assert!(dry.stderr.contains("Would settle 3 doubts: 1 has it, 2 are owed a copy."), "{dry:?}");
    at_once(&letter, &SETTLE).code(5).stderr_has("Add --yes");
    assert_eq!(counts(&letter).in_doubt, 3, "nothing is recorded unasked");
    let json = at_once(&letter, &[&SETTLE[..], &["--yes", "--json"]].concat()).success().json();
    let readers: Vec<(&str, &str, &str)> = json["readers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reader| ["address", "verdict", "evidence"].map(|key| reader[key].as_str().unwrap()).into())
        .collect();
    let expected = [
        (reader(2), "accept", "relay log: taken as 2B3C4D5E6F"),
        (reader(3), "resend", "relay log: 3C4D5E6F7A came in and was never queued"),
        (reader(4), "resend", "relay log: it never came in"),
    ];
    assert_eq!(readers, expected.each_ref().map(|(address, verdict, why)| (address.as_str(), *verdict, *why)));
    let states = rows(&letter);
    assert_eq!(states[&reader(2)].state, "accepted");
    assert_eq!(states[&reader(2)].reply, "relay log: taken as 2B3C4D5E6F");
    assert_eq!((states[&reader(3)].state.as_str(), states[&reader(4)].state.as_str()), ("pending", "pending"));
    let before = relay.record().messages.len();
    letter.run(["send", "--yes"]).success();
    let again: Vec<_> = relay.record().messages[before..].iter().map(|message| message.to[0].clone()).collect();
    assert_eq!(again, [reader(3), reader(4)], "and nobody else is sent to again");
}

#[test]
fn a_log_that_is_not_whole_leaves_doubt_where_it_proves_nothing() {
    let relay = Relay::plain().start();
    let letter = in_doubt(&relay);
    let log = letter.read("mail.log");
    // Without its end nothing is known of the two that are not in it; without its first lines nothing of the fourth.
    let short: String = log.lines().filter(|line| !line.contains("anvil")).map(|line| format!("{line}\n")).collect();
    let late: String = log.lines().skip(2).map(|line| format!("{line}\n")).collect();
    let other: String =
        log.lines().filter(|line| !line.contains("4D5E6F7A8B")).map(|line| format!("{line}\n")).collect();
    for (log, left, why) in [(short, 2, "doesn't cover"), (late, 1, "doesn't cover"), (other, 1, "another relay's")] {
        std::fs::write(letter.path().join("part.log"), log).unwrap();
        let told = at_once(&letter, &["settle", "--relay-log", "part.log", "--dry-run"]).code(4).stdout_has(why);
        assert!(told.stderr.contains(&format!("{left} in doubt.")), "{told:?}");
    }
}

#[test]
fn a_word_settles_all_or_some() {
    let relay = Relay::plain().start();
    let letter = in_doubt(&relay);
    at_once(&letter, &["settle"])
        .code(4)
        .stdout_has(&reader(3))
        .stdout_has("22 November 2026")
        .stderr_has("--relay-log FILE");
    letter.run(["settle", "spring", "--resend", &reader(1), "--yes"]).code(1).stderr_has("is not in doubt");
    letter.run(["settle", "--resend", "spring", "--yes"]).code(1).stderr_has("the article comes first");
    letter.run(["settle", "--resend", "--accept", "--yes"]).code(2).stderr_has("both");
    letter.run(["settle", "spring", "--resend", &reader(3), "--accept", &reader(3), "--yes"]).code(1);
    let fourth = reader(4);
    let opposite = [&SETTLE[..], &["--accept", &fourth, "--yes"]].concat();
    at_once(&letter, &opposite).code(1).stderr_has("proves the opposite");
    assert_eq!(counts(&letter).in_doubt, 3);
    letter
        .run(["settle", "spring", "--resend", &reader(3), "--accept", &reader(2).to_uppercase(), "--yes"])
        .code(4)
        .stderr_has("1 in doubt");
    assert_eq!(counts(&letter), Counts { accepted: 3, in_doubt: 1, pending: 1, total: 5, ..Counts::default() });
    letter.run_on_terminal("2", ["settle", "--accept"]).code(5).stdout_has("Not recorded");
    letter.run_on_terminal("1", ["settle", "--accept"]).success().stdout_has("Settled 1 doubt");
    letter.run(["settle"]).success().stdout_has("Nobody of spring is in doubt");
    assert_eq!(counts(&letter).accepted, 4);
}

#[test]
fn a_mailing_that_is_being_sent_is_not_settled() {
    let relay = Relay::plain().start();
    let letter = in_doubt(&relay);
    letter.run(["settle", "spring", "--relay-log", "none.log", "--yes"]).code(1).stderr_has("none.log");
    let gate = crate::relay::Gate::new();
    relay.rule(on(Step::Greeting).hold(&gate));
    let running = letter.spawn(["send", "--yes", "--resend-in-doubt"]);
    gate.wait_reached();
    letter.run(["settle", "--accept", "--yes"]).code(1).stderr_has("is being sent by process");
    gate.release();
    running.wait().success();
}
