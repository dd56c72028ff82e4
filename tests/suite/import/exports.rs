//! Substack and Ghost.

use super::{DOT, document, outcomes, previewed, zip};
use crate::publication::Publication;

const POSTS: &str = "\u{feff}post_id,post_date,is_published,email_sent_at,inbox_sent_at,type,audience,title,subtitle,podcast_url\r\n\
101.first-light,2021-05-03T22:30:00.000Z,true,2021-05-03T22:31:00.000Z,,newsletter,everyone,\"First, light\",\"A line\nand another\",\r\n\
102.no-text,2021-06-01T10:00:00.000Z,true,,,newsletter,everyone,Without a text,,\r\n\
103.a-draft,,false,,,newsletter,only_paid,A draft,,\r\n";

const FIRST: &str = r##"<p>Hello <em>there</em>, {{ friend }}.<a class="footnote-anchor" data-component-name="FootnoteAnchorToDOM" id="footnote-anchor-1" href="#footnote-1" target="_self">1</a></p>
<h2>A heading</h2>
<ul><li><p>one</p><ul><li><p>inner</p></li></ul></li><li><p>two</p></li></ul>
<div class="captioned-image-container"><figure><a class="image-link image2" target="_blank" href="https://cdn.example.com/big.png"><div class="image2-inset"><picture><source type="image/webp" srcset="x"><img src="https://cdn.example.com/a.png" data-attrs="{&quot;src&quot;:&quot;x&quot;}" alt="A hill" width="1456"></picture><div></div></div></a><figcaption class="image-caption">The hill</figcaption></figure></div>
<div class="subscription-widget-wrap" data-attrs="{&quot;url&quot;:&quot;%%checkout_url%%&quot;}"><div class="subscription-widget show-subscribe"><p class="cta-caption">Thanks for reading!</p><form class="subscription-widget-subscribe"><input type="email"></form></div></div>
<p class="button-wrapper" data-attrs="{&quot;url&quot;:&quot;https://example.com/book&quot;}"><a class="button primary" href="https://example.com/book"><span>Get the book</span></a></p>
<p class="button-wrapper"><a class="button primary" href="https://letters.example.com/p/first?utm_source=substack&amp;action=share"><span>Share</span></a></p>
<div id="youtube2-abc123" class="youtube-wrap" data-attrs="{&quot;videoId&quot;:&quot;abc123&quot;}" data-component-name="Youtube2ToDOM"><div class="youtube-inner"><iframe src="https://www.youtube-nocookie.com/embed/abc123?rel=0"></iframe></div></div>
<div class="tweet" data-attrs="{&quot;url&quot;:&quot;https://twitter.com/a/status/1&quot;,&quot;full_text&quot;:&quot;A short word&quot;}"></div>
<div class="paywall-jump" data-component-name="PaywallToDOM"></div>
<pre><code>let a = "{{ b }}";</code></pre>
<div class="footnote" data-component-name="FootnoteToDOM"><a id="footnote-1" href="#footnote-anchor-1" class="footnote-number" contenteditable="false" target="_self">1</a><div class="footnote-content"><p>Said at night.</p></div></div>"##;

fn substack(first: &str) -> Vec<u8> {
    zip(&[
        ("posts.csv", POSTS.as_bytes()),
        ("posts/101.first-light.html", first.as_bytes()),
        ("posts/101.first-light.opens.csv", b"post_id,email\n101,a@example.com\n"),
        ("posts/103.a-draft.html", b"<p>Not yet.</p>"),
        ("email_list.letters.csv", b"email\na@example.com\n"),
    ])
}

