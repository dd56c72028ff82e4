//! Nothing leaves that was not meant to.

use super::{SEND, everyone, letter};
use crate::relay::{Gate, Relay, Step, on};

#[test]
fn without_a_terminal_and_without_yes_nothing_leaves() {
    let relay = Relay::plain().start();
    let letter = letter(&relay, 2);
    letter.run(["send"]).code(5).stderr_has("--yes");
    assert_eq!(relay.connections(), 0);
    assert!(letter.files("mailings").is_empty(), "nothing is sealed");
    letter.run(SEND).success();
}

#[test]
fn on_a_terminal_the_number_of_readers_is_the_answer() {
    let relay = Relay::plain().start();
    let letter = letter(&relay, 3);
    for answer in ["", "y", "yes", "2", "33"] {
        letter.run_on_terminal(answer, ["send"]).code(5);
        assert_eq!(relay.connections(), 0, "{answer:?}");
    }
    letter.run_on_terminal("3", ["send"]).success();
    assert_eq!(relay.taken_by(), everyone(3));
}

#[test]
fn drafts_are_refused() {
    let relay = Relay::plain().start();
    let letter = letter(&relay, 1).article("later", "+++\ntitle = \"Later\"\ndraft = true\n+++\n\nNot yet.\n");
    letter.run(["send", "later", "--yes"]).code_in(&[1, 3]).stderr_has("draft");
    assert_eq!(relay.connections(), 0);
}

#[test]
fn without_a_name_the_newest_article_that_is_no_draft_is_sent() {
    let relay = Relay::plain().start();
    let letter = super::Publication::new()
        .article("old", "+++\ntitle = \"Old\"\ndate = 2026-01-01\n+++\n\nOld.\n")
        .article("new", "+++\ntitle = \"New\"\ndate = 2026-02-01\n+++\n\nNew.\n")
        .article("next", "+++\ntitle = \"Next\"\ndate = 2026-03-01\ndraft = true\n+++\n\nNext.\n")
        .readers(1)
        .relay(&relay);
    letter.run(SEND).success();
    assert_eq!(relay.taken()[0].header("Subject").unwrap(), "New");
    letter.run(["send", "old", "--yes"]).success();
    assert_eq!(relay.taken()[1].header("Subject").unwrap(), "Old");
}

#[test]
fn a_misspelt_article_is_an_error_that_helps() {
    let relay = Relay::plain().start();
    letter(&relay, 1).run(["send", "sprnig", "--yes"]).code(1).stderr_has("spring");
    assert_eq!(relay.connections(), 0);
}

#[test]
fn a_second_sender_is_told_who_is_at_it() {
    let relay = Relay::plain().start();
    let gate = Gate::new();
    relay.rule(on(Step::Message).nth(1).hold(&gate));
    let letter = letter(&relay, 2);
    let first = letter.spawn(SEND);
    gate.wait_reached();
    letter.run(SEND).code(1).stderr_has(&first.id().to_string());
    assert_eq!(relay.connections(), 1);
    gate.release();
    first.wait().success();
    assert_eq!(relay.taken_by(), everyone(2));
}
