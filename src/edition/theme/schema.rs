//! Which settings a theme takes, of which type, with which defaults: read from its `theme.toml`.
//!
//! [`Schema::check`] refuses what a theme doesn't know or can't use, [`Schema::look`] makes the values that templates find
//! as `theme.NAME`, and [`Schema::faint`] finds pairs of colours that can't be read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::contrast::{Colour, ENOUGH, ratio};
use super::words;
use crate::diagnostic::{Diagnostic, Place, Result, did_you_mean};
use crate::edition::escape::is_link;

/// What a theme says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// One sentence.
    #[serde(default)]
    pub about: String,
    /// Colours of words, each with the colour that they stand on.
    #[serde(default)]
    pub contrast: Vec<(String, String)>,
    #[serde(default)]
    pub settings: BTreeMap<String, Setting>,
}

/// One setting of a theme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    #[serde(rename = "type")]
    pub kind: Kind,
    pub default: Json,
    pub about: String,
    /// The least and the most, for a number.
    #[serde(default)]
    pub range: Option<(i64, i64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `#rgb` or `#rrggbb`.
    Colour,
    /// Names of fonts, separated by commas.
    Font,
    /// A whole number of pixels.
    Pixels,
    /// An address that begins with https:.
    Url,
    Text,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Colour => "colour",
            Kind::Font => "font",
            Kind::Pixels => "pixels",
            Kind::Url => "url",
            Kind::Text => "text",
        }
    }
}

/// A setting that is wrong: in which table, under which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    pub table: &'static str,
    pub key: String,
    pub message: String,
    pub help: String,
}

/// The keys of `[theme]` that every theme has.
const COMMON: [&str; 3] = ["name", "words", "extra"];

impl Schema {
    /// Reads a `theme.toml`.
    ///
    /// # Errors
    /// The first mistake, with its place; also defaults of the wrong type and contrasts of unknown colours.
    pub fn parse(file: &str, text: &str) -> Result<Schema> {
        let schema: Schema =
            toml::from_str(text).map_err(|error| crate::article::toml_diagnostic(file, text, 0, &error))?;
        let at = |word: &str| Place::span(file, text, text.find(word).map_or(0..0, |at| at..at + word.len()));
        for (key, setting) in &schema.settings {
            if COMMON.contains(&key.as_str()) {
                return Err(Diagnostic::error(format!("every theme has `{key}` already"))
                    .at(at(key))
                    .help("give this setting another name"));
            }
            let value = toml::Value::try_from(&setting.default).ok();
            if let Err(help) = value.as_ref().ok_or_else(String::new).and_then(|value| setting.check(value)) {
                return Err(Diagnostic::error(format!("the default of `{key}` is no {}", setting.kind.name()))
                    .at(at(key))
                    .help(help));
            }
        }
        for name in schema.contrast.iter().flat_map(|(one, other)| [one, other]) {
            if schema.settings.get(name).is_none_or(|setting| setting.kind != Kind::Colour) {
                return Err(Diagnostic::error(format!("`contrast` names `{name}`, which is no colour of this theme"))
                    .at(at(&format!("\"{name}\"")))
                    .help("name keys of [settings] whose type is \"colour\""));
            }
        }
        Ok(schema)
    }

    /// Looks at every key of `[theme]`.
    ///
    /// # Errors
    /// The first that the theme doesn't know, or whose value is of the wrong type.
    pub fn check(&self, settings: &toml::Table) -> Result<(), Wrong> {
        for (key, value) in settings {
            match (key.as_str(), self.settings.get(key)) {
                ("name", _) if value.is_str() => {}
                ("name", _) => return Err(wrong("theme", key, "is no text", "name a theme, as in name = \"letter\"")),
                ("extra", _) if value.is_table() => {}
                ("extra", _) => return Err(wrong("theme", key, "is no table", "write [theme.extra]")),
                ("words", _) => check_words(value)?,
                (_, Some(setting)) => setting.check(value).map_err(|help| {
                    wrong("theme", key, &format!("`{}` is no {}", shown(value), setting.kind.name()), &help)
                })?,
                (_, None) => {
                    let known = self.settings.keys().map(String::as_str).chain(COMMON);
                    let help = match did_you_mean(key, known) {
                        Some(likely) => format!("did you mean `{likely}`?"),
                        None => "`letterpress theme settings` lists them; your own go into [theme.extra]".to_owned(),
                    };
                    return Err(wrong("theme", key, "the theme has no such setting", &help));
                }
            }
        }
        Ok(())
    }

