//! `letterpress unsubscribe`: leaving by the tokens of our messages, without a server.

use std::io::Write;
use std::process::{Command, Stdio};

use letterpress::address::Address;
use letterpress::unsubscribe::{Key, Links, UnsubscribeSettings};

use crate::publication::{Publication, reader};
use crate::relay::{Gate, Relay, Step, on};

/// Three readers who got spring; the folder of what was sent is `outbox`.
fn sent() -> Publication {
    let letter = Publication::new()
        .columns(&["status"])
        .article("spring", "Hello")
        .row(&["ann@example.com", "Ann", "active"])
        .row(&["bob@example.com", "Bob", ""])
        .row(&["cem@example.com", "Cem", "active"])
        .setting("relay.url", "file:outbox");
    letter.run(["send", "--yes"]).success();
    letter
}

/// The links of `List-Unsubscribe` in a reader's copy: https, then mailto.
fn links(letter: &Publication, address: &str) -> Vec<String> {
    let eml = letter.run(["show", "spring", address]).success().stdout.replace("\r\n ", " ");
    let line = eml.lines().find_map(|line| line.strip_prefix("List-Unsubscribe: ")).unwrap().to_owned();
    line.split(", ").map(|link| link.trim_matches(['<', '>']).to_owned()).collect()
}

fn token(letter: &Publication, address: &str) -> String {
    links(letter, address)[0].rsplit('/').next().unwrap().to_owned()
}

/// The status of every reader.
fn statuses(letter: &Publication, list: &str) -> Vec<String> {
    let text = letter.read(&format!("subscribers/{list}.csv"));
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let status = rows.headers().unwrap().iter().position(|heading| heading == "status").unwrap();
    rows.records().map(|row| row.unwrap()[status].to_owned()).collect()
}

#[test]
fn tokens_links_and_addresses_unsubscribe() {
    let letter = sent();
    let [https, mailto] = links(&letter, "bob@example.com").try_into().unwrap();
    let arguments = [token(&letter, "ann@example.com"), https, "CEM@example.com".to_owned()];
    let before = letter.read("subscribers/readers.csv");
    let dry = ["unsubscribe", "--dry-run"].into_iter().chain(arguments.iter().map(String::as_str));
    letter
        .run(dry)
        .success()
        .stdout_has("ann@example.com: would be unsubscribed in readers")
        .stderr_has("3 readers would leave");
    assert_eq!(letter.read("subscribers/readers.csv"), before);
    let asked = ["unsubscribe"].into_iter().chain(arguments.iter().map(String::as_str));
    letter
        .run(asked)
        .success()
        .stdout_has("bob@example.com: unsubscribed in readers")
        .stderr_has("3 readers left, 0 had before");
    assert_eq!(statuses(&letter, "readers"), ["unsubscribed"; 3]);
    let history = letter.read("subscribers/history.jsonl");
    assert!(history.contains("unsubscribe token") && history.contains("unsubscribe, by address"), "{history}");
    let after = letter.read("subscribers/readers.csv");
    letter
        .run(["unsubscribe", &mailto])
        .success()
        .stdout_has("is unsubscribed already")
        .stderr_has("0 readers left, 1 had before");
    assert_eq!(letter.read("subscribers/readers.csv"), after, "once is enough");
}

#[test]
fn every_list_that_holds_the_address_is_marked() {
    let letter = sent()
        .file("subscribers/extra.csv", "email;name;status\nzoe@example.com;Zoe;active\nANN@example.com;A;pending\n");
    let token = token(&letter, "ann@example.com");
    let json = letter.run(["unsubscribe", &token, "--json"]).success().json();
    let answer = &json["requests"][0];
    assert_eq!(
        (answer["outcome"].as_str(), answer["address"].as_str()),
        (Some("unsubscribed"), Some("ANN@example.com"))
    );
    assert_eq!(answer["lists"], serde_json::json!(["extra", "readers"]));
    assert_eq!(statuses(&letter, "readers"), ["unsubscribed", "", "active"]);
    assert!(
        letter.read("subscribers/extra.csv").ends_with("zoe@example.com;Zoe;active\nANN@example.com;A;unsubscribed\n")
    );
}

