//! The user and password for a relay, from the environment, a file or a command, or from the relay's URL.

use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::settings::RelaySettings;
use super::url::{RelayUrl, Server};
use crate::diagnostic::{Diagnostic, Result};

/// A user and a password that doesn't show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub user: String,
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:…", self.user)
    }
}

impl Credentials {
    /// Finds the credentials for a relay; `None` when no user is named. `environment` looks a variable up.
    ///
    /// # Errors
    /// A user without a password, or a source that can't be read.
    pub fn find(
        url: &RelayUrl,
        settings: &RelaySettings,
        root: &Path,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Credentials>> {
        let RelayUrl::Smtp(Server { user: url_user, password: url_password, .. }) = url else { return Ok(None) };
        let Some(user) = url_user.clone().or_else(|| settings.user.clone()) else { return Ok(None) };
        if let Some(password) = url_password {
            return Ok(Some(Credentials { user, password: password.clone() }));
        }
        let password = if let Some(name) = &settings.password_env {
            environment(name).ok_or_else(|| {
                Diagnostic::error(format!("the environment variable {name} is not set"))
                    .help(format!("set {name} to the relay's password (password_env in [relay])"))
            })?
        } else if let Some(file) = &settings.password_file {
            from_file(&root.join(file))?
        } else if let Some(command) = &settings.password_command {
            from_command(command, root)?
        } else if let Some(password) = environment(DEFAULT_VARIABLE) {
            password
        } else {
            return Err(Diagnostic::error(format!("there is no password for {user} at the relay")).help(format!(
                "set the environment variable {DEFAULT_VARIABLE}, or password_file or password_command in [relay]"
            )));
        };
        if password.is_empty() || password.contains(['\0', '\r', '\n']) {
            return Err(
                Diagnostic::error("the relay's password is empty or has a line end in it").help("it must be one line")
            );
        }
        Ok(Some(Credentials { user, password }))
    }
}

/// Where the password is looked for when nothing else is said.
const DEFAULT_VARIABLE: &str = "LETTERPRESS_RELAY_PASSWORD";

fn from_file(path: &Path) -> Result<String> {
    let text = std::fs::read_to_string(path).map_err(|error| Diagnostic::io("read the password from", path, &error))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn from_command(command: &str, root: &Path) -> Result<String> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let failed = |why: String| {
        Diagnostic::error(format!("password_command failed: {why}"))
            .help("run it by hand: it must print the password and nothing else")
    };
    let output = Command::new(shell)
        .args([flag, command])
        .current_dir(root)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(output.status.to_string()));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| failed("it printed no text".to_owned()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(url: &str, settings: &str, variable: Option<(&str, &str)>) -> Result<Option<Credentials>> {
        let settings: RelaySettings = toml::from_str(settings).unwrap();
        let url = RelayUrl::parse(url).unwrap();
        Credentials::find(&url, &settings, Path::new("."), |name| {
            variable.filter(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
        })
    }

    #[test]
    fn passwords_come_from_where_they_are_said_to_be() {
        let password = |result: Result<Option<Credentials>>| result.unwrap().unwrap().password;
        assert_eq!(password(find("smtps://ann:pw@h.example.com", "", None)), "pw");
        assert_eq!(
            password(find("smtps://h.example.com", "user='ann'\npassword_env='X'", Some(("X", "from env")))),
            "from env"
        );
        assert_eq!(
            password(find("smtps://h.example.com", "user='ann'\npassword_command='echo secret'", None)),
            "secret"
        );
        assert_eq!(password(find("smtps://ann@h.example.com", "", Some((DEFAULT_VARIABLE, "d")))), "d");
        assert!(find("smtps://h.example.com", "", None).unwrap().is_none());
        assert!(find("smtps://ann@h.example.com", "", None).is_err());
        assert!(find("smtps://ann@h.example.com", "password_command='exit 3'", None).is_err());
    }
}
