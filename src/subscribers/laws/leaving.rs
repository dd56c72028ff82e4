//! Laws of leaving: whatever is done in whatever order, nobody gets mail again but by their own name, who was forgotten is
//! nowhere, and what is said of others among the suppressions stays letter by letter.

use std::collections::BTreeSet;

use super::super::test::{List, list};
use super::*;

/// Something is done, or a change is taken back: the last, or one before it.
#[derive(Debug, Clone)]
enum Step {
    Do(Deed),
    Undo(Option<u64>, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let number = proptest::option::of(1u64..8);
    prop_oneof![
        4 => deed().prop_map(Step::Do),
        1 => (number, any::<bool>()).prop_map(|(number, partly)| Step::Undo(number, partly)),
    ]
}

/// A table of suppressions as its owner may have written it: none, or some people in it.
fn suppressions() -> impl Strategy<Value = Option<Vec<u8>>> {
    let people = proptest::collection::vec((0usize..7, "[a-z;,\" \n]{0,4}", any::<bool>()), 0..4);
    let marks = (prop_oneof![Just(','), Just(';'), Just('\t')], prop_oneof![Just("\n"), Just("\r\n"), Just("\r")]);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let table = (people, marks, flags).prop_map(|(people, (delimiter, end), (closed, bom, blank, turned))| {
        let columns = if turned { ["note", "reason", "E-Mail"] } else { ["address", "reason", "date"] };
        let mut lines = vec![columns.join(&delimiter.to_string())];
        lines.extend(people.iter().map(|(who, reason, loud)| {
            let email = if *loud { email(*who).to_uppercase() } else { email(*who) };
            let reason = format!("\"{}\"", reason.replace('"', "\"\""));
            let cells = if turned { [String::new(), reason, email] } else { [email, reason, String::new()] };
            cells.join(&delimiter.to_string())
        }));
        let start = if bom { "\u{feff}" } else { "" };
        let first = if blank { end } else { "" };
        let last = if closed { end } else { "" };
        format!("{start}{first}{}{last}", lines.join(end)).into_bytes()
    });
    proptest::option::of(table)
}

/// The rows of the suppressions: whom each is for, and its bytes.
fn kept_out(list: &List) -> Vec<(String, Vec<u8>)> {
    let Ok(file) = std::fs::File::open(&list.files.suppressions) else { return Vec::new() };
    let Some(mut rows) = Rows::read_file(file, &list.files.suppressions, &suppression::ADDRESS).unwrap() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    while let Some(row) = rows.read().unwrap() {
        found.push((row.email().to_lowercase(), row.raw.bytes.to_vec()));
    }
    found
}

/// Who gets mail.
fn owed(list: &List) -> BTreeSet<String> {
    let withdrawals = Withdrawals::load(&list.files).unwrap();
    let emails = in_list(list).into_iter();
    emails.filter(|email| Address::parse(email).is_ok() && withdrawals.find_email(email).is_none()).collect()
}

fn in_list(list: &List) -> BTreeSet<String> {
    records(list).1.into_iter().map(|record| record.email).collect()
}

/// Whose rows a change has touched, as far as the history still says.
fn touched(list: &List, number: u64) -> BTreeSet<String> {
    let mut history = History::open(&list.files).unwrap().unwrap();
    let mut found = BTreeSet::new();
    while let Some(entry) = history.read().unwrap() {
        if let Entry::Row(row) = entry
            && row.change == number
        {
            found.insert(row.address.to_lowercase());
        }
    }
    found
}

/// Takes a step; says who may get mail by it who didn't before.
fn take(list: &List, step: &Step) -> BTreeSet<String> {
    let everybody = || in_list(list);
    let only = |who: &usize| [email(*who)].into();
    let newcomer = |who: &usize| {
        let suppressed = Suppressions::load(&list.files.suppressions).unwrap().find(&email(*who)).is_some();
        if suppressed || in_list(list).contains(&email(*who)) { BTreeSet::new() } else { only(who) }
    };
    match step {
        Step::Undo(number, partly) => {
            let Ok(target) = Target::find(&list.files, *number) else { return BTreeSet::new() };
            let touched = touched(list, target.head.change);
            let before = records(list).1;
            match undo(&list.files, &target, *partly, None, how()) {
                Ok(report) => assert!(*partly || report.conflicts.total == 0),
                Err(_) => assert_eq!(before, records(list).1),
            }
            touched
        }
        Step::Do(deed) => {
            let may = match deed {
                Deed::Add(who) | Deed::Import(who, _) | Deed::Merge(who, _) => newcomer(who),
                Deed::Resubscribe(who)
                    if Suppressions::load(&list.files.suppressions).unwrap().find(&email(*who)).is_some() =>
                {
                    BTreeSet::new()
                }
                Deed::Resubscribe(who) | Deed::Unsuppress(who) => only(who),
                Deed::UnsuppressDomain => everybody(),
                _ => BTreeSet::new(),
            };
            act(list, deed, how());
            may
        }
    }
}

/// Whom a step speaks of among the suppressions; `None`: of nobody in particular, and rows only come.
fn spoken_of(step: &Step) -> Option<String> {
    match step {
        Step::Do(Deed::Unsuppress(who) | Deed::Forget(who)) => Some(email(*who)),
        Step::Do(Deed::UnsuppressDomain) => Some("@example.com".to_owned()),
        _ => None,
    }
}

proptest! {
    #[test]
    fn nobody_gets_mail_again_but_by_name_and_who_was_forgotten_is_nowhere(
        dialect in dialect(),
        readers in proptest::collection::vec(reader(), 0..8),
        suppressions in suppressions(),
        steps in proptest::collection::vec(step(), 1..10),
    ) {
        let mut dialect = dialect;
        if !dialect.columns.contains(&"status") {
            dialect.columns.push("status");
        }
        let list = list(dialect.file(&readers));
        if let Some(table) = suppressions {
            std::fs::write(&list.files.suppressions, table).unwrap();
        }
        let mut forgotten: BTreeSet<usize> = BTreeSet::new();
        for step in &steps {
            let (owed_before, out_before) = (owed(&list), kept_out(&list));
            let may = take(&list, step);
            match step {
                Step::Do(Deed::Forget(who)) => drop(forgotten.insert(*who)),
                Step::Do(Deed::Unsuppress(who)) => drop(forgotten.remove(who)),
                _ => {}
            }
            let (owed, rows) = (owed(&list), in_list(&list));
            let new: Vec<&String> = owed.difference(&owed_before).filter(|email| !may.contains(*email)).collect();
            prop_assert!(new.is_empty(), "{new:?} get mail again by {step:?}");
            // What is said of others stays, letter by letter and in its order; what is new comes behind.
            let speaks_of_them = spoken_of(step);
            let veiled = |email: &str| email.starts_with("forgotten:") && matches!(step, Step::Do(Deed::Unsuppress(_)));
            let others = |(email, _): &&(String, Vec<u8>)| Some(email) != speaks_of_them.as_ref() && !veiled(email);
            let before: Vec<_> = out_before.iter().filter(others).collect();
            let out = kept_out(&list);
            let after: Vec<_> = out.iter().filter(others).collect();
            prop_assert!(after.starts_with(&before), "{before:?} became {after:?} by {step:?}");
            for who in &forgotten {
                prop_assert!(!rows.contains(&email(*who)), "{who} is back by {step:?}");
                let traces = crate::address::Traces::of(&address(*who));
                for text in beside(&list).into_iter().flatten() {
                    prop_assert!(!traces.are_in(&text), "{who} by {step:?}: {}", String::from_utf8_lossy(&text));
                }
                prop_assert!(Suppressions::load(&list.files.suppressions).unwrap().find(&email(*who)).is_some());
            }
        }
    }
}
