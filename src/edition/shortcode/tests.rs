//! Shortcodes as a whole: the law of merging with merge fields in every argument, where they may stand, and their mistakes.

use crate::edition::theme::Theme;
use proptest::prelude::*;

use crate::diagnostic::Diagnostic;
use crate::edition::law::{reader, said, sources};
use crate::edition::merge::Merging;
use crate::edition::template::{Sources, Template};

const MJML: &str = "<mjml><mj-body>{% include \"partials/blocks.mjml\" %}</mj-body></mjml>";

/// Shortcodes of a publication's own: one prints, one asks, one filters, one stands inside a paragraph.
const OWN: [(&str, &str, &str); 4] = [
    ("says", "{# says(text) #}<mj-text>({{ text }})</mj-text>", "({{ text }})"),
    (
        "asks",
        "{# asks(text=\"\") #}<mj-text>{% if text %}[{{ text }}]{% else %}none{% endif %}</mj-text>",
        "{% if text %}{{ text }}{% endif %}",
    ),
    (
        "loud",
        "{# loud(text, link: url = \"\") #}<mj-text>{{ text | upper }}{{ link }}</mj-text>",
        "{{ text | upper }} {{ link }}",
    ),
    ("word", "{# word(text, link: url) #}<b>{{ text }}</b><a href=\"{{ link }}\">x</a>", "{{ text }} {{ link }}"),
];

fn with_shortcodes(body: &str, mjml: &str) -> Sources {
    let mut sources = sources(body, "S", mjml, "{{ article.text }}");
    for (name, mjml, text) in OWN {
        sources.theme.files.insert(format!("shortcodes/{name}.mjml"), mjml.to_owned());
        sources.theme.files.insert(format!("shortcodes/{name}.txt"), text.to_owned());
    }
    sources
        .theme
        .files
        .extend(Theme::builtin("letter").unwrap().files.into_iter().filter(|(name, _)| name.contains('/')));
    sources
}

fn error(body: &str) -> Diagnostic {
    let sources = with_shortcodes(body, MJML);
    Template::new(sources, Merging::Gaps)
        .and_then(|template| template.set(&template.group_of(&reader(["", "", "", ""]))))
        .map(|edition| edition.mjml)
        .unwrap_err()
}

fn parts(body: &str) -> (String, String) {
    let (_, text, html) =
        said(&with_shortcodes(body, MJML), Merging::Gaps, &reader(["Ann", "pro", "x", "a,b"])).unwrap();
    (text, html)
}

/// What stands in an argument.
fn argument() -> impl Strategy<Value = String> {
    let field = prop::sample::select(vec!["name", "plan", "city"]);
    (field, 0..9u8).prop_map(|(field, form)| match form {
        0 | 1 => format!("{{{{ subscriber.{field} }}}}"),
        2 => format!("Dear {{{{ subscriber.{field} }}}}"),
        3 => format!("{{{{ subscriber.{field} | default(value=\"friend & co\") }}}}"),
        4 => format!("{{% if subscriber.{field} %}}{{{{ subscriber.{field} }}}}{{% endif %}}"),
        5 => format!("{{{{ subscriber.{field} | upper }}}}"),
        6 => format!("https://example.com/?q={{{{ subscriber.{field} }}}}"),
        7 => "{% for tag in subscriber.tags %}{{ tag }}{% endfor %}".to_owned(),
        _ => "words".to_owned(),
    })
}

fn piece() -> impl Strategy<Value = String> {
    (argument(), argument(), 0..12u8).prop_map(|(a, b, form)| {
        let open = |text: &str| {
            if text.contains("{{") || text.contains("{%") { text.to_owned() } else { "https://example.com/".to_owned() }
        };
        match form {
            0 | 1 => format!("\n\n{{{{ says(text='{a}') }}}}\n\n"),
            2 | 3 => format!("\n\n{{{{ asks(text='{a}') }}}}\n\n"),
            4 => format!("\n\n{{{{ loud(text='{a}', link='{}') }}}}\n\n", open(&b)),
            5 => format!("in {{{{ word(text='{a}', link='{}') }}}} it ", open(&b)),
            6 => format!("\n\n{{{{ button(url='{}', text='{b}') }}}}\n\n", open(&a)),
            7 => format!("\n\n{{% quote(author='{a}', url='{}') %}}\nIn it {b}\n{{% end %}}\n\n", open(&b)),
            8 => format!(
                "\n\n{{% columns() %}}{{% column() %}}{a}{{% end %}}{{% column() %}}{b}{{% end %}}{{% end %}}\n\n"
            ),
            9 => format!("\n\n{{% if subscriber.plan == \"pro\" %}}{{{{ says(text='{a}') }}}}{{% endif %}}\n\n"),
            10 => format!("[link]({})", open(&a).replace(' ', "")),
            _ => format!("words {a}\n\n"),
        }
    })
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(vec!["", "pro", "Ann", "javascript:alert(1)", "https://example.com/a b", "<b>", "{{ x }}", "**x**", "a,b"])
            .prop_map(str::to_owned),
        1 => "\\PC{0,12}",
    ]
}

