//! Shortcodes: pieces that an article calls by name and a pair of templates makes, `shortcodes/NAME.mjml` and `NAME.txt`.
//!
//! [`Shortcodes`] are those that a theme has, with what each takes; [`calls`] finds them in an article and sends their
//! arguments through Tera; [`instance`] is a call whose arguments are known. How they become blocks: [`super::blocks`].

pub mod calls;
pub mod instance;
mod looks;
pub mod signature;
#[cfg(test)]
mod tests;
pub mod values;

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Place, Result, did_you_mean};
use signature::Signature;

pub use calls::Call;
pub use instance::Instance;
use looks::Looks;

/// One shortcode of a theme.
#[derive(Debug, Clone)]
pub struct Shortcode {
    pub signature: Signature,
    /// Its template makes MJML elements, which stand between paragraphs and never in one.
    pub is_block: bool,
    /// What its templates do with arguments beyond printing them.
    pub looks: Looks,
}

/// The shortcodes of a theme by name.
#[derive(Debug, Clone, Default)]
pub struct Shortcodes(BTreeMap<String, Shortcode>);

/// The folder of a theme in which they lie.
const FOLDER: &str = "shortcodes/";

/// The name of a shortcode's template for HTML.
pub fn mjml_file(name: &str) -> String {
    format!("{FOLDER}{name}.mjml")
}

/// The name of a shortcode's template for plain text.
pub fn text_file(name: &str) -> String {
    format!("{FOLDER}{name}.txt")
}

impl Shortcodes {
    /// Reads what the shortcodes of a theme take.
    ///
    /// # Errors
    /// A template without a signature or without its other half.
    pub fn read(files: &BTreeMap<String, String>) -> Result<Shortcodes> {
        let mut found = BTreeMap::new();
        for (file, template) in files {
            let Some((name, kind)) = file.strip_prefix(FOLDER).and_then(|name| name.rsplit_once('.')) else { continue };
            if name.contains('/') {
                continue;
            }
            let other = if kind == "mjml" { text_file(name) } else { mjml_file(name) };
            if !files.contains_key(&other) {
                return Err(Diagnostic::error(format!(
                    "the shortcode `{name}` has templates/{file} and no templates/{other}"
                ))
                .help("a shortcode is a pair of files: one makes HTML, the other plain text"));
            }
            if kind != "mjml" {
                continue;
            }
            let signature = Signature::parse(name, template).map_err(|wrong| {
                Diagnostic::error(format!("the shortcode `{name}` {wrong}"))
                    .at(Place::span(format!("templates/{file}"), template, 0..2))
                    .help(format!(
                        "begin it with what it takes, as in {{# {name}(url: url, text, align=\"center\") #}}"
                    ))
            })?;
            found.insert(
                name.to_owned(),
                Shortcode {
                    looks: Looks::of(&[template, &files[&other]], &signature),
                    signature,
                    is_block: template.contains("<mj-"),
                },
            );
        }
        Ok(Shortcodes(found))
    }

    pub fn get(&self, name: &str) -> Option<&Shortcode> {
        self.0.get(name)
    }

    /// The shortcode of this name, or why there is none.
    fn named(&self, name: &str) -> Result<&Shortcode, Diagnostic> {
        self.0.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
            let hint = match did_you_mean(name, known.iter().copied()) {
                Some(likely) => format!("did you mean `{likely}`?"),
                None if known.is_empty() => "this theme has no shortcodes".to_owned(),
                None => format!("there are {}", known.join(", ")),
            };
            Diagnostic::error(format!("there is no shortcode `{name}`"))
                .help(hint)
                .help(format!("a new one is a pair of files: templates/{} and .txt", mjml_file(name)))
        })
    }
}
