//! What expressions say, where mistakes in them are shown, and the laws of logic.

use super::super::test::{list, rows};
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const LIST: &str = "email,name,status,Plan,age,tags,Größe,subscribed_at\n\
    ann@example.com,Ann Lee,,pro,41,\"staff, early\",L,2025-12-31\n\
    bob@example.com,Bob,pending,free,9,late,,2026-01-01T00:30:00+01:00\n\
    cem@example.com,,,,,,XL,soon\n";

/// Ann got spring, and of Bob nobody knows.
struct Sent;

impl Mailings for Sent {
    fn roll(&self, slug: &str) -> Result<Option<Roll>> {
        let mut roll = Roll::default();
        roll.got("ann@example.com");
        roll.in_doubt("bob@example.com");
        Ok((slug == "spring").then_some(roll))
    }

    fn slugs(&self) -> Result<Vec<String>> {
        Ok(vec!["spring".to_owned()])
    }
}

fn named() -> NamedSegments {
    let segments = "pros = \"plan == 'pro'\"\ngrown_up = 'age >= 18'\nboth = 'pros and grown_up'";
    toml::from_str(segments).unwrap()
}

fn parse(expression: &str) -> Result<Segment> {
    parse_with(expression, &named())
}

fn parse_with(expression: &str, named: &NamedSegments) -> Result<Segment> {
    let list = list(LIST);
    let rows = rows(&list);
    let now = "2026-01-31T12:00:00Z".parse().unwrap();
    Segment::parse("--segment", expression, &Scope { columns: rows.columns(), now, named, mailings: &Sent })
}

fn segment(expression: &str) -> Segment {
    parse(expression).unwrap_or_else(|error| panic!("{}", error.render(false)))
}

fn who(expression: &str) -> String {
    each(&segment(expression)).into_iter().filter(|(_, (is_in, _))| *is_in).map(|(who, _)| who).collect()
}

/// For each reader whether they are in it, and the explanation.
fn each(segment: &Segment) -> BTreeMap<char, (bool, Explanation)> {
    let list = list(LIST);
    let mut rows = rows(&list);
    let mut found = BTreeMap::new();
    while let Some(row) = rows.read().unwrap() {
        found.insert(row.email().chars().next().unwrap(), (segment.matches(&row), segment.explain(&row)));
    }
    found
}

#[test]
fn expressions_say_what_they_say() {
    for (expression, found) in [
        ("plan == 'pro'", "a"),
        ("plan != \"pro\"", "bc"),
        ("age > 9", "a"),
        ("age >= 9", "ab"),
        ("age == 9.0", "b"),
        ("age != 9", "ac"),
        ("age < 1000", "ab"),
        ("age < '9'", "a"),
        ("age <= -1", ""),
        ("plan in ['pro', 'free']", "ab"),
        ("age in [9]", "b"),
        ("plan not in ['pro']", "bc"),
        ("tag('early')", "a"),
        ("not tag('earl')", "abc"),
        ("has(name)", "ab"),
        ("not has(plan) or plan == 'pro' and age == 1", "c"),
        ("(not has(plan) or plan == 'pro') and age == 41", "a"),
        ("status == 'pending'", "b"),
        ("status == 'active' AND first_name == 'Ann'", "a"),
        ("email == 'cem@example.com'", "c"),
        ("größe == 'XL'", "c"),
        ("not not has(name)", "ab"),
    ] {
        assert_eq!(who(expression), found, "{expression}");
    }
}

#[test]
fn functions_say_what_they_say() {
    for (expression, found) in [
        ("contains(name, 'nn L')", "a"),
        ("starts_with(email, 'b') or ends_with(name, 'Lee')", "ab"),
        ("ends_with(email, '@example.com') and not contains(plan, 'r')", "c"),
        ("subscribed_at < 2026-01-01", "ab"),
        ("subscribed_at == 2025-12-31", "ab"),
        ("subscribed_at != 2025-12-31", "c"),
        ("subscribed_at >= 2025-12-31T12:00Z", "b"),
        ("subscribed_at in [2025-12-31, 2026-01-01]", "ab"),
        ("days_since(subscribed_at) == 31", "ab"),
        ("days_since(subscribed_at) > 30 and days_since(subscribed_at) <= 31.5", "ab"),
        ("days_since(subscribed_at) not in [31]", "c"),
        ("days_since(subscribed_at) < 0", ""),
        ("got('spring')", "a"),
        ("missed('spring')", "c"),
        ("not got('spring') and not missed('spring')", "b"),
        ("sample(100%) and sample('A', 100%) and not sample(0%)", "abc"),
        ("pros", "a"),
        ("segment('both') or not grown_up", "abc"),
        ("not segment(\"pros\")", "bc"),
    ] {
        assert_eq!(who(expression), found, "{expression}");
    }
}

