//! Imports of every kind, rule by rule, and of the real article where it is at hand.

use super::*;
use crate::article::Article;
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};
use std::fmt::Write as _;

fn text(source: &str) -> Imported {
    import("a.txt", source.as_bytes()).unwrap_or_else(|error| panic!("{}", error.render(false)))
}

fn html(body: &str) -> Imported {
    let page = format!(
        "<!doctype html><html><head><title>The title of the page</title></head><body><article>{body}</article></body></html>"
    );
    import("a.html", page.as_bytes()).unwrap()
}

/// The notes as a person reads them.
fn notes(imported: &Imported) -> Vec<String> {
    imported.notes.iter().map(ToString::to_string).collect()
}

/// The words of a text: what stands between white space, letters and digits of it.
fn words(text: &str) -> Vec<String> {
    text.split_whitespace()
        .map(|word| word.chars().filter(|c| c.is_alphanumeric()).collect::<String>())
        .filter(|word| !word.is_empty())
        .collect()
}

/// All that Markdown may mean anywhere, but for what changes single signs: quotes, formulas, raised and lowered text.
pub(super) fn options() -> Options {
    let signs = Options::ENABLE_MATH | Options::ENABLE_SUPERSCRIPT | Options::ENABLE_SUBSCRIPT;
    Options::all() - Options::ENABLE_SMART_PUNCTUATION - signs
}

/// What a reader of the Markdown reads, in order, with the numbers of lists.
fn read(markdown: &str) -> String {
    let mut out = String::new();
    let mut lists: Vec<Option<u64>> = Vec::new();
    for event in Parser::new_ext(markdown, options()) {
        match event {
            Event::Text(text) | Event::Code(text) => out.push_str(&text),
            Event::Start(Tag::List(start)) => lists.push(start),
            Event::Start(Tag::Item) => {
                if let Some(Some(number)) = lists.last_mut() {
                    let _ = write!(out, " {number}. ");
                    *number += 1;
                }
            }
            Event::SoftBreak
            | Event::HardBreak
            | Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::TableCell) => out.push('\n'),
            Event::End(end) => {
                if matches!(end, pulldown_cmark::TagEnd::List(_)) {
                    lists.pop();
                }
                if !matches!(
                    end,
                    pulldown_cmark::TagEnd::Emphasis
                        | pulldown_cmark::TagEnd::Strong
                        | pulldown_cmark::TagEnd::Strikethrough
                        | pulldown_cmark::TagEnd::Link
                        | pulldown_cmark::TagEnd::Image
                ) {
                    out.push('\n');
                }
            }
            Event::Html(html) | Event::InlineHtml(html) => panic!("raw HTML {html:?} in {markdown}"),
            _ => {}
        }
    }
    out
}

/// The file that an import makes is an article that says the same.
fn settled(imported: &Imported) -> Article {
    let file = format!("content/{}.md", imported.slug());
    let article = Article::parse(&file, imported.to_file()).unwrap_or_else(|error| panic!("{}", error.render(false)));
    assert_eq!(article.title, imported.title());
    assert_eq!(article.markdown().trim_matches('\n'), imported.body.trim_matches('\n'));
    article
}

/// Every rule at once, in a text of the kind that people copy from a page.
const COPIED: &str = "How Do We Stay Close When We’re Far Apart?

By: Ann Lee: I sometimes hear from people who (suddenly) live in two cities.

Someone may write: “we said it would be for a month.  It’s been a year.”

Begin With What There Is: Before you plan, count what you have.

Say What You Hope For, And What You Don’t, Even If You’re Unsure: In many homes that is half of it.

Take Your Time: It is slow work & worth it.

But it can be done. If it helps, read more on my site at

Comments are closed.";

