//! `letterpress stop`: a mailing under way is stopped from elsewhere, and nothing else is.

use crate::publication::{Publication, reader};
use crate::relay::{Gate, Relay, Step, on};
use crate::status::counts;

const READERS: usize = 120;

/// From the tenth message on the relay is silent, so that the mailing can't end by itself.
#[test]
fn a_mailing_under_way_is_stopped_and_can_be_carried_on() {
    let relay = Relay::plain().start();
    let gate = Gate::new();
    for n in 10..=READERS {
        relay.rule(on(Step::Message).nth(n).hold(&gate));
    }
    let letter =
        Publication::new().article("spring", "Hello").readers(READERS).relay(&relay).setting("relay.timeout", "2s");
    let sending = letter.spawn(["send", "--yes"]);
    gate.wait_reached();
    let stopped = letter.run(["stop"]).success().stderr_has("to stop sending spring").stdout_has("in all");
    assert!(stopped.stdout.contains("pending"), "{stopped:?}");
    sending.wait().code(130);
    assert!(!letter.path().join("mailings/spring/stop").exists(), "the request is taken back");
    let reached = counts(&letter);
    assert!(reached.pending > 0 && reached.accepted >= 9 && reached.rejected == 0, "{reached:?}");
    relay.forget_rules();
    relay.wait_until(|record| record.open() == 0);
    letter.run(["send", "--yes", "--accept-in-doubt"]).success();
    let mut everyone: Vec<String> = (1..=READERS).map(reader).collect();
    everyone.sort();
    let mut taken = relay.taken_by();
    taken.dedup();
    assert_eq!(taken.len(), relay.taken_by().len(), "nobody has it twice");
    assert_eq!(taken, everyone);
}

#[test]
fn where_nothing_is_sent_nothing_is_stopped() {
    let letter = Publication::new().article("spring", "Hello").readers(2).setting("relay.url", "file:outbox");
    letter.run(["stop"]).success().stdout_has("Nothing is being sent");
    letter.run(["stop", "spring"]).code(1).stderr_has("was not sent yet");
    letter.run(["send", "--yes"]).success();
    letter.run(["stop", "spring"]).success().stdout_has("spring is not being sent");
    assert_eq!(letter.run(["stop", "--json"]).success().json()["stopped"], serde_json::json!([]));
    assert!(!letter.path().join("mailings/spring/stop").exists());
}

#[test]
fn a_request_left_behind_stops_no_later_run() {
    let letter = Publication::new().article("spring", "Hello").readers(2).setting("relay.url", "file:outbox");
    letter.run(["send", "--yes"]).success();
    let journal = letter.path().join("mailings/spring/journal");
    let bytes = std::fs::read(&journal).unwrap();
    let header = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0 + 1;
    std::fs::write(&journal, &bytes[..header]).unwrap();
    let letter = letter.file("mailings/spring/stop", "");
    letter.run(["send", "--yes"]).success();
    assert_eq!(counts(&letter).accepted, 2);
}
