//! What may end in a log shows nobody's address; what was asked for is whole.

use crate::publication::{Output, Publication, reader};
use crate::relay::{Relay, Step, on};

/// No mailbox of ours on standard error, with or without its domain.
#[track_caller]
fn masked(output: Output) -> Output {
    for mailbox in ["reader1", "reader2", "reader3", "ann.lee", "ann%2elee"] {
        assert!(!output.stderr.to_lowercase().contains(mailbox), "{mailbox} must not be told: {output:#?}");
    }
    output
}

#[test]
fn a_relay_that_refuses_us_by_a_readers_address_is_told_without_it() {
    for (step, reply, told) in [
        (Step::Rcpt, "554 5.7.1 <reader2@example.org>: Relay access denied", "<r…@example.org>: Relay access denied"),
        (
            Step::Rcpt,
            "550 5.7.1 reader2 is not ours, see x=READER2%40example.org",
            "r… is not ours, see x=R…%40example.org",
        ),
        (Step::Message, "550 5.7.1 Spam to <reader2>", "Spam to <r…>"),
    ] {
        let relay = Relay::plain().start();
        relay.rule(on(step).of("reader2@example.org").reply(reply));
        let letter = Publication::new().article("one", "Hello").relay(&relay);
        let letter = letter.reader("reader1@example.org", "").reader("reader2@example.org", "");
        masked(letter.run(["send", "one", "--yes"])).code(1).stderr_has("refuses us").stderr_has(told);
        masked(letter.run(["status", "one"])).code(4);
    }
}

#[test]
fn a_relay_of_several_that_is_not_used_any_more_is_told_without_addresses() {
    let (there, other) = (Relay::plain().start(), Relay::plain().start());
    other.rule(on(Step::Greeting).reply("554 5.7.1 reader1@example.org complained"));
    let letter = super::send::relays::letter(20, &[(&other.url(), ""), (&there.url(), "")]);
    masked(letter.run(["send", "--yes"])).success().stderr_has("r…@example.org complained");
}

#[test]
fn a_relay_that_asks_to_slow_down_and_names_the_reader_is_told_without_them() {
    let relay = Relay::plain().start();
    let named = format!("451 4.7.0 Too fast for {} (reader3)", reader(3));
    relay.rule(on(Step::Rcpt).of(&reader(3)).times(1).reply(&named));
    let letter = Publication::new().readers(3).article("one", "Hello").relay(&relay).setting("relay.rate", "100/s");
    let said = masked(letter.run(["send", "one", "--yes"])).code(4);
    said.stderr_has("asks to slow down (451 4.7.0 Too fast for r…@").stderr_has("(r…)");
    // Who asks gets the relay's own words; the report, which is passed on, has them without.
    letter.run(["status", "one"]).code(4).stdout_has(&named).stdout_has(&reader(3));
    letter.run(["status", "one", "--csv"]).code(4).stdout_has(named.trim_start_matches("451 "));
    masked(letter.run(["report", "one"])).code_in(&[0, 4]);
    for path in letter.files("mailings").iter().filter(|path| path.to_string_lossy().contains("report.")) {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains("Too fast for …") && !text.contains("reader3@"), "{}: {text}", path.display());
    }
}

#[test]
fn defects_of_the_list_are_told_by_their_place_in_a_log_and_whole_to_who_looks_at_the_list() {
    let letter = Publication::new()
        .columns(&["status"])
        .row(&["reader1@example.com", "Bob", "actve"])
        .row(&["ann.lee@@example.com", "Ann", ""])
        .row(&["reader2@example.com", "\u{7}Cem", ""])
        .article("one", "Hello")
        .setting("relay.url", "file:outbox");
    for arguments in
        [&["check", "one"][..], &["send", "one", "--dry-run"], &["preview", "one"], &["send", "one", "--yes"]]
    {
        let said = masked(letter.run(arguments.iter().copied())).success();
        said.stderr_has("subscribers/readers.csv:2:").stderr_has("`a…@@example.com` is no address");
    }
    letter.run(["check", "one", "--json"]).success().stdout_has("ann.lee@@example.com");
    letter.run(["subscribers", "list"]).stderr_has("ann.lee@@example.com").stderr_has("reader1@example.com");
    let letter =
        letter.file("subscribers/suppressions.csv", "address,reason\nann.lee@example,ann.lee@example.com asked\n");
    let letter = letter.article("two", "Hello");
    for arguments in [&["send", "two", "--yes"][..], &["send", "two", "--dry-run"], &["check", "two"]] {
        let said = masked(letter.run(arguments.iter().copied())).code(1);
        said.stderr_has("suppressions.csv:2:1").stderr_has("`a…@example` can't be suppressed");
    }
}

#[test]
fn who_wrote_in_is_masked_and_who_is_named_is_not() {
    let letter = Publication::new().reader("ann.lee@example.com", "Ann").article("one", "Hello");
    let letter = letter.file("in.eml", "Subject: ann.le@example.com\n\nlet me go\n");
    masked(letter.run(["unsubscribe", "--mail", "in.eml"]))
        .code(1)
        .stderr_has("a…@example.com is in no list")
        .stderr_has("did you mean a…@example.com?");
    letter.run(["unsubscribe", "ann.le@example.com"]).code(1).stderr_has("did you mean ann.lee@example.com?");
    letter
        .run(["send", "one", "--explain", "ann.le@example.com"])
        .code(1)
        .stderr_has("ann.le@example.com is not in the list");
    // What was done is a result.
    let letter = letter.file("in.eml", "Subject: ann.lee@example.com\n\nlet me go\n");
    masked(letter.run(["unsubscribe", "--mail", "in.eml"])).success().stdout_has("ann.lee@example.com: unsubscribed");
}
