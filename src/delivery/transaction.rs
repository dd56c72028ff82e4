//! One message's way through an SMTP dialogue: which replies it waits for, and what they make of it (RFC 5321 section 3.3).

use super::outcome::{Outcome, Reply, Stage, Stop};
use crate::message::Message;

/// What a reply answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Belongs to no message.
    Rset,
    Mail,
    Rcpt,
    Data,
    /// The end of data: the final dot, or `BDAT … LAST`.
    Content,
}

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing of it went out.
    Unwritten,
    /// One thing is said at a time: MAIL went out, or was taken, or RCPT was.
    Begun,
    MailTaken,
    RcptTaken,
    /// Commands went out whose replies are to come.
    Asked,
    /// 354: the relay waits for the content.
    Invited,
    /// The relay waits for content that it must not get, since there is no recipient.
    InvitedInVain,
    /// The content went out, or part of it: up to this octet of the connection.
    Sent {
        end: u64,
    },
}

/// What became of a message.
#[derive(Debug)]
pub struct Settled<T> {
    pub ticket: T,
    pub message: Message,
    pub outcome: Outcome,
    pub stage: Stage,
}

/// A message that can't go out at all: too large for the relay, or not fit for the wire.
#[derive(Debug)]
pub struct Unfit<T> {
    pub ticket: T,
    pub stop: Stop,
}

/// A message on its way.
#[derive(Debug)]
pub struct Transaction<T> {
    pub ticket: T,
    pub message: Message,
    pub progress: Progress,
    /// What is known already, while replies to commands that went out with it are still to come.
    verdict: Option<(Outcome, Stage)>,
}

/// What a reply made of a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    /// More is to come.
    Goes,
    /// Its outcome is known, and no reply to it is to come.
    Settled,
    /// The relay refuses us: the message was not taken, and the next would fare no better.
    Refused(Reply),
    /// The reply makes no sense here: nothing that is said from now on can be trusted.
    Nonsense,
}

impl<T> Transaction<T> {
    pub fn new(ticket: T, message: Message) -> Self {
        Transaction { ticket, message, progress: Progress::Unwritten, verdict: None }
    }

    /// Takes the reply to one of its commands.
    pub fn hear(&mut self, verb: Verb, reply: Reply) -> Turn {
        if self.verdict.is_some() {
            return self.hear_out(verb, &reply);
        }
        let stage = if verb == Verb::Mail { Stage::Connection } else { Stage::Recipient };
        let taken = (200..300).contains(&reply.code);
        match verb {
            Verb::Rset => Turn::Goes,
            Verb::Mail if taken => self.goes(Progress::MailTaken),
            Verb::Rcpt if taken => self.goes(Progress::RcptTaken),
            Verb::Data if reply.code == 354 => self.goes(Progress::Invited),
            Verb::Content if taken => self.settle(Outcome::Accepted(reply), stage),
            _ if reply.is_permanent() && (verb == Verb::Mail || reply.speaks_of_us()) => {
                self.verdict = Some((Outcome::Untried(reply.clone()), Stage::Connection));
                Turn::Refused(reply)
            }
            _ if reply.is_permanent() => self.refused(verb, Outcome::Rejected(reply), stage),
            _ if reply.is_transient() => self.refused(verb, Outcome::Deferred(reply), stage),
            Verb::Content => {
                self.verdict = Some((Outcome::InDoubt(reply), stage));
                Turn::Nonsense
            }
            _ => {
                let reply = Reply::new(0, format!("unexpected reply: {reply}"));
                // Where the content went out behind its envelope, nobody knows what such a relay made of it.
                let sent = matches!(self.progress, Progress::Sent { .. });
                let outcome = if sent { Outcome::InDoubt(reply) } else { Outcome::Deferred(reply) };
                self.verdict = Some((outcome, stage));
                Turn::Nonsense
            }
        }
    }

    fn goes(&mut self, progress: Progress) -> Turn {
        // What was asked together is answered together: only the last answer says what may be said next.
        let asked_more = self.progress == Progress::Asked && progress != Progress::Invited;
        if !asked_more && !matches!(self.progress, Progress::Sent { .. }) {
            self.progress = progress;
        }
        Turn::Goes
    }

    fn settle(&mut self, outcome: Outcome, stage: Stage) -> Turn {
        self.verdict = Some((outcome, stage));
        Turn::Settled
    }

    /// A refusal settles it, unless replies to commands that went out with this one are to come.
    fn refused(&mut self, verb: Verb, outcome: Outcome, stage: Stage) -> Turn {
        self.verdict = Some((outcome, stage));
        let asked = matches!(self.progress, Progress::Asked | Progress::Sent { .. });
        match verb {
            Verb::Content | Verb::Data => Turn::Settled,
            _ if asked => Turn::Goes,
            _ => Turn::Settled,
        }
    }

