//! Changes to a list: who is added and who is removed.
//!
//! Looking and writing happen under one lock, so two processes that change the list at once lose nothing. How a change
//! gets into the file is in `draft`, what is written down of it in `history`.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use crate::address::Address;
use crate::clock::Timestamp;
use crate::diagnostic::{Diagnostic, Result};

use super::assign::OWN;
use super::choice::{SHOWN, likely};
use super::column::{Columns, Field};
use super::defect::cleaned_warning;
use super::draft::{Changeset, Draft};
use super::files::Files;
use super::key::Keys;
use super::status::Status;
use super::suppression::Suppressions;
use super::text::clean;

/// How a change is made.
#[derive(Debug, Clone, Copy)]
pub struct How<'a> {
    pub at: Timestamp,
    /// By which way it came, for the history: `command line`.
    pub by: &'a str,
    /// Only say what would change.
    pub dry_run: bool,
}

/// Someone to be added.
#[derive(Debug, Clone)]
pub struct NewReader {
    pub address: Address,
    pub name: String,
    /// Further columns by name, with their values.
    pub set: Vec<(String, String)>,
}

/// What became of one who was to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// In a new row.
    New { row: u64 },
    /// Active again, in the old row.
    Resubscribed { row: u64, before: String },
    /// In the list already, with this status. One that is not active needs to be resubscribed by name.
    Exists { row: u64, status: String },
    /// Must not be written to.
    Suppressed { reason: String },
    /// Named twice in the same command.
    Twice,
}

/// What [`add`] did, for each reader in the order given.
#[derive(Debug)]
pub struct AddReport {
    pub outcomes: Vec<Added>,
    /// Names that had to be cleaned.
    pub warnings: Vec<Diagnostic>,
    pub changeset: Changeset,
}

/// What became of one who was to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// Unsubscribed now, in these rows.
    Unsubscribed { rows: Vec<u64>, before: String },
    /// Got nothing before, for this reason.
    Already { row: u64, status: String },
    /// Not in the list; perhaps this one is meant.
    Unknown { likely: Option<String> },
}

/// What [`remove`] did, for each address in the order given.
#[derive(Debug)]
pub struct RemoveReport {
    pub outcomes: Vec<Removed>,
    pub changeset: Changeset,
}

/// Adds readers as new rows. One who is in the list is not added again; `resubscribe` makes them active where they are,
/// and changes nothing else of theirs.
///
/// # Errors
/// The list can't be read or written, or has no column for something that is to be set. Then nothing is changed.
pub fn add(files: &Files, readers: &[NewReader], resubscribe: bool, how: How<'_>) -> Result<AddReport> {
    let mut draft = Draft::open(files, if resubscribe { "resubscribe" } else { "add" }, how)?;
    let suppressions = Suppressions::load(&files.suppressions)?;
    let mut keys = Keys::default();
    // Which of `readers` each key stands for; who is named twice counts once.
    let mut wanted: Vec<usize> = Vec::new();
    let mut outcomes: Vec<Option<Added>> = vec![None; readers.len()];
    for (n, reader) in readers.iter().enumerate() {
        if keys.enter(reader.address.as_str()).is_some() {
            outcomes[n] = Some(Added::Twice);
        } else {
            wanted.push(n);
            let reason = suppressions.reason_for(reader.address.as_str());
            outcomes[n] = reason.map(|reason| Added::Suppressed { reason: reason.to_owned() });
        }
    }
    let named = readers.iter().filter(|reader| !reader.name.is_empty()).map(|_| "name").take(1);
    let set = readers.iter().flat_map(|reader| &reader.set).map(|(name, _)| name.as_str());
    let wanted_columns: BTreeSet<&str> = named.chain(set).filter(|name| OWN.contains(name)).collect();
    for name in wanted_columns {
        draft.require(name)?;
    }
    let cells: Vec<(Vec<String>, Vec<Diagnostic>)> =
        readers.iter().map(|reader| cells(reader, how.at, draft.columns())).collect::<Result<_>>()?;
    let status = draft.columns().status.unwrap_or_default();
    draft.visit(|row, edit| {
        let Some(n) = keys.find(row.email()).and_then(|key| wanted.get(key)).filter(|_| row.has_address()) else {
            return Ok(());
        };
        if matches!(outcomes[*n], None | Some(Added::Resubscribed { .. })) {
            let (line, before) = (row.line(), row.get(Field::Status).to_owned());
            if resubscribe && row.status() != Some(Status::Active) {
                edit.set(status, Status::Active.as_str());
                outcomes[*n] = Some(Added::Resubscribed { row: line, before });
            } else if outcomes[*n].is_none() {
                outcomes[*n] = Some(Added::Exists { row: line, status: before });
            }
        }
        Ok(())
    })?;
    let mut warnings = Vec::new();
    for (n, (cells, cleaned)) in cells.into_iter().enumerate() {
        if outcomes[n].is_none() {
            outcomes[n] = Some(Added::New { row: draft.append(readers[n].address.as_str(), &cells)? });
            warnings.extend(cleaned);
        }
    }
    let outcomes = outcomes.into_iter().map(|outcome| outcome.unwrap_or(Added::Twice)).collect();
    Ok(AddReport { outcomes, warnings, changeset: draft.commit()? })
}

