//! Whole messages, parsed back by another's parser.

use std::collections::BTreeMap;

use mail_parser::{MessageParser, MimeHeaders};

use super::*;
use crate::article::Article;
use crate::edition::{Images, Merging, Sources, Template, Theme, ThemeSettings};
use crate::publication::PublicationSettings;
use crate::unsubscribe::{Key, UnsubscribeSettings};

struct Row(BTreeMap<&'static str, String>);

impl Fields for Row {
    fn field(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

fn publication() -> Publication {
    let settings: PublicationSettings =
        toml::from_str("name = 'Far & Near'\nfrom = 'letters@example.com'\nreply_to = 'Ed <ed@example.com>'\npostal_address = '1 High Street'").unwrap();
    Publication::from_settings(settings).unwrap()
}

fn edition(subject: &str) -> Edition {
    let mut article = Article::parse(
        "content/a.md",
        "+++\ntitle = \"T\"\n+++\nDear {{ subscriber.name }},\n\n.\nFrom me: ❤️\n".to_owned(),
    )
    .unwrap();
    article.subject = subject.to_owned();
    let sources = Sources {
        publication: publication(),
        article,
        theme: Theme::builtin("letter").unwrap(),
        stories: Vec::new(),
        settings: ThemeSettings::default(),
        images: Images::new(),
        attachments: Vec::new(),
        columns: vec!["email".into(), "name".into(), "first_name".into()],
    };
    let template = Template::new(sources, Merging::Gaps).unwrap();
    template.set(&template.group_of(&row(""))).unwrap()
}

fn row(name: &str) -> Row {
    Row([("name", name.to_owned()), ("email", "ann@example.org".to_owned())].into())
}

fn composer() -> Composer {
    let settings = UnsubscribeSettings { url: Some("https://example.com/u/{token}".into()), ..Default::default() };
    let links = Links::new(Key::from_bytes(&[1; 32]), "far-near.example.com", &settings);
    Composer::new(
        &publication(),
        links,
        "a",
        "0123456789abcdef0123456789abcdef",
        "2026-11-22T23:00:00Z".parse().unwrap(),
    )
}

fn message(name: &str, subject: &str) -> Message {
    composer().message(&edition(subject), &Address::parse("ann@example.org").unwrap(), &row(name)).unwrap()
}

#[test]
fn a_message_has_each_header_once_and_both_parts() {
    let message = message("Ann", "Hi {{ subscriber.name }}");
    let text = std::str::from_utf8(&message.bytes).unwrap();
    let parsed = MessageParser::default().parse(&message.bytes).unwrap();
    let names: Vec<&str> = parsed.headers().iter().map(|header| header.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "From",
            "Reply-To",
            "Date",
            "List-ID",
            "List-Post",
            "Feedback-ID",
            "To",
            "Subject",
            "Message-ID",
            "List-Unsubscribe",
            "List-Unsubscribe-Post",
            "X-Letterpress-Id",
            "MIME-Version",
            "Content-Type"
        ]
    );
    assert_eq!(parsed.subject(), Some("Hi Ann"));
    assert_eq!(parsed.parts.len(), 3);
    assert_eq!(parsed.parts[1].content_type().unwrap().subtype(), Some("plain"));
    let plain = parsed.body_text(0).unwrap().replace("\r\n", "\n");
    assert!(plain.contains("Dear Ann,\n\n. From me: ❤️"), "{plain}");
    assert!(parsed.body_html(0).unwrap().contains("❤️"));
    let token = text.split("https://example.com/u/").nth(1).unwrap().split('>').next().unwrap();
    assert!(parsed.body_text(0).unwrap().contains(token) && parsed.body_html(0).unwrap().contains(token));
}

#[test]
fn every_byte_is_fit_for_the_wire() {
    for name in ["Ann", "", "\r\nBcc: x@example.org", "名前❤️", "\u{2028}", &"long ".repeat(60)] {
        let bytes = message(name, "Hello {{ subscriber.name }} ❤️").bytes;
        assert!(bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0x20..0x7f)), "{name:?}");
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "{name:?}");
        assert!(
            text.split("\r\n").all(|line| line.len() <= 78 || line.starts_with("List-Unsubscribe:")),
            "{name:?}: {text}"
        );
        assert!(!text.to_ascii_lowercase().contains("\r\nbcc:"));
    }
}

#[test]
fn the_same_copy_is_the_same_bytes() {
    assert_eq!(message("Ann", "S"), message("Ann", "S"));
    let other = Composer { mailing_id: "another".into(), ..composer() };
    assert_ne!(other.message_id(&Address::parse("ann@example.org").unwrap()), message("Ann", "S").message_id);
}

#[test]
fn a_message_id_tells_nothing_of_the_address() {
    let message = message("Ann", "S");
    assert!(
        !message.message_id.contains("ann") && message.message_id.ends_with("@example.com"),
        "{}",
        message.message_id
    );
}

#[test]
fn a_signed_copy_verifies_and_is_else_the_same() {
    let (edition, address) = (edition("Hi {{ subscriber.name }}"), Address::parse("ann@example.org").unwrap());
    let signing = composer().with_signers(dkim::tests::signers());
    for name in ["Ann", "", "\r\nBcc: x@example.org", "名前❤️", &"long ".repeat(60)] {
        let signed = signing.message(&edition, &address, &row(name)).unwrap();
        assert_eq!(dkim::tests::verify(&signed.bytes), [Ok(()), Ok(())], "{name:?}");
        let plain = composer().message(&edition, &address, &row(name)).unwrap();
        assert!(signed.bytes.starts_with(b"DKIM-Signature: ") && signed.bytes.ends_with(&plain.bytes), "{name:?}");
        assert_eq!(signed, signing.message(&edition, &address, &row(name)).unwrap(), "a retry is the same octets");
        let text = String::from_utf8(signed.bytes).unwrap();
        assert!(text.split("\r\n").all(|line| line.len() <= 78 || line.starts_with("List-Unsubscribe:")), "{text}");
    }
}

#[test]
fn a_message_without_reply_to_and_one_click_is_signed_too() {
    let settings: PublicationSettings =
        toml::from_str("name = 'N'\nfrom = 'letters@example.com'\npostal_address = 'P'").unwrap();
    let publication = Publication::from_settings(settings).unwrap();
    let mailto = Address::parse("leave@example.com").ok();
    let links =
        Links::new(Key::from_bytes(&[1; 32]), "n.example.com", &UnsubscribeSettings { mailto, ..Default::default() });
    let composer = Composer::new(&publication, links, "a", "0123456789abcdef", "2026-11-22T23:00:00Z".parse().unwrap());
    let composer = composer.with_signers(dkim::tests::signers());
    let message = composer.message(&edition("S"), &Address::parse("ann@example.org").unwrap(), &row("Ann")).unwrap();
    assert_eq!(dkim::tests::verify(&message.bytes), [Ok(()), Ok(())]);
    let text = String::from_utf8(message.bytes).unwrap();
    for added in ["Reply-To: x@example.org", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"] {
        assert!(dkim::tests::verify(format!("{added}\r\n{text}").as_bytes()).iter().all(Result::is_err), "{added}");
    }
}