    /// The value of every setting, by the key that templates know: what is set, else the default.
    pub fn look(&self, settings: &toml::Table) -> Map<String, Json> {
        let mut look: Map<String, Json> =
            self.settings.iter().map(|(key, setting)| (key.clone(), setting.default.clone())).collect();
        look.insert("extra".to_owned(), Json::Object(Map::new()));
        for (key, value) in settings.iter().filter(|(key, _)| *key != "words") {
            look.insert(key.clone(), serde_json::to_value(value).unwrap_or(Json::Null));
        }
        look
    }

    /// Warnings for words that can hardly be read on what they stand on, by light and by dark.
    pub fn faint(&self, settings: &toml::Table) -> Vec<Diagnostic> {
        let look = self.look(settings);
        let colour = |key: &str| look.get(key).and_then(Json::as_str).and_then(Colour::parse);
        let dark = |key: &str| Some(format!("{key}_dark")).filter(|dark| self.settings.contains_key(dark));
        let mut faint = Vec::new();
        for (one, other) in &self.contrast {
            // A button keeps its colours by dark: only where both have another one does the pair change.
            let by_dark = dark(one).zip(dark(other));
            for (one, other) in [Some((one.clone(), other.clone())), by_dark].into_iter().flatten() {
                let Some((words, ground)) = colour(&one).zip(colour(&other)) else { continue };
                let ratio = ratio(words, ground);
                if ratio < ENOUGH {
                    // Rounded down, so that 4.499 isn't said to be 4.5.
                    let ratio = (ratio * 100.0).floor() / 100.0;
                    faint.push(
                        Diagnostic::warning(format!("`{one}` on `{other}` has a contrast of {ratio}: hard to read"))
                            .at(Place::file("letterpress.toml"))
                            .help(format!("change one of them in [theme] until it is {ENOUGH} or more (WCAG AA)")),
                    );
                }
            }
        }
        faint
    }
}

impl Setting {
    /// Whether a value is of the right type; if not, how a right one looks.
    fn check(&self, value: &toml::Value) -> Result<(), String> {
        let text = value.as_str();
        let right = match self.kind {
            Kind::Colour => text.is_some_and(|text| Colour::parse(text).is_some()),
            Kind::Font => text.is_some_and(is_font_list),
            Kind::Pixels => {
                value.as_integer().is_some_and(|n| self.range.is_none_or(|(least, most)| (least..=most).contains(&n)))
            }
            Kind::Url => text.is_some_and(|text| text.is_empty() || (is_link(text) && text.starts_with("https://"))),
            Kind::Text => text.is_some(),
        };
        if right {
            return Ok(());
        }
        Err(match (self.kind, self.range) {
            (Kind::Colour, _) => "write it as in \"#8a3b12\"".to_owned(),
            (Kind::Font, _) => {
                "write names without quotes, separated by commas, as in \"Palatino, Georgia, serif\"".to_owned()
            }
            (Kind::Pixels, Some((least, most))) => format!("write a whole number from {least} to {most}"),
            (Kind::Pixels, None) => "write a whole number".to_owned(),
            (Kind::Url, _) => "write an address that begins with https://".to_owned(),
            (Kind::Text, _) => "write a text between quotes".to_owned(),
        })
    }
}

/// Names that need no quotes in a style and can't leave it.
fn is_font_list(text: &str) -> bool {
    let is_name = |name: &str| {
        let name = name.trim();
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || " -_".contains(c))
    };
    text.split(',').all(is_name)
}

fn check_words(value: &toml::Value) -> Result<(), Wrong> {
    let Some(table) = value.as_table() else {
        return Err(wrong("theme", "words", "is no table", "write [theme.words]"));
    };
    for (key, value) in table {
        match value {
            toml::Value::String(_) if words::KEYS.contains(&key.as_str()) => {}
            toml::Value::Table(of_language) if crate::publication::is_language_tag(key) => {
                for (key, value) in of_language {
                    if !value.is_str() || !words::KEYS.contains(&key.as_str()) {
                        return Err(wrong_word(key));
                    }
                }
            }
            _ => return Err(wrong_word(key)),
        }
    }
    Ok(())
}