#[test]
fn mistakes_are_placed_and_answered() {
    for (expression, column, says) in [
        ("plann == 'pro'", 1, "did you mean `plan`?"),
        ("plan = 'pro'", 6, "write `==`"),
        ("plan == pro", 9, "'pro'"),
        ("plan == ‘pro’", 9, "straight quotes"),
        ("plan == 'pro", 9, "not closed"),
        ("plan", 1, "has(plan)"),
        ("", 1, "empty"),
        ("plan == 'a' && age > 1", 13, "write `and`"),
        ("plan == 'a' age", 13, "and"),
        ("(plan == 'a'", 13, "`)`"),
        ("plan in ['a'", 13, "`]`"),
        ("plan in 'a'", 9, "`[`"),
        ("tag('a b')", 5, "one word"),
        ("has('plan')", 5, "without quotes"),
        ("subscribed < 3", 1, "did you mean `subscribed_at`?"),
        ("age < 2026-31-01", 7, "2026-01-31"),
        ("age < 3x", 7, "'3x'"),
        ("'pro' == plan", 1, "first"),
        ("has(plan) and ha(name)", 15, "did you mean `has`?"),
        ("xyzzy(name)", 1, "there are has, tag"),
        ("days_since(subscribed_at)", 26, "> 30"),
        ("days_since(subscribed_at) > 2026-01-01", 29, "a number of days"),
        ("days_since(x) > 1", 12, "the list has"),
        ("got('sprin')", 5, "did you mean `spring`?"),
        ("got(spring)", 5, "with its quotes"),
        ("missed('zzz')", 8, "there is no mailing"),
        ("sample(10)", 8, "write 10%"),
        ("sample('A')", 11, "`,`"),
        ("sample(110%)", 8, "between 0% and 100%"),
        ("age > 10%", 7, "only `sample`"),
        ("contains(name)", 14, "`,`"),
        ("contains(name, '')", 16, "has(column)"),
        ("prs", 1, "did you mean `pros`?"),
        ("segment('zzz')", 9, "[segments] zzz"),
        ("plan not 'x'", 10, "`in` is missing"),
        ("has(name", 9, "`)`"),
    ] {
        let error = parse(expression).unwrap_err();
        let shown = error.render(false);
        assert_eq!(error.place().unwrap().column, column, "{shown}");
        assert!(shown.contains(says), "{shown}");
    }
}

