//! Segments in every place where one can be written, and through a whole mailing.

use crate::publication::Publication;
use crate::relay::{Relay, Step, on};

const LIST: &str = "email,name,plan,tags,subscribed_at\n\
    ann@example.com,Ann,pro,staff,2026-01-05\n\
    bob@example.com,Bob,pro,,2026-11-20T08:00:00Z\n\
    cem@example.com,Cem,free,,2025-06-30 10:00\n\
    dee@example.com,Dee,free,,\n";

/// 22 November 2026.
const NOW: (&str, &str) = ("SOURCE_DATE_EPOCH", "1795341600");

fn letter(segment: &str) -> Publication {
    let segment = segment.replace('"', "\\\"");
    Publication::new()
        .article("spring", &format!("+++\ntitle = 'Spring'\nsegment = \"{segment}\"\n+++\n\nHello\n"))
        .file("subscribers/readers.csv", LIST)
        .setting("segments.pros", "plan == 'pro'")
        .setting("segments.new_pros", "pros and days_since(subscribed_at) <= 30")
}

/// The first letters of those who would get it.
fn who(letter: &Publication, arguments: &[&str]) -> String {
    let arguments = ["send", "--dry-run", "--all", "--json"].iter().chain(arguments).copied();
    let report = letter.command(arguments).env(NOW.0, NOW.1).run().success().json();
    let readers = report["readers"].as_array().unwrap().clone();
    readers.iter().map(|reader| reader["address"].as_str().unwrap()[..1].to_owned()).collect()
}

#[test]
fn a_segment_is_the_same_wherever_it_is_written() {
    let in_article = letter("days_since(subscribed_at) > 30");
    assert_eq!(who(&in_article, &[]), "ac");
    assert_eq!(who(&in_article, &["--segment", "new_pros"]), "b", "the command line goes before the article");
    assert_eq!(who(&in_article, &["--segment", "segment('pros') and subscribed_at < 2026-02-01"]), "a");
    assert_eq!(who(&letter("not pros"), &[]), "cd");
    let listed = in_article.run(["subscribers", "list", "--segment", "pros", "--count"]).success();
    assert_eq!(listed.stdout.trim(), "2");
}

#[test]
fn how_many_a_segment_leaves_out_is_told_and_sealed() {
    let relay = Relay::plain().start();
    let letter = letter("pros and not tag('staff')").relay(&relay);
    letter.run(["send", "--yes"]).success().stderr_has("left out 3 not in the segment");
    assert_eq!(relay.taken().iter().map(|message| message.to[0].as_str()).collect::<Vec<_>>(), ["bob@example.com"]);
    let manifest: serde_json::Value = serde_json::from_str(&letter.read("mailings/spring/mailing.json")).unwrap();
    assert_eq!(
        (manifest["segment"].as_str(), manifest["excluded"]["not_in_segment"].as_u64()),
        (Some("pros and not tag('staff')"), Some(3))
    );
}

#[test]
fn mistakes_are_placed_wherever_they_are_written() {
    let bad = letter("has(name) and plann == 'pro'");
    bad.run(["send", "--dry-run"])
        .code(1)
        .stderr_has("content/spring.md (segment):1:15")
        .stderr_has("did you mean `plan`?");
    let named = letter("has(name)").setting("segments.wrong", "has(name) and (plan == pro)");
    named.run(["check"]).code(1).stderr_has("letterpress.toml ([segments] wrong):1:24").stderr_has("'pro'");
    let circle = letter("has(name)").setting("segments.one", "not two").setting("segments.two", "has(name) or one");
    circle.run(["check"]).code(1).stderr_has("`one` is part of itself").stderr_has("one, two, one");
    letter("pro").run(["check"]).code(1).stderr_has("there is no segment `pro`").stderr_has("did you mean `pros`?");
}

