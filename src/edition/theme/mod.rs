//! The theme: Tera templates that make MJML and text of an article, chosen by `[theme] name`.
//!
//! A [`Theme`] is laid together from what is built in and what the publication has of its own ([`Theme::load`]); its
//! [`Schema`] says which settings it takes. What the settings come to, with the fixed words: [`look`], [`words`].

pub mod builtin;
pub mod contrast;
pub mod schema;
pub mod words;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostic, Place, Result, did_you_mean, shown_path};
pub use schema::{Schema, Wrong};

/// The template that is rendered to MJML.
pub const MJML: &str = "article.mjml";
/// The template that is rendered to plain text.
pub const TEXT: &str = "article.txt";
/// What a theme says of itself and its settings.
const ABOUT: &str = "theme.toml";
/// The theme of a publication that names none.
pub const DEFAULT: &str = "letter";

/// What themes leave free on both sides of a text, in CSS pixels.
const MARGIN: usize = 32;
/// No page of a mail is wider.
const WIDEST: usize = 2000;

/// The widths of a page, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    pub width: usize,
    /// The width of the text, and of the pictures in it.
    pub column: usize,
}

/// `[theme]` in `letterpress.toml`: values that the templates find as `theme.NAME`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ThemeSettings(pub toml::Table);

impl ThemeSettings {
    /// The theme that is chosen.
    pub fn name(&self) -> &str {
        self.0.get("name").and_then(toml::Value::as_str).unwrap_or(DEFAULT)
    }
}

/// Template sources by the name that templates know them by: `article.mjml`, `partials/style.mjml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Theme {
    #[serde(default)]
    pub name: String,
    pub files: BTreeMap<String, String>,
    /// Where a file comes from, as its author knows it.
    #[serde(default)]
    pub origins: BTreeMap<String, String>,
    #[serde(default)]
    pub schema: Schema,
}

impl Theme {
    /// A theme that is built in; `None` when there is none of that name.
    pub fn builtin(name: &str) -> Option<Theme> {
        let own = builtin::of(name)?;
        let mut layers = Layers::default();
        layers.add_builtin(builtin::SHARED, "");
        layers.add_builtin(own, name);
        layers.into_theme(name).ok()
    }

    /// Lays the theme `name` together, later ones over earlier ones: the files that all themes share, those built in under
    /// this name, those that lie directly in `folder`, and those in its subfolder of this name.
    ///
    /// # Errors
    /// A theme that isn't there or lacks one of its two main templates, a file that can't be read or has control characters.
    pub fn load(folder: &Path, name: &str) -> Result<Theme> {
        let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        let own = folder.join(name);
        let inside = builtin::of(name);
        if name.is_empty() || !is_plain || (inside.is_none() && !own.join(MJML).is_file()) {
            return Err(unknown(folder, name));
        }
        let mut layers = Layers::default();
        layers.add_builtin(builtin::SHARED, "");
        layers.add_builtin(inside.unwrap_or_default(), name);
        layers.read_folder(folder, "", "templates")?;
        layers.read_folder(&own, "", &format!("templates/{name}"))?;
        layers.into_theme(name)
    }

    /// How wide pictures are shown.
    pub fn page(&self, settings: &ThemeSettings) -> Page {
        let width = self.schema.look(&settings.0).get("width").and_then(serde_json::Value::as_u64);
        let width = width.and_then(|width| usize::try_from(width).ok()).filter(|width| *width <= WIDEST);
        let width = width.filter(|width| *width > 2 * MARGIN).unwrap_or(600);
        Page { width, column: width - 2 * MARGIN }
    }

    /// A template's name as its author knows it.
    pub fn shown_name(&self, file: &str) -> String {
        self.origins.get(file).cloned().unwrap_or_else(|| format!("templates/{file}"))
    }
}

/// The names of the themes that can be chosen: those built in, and the publication's own.
pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = builtin::THEMES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut own: Vec<String> = entries
        .filter(|entry| entry.path().join(MJML).is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !names.contains(name))
        .collect();
    own.sort();
    names.append(&mut own);
    names
}

fn unknown(folder: &Path, name: &str) -> Diagnostic {
    let known = names(folder);
    let error = Diagnostic::error(format!("there is no theme `{name}`"));
    let error = match did_you_mean(name, known.iter().map(String::as_str)) {
        Some(likely) => error.help(format!("did you mean `{likely}`?")),
        None => error.help(format!("there are {}", known.join(", "))),
    };
    error.help(format!("a theme of your own is a folder {} with {MJML} and {TEXT}", shown_path(&folder.join("NAME"))))
}

/// Files laid over one another.
#[derive(Default)]
struct Layers {
    files: BTreeMap<String, String>,
    origins: BTreeMap<String, String>,
}

impl Layers {
    fn add(&mut self, name: String, text: String, origin: String) {
        self.origins.insert(name.clone(), origin);
        self.files.insert(name, text);
    }

    fn add_builtin(&mut self, files: &[(&str, &str)], theme: &str) {
        for (name, text) in files {
            let shown = if theme.is_empty() { (*name).to_owned() } else { format!("{theme}/{name}") };
            self.add((*name).to_owned(), (*text).to_owned(), format!("{shown} (built in)"));
        }
    }

