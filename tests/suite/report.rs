//! `letterpress report`: the figures of a mailing, from its journal and plan.

use letterpress::ledger::Event;

use crate::journal::Told;
use crate::publication::Publication;

const ONE: &str = "smtps://one.example.com";
const TWO: &str = "smtps://two.example.com";

/// Ten readers at three providers; two runs, an hour apart, over two relays.
fn told() -> Publication {
    let mut letter = Publication::new().article("spring", "+++\ntitle = 'Spring & <rain>'\n+++\n\nHello\n");
    for n in 0..10 {
        letter = letter.reader(&format!("r{n}@{}", ["a.example.com", "b.example.org", "b.example.org"][n % 3]), "");
    }
    let letter = letter.setting("relay.url", "file:outbox");
    letter.run(["send", "--yes"]).success();
    let mut journal = Told::anew(&letter).run(&[ONE, TWO]);
    for n in 0..4 {
        journal = journal.after(1000).sent(n, Event::Accepted, 250, "2.0.0 Ok");
    }
    journal = journal.after(1000).sent(4, Event::Rejected, 550, "5.1.1 <r4@b.example.org>: unknown");
    journal = journal.after(1000).sent(5, Event::Rejected, 550, "5.1.1 <r5@b.example.org>: unknown");
    journal = journal.relay(2).after(1000).sent(6, Event::Deferred, 451, "4.3.0 later").sent(
        7,
        Event::Deferred,
        451,
        "4.3.0 later",
    );
    journal = journal.after(3_600_000).run(&[TWO]).after(1000).sent(6, Event::Accepted, 250, "2.0.0 Ok");
    journal = journal.after(2000).sent(8, Event::Doubted, 0, "the connection was lost");
    journal.record(9, Event::Withdrawn, 0, "unsubscribed").write(&letter);
    letter
}

#[test]
fn the_figures_are_those_of_the_journal() {
    let letter = told();
    let report = letter.run(["report", "spring", "--json"]).success().json();
    let counts = &report["counts"];
    let states = ["accepted", "deferred", "rejected", "in_doubt", "withdrawn", "pending", "total"];
    assert_eq!(states.map(|state| counts[state].as_u64().unwrap()), [5, 1, 2, 1, 1, 0, 10]);
    assert_eq!((report["attempts"].as_u64(), report["retries"].as_u64()), (Some(10), Some(1)));
    assert_eq!(report["running"].as_i64(), Some(7000 + 3000), "the hour between is not running time");
    assert_eq!(report["rate"].as_f64(), Some(1.0));
    assert_eq!(report["runs"].as_array().unwrap().len(), 2);
    let reasons = report["reasons"].as_array().unwrap();
    assert_eq!(reasons[0]["words"], "550 5.1.1 <…>: unknown");
    assert_eq!((reasons[0]["count"].as_u64(), reasons.len()), (Some(2), 4));
    let relays = report["relays"].as_array().unwrap();
    assert_eq!((&relays[0]["relay"], relays[0]["accepted"].as_u64()), (&ONE.into(), Some(4)));
    assert_eq!((relays[1]["accepted"].as_u64(), relays[1]["deferred"].as_u64()), (Some(1), Some(2)));
    let providers = report["providers"].as_array().unwrap();
    assert_eq!((&providers[0]["domain"], providers[0]["total"].as_u64()), (&"b.example.org".into(), Some(6)));
    let deferred = report["deferred_at"].as_array().unwrap();
    assert_eq!((deferred.len(), deferred[0]["deferred"].as_u64()), (1, Some(1)));
    let last = report["progress"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((last["after"].as_i64(), last["accepted"].as_u64()), (Some(10_000), Some(5)));
    let written: serde_json::Value = serde_json::from_str(&letter.read("mailings/spring/report.json")).unwrap();
    assert_eq!(written, report);
}

#[test]
fn a_person_is_told_in_words_and_by_a_page() {
    let letter = told();
    let told = letter.run(["report"]).success().nowhere("\u{1b}");
    let told =
        told.stdout_has("Sent in 10 s and 2 runs, 1.0 a second; 1 retry.").stdout_has("2  550 5.1.1 <…>: unknown");
    told.stdout_has("the connection was lost").stdout_has("b.example.org").stderr_has("mailings/spring/report.html");
    let page = letter.read("mailings/spring/report.html");
    assert!(page.contains("Spring &amp; &lt;rain&gt;") && page.contains("<svg") && !page.contains("<script"));
    assert!(!page.contains("r4@"), "nobody is named");
}

#[test]
fn a_mailing_of_which_nothing_happened_yet_has_a_report() {
    let letter = Publication::new().article("spring", "Hello").readers(2).setting("relay.url", "file:outbox");
    letter.run(["report"]).code(1).stderr_has("nothing was sent yet");
    letter.run(["send", "--yes"]).success();
    Told::anew(&letter).write(&letter);
    let report = letter.run(["report", "--json"]).success().json();
    assert_eq!((report["counts"]["pending"].as_u64(), report["rate"].as_f64()), (Some(2), None));
    letter.run(["report"]).success().stdout_has("pending");
}
