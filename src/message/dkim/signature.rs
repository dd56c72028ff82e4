//! The signatures of one mailing's copies: laid out once, then filled in place, copy by copy.
//!
//! All of a `DKIM-Signature` field but its two hashes is the same for every copy, and so is its length. So blank fields stand
//! at the start of the message from the first, and [`Signatures::sign`] writes the hashes into them when all else is there.

use aws_lc_rs::digest::{self, Context, SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Signer;
use super::canonical::{Field, Fields, relaxed, simple};
use super::key::LONGEST_SIGNATURE;
use crate::clock::Timestamp;
use crate::diagnostic::{Diagnostic, Result};

/// The fields that are signed. Those marked stand in `h=` once more than in the message, so that none can be added on
/// the way without breaking the signature (RFC 6376 section 8.15); also those that a message of ours leaves out.
const SIGNED: [(&str, bool); 14] = [
    ("From", true),
    ("To", true),
    ("Subject", true),
    ("Date", true),
    ("Message-ID", true),
    ("Reply-To", true),
    ("MIME-Version", true),
    ("Content-Type", true),
    ("List-Id", true),
    ("List-Unsubscribe", true),
    ("List-Unsubscribe-Post", true),
    ("List-Post", false),
    ("Feedback-ID", false),
    ("X-Letterpress-Id", false),
];

/// The longest line of a field.
const LINE: usize = 76;
/// The length of a SHA-256 hash in base64.
const HASH: usize = 44;
/// How many characters of a signature stand in one line.
const CHUNK: usize = 72;
const FOLD: &[u8] = b"\r\n ";

/// All signatures of a mailing's copies.
#[derive(Debug, Default)]
pub struct Signatures {
    signers: Vec<Signer>,
    /// Which of [`SIGNED`] every copy has.
    present: [bool; SIGNED.len()],
    /// The fields with blank hashes.
    blank: Vec<u8>,
    slots: Vec<Slot>,
}

/// Where the hashes of one signature go, and the field's relaxed form before and behind the hash of the body.
#[derive(Debug)]
struct Slot {
    body_hash: usize,
    signature: usize,
    before: Vec<u8>,
    behind: Vec<u8>,
}

/// Room that signing needs, used again for every copy.
#[derive(Debug, Default)]
pub struct Room {
    header: Vec<u8>,
}

impl Signatures {
    /// Lays the fields out. `at` is the time that they name, `has` says which fields every copy of the mailing has.
    pub fn new(signers: Vec<Signer>, at: Timestamp, has: impl Fn(&str) -> bool) -> Self {
        let present = SIGNED.map(|(name, _)| has(name));
        let mut blank = Vec::new();
        let slots = signers.iter().map(|signer| lay_out(signer, at, &present, &mut blank)).collect();
        Signatures { signers, present, blank, slots }
    }

    pub fn signers(&self) -> &[Signer] {
        &self.signers
    }

    /// What a message to be signed begins with.
    pub fn blank(&self) -> &[u8] {
        &self.blank
    }

    /// Signs a message that begins with [`Signatures::blank`] and is complete otherwise.
    ///
    /// # Errors
    /// A field that is there twice or is missing, or a key that fails: such a copy may not leave.
    pub fn sign(&self, message: &mut [u8], room: &mut Room) -> Result<()> {
        if self.signers.is_empty() {
            return Ok(());
        }
        let (fields, rest) = message.split_at_mut(self.blank.len());
        let mut header = Context::new(&SHA256);
        let body = self.hash_header(rest, &mut room.header, &mut header)?;
        let mut body_hash = [0; HASH];
        encode(hash_body(body).as_ref(), &mut body_hash)?;
        for (signer, slot) in self.signers.iter().zip(&self.slots) {
            fields[slot.body_hash..][..HASH].copy_from_slice(&body_hash);
            let mut context = header.clone();
            for part in [&slot.before[..], &body_hash, &slot.behind] {
                context.update(part);
            }
            let mut signature = [0; LONGEST_SIGNATURE];
            let failed = |_| fault(&format!("the key in {} failed", signer.key_file()));
            signer.key().sign(&context.finish(), &mut signature).map_err(failed)?;
            fill_in(&signature[..signer.key().signature_len()], &mut fields[slot.signature..])?;
        }
        Ok(())
    }

    /// Hashes the signed fields in the order of `h=`, and returns the body.
    fn hash_header<'a>(
        &self,
        message: &'a [u8],
        relaxed_form: &mut Vec<u8>,
        context: &mut Context,
    ) -> Result<&'a [u8]> {
        let mut found: [Option<Field<'a>>; SIGNED.len()] = [None; SIGNED.len()];
        let mut fields = Fields::of(message);
        for field in fields.by_ref() {
            let Some(at) = SIGNED.iter().position(|(name, _)| field.name.eq_ignore_ascii_case(name.as_bytes())) else {
                continue;
            };
            if found[at].replace(field).is_some() {
                return Err(fault(&format!("it has {} twice", SIGNED[at].0)));
            }
        }
        relaxed_form.clear();
        for ((field, present), (name, _)) in found.iter().zip(self.present).zip(SIGNED) {
            if field.is_some() != present {
                return Err(fault(&format!("{name} is {}", if present { "missing" } else { "not expected" })));
            }
            if let Some(field) = field {
                relaxed(*field, relaxed_form);
            }
        }
        context.update(relaxed_form);
        Ok(fields.body())
    }
}

