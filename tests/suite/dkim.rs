//! Signatures, judged by dkimpy, which shares no code with ours: `tests/referee/check_signatures.py`. The DNS is a file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::hostile;
use crate::publication::{Publication, reader};
use crate::relay::{Message, Relay, Step, on};

const ARTICLE: &str = "\
+++
title = \"Spring\"
subject = 'For {{ subscriber.name | default(value=\"you\") }} in {{ subscriber.town }}: the news ❤'
+++

Dear {{ subscriber.name | default(value=\"friend\") }},

how is life in *{{ subscriber.town }}*? Read [more](https://example.com/more?a=1&b=2).
";

/// Makes keys as a user would, an RSA and an Ed25519 one, and names them in the settings.
fn with_keys(letter: Publication) -> Publication {
    for option in [&[][..], &["--ed25519"]] {
        let arguments = ["dkim", "keygen"].iter().chain(option);
        letter.run(arguments).success().stderr_has("[[dkim]]").nowhere("PRIVATE");
    }
    let more = "\n[[dkim]]\nselector = \"letterpress\"\n\n[[dkim]]\nselector = \"letterpress-ed25519\"\n";
    let settings = letter.read("letterpress.toml") + more;
    letter.file("letterpress.toml", settings)
}

/// The records that the DNS would have.
fn records(letter: &Publication) -> BTreeMap<String, String> {
    let document = letter.run(["dkim", "record", "--json"]).success().json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let keys = document["keys"].as_array().unwrap().iter();
    keys.map(|key| (text(&key["record"]["name"]), text(&key["record"]["value"]))).collect()
}

/// What the referee says of every message in a folder: its faults, and the algorithms of its signatures.
fn judged(folder: &Path, records: &BTreeMap<String, String>) -> Vec<(Vec<String>, Vec<String>)> {
    let dns = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(dns.path(), serde_json::to_string(records).unwrap()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/referee/check_signatures.py");
    let output = Command::new(python()).arg("-I").arg(script).arg(dns.path()).arg(folder).output();
    let output = output.expect("the referee's python runs: tests/run installs it");
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let verdicts: Vec<(Vec<String>, Vec<String>)> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| {
            let verdict: Value = serde_json::from_str(line).unwrap();
            let signatures = verdict["signatures"].as_array().unwrap().iter();
            (texts(&verdict["bad"]), signatures.map(|one| one["algorithm"].as_str().unwrap().to_owned()).collect())
        })
        .collect();
    let content = verdicts.iter().all(|(bad, _)| bad.is_empty());
    assert_eq!(output.status.success(), content, "{}", String::from_utf8_lossy(&output.stderr));
    verdicts
}

/// The python that has dkimpy: `tests/run` makes it, beside what cargo builds.
fn python() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("referee/bin/python")
}

/// A thousand readers: the hostile hundred, and others with names and towns of any characters.
fn a_thousand() -> Publication {
    let mut runner = TestRunner::deterministic();
    let mut any = |pattern: &str| {
        let strategy = proptest::string::string_regex(pattern).unwrap();
        strategy.new_tree(&mut runner).unwrap().current()
    };
    let hundred = hostile::subscribers().into_iter().map(|reader| [reader.email, reader.name, reader.town]);
    let others = (0..900).map(|n| {
        let name = any("\\PC{0,60}|[ -~]{0,120}|([A-Za-z]{1,12} ){0,30}|[é名❤ \"\\\\,<>=?]{0,80}");
        [format!("r{n}@example.org"), name, any("\\PC{0,20}|[ -~]{0,40}")]
    });
    let mut list = csv::Writer::from_writer(Vec::new());
    list.write_record(["email", "name", "town"]).unwrap();
    hundred.chain(others).for_each(|row| list.write_record(row).unwrap());
    Publication::new().article("spring", ARTICLE).file("subscribers/readers.csv", list.into_inner().unwrap())
}

#[test]
fn a_thousand_messages_verify_and_notice_every_change() {
    let letter = with_keys(a_thousand());
    letter.run(["send", "--dry-run", "--all"]).success();
    let verdicts = judged(&letter.path().join("preview/spring"), &records(&letter));
    assert_eq!(verdicts.len(), 1000);
    for (bad, algorithms) in verdicts {
        assert!(bad.is_empty(), "{bad:#?}");
        assert_eq!(algorithms, ["rsa-sha256", "ed25519-sha256"]);
    }
}

#[test]
fn the_referee_finds_what_is_wrong() {
    let letter = with_keys(Publication::new().readers(2).article("spring", "Hello"));
    letter.run(["send", "--dry-run", "--all"]).success();
    let folder = letter.path().join("preview/spring");
    let good = records(&letter);
    let faults = |records: &BTreeMap<String, String>| -> Vec<String> {
        judged(&folder, records).into_iter().flat_map(|(bad, _)| bad).collect()
    };
    assert_eq!(faults(&good), Vec::<String>::new());
    let other = with_keys(Publication::new());
    assert_eq!(faults(&records(&other)).len(), 4, "keys of another publication");
    assert_eq!(faults(&BTreeMap::new()).len(), 4, "no records");
    let eml = letter.files("preview/spring").into_iter().find(|path| path.extension().is_some_and(|x| x == "eml"));
    let eml = eml.unwrap();
    let text = std::fs::read_to_string(&eml).unwrap();
    std::fs::write(&eml, text.replace("Hello", "Hallo")).unwrap();
    assert_eq!(faults(&good).len(), 2, "a changed body");
    std::fs::write(&eml, &text[text.find("\r\nFrom: ").unwrap() + 2..]).unwrap();
    assert!(faults(&good).iter().any(|fault| fault == "no signature"));
}

/// A mailing to three readers that is not complete: the second was deferred.
fn deferred(relay: &Relay) -> Publication {
    relay.rule(on(Step::Message).of(&reader(2)).reply("450 4.2.1 try again later"));
    let letter = with_keys(Publication::new().readers(3).article("spring", "Hello").relay(relay));
    letter.run(["send", "spring", "--yes"]).code(4);
    relay.forget_rules();
    letter
}

fn of_the_second(relay: &Relay) -> Vec<Message> {
    relay.record().messages.into_iter().filter(|message| message.to == [reader(2)]).collect()
}

#[test]
fn a_mailing_is_carried_on_with_the_key_that_was_sealed() {
    let relay = Relay::plain().start();
    let letter = deferred(&relay);
    let records = records(&letter);
    // A new key for the next mailing: this one goes on with the old.
    letter.run(["dkim", "keygen", "--selector", "next"]).success();
    let settings = letter.read("letterpress.toml").replace("letterpress-ed25519", "next");
    let letter = letter.file("letterpress.toml", settings);
    letter.run(["send", "spring", "--yes"]).success();
    let messages = of_the_second(&relay);
    assert_eq!(messages.len(), 2);
    assert!(messages[0].bytes == messages[1].bytes, "a retry is the very same octets");
    let folder = tempfile::tempdir().unwrap();
    for (n, message) in relay.taken().iter().enumerate() {
        std::fs::write(folder.path().join(format!("{n}.eml")), &message.bytes).unwrap();
    }
    let verdicts = judged(folder.path(), &records);
    let sound: BTreeSet<bool> =
        verdicts.iter().map(|(bad, signatures)| bad.is_empty() && signatures.len() == 2).collect();
    assert_eq!((verdicts.len(), sound), (3, BTreeSet::from([true])), "{verdicts:#?}");
}

#[test]
fn a_mailing_is_not_carried_on_with_another_key() {
    let relay = Relay::plain().start();
    let letter = deferred(&relay);
    let key = letter.path().join("keys/dkim-letterpress.pem");
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    letter.run(["send", "spring", "--yes"]).code(1).stderr_has("keys/dkim-letterpress.pem is gone");
    letter.run(["dkim", "keygen"]).success().stderr_has("names this key already");
    letter.run(["send", "spring", "--yes"]).code(1).stderr_has("holds another key").nowhere("PRIVATE");
    assert_eq!(of_the_second(&relay).len(), 1);
    std::fs::write(&key, kept).unwrap();
    letter.run(["send", "spring", "--yes"]).success();
    assert_eq!(of_the_second(&relay).len(), 2);
}

#[test]
fn without_its_key_nothing_is_struck_and_a_readable_one_is_warned_about() {
    let letter = Publication::new().readers(1).article("spring", "Hello").setting("dkim.selector", "s1");
    for command in [&["send", "--dry-run"][..], &["check"], &["send", "--yes", "--relay", "file:out"]] {
        letter.run(command).code(1).stderr_has("keys/dkim-s1.pem").stderr_has("letterpress dkim keygen --selector s1");
    }
    assert!(
        letter.files("preview").is_empty() && letter.files("out").is_empty() && letter.files("mailings").is_empty()
    );
    letter
        .run(["dkim", "keygen", "--selector", "s1"])
        .success()
        .stdout_has("s1._domainkey.example.com. IN TXT ( \"v=DKIM1");
    letter.run(["send", "--dry-run"]).success();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let key = letter.path().join("keys/dkim-s1.pem");
        assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
        letter.run(["check"]).success().stderr_has("chmod 600 keys/dkim-s1.pem");
    }
}
