//! The list from the command line: every command, what asks, what is written down, and what kills and neighbours do to it.

use std::fs;
use std::path::Path;

use crate::publication::Publication;

const LIST: &str = "subscribers/readers.csv";

/// A publication whose list is this text.
fn letter(list: &str) -> Publication {
    Publication::new().file(LIST, list)
}

#[test]
fn readers_are_edited_tagged_and_taken_back() {
    let letter = letter("E-Mail;Name;plan\r\nann@example.com;\"Lee; Ann\";pro\r\nbob@example.com;Bob;free\r\n");
    letter
        .run(["subscribers", "edit", "ann@example.com", "name=Ann Lee", "tags+=early", "plan=x"])
        .success()
        .stdout_has("ann@example.com, row 2: name `Lee; Ann` → `Ann Lee`, tags `early`, plan `pro` → `x`")
        .stderr_has("Change 1: 1 row changed.");
    assert_eq!(
        letter.read(LIST),
        "E-Mail;Name;plan;tags\r\nann@example.com;\"Ann Lee\";x;early\r\nbob@example.com;Bob;free\r\n"
    );
    letter.run(["subscribers", "tag", "vip", "ann@example.com", "bob@example.com", "cem@example.com"]).code(1);
    assert!(letter.read(LIST).contains("x;early vip\r\nbob@example.com;Bob;free;vip\r\n"));
    letter.run(["subscribers", "untag", "early", "--segment", "tag('vip')", "--yes"]).success();
    let told = letter.run(["subscribers", "list", "--tag", "vip", "--columns", "tags,email", "--csv"]).success();
    assert_eq!(told.stdout, "tags,email\nvip,ann@example.com\nvip,bob@example.com\n");
    let history = letter.run(["subscribers", "history", "ANN@example.com"]).success();
    assert!(history.stdout.contains("row 2: tags `early vip` → `vip`"), "{history:?}");
    for _ in 0..3 {
        letter.run(["subscribers", "undo", "--yes"]).success();
    }
    assert_eq!(
        letter.read(LIST),
        "E-Mail;Name;plan;tags\r\nann@example.com;\"Lee; Ann\";pro;\r\nbob@example.com;Bob;free;\r\n"
    );
    letter.run(["subscribers", "undo", "--yes"]).code(1).stderr_has("no change to take back");
    // An undo is a change, and taken back by its number.
    letter.run(["subscribers", "undo", "6", "--yes"]).success();
    assert!(letter.read(LIST).contains("ann@example.com;\"Ann Lee\";x;early\r\n"));
    letter.run(["subscribers", "undo", "99"]).code(1).stderr_has("there is no change 99");
}

#[test]
fn what_asks_does_nothing_unless_told() {
    let text = "email,status\nann@example.com,\nann@example.com,unsubscribed\nbob@example.com,\n";
    let letter = letter(text);
    letter.run(["subscribers", "new", "press"]).success();
    for arguments in [
        &["delete", "bob@example.com"][..],
        &["dedupe"],
        &["merge", "press"],
        &["edit", "city=Rome", "--add-column", "--segment", "has(email)"],
        &["tag", "x", "--segment", "has(email)"],
        &["remove", "--segment", "status == 'active'"],
    ] {
        let all = |more: &'static [&'static str]| ["subscribers"].iter().chain(arguments).chain(more).copied();
        let expected = if arguments[0] == "merge" { 0 } else { 5 };
        letter.run(all(&[])).code(expected);
        letter.run(all(&["--dry-run", "--json"])).success().stdout_has("\"dry_run\": true");
        assert_eq!(letter.read(LIST), text, "{arguments:?}");
    }
    assert!(!letter.path().join("subscribers/history.jsonl").exists());
    letter.run(["subscribers", "dedupe", "--yes"]).success().stdout_has("row 3 (unsubscribed) stays; 2 (active) went");
    assert_eq!(letter.read(LIST), "email,status\nann@example.com,unsubscribed\nbob@example.com,\n");
    let told = letter.run(["subscribers", "delete", "ann@example.com", "--yes", "--json"]).success().json();
    assert_eq!((told["change"].as_u64(), told["rows"]["deleted"].as_u64()), (Some(2), Some(1)));
    assert!(letter.read("subscribers/suppressions.csv").contains("ann@example.com,unsubscribed"));
}