#[test]
fn a_substack_export_comes_in_whole_and_is_previewed() {
    let letter = Publication::new().readers(1).file("export.zip", substack(FIRST));
    letter
        .run(["import", "export.zip"])
        .success()
        .stderr_has("substack: 2 articles")
        .stderr_has("\"Without a text\" has no text in the export")
        .stderr_has("subscribe form")
        .stderr_has("the button \"Share\", which leads to the old platform")
        .stderr_has("wall before the part for paying readers")
        .stderr_has("new 2, updated 0, unchanged 0");
    let text = letter.read("content/first-light.md");
    for words in [
        "title = \"First, light\"",
        "preheader = \"A line and another\"",
        "date = 2021-05-03\n",
        "published = \"2021-05-03T22:30:00.000Z\"",
        "imported = { from = \"substack\", id = \"101.first-light\"",
        "Hello *there*, {\\{ friend }}.[^1]",
        "## A heading",
        "- one\n  - inner",
        "![A hill](https://cdn.example.com/a.png)\n\n*The hill*",
        "[Get the book](https://example.com/book)",
        "(https://www.youtube.com/watch?v=abc123)",
        "[A short word](https://twitter.com/a/status/1)",
        "```\nlet a = \"{{ b }}\";\n```",
        "[^1]: Said at night.",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("Thanks for reading") && !text.contains("action=share"), "{text}");
    let draft = letter.read("content/a-draft.md");
    assert!(draft.contains("draft = true") && draft.contains("audience = \"only_paid\""), "{draft}");
    let shown = previewed(&letter, "first-light");
    assert!(shown.contains("{{ friend }}") && shown.contains("{{ b }}"), "{shown}");
}

#[test]
fn a_second_import_doubles_nothing_and_spares_what_was_edited() {
    let letter = Publication::new().file("export.zip", substack(FIRST));
    let import = || letter.run(["import", "export.zip", "--json"]);
    assert_eq!(outcomes(&import()), ["new content/first-light.md", "new content/a-draft.md"]);
    let before = letter.read("content/first-light.md");
    assert_eq!(outcomes(&import()), ["unchanged content/first-light.md", "unchanged content/a-draft.md"]);
    // The source changes, the file was left alone.
    let changed = FIRST.replace("A heading", "Another heading");
    std::fs::write(letter.path().join("export.zip"), substack(&changed)).unwrap();
    let told = letter.run(["import", "export.zip", "--json", "--dry-run"]);
    assert_eq!(outcomes(&told)[0], "updated content/first-light.md");
    assert_eq!(letter.read("content/first-light.md"), before, "a dry run writes nothing");
    assert_eq!(outcomes(&import())[0], "updated content/first-light.md");
    let updated = letter.read("content/first-light.md");
    assert!(updated.contains("Another heading"), "{updated}");
    // Now it is edited, and renamed too, and the source changes again.
    std::fs::write(letter.path().join("content/renamed.md"), updated.replace("Hello", "Good day")).unwrap();
    std::fs::remove_file(letter.path().join("content/first-light.md")).unwrap();
    std::fs::write(letter.path().join("export.zip"), substack(FIRST)).unwrap();
    letter.run(["import", "export.zip"]).success().stderr_has("edited since it was imported: kept as it is");
    assert!(letter.read("content/renamed.md").contains("Good day"));
    assert_eq!(letter.files("content").len(), 2);
}

#[test]
fn an_article_of_that_name_is_left_alone() {
    let letter = Publication::new()
        .article("first-light", "Mine.")
        .file("export/posts.csv", POSTS)
        .file("export/posts/101.first-light.html", "<p>Theirs.</p>");
    letter
        .run(["import", "export"])
        .success()
        .stderr_has("the slug `first-light` is taken: it is called `first-light-2`");
    assert!(letter.read("content/first-light.md").contains("Mine."));
    assert!(letter.read("content/first-light-2.md").contains("Theirs."));
}

