//! Several relays: shares, and what happens when one is not there, refuses us, or dies.

use super::{SEND, everyone, publication};
use crate::publication::Publication;
use crate::relay::{Relay, Step, on};
use crate::status::{counts, rows};

/// A publication that hands to these relays, each with settings of its own.
pub(crate) fn letter(readers: usize, relays: &[(&str, &str)]) -> Publication {
    let letter = publication(readers);
    let mut settings: toml::Table = letter.read("letterpress.toml").parse().unwrap();
    let tables = relays.iter().map(|(url, more)| {
        let text = format!("url = '{url}'\ntimeout = '10s'\n{more}");
        toml::Value::Table(text.parse().unwrap())
    });
    settings.insert("relay".to_owned(), toml::Value::Array(tables.collect()));
    let settings = settings.to_string();
    letter.file("letterpress.toml", settings)
}

#[test]
fn each_relay_gets_its_share() {
    let (one, other) = (Relay::plain().start(), Relay::plain().start());
    let letter = letter(400, &[(&one.url(), "weight = 3"), (&other.url(), "name = 'the other'")]);
    letter.run(SEND).success();
    let (first, second) = (one.taken().len(), other.taken().len());
    assert_eq!(first + second, 400);
    let named = rows(&letter).values().filter(|row| row.relay == "the other").count();
    assert_eq!(named, second, "who had it from which relay is known");
    // What is ahead of its share is at most 64 messages.
    assert!((230..=370).contains(&first), "{first} and {second}");
    let mut all = one.taken_by();
    all.extend(other.taken_by());
    all.sort();
    assert_eq!(all, everyone(400));
}

#[test]
fn with_one_relay_gone_the_other_takes_all() {
    let there = Relay::plain().start();
    let gone = Relay::plain().start();
    let url = gone.url();
    drop(gone);
    let letter = letter(20, &[(&url, ""), (&there.url(), "")]);
    letter.run(SEND).success().stderr_has("the others go on");
    assert_eq!(there.taken_by(), everyone(20));
}

#[test]
fn a_relay_that_turns_us_away_leaves_all_to_the_other() {
    for greeting in ["554 5.7.1 Go away", "421 4.3.2 Busy"] {
        let (refusing, there) = (Relay::plain().start(), Relay::plain().start());
        refusing.rule(on(Step::Greeting).reply(greeting));
        let letter = letter(20, &[(&refusing.url(), ""), (&there.url(), "")]);
        letter.run(SEND).success();
        assert_eq!(there.taken_by(), everyone(20), "{greeting}");
    }
}

#[test]
fn a_relay_that_dies_in_the_middle_leaves_the_rest_to_the_other() {
    let (dying, there) = (Relay::plain().start(), Relay::plain().start());
    dying.rule(on(Step::Rcpt).nth(5).close());
    dying.rule(on(Step::Greeting).nth(2).reply("421 4.3.2 Shutting down"));
    dying.rule(on(Step::Greeting).nth(3).reply("421 4.3.2 Shutting down"));
    dying.rule(on(Step::Greeting).nth(4).reply("421 4.3.2 Shutting down"));
    let letter = letter(200, &[(&dying.url(), ""), (&there.url(), "")]);
    letter.run(SEND).code_in(&[0, 4]);
    letter.run(SEND).code_in(&[0, 4]);
    let counts = counts(&letter);
    assert_eq!((counts.accepted, counts.in_doubt), (200, 0), "{counts:?}");
    let mut all = dying.taken_by();
    all.extend(there.taken_by());
    all.sort();
    assert_eq!(all, everyone(200));
}

#[test]
fn a_relay_without_weight_is_used_only_when_no_other_can_be() {
    let (main, spare) = (Relay::plain().start(), Relay::plain().start());
    let letter = letter(30, &[(&main.url(), ""), (&spare.url(), "weight = 0")]);
    letter.run(SEND).success();
    assert_eq!((main.taken().len(), spare.taken().len()), (30, 0));
    let (main, spare) = (Relay::plain().start(), Relay::plain().start());
    main.rule(on(Step::Greeting).reply("554 5.3.2 Closed"));
    let letter = self::letter(30, &[(&main.url(), ""), (&spare.url(), "weight = 0")]);
    letter.run(SEND).success();
    assert_eq!(spare.taken_by(), everyone(30));
}

/// The journal has one octet for which relay it was: more would be taken for one another.
#[test]
fn more_relays_than_the_journal_can_tell_apart_are_refused() {
    letter(2, &[("discard:", ""); 201]).run(SEND).code(1).stderr_has("more than 200 relays");
    letter(2, &[("discard:", ""); 200]).run(SEND).success();
}
