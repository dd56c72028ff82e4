//! Editions through the whole program: languages, segments, how many there are and what is said about it.

use crate::publication::Publication;
use crate::relay::Relay;

const MAIN: &str =
    "+++\ntitle = 'Spring for {{ subscriber.name | default(value=\"you\") }}'\n+++\n\nHello {{ subscriber.name }}.\n";
const GERMAN: &str = "+++\ntitle = 'Frühling'\n+++\n\nGuten Tag {{ subscriber.name }}.\n";

/// An article in English, German and Arabic and readers of four languages.
fn in_languages() -> Publication {
    Publication::new()
        .columns(&["language"])
        .article("spring", MAIN)
        .file("content/spring.de.md", GERMAN)
        .file("content/spring.ar.md", "# ربيع\n\nأهلا {{ subscriber.name }}.\n")
        .row(&["ann@example.com", "Ann", "en"])
        .row(&["bob@example.com", "Bob", ""])
        .row(&["eva@example.com", "Eva", "de-AT"])
        .row(&["fay@example.com", "Fay", "fr"])
        .setting("publication.web_url", "https://example.com/{language}/{slug}")
}

/// A reader's plain text part as it was shown again.
fn text(letter: &Publication, address: &str) -> String {
    letter.run(["show", "spring", address, "--text"]).success().stdout
}

#[test]
fn each_reader_gets_the_article_in_their_language() {
    let relay = Relay::plain().start();
    let letter = in_languages().relay(&relay);
    let sent = letter.run(["send", "--yes"]).success().stderr_has("en 3, ar 0, de 1");
    assert!(sent.stderr.contains("Spring for you") && !sent.stderr.contains("{{"), "{}", sent.stderr);
    assert_eq!(relay.taken().len(), 4);
    assert_eq!(letter.files("mailings").iter().filter(|path| path.ends_with("journal")).count(), 1, "one mailing");
    for message in relay.taken() {
        let shown = letter.run(["show", "spring", &message.to[0]]).success();
        assert_eq!(shown.stdout.as_bytes(), message.bytes, "{}", message.to[0]);
    }
    assert!(text(&letter, "eva@example.com").contains("Guten Tag Eva."));
    assert!(text(&letter, "eva@example.com").contains("https://example.com/de/spring"));
    for (address, name) in [("ann@example.com", "Ann"), ("bob@example.com", "Bob"), ("fay@example.com", "Fay")] {
        let text = text(&letter, address);
        assert!(text.contains(&format!("Hello {name}.")) && text.contains("https://example.com/en/spring"), "{text}");
    }
    letter.run(["status"]).success().stdout_has("Spring for you").nowhere("{{");
    letter.run(["report", "spring"]).success().stdout_has("Spring for you").nowhere("{{");
    // What was sealed is what is struck, in every language.
    let letter = letter.file("content/spring.de.md", "# Herbst\n\nGute Nacht.\n");
    letter.run(["send", "spring", "--yes"]).success().stderr_has("was changed since it was sealed");
    assert!(text(&letter, "eva@example.com").contains("Guten Tag Eva."));
    let sealed = letter.read("mailings/spring/sources.json").replace("Guten Tag", "Guten Abend");
    let letter = letter.file("mailings/spring/sources.json", sealed);
    letter.run(["show", "spring", "eva@example.com"]).code(1).stderr_has("was changed since it was sealed");
}

#[test]
fn every_language_is_previewed_and_checked_even_with_no_reader() {
    let letter = in_languages();
    letter.run(["preview", "content/spring.de.md"]).success().stdout_has("Languages: en 3, ar 0, de 1");
    let report: serde_json::Value = serde_json::from_str(&letter.read("preview/spring/report.json")).unwrap();
    assert_eq!((report["title"].as_str(), report["editions"].as_u64()), (Some("Spring for you"), Some(2)));
    let languages: Vec<&str> =
        report["readers"].as_array().unwrap().iter().filter_map(|r| r["language"].as_str()).collect();
    assert_eq!(languages, ["en", "en", "de", "en", "ar"]);
    let page = letter.read("preview/spring/index.html");
    assert!(page.contains("ربيع") && page.contains("Frühling"));
    let html =
        letter.files("preview").into_iter().find(|path| path.to_string_lossy().ends_with("letters@example.com.html"));
    assert!(std::fs::read_to_string(html.unwrap()).unwrap().contains("dir=\"rtl\""));
    let checked = letter.run(["check", "--json"]).success().json();
    assert_eq!(checked["languages"][1], serde_json::json!({"language": "ar", "readers": 0}));
    let letter = letter.file("content/spring.ar.md", "# ربيع\n\n{{ subscriber.nmae }}\n");
    letter.run(["check"]).code(1).stderr_has("content/spring.ar.md:3:4").stderr_has("did you mean `name`");
    letter.run(["send", "--yes", "--relay", "discard:"]).code(1).stderr_has("content/spring.ar.md:3:4");
    assert!(letter.files("mailings").is_empty());
}

