//! Whatever a list, a file or a relay says, a terminal only shows it: no command hands on control characters, characters that
//! turn the direction of writing, or line ends that would let a name speak for the program.

use crate::publication::{Output, Publication};
use crate::relay::{Relay, Step, on};

/// A list of mischief: a title set, the screen cleared, by ESC and by C1; the direction of writing turned; a line forged.
const LIST: &str = "email,name,status,tags,ci\u{1b}]0;x\u{7}ty,\u{202e}note,subscribed_at\n\
    ann@example.com,A\u{1b}]0;pwned\u{7}n\u{202e}evil\u{9b}31m\u{200b},,a\u{1b}[2J b\u{202e},\u{7f}x,\u{2066}y,2026-01-01\n\
    bob@example.com,\"Bob\nFORGED: all is well\r\nFORGED: again\",,\"c\nFORGED\",,,2026\u{1b}[2J\n\
    cem@example.com,Cem,act\u{1b}[31mive,,,,\n\
    ev\u{1b}[2Jil@example.com,Eve,,,,,\n\
    dan\u{202e}@example.com,Dan,,,,,\n\
    ANN@example.com,\u{1b}[31mAnn,unsubscribed\u{1b},b\u{9b},,,\n\
    eve@example.com,E\u{1b}[2Jve\u{202e},,vip,,,\n\
    fay@example.com,Fay,,vip,,,\n";

/// Nothing of what was said does anything to a terminal, and nothing of a file begins a line.
#[track_caller]
fn is_harmless(told: &Output, arguments: &[&str]) {
    for said in [&told.stdout, &told.stderr] {
        // A mail that is shown has its own line ends.
        let said = said.replace("\r\n", "\n");
        let acts = |c: char| {
            (c.is_control() && c != '\n' && c != '\t')
                || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{61C}')
        };
        let found: Vec<&str> = said.lines().filter(|line| line.contains(acts)).collect();
        assert!(found.is_empty(), "{arguments:?} hands on {found:?}");
        let forged = said.lines().find(|line| line.trim_start().starts_with("FORGED:"));
        assert_eq!(forged, None, "{arguments:?}: {said}");
    }
}

/// Runs it as it is, in JSON and with more words.
#[track_caller]
fn run(letter: &Publication, arguments: &[&str]) {
    for more in [&[][..], &["--json"], &["--verbose"]] {
        let arguments: Vec<&str> = arguments.iter().chain(more).copied().collect();
        is_harmless(&letter.run(&arguments), &arguments);
    }
}

