//! Whole messages, byte by byte, as they go: a change in any byte is seen and meant.
//!
//! The stored messages lie in `tests/snapshots/`. When a change is meant, run the tests once with `UPDATE_SNAPSHOTS=1` and
//! look at the difference before committing it.

use std::path::{Path, PathBuf};

use crate::publication::Publication;

const ARTICLE: &str = "+++
title = \"A ❤️ \\\"letter\\\"\"
subject = 'For {{ subscriber.first_name | default(value=\"you\") }} & others'
preheader = \"In short\"
author = \"Ann Lee\"
date = 2026-11-22
+++

Dear {{ subscriber.first_name | default(value=\"friend\") }},

some *text* with a [link](https://example.com/a?b=1&c={{ subscriber.email }}), `code` and \"quotes\".

{% if subscriber.plan == \"pro\" %}Thank you for paying.{% endif %}

> A quote.

1. first
2. second
   - nested

| Place | Visits |
|-------|-------:|
| Sea   | 3      |

The end.[^1]

[^1]: A note.
";

fn letter() -> Publication {
    Publication::new()
        .columns(&["plan"])
        .article("snapshot", ARTICLE)
        .row(&["ann@example.com", "Ann Lee", "pro"])
        .row(&["zoe@example.org", "Zoë, \"Z\" <x>", ""])
        .row(&["nobody@example.net", "", ""])
        .setting("relay.url", "file:out")
        .file("keys/unsubscribe.key", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n")
}

fn stored(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name)
}

fn compare(name: &str, found: &str) {
    let path = stored(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, found).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let kept: Vec<&str> = kept.lines().collect();
    let found: Vec<&str> = found.lines().collect();
    let differs = (0..kept.len().max(found.len())).find(|at| kept.get(*at) != found.get(*at));
    if let Some(at) = differs {
        panic!(
            "{name}, line {}:\n  stored: {:?}\n  now:    {:?}\nIf it is meant: UPDATE_SNAPSHOTS=1",
            at + 1,
            kept.get(at),
            found.get(at)
        );
    }
}

/// `tests/fixtures/mailing-form-1` was sealed by a program that knew only tokens of version 1, and sent to the first of three.
#[test]
fn a_mailing_sealed_in_the_first_form_strikes_the_octets_that_it_always_struck() {
    const TOKEN: &str = "AdnziLRT6qy4fft7C4uxjG9HKCViInKhWKTIOJ7NKBgd";
    let mut letter = Publication::new()
        .columns(&["status"])
        .row(&["ann@example.com", "Ann", ""])
        .row(&["bob@example.com", "Bob", ""])
        .row(&["cem@example.com", "", ""])
        .setting("relay.url", "file:out")
        .file("keys/unsubscribe.key", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n");
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mailing-form-1");
    for name in ["mailing.json", "sources.json", "recipients.csv", "journal"] {
        letter = letter.file(&format!("mailings/spring/{name}"), std::fs::read(fixture.join(name)).unwrap());
    }
    letter.run(["send", "spring", "--yes"]).success().stdout_has("3  accepted");
    let files = letter.files("out");
    assert_eq!(files.len(), 2, "the first has it");
    for path in &files {
        let text = String::from_utf8(std::fs::read(path).unwrap()).unwrap();
        let address = path.file_name().unwrap().to_str().unwrap().rsplit_once('-').unwrap().0.to_owned();
        // What no change of the looks may change: the links that readers have.
        let link = format!("<https://example.com/unsubscribe/{TOKEN}>");
        assert_eq!(text.contains(&link), address == "bob@example.com", "{text}");
        compare(&format!("form-1/{address}.eml"), &text.replace("\r\n", "\n"));
    }
    letter.run(["show", "spring", "bob@example.com"]).success().stdout_has(TOKEN);
    letter.run(["unsubscribe", TOKEN]).success().stdout_has("bob@example.com: unsubscribed");
    let history = letter.read("subscribers/history.jsonl");
    assert!(history.contains("\"by\":\"unsubscribe token\""), "{history}");
    assert!(letter.read("mailings/spring/mailing.json").contains("\"format\": 1"));
}

/// A GIF of one pixel.
const PIXEL: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\xb3\x26\x1e\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

#[test]
fn a_message_with_a_picture_and_attachments_is_what_it_was() {
    let article = "+++\ntitle = \"Sea\"\nattachments = [\"a.txt\", {file = \"a.txt\", name = \"Grüße.txt\"}]\n+++\n\n![Red](red.gif)\n";
    let letter = Publication::new()
        .reader("mixed@example.com", "")
        .file("content/sea/index.md", article)
        .file("content/sea/red.gif", PIXEL)
        .file("content/sea/a.txt", "Words.\n")
        .setting("relay.url", "file:out")
        .file("keys/unsubscribe.key", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n");
    letter.command(["send", "--yes"]).env("SOURCE_DATE_EPOCH", "1795388400").run().success();
    let text = std::fs::read_to_string(&letter.files("out")[0]).unwrap();
    compare("mixed@example.com.eml", &text.replace("\r\n", "\n"));
}

#[test]
fn messages_are_what_they_were() {
    let letter = letter();
    letter.command(["send", "--yes"]).env("SOURCE_DATE_EPOCH", "1795388400").run().success();
    let files = letter.files("out");
    assert_eq!(files.len(), 3);
    for path in files {
        let text = String::from_utf8(std::fs::read(&path).unwrap()).unwrap();
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "CRLF only");
        let address = path.file_name().unwrap().to_str().unwrap().rsplit_once('-').unwrap().0.to_owned();
        compare(&format!("{address}.eml"), &text.replace("\r\n", "\n"));
    }
}
