//! Taking a person out of a mailing: the sealed row keeps its place and its number, and names nobody any more. Counts,
//! states and the order of events stay true; the digest of the recipients is made anew, and that this was done is
//! written down.
//!
//! Who is still owed a copy is withdrawn first. Who is in doubt can't be erased: whether they have the mail is open, and
//! the message's id, by which a relay's log would tell, is made from the address.

use std::io::Write;
use std::path::Path;

use aws_lc_rs::digest;

use super::plan::{Plan, PlanRow};
use super::sealed::{Manifest, digest_of, hex};
use super::{JOURNAL, MANIFEST, Mailing, RECIPIENTS, Writer};
use crate::address::Address;
use crate::clock::Timestamp;
use crate::diagnostic::{Diagnostic, Result, shown_path};
use crate::durable::{Privacy, Replacement, replace};
use crate::ledger::{Event, Journal, Recipient, Record, State};

/// What an erased recipient is called. The domain is one that can never exist (RFC 2606).
const DOMAIN: &str = "forgotten.invalid";
/// What stands for the words of a relay about an erased recipient.
const WORDS: &str = "erased with the recipient";

/// A mailing that names a person, opened for erasing them.
#[derive(Debug)]
pub struct Erasure {
    mailing: Mailing,
    writer: Writer,
    recipient: Recipient,
}

impl Erasure {
    /// Opens every mailing in which the person is a recipient. Nothing is changed.
    ///
    /// # Errors
    /// One of them is being sent, or the person is in doubt there.
    pub fn open_all(mailings: &Path, address: &Address) -> Result<Vec<Erasure>> {
        let mut found = Vec::new();
        for manifest in Mailing::all(mailings)? {
            let mut row = PlanRow::default();
            let folder = mailings.join(&manifest.slug);
            if !Plan::open(&folder.join(RECIPIENTS), manifest.recipients)?.find(address, &mut row)? {
                continue;
            }
            let (mailing, writer) = Mailing::open_for_writing(mailings, &manifest.slug)?;
            if mailing.ledger.state(row.recipient) == State::InDoubt {
                return Err(Diagnostic::error(format!(
                    "{address} is in doubt in {}: nothing was erased",
                    manifest.slug
                ))
                .help(format!("settle it first: `letterpress settle {}`", manifest.slug)));
            }
            found.push(Erasure { mailing, writer, recipient: row.recipient });
        }
        Ok(found)
    }

    pub fn slug(&self) -> &str {
        &self.mailing.manifest.slug
    }

    /// Erases the person.
    ///
    /// # Errors
    /// A file can't be read or written. Running it again finishes what was begun.
    pub fn run(mut self, address: &Address, now: Timestamp) -> Result<()> {
        if self.mailing.ledger.state(self.recipient).is_owed() {
            let record = Record {
                recipient: self.recipient,
                event: Event::Withdrawn,
                relay: 0,
                at: now.as_millisecond(),
                code: 0,
                reply: WORDS.to_owned(),
            };
            self.mailing.note(&mut self.writer, &record)?;
            self.writer.journal.commit()?;
        }
        let Erasure { mailing, writer, recipient } = self;
        // The journal is written anew beside the open one, under the same lock.
        let super::Writer { _lock, journal } = writer;
        drop(journal);
        erase_words(&mailing, recipient, address)?;
        erase_row(&mailing, recipient)?;
        remove_reports(&mailing.folder)
    }
}

/// Writes the journal anew without the relays' words about the recipient, and without the address in any others.
fn erase_words(mailing: &Mailing, recipient: Recipient, address: &Address) -> Result<()> {
    let path = mailing.folder.join(JOURNAL);
    let mut out = Replacement::begin(&path, Privacy::Private)?;
    let failed = |error: &std::io::Error| Diagnostic::io("write", &path, error);
    out.write_all(&Journal::header(&mailing.manifest.id)).map_err(|error| failed(&error))?;
    let wanted = address.normal_form();
    let mut bytes = Vec::new();
    let mut written = Ok(());
    Journal::read(&path, &mailing.manifest.id, |record| {
        let theirs = record.recipient == recipient && record.event != Event::RelayNamed;
        let named = record.reply.to_ascii_lowercase().contains(&wanted);
        let reply = if !record.reply.is_empty() && (theirs || named) { WORDS } else { record.reply };
        bytes.clear();
        Record { reply, ..*record }.encode_into(&mut bytes);
        if written.is_ok() {
            written = out.write_all(&bytes);
        }
        Ok(())
    })?;
    written.map_err(|error| failed(&error))?;
    out.commit()
}

/// Puts a name that is nobody's in the place of the recipient's, and empties their other fields. The manifest goes first,
/// and takes the old recipients for good until the new ones are in place: a crash in between loses nothing.
fn erase_row(mailing: &Mailing, recipient: Recipient) -> Result<()> {
    let path = mailing.folder.join(RECIPIENTS);
    let mut out = Replacement::begin(&path, Privacy::Private)?;
    let mut context = digest::Context::new(&digest::SHA256);
    let mut reader =
        csv::ReaderBuilder::new().flexible(false).from_path(&path).map_err(|error| unreadable(&path, &error))?;
    let mut row = Vec::new();
    let mut write = |record: &csv::ByteRecord| -> std::io::Result<()> {
        row.clear();
        let mut writer = csv::WriterBuilder::new().from_writer(&mut row);
        writer.write_byte_record(record)?;
        writer.flush()?;
        drop(writer);
        context.update(&row);
        out.write_all(&row)
    };
    let failed = |error: &std::io::Error| Diagnostic::io("write", &path, error);
    write(reader.byte_headers().map_err(|error| unreadable(&path, &error))?).map_err(|error| failed(&error))?;
    let mut record = csv::ByteRecord::new();
    let mut number: Recipient = 0;
    while reader.read_byte_record(&mut record).map_err(|error| unreadable(&path, &error))? {
        if number == recipient {
            let email = format!("erased-{recipient}@{DOMAIN}");
            let fields = (0..record.len()).map(|column| if column == 0 { email.as_bytes() } else { &b""[..] });
            write(&fields.collect()).map_err(|error| failed(&error))?;
        } else {
            write(&record).map_err(|error| failed(&error))?;
        }
        number += 1;
    }
    let new = hex(&context.finish());
    let manifest_path = mailing.folder.join(MANIFEST);
    let manifest = &mailing.manifest;
    let midway =
        Manifest { recipients_digest: new.clone(), earlier_digest: Some(digest_of(&path)?), ..manifest.clone() };
    save(&manifest_path, &midway)?;
    out.commit()?;
    save(
        &manifest_path,
        &Manifest { recipients_digest: new, earlier_digest: None, erased: manifest.erased + 1, ..manifest.clone() },
    )
}

fn save(path: &Path, manifest: &Manifest) -> Result<()> {
    let text = serde_json::to_vec_pretty(manifest)
        .map_err(|error| Diagnostic::error(format!("the mailing can't be described: {error}")))?;
    replace(path, Privacy::Private, &text)
}

/// The summaries name who was refused, and can be made again.
fn remove_reports(folder: &Path) -> Result<()> {
    for name in ["report.html", "report.json"] {
        let path = folder.join(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Diagnostic::io("remove", &path, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn unreadable(path: &Path, error: &csv::Error) -> Diagnostic {
    Diagnostic::error(format!("{} can't be read: {error}", shown_path(path)))
        .help("restore it from a backup; a sealed mailing is not to be edited")
}
