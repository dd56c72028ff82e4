//! Trying again, stopping when too much is refused, the day's share.

use super::{SEND, everyone, letter};
use crate::publication::reader;
use crate::relay::{Relay, Step, on};
use crate::status::{Counts, counts, rows};

#[test]
fn whom_the_relay_puts_off_is_tried_again_in_the_same_run() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Rcpt).of(&reader(2)).times(2).reply("450 4.2.1 Greylisted"));
    relay.rule(on(Step::Message).of(&reader(4)).times(1).reply("451 4.3.0 Try later"));
    let letter = letter(&relay, 6).setting("send.retry_for", "1h").setting("send.retry_after", "20ms");
    letter.run(SEND).success();
    assert_eq!(relay.taken_by(), everyone(6));
    let rows = rows(&letter);
    assert_eq!((rows[&reader(2)].attempts, rows[&reader(4)].attempts, rows[&reader(1)].attempts), (3, 2, 1));
    relay.assert_no_faults();
}

#[test]
fn a_lost_connection_is_made_again_and_costs_nobody_a_copy() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Rcpt).nth(3).close());
    let letter = letter(&relay, 6).setting("send.retry_for", "1h");
    letter.run(SEND).success();
    assert_eq!(relay.taken_by(), everyone(6));
}

/// A relay that says "later" is there: what was tried three times in half a second is not given up.
#[test]
fn a_relay_that_greets_with_421_is_waited_for() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Greeting).times(4).reply("421 4.3.2 Too busy"));
    let letter = letter(&relay, 3).setting("send.retry_for", "1h");
    letter.run(SEND).success().stderr_has("421 4.3.2 Too busy").stderr_has("tried again until it answers");
    assert_eq!(relay.taken_by(), everyone(3));
}

#[test]
fn rising_refusals_stop_the_mailing() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Rcpt).reply("550 5.2.1 Not any more"));
    let letter = letter(&relay, 40);
    letter.run(SEND).code(4).stderr_has("of the last").stderr_has("--refusals");
    let first = counts(&letter);
    assert!((11..=15).contains(&first.rejected) && first.pending >= 25, "{first:?}");
    relay.forget_rules();
    letter.run(SEND).code(4);
    let second = counts(&letter);
    assert_eq!((second.rejected, second.accepted), (first.rejected, 40 - first.rejected));
}

#[test]
fn refusals_that_are_allowed_stop_nothing() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Rcpt).reply("550 5.2.1 Not any more"));
    let letter = letter(&relay, 40);
    letter.run(["send", "--yes", "--refusals", "100%"]).code(4);
    assert_eq!(counts(&letter), Counts { rejected: 40, total: 40, ..Counts::default() });
}

#[test]
fn no_more_is_sent_in_a_day_than_the_warm_up_allows() {
    let relay = Relay::plain().start();
    let day: toml::value::Datetime = "2026-11-20".parse().unwrap();
    let letter = letter(&relay, 10)
        .setting("limits.per_day", toml::Value::Array(vec![2.into(), 3.into(), 4.into(), 6.into(), 100.into()]))
        .setting("limits.per_day_from", day);
    let on_day = |day: &str| {
        let epoch = day.parse::<jiff::Timestamp>().unwrap().as_second().to_string();
        letter.command(SEND).env("SOURCE_DATE_EPOCH", &epoch).run()
    };
    on_day("2026-11-21T10:00:00Z").code(4).stderr_has("Today's share is sent");
    assert_eq!(relay.taken().len(), 3);
    on_day("2026-11-21T11:00:00Z").code(4);
    assert_eq!(relay.taken().len(), 3, "not twice a day");
    on_day("2026-11-22T10:00:00Z").code(4);
    assert_eq!(relay.taken().len(), 7);
    on_day("2026-11-24T10:00:00Z").success();
    assert_eq!(relay.taken_by(), everyone(10));
}

#[test]
fn addresses_that_do_not_exist_are_suppressed_when_asked() {
    let relay = Relay::plain().start();
    relay.rule(on(Step::Rcpt).of(&reader(2)).reply("550 5.1.1 No such user"));
    relay.rule(on(Step::Rcpt).of(&reader(3)).reply("552 5.2.2 Full"));
    let letter = letter(&relay, 4).setting("send.suppress_unknown", true);
    letter.run(SEND).code(4).stderr_has("1 address doesn't exist");
    let suppressed = letter.read("subscribers/suppressions.csv");
    assert!(suppressed.contains(&reader(2)) && !suppressed.contains(&reader(3)), "{suppressed}");
}

#[test]
fn what_will_happen_is_said_with_the_time_it_takes() {
    let relay = Relay::plain().start();
    let letter = letter(&relay, 30).setting("relay.rate", "10/min");
    letter.run(["send"]).code(5).stderr_has("10/min").stderr_has("Finished   in 3 minutes, at");
}