#[test]
fn a_copied_article_arrives_with_its_parts_told_apart() {
    let imported = text(COPIED);
    assert_eq!(imported.title(), "How Do We Stay Close When We’re Far Apart?");
    assert_eq!(imported.front.author.as_deref(), Some("Ann Lee"));
    assert_eq!(imported.slug(), "how-do-we-stay-close-when-were-far-apart");
    assert_eq!(
        notes(&imported),
        [
            "line 1: title \"How Do We Stay Close When We’re Far Apart?\"",
            "line 3: author \"Ann Lee\" from the byline; the rest of the paragraph is kept",
            "line 7: heading \"Begin With What There Is\"; its colon is left out",
            "line 9: heading \"Say What You Hope For, And What You Don’t, Even If You’re Unsure\"; its colon is left out",
            "line 11: heading \"Take Your Time\"; its colon is left out",
            "line 13: the sentence ends at \"on my site at\" without its link: kept; add the address",
            "line 15: left out \"Comments are closed.\" (page furniture)",
        ]
    );
    assert!(imported.body.starts_with("I sometimes hear from people"), "{}", imported.body);
    assert!(imported.body.contains("\n\n## Take Your Time\n\nIt is slow work & worth it.\n\n"), "{}", imported.body);
    assert!(imported.body.contains("“we said it would be for a month. It’s been a year.”"));
    assert!(imported.body.ends_with("on my site at"));
    let article = settled(&imported);
    assert_eq!(article.author.as_deref(), Some("Ann Lee"));
}

#[test]
fn every_other_word_arrives_in_order() {
    let imported = text(COPIED);
    let expected = COPIED.replace("By: Ann Lee: ", "").replace("Comments are closed.", "");
    let arrived = format!("{}\n{}", imported.title(), read(&imported.body));
    assert_eq!(words(&arrived), words(&expected));
    // Quotes and apostrophes too.
    let marks = |text: &str| text.chars().filter(|c| "“”‘’".contains(*c)).collect::<String>();
    assert_eq!(marks(&arrived), marks(&expected));
}

/// The article that the project was begun for, where it lies beside the project.
#[test]
fn the_first_real_article_arrives() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/input/article.txt");
    let Ok(bytes) = std::fs::read(&path) else {
        println!("skipped: there is no {}", path.display());
        return;
    };
    let source = String::from_utf8(bytes.clone()).unwrap();
    let imported = import("article.txt", &bytes).unwrap();
    assert_eq!(imported.title(), source.lines().next().unwrap());
    assert_eq!(imported.front.author.as_deref(), Some("Leslie Cane"));
    let headings: Vec<&str> = imported.body.lines().filter(|line| line.starts_with('#')).collect();
    assert_eq!(headings.len(), 3, "{headings:?}");
    let lines: Vec<usize> = imported.notes.iter().filter_map(|note| note.line).collect();
    assert_eq!(lines, [1, 3, 9, 11, 13, 15, 17], "{:?}", notes(&imported));
    let expected = source.replace("By: Leslie Cane: ", "").replace("Comments are closed.", "");
    let arrived = format!("{}\n{}", imported.title(), read(&imported.body));
    assert_eq!(words(&arrived), words(&expected));
    let marks = |text: &str| {
        text.chars().filter(|c| !c.is_alphanumeric() && !c.is_whitespace() && *c != ':').collect::<String>()
    };
    assert_eq!(marks(&arrived), marks(&expected));
    assert_eq!(settled(&imported).slug, "how-do-i-get-my-husband-to-want-me-when-hes-already-gone");
}

#[test]
fn wrapped_paragraphs_become_one_line() {
    let wrapped = "Far And Near\n\nBy Ann Lee\n\nThis is a paragraph that some program has broken into lines of\n\
        about sixty columns, as programs for plain text have done\nsince there were any.\n\nAnd a short one.\n\n\
        Roses Are Red,\nViolets Are Blue,\nThe Lines Stay Apart.\n";
    let imported = text(wrapped);
    assert_eq!(imported.front.author.as_deref(), Some("Ann Lee"));
    let expected = "This is a paragraph that some program has broken into lines of about sixty columns, as programs for \
        plain text have done since there were any.\n\nAnd a short one.\n\nRoses Are Red,\\\nViolets Are Blue,\\\nThe Lines Stay Apart.";
    assert_eq!(imported.body, expected);
    assert_eq!(text(&wrapped.replace('\n', "\r\n")).body, expected);
}

