//! Where the relay is, as one URL: `smtps://host`, `smtp://user:password@host:587?ca=FILE`, `file:DIR`, `discard:`.
//!
//! Plaintext goes only to this machine; a password never shows itself.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use crate::publication::SettingError;

/// How a connection is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first octet (RFC 8314).
    Implicit,
    /// STARTTLS, required (RFC 3207).
    StartTls,
    /// None; only to this machine.
    Plain,
}

/// A server and what was said about it.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// A PEM file of certificate authorities to trust instead of the system's.
    pub ca: Option<PathBuf>,
    pub user: Option<String>,
    pub password: Option<String>,
}

/// A relay's address.
#[derive(Clone, PartialEq, Eq)]
pub enum RelayUrl {
    Smtp(Server),
    File(PathBuf),
    Discard,
}

const HELP: &str = "write it as in smtps://mail.example.com, smtp://mail.example.com:587, file:outbox or discard:";

impl RelayUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it; the password is not repeated.
    pub fn parse(text: &str) -> Result<RelayUrl, SettingError> {
        let wrong = |message: &str| SettingError::new("url", message, HELP);
        let text = text.trim();
        if text.chars().any(char::is_control) {
            return Err(wrong("it has a control character"));
        }
        if let Some(folder) = text.strip_prefix("file:") {
            let folder = folder.strip_prefix("//").unwrap_or(folder);
            return if folder.is_empty() {
                Err(wrong("it names no folder"))
            } else {
                Ok(RelayUrl::File(PathBuf::from(folder)))
            };
        }
        if text == "discard:" {
            return Ok(RelayUrl::Discard);
        }
        let (implicit, rest) = match (text.strip_prefix("smtps://"), text.strip_prefix("smtp://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err(wrong("it begins with none of smtps://, smtp://, file:, discard:")),
        };
        let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (user_info, host_port) = authority
            .trim_end_matches('/')
            .rsplit_once('@')
            .map_or((None, authority.trim_end_matches('/')), |(user, host)| (Some(user), host));
        let (user, password) = credentials(user_info).ok_or_else(|| wrong("the user or password has a bad %XX"))?;
        let (host, port) =
            host_and_port(host_port).ok_or_else(|| wrong("it has no host, or a port that is no number"))?;
        let mut server = Server {
            host,
            port: port.unwrap_or(if implicit { 465 } else { 587 }),
            security: if implicit { Security::Implicit } else { Security::StartTls },
            ca: None,
            user,
            password,
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("tls", "none")) if !implicit => server.security = Security::Plain,
                Some(("tls", "required" | "starttls")) if !implicit => server.security = Security::StartTls,
                Some(("ca", file)) => {
                    server.ca = Some(PathBuf::from(percent_decode(file).ok_or_else(|| wrong("ca has a bad %XX"))?))
                }
                _ => {
                    return Err(SettingError::new(
                        "url",
                        format!("it has `{pair}`, which means nothing here"),
                        "known are ?tls=none, ?tls=required (with smtp://) and ?ca=FILE",
                    ));
                }
            }
        }
        if server.security == Security::Plain && !is_loopback(&server.host) {
            return Err(SettingError::new(
                "url",
                format!("it would send the list to {} unencrypted", server.host),
                "plaintext goes only to this machine; leave ?tls=none out",
            ));
        }
        Ok(RelayUrl::Smtp(server))
    }
}

/// Whether a host is this machine.
pub fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn credentials(user_info: Option<&str>) -> Option<(Option<String>, Option<String>)> {
    let Some(text) = user_info else { return Some((None, None)) };
    let (user, password) = text.split_once(':').map_or((text, None), |(user, password)| (user, Some(password)));
    let password = match password {
        Some(password) => Some(percent_decode(password)?),
        None => None,
    };
    Some((Some(percent_decode(user)?), password))
}

fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            (host, after.strip_prefix(':'))
        }
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let sound = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte));
    let port = match port {
        Some(port) => Some(port.parse().ok()?),
        None => None,
    };
    sound.then(|| (host.to_owned(), port))
}

fn percent_decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            out.push(u8::from_str_radix(text.get(at + 1..at + 3)?, 16).ok()?);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).ok()
}

impl fmt::Display for RelayUrl {
    /// As a person may see it: without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RelayUrl::Smtp(server) => {
                let scheme = if server.security == Security::Implicit { "smtps" } else { "smtp" };
                write!(f, "{scheme}://")?;
                match (&server.user, &server.password) {
                    (Some(user), Some(_)) => write!(
                        f,
                        "{}:…@",
                        crate::edition::escape::escape(crate::edition::escape::Place::UrlPart, user)
                    )?,
                    (Some(user), None) => {
                        write!(f, "{}@", crate::edition::escape::escape(crate::edition::escape::Place::UrlPart, user))?
                    }
                    _ => {}
                }
                if server.host.contains(':') {
                    write!(f, "[{}]:{}", server.host, server.port)
                } else {
                    write!(f, "{}:{}", server.host, server.port)
                }
            }
            RelayUrl::File(folder) => write!(f, "file:{}", folder.strip_prefix(".").unwrap_or(folder).display()),
            RelayUrl::Discard => f.write_str("discard:"),
        }
    }
}

impl fmt::Debug for RelayUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} ({:?})", self.host, self.port, self.security)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> Server {
        match RelayUrl::parse(text).unwrap() {
            RelayUrl::Smtp(server) => server,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn urls_say_host_port_and_security() {
        assert_eq!(
            (server("smtps://mail.example.com").port, server("smtps://mail.example.com").security),
            (465, Security::Implicit)
        );
        assert_eq!(
            (server("smtp://mail.example.com").port, server("smtp://mail.example.com").security),
            (587, Security::StartTls)
        );
        assert_eq!(server("smtp://[::1]:2525?tls=none").host, "::1");
        let full = server("smtp://us%40er:p%3Aw%2F@mail.example.com:25?ca=/etc/my%20ca.pem");
        assert_eq!((full.user.as_deref(), full.password.as_deref()), (Some("us@er"), Some("p:w/")));
        assert_eq!(full.ca, Some(PathBuf::from("/etc/my ca.pem")));
        assert_eq!(RelayUrl::parse("file:outbox").unwrap(), RelayUrl::File("outbox".into()));
    }

    #[test]
    fn plaintext_goes_only_to_this_machine() {
        assert!(RelayUrl::parse("smtp://mail.example.com?tls=none").is_err());
        assert!(RelayUrl::parse("smtp://127.0.0.1?tls=none").is_ok());
        assert!(RelayUrl::parse("smtps://localhost?tls=none").is_err());
    }

    #[test]
    fn passwords_are_never_shown() {
        let url = RelayUrl::parse("smtp://ann:hunter2@mail.example.com").unwrap();
        assert_eq!(url.to_string(), "smtp://ann:…@mail.example.com:587");
        assert!(!format!("{url:?}{:?}", server("smtp://ann:hunter2@mail.example.com")).contains("hunter2"));
        for bad in [
            "smtp://ann:hunter2@",
            "smtp://ann:hunter2%@host",
            "smtp://ann:hunter2@host:x",
            "smtp://ann:hunter2@host?a=b",
        ] {
            let error = RelayUrl::parse(bad).unwrap_err();
            assert!(!format!("{error:?}").contains("hunter2"), "{bad}");
        }
    }

    #[test]
    fn what_is_no_relay_is_refused() {
        for bad in [
            "",
            "mail.example.com",
            "http://example.com",
            "file:",
            "smtp://",
            "smtp://a b",
            "smtp://host:99999",
            "smtp://host/path",
            "smtp://a:b\nc@host",
        ] {
            assert!(RelayUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
