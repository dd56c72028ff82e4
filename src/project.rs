//! A publication's folder, opened: where its parts lie, and the one place that decides which files stand behind them.

use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::diagnostic::Result;

/// An opened publication.
#[derive(Debug)]
pub struct Project {
    pub root: PathBuf,
    pub config: Config,
}

impl Project {
    /// Opens the folder that holds a `letterpress.toml`.
    pub fn open(root: &Path) -> Result<Project> {
        Ok(Project { root: root.to_path_buf(), config: Config::load(root)? })
    }

    /// Articles.
    pub fn content(&self) -> PathBuf {
        self.root.join("content")
    }

    /// The theme.
    pub fn templates(&self) -> PathBuf {
        self.root.join("templates")
    }

    /// The list files.
    pub fn subscribers(&self) -> PathBuf {
        self.root.join("subscribers")
    }

    /// Sealed mailings and their journals.
    pub fn mailings(&self) -> PathBuf {
        self.root.join("mailings")
    }

    /// What a dry run writes.
    pub fn preview(&self) -> PathBuf {
        self.root.join("preview")
    }
}
