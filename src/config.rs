//! `letterpress.toml`: the settings of a publication, with the place of every mistake.
//!
//! Each module owns its own part; here they are only put together. Unknown keys are errors.

use std::path::Path;

use serde::Deserialize;

use crate::delivery::{LimitSettings, Relays};
use crate::diagnostic::{Diagnostic, Place, Result, shown_path};
use crate::edition::{ThemeSettings, theme};
use crate::mailing::SendSettings;
use crate::message::dkim::DkimSettings;
use crate::publication::{Publication, PublicationSettings, SettingError};
use crate::subscribers::{ListSettings, NamedSegments};
use crate::unsubscribe::UnsubscribeSettings;

/// The name of the file that makes a folder a publication.
pub const FILE_NAME: &str = "letterpress.toml";

/// All of `letterpress.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub publication: PublicationSettings,
    #[serde(default)]
    pub unsubscribe: UnsubscribeSettings,
    #[serde(default)]
    pub relay: Relays,
    #[serde(default)]
    pub limits: LimitSettings,
    #[serde(default)]
    pub send: SendSettings,
    #[serde(default)]
    pub theme: ThemeSettings,
    #[serde(default)]
    pub dkim: DkimSettings,
    #[serde(default)]
    pub segments: NamedSegments,
    #[serde(default)]
    pub subscribers: ListSettings,
}

/// The settings and the text they were read from, for error messages.
#[derive(Debug, Clone)]
pub struct Config {
    pub settings: Settings,
    pub publication: Publication,
    source: String,
}

impl Config {
    /// Reads and checks `letterpress.toml` in `root`.
    pub fn load(root: &Path) -> Result<Config> {
        let path = root.join(FILE_NAME);
        let source = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Diagnostic::error(format!("there is no {FILE_NAME} in {}", shown_path(root)))
                    .help("go to the publication's folder, or name it with --root DIR")
                    .help("`letterpress init DIR` makes a new publication")
            }
            _ => Diagnostic::io("read", &path, &error),
        })?;
        Self::parse(source)
    }

    /// Checks the text of a `letterpress.toml`.
    pub fn parse(source: String) -> Result<Config> {
        let settings: Settings = toml::from_str(&source).map_err(|error| {
            let diagnostic = toml_error(FILE_NAME, &source, &error);
            // `[name]` and `[[name]]` in one file: the one is a table, the other a list of them.
            let list =
                diagnostic.place().and_then(|place| place.excerpt.trim_start().strip_prefix("[[")?.split(']').next());
            match list.filter(|_| error.message() == "duplicate key") {
                Some(name) => {
                    let help = format!("a [{name}] stands above it: of several, each is a [[{name}]]");
                    diagnostic.clone().help(help)
                }
                None => diagnostic,
            }
        })?;
        let publication = Publication::from_settings(settings.publication.clone())
            .map_err(|error| setting_error("publication", 0, &source, &error))?;
        let config = Config { settings, publication, source };
        config.settings.unsubscribe.check().map_err(|error| config.wrong("unsubscribe", &error))?;
        for (nth, relay) in config.settings.relay.0.iter().enumerate() {
            relay.check().map_err(|error| setting_error("relay", nth, &config.source, &error))?;
        }
        config.settings.subscribers.check().map_err(|error| config.wrong("subscribers", &error))?;
        config.settings.limits.check().map_err(|error| config.wrong("limits", &error))?;
        config.settings.send.patience().map_err(|error| config.wrong("send", &error))?;
        config.settings.segments.check()?;
        let from = config.publication.from.address.domain();
        config.settings.dkim.check(from).map_err(|(nth, error)| setting_error("dkim", nth, &config.source, &error))?;
        Ok(config)
    }

    /// The diagnostic for a setting of `section` that is wrong in itself.
    pub fn wrong(&self, section: &str, error: &SettingError) -> Diagnostic {
        setting_error(section, 0, &self.source, error)
    }

    /// The diagnostic for a setting that the theme doesn't take.
    pub fn wrong_look(&self, wrong: &theme::Wrong) -> Diagnostic {
        key_error(wrong.table, 0, &self.source, &wrong.key, &wrong.message).help(&*wrong.help)
    }
}