#[test]
fn a_person_on_a_terminal_is_asked() {
    let letter = letter("email\nann@example.com\nbob@example.com\n");
    letter.run_on_terminal("n", ["subscribers", "delete", "ann@example.com"]).code(5).stdout_has("Delete 1 row? [y/N]");
    assert!(letter.read(LIST).contains("ann"));
    letter.run_on_terminal("y", ["subscribers", "delete", "ann@example.com"]).success().stdout_has("Change 1");
    assert_eq!(letter.read(LIST), "email\nbob@example.com\n");
}

#[test]
fn who_left_is_not_brought_back_in_passing() {
    let letter = letter("email,status\nann@example.com,unsubscribed\nbob@example.com,\n");
    letter
        .run(["subscribers", "edit", "ann@example.com", "status=active"])
        .code(1)
        .stderr_has("ann@example.com is unsubscribed and stays so");
    letter.run(["subscribers", "remove", "bob@example.com"]).success();
    letter
        .run(["subscribers", "undo", "--yes"])
        .success()
        .stdout_has("gets mail again: bob@example.com")
        .stderr_has("left by this very change");
    letter.run(["subscribers", "edit", "bob@example.com", "status=pending"]).success();
    letter.run(["subscribers", "remove", "bob@example.com"]).success();
    letter
        .run(["subscribers", "undo", "3", "--yes"])
        .code(1)
        .stderr_has("`status` is now `unsubscribed`, and was made `pending`");
    letter.run(["subscribers", "undo", "3", "--yes", "--partly"]).success();
    assert!(letter.read(LIST).contains("bob@example.com,unsubscribed\n"));
}

#[test]
fn lists_have_names() {
    let letter = letter("email,name\nann@example.com,Ann\n").file("subscribers/press.csv", "email\nbob@example.org\n");
    letter.run(["subscribers", "--list", "press", "list", "--count"]).success().stdout_has("1\n");
    letter.run(["subscribers", "list", "--list", "pres"]).code(1).stderr_has("did you mean `--list press`?");
    letter.run(["subscribers", "list", "--list", "../x"]).code(1).stderr_has("no name of a list");
    letter.run(["subscribers", "add", "cem@example.com", "--list", "new"]).success();
    assert_eq!(letter.read("subscribers/new.csv"), "email,name,status\ncem@example.com,,active\n");
    letter.run(["subscribers", "merge", "press", "--yes", "--json"]).success().stdout_has("\"added\": 1");
    assert_eq!(letter.read(LIST), "email,name,status\nann@example.com,Ann\nbob@example.org,,active\n");
    // A change is taken back where it was made.
    letter.run(["subscribers", "undo", "1", "--yes"]).success();
    assert_eq!(letter.read("subscribers/new.csv"), "email,name,status\n");

    let letter = letter.article("spring", "Hello").setting("relay.url", "file:out");
    letter.run(["check", "--list", "press"]).code_in(&[0, 3]).stdout_has("1 reader is owed a copy");
    letter.run(["preview", "--list", "press", "--json"]).success();
    letter.run(["send", "--yes", "--list", "press"]).success();
    assert_eq!(letter.files("out").len(), 1);
    assert!(letter.read("mailings/spring/mailing.json").contains("\"list\": \"press\""));
    letter.run(["send", "spring", "--list", "readers"]).code(1).stderr_has("for the list `press`");
    let letter = letter.setting("subscribers.list", "press");
    letter.run(["subscribers", "list", "--csv"]).success().stdout_has("bob@example.org");
    letter.setting("subscribers.list", "Press").run(["check"]).code(1).stderr_has("letterpress.toml:");
}

