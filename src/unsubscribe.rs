//! How does one leave in one click: signed tokens and the links that carry them.

use serde::Deserialize;

use crate::publication::SettingError;

/// `[unsubscribe]` in `letterpress.toml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnsubscribeSettings {
    pub url: Option<String>,
}

impl UnsubscribeSettings {
    /// Checks the settings.
    pub fn check(&self) -> Result<(), SettingError> {
        match &self.url {
            Some(url) if !url.contains("{token}") => Err(SettingError::new(
                "url",
                "it has no `{token}`",
                "write it as in `https://example.com/unsubscribe/{token}`",
            )),
            _ => Ok(()),
        }
    }
}
