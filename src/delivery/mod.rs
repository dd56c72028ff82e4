//! What did the relay say.

use serde::Deserialize;

/// `[relay]` in `letterpress.toml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelaySettings {
    pub url: Option<String>,
}
