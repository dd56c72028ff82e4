//! A word in the place of an address: the same for the same address, and nobody can read the address from it, nor try
//! addresses out without the key beside it.
//!
//! The key is `forgotten.key` beside the suppressions, readable by its owner only. It is no other key of the publication,
//! so that changing one of those lets nobody back in.

use std::fmt;
use std::path::{Path, PathBuf};

use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::diagnostic::{Diagnostic, Place, Result, shown_path};
use crate::durable::{self, Privacy};

/// What such a word begins with.
const PREFIX: &str = "forgotten:";
const KEY_FILE: &str = "forgotten.key";
const KEY_OCTETS: usize = 32;

/// A veiled address, with a mark of the key that it was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Veiled {
    mark: [u8; 3],
    address: [u8; 18],
}

impl Veiled {
    /// Reads a word; `None`: it is none.
    pub(super) fn parse(word: &str) -> Option<Result<Veiled>> {
        let text = word.strip_prefix(PREFIX)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| <[u8; 21]>::try_from(bytes).ok());
        Some(bytes.map_or_else(
            || {
                Err(Diagnostic::error(format!("`{word}` stands for nobody"))
                    .at(Place::file("suppressions.csv"))
                    .help("restore the row from a backup: it keeps a forgotten person out"))
            },
            |bytes| {
                let (mut mark, mut address) = ([0; 3], [0; 18]);
                mark.copy_from_slice(&bytes[..3]);
                address.copy_from_slice(&bytes[3..]);
                Ok(Veiled { mark, address })
            },
        ))
    }
}

impl fmt::Display for Veiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 21];
        bytes[..3].copy_from_slice(&self.mark);
        bytes[3..].copy_from_slice(&self.address);
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// The key.
pub(super) struct Veil {
    key: hmac::Key,
    mark: [u8; 3],
}

impl fmt::Debug for Veil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Veil(…)")
    }
}

impl Veil {
    fn from_bytes(bytes: &[u8]) -> Veil {
        let key = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let tag = hmac::sign(&key, b"letterpress forgotten key");
        let mut mark = [0; 3];
        mark.copy_from_slice(&tag.as_ref()[..3]);
        Veil { key, mark }
    }

    /// Reads the key beside the suppressions, which must be there.
    pub(super) fn load(suppressions: &Path) -> Result<Veil> {
        let path = key_file(suppressions);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Diagnostic::io("read the key", &path, &error)
                .help("restore it from a backup: without it nobody knows which forgotten people must not come back")
        })?;
        Self::decode(&path, &text)
    }

    /// Reads the key, or makes one. `true`: it is new.
    pub(super) fn load_or_create(suppressions: &Path) -> Result<(Veil, bool)> {
        let path = key_file(suppressions);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok((Self::decode(&path, &text)?, false)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut bytes = [0; KEY_OCTETS];
                rand::fill(&mut bytes).map_err(|_| Diagnostic::error("the system gave no random numbers for a key"))?;
                let text = format!("{}\n", URL_SAFE_NO_PAD.encode(bytes));
                match durable::create_new(&path, Privacy::Private, text.as_bytes()) {
                    // Two commands may start at once; the key of the first is the key of both.
                    Err(_) if path.exists() => Self::load(suppressions).map(|veil| (veil, false)),
                    result => result.map(|()| (Self::from_bytes(&bytes), true)),
                }
            }
            Err(error) => Err(Diagnostic::io("read", &path, &error)),
        }
    }

    fn decode(path: &Path, text: &str) -> Result<Veil> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).ok().filter(|bytes| bytes.len() == KEY_OCTETS);
        bytes.map(|bytes| Veil::from_bytes(&bytes)).ok_or_else(|| {
            Diagnostic::error(format!("{} holds no key of ours", shown_path(path)))
                .help("restore it from a backup: without it nobody knows which forgotten people must not come back")
        })
    }

    /// The word for an address: the same whatever its case.
    pub(super) fn over(&self, email: &str) -> Veiled {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(b"letterpress forgotten\0");
        context.update(email.to_ascii_lowercase().as_bytes());
        let mut address = [0; 18];
        address.copy_from_slice(&context.sign().as_ref()[..18]);
        Veiled { mark: self.mark, address }
    }

    /// Whether a word was made with this key.
    pub(super) fn made(&self, veiled: &Veiled) -> bool {
        veiled.mark == self.mark
    }
}

fn key_file(suppressions: &Path) -> PathBuf {
    suppressions.with_file_name(KEY_FILE)
}