#[test]
fn a_title_may_be_wrapped_or_missing() {
    let cases = [
        (
            "How do we stay close to one another when the one\nof us has moved away?\n\nText.",
            "How do we stay close to one another when the one of us has moved away?",
            "Text.",
        ),
        ("A Title\nBy Ann Lee\n\nText.", "A Title", "Text."),
        ("A Title\n=======\n\nText.", "A Title", "Text."),
        ("# A Title\nText.", "A Title", "Text."),
        ("\n\n  A Title  \n\n\nText.", "A Title", "Text."),
        ("A Title", "A Title", ""),
    ];
    for (source, title, body) in cases {
        let imported = text(source);
        assert_eq!((imported.title(), imported.body.as_str()), (title, body), "{source}");
        settled(&imported);
    }
    let paragraph = "It began in spring. ".repeat(20);
    let imported = text(&paragraph);
    assert_eq!(imported.title(), "It began in spring");
    assert_eq!(words(&imported.body), words(&paragraph));
    assert!(notes(&imported)[0].contains("no title line"), "{:?}", notes(&imported));
}

#[test]
fn lists_quotes_and_rules_are_kept_by_their_marks() {
    let imported = text(
        "Title\n\nTake along:\n- a map\n- bread and\n  water\n\n1. Go\n2. Come back\n\n> She said:\n>\n> > Wait.\n> So I did.\n\n* * *\n\n\
        2026. That was a year.\n\n- alone\n\nThe First Days\n--------------\n\nText.",
    );
    let expected = "Take along:\n\n- a map\n- bread and water\n\n1. Go\n2. Come back\n\n> She said:\n>\n> \\> Wait.\\\n> So I did.\n\n***\n\n\
        2026\\. That was a year.\n\n\\- alone\n\n## The First Days\n\nText.";
    assert_eq!(imported.body, expected);
}

#[test]
fn lists_side_by_side_stay_two() {
    let imported = text("Title\n\n1. a\n2. b\n\n1. c\n2. d\n\n• e\n• f\n\n- g\n- h\n");
    assert_eq!(imported.body, "1. a\n2. b\n\n1) c\n2) d\n\n- e\n- f\n\n* g\n* h");
}

#[test]
fn a_conversation_has_no_headings() {
    let imported =
        text("Title\n\nFirst.\n\nAnn Lee: Did you call?\n\nBob Ray: I did.\n\nAnn Lee: And?\n\nBob Ray: Well.");
    assert!(!imported.body.contains("##"), "{}", imported.body);
}

#[test]
fn a_capitalised_line_over_a_paragraph_is_a_heading() {
    let long = "This is a paragraph with so many words that a heading may well stand over it.";
    let imported = text(&format!("Title\n\n{long}\n\nWhere To Begin\n\n{long}\n\nYours Truly\n\nAnn"));
    assert!(imported.body.contains("\n\n## Where To Begin\n\n"), "{}", imported.body);
    assert!(!imported.body.contains("## Yours"), "{}", imported.body);
}

#[test]
fn template_code_arrives_as_text() {
    let imported = text("Using {{ name }}\n\nWrite {{ name }} or {% if x %} or {# y #}.");
    assert!(!escape::has_template(&imported.body), "{}", imported.body);
    assert!(read(&imported.body).contains("{{ name }} or {% if x %} or {# y #}."));
    assert_eq!(settled(&imported).subject, "Using {{ \"{{\" }} name }}");
}

#[test]
fn markdown_stays_as_it_is_and_its_keys_are_kept() {
    let body = "Some *text*\n\n    code\n\n| a | b |\n|---|---|\n";
    let source = format!(
        "---\ntitle: \"Far: near\"\nauthor: [Ann, Bob]\ndate: 2026-11-22T10:00:00Z\nslug: Für Zoë\ndraft: true\ntags: [a, b]\n\
        weight: 3\nempty:\nextra:\n  x: y\n---\n\n{body}"
    );
    let imported = import("a.md", source.replace('\n', "\r\n").as_bytes()).unwrap();
    let article = settled(&imported);
    assert_eq!(imported.body, body);
    assert_eq!((article.title.as_str(), article.slug.as_str(), article.draft), ("Far: near", "fur-zoe", true));
    assert_eq!(article.date.unwrap().to_string(), "2026-11-22");
    assert_eq!(
        serde_json::to_string(&article.extra).unwrap(),
        r#"{"author":["Ann","Bob"],"tags":["a","b"],"weight":3,"x":"y"}"#
    );
    let notes = notes(&imported);
    for note in [
        "line 2: kept `title` \"Far: near\"",
        "line 3: `author` is no key of ours in this form: kept under `extra`",
        "line 5: the slug `Für Zoë` became `fur-zoe`",
        "line 7: `tags` is no key of ours in this form: kept under `extra`",
        "line 9: left out `empty`, which is empty",
    ] {
        assert!(notes.contains(&note.to_owned()), "{note}\n{notes:#?}");
    }
}

