//! `[send]` in `letterpress.toml`: how patient a mailing is, and when it stops by itself.

use std::time::Duration;

use serde::Deserialize;

use crate::delivery::{Backoff, duration};
use crate::publication::SettingError;

/// The settings as they are written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendSettings {
    /// For how long readers whom the relay puts off are tried again, as in `24h`; `0` tries each reader once.
    pub retry_for: Option<String>,
    /// How long to wait before the first try after that; each further wait is twice as long, up to an hour.
    pub retry_after: Option<String>,
    /// Suppress the addresses that the relay says don't exist (5.1.1).
    #[serde(default)]
    pub suppress_unknown: bool,
}

/// The same, as a run needs it.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    pub retry_for: Duration,
    pub retry_after: Backoff,
}

impl SendSettings {
    /// Reads the times.
    ///
    /// # Errors
    /// The setting that is wrong.
    pub fn patience(&self) -> Result<Patience, SettingError> {
        let time = |key: &'static str, text: &Option<String>, usual: Duration| match text {
            None => Ok(usual),
            Some(text) => duration(text)
                .ok_or_else(|| SettingError::new(key, format!("`{text}` is no time"), "write it as in 30s, 5m or 24h")),
        };
        let first = time("retry_after", &self.retry_after, Duration::from_secs(60))?;
        Ok(Patience {
            retry_for: time("retry_for", &self.retry_for, Duration::from_secs(24 * 3600))?,
            retry_after: Backoff { first, most: Duration::from_secs(3600).max(first) },
        })
    }
}
