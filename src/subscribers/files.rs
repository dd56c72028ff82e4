//! The files of one list: what a list may be called, and where each of its files lies.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use crate::publication::SettingError;

/// The list that is meant when none is named.
pub const DEFAULT_LIST: &str = "readers";
/// The first line of a list that is begun by name.
pub const NEW_LIST: &str = "email,name,status,tags,language,subscribed_at";
/// Tables of the folder that are no lists.
const OTHERS: [&str; 2] = ["suppressions", "history"];

/// The files that belong to one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// What the list is called: `readers`.
    pub name: String,
    /// The owner's file.
    pub list: PathBuf,
    /// Who must not be written to, whatever a list says.
    pub suppressions: PathBuf,
    /// What was changed, in all lists of the folder.
    pub history: PathBuf,
    /// Held by whoever changes one of them.
    pub lock: PathBuf,
}

impl Files {
    /// The list `readers` in the folder `subscribers/` of a publication.
    pub fn of(folder: &Path) -> Files {
        Self::at(folder, DEFAULT_LIST)
    }

    /// The list of this name in the folder; it need not be there yet.
    ///
    /// # Errors
    /// The name can't be one of a list.
    pub fn named(folder: &Path, name: &str) -> Result<Files> {
        let wrong = |why: &str| {
            Err(Diagnostic::error(format!("`{name}` is no name of a list: {why}"))
                .help("a name is lower-case letters, digits, `-` and `_`, as in `--list readers` for readers.csv"))
        };
        if let Some(stem) = name.strip_suffix(".csv").filter(|stem| check(stem).is_ok()) {
            return wrong(&format!("leave out `.csv`, as in `--list {stem}`"));
        }
        match check(name) {
            Ok(()) => Ok(Self::at(folder, name)),
            Err(why) => wrong(why),
        }
    }

    fn at(folder: &Path, name: &str) -> Files {
        Files {
            name: name.to_owned(),
            list: folder.join(format!("{name}.csv")),
            suppressions: folder.join("suppressions.csv"),
            history: folder.join("history.jsonl"),
            lock: folder.join("subscribers.lock"),
        }
    }

    /// The folder they lie in.
    pub fn folder(&self) -> &Path {
        self.list.parent().unwrap_or(Path::new("."))
    }

    /// The names of all lists of the folder, sorted.
    pub fn all(folder: &Path) -> Vec<String> {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let names = files.filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".csv").map(str::to_owned));
        let mut names: Vec<String> = names.filter(|name| check(name).is_ok()).collect();
        names.sort();
        names
    }

    /// What to say when there is no such list: the one that is likely meant, or what there is.
    pub fn help(&self) -> String {
        let names = Self::all(self.folder());
        match did_you_mean(&self.name, names.iter().map(String::as_str)) {
            Some(likely) => format!("did you mean `--list {likely}`?"),
            None if names.is_empty() => "`letterpress subscribers add ann@example.com` begins one".to_owned(),
            None => format!("there are: {}", names.join(", ")),
        }
    }

    /// A warning when others on this machine may read the list.
    pub fn exposure(&self) -> Option<Diagnostic> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let exposed = [&self.list, &self.suppressions, &self.history].into_iter().find(|path| {
                std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
            })?;
            let path = crate::diagnostic::shown_path(exposed);
            Some(
                Diagnostic::warning(format!("everybody on this machine can read {path}"))
                    .help(format!("chmod 600 {path}")),
            )
        }
        #[cfg(not(unix))]
        None
    }
}

/// What is wrong with a name.
fn check(name: &str) -> Result<(), &'static str> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    match name {
        "" => Err("it is empty"),
        _ if name.len() > 64 => Err("it is longer than 64 characters"),
        _ if !name.bytes().all(allowed) => Err("it has other characters than those"),
        _ if name.starts_with('-') => Err("it begins with `-`"),
        _ if OTHERS.contains(&name) => Err("the program keeps something else under it"),
        _ => Ok(()),
    }
}

/// `[subscribers]` in `letterpress.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListSettings {
    /// The list that is meant when none is named.
    #[serde(default = "default_list")]
    pub list: String,
}

impl Default for ListSettings {
    fn default() -> ListSettings {
        ListSettings { list: default_list() }
    }
}

fn default_list() -> String {
    DEFAULT_LIST.to_owned()
}

impl ListSettings {
    pub fn check(&self) -> Result<(), SettingError> {
        check(&self.list).map_err(|why| {
            SettingError::new(
                "list",
                format!("`{}` is no name of a list: {why}", self.list),
                "as in list = \"readers\"",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_lists_are_plain_words() {
        let folder = Path::new("subscribers");
        for name in ["readers", "de_2026", "press-list", "1"] {
            assert_eq!(Files::named(folder, name).unwrap().list, folder.join(format!("{name}.csv")));
        }
        for name in ["", "..", "../x", "a/b", "Readers", "a b", "-x", "suppressions", "readers.csv", "ä", "a\\b"] {
            assert!(Files::named(folder, name).is_err(), "{name:?}");
        }
        let error = Files::named(folder, "readers.csv").unwrap_err();
        assert!(error.message().contains("`--list readers`"), "{error}");
    }

    #[test]
    fn a_list_that_is_not_there_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["readers.csv", "press.csv", "suppressions.csv", "old list.csv"] {
            std::fs::write(folder.path().join(name), "email\n").unwrap();
        }
        assert_eq!(Files::all(folder.path()), ["press", "readers"]);
        let help = |name| Files::named(folder.path(), name).unwrap().help();
        assert_eq!(help("reader"), "did you mean `--list readers`?");
        assert_eq!(help("zzz"), "there are: press, readers");
    }

    #[cfg(unix)]
    #[test]
    fn a_list_that_everybody_can_read_is_told() {
        use std::os::unix::fs::PermissionsExt;
        let list = super::super::test::list("email\n");
        let mode = |mode| std::fs::set_permissions(&list.files.list, std::fs::Permissions::from_mode(mode)).unwrap();
        mode(0o640);
        assert!(list.files.exposure().is_none());
        mode(0o644);
        assert!(list.files.exposure().unwrap().helps()[0].starts_with("chmod 600 "));
    }
}