/// Unsubscribes readers: every row of theirs stays in the list with the status `unsubscribed`. One who has complained
/// stays so, which says more.
///
/// # Errors
/// The list can't be read or written. Then nothing is changed.
pub fn remove(files: &Files, addresses: &[Address], how: How<'_>) -> Result<RemoveReport> {
    let mut draft = Draft::open(files, "remove", how)?;
    // A list without this column gets it: a row that ends before it is active.
    let status = draft.require("status")?;
    let mut keys = Keys::default();
    let numbers: Vec<usize> = addresses
        .iter()
        .scan(0, |next, address| {
            Some(keys.enter(address.as_str()).unwrap_or_else(|| {
                *next += 1;
                *next - 1
            }))
        })
        .collect();
    let mut outcomes: Vec<Option<Removed>> = vec![None; addresses.len()];
    draft.visit(|row, edit| {
        let Some(n) = keys.find(row.email()).filter(|_| row.has_address()) else { return Ok(()) };
        let before = row.get(Field::Status).to_owned();
        if matches!(row.status(), Some(Status::Unsubscribed | Status::Complained)) {
            outcomes[n].get_or_insert(Removed::Already { row: row.line(), status: before });
            return Ok(());
        }
        edit.set(status, Status::Unsubscribed.as_str());
        match &mut outcomes[n] {
            Some(Removed::Unsubscribed { rows, .. }) => rows.push(row.line()),
            other => *other = Some(Removed::Unsubscribed { rows: vec![row.line()], before }),
        }
        Ok(())
    })?;
    let known: Vec<bool> = outcomes.iter().map(Option::is_some).collect();
    let unknown = numbers.iter().zip(addresses).filter(|(n, _)| !known[**n]);
    let unknown: Vec<(&usize, &Address)> = unknown.take(SHOWN).collect();
    let addresses: Vec<&Address> = unknown.iter().map(|(_, address)| *address).collect();
    for ((n, _), likely) in unknown.iter().zip(likely(files, &addresses)?) {
        outcomes[**n] = Some(Removed::Unknown { likely });
    }
    let changeset = draft.commit()?;
    let outcome = |n: &usize| outcomes[*n].clone().unwrap_or(Removed::Unknown { likely: None });
    Ok(RemoveReport { outcomes: numbers.iter().map(outcome).collect(), changeset })
}

/// The values of a new row by column, cleaned; with what had to be cleaned.
fn cells(reader: &NewReader, at: Timestamp, columns: &Columns) -> Result<(Vec<String>, Vec<Diagnostic>)> {
    let mut cells = vec![String::new(); columns.len()];
    let mut warnings = Vec::new();
    let mut set = |name: &str, value: &str| -> Result<()> {
        let column = match columns.field(name) {
            Some(Field::Column(column)) => column,
            Some(Field::Email) => columns.email,
            Some(Field::Status) if columns.status.is_some() => columns.status.unwrap_or_default(),
            _ => {
                return Err(Diagnostic::error(format!("the list has no column `{name}`"))
                    .help(columns.help(name))
                    .help(format!("for a new column, write `{name}` at the end of the list's first line")));
            }
        };
        let (value, cleaned) = clean(value);
        warnings.extend(cleaned.map(|cleaned| cleaned_warning(&format!("{}, {name}", reader.address), cleaned)));
        cells[column] = value.into_owned();
        Ok(())
    };
    set("email", reader.address.as_str())?;
    if columns.status.is_some() {
        set("status", Status::Active.as_str())?;
    }
    if columns.column("subscribed_at").is_some() {
        set("subscribed_at", &at.to_zoned(TimeZone::UTC).date().to_string())?;
    }
    if !reader.name.is_empty() {
        set("name", &reader.name)?;
    }
    for (name, value) in &reader.set {
        if name == "status" && Status::parse(value).is_none() {
            return Err(Diagnostic::error(format!("`{value}` is no status")).help(Status::help(value)));
        }
        set(name, value)?;
    }
    Ok((cells, warnings))
}

