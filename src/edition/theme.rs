//! The theme: Tera templates that make MJML and text of an article. Read from `templates/`, or the one that is built in.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::shortcode;
use crate::diagnostic::{Diagnostic, Result, shown_path};

/// The template that is rendered to MJML.
pub const MJML: &str = "article.mjml";
/// The template that is rendered to plain text.
pub const TEXT: &str = "article.txt";

/// `[theme]` in `letterpress.toml`: values that the templates find as `theme.NAME`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ThemeSettings(pub toml::Table);

impl ThemeSettings {
    /// The widest an image is shown, in CSS pixels: the `width` that is set, or 600, without the space on both sides.
    pub fn column(&self) -> usize {
        let width = match self.0.get("width") {
            Some(toml::Value::Integer(width)) => usize::try_from(*width).ok(),
            Some(toml::Value::String(width)) => width.trim_end_matches("px").trim().parse().ok(),
            _ => None,
        };
        width.filter(|width| (200..=2000).contains(width)).unwrap_or(600) - 64
    }
}

/// Template sources by their name, which is the path below `templates/` with forward slashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Theme {
    pub files: BTreeMap<String, String>,
}

macro_rules! builtin {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("../../templates/", $name)))),*] };
}

/// The theme built into the program, the same as `templates/` of this project.
const BUILTIN: &[(&str, &str)] =
    builtin!["article.mjml", "article.txt", "partials/colophon.mjml", "partials/masthead.mjml", "partials/style.mjml",];

impl Theme {
    /// The built-in theme.
    pub fn builtin() -> Theme {
        let mut files = BUILTIN.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        shortcode::builtin::complete(&mut files);
        Theme { files }
    }

    /// Reads every `.mjml` and `.txt` file below `folder`; a folder that isn't there means the built-in theme.
    ///
    /// # Errors
    /// A file that can't be read or has control characters, or a theme without its two main templates.
    pub fn load(folder: &Path) -> Result<Theme> {
        if !folder.is_dir() {
            return Ok(Theme::builtin());
        }
        let mut theme = Theme { files: BTreeMap::new() };
        theme.read_folder(folder, "")?;
        for name in [MJML, TEXT] {
            if !theme.files.contains_key(name) {
                return Err(Diagnostic::error(format!("the theme has no {name}")).help(format!(
                    "write {}, or remove the folder to use the built-in theme",
                    shown_path(&folder.join(name))
                )));
            }
        }
        shortcode::builtin::complete(&mut theme.files);
        Ok(theme)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> Result<()> {
        let entries = std::fs::read_dir(folder).map_err(|error| Diagnostic::io("read the folder", folder, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| Diagnostic::io("read the folder", folder, &error))?;
            let path = entry.path();
            let Some(name) = entry.file_name().to_str().map(|name| format!("{prefix}{name}")) else { continue };
            // A link could lead out of the theme's folder; the type of the entry itself says so.
            let kind = entry.file_type().map_err(|error| Diagnostic::io("read", &path, &error))?;
            if kind.is_dir() {
                self.read_folder(&path, &format!("{name}/"))?;
            } else if kind.is_file() && (name.ends_with(".mjml") || name.ends_with(".txt")) {
                let text = std::fs::read_to_string(&path).map_err(|error| Diagnostic::io("read", &path, &error))?;
                let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n");
                if let Some(c) = text.chars().find(|c| c.is_control() && *c != '\n' && *c != '\t') {
                    return Err(Diagnostic::error(format!("templates/{name} has the control character {c:?}"))
                        .help("remove it"));
                }
                self.files.insert(name, text);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_theme_is_the_folder_templates() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        assert_eq!(
            Theme::builtin(),
            Theme::load(&folder).unwrap(),
            "a template was added or removed: name it in BUILTIN"
        );
    }
}