#[test]
fn forged_tokens_and_those_of_others_are_refused_with_the_reason() {
    let (letter, other) = (sent(), sent());
    let theirs = token(&other, "ann@example.com");
    let ours = token(&letter, "ann@example.com");
    let forged = format!("{}{}", &ours[..ours.len() - 1], if ours.ends_with('A') { "B" } else { "A" });
    for text in [&theirs, &forged, &format!("https://example.com/unsubscribe/{theirs}")] {
        letter.run(["unsubscribe", text]).code(1).stderr_has("not of this publication").nowhere("ann@");
    }
    letter.run(["unsubscribe", "hello"]).code(1).stderr_has("holds no token");
    letter.run(["unsubscribe"]).code(2).stderr_has("nobody is named");
    letter
        .run(["unsubscribe", "an@example.com"])
        .code(1)
        .stderr_has("in no list")
        .stderr_has("did you mean ann@example.com?");
    assert_eq!(statuses(&letter, "readers"), ["active", "", "active"]);
    // What is right is done beside what is not.
    letter
        .run(["unsubscribe", &theirs, &ours])
        .code(1)
        .stdout_has("ann@example.com: unsubscribed")
        .stderr_has("1 request can't be acted on");
}

#[test]
fn who_is_in_no_list_any_more_stays_away() {
    let letter = sent();
    let token = token(&letter, "ann@example.com");
    let without: String = letter
        .read("subscribers/readers.csv")
        .lines()
        .filter(|line| !line.contains("ann@"))
        .map(|line| format!("{line}\n"))
        .collect();
    let letter = letter.file("subscribers/readers.csv", without);
    letter.run(["unsubscribe", &token]).success().stdout_has("in no list any more; suppressed");
    let row = letter.read("subscribers/suppressions.csv");
    assert!(row.contains("ann@example.com,unsubscribed,") && row.contains("\"unsubscribe token, spring\""), "{row}");
    letter.run(["unsubscribe", &token]).success().stdout_has("is suppressed already");
    letter.run(["subscribers", "add", "ann@example.com"]).code(1);
    std::fs::remove_dir_all(letter.path().join("mailings")).unwrap();
    letter.run(["unsubscribe", &token]).code(1).stderr_has("nobody here has it");
}

#[test]
fn tokens_outlive_a_change_of_the_list_id() {
    let letter = sent();
    let token = token(&letter, "ann@example.com");
    let letter = letter.setting("publication.list_id", "new.example.com");
    letter.run(["unsubscribe", &token]).success().stdout_has("ann@example.com: unsubscribed");
}

/// By which way each change of the list came.
fn ways(letter: &Publication) -> Vec<String> {
    let history = letter.read("subscribers/history.jsonl");
    let lines = history.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.filter_map(|line| Some(line.get("by")?.as_str()?.to_owned())).collect()
}

#[test]
fn the_history_names_the_mailing_that_a_token_came_with() {
    let letter = sent().article("summer", "Sun");
    letter.run(["send", "summer", "--yes"]).success();
    let spring = token(&letter, "ann@example.com");
    assert_eq!(spring.len(), 50);
    let eml = letter.run(["show", "summer", "bob@example.com"]).success().stdout;
    let summer = eml.split("unsubscribe/").nth(1).unwrap().split('>').next().unwrap().to_owned();
    letter.run(["unsubscribe", &summer, &spring, "cem@example.com"]).success().stderr_has("3 readers left");
    assert_eq!(ways(&letter), ["unsubscribe token, spring", "unsubscribe token, summer", "unsubscribe, by address"]);
    letter.run(["subscribers", "history"]).success().stdout_has("unsubscribe token, summer");
    letter.run(["subscribers", "prove", "bob@example.com"]).success().stdout_has("unsubscribe token, summer");
}

