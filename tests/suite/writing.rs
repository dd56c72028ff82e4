//! What an author can write, as it comes out in a copy: Markdown whole, shortcodes, what is cleaned away, and mistakes at
//! their place.

use crate::publication::{Output, Publication};

/// An article, checked; mistakes and warnings are on standard error.
fn checked(text: &str) -> Output {
    Publication::new()
        .columns(&["site"])
        .row(&["ann@example.com", "Ann & Co", "x"])
        .article("a", text)
        .run(["check", "a"])
}

/// The HTML and the text of the one copy of an article.
fn copy_of(publication: &Publication) -> (String, String) {
    publication.run(["preview", "a"]).success();
    let read = |ending: &str| {
        let files = publication.files("preview/a");
        let file = files.iter().find(|file| file.to_string_lossy().ends_with(&format!("@example.com{ending}")));
        std::fs::read_to_string(file.expect("a copy")).unwrap()
    };
    (read(".html"), read(".txt"))
}

fn copy(text: &str) -> (String, String) {
    copy_of(
        &Publication::new()
            .columns(&["site"])
            .row(&["ann@example.com", "Ann & Co", "javascript:alert(1)"])
            .article("a", text),
    )
}

/// The text of the article in the text part: what stands between title and imprint.
fn prose(text: &str) -> &str {
    text.split("------------").filter(|part| part.contains('\n')).nth(1).unwrap_or(text)
}

#[test]
fn a_shortcode_stands_between_paragraphs() {
    let (html, text) = copy(
        "Before.\n\n{{ button(url=\"https://example.com/?n={{ subscriber.name }}\", text=\"Read, {{ subscriber.name | default(value=\"friend\") }}\") }}\n\nAfter.\n",
    );
    assert!(html.contains("https://example.com/?n=Ann%20%26%20Co"), "{html}");
    assert!(html.contains("Read, Ann &amp; Co"), "{html}");
    assert!(text.contains("Before.\n\nRead, Ann & Co:\nhttps://example.com/?n=Ann%20%26%20Co\n\nAfter."), "{text}");
}

#[test]
fn github_flavoured_markdown_reads_well_in_both_parts() {
    let (html, text) = copy(
        "[[toc]]\n\n## Prices {#prices}\n\nSee www.example.com/a_b--c, https://example.com/x_y_z. Or [below](#more-words).\n\n> [!TIP]\n> Use it.\n\n- [x] ~~done~~\n\n### More words\n\nTea\n: hot\n\nFor [prices](#prices).\n",
    );
    for expected in [
        "href=\"https://www.example.com/a_b--c\"",
        "https://example.com/x_y_z</a>.",
        "id=\"prices\"",
        "name=\"more-words\"",
        "href=\"#more-words\"",
        "class=\"callout tip\"",
        "<dd",
        "☑ <del>done</del>",
    ] {
        assert!(html.contains(expected), "{expected}: {html}");
    }
    let expected = "\
Contents

- Prices
  - More words

Prices
======

See https://www.example.com/a_b--c, https://example.com/x_y_z. Or below
(→ More words).

| TIP
| Use it.

- [x] ~done~

More words
----------

Tea
    hot

For prices.
";
    assert!(prose(&text).contains(expected), "{text}");
}