#[test]
fn a_language_stands_beside_its_main_file_and_is_no_article_of_its_own() {
    let letter = Publication::new().readers(2).setting("relay.url", "file:out").file("content/spring/index.md", MAIN);
    let letter = letter.file("content/spring/index.de.md", GERMAN);
    letter.run(["check"]).success().stderr_has("no column `language`").stdout_has("content/spring/index.md");
    letter.run(["send", "spring", "--yes"]).success();
    let orphan = Publication::new().readers(2).file("content/spring.de.md", GERMAN);
    orphan.run(["check"]).code(1).stderr_has("content/spring.md isn't there").stderr_has("rename it");
    orphan.run(["check", "spring"]).code(1).stderr_has("content/spring.md isn't there");
    let orphan = Publication::new().readers(2).file("content/spring/index.de.md", GERMAN);
    orphan.run(["check"]).code(1).stderr_has("content/spring/index.md isn't there");
    let letter = in_languages().row(&["gus@example.com", "Gus", "deutsch"]);
    letter.run(["check"]).success().stderr_has("1 reader has a language that is no language tag (`deutsch`)");
}

#[test]
fn many_editions_are_told_with_their_cause() {
    let mut letter = Publication::new()
        .columns(&["city"])
        .setting("relay.url", "discard:")
        .file("templates/article.mjml", "<mjml><mj-body><mj-section><mj-column><mj-text><h1>{{ article.title }}</h1>{{ article.html }}<a href=\"{{ unsubscribe_url }}\">Leave</a> {{ publication.postal_address }}</mj-text></mj-column></mj-section></mj-body></mjml>")
        .article("spring", "Sun in {{ subscriber.city | upper }}.");
    for n in 0..203 {
        letter = letter.row(&[&format!("r{n}@example.com"), "Ann", &format!("Town {}", n % 201)]);
    }
    let said = "201 editions are needed: `city` has 201 different values";
    letter.run(["check"]).success().stderr_has(said).stderr_has("content/spring.md:5:11").stdout_has("201 editions");
    assert_eq!(letter.run(["check", "--json"]).success().json()["editions"], 201);
    letter.run(["preview"]).success().stdout_has("201 editions");
    letter.run(["send"]).code(5).stderr_has("201 editions").stderr_has(said);
    letter.run(["send", "--yes"]).success();
}

#[test]
fn the_articles_own_segment_chooses_its_readers() {
    let article = "+++\ntitle = 'Spring'\nsegment = \"plan == 'pro' and not tag('staff')\"\n+++\n\nHello\n";
    let letter = Publication::new()
        .columns(&["plan", "tags"])
        .setting("relay.url", "file:out")
        .article("spring", article)
        .row(&["ann@example.com", "Ann", "pro", ""])
        .row(&["bob@example.com", "Bob", "free", ""])
        .row(&["eve@example.com", "Eve", "pro", "staff"]);
    let said = "plan == 'pro' and not tag('staff')";
    letter.run(["preview"]).success().stdout_has(said).stdout_has("2 not in the segment");
    letter.run(["check"]).success().stdout_has("1 reader is owed").stdout_has(said);
    assert_eq!(letter.run(["check", "--json"]).success().json()["segment"], said);
    letter.run(["send", "--yes"]).success().stderr_has(said);
    assert_eq!(letter.files("out").len(), 1);
    assert!(letter.read("mailings/spring/mailing.json").contains(said));
}