#[test]
fn rows_go_out_in_the_form_that_is_asked_for() {
    let letter = letter("email,name,n\nann@example.com,=1+1,10\nbob@example.com,\"Bob\u{1b}[2J\",9\nc\u{1b}[2Jd,@x,\n");
    let csv = letter.run(["subscribers", "export", "--sort", "n"]).success().nowhere("\u{1b}");
    assert_eq!(csv.stdout, "email,name,n\nbob@example.com,Bob[2J,9\nann@example.com,'=1+1,10\nc\\u{1b}[2Jd,'@x,\n");
    let lines = letter.run(["subscribers", "export", "--jsonl", "--columns", "email", "--limit", "1"]).success();
    assert_eq!(lines.stdout, "{\"email\":\"ann@example.com\"}\n");
    let all = letter.run(["subscribers", "export", "--json"]).success().json();
    assert_eq!(all.as_array().map(Vec::len), Some(3));
    let none = letter.run(["subscribers", "export", "--json", "--status", "bounced"]).success().json();
    assert_eq!(none.as_array().map(Vec::len), Some(0));
    letter.run(["subscribers", "export", "--file", "out.csv"]).success().stdout_has("3 readers written to out.csv");
    letter.run(["subscribers", "export", "--file", "out.csv"]).code(1).stderr_has("exists already");
    assert_eq!(letter.read("out.csv").lines().count(), 4);
    #[cfg(unix)]
    for path in ["out.csv", "subscribers/new.csv"] {
        use std::os::unix::fs::PermissionsExt;
        letter.run(["subscribers", "new", "new"]).code_in(&[0, 1]);
        assert_eq!(fs::metadata(letter.path().join(path)).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let listed = letter.run(["subscribers", "list", "--json", "--sort", "email", "--reverse"]).success().json();
    assert_eq!((listed["count"].as_u64(), listed["readers"][0]["row"].as_u64()), (Some(3), Some(4)));
    letter.run(["subscribers", "list", "--columns", "nmae"]).code(1).stderr_has("did you mean `name`?");
}

#[test]
fn a_table_on_standard_input_brings_its_columns() {
    let letter = letter("email,name,tags,subscribed_at\n");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_letterpress"));
    command.args(["subscribers", "add", "-", "--tag", "new"]).current_dir(letter.path());
    command
        .env("SOURCE_DATE_EPOCH", "1790000000")
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null());
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    let text = b"Name;E-Mail\nAnn;ann@example.com\nBob;bob\n";
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(letter.read(LIST), "email,name,tags,subscribed_at\nann@example.com,Ann,new,2026-09-21\n");
}

#[test]
fn statistics_count_everybody() {
    let letter = letter("email,status,tags,subscribed_at\na@example.com,,x,2026-10-01\nb@example.com,bounced,,\n");
    let told = letter.run(["subscribers", "stats", "--json"]).success().json();
    assert_eq!((told["rows"].as_u64(), told["statuses"]["bounced"].as_u64()), (Some(2), Some(1)));
    letter.run(["subscribers", "stats"]).success().stdout_has("example.com  2  ████").stdout_has("2026-10");
}

#[cfg(unix)]
#[test]
fn a_list_that_everybody_can_read_is_warned_about() {
    use std::os::unix::fs::PermissionsExt;
    let letter = letter("email\nann@example.com\n").article("spring", "Hello");
    let path = letter.path().join(LIST);
    let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    letter.run(["subscribers", "list"]).success().stderr_has("chmod 600 subscribers/readers.csv");
    letter.run(["check"]).code_in(&[0, 3]).stderr_has("everybody on this machine can read");
    mode(0o600);
    fs::remove_file(letter.path().join("subscribers/suppressions.csv")).ok();
    letter.run(["subscribers", "list"]).success().nowhere("chmod");
}

#[test]
fn who_is_suppressed_is_told_in_every_count() {
    let letter = letter("email,name\nann@example.com,Ann\nbob@example.com,Bob\ncem@example.org,Cem\n");
    letter.run(["subscribers", "suppress", "bob@example.com", "@example.org", "--reason", "asked"]).success();
    for arguments in [&["list"][..], &["list", "--count"], &["export"]] {
        let told = letter.run(["subscribers"].iter().chain(arguments).copied()).success();
        drop(told.stderr_has("2 of them are suppressed and get nothing"));
    }
    letter.run(["subscribers", "find", "bob"]).success().stderr_has("1 of them is suppressed and gets nothing");
    letter.run(["subscribers", "list", "--columns", "email", "--limit", "1"]).success().stderr_has("2 of them");
    letter.run(["subscribers", "stats"]).success().stdout_has("2 rows are suppressed and get nothing");
    assert_eq!(letter.run(["subscribers", "stats", "--json"]).success().json()["suppressed"], 2);
    let listed = letter.run(["subscribers", "list", "--json"]).success().json();
    assert_eq!((&listed["suppressed"], &listed["readers"][1]["suppressed"]), (&2.into(), &"asked".into()));
    assert!(listed["readers"][0].get("suppressed").is_none());
    letter.run(["subscribers", "unsuppress", "bob@example.com"]).success().stdout_has("who was suppressed: asked");
}

#[test]
fn one_mailbox_is_one_reader_when_asked_for() {
    let text = "email,name,status\na.nn@gmail.com,,unsubscribed\nann+x@googlemail.com,Ann,\na.b@example.com,,\nab@example.com,,\n";
    let letter = letter(text);
    letter.run(["subscribers", "dedupe", "--yes"]).success().stderr_has("Nothing had to be changed");
    letter
        .run(["subscribers", "dedupe", "--provider-rules"])
        .code(5)
        .stdout_has("email `ann+x@googlemail.com` of row 3 would go");
    assert_eq!(letter.read(LIST), text);
    let done = letter.run(["subscribers", "dedupe", "--provider-rules", "--yes"]).success();
    drop(done.stdout_has("a.nn@gmail.com: row 2 (unsubscribed) stays").stderr_has("1 address of people who have left"));
    assert!(letter.read(LIST).starts_with("email,name,status\na.nn@gmail.com,Ann,unsubscribed\na.b@example.com"));
    letter.run(["subscribers", "add", "ann+x@googlemail.com"]).code(1).stderr_has("suppressed");
}

/// A small generator, so that a seed is all there is to write down.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// How much the program has written so far: of the new list and of the history.
fn written(folder: &Path) -> u64 {
    let length = |entry: fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let counts = name.starts_with(".letterpress-") || name == "history.jsonl";
        entry.metadata().ok().filter(|_| counts).map_or(0, |metadata| metadata.len() + 1)
    };
    fs::read_dir(folder).unwrap().flatten().map(length).sum()
}