#[test]
fn a_mistake_in_a_named_segment_is_placed_in_it() {
    let named: NamedSegments = toml::from_str("pros = 'has(name) and plann == 1'").unwrap();
    let place = parse_with("not pros", &named).unwrap_err().place().unwrap().clone();
    assert_eq!((place.file.as_str(), place.column), ("letterpress.toml ([segments] pros)", 15));
    let named: NamedSegments = toml::from_str("a = 'b'\nb = 'not a'").unwrap();
    assert!(parse_with("a", &named).unwrap_err().message().contains("part of itself"));
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = format!("{}has(plan){}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(parse(&deep).is_err());
    assert!(parse(&format!("{}has(plan)", "not ".repeat(100_000))).is_err());
    let long = vec!["has(plan)"; 10_000].join(" or ");
    assert!(parse(&long).is_ok());
    let doubled: String = (1..19).map(|n| format!("s{n} = 's{0} and s{0}'\n", n - 1)).collect();
    let named: NamedSegments = toml::from_str(&format!("s0 = 'has(plan)'\n{doubled}")).unwrap();
    named.check().unwrap();
    assert!(parse_with("s18", &named).unwrap_err().message().contains("too many conditions"));
}

#[test]
fn an_explanation_names_every_part_and_what_decides_it() {
    let segment = segment("pros and not (tag('late') or days_since(subscribed_at) < 40) and age > 50");
    let explanation = &each(&segment)[&'a'].1;
    assert!(!explanation.holds);
    let told: Vec<(&str, bool, Option<&str>)> =
        explanation.parts.iter().map(|part| (part.part.as_str(), part.holds, part.because.as_deref())).collect();
    assert_eq!(
        told,
        [
            ("pros", true, None),
            ("not (tag('late') or days_since(subscribed_at) < 40)", false, None),
            ("age > 50", false, Some("age is `41`")),
        ]
    );
    assert_eq!(explanation.parts[0].parts[0].because.as_deref(), Some("plan is `pro`"));
    let either = &explanation.parts[1].parts[0];
    assert_eq!(either.part, "tag('late') or days_since(subscribed_at) < 40");
    assert_eq!(either.parts[1].because.as_deref(), Some("subscribed_at is `2025-12-31`, 31 days ago"));
}

#[test]
fn what_is_no_date_is_told() {
    let because = |expression: &str| each(&segment(expression))[&'c'].1.because.clone().unwrap();
    assert_eq!(because("subscribed_at < 2026-01-01"), "subscribed_at is `soon`, which is no date");
    assert_eq!(because("subscribed_at > 3"), "subscribed_at is `soon`, which is no number");
    assert_eq!(because("has(name)"), "name is empty");
    assert!(because("sample('A', 10%)").starts_with("they stand at "));
}

/// Conditions that hold for some.
const ATOMS: [&str; 12] = [
    "plan == 'pro'",
    "plan != 'pro'",
    "age > 9",
    "age < '9'",
    "tag('early')",
    "has(name)",
    "subscribed_at < 2026-01-01",
    "days_since(subscribed_at) != 31",
    "got('spring')",
    "missed('spring')",
    "sample('x', 50%)",
    "both",
];

fn expressions() -> impl Strategy<Value = String> {
    let atom = prop::sample::select(ATOMS.as_slice()).prop_map(str::to_owned);
    atom.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|part| format!("not ({part})")),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|parts| format!("({})", parts.join(") and ("))),
            prop::collection::vec(inner, 1..3).prop_map(|parts| format!("({})", parts.join(" or "))),
        ]
    })
}

/// What the parts of an explanation come to.
fn comes_to(explanation: &Explanation) -> bool {
    let mut parts = explanation.parts.iter().map(comes_to);
    match explanation.kind {
        "all" => parts.all(|holds| holds),
        "any" => parts.any(|holds| holds),
        "not" => parts.all(|holds| !holds),
        "segment" => parts.all(|holds| holds),
        _ => explanation.holds,
    }
}

proptest! {
    // Each case opens lists.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_it_panic(text in "(plan|age|tag|has|got|sample|days_since|segment|in|not|and|or|2026-0|[ ()\\[\\],'\"=!<>%]|-?[0-9.]{1,3}|\\PC){0,12}") {
        let _ = parse(&text);
    }

    #[test]
    fn not_and_or_are_those_of_logic(one in expressions(), other in expressions()) {
        let (not_one, both) = (segment(&format!("not ({one})")), segment(&format!("({one}) and ({other})")));
        let (either, turned) = (segment(&format!("({one}) or ({other})")), segment(&format!("not (not ({one}) and not ({other}))")));
        let (one, other) = (each(&segment(&one)), each(&segment(&other)));
        for who in ['a', 'b', 'c'] {
            let (first, second) = (one[&who].0, other[&who].0);
            prop_assert_eq!(each(&not_one)[&who].0, !first);
            prop_assert_eq!(each(&both)[&who].0, first && second);
            prop_assert_eq!(each(&either)[&who].0, first || second);
            prop_assert_eq!(each(&turned)[&who].0, first || second);
        }
    }

    #[test]
    fn an_explanation_agrees_with_what_it_explains(expression in expressions()) {
        let found = each(&segment(&expression));
        for (is_in, explanation) in found.values() {
            prop_assert_eq!(*is_in, explanation.holds);
            prop_assert_eq!(*is_in, comes_to(explanation));
        }
    }
}