#[test]
fn markdown_without_front_matter_has_its_title_in_the_text() {
    let imported = import("-", b"# Far *away*\n\nDear {{ subscriber.first_name }},\n").unwrap();
    assert_eq!(imported.kind, Kind::Markdown);
    assert_eq!((imported.title(), imported.body.as_str()), ("Far away", "Dear {{ subscriber.first_name }},\n"));
    assert!(notes(&imported)[1].starts_with("line 3: `Dear {{"), "{:?}", notes(&imported));
    let imported = import("far-away.md", b"Just a paragraph of text, and no heading at all.").unwrap();
    assert_eq!(imported.title(), "Just a paragraph of text, and no heading …");
    settled(&imported);
    let toml = import("a.md", b"+++\ntitle = 'x'\n[extra]\na = 2026-11-22\n+++\nText").unwrap();
    assert_eq!(settled(&toml).extra["a"], "2026-11-22");
    let error = import("a.md", b"---\ntitle: a: b\n---\n").unwrap_err();
    assert_eq!(error.place().unwrap().to_string(), "a.md:2:9");
}

#[test]
fn kinds_are_told_by_name_and_by_look() {
    let cases: [(&str, &str, Kind); 9] = [
        ("a.txt", "<!DOCTYPE html><p>x", Kind::Html),
        ("a.HTM", "x", Kind::Html),
        ("-", "<html><p>x", Kind::Html),
        ("-", "x", Kind::Text),
        ("-", "# x", Kind::Markdown),
        ("a.txt", "# x", Kind::Text),
        ("a.txt", "---\ntitle: x\n---\ny", Kind::Markdown),
        ("a.txt", "---\n\n---\ny", Kind::Text),
        ("a", "+++\ntitle = 'x'\n+++\n", Kind::Markdown),
    ];
    for (name, source, kind) in cases {
        assert_eq!(import(name, source.as_bytes()).unwrap().kind, kind, "{name} {source}");
    }
}

const PAGE: &str = r##"<!DOCTYPE html>
<html lang="en-GB"><head><meta charset="utf-8">
<title>Far &amp; Near | Letters</title>
<meta property="og:site_name" content="Letters"><meta property="og:title" content="Far &amp; Near | Letters">
<meta name="author" content="Ann Lee"><meta property="article:published_time" content="2026-03-01T09:00:00+01:00">
<link rel="canonical" href="https://example.com/2026/far/">
<script>var p = "<p>no</p>";</script><style>p { color: red }</style></head>
<body><nav><ul><li><a href="/">Home</a></li></ul></nav>
<div id="content"><article class="post"><header><h1>Far &amp; Near</h1><div class="entry-meta">By Ann Lee on 1 March</div></header>
<div class="entry-content">
<p>It was <em>one</em> of <strong>those
 days</strong>&nbsp;– “cold”, <a href="/about?a=1&amp;b=2" title="x">bright <b>and</b> long</a>.</p>
<p>Line one<br>line two &lt;b&gt; {{ x }} 2 * 3 * 4</p>
<h2>What <i>helps</i></h2>
<ul><li>First</li><li>Second<ul><li>Inner</li></ul></li><li></li></ul>
<ol start="3"><li><p>Three</p><p>More</p></li><li>Four</li></ol>
<blockquote><p>Said</p><p>1. so</p></blockquote>
<pre><code class="language-rust">fn x() {
    "{{ y }}"
}</code></pre>
<figure><img src="../img/a b.png" alt="A [road]"><figcaption>The road</figcaption></figure>
<table><tr><th>City</th><th>Days</th></tr><tr><td>Rome | Ostia</td><td><code>a|b</code></td></tr></table>
<p>See <a href="javascript:alert(1)">this</a>, <a href="#n1">there</a> and <code>`tick`</code>!<a href="https://example.org/">end</a></p>
<img src="https://example.net/p.gif" width="1" height="1">
<iframe src="https://example.org/video"></iframe>
<div class="sharedaddy"><h3>Share this:</h3><a href="x">Tweet</a></div>
<p>Comments are closed.</p>
</div></article>
<section id="comments"><p>First!</p></section></div><footer><p>© 2026</p></footer></body></html>"##;

