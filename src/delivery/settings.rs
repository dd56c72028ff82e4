//! `[relay]` in `letterpress.toml`: where the relay is, how to log in, how long to wait.

use std::time::Duration;

use serde::Deserialize;

use crate::publication::SettingError;

/// The settings as they are written. Secrets are never written here, only where they are.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelaySettings {
    /// `smtps://…`, `smtp://…`, `file:DIR` or `discard:`.
    pub url: Option<String>,
    /// The user to log in as.
    pub user: Option<String>,
    /// The environment variable that holds the password.
    pub password_env: Option<String>,
    /// The file that holds the password.
    pub password_file: Option<String>,
    /// A command that prints the password.
    pub password_command: Option<String>,
    /// The name to greet the relay with; the sender's domain when left out.
    pub hello: Option<String>,
    /// How long to wait for each reply, as in `30s` or `5m`; RFC 5321's own times when left out.
    pub timeout: Option<String>,
}

/// How long each step may take (RFC 5321 section 4.5.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    pub connect: Duration,
    pub greeting: Duration,
    /// MAIL, RCPT, RSET, EHLO, AUTH.
    pub command: Duration,
    pub data: Duration,
    /// From the end of data to its reply. Giving up early makes doubt where there is none.
    pub end_of_data: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(n * 60);
        Deadlines {
            connect: Duration::from_secs(30),
            greeting: minutes(5),
            command: minutes(5),
            data: minutes(2),
            end_of_data: minutes(10),
        }
    }
}

impl RelaySettings {
    /// Checks what can be checked without connecting.
    ///
    /// # Errors
    /// The setting that is wrong.
    pub fn check(&self) -> Result<(), SettingError> {
        self.deadlines()?;
        if let Some(hello) = &self.hello
            && !hello.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-[]:".contains(&byte))
        {
            return Err(SettingError::new(
                "hello",
                format!("`{hello}` is no host name"),
                "write it as in mail.example.com",
            ));
        }
        let sources = [&self.password_env, &self.password_file, &self.password_command];
        if sources.iter().filter(|source| source.is_some()).count() > 1 {
            return Err(SettingError::new(
                "password_env",
                "the password has more than one source",
                "keep one of password_env, password_file, password_command",
            ));
        }
        Ok(())
    }

    /// The deadlines, all the same when `timeout` is set.
    pub fn deadlines(&self) -> Result<Deadlines, SettingError> {
        let Some(text) = &self.timeout else { return Ok(Deadlines::default()) };
        let wait = duration(text)
            .ok_or_else(|| SettingError::new("timeout", format!("`{text}` is no time"), "write it as in 30s or 5m"))?;
        Ok(Deadlines { connect: wait, greeting: wait, command: wait, data: wait, end_of_data: wait })
    }
}

/// `500ms`, `30s`, `5m`.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().ok().filter(|n| *n > 0)?;
    match text[digits..].trim() {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" | "min" => number.checked_mul(60).map(Duration::from_secs),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        assert_eq!(duration("30s"), Some(Duration::from_secs(30)));
        assert_eq!(duration("5m"), Some(Duration::from_secs(300)));
        for bad in ["", "s", "0s", "5", "5 h", "-1s", "99999999999999999999s"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }
}