fn wrong_word(key: &str) -> Wrong {
    let help = match did_you_mean(key, words::KEYS).filter(|likely| *likely != key) {
        Some(likely) => format!("did you mean `{likely}`?"),
        None => format!(
            "the words are {}, each a text; a language is a table, as in [theme.words.de]",
            words::KEYS.join(", ")
        ),
    };
    wrong("theme.words", key, "is no word of the themes", &help)
}

fn wrong(table: &'static str, key: &str, message: &str, help: &str) -> Wrong {
    Wrong { table, key: key.to_owned(), message: message.to_owned(), help: help.to_owned() }
}

fn shown(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::{Theme, builtin};
    use super::*;

    fn letter() -> Schema {
        Theme::builtin("letter").unwrap().schema
    }

    fn check(text: &str) -> Result<(), Wrong> {
        letter().check(&toml::from_str(text).unwrap())
    }

    #[test]
    fn the_colours_of_every_theme_can_be_read() {
        for (name, _) in builtin::THEMES {
            let schema = Theme::builtin(name).unwrap().schema;
            assert!(schema.contrast.len() >= 6, "{name}");
            let faint = schema.faint(&toml::Table::new());
            assert!(faint.is_empty(), "{name}: {faint:?}");
        }
    }

    #[test]
    fn colours_of_ones_own_that_are_faint_are_named() {
        let settings = toml::from_str("accent = '#ddbb99'\npaper_dark = '#777777'").unwrap();
        let faint = letter().faint(&settings);
        let said: Vec<&str> = faint.iter().map(Diagnostic::message).collect();
        assert!(said.iter().any(|said| said.starts_with("`accent` on `paper` has a contrast of 1.7")), "{said:?}");
        assert!(said.iter().any(|said| said.contains("`ink_dark` on `paper_dark`")), "{said:?}");
    }

    #[test]
    fn settings_are_checked_by_type_and_likely_ones_are_named() {
        check("name = 'letter'\naccent = '#123'\nfont = 'Georgia, serif'\nwidth = 640\nextra = {x = 1}").unwrap();
        check("words = {unsubscribe = 'x', de = {read_more = 'y'}}\nlogo = 'https://example.com/a.png'").unwrap();
        for (text, key, help) in [
            ("acent = '#123456'", "acent", "did you mean `accent`?"),
            ("accent = 'red'", "accent", "write it as in \"#8a3b12\""),
            ("accent = 1", "accent", "write it as in"),
            ("font = 'a\"; x'", "font", "without quotes"),
            ("font = 'Georgia,,serif'", "font", "without quotes"),
            ("width = '600px'", "width", "a whole number from"),
            ("width = 20", "width", "a whole number from"),
            ("logo = 'http://example.com/a.png'", "logo", "begins with https"),
            ("zzzz = 1", "zzzz", "letterpress theme settings"),
            ("extra = 1", "extra", "[theme.extra]"),
            ("words = {unsubscrib = 'x'}", "unsubscrib", "did you mean `unsubscribe`?"),
            ("words = {de = {unsubscribe = 1}}", "unsubscribe", "each a text"),
        ] {
            let wrong = check(text).unwrap_err();
            assert!(wrong.key == key && wrong.help.contains(help), "{text}: {wrong:?}");
        }
    }

    #[test]
    fn a_wrong_theme_toml_is_placed() {
        for (text, expected) in [
            ("about = 'x'\n[settings]\nred = {type='colour', default='red', about=''}", "t:3:1"),
            ("contrast = [['a', \"b\"]]\n[settings]\na = {type='colour', default='#fff', about=''}", "t:1:19"),
            ("[settings]\nwords = {type='text', default='', about=''}", "t:2:1"),
            ("[settings]\nx = {type='color', default='', about=''}", "t:2:11"),
        ] {
            assert_eq!(Schema::parse("t", text).unwrap_err().place().unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_set_comes_before_the_default() {
        let look = letter().look(&toml::from_str("width = 640\nwords = {unsubscribe = 'x'}").unwrap());
        assert_eq!((&look["width"], &look["text_size"]), (&Json::from(640), &Json::from(18)));
        assert!(look["extra"].is_object() && look.get("words").is_none());
    }
}