    /// The replies that come after a refusal to what went out with it.
    fn hear_out(&mut self, verb: Verb, reply: &Reply) -> Turn {
        match verb {
            Verb::Data if reply.code == 354 => {
                self.progress = Progress::InvitedInVain;
                Turn::Goes
            }
            Verb::Data | Verb::Content => Turn::Settled,
            _ => Turn::Goes,
        }
    }

    /// What became of it, once a reply has settled it.
    pub fn settled(self) -> Settled<T> {
        let unknown = || (Outcome::Untried(Reply::new(0, "not sent")), Stage::Connection);
        let Transaction { ticket, message, verdict, .. } = self;
        let (outcome, stage) = verdict.unwrap_or_else(unknown);
        Settled { ticket, message, outcome, stage }
    }

    /// What became of it when the connection was lost: `written` octets went out, and `first` says whether it was this
    /// message's turn to be answered. `closed` tells that the relay had said it would take nothing more.
    pub fn lost(mut self, why: &str, written: u64, first: bool, closed: bool) -> Settled<T> {
        if self.verdict.is_none() {
            let reply = Reply::new(0, why);
            let outcome = match self.progress {
                Progress::Sent { end } if written >= end && !closed => Outcome::InDoubt(reply),
                Progress::Unwritten => Outcome::Untried(reply),
                _ if first && !closed => Outcome::Deferred(reply),
                _ => Outcome::Untried(reply),
            };
            self.verdict = Some((outcome, Stage::Recipient));
        }
        self.settled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;

    fn transaction(progress: Progress) -> Transaction<u8> {
        let address = Address::parse("ann@example.com").unwrap();
        Transaction { progress, ..Transaction::new(7, Message::empty(&address)) }
    }

    fn reply(code: u16) -> Reply {
        Reply::new(code, "words")
    }

    #[test]
    fn a_refusal_in_a_group_waits_for_the_replies_to_the_rest_of_it() {
        let mut sent = transaction(Progress::Sent { end: 10 });
        assert_eq!(sent.hear(Verb::Mail, reply(250)), Turn::Goes);
        assert_eq!(sent.hear(Verb::Rcpt, reply(550)), Turn::Goes);
        assert_eq!(sent.hear(Verb::Content, reply(250)), Turn::Settled, "an answer without a recipient means nothing");
        assert_eq!(sent.settled().outcome, Outcome::Rejected(reply(550)));
        let mut asked = transaction(Progress::Asked);
        assert_eq!(asked.hear(Verb::Mail, reply(250)), Turn::Goes);
        assert_eq!(asked.hear(Verb::Rcpt, reply(450)), Turn::Goes);
        assert_eq!(asked.hear(Verb::Data, reply(354)), Turn::Goes);
        assert_eq!(asked.progress, Progress::InvitedInVain);
        assert_eq!(asked.hear(Verb::Content, reply(554)), Turn::Settled);
        assert_eq!(asked.settled().outcome, Outcome::Deferred(reply(450)));
    }

    #[test]
    fn a_senseless_reply_is_a_doubt_where_the_content_has_gone_out() {
        let mut sent = transaction(Progress::Sent { end: 10 });
        assert_eq!(sent.hear(Verb::Rcpt, reply(354)), Turn::Nonsense);
        assert!(matches!(sent.settled().outcome, Outcome::InDoubt(_)));
        let mut asked = transaction(Progress::Asked);
        assert_eq!(asked.hear(Verb::Rcpt, reply(354)), Turn::Nonsense);
        assert!(matches!(asked.settled().outcome, Outcome::Deferred(_)));
    }

    #[test]
    fn step_by_step_a_refusal_settles_at_once() {
        let mut step = transaction(Progress::MailTaken);
        assert_eq!(step.hear(Verb::Rcpt, reply(550)), Turn::Settled);
        let mut step = transaction(Progress::Unwritten);
        assert!(matches!(step.hear(Verb::Mail, reply(550)), Turn::Refused(_)), "MAIL speaks of us");
        assert!(matches!(step.settled().outcome, Outcome::Untried(_)));
    }

    #[test]
    fn a_lost_connection_leaves_in_doubt_only_what_went_out_whole() {
        let outcome =
            |progress, written, first, closed| transaction(progress).lost("gone", written, first, closed).outcome;
        let gone = || Reply::new(0, "gone");
        assert_eq!(outcome(Progress::Sent { end: 10 }, 10, false, false), Outcome::InDoubt(gone()));
        assert_eq!(outcome(Progress::Sent { end: 10 }, 9, true, false), Outcome::Deferred(gone()));
        assert_eq!(outcome(Progress::Sent { end: 10 }, 9, false, false), Outcome::Untried(gone()));
        assert_eq!(outcome(Progress::Sent { end: 10 }, 10, false, true), Outcome::Untried(gone()));
        assert_eq!(outcome(Progress::Asked, 99, true, false), Outcome::Deferred(gone()));
        assert_eq!(outcome(Progress::Unwritten, 99, true, false), Outcome::Untried(gone()));
    }
}