#[test]
fn no_command_hands_on_what_a_hostile_list_holds() {
    let letter = Publication::new().file("subscribers/readers.csv", LIST).file("subscribers/other.csv", LIST);
    let letter = letter.file("in\u{1b}[31m\u{202e}.csv", LIST).file(
        "subscribers/suppressions.csv",
        "address,reason,date,source\neve@example.com,\u{1b}[31mspam\u{202e},\u{9b}1,\u{1b}x\n",
    );
    for arguments in [
        &["list"][..],
        &["list", "--csv"],
        &["list", "--columns", "name,tags", "--sort", "name"],
        &["list", "--count"],
        &["list", "--status", "x\u{1b}y"],
        &["list", "--tag", "\u{1b}[2J"],
        &["list", "--segment", "name == '\u{1b}[2J"],
        &["list", "--segment", "tag('\u{202e}')"],
        &["list", "--columns", "\u{1b}[2J"],
        &["find", "an"],
        &["find", "\u{1b}zz"],
        &["stats"],
        &["check"],
        &["export"],
        &["export", "--jsonl"],
        &["export", "--person", "ann@example.com"],
        &["prove", "ann@example.com"],
        &["add", "x\u{1b}[2J@example.com"],
        &["add", "eve@example.com"],
        &["add", "new@example.com", "N\u{1b}[2J\u{202e}\nFORGED: x"],
        &["edit", "fay@example.com", "name=F\u{1b}[2J\nFORGED: \u{202e}"],
        &["edit", "fay@example.com", "\u{1b}=1"],
        &["edit", "eve@example.com", "name=Eve"],
        &["tag", "\u{1b}x", "fay@example.com"],
        &["tag", "x", "an\u{1b}n@example.com"],
        &["untag", "vip", "--segment", "has(name)", "--yes"],
        &["dedupe"],
        &["dedupe", "--provider-rules", "--dry-run"],
        &["merge", "other"],
        &["merge", "\u{1b}other"],
        &["import", "in\u{1b}[31m\u{202e}.csv"],
        &["import", "in\u{1b}[31m\u{202e}.csv", "--keep-columns", "--status", "active", "--update", "--yes"],
        &["import", "no\u{1b}[31m.csv"],
        &["suppress", "--import", "in\u{1b}[31m\u{202e}.csv"],
        &["suppress", "\u{1b}[31m"],
        &["suppress", "fay@example.com", "--reason", "\u{1b}[31mx\u{202e}\nFORGED: x"],
        &["suppress"],
        &["unsuppress", "eve@example.com"],
        &["unsuppress", "fay@example.com"],
        &["remove", "eve@example.com"],
        &["remove", "eve\u{1b}@example.com"],
        &["remove", "eva@example.com"],
        &["delete", "eve@example.com"],
        &["delete", "cem@example.com", "ann@example.com", "--yes"],
        &["history"],
        &["history", "ann@example.com"],
        &["history", "fay@example.com"],
        &["undo", "--yes"],
        &["undo", "1", "--yes"],
        &["undo", "2", "--yes", "--partly"],
        &["forget", "ann@example.com", "--dry-run"],
        &["forget", "bob@example.com", "--yes"],
        &["list", "--list", "\u{1b}x"],
        &["new", "\u{1b}x"],
    ] {
        let arguments: Vec<&str> = ["subscribers"].iter().chain(arguments).copied().collect();
        run(&letter, &arguments);
    }
    let shown = letter.run(["subscribers", "--list", "other", "find", "ann@"]).success();
    assert!(shown.stdout.contains("evil31m\\u{200b}"), "what can't be seen is shown: {shown:#?}");
    // It was all tried in earnest.
    let history = letter.read("subscribers/history.jsonl");
    for command in ["add", "edit", "tag", "untag", "import", "remove", "delete", "undo", "forget"] {
        assert!(history.contains(&format!("\"command\":\"{command}\"")), "{command}: {history}");
    }
    let letter = letter.file("subscribers/suppressions.csv", "address\n\u{1b}[2Jbad\n");
    run(&letter, &["subscribers", "list"]);
    run(&letter, &["subscribers", "add", "hal@example.com"]);
    run(&letter, &["unsubscribe", "\u{1b}[2J", "eve@example.com", "A\u{202e}B@x"]);
}

#[test]
fn no_command_hands_on_what_a_hostile_relay_says() {
    let relay = Relay::plain().start();
    let words = "\u{1b}]0;pwned\u{7} \u{9b}2J \u{202e}no =1+1";
    relay.rule(on(Step::Rcpt).of("eve@example.com").reply(&format!("550 {words}")));
    relay.rule(on(Step::Rcpt).of("fay@example.com").reply(&format!("450 {words}")));
    relay.rule(on(Step::Message).of("gil@example.com").close());
    let letter = Publication::new()
        .columns(&["city"])
        .row(&["eve@example.com", "E\u{1b}[2Jve", "\u{202e}x"])
        .row(&["fay@example.com", "Fay", "\u{9b}31m"])
        .row(&["gil@example.com", "Gil", ""])
        .row(&["=1+1@example.com", "\u{1b}[2J", ""])
        .article("one", "Hello {{ subscriber.name }} of {{ subscriber.city }}")
        .relay(&relay);
    run(&letter, &["check", "one"]);
    run(&letter, &["send", "one", "--dry-run", "--all"]);
    run(&letter, &["send", "one", "--explain", "eve@example.com"]);
    run(&letter, &["send", "one", "--to", "Eve\u{1b}[2J <eve@example.com>", "--yes"]);
    run(&letter, &["send", "one", "--yes"]);
    for arguments in [
        &["status", "one"][..],
        &["status", "one", "--csv"],
        &["report", "one"],
        &["settle", "one"],
        &["show", "one", "eve@example.com"],
        &["stop", "one"],
        &["subscribers", "prove", "eve@example.com"],
        &["subscribers", "export", "--person", "fay@example.com"],
    ] {
        run(&letter, arguments);
    }
    let told = letter.run(["status", "one", "--csv"]).code(4);
    assert!(told.stdout.contains("\n'=1+1@example.com,accepted"), "{told:#?}");
}
