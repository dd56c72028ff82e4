//! What is kept about a person: proving it, giving it out, erasing it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::publication::{Publication, reader};
use crate::relay::{Relay, Step, on};
use crate::status::counts;

/// Two readers; one article was sent to both.
fn sent() -> Publication {
    let letter = Publication::new().columns(&["status", "consent_time", "consent_source"]);
    let letter =
        letter.row(&["Ann@example.com", "Ann", "", "2026-01-02", "fair"]).row(&["bob@example.com", "Bob", "", "", ""]);
    let letter = letter.article("one", "Hello {{ subscriber.name }}").setting("relay.url", "file:outbox");
    letter.run(["send", "one", "--yes"]).success();
    letter
}

#[test]
fn consent_and_all_that_happened_is_shown() {
    let letter = sent();
    letter.run(["subscribers", "remove", "ann@example.com"]).success();
    let proved = letter.run(["subscribers", "prove", "ANN@example.com"]).success();
    for words in
        ["unsubscribed", "consent_time: 2026-01-02", "consent_source: fair", "remove, change 1", "one: accepted"]
    {
        assert!(proved.stdout.contains(words), "no {words:?} in {}", proved.stdout);
    }
    let record = letter.run(["subscribers", "prove", "ann@example.com", "--json"]).success().json();
    assert_eq!(record["rows"][0]["consent"]["consent_source"], "fair");
    assert_eq!((&record["mailings"][0]["slug"], &record["mailings"][0]["state"]), (&"one".into(), &"accepted".into()));
    letter
        .run(["subscribers", "prove", "bob@example.com"])
        .success()
        .stderr_has("nothing proves that bob@example.com agreed");
    letter.run(["subscribers", "prove", "nobody@example.com"]).code(1).stderr_has("nothing is kept");
}

#[test]
fn a_forgotten_person_is_nowhere_and_never_comes_back() {
    let letter = sent();
    letter.run(["subscribers", "remove", "ann@example.com"]).success();
    std::fs::remove_dir_all(letter.path().join("preview")).ok();
    letter.run(["subscribers", "forget", "ann@example.com"]).code(5).stderr_has("Add --yes");
    letter.run(["subscribers", "forget", "ann@example.com", "--dry-run"]).success();
    assert!(letter.read("subscribers/readers.csv").contains("Ann@example.com"));
    let done = letter.run(["subscribers", "forget", "ann@example.com", "--yes"]).success();
    let done = done.stderr_has("1 mailing").stderr_has("outbox").stderr_has("still names them");
    drop(done);
    std::fs::remove_dir_all(letter.path().join("outbox")).unwrap();
    for folder in ["subscribers", "mailings"] {
        for path in letter.files(folder) {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).to_lowercase();
            assert!(!text.contains("ann@"), "{}: {text}", path.display());
        }
    }
    // The mailing is whole: its counts, its digest, its other readers.
    assert_eq!(counts(&letter).accepted, 2);
    letter.run(["send", "one", "--yes"]).success();
    letter.run(["show", "one", "bob@example.com"]).success().stdout_has("Hello Bob");
    letter.run(["report", "one"]).success();

    let letter = letter.file("back.csv", "email,name\nANN@example.com,Ann\n");
    letter
        .run(["subscribers", "import", "back.csv", "--yes"])
        .success()
        .stdout_has("1 stays unsubscribed")
        .stdout_has("1 forgotten");
    letter.run(["subscribers", "add", "ann@example.com"]).code(1).stderr_has("suppressed: forgotten");
    letter.run(["subscribers", "forget", "ann@example.com", "--yes"]).success();
    letter.run(["subscribers", "forget", "nobody@example.com", "--yes"]).code(1).stderr_has("nothing is kept");
    letter.run(["subscribers", "unsuppress", "ann@example.com"]).success().stdout_has("who was forgotten");
    letter.run(["subscribers", "import", "back.csv", "--yes"]).success().stdout_has("1 new");
}

#[test]
fn a_crash_amid_erasing_leaves_a_mailing_that_can_be_read_and_erased_again() {
    let letter = sent();
    let read = |name: &str| letter.read(&format!("mailings/one/{name}"));
    let (recipients, manifest) = (read("recipients.csv"), read("mailing.json"));
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    letter.run(["subscribers", "forget", "ann@example.com", "--yes"]).success().stderr_has("forgotten.key");
    let mut midway: serde_json::Value = serde_json::from_str(&read("mailing.json")).unwrap();
    assert_eq!(midway["erased"], 1);
    // The manifest was written, and the recipients were not.
    midway["earlier_digest"] = manifest["recipients_digest"].clone();
    let write = |name: &str, text: &str| std::fs::write(letter.path().join("mailings/one").join(name), text).unwrap();
    write("mailing.json", &midway.to_string());
    write("recipients.csv", &recipients);
    letter.run(["send", "one", "--yes"]).success();
    letter.run(["subscribers", "forget", "ann@example.com", "--yes"]).success();
    assert!(!read("recipients.csv").to_lowercase().contains("ann@"));
    letter.run(["send", "one", "--yes"]).success();
    // Any other change is seen as before.
    write("recipients.csv", &recipients);
    letter.run(["send", "one", "--yes"]).code(1).stderr_has("changed since it was sealed");
}