#[test]
fn who_missed_a_mailing_gets_the_next_one_and_who_is_in_doubt_does_not() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Rcpt).of("ann@example.com").reply("550 5.1.1 No such user"));
    relay.rule(on(Step::Message).of("bob@example.com").close());
    let letter = letter("has(name)").relay(&relay);
    letter.run(["send", "--yes"]).code(4);
    let counts = letter.run(["status", "--json"]).code_in(&[0, 4]).json();
    assert_eq!(
        [&counts["rejected"], &counts["in_doubt"], &counts["accepted"]].map(serde_json::Value::as_u64),
        [Some(1), Some(1), Some(2)]
    );
    let who = |expression: &str| who(&letter, &["--segment", expression]);
    assert_eq!(who("got('spring')"), "cd");
    assert_eq!(who("missed('spring')"), "a");
    assert_eq!(who("not (got('spring') or missed('spring'))"), "b");
    let added = format!("{LIST}eve@example.com,Eve,free,,2026-11-22\n");
    let letter = letter
        .file("subscribers/readers.csv", added)
        .article("again", "+++\ntitle = 'Again'\nsegment = \"missed('spring')\"\n+++\n\nHello\n");
    letter.run(["send", "again", "--yes"]).code(4).stderr_has("2 readers");
    let taken: Vec<String> = relay.taken().into_iter().map(|message| message.to[0].clone()).collect();
    assert_eq!(taken.iter().filter(|to| *to == "eve@example.com").count(), 1, "who came later missed it too");
    letter
        .run(["send", "again", "--dry-run", "--segment", "got('sprin')"])
        .code(1)
        .stderr_has("did you mean `spring`?");
    letter
        .run(["send", "again", "--dry-run", "--segment", "got('../spring')"])
        .code(1)
        .stderr_has("there is no mailing");
}

#[test]
fn a_part_first_and_then_the_rest() {
    let relay = Relay::plain().start();
    let letter = Publication::new()
        .article("try", "+++\ntitle = 'T'\nsegment = \"sample('try', 20%)\"\n+++\n\nHello\n")
        .article("all", "+++\ntitle = 'T'\nsegment = \"missed('try')\"\n+++\n\nHello\n")
        .readers(100)
        .relay(&relay);
    letter.run(["send", "try", "--yes"]).success();
    let first = relay.taken().len();
    assert!((8..=34).contains(&first), "{first} of 100 in a sample of 20%");
    letter.run(["send", "all", "--yes"]).success();
    let mut all: Vec<String> = relay.taken().into_iter().map(|message| message.to[0].clone()).collect();
    all.sort();
    all.dedup();
    assert_eq!((all.len(), relay.taken().len()), (100, 100), "everybody once");
}

#[test]
fn a_reader_is_explained_part_by_part() {
    let letter = letter("pros and not (tag('staff') or got('winter'))").setting("relay.url", "file:outbox");
    let letter = letter.article("winter", "+++\ntitle = 'W'\nsegment = \"plan == 'free'\"\n+++\n\nHello\n");
    letter.run(["send", "winter", "--yes"]).success();
    let explained = letter.run(["send", "spring", "--explain", "Ann@example.com"]).success();
    let expected = "ann@example.com, row 2, would not get spring: not in the segment\n\
        Segment: pros and not (tag('staff') or got('winter'))\n\
        \u{20} no   pros and not (tag('staff') or got('winter'))\n\
        \u{20}   yes  pros\n\
        \u{20}     yes  plan == 'pro'   (plan is `pro`)\n\
        \u{20}   no   not (tag('staff') or got('winter'))\n\
        \u{20}     yes  tag('staff') or got('winter')\n\
        \u{20}       yes  tag('staff')   (tags is `staff`)\n\
        \u{20}       no   got('winter')   (they did not get winter)\n";
    assert_eq!(explained.stdout.replace("Ann@", "ann@"), expected);
    assert!(!letter.path().join("mailings/spring").exists(), "nothing was sealed");
    letter.run(["subscribers", "remove", "bob@example.com"]).success();
    let json = letter.run(["send", "spring", "--explain", "bob@example.com", "--json"]).success().json();
    assert_eq!((json["gets"].as_bool(), json["reason"].as_str()), (Some(false), Some("unsubscribed")));
    assert_eq!((json["segment"]["kind"].as_str(), json["segment"]["holds"].as_bool()), (Some("all"), Some(true)));
    letter
        .run(["send", "winter", "--explain", "cem@example.com"])
        .success()
        .stdout_has("would get winter")
        .stderr_has("one of its recipients: accepted");
    letter.run(["send", "spring", "--explain", "zoe@example.com"]).code(1).stderr_has("is not in the list");
}
