//! What is struck: the same messages in a dry run and for real, and right whatever a reader is called.

use std::collections::{BTreeMap, BTreeSet};

use letterpress::diagnostic::is_unprintable;

use super::{SEND, everyone, letter, publication};
use crate::hostile::{self, Hostile};
use crate::publication::Publication;
use crate::referee::{Letter, examine};
use crate::relay::Relay;

/// Fixed, so that two runs can be compared byte for byte.
const NOW: (&str, &str) = ("SOURCE_DATE_EPOCH", "1795388400");

#[test]
fn a_dry_run_shows_everything_and_sends_nothing() {
    let relay = Relay::plain().start();
    let letter = letter(&relay, 3);
    letter.run(["send", "--dry-run"]).success().stdout_has("preview/spring");
    assert_eq!(relay.connections(), 0);
    assert!(letter.files("mailings").is_empty());
    for file in ["index.html", "report.json"] {
        assert!(letter.path().join("preview/spring").join(file).exists(), "{file}");
    }
    let report: serde_json::Value = serde_json::from_str(&letter.read("preview/spring/report.json")).unwrap();
    assert!(report.is_object());
    let extensions = |extension: &str| {
        letter
            .files("preview/spring")
            .into_iter()
            .filter(|path| path.extension().is_some_and(|x| x == extension))
            .count()
    };
    let messages = extensions("eml");
    assert!(messages > 0 && extensions("txt") == messages && extensions("html") == messages + 1);
    assert_eq!(extensions("mjml"), 1);
}

#[test]
fn a_dry_run_strikes_the_very_messages_that_leave() {
    let relay = Relay::plain().start();
    let letter = letter(&relay, 3);
    letter.command(["send", "--dry-run", "--all"]).env(NOW.0, NOW.1).run().success();
    letter.command(SEND).env(NOW.0, NOW.1).run().success();
    let emls = letter.files("preview/spring").into_iter().filter(|path| path.extension().is_some_and(|x| x == "eml"));
    let shown: BTreeSet<Vec<u8>> = emls.map(|path| std::fs::read(path).unwrap()).collect();
    let sent: BTreeSet<Vec<u8>> = relay.taken().into_iter().map(|message| message.bytes).collect();
    assert_eq!((shown.len(), sent.len()), (3, 3));
    for (shown, sent) in shown.iter().zip(&sent) {
        assert_eq!(String::from_utf8_lossy(shown), String::from_utf8_lossy(sent));
    }
}

#[test]
fn two_dry_runs_write_the_same_bytes() {
    let relay = Relay::plain().start();
    let letter = letter(&relay, 3);
    let read = || -> BTreeMap<_, _> {
        letter.command(["send", "--dry-run", "--all"]).env(NOW.0, NOW.1).run().success();
        letter.files("preview").into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
    };
    let (first, second) = (read(), read());
    for (path, bytes) in &first {
        assert!(second.get(path) == Some(bytes), "{} differs", path.display());
    }
    assert_eq!(first.len(), second.len());
}

const HOSTILE_ARTICLE: &str = "\
+++
title = \"Spring\"
subject = \"For {{ subscriber.name | default(value=\\\"friend\\\") }}: ❤\u{fe0f} & <letters>\"
+++