#[cfg(test)]
mod tests {
    use super::super::test::{List, list};
    use super::super::{Rows, history};
    use super::*;
    use proptest::prelude::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn reader(text: &str, name: &str) -> NewReader {
        NewReader { address: address(text), name: name.to_owned(), set: Vec::new() }
    }

    fn now() -> How<'static> {
        How { at: "2026-11-22T23:00:00Z".parse().unwrap(), by: "command line", dry_run: false }
    }

    fn text(list: &List) -> String {
        String::from_utf8(std::fs::read(&list.files.list).unwrap()).unwrap()
    }

    fn report_rows(report: &RemoveReport) -> Vec<u64> {
        match &report.outcomes[0] {
            Removed::Unsubscribed { rows, .. } => rows.clone(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_list_begins_with_its_first_reader() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::of(&folder.path().join("subscribers"));
        let report = add(&files, &[reader("ann@example.com", "Lee, Ann")], false, now()).unwrap();
        assert_eq!(report.outcomes, [Added::New { row: 2 }]);
        assert_eq!(
            std::fs::read_to_string(&files.list).unwrap(),
            "email,name,status\nann@example.com,\"Lee, Ann\",active\n"
        );
        assert_eq!(
            std::fs::read_to_string(&files.history).unwrap(),
            "{\"change\":1,\"at\":\"2026-11-22T23:00:00Z\",\"list\":\"readers\",\"command\":\"add\",\
             \"by\":\"command line\",\"added\":1,\"changed\":0,\"deleted\":0}\n\
             {\"change\":1,\"line\":2,\"address\":\"ann@example.com\",\"before\":null,\
             \"after\":{\"email\":\"ann@example.com\",\"name\":\"Lee, Ann\",\"status\":\"active\"}}\n\
             {\"change\":1,\"done\":true}\n"
        );
        #[cfg(unix)]
        for file in [&files.list, &files.history] {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn nobody_is_added_twice_or_brought_back_unasked() {
        let list = list("email,status,city\nann@example.com,,Rome\nbob@example.com,unsubscribed,Oslo\n");
        std::fs::write(&list.files.suppressions, "address,reason\ncem@example.com,complained\n").unwrap();
        let people = ["Ann@example.com", "bob@example.com", "cem@example.com", "dan@example.com", "DAN@example.com"]
            .map(|text| reader(text, ""));
        let report = add(&list.files, &people, false, now()).unwrap();
        let exists = |row, status: &str| Added::Exists { row, status: status.to_owned() };
        let suppressed = Added::Suppressed { reason: "complained".to_owned() };
        assert_eq!(
            report.outcomes,
            [exists(2, "active"), exists(3, "unsubscribed"), suppressed, Added::New { row: 4 }, Added::Twice]
        );
        let before = text(&list);
        let report = add(&list.files, &[reader("bob@example.com", "")], true, now()).unwrap();
        assert_eq!(report.outcomes, [Added::Resubscribed { row: 3, before: "unsubscribed".to_owned() }]);
        assert_eq!(text(&list), before.replace("bob@example.com,unsubscribed,", "bob@example.com,active,"));
    }

    #[test]
    fn columns_are_set_cleaned_and_never_invented() {
        let list = list("email;Name;Plan\r\nann@example.com;Ann;pro");
        let bob = NewReader {
            set: vec![("plan".into(), "a;b".into()), ("name".into(), "Bo\u{202e}b".into())],
            ..reader("bob@example.com", "")
        };
        let report = add(&list.files, &[bob], false, now()).unwrap();
        assert_eq!(report.outcomes, [Added::New { row: 3 }]);
        assert!(report.warnings[0].message().contains("bob@example.com, name: 1 character"), "{:?}", report.warnings);
        assert_eq!(text(&list), "email;Name;Plan\r\nann@example.com;Ann;pro\r\nbob@example.com;Bob;\"a;b\"\r\n");
        for (name, value, says) in [("pln", "x", "did you mean `plan`?"), ("first_name", "x", "at the end of the list")]
        {
            let cem = NewReader { set: vec![(name.into(), value.into())], ..reader("cem@example.com", "") };
            let error = add(&list.files, &[cem], false, now()).unwrap_err();
            assert!(error.helps().iter().any(|help| help.contains(says)), "{:?}", error.helps());
        }
        assert!(!text(&list).contains("cem"));
    }

    #[test]
    fn whoever_is_removed_stays_in_the_list() {
        let list = list("email,name\nann@example.com,Ann\nbob@example.com\nANN@example.com,\"A\nL\"\n");
        let wanted = ["ann@example.com", "bobb@example.com", "ann@Example.com"].map(address);
        let report = remove(&list.files, &wanted, now()).unwrap();
        let both = Removed::Unsubscribed { rows: vec![2, 4], before: "active".to_owned() };
        let unknown = Removed::Unknown { likely: Some("bob@example.com".to_owned()) };
        assert_eq!(report.outcomes, [both.clone(), unknown, both]);
        let after = "email,name,status\nann@example.com,Ann,unsubscribed\nbob@example.com\n\
                     ANN@example.com,\"A\nL\",unsubscribed\n";
        assert_eq!(text(&list), after);
        let report = remove(&list.files, &[address("ann@example.com")], now()).unwrap();
        assert_eq!(report.outcomes, [Removed::Already { row: 2, status: "unsubscribed".to_owned() }]);
        remove(&list.files, &[address("bob@example.com")], now()).unwrap();
        assert_eq!(text(&list), after.replace("bob@example.com\n", "bob@example.com,,unsubscribed\n"));
    }

    #[test]
    fn a_dry_run_changes_nothing() {
        let list = list("email\nann@example.com");
        let how = How { dry_run: true, ..now() };
        let report = add(&list.files, &[reader("bob@example.com", "")], false, how).unwrap();
        assert_eq!(report.outcomes, [Added::New { row: 3 }]);
        remove(&list.files, &[address("ann@example.com")], how).unwrap();
        assert_eq!(text(&list), "email\nann@example.com");
        assert_eq!(std::fs::read_dir(list.files.list.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn two_who_add_at_once_lose_nothing() {
        let list = list("email,name,status\n");
        std::thread::scope(|scope| {
            for who in ["a", "b"] {
                let files = &list.files;
                scope.spawn(move || {
                    for n in 0..50 {
                        add(files, &[reader(&format!("{who}{n}@example.com"), "")], false, now()).unwrap();
                    }
                });
            }
        });
        assert_eq!(text(&list).lines().count(), 101);
        assert_eq!(std::fs::read_to_string(&list.files.history).unwrap().lines().count(), 300);
        assert_eq!(history::last_number(&list.files).unwrap(), 100);
    }

    #[test]
    fn an_ascii_row_of_a_windows_1252_list_takes_its_encoding() {
        let list = list(b"email,name\nann@example.com,\nzoe@example.com,Zo\xeb\n");
        let mut draft = Draft::open(&list.files, "edit", now()).unwrap();
        draft
            .visit(|row, edit| {
                if row.line() == 2 {
                    edit.set(1, "José");
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(draft.commit().unwrap().foreign, 0);
        assert_eq!(
            std::fs::read(&list.files.list).unwrap(),
            b"email,name\nann@example.com,Jos\xe9\nzoe@example.com,Zo\xeb\n"
        );
    }

    /// Found by the laws: the encoding was looked for as if commas parted the fields.
    #[test]
    fn the_encoding_is_found_whatever_parts_the_fields() {
        let list = list("email;name;city\nann@example.com;Ann;\"\n\"\nbob@example.com;;\n");
        let mut draft = Draft::open(&list.files, "edit", now()).unwrap();
        draft
            .visit(|row, edit| {
                if row.name().is_empty() {
                    edit.set(1, "Zoë");
                }
                Ok(())
            })
            .unwrap();
        draft.commit().unwrap();
        assert_eq!(text(&list), "email;name;city\nann@example.com;Ann;\"\n\"\nbob@example.com;Zoë;\n");
    }

    #[test]
    fn windows_1252_lists_stay_so_where_they_can() {
        let list = list(b"email,name\nzoe@example.com,Zo\xeb\n");
        for (email, name, foreign) in [("a@example.com", "José", 0), ("b@example.com", "名前", 1)] {
            let report = add(&list.files, &[reader(email, name)], false, now()).unwrap();
            assert_eq!(report.changeset.foreign, foreign, "{name}");
        }
        let bytes = std::fs::read(&list.files.list).unwrap();
        assert!(bytes.windows(5).any(|w| w == b"Jos\xe9\n"));
        let mut rows = Rows::open(&list.files.list).unwrap();
        let mut names = Vec::new();
        while let Some(row) = rows.read().unwrap() {
            names.push(row.name().to_owned());
        }
        assert_eq!(names, ["Zoë", "José", "名前"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Whatever the file looks like, a change is the status of that row and no other byte.
        #[test]
        fn an_edit_touches_one_cell(
            names in proptest::collection::vec("[aé ]{0,4}|\"([a,;\r\n\t]|\"\"){0,6}\"", 1..8),
            delimiter in "[,;\t]",
            end in "\n|\r\n|\r",
            quoted: bool,
            closed: bool,
            bom: bool,
            pick in 0usize..8,
        ) {
            let pick = pick % names.len();
            let status = |word: &str| if quoted { format!("\"{word}\"") } else { word.to_owned() };
            let file = |word: &str| {
                let rows = names.iter().enumerate().map(|(n, name)| {
                    // A delimiter inside a field is one of the others, or stands in quotes.
                    let status = status(if n == pick { word } else { "active" });
                    format!("r{n}@example.com{delimiter}{name}{delimiter}{status}{delimiter}x")
                });
                let lines: Vec<String> =
                    std::iter::once(format!("email{delimiter}name{delimiter}status{delimiter}Own")).chain(rows).collect();
                let bom = if bom { "\u{feff}" } else { "" };
                format!("{bom}{}{}", lines.join(&end), if closed { &*end } else { "" })
            };
            let list = list(file("active"));
            let who = address(&format!("r{pick}@example.com"));
            let report = remove(&list.files, std::slice::from_ref(&who), now()).unwrap();
            prop_assert_eq!(report_rows(&report).len(), 1);
            prop_assert_eq!(text(&list), file("unsubscribed"));
            add(&list.files, &[reader(who.as_str(), "")], true, now()).unwrap();
            prop_assert_eq!(text(&list), file("active"));
            add(&list.files, &[reader("new@example.com", "N")], false, now()).unwrap();
            let added = text(&list);
            let row = format!("new@example.com{delimiter}N{delimiter}active{delimiter}{end}");
            prop_assert_eq!(added.trim_end_matches(end.as_str()).len() + end.len(), added.len());
            prop_assert!(added.starts_with(&file("active")) && added.ends_with(&row), "{:?}", added);
        }

        #[test]
        fn no_file_makes_it_panic_and_none_is_harmed(bytes in "(email|name|status|[,;\"\r\n\t]|a@example.com|\\PC){0,30}") {
            let list = list(&bytes);
            let _ = remove(&list.files, &[address("a@example.com")], now());
            match add(&list.files, &[reader("new@example.com", "")], false, now()) {
                Ok(report) if matches!(report.outcomes[0], Added::New { .. }) => {
                    let mut rows = Rows::open(&list.files.list).unwrap();
                    let mut found = 0;
                    while let Some(row) = rows.read().unwrap() {
                        found += usize::from(row.email() == "new@example.com");
                    }
                    prop_assert_eq!(found, 1);
                }
                Ok(report) => prop_assert!(false, "{:?}", report.outcomes),
                Err(_) => prop_assert!(!text(&list).contains("new@example.com")),
            }
        }
    }
}