#[test]
fn a_page_gives_its_article() {
    let imported = import("page.html", PAGE.as_bytes()).unwrap();
    let expected = r#"It was *one* of **those days** – “cold”, [bright **and** long](https://example.com/about?a=1&b=2).

Line one\
line two \<b> {\{ x }} 2 \* 3 \* 4

## What *helps*

- First
- Second
  - Inner

3. Three

   More

4. Four

> Said
>
> 1\. so

```rust
fn x() {
    "{{ y }}"
}
```

![A \[road\]](https://example.com/2026/img/a%20b.png)

The road

| City | Days |
| --- | --- |
| Rome \| Ostia | `a\|b` |

See this, there and `` `tick` ``\![end](https://example.org/)"#;
    assert_eq!(imported.body.replace('\u{a0}', " "), expected);
    assert_eq!(imported.title(), "Far & Near");
    let article = settled(&imported);
    assert_eq!(article.author.as_deref(), Some("Ann Lee"));
    assert_eq!(article.language.as_deref(), Some("en-GB"));
    assert_eq!(article.date.unwrap().to_string(), "2026-03-01");
    let notes = notes(&imported).join("\n");
    for note in [
        "line 3: title \"Far & Near\"",
        "the article's text was found in <div class=\"entry-content\">",
        "line 24: left out a tracking image (https://example.net/p.gif)",
        "line 23: left out the `javascript:` link of \"this\"; its words are kept",
        "line 25: left out an embedded frame of https://example.org/video: put in a link to it if it matters",
        "line 26: left out \"Share this: Tweet\" (page furniture)",
        "line 27: left out \"Comments are closed.\" (page furniture)",
        "1 link to places in the page became text",
    ] {
        assert!(notes.contains(note), "{note}\n{notes}");
    }
}

#[test]
fn pages_without_marks_are_found_by_their_paragraphs() {
    let long = "Words that somebody wrote for others to read. ".repeat(8);
    let page = format!(
        "<html><body><div><a href='/'>Home</a><p>Short.</p></div><h1>Far</h1><div id=x><p>{long}</p><p>{long}</p></div>\
        <div class=comments><p>Nice!</p></div></body></html>"
    );
    let imported = import("a.html", page.as_bytes()).unwrap();
    assert_eq!(imported.title(), "Far");
    assert_eq!(words(&read(&imported.body)), words(&format!("{long}{long}")));
    assert!(notes(&imported).contains(&"the article's text was found in <div id=\"x\">".to_owned()));
    let fragment = import("a.html", b"<p>By Ann Lee</p><p>Hello <b>there</b></p>").unwrap();
    assert_eq!((fragment.front.author.as_deref(), fragment.body.as_str()), (Some("Ann Lee"), "Hello **there**"));
    assert_eq!(fragment.title(), "a");
}

#[test]
fn marks_that_would_not_be_read_as_marks_are_left_out() {
    let cases = [
        ("a<b> b </b>c", "a **b** c"),
        ("x<em>“hi”</em>y", "x“hi”y"),
        ("<i>a</i><b>b</b>", "*a*__b__"),
        ("<b><i>a</i></b> <i><i>b</i></i>", "***a*** *b*"),
        ("<b>a<br><br>b</b>", "**a\\\nb**"),
        ("<del>a<del>b</del></del>", "~~ab~~"),
        ("<code>a</code><code>b</code>", "`a`b"),
        ("<b></b>x<b> </b>y", "x y"),
        ("un<em>believ</em>able", "un*believ*able"),
        ("<a href='https://example.com/'></a>x", "x"),
        ("<a href='https://example.com/)x'>y</a>", "[y](https://example.com/%29x)"),
        ("{<b>{</b>{<!-- -->{ x", "{**{**{\\{ x"),
        ("<p>a</p>b<p>c</p>", "a\n\nb\n\nc"),
        ("a<br>- b<br># c", "a\\\n\\- b\\\n\\# c"),
        ("<span><div>a</div>b</span>", "a\n\nb"),
        ("<table><tr><td><p>layout</p></td></tr></table>", "layout"),
        ("<p hidden>x</p><p style='display: none'>y</p>z", "z"),
        ("<noscript><img src=x></noscript><svg><text>t</text></svg>a", "a"),
        ("<q>a</q>", "“a”"),
    ];
    for (source, markdown) in cases {
        assert_eq!(html(source).body, markdown, "{source}");
    }
}

#[test]
fn deep_pages_end() {
    let deep = format!("{}words{}", "<div>".repeat(3000), "</div>".repeat(3000));
    assert_eq!(html(&deep).body, "words");
    let bold = format!("{}words{}", "<b>".repeat(3000), "</b>".repeat(3000));
    assert_eq!(words(&read(&html(&bold).body)), ["words"]);
    let quoted = format!("T\n\n{} x", ">".repeat(3000));
    assert_eq!(words(&read(&text(&quoted).body)), ["x"]);
}

#[test]
fn nothing_to_import_is_an_error() {
    assert!(import("a.txt", b" \n\xc2\xa0\n").unwrap_err().message().contains("nothing"));
    assert!(import("a.txt", b"").is_err());
}

/// Pieces from which the properties make texts: words, and everything that means something to somebody.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[a-zA-Zäß’]{1,9}",
        2 => "[0-9]{1,3}[.)]?",
        2 => prop::sample::select(vec![
            "-", "*", "+", "#", "##", ">", "---", "+++", "***", "===", "```", "~~~", "|", "a|b", "_x_", "*x*", "**x", "`x", "``x`` ",
            "<b>", "<!--", "&amp;", "[x](y)", "![x]", "[^1]:", "{{", "{%", "{#", "}}", "{{{x", "\\", "\\*", "x:", ":", "“x”", "$x$", "~x~",
            "https://example.com/a_b*c", "<https://example.com>", "•", "1.", "a@b.c", "Title Case: ", "[ ]", "\u{a0}", "…",
        ]).prop_map(str::to_owned),
    ]
}

