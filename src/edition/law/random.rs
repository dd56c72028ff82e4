//! Random templates and readers: every way in which a template can speak of a reader, one inside the other.

use proptest::prelude::*;

/// What the theme's partials define, besides the random one.
pub const COMPONENTS: &str = "{% component card(name, @subscriber) %}[{{ name }}{{ subscriber.plan }}]{% endcomponent card %}{% component frame() %}({{ body }}){% endcomponent frame %}";

fn field() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["name", "plan", "city", "email"])
}

/// A mention of the reader that prints something.
pub fn mention() -> impl Strategy<Value = String> {
    (field(), field(), 0..24u8).prop_map(|(field, other, form)| match form {
        0..=2 => format!("{{{{ subscriber.{field} }}}}"),
        3..=5 => format!("{{{{ subscriber.{field} | default(value=\"friend & co\") }}}}"),
        6 => format!("{{{{- subscriber.{field} -}}}}"),
        7 => format!("{{{{subscriber.{field}|default( value = '<b>' )}}}}"),
        8 => format!("{{{{ subscriber.{field} | upper }}}}"),
        9 => format!("{{{{ subscriber.{field} | default(value=subscriber.{other}) }}}}"),
        10 => format!("{{{{ subscriber.{field} | trim | lower | truncate(length=5) }}}}"),
        11 => format!("{{{{ subscriber.{field} | length }}}}"),
        12 => format!("{{{{ subscriber.{field} | replace(from=\"a\", to=\"*\") }}}}"),
        13 => format!("{{{{ subscriber.{field} ~ \"-\" ~ subscriber.{other} }}}}"),
        14 => format!("{{{{ subscriber.{field} or subscriber.{other} }}}}"),
        15 => format!("{{{{ subscriber.{field} | split(pat=\" \") | first | default(value=\"none\") }}}}"),
        16 => format!("{{{{ subscriber.{field} | escape }}}}"),
        17 => format!("{{% set x = subscriber.{field} %}}({{{{ x }}}})"),
        18 => "{% for tag in subscriber.tags %}[{{ tag }}]{% else %}no tags{% endfor %}".to_owned(),
        19 => "{{ subscriber.tags | join(sep=\"/\") }}".to_owned(),
        20 => format!("{{% set_global y = subscriber.{field} | title %}}{{{{ y }}}}"),
        21 => format!("{{# {{{{ subscriber.{field} }}}} #}}{{% raw %}}{{{{{{% endraw %}}"),
        22 => format!("{{{{ \"subscriber.{field}\" }}}}"),
        _ => format!("{{{{ subscriber.{field} | default(value=\"a\\\"b\") }}}}"),
    })
}

/// Mentions that a template can look at: captured, filtered, given to components. They cost the fast way its gaps.
pub fn captured() -> impl Strategy<Value = String> {
    (field(), field(), 0..7u8).prop_map(|(field, other, form)| match form {
        0 => format!("{{% filter upper %}}q {{{{ subscriber.{field} }}}}{{% endfilter %}}"),
        1 => format!("{{% set x %}}<{{{{ subscriber.{field} }}}}>{{% endset %}}{{{{ x }}}}"),
        2 => format!("{{% set x | upper %}}{{{{ subscriber.{field} }}}}{{% endset %}}{{% if x == \"PRO\" %}}p{{% endif %}}{{{{ x }}}}"),
        3 => format!("{{{{ <card name={{subscriber.{field}}} /> }}}}"),
        4 => format!("{{% <frame> %}}{{{{ subscriber.{field} }}}} {{{{ <card name=\"x\" /> }}}}{{% </frame> %}}"),
        5 => format!("{{% set s = subscriber %}}{{{{ s.{field} }}}}{{{{ s[\"{other}\"] }}}}"),
        _ => format!("{{% for k in [\"{field}\", \"{other}\"] %}}{{{{ subscriber[k] }}}},{{% endfor %}}"),
    })
}

fn condition() -> impl Strategy<Value = String> {
    (field(), field(), 0..11u8).prop_map(|(field, other, form)| match form {
        0 | 1 => format!("subscriber.{field}"),
        2 => format!("not subscriber.{field}"),
        3 => format!("subscriber.{field} == \"pro\""),
        4 => format!("subscriber.{field} != subscriber.{other}"),
        5 => format!("subscriber.{field} and subscriber.{other}"),
        6 => format!("subscriber.{field} or not subscriber.{other}"),
        7 => "\"a\" in subscriber.tags".to_owned(),
        8 => format!("subscriber.{field} | length > 4"),
        9 => format!("subscriber.{field} is starting_with(\"p\")"),
        _ => format!("(subscriber.{field})"),
    })
}

/// Pieces of a template, nested: what stands in ifs and loops is of the same kind.
pub fn pieces() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![2 => "[a-z ]{1,6}".prop_map(String::from), 4 => mention(), 1 => captured()];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let dash = prop::sample::select(vec!["", "-"]);
        let many = || prop::collection::vec(inner.clone(), 1..3).prop_map(|parts| parts.concat());
        prop_oneof![
            (condition(), many(), many(), dash.clone()).prop_map(|(condition, yes, no, dash)| format!(
                "{{%{dash} if {condition} {dash}%}} {yes} {{% else %}}{no} {{%{dash} endif %}}"
            )),
            (condition(), condition(), many(), many())
                .prop_map(|(one, two, a, b)| format!("{{% if {one} %}}{a}{{% elif {two} %}}{b}{{% endif %}}")),
            (many(), 0..4u8).prop_map(|(inner, turns)| format!(
                "{{% for i in range(end={turns}) %}}{{{{ i }}}}{inner}{{% endfor %}}"
            )),
            (many(), dash).prop_map(|(inner, dash)| format!(
                "{{% for t in subscriber.tags {dash}%}} {{{{ t }}}}{inner}{{% endfor %}}"
            )),
            (many(), many()).prop_map(|(a, b)| format!("{a}{b}")),
        ]
    })
}

/// Markdown with pieces in it.
pub fn markdown() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "word ",
        "**bold** ",
        "*",
        "_a_ ",
        "\n\n",
        "\n",
        "> quote ",
        "- item ",
        "`{{ code }}` ",
        "# ",
        "ü❤️ ",
        "|a|b|\n|-|-|\n|c|",
        "\"q\" ",
        "1. ",
    ]);
    let link = prop_oneof![
        field().prop_map(|field| format!("[link](https://example.com/?q={{{{ subscriber.{field} }}}}) ")),
        Just("[leave]({{ unsubscribe_url }}) ".to_owned()),
    ];
    let part = prop_oneof![6 => word.prop_map(str::to_owned), 3 => mention(), 1 => link, 1 => pieces()];
    prop::collection::vec(part, 1..12).prop_map(|parts| parts.concat())
}

/// What a reader's field holds.
pub fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just(String::new()),
        2 => Just("pro".to_owned()),
        2 => "[a-zA-Z ]{1,12}",
        2 => "\\PC{1,20}",
        3 => prop::sample::select(vec![
            "<b>x</b>", "**x**", "{{ x }}", "{% if x %}", "a, b", "\"><script>", "名前", "https://example.com", "# x", "a  b",
            " x ", "&amp;", "javascript:alert(1)", "0", "x\u{301}", "=?utf-8?b?eA==?=", "\u{202e}evil",
        ])
        .prop_map(str::to_owned),
        1 => Just("long ".repeat(30)),
    ]
}