Dear {{ subscriber.name | default(value=\"friend\") }},

how is life in *{{ subscriber.town }}*? Read [more](https://example.com/more?a=1&b=2).

> “Quoted”, from {{ subscriber.town }}.
";

fn hostile_letter() -> Publication {
    hostile::subscribers()
        .iter()
        .fold(Publication::new().article("spring", HOSTILE_ARTICLE).columns(&["town"]), |letter, reader| {
            letter.row(&[&reader.email, &reader.name, &reader.town])
        })
}

/// What each brings along, as it was given and as it may have been cleaned.
fn brought_along() -> BTreeMap<String, Vec<String>> {
    let forms = |text: &str| {
        let spaced: String = text.chars().map(|c| if is_unkept(c) { ' ' } else { c }).collect();
        let cut: String = text.chars().filter(|c| !is_unkept(*c)).collect();
        [text.trim().to_owned(), one_space(text), one_space(&spaced), cut.trim().to_owned()]
    };
    let all = |reader: Hostile| {
        let values = [forms(&reader.name), forms(&reader.town), forms(&reader.wire)].concat();
        (reader.wire, values.into_iter().filter(|value| !value.is_empty()).collect())
    };
    hostile::subscribers().into_iter().map(all).collect()
}

fn is_unkept(c: char) -> bool {
    is_unprintable(c) || matches!(c, '\n' | '\t' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// White space of any kind as single spaces.
fn one_space(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn no_space(text: &str) -> String {
    text.split_whitespace().collect()
}

/// The messages say of every reader what the list says of them.
fn assert_right(letters: &[Letter]) {
    assert_eq!(letters.len(), 100);
    let by_address: BTreeMap<&str, &Letter> = letters.iter().map(|letter| (letter.to.as_str(), letter)).collect();
    for Hostile { wire, name, town, .. } in hostile::subscribers() {
        let letter = by_address[wire.as_str()];
        assert!(!letter.name.chars().any(is_unkept), "{name:?} arrived as {:?}", letter.name);
        assert_eq!(letter.tags, letters[0].tags, "{name:?} and {town:?} change the html's elements");
        let friend = if name.trim().is_empty() { "friend".to_owned() } else { one_space(&name) };
        if !name.trim().chars().any(is_unkept) {
            assert_eq!(one_space(&letter.name), one_space(&name));
            // A name longer than a line is cut to fit it.
            assert!(
                no_space(&letter.text).contains(&no_space(&format!("Dear {friend},"))),
                "{name:?}: {}",
                letter.text
            );
            assert!(one_space(&letter.words).contains(&format!("Dear {friend},")), "{name:?}: {}", letter.words);
            assert_eq!(one_space(&letter.subject), format!("For {friend}: ❤\u{fe0f} & <letters>"), "{name:?}");
        }
        if !town.chars().any(is_unkept) {
            assert!(no_space(&letter.text).contains(&no_space(&town)), "{town:?}: {}", letter.text);
            assert!(one_space(&letter.words).contains(&one_space(&town)), "{town:?}: {}", letter.words);
        }
    }
    let tokens: BTreeSet<&str> = letters.iter().map(|letter| letter.unsubscribe.as_str()).collect();
    assert_eq!(tokens.len(), 100, "everyone has a link of their own");
}

#[test]
fn hostile_subscribers_get_faultless_messages() {
    let letter = hostile_letter().setting("relay.url", "file:out");
    letter.run(["send", "--dry-run", "--all", "--json"]).success().json();
    assert_right(&examine(&letter.path().join("preview/spring"), &brought_along()));
}

#[test]
fn hostile_subscribers_are_sent_to_without_a_fault() {
    let relay = Relay::plain().start();
    let letter = hostile_letter().relay(&relay);
    letter.run(SEND).success();
    relay.assert_no_faults();
    let mut wanted: Vec<String> = hostile::subscribers().into_iter().map(|reader| reader.wire).collect();
    wanted.sort();
    assert_eq!(relay.taken_by(), wanted);
    let folder = tempfile::tempdir().unwrap();
    for (n, message) in relay.taken().iter().enumerate() {
        assert_eq!(message.to.len(), 1);
        std::fs::write(folder.path().join(format!("{n:03}.eml")), &message.bytes).unwrap();
    }
    let letters = examine(folder.path(), &brought_along());
    assert_right(&letters);
    for (message, letter) in relay.taken().iter().zip(&letters) {
        assert_eq!(message.to[0], letter.to, "the envelope and To name the same reader");
    }
}

#[test]
fn the_project_itself_is_a_publication_that_works_at_once() {
    let letter = Publication::of_the_project();
    letter.run(["send", "--dry-run"]).success().stdout_has("preview/");
    assert!(letter.files("preview").iter().any(|path| path.ends_with("index.html")));
    letter.run(SEND).success();
    let counts = crate::status::counts(&letter);
    assert!(counts.accepted > 0 && counts.accepted + counts.withdrawn == counts.total, "{counts:?}");
}

#[test]
fn the_list_never_leaks_from_one_message_into_another() {
    let relay = Relay::plain().start();
    let letter = letter(&relay, 12);
    letter.run(SEND).success();
    for message in relay.taken() {
        let text = String::from_utf8_lossy(&message.bytes).into_owned();
        for other in everyone(12).iter().filter(|other| **other != message.to[0]) {
            assert!(!text.contains(other.as_str()), "{other} stands in the message to {}", message.to[0]);
        }
    }
}

/// The smallest picture: one pixel.
#[test]
fn images_beside_the_article_travel_with_it() {
    let article = "+++\ntitle = \"Sea\"\n+++\n\n![The *sea* at \"noon\" ❤\u{fe0f}](<by the sea.png>)\n\n![Again](<by the sea.png>)\n";
    let letter = publication(1)
        .setting("relay.url", "file:out")
        .file("content/sea/index.md", article)
        .file("content/sea/by the sea.png", crate::pictures::png(40, 20));
    letter.run(["send", "sea", "--yes"]).success();
    let message = String::from_utf8(std::fs::read(&letter.files("out")[0]).unwrap()).unwrap();
    let id = message.split("Content-ID: <").nth(1).unwrap().split('>').next().unwrap();
    assert_eq!(message.matches("Content-ID:").count(), 1, "the same picture travels once");
    let unfolded = message.replace("=\r\n", "");
    assert_eq!(unfolded.matches(&format!("src=3D\"cid:{id}\"")).count(), 2, "{unfolded}");
    assert!(unfolded.contains("alt=3D\"The sea at =E2=80=9Cnoon=E2=80=9D =E2=9D=A4=EF=B8=8F\""), "{unfolded}");
    assert!(unfolded.contains("[Image: The _sea_ at =E2=80=9Cnoon=E2=80=9D =E2=9D=A4=EF=B8=8F]"), "{unfolded}");
    letter.run(["send", "sea", "--dry-run"]).success();
    assert!(letter.files("preview").iter().any(|path| path.ends_with("report.json")));
}

#[test]
fn images_that_cannot_travel_are_refused_with_their_place() {
    for (name, picture) in
        [("missing.png", None), ("text.png", Some(b"no picture".as_slice())), ("../readers.png", None)]
    {
        let mut letter = publication(1)
            .file("content/sea/index.md", format!("+++\ntitle = \"Sea\"\n+++\n\nHere:\n\n![x]({name})\n"));
        if let Some(bytes) = picture {
            letter = letter.file(&format!("content/sea/{name}"), bytes);
        }
        letter.run(["send", "sea", "--dry-run"]).code(1).stderr_has("content/sea/index.md:7:1").stderr_has(name);
    }
    let letter = publication(1).article("sea", "![x](http://example.com/a.png)");
    letter.run(["send", "sea", "--dry-run"]).code(1).stderr_has("https");
}