fn gap() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        " ", " ", " ", " ", "  ", "\n", "\n\n", "\n\n", "\t", "\n    ", "\n  ", "\r\n", "\n> ", "\n\n- ", "\n\n1. ",
    ])
}

proptest! {
    #[test]
    fn every_word_of_a_text_arrives_in_order(pieces in prop::collection::vec((piece(), gap()), 1..60)) {
        let source: String = pieces.iter().flat_map(|(piece, gap)| [piece.as_str(), gap]).collect();
        prop_assume!(!source.trim().is_empty() && kind_of("a.txt", &source) == Kind::Text);
        let imported = text(&source);
        let made = imported.notes.iter().any(|note| note.what.contains("no title"));
        let arrived = format!("{}\n{}", if made { "" } else { imported.title() }, read(&imported.body));
        let arrived: String = words(&arrived).concat();
        prop_assert_eq!(arrived, words(&source).concat(), "{}\n---\n{}", source, imported.body);
        prop_assert!(!escape::has_template(&imported.body), "{}", imported.body);
        settled(&imported);
    }

    #[test]
    fn any_bytes_import_or_say_why(name in "[a-z]{1,3}(\\.(txt|md|html))?", bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(imported) = import(&name, &bytes) {
            settled(&imported);
        }
    }

    #[test]
    fn any_text_imports_under_any_name(name in ".{0,5}(\\.(txt|md|html))?", source in "(\\PC|[\n\t {}#<>&*-]){0,200}") {
        if let Ok(imported) = import(&name, source.as_bytes()) {
            settled(&imported);
        }
    }

    #[test]
    fn every_word_of_a_page_arrives_in_order(pieces in prop::collection::vec((piece(), 0..24_usize), 1..30)) {
        const TAGS: [&str; 24] = [
            "<p>", "</p>", "<b>", "</b>", "<i>", "</i>", "<em>", "<del>", "</del>", "<ul>", "<li>", "</ul>", "<blockquote>",
            "</blockquote>", "<h2>", "</h2>", "<br>", "<code>", "</code>", "<a href='https://example.com/'>", "</a>", " ", "<pre>", "<div>",
        ];
        let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
        let body: String = pieces.iter().flat_map(|(piece, tag)| [escaped(piece), TAGS[*tag].to_owned()]).collect();
        let imported = html(&format!("<p>start</p>{body}"));
        let arrived: String = words(&read(&imported.body)).concat();
        let source: String = words(&format!("start {}", pieces.iter().map(|(piece, _)| piece.as_str()).collect::<String>())).concat();
        prop_assert_eq!(arrived, source, "{}\n---\n{}", body, imported.body);
        settled(&imported);
    }
}

