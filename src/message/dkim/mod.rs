//! Who vouches for a copy: DKIM signatures (RFC 6376, 8301, 8463) by the sender's domain.
//!
//! [`Signer`] is a key with the name under which its public half is published; [`Signatures`] holds what all copies of a
//! mailing share and signs one in place. `[dkim]` names the keys, [`DnsRecord`] is what goes into the DNS. Nothing here
//! asks the DNS.

mod canonical;
mod key;
mod record;
mod settings;
mod signature;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use key::{Algorithm, Key};
pub use record::DnsRecord;
pub use settings::{DkimSettings, KeySettings, check_selector};
pub(super) use signature::{Room, Signatures};

use crate::diagnostic::{Diagnostic, Result};

/// A key, and where receivers find its public half.
#[derive(Debug, Clone)]
pub struct Signer {
    domain: String,
    selector: String,
    key_file: String,
    key: Key,
    exposed: bool,
}

/// What a sealed mailing keeps of a signer: enough to know the same key again, and nothing secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSigner {
    pub domain: String,
    pub selector: String,
    pub key_file: String,
    /// SHA-256 of the public key.
    pub fingerprint: String,
}

impl Signer {
    /// A key that signs as `selector` of `domain`; both were checked. `key_file` is where a person finds the key.
    pub fn new(key: Key, domain: &str, selector: &str, key_file: &str) -> Signer {
        Signer {
            domain: domain.to_owned(),
            selector: selector.to_owned(),
            key_file: key_file.to_owned(),
            key,
            exposed: false,
        }
    }

    /// Reads the key of `settings`, which were checked, in the publication at `root`. `from` is the sender's domain.
    ///
    /// # Errors
    /// A key that is missing or won't do.
    pub fn load(root: &Path, settings: &KeySettings, from: &str) -> Result<Signer> {
        let key_file = settings.key_file();
        let domain = settings
            .domain(from)
            .map_err(|error| Diagnostic::error(format!("`domain` in [dkim]: {}", error.message)).help(error.help))?;
        let path = root.join(&key_file);
        let pem = fs::read(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Diagnostic::error(format!("there is no {key_file}, which [dkim] signs with"))
                .help(format!("`letterpress dkim keygen --selector {}` makes it", settings.selector))
                .help("or take [dkim] out: then the mail is not signed here"),
            _ => Diagnostic::io("read the key", &path, &error),
        })?;
        let key = Key::from_pem(&key_file, &pem)?;
        Ok(Signer { exposed: is_exposed(&path), ..Signer::new(key, &domain, &settings.selector, &key_file) })
    }

    pub fn domain(&self) -> &str {
        &self.domain
    }

    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// Where the key lies, relative to the publication.
    pub fn key_file(&self) -> &str {
        &self.key_file
    }

    pub fn key(&self) -> &Key {
        &self.key
    }

    /// What is unwise about it: a key that others on this machine can read.
    pub fn warning(&self) -> Option<Diagnostic> {
        let file = &self.key_file;
        self.exposed.then(|| {
            Diagnostic::warning(format!(
                "others on this machine can read {file}, and sign mail as {} with it",
                self.domain
            ))
            .help(format!("chmod 600 {file}"))
        })
    }

    /// What a sealed mailing keeps of it.
    pub fn sealed(&self) -> SealedSigner {
        SealedSigner {
            domain: self.domain.clone(),
            selector: self.selector.clone(),
            key_file: self.key_file.clone(),
            fingerprint: self.key.fingerprint(),
        }
    }
}

impl SealedSigner {
    /// The very signer that was sealed, whatever `[dkim]` says by now.
    ///
    /// # Errors
    /// Its key is gone, or is another one: copies would no longer be the same octets.
    pub fn open(&self, root: &Path) -> Result<Signer> {
        let SealedSigner { domain, selector, key_file, fingerprint } = self;
        let path = root.join(key_file);
        let help = format!("restore the key that was there when the mailing was sealed (fingerprint {fingerprint})");
        let pem = fs::read(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                Diagnostic::error(format!("{key_file} is gone: the copies of this mailing are signed with it"))
                    .help(help.as_str())
                    .help("nothing was sent")
            }
            _ => Diagnostic::io("read the key", &path, &error),
        })?;
        let key = Key::from_pem(key_file, &pem)?;
        if key.fingerprint() != *fingerprint {
            return Err(Diagnostic::error(format!(
                "{key_file} holds another key than the one that signs the copies of this mailing"
            ))
            .help(help)
            .help("nothing was sent; a new key gets a new selector, and signs the next mailing"));
        }
        Ok(Signer { exposed: is_exposed(&path), ..Signer::new(key, domain, selector, key_file) })
    }
}

/// Whether others on the machine may read or write a file.
fn is_exposed(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

#[cfg(test)]
pub(super) mod tests;
