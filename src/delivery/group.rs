//! What goes out in one write: commands and contents that need not wait for one another's replies (RFC 2920, RFC 3030).

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::{self, Display, Write};

use super::content::stuffed;
use super::transaction::{Progress, Transaction, Verb};
use crate::message::Message;

/// A write in the making. It borrows the messages: their octets are copied once, into the write itself.
pub struct Group<'a> {
    words: Vec<Cow<'a, str>>,
    /// Where on the connection the next word ends.
    end: u64,
    expected: &'a mut VecDeque<Verb>,
    /// Whether MAIL says how large the message is.
    says_size: bool,
    /// Whether a message's content is in it.
    pub has_content: bool,
}

impl Display for Group<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.words.iter().try_for_each(|words| f.write_str(words))
    }
}

impl<'a> Group<'a> {
    /// `written`: how many octets went out before it. `expected`: which replies are to come, added to here.
    pub fn new(written: u64, expected: &'a mut VecDeque<Verb>, says_size: bool) -> Self {
        Group { words: Vec::new(), end: written, expected, says_size, has_content: false }
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// What the next reply will answer.
    pub fn first_expected(&self) -> Option<Verb> {
        self.expected.front().copied()
    }

    fn say(&mut self, words: impl Into<Cow<'a, str>>) {
        let words = words.into();
        self.end += words.len() as u64;
        self.words.push(words);
    }

    fn ask(&mut self, verb: Verb, words: impl Into<Cow<'a, str>>) {
        self.say(words);
        self.expected.push_back(verb);
    }

    fn reset(&mut self) {
        self.ask(Verb::Rset, "RSET\r\n");
    }

    /// Every message that hasn't gone out, whole. What was refused before leaves a transaction in an unknown state, so each
    /// begins with RSET unless it is known that none is open. Gives back whether a reset is still needed.
    ///
    /// Until the relay has answered a MAIL on this connection, MAIL is all that is said: a relay that hangs up on newcomers
    /// leaves nobody in doubt.
    pub fn chunked<T>(
        &mut self,
        messages: &'a mut VecDeque<Transaction<T>>,
        mut needs_reset: bool,
        answered: bool,
    ) -> bool {
        if !answered {
            return match messages.front() {
                Some(first) if first.progress == Progress::Unwritten => self.step(messages, needs_reset),
                _ => needs_reset,
            };
        }
        let unsent = |progress| matches!(progress, Progress::Unwritten | Progress::MailTaken);
        for transaction in messages.iter_mut().filter(|transaction| unsent(transaction.progress)) {
            let begins = transaction.progress == Progress::Unwritten;
            if begins && (needs_reset || !self.expected.is_empty()) {
                self.reset();
                needs_reset = false;
            }
            let Transaction { message, progress, .. } = transaction;
            let mut commands = String::new();
            if begins {
                commands = self.mail(message);
                self.expected.push_back(Verb::Mail);
            }
            let _ = write!(
                commands,
                "RCPT TO:<{}>\r\nBDAT {} LAST\r\n",
                message.envelope.forward_path,
                message.bytes.len()
            );
            self.say(commands);
            self.say(content(message));
            self.expected.extend([Verb::Rcpt, Verb::Content]);
            self.has_content = true;
            *progress = Progress::Sent { end: self.end };
        }
        needs_reset
    }

    /// The content of the first message, if the relay waits for it, and the envelope of the next.
    pub fn pipelined<T>(&mut self, messages: &'a mut VecDeque<Transaction<T>>, needs_reset: bool) -> bool {
        let mut needs_reset = needs_reset;
        let mut others = messages.iter_mut();
        let Some(first) = others.next() else { return needs_reset };
        match first.progress {
            Progress::Invited | Progress::InvitedInVain => {
                self.content(first);
                if let Some(next) = others.next() {
                    self.envelope(next);
                }
            }
            Progress::Unwritten => {
                if std::mem::take(&mut needs_reset) {
                    self.reset();
                }
                self.envelope(first);
            }
            // Its end of data is out: what follows need not wait for the answer.
            Progress::Sent { .. } => {
                if let Some(next) = others.next().filter(|next| next.progress == Progress::Unwritten) {
                    self.envelope(next);
                }
            }
            Progress::Begun | Progress::MailTaken | Progress::RcptTaken | Progress::Asked => {}
        }
        needs_reset
    }

    /// The next command of the first message, and nothing else.
    pub fn step<T>(&mut self, messages: &'a mut VecDeque<Transaction<T>>, needs_reset: bool) -> bool {
        let Some(first) = messages.front_mut().filter(|_| self.expected.is_empty()) else { return needs_reset };
        match first.progress {
            Progress::Unwritten if needs_reset => self.reset(),
            Progress::Unwritten => {
                let mail = self.mail(&first.message);
                self.ask(Verb::Mail, mail);
                first.progress = Progress::Begun;
            }
            Progress::MailTaken => {
                self.ask(Verb::Rcpt, format!("RCPT TO:<{}>\r\n", first.message.envelope.forward_path));
            }
            Progress::RcptTaken => self.ask(Verb::Data, "DATA\r\n"),
            Progress::Invited | Progress::InvitedInVain => self.content(first),
            Progress::Begun | Progress::Asked | Progress::Sent { .. } => {}
        }
        false
    }

    fn mail(&self, message: &Message) -> String {
        let size = if self.says_size { format!(" SIZE={}", message.bytes.len()) } else { String::new() };
        format!("MAIL FROM:<{}>{size}\r\n", message.envelope.reverse_path)
    }

    /// MAIL, RCPT and DATA together: DATA must be the last of a group (RFC 2920 section 3.1).
    fn envelope<T>(&mut self, transaction: &mut Transaction<T>) {
        let mut commands = self.mail(&transaction.message);
        let _ = write!(commands, "RCPT TO:<{}>\r\nDATA\r\n", transaction.message.envelope.forward_path);
        self.say(commands);
        self.expected.extend([Verb::Mail, Verb::Rcpt, Verb::Data]);
        transaction.progress = Progress::Asked;
    }

    /// The content and its end. Without a recipient there is nothing to send but the end, which the relay then refuses.
    fn content<T>(&mut self, transaction: &'a mut Transaction<T>) {
        let Transaction { message, progress, .. } = transaction;
        if *progress == Progress::Invited {
            self.say(stuffed(content(message)));
        }
        self.ask(Verb::Content, ".\r\n");
        self.has_content = true;
        *progress = Progress::Sent { end: self.end };
    }
}

/// The octets were found fit for the wire when the message was submitted, so they are ASCII.
fn content(message: &Message) -> &str {
    std::str::from_utf8(&message.bytes).unwrap_or_default()
}
