//! The commands around sending: a new publication, articles that come in, the list.

use std::collections::BTreeSet;

use crate::publication::{Publication, reader};

const INIT: [&str; 8] = [
    "--name",
    "Far & \"Near\"",
    "--from",
    "Ann <ann@example.com>",
    "--postal-address",
    "1 High Street, Anytown",
    "--unsubscribe-url",
    "https://example.com/unsubscribe/{token}",
];

/// `letterpress init fresh` with everything it needs, and further options.
fn init(letter: &Publication, more: &[&str]) -> crate::publication::Output {
    letter.run(["init", "fresh"].iter().chain(&INIT).chain(more))
}

#[test]
fn a_new_publication_is_previewed_and_sent_at_once() {
    let letter = Publication::new();
    init(&letter, &[]).success().stdout_has("fresh/letterpress.toml");
    letter.run(["--root", "fresh", "send", "--dry-run"]).success().stdout_has("index.html");
    letter.run(["--root", "fresh", "check"]).success().stdout_has("nothing to mend");
    letter.run(["--root", "fresh", "send", "--yes"]).success();
    assert_eq!(letter.files("fresh/outbox").len(), 1);
    letter.run(["--root", "fresh", "status"]).success().stdout_has("accepted");
}

#[test]
fn init_overwrites_nothing_and_writes_nothing_that_would_be_refused() {
    let letter = Publication::new();
    letter.run(["init", "fresh"]).code(1).stderr_has("--postal-address");
    let mut bad = INIT;
    bad[3] = "me@gmail.com";
    letter.run(["init", "fresh"].iter().chain(&bad)).code(1).stderr_has("DMARC");
    assert!(!letter.path().join("fresh").exists());
    let letter = letter.file("fresh/content/welcome.md", "mine");
    init(&letter, &[]).code(1).stderr_has("exists already");
    assert_eq!(letter.files("fresh").len(), 1);
    letter.run(["init"]).code(1).stderr_has("publication already");
}

#[cfg(unix)]
#[test]
fn what_holds_addresses_or_secrets_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let letter = Publication::new();
    init(&letter, &[]).success();
    letter.run(["--root", "fresh", "send", "--yes"]).success();
    letter.run(["--root", "fresh", "send", "--dry-run"]).success();
    let mode = |path: &str| letter.path().join(path).metadata().unwrap().permissions().mode() & 0o777;
    for file in [
        "subscribers/readers.csv",
        "keys/unsubscribe.key",
        "mailings/welcome/recipients.csv",
        "mailings/welcome/journal",
    ] {
        assert_eq!(mode(&format!("fresh/{file}")), 0o600, "{file}");
    }
    for folder in ["keys", "mailings", "outbox", "preview/welcome"] {
        assert_eq!(mode(&format!("fresh/{folder}")), 0o700, "{folder}");
    }
}

#[test]
fn an_article_comes_in_word_by_word_and_goes_out() {
    let text = "A Day by the Sea\n\nBy: Ann Lee: We went — “at last” — to the sea.\n\nPack The Night Before: It helps {{ more }} than *you* think.\n\nComments are closed.\n";
    let letter = Publication::new().readers(1).file("day.txt", text);
    letter
        .run(["import", "day.txt"])
        .success()
        .stderr_has("Ann Lee")
        .stderr_has("Pack The Night Before")
        .stderr_has("Comments are closed.");
    letter.run(["import", "day.txt"]).code(1).stderr_has("exists already");
    letter.run(["send", "--dry-run", "a-day-by-the-sea"]).success();
    let shown = std::fs::read_to_string(
        letter
            .files("preview/a-day-by-the-sea")
            .into_iter()
            .find(|p| p.extension().is_some_and(|x| x == "txt"))
            .unwrap(),
    )
    .unwrap();
    for words in
        ["We went — “at last” — to the sea.", "Pack The Night Before\n=====", "It helps {{ more }} than *you* think."]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains("Comments are closed"));
}

#[test]
fn a_new_article_is_a_draft_until_it_is_no_more() {
    let letter = Publication::new().readers(1).setting("relay.url", "file:out");
    letter.run(["new", "For", "Zoë"]).success().stdout_has("content/for-zoe.md");
    letter.run(["new", "For Zoë"]).code(1).stderr_has("exists already");
    letter.run(["send", "for-zoe", "--yes"]).code(1).stderr_has("draft");
    letter.run(["send", "for-zoe", "--dry-run"]).success();
}

#[test]
fn readers_come_leave_and_come_back_by_name() {
    let letter = Publication::new().columns(&["status", "plan"]).row(&["ann@example.com", "Ann", "active", "pro"]);
    letter.run(["subscribers", "add", "zoe@example.org", "Zoë", "--set", "plan=free"]).success();
    letter.run(["subscribers", "add", "ZOE@example.org"]).code(1).stderr_has("row 3");
    letter.run(["subscribers", "add", "no address"]).code(1);
    letter.run(["subscribers", "find", "zoë"]).success().stdout_has("zoe@example.org");
    letter.run(["subscribers", "find", "nobody"]).code(1);
    letter.run(["subscribers", "remove", "ann@example.com"]).success();
    assert_eq!(
        letter.read("subscribers/readers.csv"),
        "email,name,status,plan\nann@example.com,Ann,unsubscribed,pro\nzoe@example.org,Zoë,active,free\n"
    );
    letter.run(["subscribers", "add", "ann@example.com"]).code(1).stderr_has("--resubscribe");
    letter.run(["subscribers", "add", "ann@example.com", "--resubscribe"]).success();
    letter.run(["subscribers", "list", "--status", "active", "--count"]).success().stdout_has("2");
    let listed = letter.run(["subscribers", "list", "--json"]).success().json();
    assert_eq!(listed.to_string().matches("@example").count(), 2, "{listed}");
    let history = letter.read("subscribers/history.jsonl");
    assert_eq!(history.matches("\"done\":true").count(), 3, "{history}");
    history.lines().for_each(|line| drop(serde_json::from_str::<serde_json::Value>(line).unwrap()));
}

