//! Laws of changing a list, on random files in random dialects with edits by hand in between: every command keeps what it
//! was not asked to change, and what is undone is as it was.

mod leaving;
mod named;

use proptest::prelude::*;

use super::records::Records;
use super::test::{List, list};
use super::*;
use crate::address::Address;

/// A list file: how it is written, and its rows.
#[expect(clippy::struct_excessive_bools, reason = "each is a way in which files differ")]
#[derive(Debug, Clone)]
struct Dialect {
    delimiter: char,
    end: &'static str,
    bom: bool,
    closed: bool,
    blank: bool,
    quoted: bool,
    windows_1252: bool,
    columns: Vec<&'static str>,
}

fn dialect() -> impl Strategy<Value = Dialect> {
    let columns = Just(vec!["E-Mail", "name", "status", "tags", "City"]).prop_shuffle();
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let mark = prop_oneof![Just(','), Just(';'), Just('\t')];
    (mark, prop_oneof![Just("\n"), Just("\r\n"), Just("\r")], flags, columns, 2usize..=5).prop_map(
        |(delimiter, end, (bom, closed, blank, quoted, windows_1252), mut columns, keep)| {
            columns.retain({
                let mut others = 0;
                move |name| {
                    others += usize::from(*name != "E-Mail");
                    *name == "E-Mail" || others < keep
                }
            });
            Dialect { delimiter, end, bom: bom && !windows_1252, closed, blank, quoted, windows_1252, columns }
        },
    )
}