#[test]
fn a_long_line_of_code_is_cut_beside_braces_and_not_inside() {
    for length in 50..90 {
        let code = format!("{}{{{{{{{{", "x".repeat(length));
        let (text, _) = parts(&format!("    {code}\n"));
        assert_eq!(text.replace(['\n', '\r', ' '], ""), code, "{text}");
        assert!(text.lines().all(|line| line.len() <= 78), "{text}");
    }
}

proptest! {
    #[test]
    fn with_shortcodes_too_the_fast_way_says_what_the_slow_way_says(
        body in prop::collection::vec(piece(), 1..5), name in value(), plan in value(), city in value(), tags in value(),
    ) {
        let mut sources = with_shortcodes(&body.concat(), MJML);
        sources.theme.files.insert("article.txt".into(), "{{ article.text }}\n\nEnd".into());
        let reader = reader([&name, &plan, &city, &tags]);
        let (fast, slow) = (said(&sources, Merging::Gaps, &reader), said(&sources, Merging::ChoicesOnly, &reader));
        prop_assert_eq!(&fast, &slow);
        prop_assume!(fast.is_ok());
    }
}

proptest! {
    /// Whatever an author writes comes out or is a mistake at a place.
    #[test]
    fn any_article_is_set_or_refused(
        body in "(\\{\\{|\\}\\}|\\{%|%\\}|\\{# ?|#\\}| button\\(|says\\(text=|quote\\(|end |\\)|\"|'|`|\\\\|,|url=|subscriber[.]name|# a|\\{#a\\}|\\[\\[toc\\]\\]|<b|<!-- more -->|>|\n|\n\n|    |- |ä|https://a[.]b/|\\|-|é){0,24}"
    ) {
        let template = Template::new(with_shortcodes(&body, MJML), Merging::Gaps);
        if let Err(error) = template.and_then(|template| template.set(&template.group_of(&reader(["Ann", "", "", ""])))) {
            prop_assert!(error.place().is_some(), "{}", error.render(false));
        }
    }
}

#[test]
fn arguments_that_are_only_printed_are_gaps() {
    for (body, choices) in [
        ("{{ says(text=\"{{ subscriber.name }}\") }}", vec![]),
        ("{{ asks(text=\"Hi {{ subscriber.name }}\") }}", vec![]),
        ("{{ asks(text=\"{{ subscriber.name }}\") }}", vec!["name"]),
        ("{{ asks(text=\"{{ subscriber.name | default(value=\"you\") }}\") }}", vec![]),
        ("{{ loud(text=\"Hi {{ subscriber.city }}\") }}", vec!["city"]),
        ("{{ image(src=\"https://example.com/a.png\", alt=\"x\", caption=\"For {{ subscriber.name }}\") }}", vec![]),
        ("{% quote(author=\"Ann\") %}{{ subscriber.name }}{% end %}", vec![]),
    ] {
        let template = Template::new(with_shortcodes(body, MJML), Merging::Gaps).unwrap();
        assert_eq!(template.choices().keys().map(String::as_str).collect::<Vec<_>>(), choices, "{body}");
    }
}

#[test]
fn bodies_share_notes_links_and_names_with_the_article() {
    let (text, html) = parts(
        "A[^n] [x][far]\n\n{% quote(author=\"Ann\") %}\nB[^n] [y][far]\n\n## Head\n{% end %}\n\n[z](#head)\n\n[^n]: Note.\n\n[far]: https://example.com/far\n",
    );
    assert!(
        text.contains("A (1) x [1]") && text.contains("> B (1) y [1]") && text.contains("z (→\u{a0}Head)"),
        "{text}"
    );
    assert!(html.contains("href=\"https://example.com/far\"") && html.contains("id=\"head\""), "{html}");
}

#[test]
fn a_body_may_follow_on_its_line_and_end_behind_a_list() {
    let (text, _) = parts("{% quote(author=\"Ann\") %}One.{% end %}\n- a\n- b\n{% quote() %}\n- c\n{% end %}\nLast.\n");
    assert_eq!(text, "> One.\n>\n> — Ann\n\n- a\n- b\n\n> - c\n\nLast.\n");
}

#[test]
fn in_a_loop_each_call_has_its_own_arguments() {
    let (text, _) = parts("{% for tag in subscriber.tags %}\n{{ says(text=\"{{ tag }}\") }}\n{% endfor %}");
    assert_eq!(text, "(a)\n\n(b)\n");
}