#[test]
fn a_name_is_cleaned_and_that_is_said() {
    let letter = Publication::new();
    letter
        .run(["subscribers", "add", "ann@example.com", "A\u{202e}nn\u{7}"])
        .success()
        .stderr_has("U+202E")
        .nowhere("\u{202e}")
        .nowhere("\u{7}");
}

#[test]
fn changes_at_the_same_time_lose_nothing() {
    let letter = Publication::new();
    std::thread::scope(|scope| {
        for half in [1..=10, 11..=20] {
            let letter = &letter;
            scope.spawn(move || {
                for n in half {
                    letter.run(["subscribers", "add", &reader(n)]).success();
                }
            });
        }
    });
    let list = letter.read("subscribers/readers.csv");
    let listed: BTreeSet<&str> = list.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(listed.len(), 20);
}

#[test]
fn who_leaves_or_is_suppressed_between_runs_gets_nothing_more() {
    use crate::relay::{Relay, Step, on};
    let relay = Relay::plain().start();
    relay.rule(on(Step::Rcpt).reply("450 4.2.1 later"));
    let letter = Publication::new().article("spring", "Hello").readers(3).relay(&relay);
    letter.run(["send", "--yes"]).code(4);
    relay.forget_rules();
    letter.run(["subscribers", "remove", &reader(1)]).success();
    let letter =
        letter.file("subscribers/suppressions.csv", format!("address,reason,date,source\n{},complaint,,\n", reader(2)));
    letter.run(["send", "--yes"]).success();
    assert_eq!(relay.taken_by(), [reader(3)]);
    let counts = crate::status::counts(&letter);
    assert_eq!((counts.accepted, counts.withdrawn), (1, 2));
}

#[test]
fn a_test_copy_goes_to_one_address_and_leaves_the_mailing_alone() {
    let letter =
        Publication::new().article("spring", "Hello {{ subscriber.name }}").readers(2).setting("relay.url", "file:out");
    letter.run(["send", "--to", "me@example.com", "--to", &reader(2)]).success().stdout_has("me@example.com: accepted");
    assert_eq!(letter.files("out").len(), 2);
    assert!(letter.files("mailings").is_empty());
    letter.run(["send", "--yes"]).success();
    let to_second: Vec<_> =
        letter.files("out").into_iter().filter(|path| path.to_string_lossy().contains(&reader(2))).collect();
    assert_eq!(to_second.len(), 2, "the test copy has an id of its own");
}

#[test]
fn mistakes_in_settings_are_shown_in_place() {
    let letter = Publication::new().article("spring", "Hello").readers(1);
    let letter = letter.setting("publication.postal_adress", "x");
    letter.run(["check"]).code(1).stderr_has("letterpress.toml:").stderr_has("did you mean");
    let empty = Publication::new();
    std::fs::remove_file(empty.path().join("letterpress.toml")).unwrap();
    empty.run(["send"]).code(1).stderr_has("letterpress init");
}

/// The article that letterpress was made for lies beside the project where its developers work, and nowhere else.
#[test]
fn the_real_article_goes_the_whole_way() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/input/article.txt");
    let Ok(original) = std::fs::read_to_string(&path) else {
        println!("skipped: {} is not there", path.display());
        return;
    };
    let slug = "how-do-i-get-my-husband-to-want-me-when-hes-already-gone";
    let letter = Publication::new().readers(3).setting("relay.url", "file:out").file("article.txt", &original);
    letter.run(["import", "article.txt"]).success().stderr_has("Leslie Cane");
    letter.run(["send", "--dry-run", slug]).success();
    letter.run(["send", slug, "--yes"]).success();
    assert_eq!(letter.files("out").len(), 3);
    let shown =
        letter.files("preview").into_iter().find(|path| path.extension().is_some_and(|kind| kind == "txt")).unwrap();
    let shown: Vec<String> = words(&std::fs::read_to_string(shown).unwrap());
    // Every word arrives, in its order: the byline's moves under the title, the furniture at the end stays behind.
    let kept = original.replace("By: Leslie Cane: ", "").replace("Comments are closed.", "");
    let mut arrived = shown.iter();
    for word in words(&kept) {
        assert!(arrived.any(|found| *found == word), "{word:?} is missing or out of order");
    }
}

/// Words without the colon that a run-in heading loses and the rule that stands under a heading.
fn words(text: &str) -> Vec<String> {
    let word = |word: &str| word.trim_end_matches(':').to_owned();
    text.split_whitespace().map(word).filter(|word| !word.chars().all(|c| "=-".contains(c))).collect()
}
