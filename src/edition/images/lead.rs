//! The lead picture as templates have it.

use serde_json::{Value as Json, json};

use super::{Diagnostic, Images, Place};
use crate::article::Article;
use crate::edition::escape::{Place as Spot, escape};
use crate::edition::terms::Terms;
use crate::edition::theme::Theme;
use crate::edition::tokens::Tokens;

/// `url`, `alt`, `width` and `height` as it is shown, `link`, an address that leads to it, and `text`, what plain text has in
/// its place; null when there is none.
pub fn lead_value(article: &Article, key: &str, images: &Images, terms: &Terms, tokens: &mut Tokens) -> Json {
    let Some((lead, image)) = article.image.as_ref().zip(images.get(key)) else { return Json::Null };
    let (width, height) = image.size.unwrap_or_default();
    // The address is ours and no value: `cid:` is none that a value may have.
    let url = tokens.hold(escape(Spot::Attribute, &image.url));
    let link = if image.url.starts_with("https://") { image.url.as_str() } else { "" };
    let alt = lead.alt.as_deref().unwrap_or_default();
    let text = if alt.is_empty() { String::new() } else { format!("[{}: {alt}]", terms.image) };
    json!({"url": url, "alt": alt, "width": width, "height": height, "link": link, "text": text})
}

/// A lead picture that the theme doesn't show.
pub fn unshown(article: &Article, theme: &Theme) -> Option<Diagnostic> {
    let lead = article.image.as_ref()?;
    let shows = theme.files.values().any(|source| source.contains("article.image"));
    let warning = Diagnostic::warning(format!("the theme `{}` shows no lead picture", theme.name)).at(Place::span(
        &*article.file,
        &article.source,
        lead.range.clone(),
    ));
    (!shows).then(|| {
        warning
            .help("name it in the text instead, as in ![A red door](door.jpg), or set name = \"magazine\" in [theme]")
    })
}
