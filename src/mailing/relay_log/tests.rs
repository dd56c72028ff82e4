//! What a log proves, and what it doesn't.

use super::*;

/// 10:00:00 UTC, when the attempt began; it was over a minute later.
const SINCE: &str = "2026-11-22T10:00:00Z";

const BEFORE: &str = "Nov 22 09:59:00 mx postfix/smtpd[1]: connect from localhost[127.0.0.1]\n";
const AFTER: &str = "Nov 22 10:11:00 mx postfix/anvil[2]: statistics: max connection rate 1/60s\n";
const WITNESS: &str = "Nov 22 10:00:00 mx postfix/cleanup[71]: AAAAAAAAAA: message-id=<w@example.com>
Nov 22 10:00:00 mx postfix/qmgr[72]: AAAAAAAAAA: from=<l@example.com>, size=9, nrcpt=1 (queue active)\n";
const IN: &str = "Nov 22 10:00:01 mx postfix/cleanup[71]: 4F2A1B3C4D: message-id=<x@example.com>\n";
const TAKEN: &str =
    "Nov 22 10:00:02 mx postfix/qmgr[72]: 4F2A1B3C4D: from=<l@example.com>, size=9, nrcpt=1 (queue active)\n";

fn judged(logs: &[&[&str]]) -> Finding {
    let since: Timestamp = SINCE.parse().unwrap();
    let ids = ["x@example.com", "w@example.com"].map(str::to_owned);
    let mut log = RelayLog::new(ids, TimeZone::UTC, since);
    for lines in logs {
        log.read(lines.concat().as_bytes()).unwrap();
    }
    let since = since.as_millisecond();
    log.finding("x@example.com", (since, since + 60_000), ["w@example.com"].into_iter())
}

