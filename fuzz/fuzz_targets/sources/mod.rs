//! What an edition is made from, around a fuzzed text.

use letterpress::article::Article;
use letterpress::edition::{Fields, Images, Sources, Theme, ThemeSettings};
use letterpress::publication::{Publication, PublicationSettings};

/// A reader of whom something is known.
pub struct Nobody;

impl Fields for Nobody {
    fn field(&self, name: &str) -> &str {
        match name {
            "email" => "ann@example.com",
            "name" => "<Ann> & \"Zo\u{eb}\"",
            "tags" => "a, b",
            _ => "",
        }
    }
}

/// Sources with these texts; `None` when the article can't be read.
pub fn of(body: &str, subject: &str, mjml: &str, text: &str) -> Option<Sources> {
    let settings: PublicationSettings =
        toml::from_str("name = 'N'\nfrom = 'a@example.com'\npostal_address = 'P'").expect("settings");
    let mut article = Article::parse("content/a.md", format!("+++\ntitle = 'T'\n+++\n{body}")).ok()?;
    article.subject = subject.to_owned();
    // As the theme's loader does: no control characters.
    let clean = |text: &str| text.chars().filter(|c| !c.is_control() || *c == '\n').collect::<String>();
    let files = [("article.mjml", mjml), ("article.txt", text)];
    Some(Sources {
        publication: Publication::from_settings(settings).expect("a publication"),
        article,
        theme: Theme { files: files.map(|(name, text)| (name.to_owned(), clean(text))).into(), ..Theme::default() },
        stories: Vec::new(),
        settings: ThemeSettings::default(),
        images: Images::new(),
        attachments: Vec::new(),
        columns: ["email", "name", "tags", "city"].map(str::to_owned).into(),
    })
}