const GHOST: &str = r#"{"db":[{"meta":{"exported_on":1700000000000,"version":"5.75.0"},"data":{
"posts":[
{"id":"p1","uuid":"u-1","title":"A walk","slug":"a-walk","html":"<p>See <a href=\"__GHOST_URL__/other/\">the other</a>.</p><figure class=\"kg-card kg-image-card kg-card-hascaption\"><img src=\"__GHOST_URL__/content/images/2023/01/dot.gif\" class=\"kg-image\" alt=\"Dot\"><figcaption>A dot</figcaption></figure><figure class=\"kg-card kg-bookmark-card\"><a class=\"kg-bookmark-container\" href=\"https://example.org/x\"><div class=\"kg-bookmark-content\"><div class=\"kg-bookmark-title\">The X</div><div class=\"kg-bookmark-description\">About</div></div></a></figure><figure class=\"kg-card kg-embed-card\"><iframe src=\"https://www.youtube.com/embed/xyz?feature=oembed\" title=\"A film\"></iframe></figure><!--members-only--><table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>","lexical":"{}","feature_image":"__GHOST_URL__/content/images/2023/01/dot.gif","status":"published","visibility":"members","type":"post","published_at":"2023-01-02T03:04:05.000Z","custom_excerpt":"Short"},
{"id":"p2","uuid":"u-2","title":"Later","slug":"later","html":null,"lexical":"{\"root\":{}}","plaintext":"First line.\n\nSecond {{line}}.","status":"scheduled","visibility":"public","type":"post","published_at":"2030-01-02T03:04:05.000Z"},
{"id":"p3","uuid":"u-3","title":"Raw","slug":"raw","html":null,"mobiledoc":"{\"cards\":[]}","plaintext":null,"status":"sent","type":"post","published_at":1672628645000},
{"id":"p4","uuid":"u-4","title":"About","slug":"about","html":"<p>Us</p>","status":"published","type":"page"}],
"posts_meta":[{"post_id":"p1","email_subject":"A {{walk}}","feature_image_alt":"The dot"}],
"tags":[{"id":"t1","name":"Hills","slug":"hills"},{"id":"t2","name":"\u0023internal","slug":"hash-internal"}],
"users":[{"id":1,"name":"Ann Lee"},{"id":"w2","name":"Bob Ray"}],
"posts_tags":[{"post_id":"p1","tag_id":"t2","sort_order":0},{"post_id":"p1","tag_id":"t1","sort_order":1}],
"posts_authors":[{"post_id":"p1","author_id":"w2","sort_order":1},{"post_id":"p1","author_id":1,"sort_order":0}]}}]}"#;

#[test]
fn a_ghost_export_comes_in_with_its_tables_put_together() {
    let letter = Publication::new().readers(1).file("blog.ghost.json", GHOST);
    letter
        .run(["import", "blog.ghost.json", "--site", "https://letters.example.com"])
        .success()
        .stderr_has("\"About\" is a page and no post")
        .stderr_has("as `mobiledoc` alone")
        .stderr_has("its plain text is taken")
        .stderr_has("was scheduled: it is a draft here")
        .stderr_has("from here on it was for members");
    let text = letter.read("content/a-walk.md");
    for words in [
        "subject = 'A {{ \"{{\" }}walk}}'",
        "preheader = \"Short\"",
        "author = \"Ann Lee, Bob Ray\"",
        "date = 2023-01-02\n",
        "tags = [\"Hills\"]",
        "visibility = \"members\"",
        "![The dot](https://letters.example.com/content/images/2023/01/dot.gif)\n\nSee [the other](https://letters.example.com/other/).",
        "*A dot*",
        "[The X](https://example.org/x)",
        "[A film](https://www.youtube.com/watch?v=xyz)",
        "| a | b |\n| --- | --- |\n| 1 | 2 |",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let later = letter.read("content/later.md");
    assert!(later.contains("draft = true") && later.contains("Second {\\{line}}."), "{later}");
    let raw = letter.read("content/raw.md");
    assert!(raw.contains("date = 2023-01-02") && !raw.contains("draft"), "{raw}");
}

#[test]
fn pictures_of_a_ghost_folder_come_along() {
    let letter = Publication::new()
        .readers(1)
        .file("ghost/export.json", GHOST)
        .file("ghost/content/images/2023/01/dot.gif", DOT);
    let import = || letter.run(["import", "ghost", "--site", "https://letters.example.com", "--json"]);
    let output = import();
    let told = document(&output);
    assert_eq!(told["from"], "ghost");
    assert_eq!(told["articles"][0]["file"], "content/a-walk/index.md");
    assert_eq!(told["summary"]["pictures"], 1);
    let text = letter.read("content/a-walk/index.md");
    assert_eq!(text.matches("](dot.gif)").count(), 2, "{text}");
    assert_eq!(std::fs::read(letter.path().join("content/a-walk/dot.gif")).unwrap(), DOT);
    previewed(&letter, "a-walk");
    assert!(outcomes(&import()).iter().all(|told| told.starts_with("unchanged")));
}