#[track_caller]
fn proves_nothing(logs: &[&[&str]], why: &str) {
    match judged(logs) {
        Finding::Nothing(said) => assert!(said.contains(why), "{said}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_the_queue_manager_has_was_taken() {
    let taken = Finding::Taken("relay log: taken as 4F2A1B3C4D".to_owned());
    assert_eq!(judged(&[&[IN, TAKEN]]), taken, "whatever else the log shows");
    let modern = "2026-11-22T11:00:01.500000+01:00 mx postfix-out/cleanup[71]: 4F2A1B3C4D: message-id=<x@example.com>
2026-11-22T11:00:01.900000+01:00 mx postfix-out/qmgr[72]: 4F2A1B3C4D: from=<>, size=9, nrcpt=1 (queue active)\n";
    assert_eq!(judged(&[&[modern]]), taken);
    for rule in ["hold: header Subject: x", "discard: header Subject: x", "milter-discard: END-OF-MESSAGE from x"] {
        let held = format!("Nov 22 10:00:02 mx postfix/cleanup[71]: 4F2A1B3C4D: {rule}\n");
        assert_eq!(judged(&[&[IN, &held]]), taken, "{rule}");
    }
}

#[test]
fn silence_of_a_whole_log_proves_that_it_never_came() {
    let never = Finding::NotTaken("relay log: it never came in".to_owned());
    assert_eq!(judged(&[&[BEFORE, WITNESS, AFTER]]), never);
    assert_eq!(
        judged(&[&[BEFORE, WITNESS], &["Nov 22 10:08:00 mx postfix/qmgr[1]: BBBBBBBBBB: removed\n", AFTER]]),
        never
    );
}

#[test]
fn silence_of_a_log_that_is_not_whole_proves_nothing() {
    proves_nothing(&[], "doesn't cover");
    proves_nothing(&[&["Nov 22 10:00:01 mx sshd[3]: nothing of Postfix\n"]], "doesn't cover");
    proves_nothing(&[&[WITNESS, AFTER]], "doesn't cover");
    proves_nothing(&[&[BEFORE, WITNESS, "Nov 22 10:10:59 mx postfix/qmgr[1]: BBBBBBBBBB: removed\n"]], "doesn't cover");
    proves_nothing(
        &[&[BEFORE, WITNESS], &["Nov 22 10:10:30 mx postfix/qmgr[1]: BBBBBBBBBB: removed\n", AFTER]],
        "doesn't cover",
    );
    proves_nothing(&[&[BEFORE, AFTER]], "another relay's");
    for dropped in [
        "Nov 22 10:00:09 mx rsyslogd: imuxsock[pid 71]: begin to drop messages due to rate-limiting\n",
        "Nov 22 10:00:09 mx systemd-journald[9]: Suppressed 713 messages from postfix.service\n",
    ] {
        proves_nothing(&[&[BEFORE, WITNESS, dropped, AFTER]], "dropped");
    }
}

#[test]
fn what_came_in_and_was_never_queued_was_not_taken() {
    let lost = Finding::NotTaken("relay log: 4F2A1B3C4D came in and was never queued".to_owned());
    let later = "Nov 22 10:12:00 mx postfix/qmgr[72]: BBBBBBBBBB: removed\n";
    assert_eq!(judged(&[&[IN, later]]), lost);
    proves_nothing(&[&[IN, TAKEN.replace("4F2A1B3C4D", "BBBBBBBBBB").as_str()]], "doesn't cover");
    let other = "Nov 22 10:00:03 mx postfix/cleanup[71]: CCCCCCCCCC: message-id=<y@example.com>\n";
    proves_nothing(&[&[IN, other, later]], "the queue manager was behind");
    let others = TAKEN.replace("4F2A1B3C4D", "CCCCCCCCCC");
    assert_eq!(judged(&[&[IN, other, &others, later]]), lost);
    let refused =
        "Nov 22 10:00:02 mx postfix/cleanup[71]: 4F2A1B3C4D: milter-reject: END-OF-MESSAGE from x: 5.7.1 spam\n";
    assert_eq!(judged(&[&[IN, refused]]), Finding::NotTaken("relay log: 4F2A1B3C4D was refused".to_owned()));
}

#[test]
fn an_earlier_attempt_that_was_put_off_says_nothing_of_the_last() {
    let earlier = "Nov 22 09:50:00 mx postfix/cleanup[71]: 4F2A1B3C4D: message-id=<x@example.com>
Nov 22 09:50:00 mx postfix/cleanup[71]: 4F2A1B3C4D: milter-reject: END-OF-MESSAGE from x: 4.7.1 later\n";
    proves_nothing(&[&[earlier]], "doesn't cover");
    assert_eq!(judged(&[&[earlier, WITNESS, AFTER]]), Finding::NotTaken("relay log: it never came in".to_owned()));
}

#[test]
fn a_queue_id_means_only_what_it_was_used_for_last() {
    let again = IN.replace("x@", "other@");
    let later = "Nov 22 10:12:00 mx postfix/qmgr[72]: BBBBBBBBBB: removed\n";
    assert!(matches!(judged(&[&[IN, &again, TAKEN, later]]), Finding::NotTaken(_)));
    let elsewhere = TAKEN.replace("postfix/", "postfix-in/");
    assert!(matches!(judged(&[&[IN, &elsewhere, later]]), Finding::NotTaken(_)));
    let second = IN.replace("4F2A1B3C4D", "DDDDDDDDDD");
    assert!(matches!(judged(&[&[IN, TAKEN, &second, later]]), Finding::Taken(_)), "once taken, it stays taken");
}

#[test]
fn no_log_is_too_strange_to_be_read() {
    let strange = b"\xff\xfe\nNov 22 10:00:01 mx postfix/cleanup[71]: \nNov 22\n: : :\n2026-11-22T10:00:01\n";
    let mut log = RelayLog::new([], TimeZone::UTC, SINCE.parse().unwrap());
    log.read(strange.as_slice()).unwrap();
}
