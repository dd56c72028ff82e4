//! Imports against lists: who gets in, who stays, what is filled.

use std::collections::HashMap;
use std::path::PathBuf;

use proptest::prelude::*;

use super::super::test::{List, list, rows};
use super::super::{Field, How, Rows, Status, Suppressions};
use super::*;
use crate::address::Address;
use crate::diagnostic::Result;

fn now() -> How<'static> {
    How { at: "2026-11-23T06:00:00Z".parse().unwrap(), by: "test", dry_run: false }
}

fn file(list: &List, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = list.files.list.with_file_name(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn plan(list: &List, text: impl AsRef<[u8]>, wishes: &Wishes, manner: Manner) -> Result<Plan> {
    let path = file(list, "export.txt", text);
    let columns = Rows::open(&list.files.list).ok().map(|rows| rows.columns().clone());
    let incoming = Incoming::read(&[path], wishes, columns.as_ref())?;
    Plan::make(&list.files, incoming, manner, now())
}

fn import(list: &List, text: &str) -> Counts {
    let plan = plan(list, text, &Wishes::default(), Manner::default()).unwrap();
    let counts = plan.counts.clone();
    plan.apply(&list.files, now()).unwrap();
    counts
}

fn text(list: &List) -> String {
    String::from_utf8(std::fs::read(&list.files.list).unwrap()).unwrap()
}

#[test]
fn everybody_has_one_outcome() {
    let list = list(
        "email,name,status,tags\nann@example.com,,,a\nbob@example.com,Bob,unsubscribed,\ncem@example.com,Cem,bounced,\n\
         dan@example.com,Dan,pending,\neve@example.com,Eve,active,x\nfay@example.com,Fay,on hold,\n",
    );
    std::fs::write(&list.files.suppressions, "address,reason\n@example.net,ours\n").unwrap();
    let export = "Email,Name,Status,Tags\n\
        ANN@example.com,Ann,active,\"a,b\"\n\
        bob@example.com,Robert,active,\n\
        cem@example.com,,subscribed,\n\
        dan@example.com,,active,\n\
        eve@example.com,Other,active,X\n\
        fay@example.com,,active,\n\
        gus@example.com,Gus,active,\n\
        hal@example.com,Hal,inactive,\n\
        ivy@example.net,Ivy,active,\n\
        joe@example.com,Joe,Unsubscribed,\n\
        ,nobody,active,\n\
        not an address,,active,\n\
        gus@example.com,Again,unsubscribed,\n";
    let plan = plan(&list, export, &Wishes::default(), Manner::default()).unwrap();
    let counts = &plan.counts;
    assert_eq!((counts.new, counts.new_active, counts.changed, counts.unchanged), (2, 0, 1, 1), "{counts:?}");
    assert_eq!(
        (counts.stay_unsubscribed, counts.stay_bounced, counts.stay_pending, counts.suppressed, counts.ambiguous),
        (1, 1, 1, 1, 2)
    );
    let rows = &plan.incoming().rows;
    assert_eq!((rows.total, rows.invalid, rows.repeated), (13, 2, 1));
    assert_eq!(rows.invalid_rows, [12, 13]);
    assert_eq!(counts.total() + rows.invalid + rows.repeated, rows.total);
    let before = text(&list);
    plan.apply(&list.files, now()).unwrap();
    let after = before.replace("ann@example.com,,,a\n", "ann@example.com,Ann,,a b\n");
    assert_eq!(text(&list), format!("{after}gus@example.com,Gus,unsubscribed,\njoe@example.com,Joe,unsubscribed,\n"));
}

#[test]
fn who_is_named_may_come_back_and_nobody_else() {
    let list = list("email,status\nann@example.com,unsubscribed\nbob@example.com,unsubscribed\n");
    let manner = Manner { resubscribe: vec![Address::parse("ANN@example.com").unwrap()], ..Manner::default() };
    let plan = plan(&list, "email\nann@example.com\nbob@example.com\n", &Wishes::default(), manner).unwrap();
    assert_eq!((plan.counts.resubscribed, plan.counts.stay_unsubscribed), (1, 1));
    plan.apply(&list.files, now()).unwrap();
    assert_eq!(text(&list), "email,status\nann@example.com,active\nbob@example.com,unsubscribed\n");
}

#[test]
fn values_are_filled_and_only_replaced_when_asked() {
    let original = "email;name;plan\r\nann@example.com;Ann;\r\nbob@example.com;;free\r\n";
    let export = "E-Mail,Name,Plan,City\nann@example.com,Anna,pro,Rome\nbob@example.com,Bob,pro,Oslo\n";
    let list = super::super::test::list(original);
    assert_eq!(import(&list, export).changed, 2);
    assert_eq!(text(&list), "email;name;plan\r\nann@example.com;Ann;pro\r\nbob@example.com;Bob;free\r\n");
    let manner = Manner { update: true, ..Manner::default() };
    let wishes = Wishes { keep_columns: true, ..Wishes::default() };
    let plan = plan(&list, export, &wishes, manner).unwrap();
    assert_eq!(plan.new_columns, ["city"]);
    plan.apply(&list.files, now()).unwrap();
    assert_eq!(
        text(&list),
        "email;name;plan;city\r\nann@example.com;Anna;pro;Rome\r\nbob@example.com;Bob;pro;Oslo\r\n"
    );
}

/// Found by fuzzing: a heading that no column of a list can have stopped the import of all the others.
#[test]
fn a_heading_that_is_no_column_is_left_out_and_told() {
    let list = super::super::test::list("email\n");
    let wishes = Wishes { keep_columns: true, ..Wishes::default() };
    let plan =
        plan(&list, "email,Instagram @,Shoe Size\nann@example.com,@ann,38\n", &wishes, Manner::default()).unwrap();
    assert_eq!(plan.new_columns, ["shoe_size"]);
    assert_eq!(plan.incoming().files[0].left_out, ["Instagram @"]);
}

#[test]
fn a_new_list_gets_our_columns_and_no_others() {
    let list = list("");
    std::fs::remove_file(&list.files.list).unwrap();
    let path = file(
        &list,
        "unsubscribed_members_export_1.csv",
        "Email Address,First Name,Last Name,OPTIN_TIME,CONFIRM_TIME,UNSUB_TIME,LEID,Shoe Size,TAGS\n\
         ann@example.com,Ann,Lee,2020-01-02 03:04:05,,2021-01-02 03:04:05,1,38,\"\"\"a b\"\",\"\"c\"\"\"\n",
    );
    let incoming = Incoming::read(&[path], &Wishes::default(), None).unwrap();
    let plan = Plan::make(&list.files, incoming, Manner::default(), now()).unwrap();
    let counts = plan.counts.clone();
    plan.apply(&list.files, now()).unwrap();
    assert_eq!((counts.new, counts.new_active), (1, 0));
    assert_eq!(
        text(&list),
        "email,name,status,tags,subscribed_at,consent_time\n\
         ann@example.com,Ann Lee,unsubscribed,a-b c,2020-01-02T03:04:05Z,2020-01-02T03:04:05Z\n"
    );
}

#[test]
fn a_file_that_says_nothing_is_answered() {
    let list = list("email\nann@example.com\n");
    let refused = |text: &str, wishes: &Wishes| {
        let error = plan(&list, text, wishes, Manner::default()).unwrap_err();
        error.render(false)
    };
    let none = Wishes::default();
    assert!(refused("", &none).contains("the file is empty"));
    assert!(refused("email,name\n", &none).contains("nobody in this file"));
    assert!(refused("who,what\na,b\n", &none).contains("--map email=HEADING"));
    assert!(refused("ann@example.com,Ann\nbob@example.com,Bob\n", &none).contains("first line must name"));
    let mailchimp = "Email Address,MEMBER_RATING,LEID\nann@example.com,2,1\n";
    assert!(refused(mailchimp, &none).contains("`--status active`"));
    let wishes = Wishes { map: vec![("plan".into(), "Plann".into())], ..Wishes::default() };
    assert!(refused("email,Plan\na@example.com,x\n", &wishes).contains("did you mean `Plan`?"));
    assert!(refused("email,name\n\"a@example.com,x\nb@example.com,y\n", &none).contains("quote"));
    let wishes = Wishes { status: Some(Status::Unsubscribed), ..Wishes::default() };
    let plan = plan(&list, mailchimp, &wishes, Manner::default()).unwrap();
    assert_eq!(plan.counts.leaving, 1);
}

#[test]
fn a_list_that_changed_since_it_was_shown_is_left_alone() {
    let list = list("email\nann@example.com\n");
    let plan_of = || plan(&list, "email\nbob@example.com\n", &Wishes::default(), Manner::default()).unwrap();
    let shown = plan_of();
    std::fs::write(&list.files.list, "email,status\nbob@example.com,unsubscribed\n").unwrap();
    assert!(shown.apply(&list.files, now()).unwrap_err().message().contains("nothing was done"));
    std::fs::write(&list.files.list, "email\nann@example.com\n").unwrap();
    let shown = plan_of();
    std::fs::write(&list.files.suppressions, "address\nbob@example.com\n").unwrap();
    assert!(shown.apply(&list.files, now()).unwrap_err().message().contains("suppressions were changed"));
    assert_eq!(text(&list), "email\nann@example.com\n");
}

#[test]
fn an_archive_that_unpacks_to_too_much_is_refused() {
    use std::io::Write;
    let list = list("email\nann@example.com\n");
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("../../subscribed_x.csv", options).unwrap();
    archive.write_all(b"Email Address,LEID,TAGS\nbob@example.com,1,").unwrap();
    let block = vec![b'a'; 1 << 20];
    for _ in 0..70 {
        archive.write_all(&block).unwrap();
    }
    let bomb = archive.finish().unwrap().into_inner();
    assert!(bomb.len() < 1 << 20);
    let error = plan(&list, &bomb, &Wishes::default(), Manner::default()).unwrap_err();
    assert!(error.message().contains("far more than an export"), "{error}");
    let error = plan(&list, &bomb[..bomb.len() / 2], &Wishes::default(), Manner::default()).unwrap_err();
    assert!(error.message().contains("can't be unpacked"), "{error}");
}

/// Everybody of the list who gets mail: every row of theirs is active and they are not suppressed.
fn owed(list: &List) -> Vec<String> {
    let suppressions = Suppressions::load(&list.files.suppressions).unwrap();
    let mut active: HashMap<String, bool> = HashMap::new();
    let mut rows = rows(list);
    while let Some(row) = rows.read().unwrap() {
        let fine = row.fault().is_none() && row.get(Field::Status) == "active";
        *active.entry(row.email().to_lowercase()).or_insert(true) &= fine && suppressions.find(row.email()).is_none();
    }
    let mut owed: Vec<String> = active.into_iter().filter(|(_, active)| *active).map(|(who, _)| who).collect();
    owed.sort();
    owed
}

/// Everybody of the list who is known to it and gets none.
fn gone(list: &List) -> Vec<String> {
    let owed = owed(list);
    let mut gone = Vec::new();
    let mut rows = rows(list);
    while let Some(row) = rows.read().unwrap() {
        let who = row.email().to_lowercase();
        if !owed.contains(&who) {
            gone.push(who);
        }
    }
    gone
}

proptest! {
    /// Random lists, random imports, one after the other: whoever once got nothing gets nothing.
    #[test]
    fn an_import_never_resurrects(
        before in proptest::collection::vec(("[a-eA-E]", "active|unsubscribed|bounced|complained|pending|inactive|"), 0..10),
        suppressed in proptest::collection::vec("[a-h]", 0..3),
        imports in proptest::collection::vec(proptest::collection::vec(("[a-hA-H]", "active|subscribed|unsubscribed|bounced|inactive|ACTIVE |pending|yes|"), 1..12), 1..4),
        update: bool,
    ) {
        let lines: String = before.iter().map(|(who, status)| format!("{who}@example.com,{status}\n")).collect();
        let list = list(format!("email,status\n{lines}"));
        let lines: String = suppressed.iter().map(|who| format!("{who}@example.com,x\n")).collect();
        std::fs::write(&list.files.suppressions, format!("address,reason\n{lines}")).unwrap();
        for import in &imports {
            let gone = gone(&list);
            let owed_before = owed(&list);
            let lines: String = import.iter().map(|(who, status)| format!("{who}@example.com,{status},t\n")).collect();
            let manner = Manner { update, ..Manner::default() };
            let plan = plan(&list, format!("email,status,tags\n{lines}"), &Wishes::default(), manner).unwrap();
            let rows = &plan.incoming().rows;
            prop_assert_eq!(plan.counts.total() + rows.invalid + rows.repeated + rows.without_address, rows.total);
            let changes = plan.changes();
            let counts = plan.counts.clone();
            let done = plan.apply(&list.files, now()).unwrap();
            prop_assert_eq!(done.number.is_some(), changes);
            prop_assert_eq!((done.rows.added, done.rows.changed > 0), (counts.new, counts.changed > 0));
            let owed_after = owed(&list);
            prop_assert!(!owed_after.iter().any(|who| gone.contains(who) || suppressed.contains(&who[..1].to_owned())));
            // Who gets mail now got it before, or the file says so in every row, in plain words.
            for who in owed_after.iter().filter(|who| !owed_before.contains(who)) {
                let theirs = import.iter().filter(|(name, _)| name.to_lowercase() == who[..1]);
                let said: Vec<&str> = theirs.map(|(_, status)| status.trim()).collect();
                prop_assert!(said.iter().any(|word| ["active", "ACTIVE", "subscribed"].contains(word)), "{who}: {said:?}");
                prop_assert!(!said.iter().any(|word| ["unsubscribed", "bounced", "inactive", "yes", ""].contains(word)), "{who}: {said:?}");
            }
            // The same again changes nothing more.
            let manner = Manner { update, ..Manner::default() };
            let again = super::tests::plan(&list, format!("email,status,tags\n{lines}"), &Wishes::default(), manner).unwrap();
            prop_assert_eq!(again.counts.new, 0);
        }
    }
}

proptest! {
    /// What `fuzz/fuzz_targets/list_import.rs` holds, on files made of what exports are made of.
    #[test]
    fn any_file_is_refused_or_adds_up(
        parts in proptest::collection::vec(prop_oneof![
            Just("email"), Just("Email Address"), Just("name"), Just("status"), Just(","), Just(";"), Just("\t"), Just("\n"),
            Just("\r\n"), Just("\""), Just("ann@example.com"), Just("B@example.com"), Just("active"), Just("unsubscribed"),
            Just("\u{feff}"), Just("[{}"), Just("\0"), Just(" "),
        ], 0..40),
        octet in any::<u8>(),
        choice in any::<u8>(),
    ) {
        let list = list("email,name,status\nann@example.com,,unsubscribed\n");
        let mut text = parts.concat().into_bytes();
        text.extend((choice & 1 > 0).then_some(octet));
        let presets = ["mailchimp", "substack", "ghost", "listmonk", "phplist", "google", "none"];
        let wishes = Wishes {
            from: Preset::named(presets[usize::from(choice >> 4) % 7]).ok(),
            map: if choice & 2 > 0 { vec![("email".to_owned(), "name".to_owned())] } else { Vec::new() },
            keep_columns: choice & 4 > 0,
            status: (choice & 8 > 0).then_some(Status::Active),
            ..Wishes::default()
        };
        let path = file(&list, "export.txt", text);
        if let Ok(incoming) = Incoming::read(&[path], &wishes, None) {
            let readers = incoming.len() as u64;
            let plan = Plan::make(&list.files, incoming, Manner::default(), now()).unwrap();
            prop_assert_eq!(plan.counts.total(), readers);
            prop_assert_eq!(plan.counts.resubscribed, 0);
        }
    }
}
