//! What colours must leave as it is, and how much they may cost.

use proptest::prelude::*;

use super::super::html;
use super::super::images::Images;
use super::super::law::{reader, said, sources};
use super::super::markdown::parse;
use super::super::merge::{Gap, GapSource, Merging};
use super::super::theme::Theme;
use super::*;

/// The cleaned HTML of Markdown with its colours, and as it would be without them.
fn both(markdown: &str, tokens: &Tokens) -> (String, String) {
    let content = parse(markdown, "en", tokens);
    let html = |events: &[Event<'_>]| html::prose(events, &Images::new(), &content.terms);
    (html(&coloured(&content.body, tokens)), html(&content.body))
}

fn without_spans(html: &str) -> String {
    CLASSES
        .iter()
        .fold(html.replace("</span>", ""), |html, class| html.replace(&format!("<span class=\"{class}\">"), ""))
}

fn is_coloured(markdown: &str) -> bool {
    both(markdown, &Tokens::new(&[])).0.contains(MARK)
}

/// The text and the HTML of an article's one copy, in a theme that is built in, or in one that is next to nothing.
fn copy(markdown: &str, theme: Option<&str>) -> (String, String) {
    let mjml = "<mjml><mj-body><mj-section><mj-column><mj-text>{{ article.html }}</mj-text></mj-column></mj-section></mj-body></mjml>";
    let mut sources = sources(markdown, "S", mjml, "{{ article.text }}");
    if let Some(theme) = theme {
        sources.theme = Theme::builtin(theme).unwrap();
    }
    let (_, text, html) = said(&sources, Merging::Gaps, &reader(["", "", "", ""])).unwrap();
    (text, html)
}

#[test]
fn code_is_divided_into_spans_of_its_kinds() {
    let (html, plain) = both("```rust\nlet a = \"<b>\"; // no\n```\n", &Tokens::new(&[]));
    assert_eq!(
        html,
        "<pre><code><span class=\"code-keyword\">let</span> a = <span class=\"code-text\">\"&lt;b&gt;\"</span>; <span class=\"code-comment\">// no</span>\n</code></pre>\n"
    );
    assert_eq!(without_spans(&html), plain);
}

#[test]
fn code_in_lists_quotes_and_notes_is_coloured_and_all_else_is_not() {
    let (html, plain) = both("- a\n\n  ```py\n  return 1\n  ```\n\n> ```c\n> return 2;\n> ```\n", &Tokens::new(&[]));
    assert_eq!(html.matches("code-keyword").count(), 2, "{html}");
    assert_eq!(without_spans(&html), plain);
    for plain in
        ["```\nlet a = 1;\n```\n", "```text\nlet a = 1;\n```\n", "    let a = 1;\n", "`let`", "```klingon\nlet\n```\n"]
    {
        assert!(!is_coloured(plain), "{plain}");
    }
}

#[test]
fn held_braces_stay_whole_and_what_is_filled_in_later_is_left_alone() {
    let mut tokens = Tokens::new(&[]);
    let (braces, percent) = (tokens.hold("{{"), tokens.hold("{%"));
    let source = format!("```html\n<a href=\"{braces} x }}}}\">{percent} if %}}</a>\n```\n");
    let (html, plain) = both(&source, &tokens);
    assert!(html.contains(MARK) && html.contains(&braces) && html.contains(&percent), "{html}");
    assert_eq!(without_spans(&html), plain);
    let gap = tokens.gap(Gap { source: GapSource::UnsubscribeUrl, default: None });
    let value = tokens.value("let");
    for token in [gap, value] {
        let (html, plain) = both(&format!("```rust\nlet {token} = 1;\n```\n"), &tokens);
        assert_eq!(html, plain);
    }
}

#[test]
fn what_would_take_long_stays_plain() {
    let fence = |code: &str| format!("```js\n{code}\n```\n");
    assert!(is_coloured(&fence(&format!("let a = \"{}\";", "x".repeat(LONGEST_LINE - 11)))));
    assert!(!is_coloured(&fence(&format!("let a = \"{}\";", "x".repeat(LONGEST_LINE - 10)))));
    assert!(!is_coloured(&fence(&"$".repeat(1 << 20))));
    assert!(!is_coloured(&fence(&"let a = 1;\n".repeat(100_000))));
    // The first ones fit.
    let (html, plain) = both(&fence(&"let a = 1;\n".repeat(MOST / 44)).repeat(6), &Tokens::new(&[]));
    let coloured: Vec<bool> = html.split("</pre>").map(|block| block.contains(MARK)).collect();
    assert_eq!(coloured, [true, true, true, true, false, false, false]);
    assert_eq!(without_spans(&html), plain);
}

#[test]
fn rules_are_there_when_code_has_colours_and_the_text_part_has_none() {
    let article = |rust: &str, py: &str| {
        format!(
            "```{rust}\nlet a = \"{{{{ x }}}}\";\n```\n\nTwo[^1].\n\n[^1]: Note\n\n    ```{py}\n    return 1\n    ```\n"
        )
    };
    for theme in ["letter", "magazine", "plain"] {
        let (text, html) = copy(&article("rust", "py"), Some(theme));
        let (plain_text, plain_html) = copy(&article("", ""), Some(theme));
        assert_eq!(text, plain_text);
        assert!(html.contains("<span class=\"code-text\" style=\"color:#"), "{html}");
        assert!(html.contains("\"{{ x }}\"</span>"), "{html}");
        assert_eq!(html.matches("<span class=\"code-keyword\"").count(), 2, "{html}");
        assert!(html.contains("[data-ogsc] .article .code-name{color:#"), "{html}");
        assert!(!plain_html.contains("code-"), "{plain_html}");
        let styles: usize = html.split("<style").skip(1).map(|rest| rest.find("</style").unwrap()).sum();
        assert!(styles < 12 << 10, "{theme}: {styles}");
    }
}

proptest! {
    #[test]
    fn without_its_tags_everything_is_as_it_was(
        language in "(rust|js|html|sh|py|tex|yaml|c|css|sql|xml|diff)",
        code in "([a-z]{1,4}|[ \t]|\n|\n    |\"|'|`|<|>|&|&amp;|/\\*|\\*/|//|#|\\{|\\}|\\(|\\)|[0-9]|é|🌍|\u{2028}|\r\n|<!--|-->|</pre>|\\\\|\\$|\u{0}|HELD){0,60}",
        info in "(|,x| y)",
    ) {
        let mut tokens = Tokens::new(&[&code]);
        let held = tokens.hold("{{");
        let code = code.replace("HELD", &held);
        let (html, plain) = both(&format!("~~~~{language}{info}\n{code}\n~~~~\n\nEnd.\n"), &tokens);
        prop_assert_eq!(without_spans(&html), plain);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_copy_without_the_tags_is_as_it_was(
        code in "(let|fn|[a-z]{1,3}| |\n|\"|<|&|\\{\\{|\\}\\}|\\{%|%\\}|\\{#|#\\}|//|[0-9]|é){0,40}",
    ) {
        let [(text, html), (plain_text, plain_html)] =
            ["rust", "none"].map(|word| copy(&format!("~~~~{word}\n{code}\n~~~~\n"), None));
        prop_assert_eq!(text, plain_text);
        prop_assert_eq!(without_spans(&html), plain_html);
    }
}
