//! Replies and what they mean for one message (RFC 5321 section 4.2, RFC 3463).

use crate::diagnostic::{Diagnostic, printable};

/// A relay's reply: its code and its words, made safe for a terminal, in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Three digits, or 0 when there was none.
    pub code: u16,
    pub text: String,
}

impl Reply {
    pub fn new(code: u16, text: impl Into<String>) -> Self {
        Reply { code, text: text.into() }
    }

    /// Reads the lines of a reply as they came, code and separator included.
    pub fn from_lines(lines: &[String]) -> Self {
        let code = lines.first().and_then(|line| line.get(..3)).and_then(|code| code.parse().ok()).unwrap_or(0);
        let words: Vec<&str> =
            lines.iter().map(|line| line.get(4..).unwrap_or_default().trim()).filter(|text| !text.is_empty()).collect();
        Reply { code, text: printable(&words.join(" ")).replace(['\n', '\t'], " ") }
    }

    pub fn is_positive(&self) -> bool {
        (200..400).contains(&self.code)
    }

    pub fn is_transient(&self) -> bool {
        (400..500).contains(&self.code)
    }

    pub fn is_permanent(&self) -> bool {
        (500..600).contains(&self.code)
    }

    /// The enhanced status code, such as `5.1.1` (RFC 3463).
    pub fn enhanced(&self) -> Option<(u8, u16, u16)> {
        let first = self.text.split_whitespace().next()?;
        let mut parts = first.split('.');
        let mut number = |digits: usize| {
            parts.next().filter(|part| (1..=digits).contains(&part.len())).and_then(|part| part.parse::<u16>().ok())
        };
        let code = (number(1)?, number(3)?, number(3)?);
        let class = u8::try_from(code.0).ok()?;
        (matches!(class, 2 | 4 | 5) && parts.next().is_none()).then_some((class, code.1, code.2))
    }

    /// Whether the relay asks to be slower: it closes with 421, or defers for a reason of policy (RFC 3463, 4.7.x).
    pub fn asks_to_slow_down(&self) -> bool {
        self.code == 421 || (self.is_transient() && self.enhanced().is_some_and(|(_, subject, _)| subject == 7))
    }

    /// Whether the relay says that the mailbox doesn't exist (RFC 3463, 5.1.1).
    pub fn says_unknown_user(&self) -> bool {
        self.is_permanent() && self.enhanced() == Some((5, 1, 1))
    }

    /// Whether a permanent refusal speaks of us, our mail or our right to relay, and not of the reader.
    pub fn speaks_of_us(&self) -> bool {
        let lower = self.text.to_ascii_lowercase();
        self.is_permanent()
            && (self.enhanced().is_some_and(|(_, subject, _)| subject == 7)
                || matches!(self.code, 530 | 534 | 535 | 538)
                || ["relay access denied", "relaying denied", "relay not permitted", "not permitted to relay"]
                    .iter()
                    .any(|words| lower.contains(words)))
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.code {
            0 => f.write_str(&self.text),
            code if self.text.is_empty() => write!(f, "{code}"),
            code => write!(f, "{code} {}", self.text),
        }
    }
}

/// What became of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// 2yz to the end of data: the relay is responsible now.
    Accepted(Reply),
    /// 4yz, or the connection failed before the end of data: certainly not taken, worth another try.
    Deferred(Reply),
    /// 5yz that speaks of this reader: certainly not taken, never again.
    Rejected(Reply),
    /// The end of data was sent, or may have been, and the answer was never learned.
    InDoubt(Reply),
    /// Certainly not taken, for a reason that has nothing to do with this reader: owed as before.
    Untried(Reply),
}

impl Outcome {
    /// The relay's words, or why there are none: then the code is 0.
    pub fn reply(&self) -> &Reply {
        match self {
            Outcome::Accepted(reply)
            | Outcome::Deferred(reply)
            | Outcome::Rejected(reply)
            | Outcome::InDoubt(reply)
            | Outcome::Untried(reply) => reply,
        }
    }
}

/// How far a message had come when its outcome was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Before MAIL was answered: what is said then is said to us.
    Connection,
    /// From RCPT on: what is said then may be meant for this reader's domain.
    Recipient,
}

/// Why the mailing can't go on: the relay can't be reached, or refuses us.
#[derive(Debug, Clone)]
pub struct Stop {
    pub diagnostic: Diagnostic,
    /// Trying again later may help.
    pub transient: bool,
    /// The relay said so itself: it is there, and may be worth waiting for.
    pub answered: bool,
}

impl Stop {
    pub fn transient(diagnostic: Diagnostic) -> Self {
        Stop { diagnostic, transient: true, answered: false }
    }

    pub fn permanent(diagnostic: Diagnostic) -> Self {
        Stop { diagnostic, transient: false, answered: false }
    }

    /// The relay's own 4yz: later.
    pub fn put_off(diagnostic: Diagnostic) -> Self {
        Stop { diagnostic, transient: true, answered: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_read_and_made_safe() {
        let reply = Reply::from_lines(&["550-5.1.1 no such".into(), "550 user\u{1b}[2J".into()]);
        assert_eq!(reply.to_string(), "550 5.1.1 no such user\\u{1b}[2J");
        assert_eq!(reply.enhanced(), Some((5, 1, 1)));
        assert_eq!(Reply::from_lines(&["250".into()]).to_string(), "250");
        assert_eq!(Reply::new(250, "2.0.0.1 x").enhanced(), None);
    }

    #[test]
    fn refusals_of_us_are_told_from_refusals_of_the_reader() {
        for (code, text) in [
            (550, "5.7.1 blocked"),
            (554, "5.7.26 unauthenticated"),
            (554, "Relay access denied"),
            (535, "bad password"),
        ] {
            assert!(Reply::new(code, text).speaks_of_us(), "{code} {text}");
        }
        for (code, text) in
            [(550, "5.1.1 unknown user"), (552, "5.2.2 full"), (451, "4.7.1 slow down"), (250, "2.0.0 ok")]
        {
            assert!(!Reply::new(code, text).speaks_of_us(), "{code} {text}");
        }
    }
}