#[test]
fn of_several_tokens_of_one_reader_one_that_names_its_mailing_is_told() {
    let letter = sent();
    // As an earlier version made it.
    let key = Key::load(&letter.path().join("keys/unsubscribe.key")).unwrap();
    let links = Links::new(key, "far-near.example.com", &UnsubscribeSettings::default());
    let plain = |address: &str| links.token(&links.reader_id(&Address::parse(address).unwrap()), None);
    letter.run(["unsubscribe", &plain("bob@example.com")]).success().stdout_has("bob@example.com: unsubscribed");
    let asked = ["ann@example.com", &plain("ann@example.com"), &token(&letter, "ann@example.com")].map(str::to_owned);
    letter.run(["unsubscribe".to_owned()].iter().chain(&asked)).success().stdout_has("ann@example.com: unsubscribed");
    assert_eq!(ways(&letter), ["unsubscribe token", "unsubscribe token, spring"]);
}

#[test]
fn a_token_whose_mailing_is_not_known_works_all_the_same() {
    let letter = sent();
    let (ann, bob) = (token(&letter, "ann@example.com"), token(&letter, "bob@example.com"));
    // A test copy is of no mailing.
    let sent = letter.files("outbox");
    letter.run(["send", "spring", "--to", "cem@example.com"]).success();
    let test: Vec<_> = letter.files("outbox").into_iter().filter(|path| !sent.contains(path)).collect();
    let text = std::fs::read_to_string(&test[0]).unwrap();
    let cem = text.split("<https://example.com/unsubscribe/").nth(1).unwrap().split('>').next().unwrap().to_owned();
    letter.run(["unsubscribe", &cem]).success().stdout_has("cem@example.com: unsubscribed");
    // That a mailing is damaged keeps nobody.
    let letter = letter.file("mailings/spring/mailing.json", "{");
    letter.run(["unsubscribe", &ann]).success().stdout_has("ann@example.com: unsubscribed");
    std::fs::remove_dir_all(letter.path().join("mailings")).unwrap();
    letter.run(["unsubscribe", &bob]).success().stdout_has("bob@example.com: unsubscribed");
    assert_eq!(ways(&letter), ["unsubscribe token"; 3]);
}

#[test]
fn lines_mails_and_logs_bring_requests() {
    let letter = sent();
    let (ann, bob, cem) =
        (token(&letter, "ann@example.com"), token(&letter, "bob@example.com"), token(&letter, "cem@example.com"));
    let mail = format!(
        "From: ann@example.com\r\nSubject: unsubscribe\r\n {ann}\r\n\r\n> https://example.com/unsubscribe/{bob}\r\n"
    );
    let log =
        format!("::1 - - \"GET /unsubscribe/{cem} HTTP/1.1\" 200\n::1 - - \"POST /unsubscribe/{bob} HTTP/1.1\" 200\n");
    let letter = letter.file("leave.eml", mail).file("access.log", log);
    letter.run(["unsubscribe", "--mail", "leave.eml", "--log", "access.log"]).success().stderr_has("2 readers left");
    assert_eq!(
        statuses(&letter, "readers"),
        ["unsubscribed", "unsubscribed", "active"],
        "quoting and looking are no requests"
    );
    let mut child = Command::new(env!("CARGO_BIN_EXE_letterpress"))
        .args(["unsubscribe", "-"])
        .current_dir(letter.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = format!("\n{cem}\r\n{cem}\nann@example.com\n");
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "cem@example.com: unsubscribed in readers\nann@example.com: is unsubscribed already\n"
    );
}

#[test]
fn a_mailing_under_way_notices() {
    let relay = Relay::plain().start();
    let letter = Publication::new().article("first", "Hello").article("spring", "Hello").readers(60).relay(&relay);
    letter.run(["send", "first", "--yes"]).success();
    let eml = letter.run(["show", "first", &reader(60)]).success().stdout;
    let token = eml.split("/unsubscribe/").nth(1).unwrap().split('>').next().unwrap().to_owned();
    // While the first reader's copy is on its way, the last one leaves.
    let gate = Gate::new();
    relay.rule(on(Step::Message).of(&reader(1)).hold(&gate));
    let running = letter.spawn(["send", "spring", "--yes"]);
    gate.wait_reached();
    letter.run(["unsubscribe", &token]).success().stdout_has("unsubscribed in readers");
    gate.release();
    running.wait().success().stdout_has("1  withdrawn");
    let status = letter.run(["status", "spring", "--json"]).success().json();
    assert_eq!([status["withdrawn"].as_u64(), status["accepted"].as_u64()], [Some(1), Some(59)]);
}