fn left_behind(folder: &Path) -> usize {
    let files = fs::read_dir(folder).unwrap().flatten();
    files.filter(|entry| entry.file_name().to_string_lossy().starts_with(".letterpress-")).count()
}

#[test]
fn killed_at_hundreds_of_instants_the_list_is_the_old_or_the_new_one() {
    const KILLS: usize = 200;
    let rows: Vec<String> = (0..1500).map(|n| format!("reader{n}@example.com,\"Reader, {n}\",")).collect();
    let list =
        |tag: &str| format!("email,name,tags\n{}", rows.iter().map(|row| format!("{row}{tag}\n")).collect::<String>());
    let (bare, tagged) = (list(""), list("x"));
    let letter = letter(&bare);
    let folder = letter.path().join("subscribers");
    let mut chance = Chance(0x0005_eed0_115f);
    let (mut old, mut new, mut torn) = (0, 0, 0);
    for _ in 0..KILLS {
        let is_bare = letter.read(LIST) == bare;
        let before = written(&folder);
        let running = letter.spawn([
            "subscribers",
            if is_bare { "tag" } else { "untag" },
            "x",
            "--segment",
            "has(email)",
            "--yes",
        ]);
        // Up to what both files come to, and somewhat beyond.
        let target = before + 1 + chance.below(300_000);
        let mut looks = 0u32;
        while written(&folder) < target && !running.has_ended() && looks < 200_000 {
            std::thread::yield_now();
            looks += 1;
        }
        (0..chance.below(2000)).for_each(|_| std::hint::spin_loop());
        running.kill();
        torn += usize::from(left_behind(&folder) > 0);
        let text = letter.read(LIST);
        assert!(text == bare || text == tagged, "the list is neither the old nor the new one");
        if (text == bare) == is_bare {
            old += 1
        } else {
            new += 1
        }
        // What is written down can be read; the history is kept short, so that the instants are spread over one change.
        letter.run(["subscribers", "history", "--json"]).success();
        fs::remove_file(folder.join("history.jsonl")).ok();
    }
    println!(
        "{KILLS} kills: {old} times the old list, {new} times the new one, {torn} times half of another beside it"
    );
    assert!(old > 0 && torn > 0, "the kills met changes on their way: {old} old, {new} new, {torn} torn");
    letter.run(["subscribers", "add", "last@example.com"]).success();
    assert_eq!(left_behind(&folder), 0, "what was left behind is swept away");
}