/// A TOML error with its place and, for an unknown key, the key that was likely meant.
pub fn toml_error(file: &str, source: &str, error: &toml::de::Error) -> Diagnostic {
    crate::article::toml_diagnostic(file, source, 0, error)
}

/// The diagnostic for the `nth` table of that name, counted from 0.
fn setting_error(section: &str, nth: usize, source: &str, error: &SettingError) -> Diagnostic {
    key_error(section, nth, source, error.key, &error.message).help(&*error.help)
}

fn key_error(section: &str, nth: usize, source: &str, key: &str, message: &str) -> Diagnostic {
    let place = find_key(source, section, nth, key)
        .map_or_else(|| Place::file(FILE_NAME), |range| Place::span(FILE_NAME, source, range));
    Diagnostic::error(format!("`{key}` in [{section}]: {message}")).at(place)
}

/// Where `key` of the `nth` `[section]` or `[[section]]` is written.
fn find_key(source: &str, section: &str, nth: usize, key: &str) -> Option<std::ops::Range<usize>> {
    let mut offset = 0;
    let mut tables = 0;
    let mut inside = false;
    for line in source.split_inclusive('\n') {
        // A comment may stand behind a header.
        let text = line.split('#').next().unwrap_or_default().trim();
        if text.starts_with('[') {
            let is_it = text.trim_start_matches('[').trim_end_matches(']').trim() == section;
            inside = is_it && tables == nth;
            tables += usize::from(is_it);
        } else if inside && text.split('=').next().is_some_and(|left| left.trim() == key) {
            let start = offset + line.len() - line.trim_start().len();
            return Some(start..offset + line.trim_end().len());
        }
        offset += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[publication]\nname = 'N'\nfrom = 'a@example.com'\npostal_address = 'P'\n\n[unsubscribe]\nurl = 'https://example.com/u/{token}'\n";

    #[test]
    fn a_small_file_is_enough() {
        assert_eq!(Config::parse(GOOD.into()).unwrap().publication.name, "N");
    }

    #[test]
    fn mistakes_are_placed_and_likely_keys_named() {
        let error = Config::parse(GOOD.replace("postal_address", "postal_adress")).unwrap_err();
        assert!(error.render(false).contains("did you mean `postal_address`"), "{}", error.render(false));
        let error = Config::parse(GOOD.replace("a@example.com", "a@gmail.com")).unwrap_err();
        assert_eq!(error.place().unwrap().line, 3, "{}", error.render(false));
        let error = Config::parse(GOOD.replace("{token}", "")).unwrap_err();
        assert_eq!(error.place().unwrap().line, 7, "{}", error.render(false));
        for (limits, line) in [
            ("per_day = [200]", 10),
            ("[limits.domains]\n'example.org' = '5/fortnight'", 11),
            ("presets = true\nper_day_form = 2026-11-20", 11),
        ] {
            let error = Config::parse(format!("{GOOD}\n[limits]\n{limits}\n")).unwrap_err();
            assert_eq!(error.place().unwrap().line, line, "{}", error.render(false));
        }
    }

    #[test]
    fn mistakes_in_one_of_several_tables_are_placed_in_it() {
        let two = |second: &str| format!("{GOOD}[[dkim]] # RSA\nselector = 'a'\n\n[[ dkim ]]\n{second}");
        assert_eq!(Config::parse(two("selector = 'b'")).unwrap().settings.dkim.keys.len(), 2);
        let line = |second: &str| {
            let error = Config::parse(two(second)).unwrap_err();
            (error.place().map_or(0, |place| place.line), error.message().to_owned())
        };
        let dkim = GOOD.lines().count() + 5;
        assert_eq!(line("selector = 'a'"), (dkim, "`selector` in [dkim]: `a` is there twice".to_owned()));
        assert_eq!(line("selector = 'b'\ndomain = 'example.org'").0, dkim + 1);
        assert_eq!(line("selector = 'b'\nselektor = 'c'"), (dkim + 1, "unknown key `selektor`".to_owned()));
        let mixed = format!("{GOOD}[dkim]\nselector = 'a'\n[[dkim]]\nselector = 'b'");
        assert!(Config::parse(mixed).unwrap_err().helps()[0].contains("each is a [[dkim]]"));
        let one = format!("{GOOD}[dkim]\nselector = 'a b'");
        assert_eq!(Config::parse(one).unwrap_err().place().unwrap().line, dkim - 3);
    }
}
