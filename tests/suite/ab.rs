//! Several subjects of one article: who gets which, and what became of each.

use std::collections::BTreeMap;

use crate::publication::{Publication, reader};
use crate::relay::{Relay, Step, on};

/// Fixed, so that two runs can be compared byte for byte.
const NOW: (&str, &str) = ("SOURCE_DATE_EPOCH", "1795388400");

const ONE: &str = "For {{ subscriber.name | default(value=\"you\") }}: one";
const OTHER: &str = "Quite another";

fn front(subject: &str) -> String {
    format!("+++\ntitle = 'Spring'\nsubject = {subject}\n+++\n\nHello {{{{ subscriber.name }}}}\n")
}

fn several() -> String {
    front(&format!("['{ONE}', '{OTHER}']\nshare = [70, 30]"))
}

fn letter() -> Publication {
    Publication::new().article("spring", &several()).readers(60)
}

/// Subjects by address, from the messages that a dry run wrote.
fn struck(letter: &Publication) -> BTreeMap<String, String> {
    letter.command(["send", "--dry-run", "--all"]).env(NOW.0, NOW.1).run().success();
    let emls = letter.files("preview/spring").into_iter().filter(|path| path.extension().is_some_and(|x| x == "eml"));
    let text = |path| std::fs::read_to_string(path).unwrap();
    emls.map(text).map(|eml| (header(&eml, "To: ").to_owned(), eml)).collect()
}

fn header<'a>(eml: &'a str, name: &str) -> &'a str {
    eml.lines().find_map(|line| line.strip_prefix(name)).unwrap()
}

/// The letters of `status --csv`, by address.
fn letters(letter: &Publication) -> BTreeMap<String, String> {
    let csv = letter.run(["status", "--csv"]).code_in(&[0, 4]).stdout;
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(rows.headers().unwrap().iter().next_back(), Some("subject"));
    rows.records().map(|row| row.unwrap()).map(|row| (row[0].to_owned(), row[8].to_owned())).collect()
}

#[test]
fn everybody_gets_one_of_the_subjects_and_always_the_same() {
    let relay = Relay::plain().start();
    let letter = letter().relay(&relay);
    let dry = letter
        .run(["send", "--dry-run"])
        .success()
        .stdout_has("2 editions")
        .stdout_has("Subject B: Quite another (30%)");
    assert!(dry.stdout.contains("Subject A: For"), "{dry:?}");
    let dry = struck(&letter);
    letter.command(["send", "--yes"]).env(NOW.0, NOW.1).run().success().stderr_has("Subject    B: Quite another (30%)");
    let letters = letters(&letter);
    let of_b = letters.values().filter(|letter| *letter == "B").count();
    assert!(letters.len() == 60 && (8..=28).contains(&of_b), "{of_b} of 60 in a group of 30%");
    for (n, message) in relay.taken().into_iter().enumerate() {
        let text = String::from_utf8(message.bytes.clone()).unwrap();
        assert_eq!(Some(&text), dry.get(header(&text, "To: ")), "a dry run shows what leaves");
        let expected = if letters[&message.to[0]] == "B" { OTHER } else { "For " };
        assert!(header(&text, "Subject: ").starts_with(expected), "{}", header(&text, "Subject: "));
        if n < 8 {
            let shown = letter.run(["show", "spring", &message.to[0]]).success();
            assert_eq!(shown.stdout.as_bytes(), message.bytes);
        }
    }
}

#[test]
fn a_copy_is_what_it_would_be_if_its_subject_were_the_only_one() {
    let letter = letter();
    let tried = struck(&letter);
    let mut seen = 0;
    for subject in [ONE, OTHER] {
        let letter_of = letter.path().join("content/spring.md");
        std::fs::write(letter_of, front(&format!("'{subject}'"))).unwrap();
        let alone = struck(&letter);
        seen += tried.iter().filter(|(to, eml)| alone[*to] == **eml).count();
    }
    assert_eq!(seen, 60, "each copy is that of one of the two");
}

#[test]
fn what_became_of_each_subject_is_reported() {
    let relay = Relay::plain().start();
    let letter = letter().relay(&relay);
    letter.run(["send", "--yes"]).success();
    let letters = letters(&letter);
    let of_b: Vec<&String> = letters.iter().filter(|(_, letter)| *letter == "B").map(|(who, _)| who).collect();
    letter.run(["subscribers", "remove", of_b[0], of_b[1]]).success();
    let report = letter.run(["report", "--json"]).success().json();
    let groups = report["subjects"].as_array().unwrap();
    let figures = |n: usize| {
        [&groups[n]["group"], &groups[n]["accepted"], &groups[n]["rejected"], &groups[n]["left"]]
            .map(ToString::to_string)
    };
    assert_eq!(figures(0), ["\"A\"".to_owned(), (60 - of_b.len()).to_string(), "0".to_owned(), "0".to_owned()]);
    assert_eq!(figures(1), ["\"B\"".to_owned(), of_b.len().to_string(), "0".to_owned(), "2".to_owned()]);
    letter.run(["report"]).success().stdout_has("left since").stdout_has(OTHER);
    assert!(letter.read("mailings/spring/report.html").contains("By subject"));
    // Without its settings a mailing is still reported; who has left can't be known then.
    std::fs::remove_file(letter.path().join("letterpress.toml")).unwrap();
    let report = letter.run(["report", "--json"]).success().json();
    assert!(report["subjects"][1]["left"].is_null(), "{report}");
}

#[test]
fn refusals_count_for_the_subject_that_met_them() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Rcpt).of(&reader(3)).reply("550 5.1.1 No such user"));
    let letter = letter().relay(&relay);
    letter.run(["send", "--yes"]).code(4);
    let its = letters(&letter)[&reader(3)].clone();
    let report = letter.run(["report", "--json"]).success().json();
    for group in report["subjects"].as_array().unwrap() {
        assert_eq!(group["rejected"].as_u64(), Some(u64::from(group["group"] == its.as_str())), "{group}");
    }
}

#[test]
fn a_test_address_gets_every_subject() {
    let relay = Relay::plain().start();
    let letter = letter().relay(&relay);
    letter.run(["send", "--to", "me@example.org"]).success();
    let taken: Vec<String> =
        relay.taken().into_iter().map(|message| String::from_utf8(message.bytes).unwrap()).collect();
    let subjects: Vec<&str> = taken.iter().map(|text| header(text, "Subject: ")).collect();
    assert_eq!(subjects, ["For you: one", OTHER]);
    assert_ne!(header(&taken[0], "Message-ID: "), header(&taken[1], "Message-ID: "), "they are two mails");
}

#[test]
fn shares_that_leave_somebody_without_a_subject_are_refused() {
    let letter = letter().article("spring", &front("['a', 'b']\nshare = [10, 10]"));
    letter
        .run(["send", "--dry-run"])
        .code(1)
        .stderr_has("content/spring.md:4:9")
        .stderr_has("comes to 20")
        .stderr_has("sample(20%)");
}
