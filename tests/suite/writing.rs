//! What an author can write, as it comes out in a copy: shortcodes, callouts, anchors, what is cleaned away, and mistakes at
//! their place.

use crate::publication::Publication;

/// The HTML and the text of the one copy of an article.
fn copy(publication: &Publication) -> (String, String) {
    publication.run(["preview"]).success();
    let read = |ending: &str| {
        let files = publication.files("preview/a");
        let file = files
            .iter()
            .find(|file| file.to_string_lossy().ends_with(&format!("@example.com{ending}")))
            .expect("a copy");
        std::fs::read_to_string(file).unwrap()
    };
    (read(".html"), read(".txt"))
}

#[test]
fn a_shortcode_stands_between_paragraphs() {
    let publication = Publication::new()
        .reader("ann@example.com", "Ann & Co")
        .article("a", "Before.\n\n{{ button(url=\"https://example.com/?n={{ subscriber.name }}\", text=\"Read, {{ subscriber.name | default(value=\"friend\") }}\") }}\n\nAfter.\n");
    let (html, text) = copy(&publication);
    assert!(html.contains("https://example.com/?n=Ann%20%26%20Co"), "{html}");
    assert!(html.contains("Read, Ann &amp; Co"), "{html}");
    assert!(text.contains("Read, Ann & Co:\nhttps://example.com/?n=Ann%20%26%20Co\n\nAfter."), "{text}");
}