    /// Adds the templates below a folder, if it is there. The folders of whole themes beside them are not part of it.
    fn read_folder(&mut self, folder: &Path, prefix: &str, shown: &str) -> Result<()> {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Diagnostic::io("read the folder", folder, &error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| Diagnostic::io("read the folder", folder, &error))?;
            let path = entry.path();
            let Some(file) = entry.file_name().to_str().map(str::to_owned) else { continue };
            let name = format!("{prefix}{file}");
            // A link could lead out of the theme's folder; the type of the entry itself says so.
            let kind = entry.file_type().map_err(|error| Diagnostic::io("read", &path, &error))?;
            if kind.is_dir() {
                let is_theme = builtin::of(&name).is_some() || path.join(MJML).is_file();
                if !(shown == "templates" && is_theme) {
                    self.read_folder(&path, &format!("{name}/"), &format!("{shown}/{file}"))?;
                }
            } else if kind.is_file() && (file.ends_with(".mjml") || file.ends_with(".txt") || name == ABOUT) {
                let text = std::fs::read_to_string(&path).map_err(|error| Diagnostic::io("read", &path, &error))?;
                let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n");
                let shown = format!("{shown}/{file}");
                if let Some((at, c)) = text.char_indices().find(|(_, c)| c.is_control() && *c != '\n' && *c != '\t') {
                    return Err(Diagnostic::error(format!("a template has the control character {c:?}"))
                        .at(Place::span(shown, &text, at..at + c.len_utf8()))
                        .help("remove it"));
                }
                self.add(name, text, shown);
            }
        }
        Ok(())
    }

    fn into_theme(mut self, name: &str) -> Result<Theme> {
        // A theme of one's own that says nothing of its settings takes those of the first one.
        let about = self.files.remove(ABOUT).unwrap_or_else(|| builtin::about(DEFAULT).to_owned());
        let shown = self.origins.remove(ABOUT).unwrap_or_else(|| format!("{DEFAULT}/{ABOUT} (built in)"));
        let schema = Schema::parse(&shown, &about)?;
        for file in [MJML, TEXT] {
            if !self.files.contains_key(file) {
                return Err(Diagnostic::error(format!("the theme `{name}` has no {file}"))
                    .help(format!("write templates/{name}/{file}")));
            }
        }
        Ok(Theme { name: name.to_owned(), files: self.files, origins: self.origins, schema })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn the_builtin_themes_are_the_folder_templates() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        for (name, _) in builtin::THEMES {
            let mut read = Theme::load(&folder, name).unwrap();
            assert!(read.origins.values().all(|origin| origin.starts_with("templates/")), "{:?}", read.origins);
            let built = Theme::builtin(name).unwrap();
            read.origins.clone_from(&built.origins);
            assert_eq!(built, read, "a template was added or removed: name it in theme/builtin.rs");
        }
    }

    #[test]
    fn a_file_of_ones_own_replaces_the_one_of_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        write(folder, "article.txt", "own text");
        write(folder, "partials/style.mjml", "own style");
        write(folder, "magazine/partials/style.mjml", "the magazine's style");
        write(folder, "mine/article.mjml", "<mjml></mjml>");
        write(folder, "notes.md", "no template");
        let letter = Theme::load(folder, "letter").unwrap();
        assert_eq!((&*letter.files["article.txt"], &*letter.files["partials/style.mjml"]), ("own text", "own style"));
        assert_eq!(letter.shown_name("article.txt"), "templates/article.txt");
        assert_eq!(letter.shown_name("article.mjml"), "letter/article.mjml (built in)");
        assert!(!letter.files.keys().any(|name| name.starts_with("mine") || name.starts_with("magazine")));
        let magazine = Theme::load(folder, "magazine").unwrap();
        assert_eq!(magazine.files["partials/style.mjml"], "the magazine's style");
        assert_eq!(magazine.shown_name("partials/style.mjml"), "templates/magazine/partials/style.mjml");
        let mine = Theme::load(folder, "mine").unwrap();
        assert_eq!((&*mine.files["article.mjml"], &*mine.files["article.txt"]), ("<mjml></mjml>", "own text"));
        assert_eq!(names(folder), ["letter", "magazine", "plain", "mine"]);
    }

    #[test]
    fn a_theme_that_is_not_there_is_an_error_that_names_the_likely_one() {
        let folder = tempfile::tempdir().unwrap();
        let error = Theme::load(folder.path(), "magazin").unwrap_err();
        assert_eq!(error.helps()[0], "did you mean `magazine`?");
        for name in ["", "..", "../letter", "letter/partials"] {
            assert!(Theme::load(folder.path(), name).is_err(), "{name}");
        }
        write(folder.path(), "half/article.mjml", "<mjml></mjml>");
        assert!(Theme::load(folder.path(), "half").unwrap_err().message().contains("no article.txt"));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc", folder.path().join("etc")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", folder.path().join("host.txt")).unwrap();
        let theme = Theme::load(folder.path(), "letter").unwrap();
        assert!(!theme.files.keys().any(|name| name.contains("etc") || name.contains("host")));
    }
}
