//! What the parts count.

use super::*;
use crate::ledger::Record;

fn record(recipient: u32, event: Event, at: i64, code: u16, reply: &'static str) -> Read<'static> {
    Record { recipient, event, relay: 0, at, code, reply }
}

#[test]
fn points_stay_few_and_lose_nothing_however_long_it_takes() {
    let mut timeline = Timeline::default();
    timeline.mark(0);
    for n in 0..100_000i64 {
        let at = n * 977;
        timeline.note(&record(0, Event::Claimed, at, 0, ""), State::Pending, State::InDoubt);
        timeline.note(&record(0, Event::Accepted, at, 250, ""), State::InDoubt, State::Accepted);
    }
    let points = timeline.points();
    assert!(points.len() <= 402, "{}", points.len());
    assert!(points.is_sorted_by_key(|point| point.after) && points.is_sorted_by_key(|point| point.accepted));
    let last = points.last().unwrap();
    assert_eq!((last.accepted, last.after), (100_000, 99_999 * 977));
}

#[test]
fn time_between_runs_is_not_running_time_and_a_clock_set_back_is_none() {
    let mut timeline = Timeline::default();
    let mut sent = |at: i64, mark: bool| {
        if mark {
            // Once for each of two relays.
            timeline.mark(at);
            timeline.mark(at);
        }
        timeline.note(&record(0, Event::Accepted, at + 1000, 250, ""), State::InDoubt, State::Accepted);
    };
    sent(0, true);
    sent(9_000, false);
    sent(9_000_000, true);
    sent(8_000_000, false);
    assert_eq!(timeline.running(), 10_000 + 1000);
    // A doubt settled much later belongs to no run.
    let settled = record(0, Event::SettledAccept, 99_000_000, 0, "");
    timeline.note(&settled, State::InDoubt, State::Accepted);
    assert_eq!(timeline.running(), 11_000);
    assert_eq!(timeline.points().last().unwrap().accepted, 5);
    assert_eq!(timeline.into_runs().len(), 2);
}

#[test]
fn who_is_deferred_for_a_while_is_so_only_then() {
    let mut timeline = Timeline::default();
    timeline.note(&record(0, Event::Deferred, 0, 451, ""), State::InDoubt, State::Deferred);
    timeline.note(&record(0, Event::Claimed, 1000, 0, ""), State::Deferred, State::InDoubt);
    timeline.note(&record(0, Event::Accepted, 2000, 250, ""), State::InDoubt, State::Accepted);
    let points = timeline.points();
    assert_eq!(points.iter().map(|point| point.deferred).max(), Some(1));
    assert_eq!((points.last().unwrap().deferred, points.last().unwrap().accepted), (0, 1));
}

#[test]
fn large_providers_are_counted_whole_among_any_number_of_small_ones() {
    let mut providers = Providers::default();
    let mut total = 0;
    for n in 0..200_000 {
        providers.add(&format!("a@small{n}.example.org"), State::Accepted);
        total += 1;
        if n % 10 == 0 {
            providers.add("a@large.example.com", State::Deferred);
            total += 1;
        }
    }
    let largest = providers.largest();
    assert_eq!(largest[0].domain.as_deref(), Some("large.example.com"));
    assert_eq!(largest[0].counts.deferred, 20_000);
    assert_eq!(largest.iter().map(|provider| provider.counts.total).sum::<u64>(), total, "nobody is lost");
    assert_eq!(providers.deferred().len(), 1);
}

/// A word that differs from number to number.
fn letters(n: u32) -> String {
    n.to_string().bytes().map(|digit| char::from(digit + 49)).collect()
}

#[test]
fn reasons_are_of_the_state_that_is_and_never_without_end() {
    let mut ledger = Ledger::of_states(2000);
    let mut reasons = Reasons::new(2000);
    let mut told = |recipient: u32, event: Event, code: u16, reply: String| {
        let record = Record { recipient, event, relay: 0, at: 0, code, reply: reply.as_str() };
        ledger.apply(&record).unwrap();
        reasons.note(&record, ledger.state(recipient));
    };
    for n in 0..1000 {
        told(n, Event::Claimed, 0, String::new());
        told(n, Event::Rejected, 550, format!("5.1.1 <reader{n}@example.org>: unknown"));
    }
    for n in 1000..1999 {
        told(n, Event::Claimed, 0, String::new());
        // Words that differ for everyone.
        told(n, Event::Deferred, 451, format!("4.2.0 {}", letters(n)));
    }
    told(1000, Event::Claimed, 0, String::new());
    told(1000, Event::Accepted, 250, "ok".to_owned());
    told(1999, Event::Claimed, 0, String::new());
    let reasons = reasons.of(&ledger);
    assert_eq!(reasons[0], Reason { state: State::Rejected, words: "550 5.1.1 <…>: unknown".to_owned(), count: 1000 });
    let deferred = reasons.iter().filter(|reason| reason.state == State::Deferred);
    assert_eq!(deferred.map(|reason| reason.count).sum::<u64>(), 998);
    assert!(reasons.iter().any(|reason| reason.words == "451 4.2.0 in other words"));
    let in_doubt = Reason { state: State::InDoubt, words: "no answer is known".to_owned(), count: 1 };
    assert!(reasons.contains(&in_doubt) && reasons.len() < 30);
}