/// Found by the properties: the marks of two pieces of code ran together, through an element whose own marks were left out.
#[test]
fn code_after_code_within_other_elements_keeps_its_marks() {
    let page = "<p>x <del><code>``</code><del><code>a</code></del></del> y</p>";
    assert_eq!(html::fragment(page, None, &mut Vec::new()).trim(), "x ~~``` `` ``` `a`~~ y");
}

/// Found by fuzzing: what was imported could not be read as an article.
#[test]
fn control_characters_written_as_entities_are_left_out() {
    let imported = import("old.html", b"<h1>A&#14;B</h1><p>One&#xe;two&#x85;three&#x9b;31m &#8;</p>").unwrap();
    let article = Article::parse("content/a.md", imported.to_file()).unwrap();
    assert_eq!((article.title.as_str(), article.markdown().trim()), ("AB", "Onetwo\u{2026}three\u{203a}31m"));
}

#[test]
fn two_capitalised_words_before_a_colon_are_no_heading_alone() {
    let place = "New York: it rained for three days and nobody minded it at all.";
    let alone = text(&format!("A Title\n\n{place}\n\nMore of it came.\n"));
    assert!(alone.body.starts_with("New York: it rained"), "{}", alone.body);
    assert!(notes(&alone).iter().any(|note| note.contains("may be a name")), "{:?}", notes(&alone));
    let among = text(&format!("A Title\n\nPack The Night Before: it helps.\n\n{place}\n"));
    assert!(among.body.contains("## New York"), "{}", among.body);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn importing_an_article_of_ours_again_changes_nothing(body in "[a-zA-Z0-9 *_#>`\\[\\]()!.,\n-]{0,200}") {
        prop_assume!(!body.trim().is_empty());
        let source = format!("+++\ntitle = \"T\"\ndate = 2026-01-02\n+++\n\n{body}\n");
        let once = import("a.md", source.as_bytes()).unwrap().to_file();
        let twice = import("a.md", once.as_bytes()).unwrap().to_file();
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn no_template_code_comes_into_being_between_two_elements(mark in "<(a|b|em|span|q)>", inside in "[{%#]{1,2}") {
        let name = mark.trim_matches(['<', '>']);
        let markdown = html::fragment(&format!("<p>{{{mark}{inside}</{name}></p>"), None, &mut Vec::new());
        prop_assert!(!escape::has_template(&markdown), "{:?}", markdown);
    }

    #[test]
    fn no_export_text_panics_or_leaves_braces(source in "(<(p|div|figure|ul|li|a|img|table|tr|td|iframe|blockquote|pre)( class=\"(footnote|footnote-anchor|youtube-wrap|paywall-jump|button-wrapper|kg-bookmark-card)\")?( data-attrs=\"[{}a&;:]{0,6}\")?( src=\"[a-z:/%{.]{0,8}\")?>|</(p|div|figure|ul|a)>|[{}%#a *_é\n]){0,40}") {
        let markdown = html::fragment(&source, None, &mut Vec::new());
        let code = markdown.contains('`') || markdown.lines().any(|line| line.trim_start().starts_with("    "));
        prop_assert!(code || !escape::has_template(&markdown), "{:?} became {:?}", source, markdown);
    }
}
