//! What is set in type, once, for a group of readers.

use serde::{Deserialize, Serialize};

/// `[theme]` in `letterpress.toml`: values that the templates find as `theme.NAME`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ThemeSettings(pub toml::Table);
