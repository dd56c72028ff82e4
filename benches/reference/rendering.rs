//! How a personalised message is usually made in Rust: Tera fills the theme, mrml makes HTML of it, lettre's builder makes
//! the message. Once with all that for each reader; once with the HTML made in advance, and only names and links replaced.
//!
//! It does less than we do: the Markdown is made HTML in advance, no CSS is inlined, and no text is wrapped.

use letterpress::edition::Sources;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use serde_json::{Value, json};
use tera::{Context, Tera};

const NAME: &str = "NameOfTheReader";
const LINK: &str = "https://example.com/unsubscribe/LinkOfTheReader";

/// The theme, and what is the same for all readers.
pub struct Rendering {
    tera: Tera,
    values: Value,
    html: String,
    text: String,
}

impl Rendering {
    pub fn new(sources: &Sources) -> Rendering {
        let (article, publication) = (&sources.article, &sources.publication);
        let markdown = &article.source[article.body.clone()];
        let mut body = String::new();
        pulldown_cmark::html::push_html(&mut body, pulldown_cmark::Parser::new(&markdown.replace('"', "'")));
        let mut tera = Tera::default();
        let theme = sources.theme.files.iter().map(|(name, source)| (name.clone(), source.clone()));
        let texts = [("body.mjml".to_owned(), body), ("body.txt".to_owned(), markdown.to_owned())];
        tera.add_raw_templates(theme.chain(texts)).expect("the theme is Tera's");
        let values = json!({
            "publication": {"name": publication.name, "tagline": publication.tagline, "reason": publication.reason,
                "postal_address": publication.postal_address, "url": publication.url},
            "article": {"title": article.title, "subject": article.subject, "preheader": article.preheader,
                "author": article.author, "date_text": article.date.map(|date| date.to_string())},
            "theme": sources.theme.schema.look(&sources.settings.0),
            "words": letterpress::edition::theme::words::of("en", &sources.settings.0), "code": [], "language": "en", "dir": "ltr",
            "web_url": publication.web_url,
        });
        let mut rendering = Rendering { tera, values, html: String::new(), text: String::new() };
        (rendering.html, rendering.text) = rendering.render(NAME, LINK);
        rendering
    }

    /// A message for which everything is rendered.
    pub fn render_for(&self, name: &str, address: &str) -> Vec<u8> {
        let link = link(address);
        let (html, text) = self.render(name, &link);
        build(name, address, &link, html, text)
    }

    /// A message for which name and link are replaced.
    pub fn replace_for(&self, name: &str, address: &str) -> Vec<u8> {
        let link = link(address);
        let fill = |text: &str| text.replace(NAME, name).replace(LINK, &link);
        build(name, address, &link, fill(&self.html), fill(&self.text))
    }

    fn render(&self, name: &str, link: &str) -> (String, String) {
        let mut context = Context::from_serialize(&self.values).expect("values for Tera");
        context.insert("unsubscribe_url", link);
        let subscriber = if name.is_empty() { json!({}) } else { json!({ "first_name": name }) };
        context.insert("subscriber", &subscriber);
        let mut article = self.values["article"].clone();
        for (key, template) in [("html", "body.mjml"), ("text", "body.txt")] {
            article[key] = Value::from(self.tera.render(template, &context).expect("the article is Tera's"));
        }
        article["blocks"] = json!([
            {"kind": "prose", "html": article["html"].clone(), "mjml": "", "opens": true, "closes": true}
        ]);
        context.insert("article", &article);
        let mjml = self.tera.render("article.mjml", &context).expect("the theme can be rendered");
        let parsed = mrml::parse(&mjml).expect("the theme is MJML");
        let html = parsed.element.render(&mrml::prelude::render::RenderOptions::default()).expect("HTML");
        (html, self.tera.render("article.txt", &context).expect("the theme can be rendered"))
    }
}

fn link(address: &str) -> String {
    format!("https://example.com/unsubscribe/{}", address.replace('@', "-"))
}

fn build(name: &str, address: &str, link: &str, html: String, text: String) -> Vec<u8> {
    let mailbox = |name: &str, address: &str| {
        let name = Some(name.to_owned()).filter(|name| !name.is_empty());
        Mailbox::new(name, address.parse().expect("an address"))
    };
    let unsubscribe = HeaderName::new_from_ascii_str("List-Unsubscribe");
    let message = Message::builder()
        .from(mailbox("Far and Near", "letters@example.com"))
        .to(mailbox(name, address))
        .subject("When someone you love is far away")
        .raw_header(HeaderValue::new(unsubscribe, format!("<{link}>")))
        .multipart(MultiPart::alternative_plain_html(text, html));
    message.expect("a message").formatted()
}
