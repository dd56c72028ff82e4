//! What exactly does this reader get: the envelope and the bytes of one copy (RFC 5322, 2045, 2369, 8058).
//!
//! A [`Composer`] holds all that copies of a mailing share; [`Composer::compose`] writes one copy by copying, but for what
//! the reader fills. The same edition, reader and mailing give the same bytes, so that a retry is provably the same mail.

mod header;
mod body;
pub mod dkim;

use body::Frame;
use dkim::{Room, Signatures, Signer};

use crate::address::Address;
use crate::clock::{Timestamp, rfc5322};
use crate::diagnostic::Result;
use crate::edition::{Edition, Fields, Reader, Scratch};
use crate::publication::Publication;
use crate::unsubscribe::{Links, MailingMark};

/// Who writes to whom on the wire (RFC 5321 section 2.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    pub reverse_path: Address,
    pub forward_path: Address,
}

/// One copy: what a relay takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub envelope: Envelope,
    /// The whole message, CRLF line ends, 7-bit.
    pub bytes: Vec<u8>,
    /// Without its angle brackets.
    pub message_id: String,
}

/// One mailing's share of every copy.
#[derive(Debug)]
pub struct Composer {
    links: Links,
    mailing_id: String,
    /// What the tokens name the mailing by; nothing, in one of the first form.
    mark: Option<MailingMark>,
    bounces: Address,
    domain: String,
    date: Timestamp,
    signatures: Signatures,
    /// Names of headers that relays know a repeated message by; each holds the message's opaque id.
    repeat_headers: Vec<String>,
    /// From, Reply-To, Date and what else is the same in every copy.
    common: Vec<u8>,
    frame: Frame,
}

/// Buffers that are used again for every copy.
#[derive(Debug, Default)]
pub struct Buffers {
    scratch: Scratch,
    signing: Room,
    /// The last copy's subject and its field: most often the next copy's too.
    subject: String,
    subject_field: Vec<u8>,
}

impl Buffers {
    /// The field `Subject`.
    fn subject_field(&mut self, subject: &str) -> &[u8] {
        if self.subject_field.is_empty() || self.subject != subject {
            subject.clone_into(&mut self.subject);
            self.subject_field.clear();
            header::unstructured("Subject", subject, &mut self.subject_field);
        }
        &self.subject_field
    }
}

impl Composer {
    /// Everything but the edition and the reader. `slug` and `mailing_id` name the mailing; `date` is its sealing.
    pub fn new(publication: &Publication, links: Links, slug: &str, mailing_id: &str, date: Timestamp) -> Self {
        let mut common = Vec::with_capacity(512);
        header::mailbox("From", &publication.from.name, publication.from.address.as_str(), &mut common);
        if let Some(reply_to) = &publication.reply_to {
            header::mailbox("Reply-To", &reply_to.name, reply_to.address.as_str(), &mut common);
        }
        header::plain("Date", &rfc5322(date), &mut common);
        // RFC 2919: a phrase and the identifier. The phrase is left out: encoded words there confuse filters.
        header::plain("List-Id", &format!("<{}>", publication.list_id), &mut common);
        header::plain("List-Post", "NO", &mut common);
        let domain = publication.from.address.domain().to_owned();
        header::plain(
            "Feedback-ID",
            &format!(
                "{}:{}:newsletter:{}",
                feedback_part(slug),
                feedback_part(&publication.list_id),
                feedback_part(&domain)
            ),
            &mut common,
        );
        Composer {
            mark: Some(links.key().mailing_mark(mailing_id)),
            links,
            mailing_id: mailing_id.to_owned(),
            bounces: publication.bounces.clone(),
            domain,
            date,
            signatures: Signatures::default(),
            repeat_headers: Vec::new(),
            common,
            frame: Frame::new(mailing_id),
        }
    }

    /// Has tokens name no mailing, as those of mailings of the first form don't: their copies are the same octets for ever.
    #[must_use]
    pub fn with_first_tokens(self) -> Self {
        Composer { mark: None, ..self }
    }