/// Appends a blank field for one signer.
fn lay_out(signer: &Signer, at: Timestamp, present: &[bool], blank: &mut Vec<u8>) -> Slot {
    let start = blank.len();
    let mut field = Folded { out: blank, column: 0 };
    field.append("DKIM-Signature:", "");
    for tag in [
        "v=1;".to_owned(),
        format!("a={};", signer.key().algorithm().name()),
        "c=relaxed/simple;".to_owned(),
        format!("d={};", signer.domain()),
        format!("s={};", signer.selector()),
        format!("t={};", at.as_second().max(0)),
    ] {
        field.append(&tag, " ");
    }
    let names: Vec<&str> = SIGNED
        .iter()
        .zip(present)
        .flat_map(|((name, oversigned), present)| {
            std::iter::repeat_n(*name, usize::from(*present) + usize::from(*oversigned))
        })
        .collect();
    for (n, name) in names.iter().enumerate() {
        let text = format!("{}{name}{}", if n == 0 { "h=" } else { "" }, if n + 1 < names.len() { ":" } else { ";" });
        field.append(&text, if n == 0 { " " } else { "" });
    }
    blank.extend_from_slice(FOLD);
    blank.extend_from_slice(b"bh=");
    let body_hash = blank.len();
    blank.resize(body_hash + HASH, b'=');
    blank.push(b';');
    blank.extend_from_slice(FOLD);
    blank.extend_from_slice(b"b=");
    let signature = blank.len();
    // The relaxed form leaves the signature out, and with it the field's line end.
    let form = |bytes: &[u8]| {
        let mut out = Vec::new();
        Fields::of(bytes).for_each(|field| relaxed(field, &mut out));
        out.truncate(out.len() - b"\r\n".len());
        out
    };
    let behind = b"; b=".to_vec();
    let mut before = form(&blank[start..]);
    before.truncate(before.len() - HASH - behind.len());
    let length = signer.key().signature_len().div_ceil(3) * 4;
    blank.resize(signature + length + (length.div_ceil(CHUNK) - 1) * FOLD.len(), b'=');
    blank.extend_from_slice(b"\r\n");
    Slot { body_hash, signature, before, behind }
}

/// A field that is folded where it would become too long.
struct Folded<'a> {
    out: &'a mut Vec<u8>,
    column: usize,
}

impl Folded<'_> {
    /// Appends a text that stays in one piece, with `gap` before it unless it begins a line.
    fn append(&mut self, text: &str, gap: &str) {
        if self.column + gap.len() + text.len() > LINE {
            self.out.extend_from_slice(FOLD);
            self.column = 1;
        } else {
            self.out.extend_from_slice(gap.as_bytes());
            self.column += gap.len();
        }
        self.out.extend_from_slice(text.as_bytes());
        self.column += text.len();
    }
}

/// SHA-256 of the body in its simple form.
fn hash_body(body: &[u8]) -> digest::Digest {
    let mut context = Context::new(&SHA256);
    context.update(simple(body));
    context.update(b"\r\n");
    context.finish()
}

/// Writes a signature in base64, in lines, to the start of `out`.
fn fill_in(signature: &[u8], out: &mut [u8]) -> Result<()> {
    let mut text = [0; LONGEST_SIGNATURE.div_ceil(3) * 4];
    let length = encode(signature, &mut text)?;
    let mut at = 0;
    for (n, chunk) in text[..length].chunks(CHUNK).enumerate() {
        if n > 0 {
            out[at..at + FOLD.len()].copy_from_slice(FOLD);
            at += FOLD.len();
        }
        out[at..at + chunk.len()].copy_from_slice(chunk);
        at += chunk.len();
    }
    Ok(())
}

fn encode(bytes: &[u8], out: &mut [u8]) -> Result<usize> {
    STANDARD.encode_slice(bytes, out).map_err(|_| fault("its signature is too long"))
}

fn fault(why: &str) -> Diagnostic {
    Diagnostic::error(format!("a copy can't be signed: {why}")).help("this is a fault of letterpress: please report it")
}