#[test]
fn every_shortcode_that_is_built_in_comes_out_in_both_parts() {
    let article = "{% quote(author=\"Ann Lee\", source=\"Letters\") %}Some *words*.{% end %}

{{ image(src=\"sea.png\", alt=\"The sea\", caption=\"In May\", url=\"https://example.com/sea\") }}

{{ video(url=\"https://example.com/film\", still=\"https://example.com/still.jpg\", alt=\"A film\") }}

{{ spacer(height=12) }}

{% columns() %}
{% column(width=\"50%\") %}
Left.

{{ button(url=\"https://example.com/left\", text=\"Go\") }}
{% end %}
{% column(width=\"50%\") %}
Right.
{% end %}
{% end %}
";
    let png = crate::pictures::png(400, 200);
    let publication =
        Publication::new().reader("ann@example.com", "Ann").article("a", article).file("content/sea.png", png);
    let (html, text) = copy_of(&publication);
    for expected in [
        "<blockquote",
        "Ann Lee",
        "alt=\"The sea\"",
        "In May",
        "https://example.com/still.jpg",
        "height:12px",
        "Left.",
        "Right.",
    ] {
        assert!(html.contains(expected), "{expected}: {html}");
    }
    let expected = "\
> Some _words_.
>
> — Ann Lee, Letters

[Image: The sea]
In May
https://example.com/sea

[Video: A film]
https://example.com/film

Left.

Go:
https://example.com/left

Right.
";
    assert!(prose(&text).contains(expected), "{text}");
}

#[test]
fn a_shortcode_of_ones_own_is_a_pair_of_files() {
    let publication = Publication::of_the_project()
        .file(
            "templates/shortcodes/price.mjml",
            "{# price(amount, currency=\"€\") #}<b>{{ amount }} {{ currency }}</b>",
        )
        .file("templates/shortcodes/price.txt", "{{ amount }} {{ currency }}")
        .file("templates/shortcodes/button.txt", "=> {{ text }} {{ url }}")
        .reader("ann@example.com", "Ann")
        .article(
            "a",
            "It costs {{ price(amount=\"12\") }} now.\n\n{{ button(url=\"https://example.com/\", text=\"Buy\") }}\n",
        );
    let (html, text) = copy_of(&publication);
    assert!(html.contains("It costs <b>12 €</b> now."), "{html}");
    assert!(text.contains("It costs 12 € now.\n\n=> Buy https://example.com/\n"), "{text}");
}

#[test]
fn what_is_taken_out_of_raw_html_is_told_with_its_place() {
    checked("+++\ntitle = \"A\"\n+++\n\nHello.\n\nA <font color=\"red\">red</font> word, <span style=\"color: red\">x</span>.\n\n<iframe src=\"https://example.com\"></iframe>\n")
        .success()
        .stderr_has("content/a.md:7:3")
        .stderr_has("the element `font` is taken out of the mail")
        .stderr_has("content/a.md:7:44")
        .stderr_has("the attribute `style`")
        .stderr_has("content/a.md:9:1")
        .stderr_has("link a still");
}

#[test]
fn braces_that_mean_nothing_are_an_error_with_the_way_to_write_them() {
    let front = "+++\ntitle = \"A\"\nsubject = \"Hi SUBJECT\"\n+++\n\nBODY\n";
    for (subject, body, place, message) in [
        ("x", "Dear {{ name }},", "content/a.md:6:9", "`name` is no merge field and no shortcode"),
        ("x", "a {% if subscribr.name %}b{% endif %}", "content/a.md:6:9", "did you mean `subscriber`"),
        ("x", "a {{ open", "content/a.md:6:3", "never ends"),
        ("x", "{{ buton(url=\"x\") }}", "content/a.md:6:4", "did you mean `button`"),
        ("{{ nmae }}", "a", "content/a.md:3:18", "`nmae` is no merge field"),
        ("{{ subscriber.nmae }}", "a", "content/a.md:3:18", "did you mean `name`"),
        ("x", "a [b](#nowhere) c\n\n## Somewhere", "content/a.md:6:7", "no heading is called `#nowhere`"),
    ] {
        let output = checked(&front.replace("SUBJECT", subject).replace("BODY", body))
            .code(1)
            .stderr_has(place)
            .stderr_has(message);
        if !message.contains('#') && !message.contains("button") && !subject.contains("subscriber") {
            output.stderr_has(" }} for them, or put the words in `code`");
        }
    }
    let (_, text) = copy("Literally {{ \"{{\" }} x }}, `{{ name }}`.\n");
    assert!(text.contains("Literally {{ x }}, `{{ name }}`."), "{text}");
}

#[test]
fn a_misplaced_merge_field_is_shown_in_the_authors_file() {
    let publication = Publication::of_the_project()
        .file("templates/shortcodes/box.mjml", "{# box(text) #}<mj-raw><p style=\"x: {{ text }}\">x</p></mj-raw>")
        .file("templates/shortcodes/box.txt", "{{ text }}")
        .reader("ann@example.com", "Ann")
        .article("a", "+++\ntitle = \"A\"\n+++\n\nHello.\n\n{{ box(text=\"a {{ subscriber.name }} b\") }}\n");
    publication
        .run(["check", "a"])
        .code(1)
        .stderr_has("content/a.md:7:19")
        .stderr_has("stands where a value can't stand");
}

#[test]
fn an_address_that_turns_out_to_be_a_script_is_no_link_in_either_part() {
    let (html, text) =
        copy("My [site]({{ subscriber.site }}).\n\n{{ button(url=\"{{ subscriber.site }}\", text=\"Site\") }}\n");
    assert!(!html.contains("javascript") && !text.contains("javascript"), "{text}");
    assert!(text.contains("My site [1].\n\nSite:\n#\n\nLinks:\n[1] #"), "{text}");
}

#[test]
fn a_summary_is_there_for_templates_and_for_the_inbox() {
    let template = "<mjml><mj-head><mj-preview>{{ article.preheader }}</mj-preview></mj-head><mj-body><mj-section><mj-column><mj-text>SUMMARY{{ article.summary }}END {{ publication.postal_address }} {{ unsubscribe_url }}</mj-text></mj-column></mj-section></mj-body></mjml>";
    let publication = Publication::of_the_project()
        .file("templates/article.mjml", template)
        .reader("ann@example.com", "Ann")
        .article("a", "First *words*.\n\n<!-- more -->\n\nSecond words.\n");
    let (html, _) = copy_of(&publication);
    assert!(html.contains("SUMMARY<p>First <em>words</em>.</p>\nEND"), "{html}");
    assert!(html.contains(">First words.</div>"), "{html}");
    assert!(!html.contains("Second"), "{html}");
}
