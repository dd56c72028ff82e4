//! AUTH (RFC 4954), with the mechanisms PLAIN and LOGIN.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::record::Login;
use super::script::Step;
use super::session::{Going, Over, Session};

impl Session<'_> {
    pub(super) fn auth(&mut self, argument: &str) -> Going {
        let credentials = match argument.split_once(' ').unwrap_or((argument, "")) {
            ("PLAIN", "") => self.ask("334 ")?,
            ("PLAIN", initial) => initial.to_owned(),
            ("LOGIN", "") => return self.auth_login(),
            _ => return self.refuse("504 5.5.4 Mechanism not known", &format!("AUTH {argument}")),
        };
        let plain = decoded(&credentials);
        let parts: Vec<&str> = plain.split('\0').collect();
        match parts[..] {
            [_, user, password] => self.check_login(user, password),
            _ => self.refuse("501 5.5.2 Malformed", "malformed AUTH PLAIN"),
        }
    }

    fn auth_login(&mut self) -> Going {
        let user = decoded(&self.ask("334 VXNlcm5hbWU6")?);
        let password = decoded(&self.ask("334 UGFzc3dvcmQ6")?);
        self.check_login(&user, &password)
    }

    fn check_login(&mut self, user: &str, password: &str) -> Going {
        let login = Login { user: user.to_owned(), password: password.to_owned(), tls: self.tls };
        self.note(|connection| connection.logins.push(login));
        if !self.offers_auth() || self.authenticated || self.transaction.is_some() {
            return self.refuse("503 5.5.1 Not now", "AUTH that was not offered");
        }
        let right = self.shared.setup.login.as_ref().is_some_and(|(u, p)| u == user && p == password);
        let usual = if right { "235 2.7.0 Welcome" } else { "535 5.7.8 Authentication credentials invalid" };
        self.authenticated = self.step(Step::Auth, &[], usual)? == b'2';
        Ok(())
    }

    /// Sends a prompt and reads one line of the answer.
    fn ask(&mut self, prompt: &str) -> Going<String> {
        self.say(prompt)?;
        let bytes = self.wire()?.read_until(b"\r\n")?.ok_or(Over)?;
        Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    }
}

/// What base64 stands for; empty when it is none.
fn decoded(text: &str) -> String {
    STANDARD.decode(text).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
