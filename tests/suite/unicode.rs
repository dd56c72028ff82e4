//! Any text comes out of the finished message as it went into the article: Markdown, HTML, quoted-printable and back, read
//! by another's parser.

use std::collections::BTreeMap;

use letterpress::address::Address;
use letterpress::article::Article;
use letterpress::clock::Timestamp;
use letterpress::edition::{Fields, Images, Merging, Sources, Template, Theme, ThemeSettings};
use letterpress::message::Composer;
use letterpress::publication::{Publication, PublicationSettings};
use letterpress::unsubscribe::{Key, Links, UnsubscribeSettings};
use mail_parser::MessageParser;
use proptest::prelude::*;

struct Reader<'a>(&'a Address, &'a str);

impl Fields for Reader<'_> {
    fn field(&self, name: &str) -> &str {
        match name {
            "email" => self.0.as_str(),
            "word" => self.1,
            _ => "",
        }
    }
}

const MJML: &str = "<mjml><mj-head><mj-style inline=\"inline\">.x p { color: #111111 }</mj-style></mj-head><mj-body><mj-section><mj-column><mj-text css-class=\"x\"><h1>{{ article.title }}</h1>{{ article.html }}<img src=\"https://example.com/a.png\" alt=\"{{ article.title }}\"></mj-text></mj-column></mj-section></mj-body></mjml>";

/// One copy of an article.
fn message(article: &str, word: &str) -> Vec<u8> {
    let settings: PublicationSettings =
        toml::from_str("name = 'N'\nfrom = 'a@example.com'\npostal_address = 'P'").unwrap();
    let publication = Publication::from_settings(settings).unwrap();
    let settings = UnsubscribeSettings { url: Some("https://example.com/u/{token}".into()), ..Default::default() };
    let links = Links::new(Key::from_bytes(&[1; 32]), &publication.list_id, &settings);
    let composer = Composer::new(&publication, links, "a", "0123456789abcdef", Timestamp::UNIX_EPOCH);
    let files: BTreeMap<String, String> =
        [("article.mjml".into(), MJML.into()), ("article.txt".into(), "{{ article.text }}".into())].into();
    let sources = Sources {
        publication,
        article: Article::parse("content/a.md", article.to_owned()).unwrap(),
        theme: Theme { files, ..Theme::default() },
        stories: Vec::new(),
        settings: ThemeSettings::default(),
        images: Images::new(),
        attachments: Vec::new(),
        columns: vec!["email".into(), "word".into()],
    };
    let template = Template::new(sources, Merging::Gaps).unwrap();
    let address = Address::parse("ann@example.com").unwrap();
    let reader = Reader(&address, word);
    let edition = template.set(&template.group_of(&reader)).unwrap_or_else(|error| panic!("{}", error.render(false)));
    composer.message(&edition, &address, &reader).unwrap().bytes
}

/// The text as Markdown that means just it, and no template's.
fn as_markdown(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            // A brace is written as an entity: the template scanner reads the article before Markdown does.
            '{' | '}' | '%' => out.push_str(&format!("&#{};", u32::from(c))),
            c if c.is_ascii_punctuation() => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// Words, as a reader sees them.
fn words(text: &str) -> Vec<String> {
    text.split(char::is_whitespace).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Any text in a line: no control characters, which an article may not have.
fn any_text() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "\u{2028}",
        "\u{200d}",
        "\u{feff}",
        "\u{ad}",
        "e\u{301}",
        "👩\u{200d}👩\u{200d}👧",
        "❤️",
        "\u{10ffff}",
        "\u{fffd}",
        "ﬀ",
        "ß",
        "\u{202e}",
        "\u{fdfa}",
        "=20",
        "=\n",
        "&amp;",
        "<b>",
        "]]>",
        "\\",
        "\"",
        "''",
        "http://x.example",
        "名前",
        "a@b.example",
        "\u{1f3f4}\u{e0067}",
        "\u{e000}",
        "\u{a0}",
        "lp0",
        "{{ x }}",
        "{% raw %}",
        "#}",
        "From ",
        ".",
    ]);
    let part = prop_oneof![3 => any::<char>().prop_map(String::from), 2 => "\\PC{1,8}", 2 => odd.prop_map(str::to_owned), 1 => Just(" ".to_owned())];
    prop::collection::vec(part, 1..25).prop_map(|parts| {
        let text: String = parts.concat();
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        // Something to begin and end with that no Markdown rule is about.
        format!("x{}x", text.trim())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_text_survives_to_the_message_and_back(text in any_text(), value in any_text()) {
        let front = toml::Value::from("Title".to_owned());
        let article = format!("+++\ntitle = {front}\n+++\nA {} Z\n\nB `` {} `` Y\n\nC {{{{ subscriber.word }}}} X\n", as_markdown(&text), text.replace('`', "´"));
        let bytes = message(&article, &value);
        let body = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        for line in bytes[body..].split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            prop_assert!(line.len() <= 76 && line.is_ascii(), "{:?}", String::from_utf8_lossy(line));
        }
        let parsed = MessageParser::default().parse(&bytes).unwrap();
        let plain = parsed.body_text(0).unwrap().into_owned();
        let html = parsed.body_html(0).unwrap();
        let page = scraper::Html::parse_document(&html);
        let paragraphs = scraper::Selector::parse("p").unwrap();
        let shown: String = page.select(&paragraphs).map(|p| p.text().collect::<String>() + "\n").collect();
        let code = text.replace('`', "´");
        let unmarked = plain.replace('`', "");
        for (first, last, wanted) in [("A", "Z", &text), ("B", "Y", &code), ("C", "X", &value)] {
            // The text part may be broken wherever Unicode allows a line to end; marks stand around code.
            let seen = words(if first == "B" { &unmarked } else { &plain }).concat();
            let spaceless = words(&format!("{first} {wanted} {last}")).concat();
            prop_assert!(seen.contains(&spaceless), "{spaceless:?} is not in the text part {seen:?}");
            let wanted = words(&format!("{first} {wanted} {last}")).join(" ");
            let shown = words(&shown).join(" ");
            prop_assert!(shown.contains(&wanted), "{wanted:?} is not in the HTML part {shown:?}");
        }
    }
}
