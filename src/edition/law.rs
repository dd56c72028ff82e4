//! The law of merging, held against random templates and readers: whatever the fast way says to a reader is what would
//! have been said had everything been rendered for that reader alone.

mod random;

use proptest::prelude::*;
use std::collections::BTreeMap;

use super::images::Images;
use super::merge::Merging;
use super::pieces::{Fields, Reader, Scratch};
use super::quoted_printable::decode;
use super::template::{Sources, Template};
use super::theme::{Theme, ThemeSettings};
use crate::article::Article;
use crate::publication::{Publication, PublicationSettings};

pub struct Row(pub BTreeMap<String, String>);

impl Fields for Row {
    fn field(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

const COLUMNS: [&str; 5] = ["email", "name", "plan", "city", "tags"];

pub fn reader(values: [&str; 4]) -> Row {
    let names = ["name", "plan", "city", "tags"];
    Row(names
        .iter()
        .map(|name| (*name).to_owned())
        .zip(values.iter().map(|value| (*value).to_owned()))
        .chain([("email".to_owned(), "ann@example.com".to_owned())])
        .collect())
}

fn publication() -> Publication {
    let settings: PublicationSettings =
        toml::from_str("name = 'N'\nfrom = 'a@example.com'\npostal_address = 'P'").unwrap();
    Publication::from_settings(settings).unwrap()
}

pub fn sources(body: &str, subject: &str, mjml: &str, text: &str) -> Sources {
    let source = format!("+++\ntitle = \"T\"\n+++\n{body}");
    let mut article = Article::parse("content/a.md", source).unwrap();
    article.subject = subject.to_owned();
    let files = [("article.mjml".to_owned(), mjml.to_owned()), ("article.txt".to_owned(), text.to_owned())]
        .into_iter()
        .collect();
    Sources {
        publication: publication(),
        article,
        theme: Theme { files, ..Theme::default() },
        stories: Vec::new(),
        settings: ThemeSettings::default(),
        images: Images::new(),
        attachments: Vec::new(),
        columns: COLUMNS.iter().map(|column| (*column).to_owned()).collect(),
    }
}

/// Subject, text and HTML as the reader gets them; `Err` when the sources can't be set.
pub fn said(sources: &Sources, merging: Merging, row: &Row) -> Result<(String, String, String), String> {
    let template = Template::new(sources.clone(), merging).map_err(|error| error.message().to_owned())?;
    let edition = template.set(&template.group_of(row)).map_err(|error| error.message().to_owned())?;
    let reader = Reader { fields: row, unsubscribe_url: "https://example.com/u/token" };
    let mut scratch = Scratch::default();
    let subject = edition.subject.line(reader).into_owned();
    let mut text = Vec::new();
    edition.text.strike_into(reader, &mut scratch, &mut text);
    let mut html = Vec::new();
    edition.html.strike_into(reader, &mut scratch, &mut html);
    Ok((subject, decode(&text), decode(&html)))
}

const MJML: &str = "<mjml><mj-body><mj-section><mj-column><mj-text><h1>{{ article.title }}</h1>BODY{{ article.html }}</mj-text></mj-column></mj-section></mj-body></mjml>";

/// Sources that can't be set prove little: with more of them than of others the test fails.
fn mostly_set() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { max_global_rejects: usual.cases, ..usual }
}

proptest! {
    #![proptest_config(mostly_set())]
    #[test]
    fn the_fast_way_says_what_the_slow_way_says(
        body in random::markdown(),
        subject in prop::collection::vec(prop_oneof![Just("Hi ".to_owned()), random::mention()], 1..3),
        theme in random::pieces(),
        partial in random::pieces(),
        attribute in random::mention(),
        name in random::value(), plan in random::value(), city in random::value(), tags in random::value(),
    ) {
        let attribute = if attribute.contains('[') { String::new() } else { attribute };
        let theme_text = format!("{theme}{{% include \"partials/part.mjml\" %}}");
        let mjml = MJML.replace("BODY", &format!("{theme_text}<img src=\"https://example.com/a.png\" alt=\"x {attribute}\">"));
        let text = format!("{{{{ article.title }}}}\n\n{theme_text}\n{{{{ article.text }}}}\n\nEnd {theme}");
        let mut sources = sources(&body, &subject.concat(), &mjml, &text);
        sources.theme.files.insert("partials/part.mjml".to_owned(), partial);
        sources.theme.files.insert("partials/components.mjml".to_owned(), random::COMPONENTS.to_owned());
        let reader = reader([&name, &plan, &city, &tags]);
        let (fast, slow) = (said(&sources, Merging::Gaps, &reader), said(&sources, Merging::ChoicesOnly, &reader));
        prop_assert_eq!(&fast, &slow);
        prop_assume!(fast.is_ok());
    }
}

/// Looking back from each of them to the word's beginning took minutes.
#[test]
fn a_long_word_of_many_gaps_is_set_in_time() {
    let gaps = "{% for i in range(end=10000) %}{{ subscriber.name }}{% endfor %}";
    let sources = sources("Hello", "S", &MJML.replace("BODY", ""), gaps);
    let (_, text, _) = said(&sources, Merging::Gaps, &reader(["ab", "", "", ""])).unwrap();
    assert_eq!(text.split_whitespace().collect::<String>(), "ab".repeat(10000));
}

#[test]
fn readers_of_one_group_share_an_edition_and_get_their_own_words() {
    let sources = sources(
        "Dear {{ subscriber.name | default(value=\"friend\") }},\n\n{% if subscriber.plan == 'pro' %}Pro.{% else %}Free.{% endif %}\n",
        "Hi {{ subscriber.name }}",
        &MJML.replace("BODY", ""),
        "{{ article.text }}",
    );
    let template = Template::new(sources.clone(), Merging::Gaps).unwrap();
    let (ann, bob, eve) = (reader(["Ann", "pro", "", ""]), reader(["", "pro", "x", ""]), reader(["<Eve>", "", "", ""]));
    assert_eq!(template.group_of(&ann), template.group_of(&bob));
    assert_ne!(template.group_of(&ann), template.group_of(&eve));
    let (subject, text, html) = said(&sources, Merging::Gaps, &eve).unwrap();
    assert_eq!(subject, "Hi <Eve>");
    assert_eq!(text, "Dear <Eve>,\n\nFree.\n");
    assert!(html.contains("Dear &lt;Eve&gt;,"), "{html}");
    assert_eq!(said(&sources, Merging::Gaps, &bob).unwrap().1, "Dear friend,\n\nPro.\n");
}

#[test]
fn mistakes_are_shown_where_the_author_made_them() {
    let text = "{{ article.text }}";
    let mjml = MJML.replace("BODY", "");
    let error = |body: &str| {
        let sources = sources(body, "S", &mjml, text);
        Template::new(sources, Merging::Gaps)
            .and_then(|template| template.set(&template.group_of(&reader(["", "", "", ""]))))
            .unwrap_err()
    };
    let unknown = error("one\n\nDear {{ subscriber.nmae }}\n");
    assert_eq!(unknown.place().unwrap().to_string(), "content/a.md:6:9");
    assert!(unknown.helps()[0].contains("did you mean `name`"), "{unknown:?}");
    let broken = error("one {{ subscriber.name }} two {% if subscriber.plan %}\n");
    assert_eq!(broken.place().unwrap().line, 4, "{broken:?}");
    let foreign = error("a {{ subscriber.name }} b {{ secrets.key }}\n");
    assert_eq!(foreign.place().unwrap().to_string(), "content/a.md:4:30", "{}", foreign.render(false));
    let after_code = error("`{{ a }}` and `{% b %}` {{ subscriber.name }}\n\nx `{{ c }}` y {{ nosuch }}\n");
    assert_eq!(after_code.place().unwrap().to_string(), "content/a.md:6:18", "{}", after_code.render(false));
    let relative = error("see [this](../page.html)\n");
    assert_eq!(relative.place().unwrap().to_string(), "content/a.md:4:12");
}
