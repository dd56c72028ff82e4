//! `[relay]` in `letterpress.toml`: where the relay is, how to log in, how long to wait.

use std::time::Duration;

use serde::Deserialize;

use super::rate::Rate;
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
    /// What to call this relay in reports; its URL without the login when left out.
    pub name: Option<String>,
    /// How many connections at most; 4 when left out.
    pub connections: Option<u16>,
    /// How many messages may be on their way on one connection; 8 when left out. A crash leaves at most
    /// connections × window readers in doubt.
    pub window: Option<u16>,
    /// How many messages a connection takes before it is closed and another opened; no limit when left out.
    pub messages_per_connection: Option<u32>,
    /// How long a connection is used, as in `30m`; no limit when left out.
    pub connection_age: Option<String>,
    /// How fast, as in `14/s`, `600/min` or `5000/h`; as fast as the relay takes it when left out.
    pub rate: Option<Rate>,
    /// With several relays: this one's share; 1 when left out, 0 for one that is used when no other can be.
    pub weight: Option<u32>,
    /// A header that the relay knows a repeated message by, such as `Idempotency-Key`: readers in doubt can then be sent to
    /// again without getting it twice.
    pub idempotency_header: Option<String>,
    /// How long to wait for each reply, as in `30s` or `5m`; RFC 5321's own times when left out.
    pub timeout: Option<String>,
}

/// The journal tells relays apart by a single octet.
const MOST_RELAYS: usize = 200;

/// `[relay]`, or `[[relay]]` several times.
#[derive(Debug, Clone, Default)]
pub struct Relays(pub Vec<RelaySettings>);

impl<'de> Deserialize<'de> for Relays {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;
        impl<'de> serde::de::Visitor<'de> for OneOrMore {
            type Value = Relays;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a table, as in [relay], or several, as in [[relay]]")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Relays, A::Error> {
                RelaySettings::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    .map(|one| Relays(vec![one]))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut tables: A) -> Result<Relays, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = tables.next_element()? {
                    all.push(one);
                }
                if all.len() > MOST_RELAYS {
                    return Err(serde::de::Error::custom(format_args!("more than {MOST_RELAYS} relays")));
                }
                Ok(Relays(all))
            }
        }
        deserializer.deserialize_any(OneOrMore)
    }
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
        self.age()?;
        self.check_numbers()?;
        self.check_header()?;
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

    fn check_numbers(&self) -> Result<(), SettingError> {
        let numbers = [
            ("connections", self.connections.map(u32::from), 1..=256, "write a number from 1 to 256; 4 is usual"),
            ("window", self.window.map(u32::from), 1..=1000, "write a number from 1 to 1000; 8 is usual"),
            ("messages_per_connection", self.messages_per_connection, 1..=u32::MAX, "leave it out for no limit"),
            ("weight", self.weight, 0..=1_000_000, "write the share, such as 1 or 3"),
        ];
        for (key, value, range, help) in numbers {
            if let Some(value) = value.filter(|value| !range.contains(value)) {
                return Err(SettingError::new(key, format!("{value} is out of range"), help));
            }
        }
        Ok(())
    }

    fn check_header(&self) -> Result<(), SettingError> {
        let Some(name) = &self.idempotency_header else { return Ok(()) };
        let sound =
            !name.is_empty() && name.len() <= 60 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let ours = ["From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "DKIM-Signature"];
        let taken = ours.iter().any(|our| our.eq_ignore_ascii_case(name))
            || ["content-", "list-", "x-letterpress-"].iter().any(|our| name.to_ascii_lowercase().starts_with(our));
        if sound && !taken {
            return Ok(());
        }
        let what = format!("`{name}` can't be the name of such a header");
        Err(SettingError::new(
            "idempotency_header",
            what,
            "write it as the relay's documentation does, as in Idempotency-Key",
        ))
    }

    /// How long a connection is used, when there is a limit.
    pub fn age(&self) -> Result<Option<Duration>, SettingError> {
        self.connection_age.as_deref().map(|text| time("connection_age", text)).transpose()
    }

    /// The deadlines, all the same when `timeout` is set.
    pub fn deadlines(&self) -> Result<Deadlines, SettingError> {
        let Some(text) = &self.timeout else { return Ok(Deadlines::default()) };
        let wait = time("timeout", text)?;
        Ok(Deadlines { connect: wait, greeting: wait, command: wait, data: wait, end_of_data: wait })
    }
}

fn time(key: &'static str, text: &str) -> Result<Duration, SettingError> {
    duration(text)
        .filter(|time| !time.is_zero())
        .ok_or_else(|| SettingError::new(key, format!("`{text}` is no time"), "write it as in 30s, 5m or 2h"))
}

/// `500ms`, `30s`, `5m`, `24h`, `2d`; and `0`.
pub fn duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().ok()?;
    let seconds = |each: u64| number.checked_mul(each).filter(|all| *all < 1 << 32).map(Duration::from_secs);
    match text[digits..].trim() {
        "" if number == 0 => Some(Duration::ZERO),
        "ms" => Some(Duration::from_millis(number.min(1 << 40))),
        "s" => seconds(1),
        "m" | "min" => seconds(60),
        "h" => seconds(3600),
        "d" => seconds(86_400),
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
        assert_eq!(duration("24h"), Some(Duration::from_secs(86_400)));
        assert_eq!(duration("0"), Some(Duration::ZERO));
        assert!(time("timeout", "0s").is_err());
        for bad in ["", "s", "5", "5 x", "-1s", "99999999999999999999s", "9999999999d"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }
}