#[test]
fn code_shows_calls_and_calls_none() {
    let (text, _) = parts("`{{ says(text=\"x\") }}`\n\n    {% quote() %}\n");
    assert_eq!(text, "`{{ says(text=\"x\") }}`\n\n    {% quote() %}\n");
}

#[test]
fn mistakes_are_shown_where_they_were_made() {
    for (body, place, message, help) in [
        ("{{ buton(url=\"https://a.example\", text=\"x\") }}", "4:4", "no shortcode `buton`", "`button`"),
        ("x\n\n{{ button(url=\"https://a.example\") }}", "6:1", "lacks the argument `text`", "takes url, text, align"),
        ("{{ button(url=\"https://a.example\", txt=\"x\") }}", "4:36", "no argument `txt`", "`text`"),
        ("{{ button(url=\"page.html\", text=\"x\") }}", "4:16", "leads nowhere", "whole address"),
        ("{{ button(url=\"https://a.example\", text=x) }}", "4:41", "`x` is no text in quotes", "name=\"value\""),
        ("{{ button(url=\"https://a.example\" text=\"x\") }}", "4:35", "no comma", "name=\"value\""),
        ("{{ button(url=\"https://a.example\", url=\"x\") }}", "4:41", "leads nowhere", "whole address"),
        ("{{ spacer(height=\"much\") }}", "4:19", "takes a number", "height=24"),
        ("{{ image(src=\"gone.png\", alt=\"\") }}", "4:15", "no image `gone.png`", "beside the article"),
        (
            "a {{ button(url=\"https://a.example\", text=\"x\") }}",
            "4:3",
            "stands inside a paragraph",
            "line of its own",
        ),
        (
            "- a\n\n  {{ button(url=\"https://a.example\", text=\"x\") }}\n\n  b\n\n{% quote() %}a",
            "10:1",
            "never ends",
            "{% end %}",
        ),
        ("a\n\n{% end %}", "6:1", "ends nothing", "endif"),
        ("{{ quote(author=\"x\") }}", "4:1", "has a body", "{% end %}"),
        ("{% button(url=\"https://a.example\", text=\"x\") %}{% end %}", "4:1", "has no body", "{{ button"),
        ("{% column() %}a{% end %}", "4:1", "stands by itself", "columns"),
        ("{% quote() %}\n{{ spacer() }}\n{% end %}", "4:1", "can only be prose", "before or behind"),
        (
            "{% columns() %}{% column() %}{% columns() %}a{% end %}{% end %}{% end %}",
            "4:30",
            "can't stand inside `column`",
            "whole width",
        ),
        ("[a](https://a.example/{{ word(text=\"x\",link=\"#\") }})", "4:23", "can't stand inside", "between words"),
        (
            "{% if subscriber.plan %}{% quote() %}{% endif %}a{% end %}",
            "4:25",
            "begins and ends in different places",
            "condition",
        ),
    ] {
        let error = error(body);
        let shown = error.render(false);
        assert_eq!(error.place().unwrap().to_string(), format!("content/a.md:{place}"), "{shown}");
        assert!(error.message().contains(message), "{shown}");
        assert!(error.helps().iter().any(|found| found.contains(help)), "{shown}");
    }
}

#[test]
fn a_theme_that_prints_html_says_so_where_there_is_more() {
    let mjml = "<mjml><mj-body><mj-section><mj-column><mj-text>{{ article.html }}</mj-text></mj-column></mj-section></mj-body></mjml>";
    let reader = reader(["", "", "", ""]);
    assert!(
        said(&with_shortcodes("a {{ word(text=\"b\", link=\"#\") }} c", mjml), Merging::Gaps, &reader)
            .unwrap()
            .2
            .contains("<b>b</b>")
    );
    let template = Template::new(with_shortcodes("a\n\n{{ spacer() }}\n", mjml), Merging::Gaps).unwrap();
    let error = template.set(&template.group_of(&reader)).unwrap_err();
    assert_eq!(error.place().unwrap().to_string(), "templates/article.mjml:1:51");
    assert!(error.message().contains("`spacer`"), "{error:?}");
}

#[test]
fn a_pair_of_templates_must_be_whole() {
    let mut sources = with_shortcodes("a", MJML);
    sources.theme.files.insert("shortcodes/half.mjml".into(), "{# half() #}".into());
    let error = Template::new(sources.clone(), Merging::Gaps).unwrap_err();
    assert!(error.message().contains("no templates/shortcodes/half.txt"), "{error:?}");
    sources.theme.files.insert("shortcodes/half.txt".into(), String::new());
    sources.theme.files.insert("shortcodes/half.mjml".into(), "<p>".into());
    let error = Template::new(sources, Merging::Gaps).unwrap_err();
    assert_eq!(error.place().unwrap().to_string(), "templates/shortcodes/half.mjml:1:1");
}