#[test]
fn two_who_change_the_list_a_thousand_times_lose_nothing() {
    use letterpress::address::Address;
    use letterpress::subscribers::{Assignment, Choice, Files, How, NewReader, Rows, add, assign};
    const TIMES: usize = 500;
    // What syncing costs is not what is tried here: in memory, where there is such a place.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let files = Files::of(folder.path());
    fs::write(&files.list, "email,name,tags\nann@example.com,Ann,\n").unwrap();
    let how = How { at: "2026-11-22T23:00:00Z".parse().unwrap(), by: "test", dry_run: false };
    std::thread::scope(|scope| {
        for who in ["a", "b"] {
            let files = &files;
            scope.spawn(move || {
                for n in 0..TIMES {
                    let address = |text: &str| Address::parse(text).unwrap();
                    if n % 10 == 9 {
                        let choice = Choice::Addresses(vec![address("ann@example.com")]);
                        let tag = Assignment::parse(&format!("tags+={who}{n}")).unwrap();
                        assign(files, &choice, &[tag], false, "tag", None, how).unwrap();
                    } else {
                        let address = address(&format!("{who}{n}@example.com"));
                        add(files, &[NewReader { address, name: String::new(), set: Vec::new() }], false, how).unwrap();
                    }
                }
            });
        }
    });
    let mut rows = Rows::open(&files.list).unwrap();
    let (mut count, mut tags) = (0, 0);
    while let Some(row) = rows.read().unwrap() {
        count += 1;
        tags += row.field("tags").unwrap_or_default().split_whitespace().count();
    }
    assert_eq!((count, tags), (1 + 2 * TIMES * 9 / 10, 2 * TIMES / 10));
    let done =
        fs::read_to_string(&files.history).unwrap().lines().filter(|line| line.ends_with("\"done\":true}")).count();
    assert_eq!(done, 2 * TIMES);
}

#[test]
fn programs_that_change_the_list_at_once_lose_nothing() {
    let letter = letter("email,name,status\n");
    let address = |who: usize, n: usize| format!("r{who}.{n}@example.com");
    std::thread::scope(|scope| {
        for who in 0..2 {
            let letter = &letter;
            scope.spawn(move || {
                for n in 0..20 {
                    letter.run(["subscribers", "add", &address(who, n)]).success();
                    if n % 4 == 3 {
                        letter.run(["subscribers", "remove", &address(who, n)]).success();
                        letter.run(["subscribers", "delete", &address(who, n - 1), "--yes"]).success();
                    }
                }
            });
        }
    });
    let told = letter.run(["subscribers", "stats", "--json"]).success().json();
    assert_eq!((told["rows"].as_u64(), told["statuses"]["unsubscribed"].as_u64()), (Some(30), Some(10)));
}