#[test]
fn who_is_still_owed_a_copy_is_withdrawn_before_being_erased() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Rcpt).of(&reader(3)).reply("450 4.2.1 <reader3@example.org> greylisted"));
    let letter = Publication::new().readers(3).article("one", "Hello").relay(&relay);
    letter.run(["send", "one", "--yes"]).code(4);
    letter.run(["subscribers", "prove", &reader(3)]).success().stdout_has("one: deferred, 450");
    letter.run(["subscribers", "forget", &reader(3), "--yes"]).success();
    let counts = counts(&letter);
    assert_eq!((counts.accepted, counts.withdrawn, counts.deferred), (2, 1, 0), "{counts:?}");
    for path in letter.files("mailings") {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        assert!(!text.contains("reader3@"), "{}: {text}", path.display());
    }
    relay.forget_rules();
    letter.run(["send", "one", "--yes"]).success();
    assert_eq!(relay.taken_by().len(), 2);
}

#[test]
fn who_is_in_doubt_is_not_erased() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Message).of(&reader(2)).close());
    let letter = Publication::new().readers(2).article("one", "Hello").relay(&relay);
    letter.run(["send", "one", "--yes"]).code(4);
    let before = letter.read("subscribers/readers.csv");
    letter.run(["subscribers", "forget", &reader(2), "--yes"]).code(1).stderr_has("letterpress settle one");
    assert_eq!(letter.read("subscribers/readers.csv"), before);
    assert!(!letter.path().join("subscribers/suppressions.csv").exists());
}

#[test]
fn what_still_names_a_forgotten_person_is_told_with_its_line() {
    let letter = Publication::new()
        .columns(&["referred_by"])
        .row(&["ann@example.com", "Ann", ""])
        .row(&["bob@example.com", "Bob", "Ann <ANN@example.com>"])
        .file("notes/old.csv", "email\nbob@example.com\nANN@Example.com\n")
        .file("notes/mail.eml", "Subject: x\r\n\r\nmailto:ann%40example.com, ann@exam=\r\nple.com\r\n");
    letter.run(["subscribers", "edit", "bob@example.com", "referred_by=by (ann@example.com)"]).success();
    let dry = letter.run(["subscribers", "forget", "ann@example.com", "--dry-run"]).success();
    let dry = dry.stderr_has("notes/old.csv still names them, in line 3").nowhere("readers.csv still");
    drop(dry);
    letter
        .run(["subscribers", "forget", "ann@example.com", "--yes"])
        .success()
        .stderr_has("notes/old.csv still names them, in line 3")
        .stderr_has("notes/mail.eml still names them, in line 3")
        // Another reader's row is theirs; the history of it isn't kept.
        .stderr_has("subscribers/readers.csv still names them, in line 2")
        .nowhere("history.jsonl");
    assert!(!letter.read("subscribers/history.jsonl").to_lowercase().contains("ann@"));
}

#[test]
fn nothing_that_we_wrote_ourselves_names_a_forgotten_person_in_any_encoding() {
    const WHO: &str = "xan.thippe+news@example.com";
    let relay = Relay::plain().start();
    relay.rule(on(Step::Rcpt).of(WHO).reply(&format!("450 4.2.1 <{WHO}> greylisted")));
    let letter = Publication::new()
        .columns(&["city", "status"])
        .row(&[WHO, "Xanthippe", "Quxville", ""])
        .row(&["bob@example.com", "Bob", "Rome", ""])
        .article("one", "Hello {{ subscriber.name }} of {{ subscriber.city }}, [again](https://example.com/?m={{ subscriber.email }})")
        .relay(&relay);
    letter.run(["send", "one", "--dry-run", "--all"]).success();
    letter.run(["send", "one", "--yes"]).code(4);
    letter.run(["report", "one"]).success();
    letter.run(["subscribers", "edit", WHO, "city=Quxford"]).success();
    letter.run(["subscribers", "suppress", WHO]).success();
    letter.run(["subscribers", "delete", WHO, "--yes"]).success();
    letter.run(["subscribers", "undo", "--yes"]).success();
    std::fs::create_dir(letter.path().join("mailings/.sealing-killed")).unwrap();
    let letter = letter.file("mailings/.sealing-killed/recipients.csv", format!("email,name\n{WHO},Xanthippe\n"));
    let done = letter.run(["subscribers", "forget", WHO, "--yes"]).success();
    // What was made to be looked at, and what a killed process left, are named, and nothing else is.
    let told: Vec<&str> = done.stderr.lines().filter(|line| line.contains("still names them")).collect();
    assert!(told.iter().all(|line| line.contains("preview/") || line.contains(".sealing-")), "{told:?}");
    assert!(told.iter().any(|line| line.contains(".sealing-")), "{told:?}");
    std::fs::remove_dir_all(letter.path().join("preview")).unwrap();
    std::fs::remove_dir_all(letter.path().join("mailings/.sealing-killed")).unwrap();
    let traces = letterpress::address::Traces::of(&letterpress::address::Address::parse(WHO).unwrap());
    // Base64 of a text has one of three forms, by where the text begins; the middle of each is the same.
    let encoded: Vec<String> = (0..3).map(|skipped| STANDARD.encode(&WHO.as_bytes()[skipped..24])).collect();
    for path in letter.files("") {
        let content = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&content);
        assert!(!traces.are_in(&content), "{}: {text}", path.display());
        for word in encoded.iter().map(String::as_str).chain(["thippe", "Quxville", "Quxford"]) {
            let word = word.trim_end_matches('=');
            assert!(!text.contains(word), "{word} in {}: {text}", path.display());
        }
    }
}