    /// Has every copy signed by these, as of the mailing's sealing: a copy struck again is the same octets.
    #[must_use]
    pub fn with_signers(mut self, signers: Vec<Signer>) -> Self {
        let (common, one_click) = (&self.common, self.links.one_click());
        self.signatures = Signatures::new(signers, self.date, |name| match name {
            "Reply-To" => header::has(common, name),
            "List-Unsubscribe-Post" => one_click,
            _ => true,
        });
        self
    }

    /// Gives every copy headers of these names by which a relay knows a message that it was handed before.
    #[must_use]
    pub fn with_repeat_headers(mut self, names: Vec<String>) -> Self {
        self.repeat_headers = names;
        self
    }

    /// See [`Composer::with_repeat_headers`].
    pub fn repeat_headers(&self) -> &[String] {
        &self.repeat_headers
    }

    /// Who signs every copy; nobody, unless [`Composer::with_signers`] was asked.
    pub fn signers(&self) -> &[Signer] {
        self.signatures.signers()
    }

    /// The message's id for a reader, without angle brackets: the same for every attempt.
    pub fn message_id(&self, address: &Address) -> String {
        let id = self.links.key().message_id(&self.mailing_id, &self.links.reader_id(address));
        format!("{id}@{}", self.domain)
    }

    pub fn links(&self) -> &Links {
        &self.links
    }

    /// The reader's own link to leave, as it stands in the copy.
    pub fn unsubscribe_url(&self, address: &Address) -> String {
        self.links.url(&self.links.token(&self.links.reader_id(address), self.mark))
    }

    /// Writes one copy into `message`, whose bytes are replaced.
    ///
    /// # Errors
    /// It can't be signed; then `message` may not leave.
    pub fn compose(
        &self,
        edition: &Edition,
        address: &Address,
        fields: &dyn Fields,
        buffers: &mut Buffers,
        message: &mut Message,
    ) -> Result<()> {
        let reader_id = self.links.reader_id(address);
        let token = self.links.token(&reader_id, self.mark);
        let opaque = self.links.key().message_id(&self.mailing_id, &reader_id);
        let url = self.links.url(&token);
        let reader = Reader { fields, unsubscribe_url: &url };
        message.message_id.clear();
        message.message_id.extend([opaque.as_str(), "@", &self.domain]);
        message.envelope.reverse_path.clone_from(&self.bounces);
        message.envelope.forward_path.clone_from(address);
        let out = &mut message.bytes;
        out.clear();
        out.extend_from_slice(self.signatures.blank());
        out.extend_from_slice(&self.common);
        header::mailbox("To", fields.field("name"), address.as_str(), out);
        out.extend_from_slice(buffers.subject_field(&edition.subject.line(reader)));
        header::angled("Message-ID", [[message.message_id.as_str()]], out);
        header::angled("List-Unsubscribe", self.links.header_urls(&token), out);
        if self.links.one_click() {
            header::plain("List-Unsubscribe-Post", "List-Unsubscribe=One-Click", out);
        }
        header::plain("X-Letterpress-Id", &opaque, out);
        self.repeat_headers.iter().for_each(|name| header::plain(name, &opaque, out));
        self.frame.write(edition, reader, &mut buffers.scratch, out);
        self.signatures.sign(out, &mut buffers.signing)
    }

    /// One copy on its own.
    pub fn message(&self, edition: &Edition, address: &Address, fields: &dyn Fields) -> Result<Message> {
        let mut message = Message::empty(address);
        self.compose(edition, address, fields, &mut Buffers::default(), &mut message)?;
        Ok(message)
    }
}

impl Message {
    /// A message to be written into.
    pub fn empty(address: &Address) -> Self {
        Message {
            envelope: Envelope { reverse_path: address.clone(), forward_path: address.clone() },
            bytes: Vec::new(),
            message_id: String::new(),
        }
    }
}

/// A part of `Feedback-ID`: letters, digits, dots and hyphens; the colons between the parts are ours.
fn feedback_part(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests;