/// Who, name, status, tags, city, and whether the row ends early.
type Reader = (usize, String, &'static str, String, String, bool);

fn reader() -> impl Strategy<Value = Reader> {
    let status = prop_oneof![Just(""), Just("active"), Just("unsubscribed"), Just("pending"), Just("bounced")];
    (0usize..6, "[a-zé ,;]{0,6}", status, "([ab] ?){0,2}", "[A-Zä\"\n]{0,4}", any::<bool>())
}

fn email(who: usize) -> String {
    format!("r{who}@example.com")
}

impl Dialect {
    fn file(&self, readers: &[Reader]) -> Vec<u8> {
        let field = |text: &str| {
            let special =
                text.contains([self.delimiter, '"', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ');
            if self.quoted || special { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
        };
        let join = |cells: Vec<String>| cells.join(&self.delimiter.to_string());
        let mut lines = vec![join(self.columns.iter().map(|name| field(name)).collect())];
        for (n, (who, name, status, tags, city, short)) in readers.iter().enumerate() {
            let mut cells: Vec<String> = self
                .columns
                .iter()
                .map(|column| match *column {
                    "E-Mail" => field(&if n % 2 == 0 { email(*who) } else { email(*who).to_uppercase() }),
                    "name" => field(name),
                    "status" => field(status),
                    "tags" => field(tags),
                    _ => field(city),
                })
                .collect();
            while *short && cells.len() > 2 && cells.last().is_some_and(|cell| cell.trim_matches('"').is_empty()) {
                cells.pop();
            }
            lines.push(join(cells));
            if self.blank && n % 3 == 1 {
                lines.push(String::new());
            }
        }
        let text = lines.join(self.end) + if self.closed { self.end } else { "" };
        let text = if self.bom { format!("\u{feff}{text}") } else { text };
        if self.windows_1252 { encoding_rs::WINDOWS_1252.encode(&text).0.into_owned() } else { text.into_bytes() }
    }
}

/// A record: its bytes, and its cells without the empty ones at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    bytes: Vec<u8>,
    cells: Vec<String>,
    email: String,
}

fn records(list: &List) -> (Columns, Vec<Record>) {
    let mut rows = Rows::open(&list.files.list).unwrap();
    let columns = rows.columns().clone();
    let mut found = Vec::new();
    while let Some(row) = rows.read().unwrap() {
        let mut cells: Vec<String> = (0..columns.len()).map(|column| row.cell(column).into_owned()).collect();
        while cells.last().is_some_and(String::is_empty) {
            cells.pop();
        }
        found.push(Record { bytes: row.raw.bytes.to_vec(), cells, email: row.email().to_lowercase() });
    }
    (columns, found)
}

#[derive(Debug, Clone)]
enum Deed {
    Add(usize),
    Resubscribe(usize),
    Remove(usize),
    Tag(usize, &'static str),
    Untag(usize),
    Rename(usize, String),
    Delete(usize),
    Dedupe,
    DedupeByProvider,
    /// From a file in which they are active.
    Import(usize, String),
    /// From another list.
    Merge(usize, &'static str),
    Suppress(usize),
    /// Everybody's domain.
    SuppressDomain,
    Unsuppress(usize),
    UnsuppressDomain,
    Forget(usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    let who = 0usize..7;
    prop_oneof![
        who.clone().prop_map(Deed::Add),
        who.clone().prop_map(Deed::Resubscribe),
        who.clone().prop_map(Deed::Remove),
        (who.clone(), prop_oneof![Just("a"), Just("c")]).prop_map(|(who, tag)| Deed::Tag(who, tag)),
        who.clone().prop_map(Deed::Untag),
        (who.clone(), "[a-zé名;,\" ]{0,5}").prop_map(|(who, name)| Deed::Rename(who, name)),
        who.clone().prop_map(Deed::Delete),
        Just(Deed::Dedupe),
        Just(Deed::DedupeByProvider),
        (who.clone(), "[a-z]{0,4}").prop_map(|(who, name)| Deed::Import(who, name)),
        (who.clone(), prop_oneof![Just(""), Just("unsubscribed"), Just("bounced")])
            .prop_map(|(who, status)| Deed::Merge(who, status)),
        who.clone().prop_map(Deed::Suppress),
        Just(Deed::SuppressDomain),
        who.clone().prop_map(Deed::Unsuppress),
        Just(Deed::UnsuppressDomain),
        who.prop_map(Deed::Forget),
    ]
}

fn how() -> How<'static> {
    How { at: "2026-11-22T23:00:00Z".parse().unwrap(), by: "law", dry_run: false }
}

fn address(who: usize) -> Address {
    Address::parse(&email(who)).unwrap()
}

/// Does it; says whose rows it may touch (nobody's in particular: several), in which column, and the number of the change.
fn act(list: &List, deed: &Deed, how: How<'_>) -> (Option<usize>, &'static str, Option<u64>) {
    let files = &list.files;
    let change = |who: usize, column: &'static str, operator, value: &str| {
        let assignment = Assignment { column: column.to_owned(), operator, value: value.to_owned() };
        let choice = Choice::Addresses(vec![address(who)]);
        assign(files, &choice, &[assignment], false, "edit", None, how).unwrap().changeset.number
    };
    let person = |who: usize| NewReader { address: address(who), name: String::new(), set: Vec::new() };
    match deed {
        Deed::Add(who) => (Some(*who), "", add(files, &[person(*who)], false, how).unwrap().changeset.number),
        Deed::Resubscribe(who) => match add(files, &[person(*who)], true, how) {
            Ok(report) => (Some(*who), "status", report.changeset.number),
            Err(error) => panic!("{error}"),
        },
        Deed::Remove(who) => (Some(*who), "status", remove(files, &[address(*who)], how).unwrap().changeset.number),
        Deed::Tag(who, tag) => (Some(*who), "tags", change(*who, "tags", Operator::Add, tag)),
        Deed::Untag(who) => (Some(*who), "tags", change(*who, "tags", Operator::Take, "a")),
        Deed::Rename(who, name) => (Some(*who), "name", change(*who, "name", Operator::Set, name)),
        Deed::Delete(who) => {
            let choice = Choice::Addresses(vec![address(*who)]);
            (Some(*who), "", delete(files, &choice, None, how).unwrap().changeset.number)
        }
        Deed::Dedupe => (None, "", dedupe(files, Sameness::Address, None, how).unwrap().changeset.number),
        Deed::DedupeByProvider => (None, "", dedupe(files, Sameness::Provider, None, how).unwrap().changeset.number),
        Deed::Import(who, name) => {
            let export = files.list.with_file_name("export.txt");
            std::fs::write(&export, format!("email,name,status\n{},{name},active\n", email(*who))).unwrap();
            let columns = Rows::open(&files.list).unwrap().columns().clone();
            let incoming = import::Incoming::read(&[export], &import::Wishes::default(), Some(&columns)).unwrap();
            let plan = import::Plan::make(files, incoming, import::Manner::default(), how).unwrap();
            (Some(*who), "", plan.apply(files, how).unwrap().number)
        }
        Deed::Merge(who, status) => {
            let other = Files::named(files.list.parent().unwrap(), "other").unwrap();
            std::fs::write(&other.list, format!("email,status\n{},{status}\n", email(*who))).unwrap();
            (Some(*who), "", merge(files, &other, None, how).unwrap().changeset.number)
        }
        Deed::Suppress(who) => (Some(*who), "", keep_out(files, SuppressionTarget::Address(address(*who)), how)),
        Deed::SuppressDomain => (None, "", keep_out(files, domain(), how)),
        Deed::Unsuppress(who) => (Some(*who), "", let_in(files, SuppressionTarget::Address(address(*who)), how)),
        Deed::UnsuppressDomain => (None, "", let_in(files, domain(), how)),
        Deed::Forget(who) => {
            // There is no dry run of it.
            if !how.dry_run {
                forget(files.list.parent().unwrap(), &address(*who), how).unwrap();
            }
            (Some(*who), "", None)
        }
    }
}

fn domain() -> SuppressionTarget {
    SuppressionTarget::Domain("example.com".to_owned())
}

/// Neither this nor [`let_in`] is a change of the list: there is no number by which it could be taken back.
fn keep_out(files: &Files, target: SuppressionTarget, how: How<'_>) -> Option<u64> {
    let [reason, source] = ["law; 1", "\"here\""].map(str::to_owned);
    let new = NewSuppression { target, reason, date: "2026-11-23".to_owned(), source };
    suppress_all(files, &[new], how.dry_run).unwrap();
    None
}

fn let_in(files: &Files, target: SuppressionTarget, how: How<'_>) -> Option<u64> {
    unsuppress(files, &[target], how.dry_run).unwrap();
    None
}

/// The rows of others are what they were, byte for byte and in their order; of those meant, only the column changed.
fn check_kept(before: &(Columns, Vec<Record>), after: &(Columns, Vec<Record>), who: Option<usize>, column: &str) {
    let is_repeated = |email: &str| before.1.iter().filter(|record| record.email == email).count() > 1;
    let meant = |record: &Record| who.map_or_else(|| is_repeated(&record.email), |who| record.email == email(who));
    let others = |state: &(Columns, Vec<Record>)| -> Vec<Vec<u8>> {
        state.1.iter().filter(|record| !meant(record)).map(|record| record.bytes.clone()).collect()
    };
    assert_eq!(others(before), others(after));
    assert_eq!(before.0.headings(), &after.0.headings()[..before.0.len()]);
    if column.is_empty() {
        return;
    }
    let rest = |state: &(Columns, Vec<Record>)| -> Vec<Vec<String>> {
        let skipped = state.0.column(column);
        let cells = |record: &Record| {
            let cells = (0..before.0.len()).filter(|at| Some(*at) != skipped);
            cells.map(|at| record.cells.get(at).cloned().unwrap_or_default()).collect()
        };
        state.1.iter().filter(|record| meant(record)).map(cells).collect()
    };
    let added = after.1.len() - before.1.len();
    assert_eq!(rest(before), rest(after)[..rest(after).len() - added]);
}

/// Whose address stands in a row of somebody who has left.
fn gone(state: &(Columns, Vec<Record>)) -> Vec<String> {
    with_status(state, |status| matches!(status, "unsubscribed" | "bounced" | "complained"))
}

/// Whose rows all say that they get mail.
fn active(state: &(Columns, Vec<Record>)) -> Vec<String> {
    let others = with_status(state, |status| !matches!(status, "" | "active"));
    with_status(state, |_| true).into_iter().filter(|email| !others.contains(email)).collect()
}

fn with_status(state: &(Columns, Vec<Record>), is_meant: impl Fn(&str) -> bool) -> Vec<String> {
    let column = state.0.column("status");
    let status =
        |record: &Record| column.and_then(|at| record.cells.get(at)).map_or("", |cell| cell.as_str()).to_owned();
    state.1.iter().filter(|record| is_meant(&status(record))).map(|record| record.email.clone()).collect()
}

fn cells(state: &(Columns, Vec<Record>)) -> Vec<Vec<String>> {
    state.1.iter().map(|record| record.cells.clone()).collect()
}

/// The suppressions and the history.
fn beside(list: &List) -> [Option<Vec<u8>>; 2] {
    [&list.files.suppressions, &list.files.history].map(|path| std::fs::read(path).ok())
}

// As many cases as `PROPTEST_CASES` asks for.
proptest! {
    #[test]
    fn every_command_keeps_what_it_was_not_asked_to_change(
        dialect in dialect(),
        readers in proptest::collection::vec(reader(), 0..10),
        deeds in proptest::collection::vec(deed(), 1..5),
        by_hand in "[a-z]{1,4}",
    ) {
        let list = list(dialect.file(&readers));
        prop_assert!(!super::test::rows(&list).columns().is_empty());
        for deed in &deeds {
            let before = records(&list);
            let bytes = std::fs::read(&list.files.list).unwrap();
            let status = before.0.column("status");
            if matches!(deed, Deed::Resubscribe(_)) && status.is_none() {
                continue;
            }
            let beside = beside(&list);
            act(&list, deed, How { dry_run: true, ..how() });
            prop_assert_eq!(&bytes, &std::fs::read(&list.files.list).unwrap());
            prop_assert_eq!(beside, self::beside(&list));
            let gone = gone(&before);
            let (who, column, number) = act(&list, deed, how());
            let after = records(&list);
            // Who has left comes back by their own name only; what a deleted row said is among the suppressions.
            if !matches!(deed, Deed::Resubscribe(_)) {
                let suppressed = Suppressions::load(&list.files.suppressions).unwrap();
                let back = active(&after).into_iter().find(|email| gone.contains(email) && suppressed.find(email).is_none());
                prop_assert_eq!(back, None, "{:?}", deed);
            }
            check_kept(&before, &after, who, column);
            // What is forgotten can't be taken back.
            if !matches!(deed, Deed::Forget(_)) {
                prop_assert_eq!(number.is_none(), bytes == std::fs::read(&list.files.list).unwrap());
            }
            // Undone, every value is back; made again by undoing that, every value is as after the change.
            if let Some(number) = number {
                let target = Target::find(&list.files, Some(number)).unwrap();
                let report = undo(&list.files, &target, false, None, how()).unwrap();
                prop_assert_eq!(cells(&records(&list)), cells(&before), "{:?}", deed);
                let target = Target::find(&list.files, report.changeset.number).unwrap();
                undo(&list.files, &target, false, None, how()).unwrap();
                prop_assert_eq!(cells(&records(&list)), cells(&after), "{:?}", deed);
            }
            // Somebody edits the file by hand.
            let mut bytes = std::fs::read(&list.files.list).unwrap();
            if !bytes.ends_with(dialect.end.as_bytes()) {
                bytes.extend(dialect.end.bytes());
            }
            bytes.extend(format!("{by_hand}@example.net").bytes());
            std::fs::write(&list.files.list, bytes).unwrap();
        }
    }

    /// What came after a change is never lost by undoing it: it works around it, or refuses and leaves the file alone.
    #[test]
    fn undoing_never_takes_back_more(
        dialect in dialect(),
        readers in proptest::collection::vec(reader(), 1..8),
        first in deed(),
        then in deed(),
    ) {
        let list = list(dialect.file(&readers));
        if records(&list).0.column("status").is_none() {
            return Ok(());
        }
        let (who, _, first) = act(&list, &first, how());
        act(&list, &then, how());
        let before = records(&list);
        let bytes = std::fs::read(&list.files.list).unwrap();
        let Some(number) = first else { return Ok(()) };
        let target = Target::find(&list.files, Some(number)).unwrap();
        match undo(&list.files, &target, false, None, how()) {
            Err(error) => {
                prop_assert!(!error.helps().is_empty());
                prop_assert_eq!(bytes, std::fs::read(&list.files.list).unwrap());
            }
            Ok(report) => {
                if who.is_some() {
                    check_kept(&before, &records(&list), who, "");
                }
                prop_assert_eq!(report.conflicts.total, 0);
            }
        }
        undo(&list.files, &target, true, None, how()).ok();
        let _ = Records::new(std::fs::File::open(&list.files.list).unwrap(), "list").unwrap();
    }
}
