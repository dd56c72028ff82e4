//! `letterpress show`: the very bytes that a reader got, from the sealed mailing alone.

use crate::publication::{Publication, reader};
use crate::relay::{Relay, Step, on};

/// A mailing to three readers; the third was refused.
fn sent(relay: &Relay) -> Publication {
    relay.rule(on(Step::Rcpt).of("gone@example.org").reply("550 5.1.1 No such user"));
    let article = "+++\ntitle = 'Spring'\nsubject = 'For {{ subscriber.name }}'\n+++\n\n{% if subscriber.town == 'Oslo' %}Snow{% else %}Sun{% endif %} for **{{ subscriber.name }}**\n";
    let letter = Publication::new()
        .columns(&["town"])
        .article("spring", article)
        .row(&["Ann@example.com", "Ann, \"A\"", "Oslo"])
        .row(&["zoe@example.com", "Zoë 名前", "Faro"])
        .row(&["gone@example.org", "", ""])
        .relay(relay);
    letter.run(["send", "--yes"]).code(4);
    letter
}

fn assert_shown(letter: &Publication, relay: &Relay) {
    let taken = relay.taken();
    assert_eq!(taken.len(), 2);
    for message in taken {
        let shown = letter.run(["show", "spring", &message.to[0]]).success().stderr_has("accepted by the relay on ");
        assert_eq!(shown.stdout.as_bytes(), message.bytes, "{}", message.to[0]);
    }
}

#[test]
fn what_is_shown_is_what_the_relay_took_byte_for_byte() {
    let relay = Relay::plain().start();
    let letter = sent(&relay);
    assert_shown(&letter, &relay);
    // Years later: the article is gone, theme and list are others, the settings too, and in the end they are gone.
    std::fs::remove_file(letter.path().join("content/spring.md")).unwrap();
    let letter = letter
        .file("templates/article.mjml", "<mjml><mj-body></mj-body></mjml>")
        .file("subscribers/readers.csv", "email\nother@example.com\n")
        .setting("publication.name", "Another name")
        .setting("publication.from", "else@example.net")
        .setting("publication.list_id", "other.example.net")
        .setting("unsubscribe.url", "https://example.net/{token}");
    assert_shown(&letter, &relay);
    std::fs::remove_file(letter.path().join("letterpress.toml")).unwrap();
    assert_shown(&letter, &relay);
}

#[test]
fn what_became_of_it_is_told_and_its_parts_can_be_read() {
    let relay = Relay::plain().start();
    let letter = sent(&relay);
    letter.run(["show", "spring", "gone@example.org"]).success().stderr_has("rejected").stderr_has("No such user");
    let html = letter.run(["show", "spring", "ANN@example.com", "--html"]).success();
    assert!(html.stdout.contains("<html") && html.stdout.contains("Ann, &quot;A&quot;"), "{html:?}");
    let text = letter.run(["show", "spring", "zoe@example.com", "--text"]).success();
    assert!(
        text.stdout.contains("Sun for") && text.stdout.contains("Zoë 名前") && !text.stdout.contains('<'),
        "{text:?}"
    );
    let json = letter.run(["show", "spring", "zoe@example.com", "--json"]).success().json();
    assert_eq!((json["state"].as_str(), json["code"].as_u64()), (Some("accepted"), Some(250)));
    let zoe = relay.taken().into_iter().find(|message| message.to == ["zoe@example.com"]).unwrap();
    assert_eq!(json["content"].as_str().map(str::as_bytes), Some(zoe.bytes.as_slice()));
    letter.run(["show", "spring", "zoe@example.com", "--out", "copy.eml"]).success().stdout_has("copy.eml");
    assert_eq!(letter.read("copy.eml").as_bytes(), zoe.bytes);
    letter.run(["show", "spring", "zoe@example.com", "--out", "copy.eml"]).code(1).stderr_has("exists already");
}

#[test]
fn who_got_nothing_is_not_made_up() {
    let relay = Relay::plain().start();
    let letter = sent(&relay);
    letter.run(["show", "spring", "zo@example.com"]).code(1).stderr_has("no recipient").stderr_has("zoe@example.com");
    letter.run(["show", "spring", &reader(1)]).code(1).stderr_has("no recipient of spring");
    letter.run(["show", "spring", "no address"]).code(1).stderr_has("is no address");
    letter.run(["show", "winter", "zoe@example.com"]).code(1);
    let key = letter.read("keys/unsubscribe.key");
    std::fs::remove_file(letter.path().join("keys/unsubscribe.key")).unwrap();
    letter.run(["show", "spring", "zoe@example.com"]).code(1).stderr_has("restore it from a backup");
    let other = "A".repeat(43);
    let letter = letter.file("keys/unsubscribe.key", other);
    letter.run(["show", "spring", "zoe@example.com"]).code(1).stderr_has("not the one that spring was sealed with");
    let edited = letter.read("mailings/spring/recipients.csv").replace("Faro", "Oslo");
    let letter = letter.file("keys/unsubscribe.key", key).file("mailings/spring/recipients.csv", edited);
    letter.run(["show", "spring", "zoe@example.com"]).code(1).stderr_has("was changed since it was sealed");
}
