//! Private keys: read from PEM, made anew, and signing with them. What a key says of itself never holds its secret.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

use crate::diagnostic::{Diagnostic, Result};

/// How is signed (RFC 6376 section 3.3.2, RFC 8463).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Rsa,
    Ed25519,
}

impl Algorithm {
    /// The value of `a=` in a signature.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Rsa => "rsa-sha256",
            Algorithm::Ed25519 => "ed25519-sha256",
        }
    }

    /// The value of `k=` in a record.
    pub fn key_type(self) -> &'static str {
        match self {
            Algorithm::Rsa => "rsa",
            Algorithm::Ed25519 => "ed25519",
        }
    }
}

/// The longest signature: RSA with 4096 bits. Verifiers need not take longer ones (RFC 8301 section 3.2).
pub const LONGEST_SIGNATURE: usize = 512;
const ED25519_SIGNATURE: usize = 64;

/// A private key that many threads sign with at once.
#[derive(Clone)]
pub struct Key(Arc<Inner>);

struct Inner {
    pair: Pair,
    /// The public key as a record holds it.
    public: Vec<u8>,
    signature_len: usize,
}

enum Pair {
    Rsa(rsa::KeyPair),
    Ed25519(Ed25519KeyPair),
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, …)", self.algorithm().name())
    }
}

impl Key {
    /// Reads a key in PEM: PKCS#8, or PKCS#1 for RSA. `file` is where it stands, for messages.
    ///
    /// # Errors
    /// What the file holds instead, or why its key won't do.
    pub fn from_pem(file: &str, pem: &[u8]) -> Result<Key> {
        let der = PrivateKeyDer::from_pem_slice(pem).map_err(|_| no_key(file, pem))?;
        let pair = match &der {
            PrivateKeyDer::Pkcs1(der) => rsa::KeyPair::from_der(der.secret_pkcs1_der()).map(Pair::Rsa),
            PrivateKeyDer::Pkcs8(der) => match Ed25519KeyPair::from_pkcs8(der.secret_pkcs8_der()) {
                Ok(pair) => Ok(Pair::Ed25519(pair)),
                Err(_) => rsa::KeyPair::from_pkcs8(der.secret_pkcs8_der()).map(Pair::Rsa),
            },
            _ => return Err(unsuitable(file)),
        };
        let pair = pair.map_err(|error| rejected(file, error))?;
        let key = Key::new(pair).map_err(|_| unsuitable(file))?;
        if key.signature_len() > LONGEST_SIGNATURE {
            return Err(Diagnostic::error(format!(
                "the RSA key in {file} has more than 4096 bits, which receivers need not take"
            ))
            .help("2048 bits are enough: `letterpress dkim keygen --selector NAME` makes such a key"));
        }
        Ok(key)
    }

    /// Makes a key, and its text as PKCS#8 in PEM. RSA keys have 2048 bits: longer ones don't fit into one answer of the
    /// DNS over UDP, and are slower.
    ///
    /// # Errors
    /// The system gave no random numbers.
    pub fn generate(algorithm: Algorithm) -> Result<(Key, String)> {
        let make = || -> Result<(Pair, Vec<u8>), Unspecified> {
            Ok(match algorithm {
                Algorithm::Rsa => {
                    let pair = rsa::KeyPair::generate(KeySize::Rsa2048)?;
                    let der = pair.as_der()?.as_ref().to_vec();
                    (Pair::Rsa(pair), der)
                }
                Algorithm::Ed25519 => {
                    let pair = Ed25519KeyPair::generate()?;
                    let der = pair.to_pkcs8v1()?.as_ref().to_vec();
                    (Pair::Ed25519(pair), der)
                }
            })
        };
        let failed = |_| Diagnostic::error("the system gave no random numbers for a key");
        let (pair, der) = make().map_err(failed)?;
        Ok((Key::new(pair).map_err(|_| failed(Unspecified))?, pem("PRIVATE KEY", &der)))
    }

    fn new(pair: Pair) -> Result<Key, Unspecified> {
        let (public, signature_len) = match &pair {
            Pair::Rsa(pair) => (pair.public_key().as_der()?.as_ref().to_vec(), pair.public_modulus_len()),
            Pair::Ed25519(pair) => (pair.public_key().as_ref().to_vec(), ED25519_SIGNATURE),
        };
        Ok(Key(Arc::new(Inner { pair, public, signature_len })))
    }

    pub fn algorithm(&self) -> Algorithm {
        match self.0.pair {
            Pair::Rsa(_) => Algorithm::Rsa,
            Pair::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// The public key as a record holds it: SubjectPublicKeyInfo for RSA, the 32 octets themselves for Ed25519.
    pub fn public(&self) -> &[u8] {
        &self.0.public
    }

    /// What tells this key from every other: SHA-256 of its public half, in hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let digest = digest::digest(&digest::SHA256, self.public());
        digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// How many octets each signature has.
    pub fn signature_len(&self) -> usize {
        self.0.signature_len
    }

    /// Signs a SHA-256 digest into the first [`Key::signature_len`] octets of `out`. Ed25519 signs the digest as its message
    /// (RFC 8463 section 3).
    pub fn sign(&self, digest: &Digest, out: &mut [u8; LONGEST_SIGNATURE]) -> Result<(), Unspecified> {
        let out = &mut out[..self.0.signature_len];
        match &self.0.pair {
            Pair::Rsa(pair) => pair.sign_digest(&RSA_PKCS1_SHA256, digest, out),
            Pair::Ed25519(pair) => {
                out.copy_from_slice(pair.try_sign(digest.as_ref())?.as_ref());
                Ok(())
            }
        }
    }
}

/// DER as PEM (RFC 7468).
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        out.extend(line.iter().map(|byte| char::from(*byte)));
        out.push('\n');
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

fn no_key(file: &str, pem: &[u8]) -> Diagnostic {
    let has = |word: &[u8]| pem.windows(word.len()).any(|window| window == word);
    if has(b"ENCRYPTED") {
        return Diagnostic::error(format!(
            "the key in {file} is encrypted, and there is nobody to ask for its password"
        ))
        .help(format!("write it unencrypted to a file of mode 0600: openssl pkey -in {file} -out NEW-FILE"));
    }
    let what = if has(b"PUBLIC KEY") { "a public key, and no private one" } else { "no private key" };
    Diagnostic::error(format!("{file} holds {what}"))
        .help("a key is PEM: it begins with -----BEGIN PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY-----")
        .help("`letterpress dkim keygen --selector NAME` makes one")
}

fn unsuitable(file: &str) -> Diagnostic {
    Diagnostic::error(format!("the key in {file} is neither RSA nor Ed25519, or is damaged"))
        .help("`letterpress dkim keygen --selector NAME` makes one")
}

fn rejected(file: &str, error: KeyRejected) -> Diagnostic {
    match error.description_() {
        "TooSmall" => Diagnostic::error(format!(
            "the RSA key in {file} has fewer than 2048 bits, which receivers no longer trust"
        ))
        .help("`letterpress dkim keygen --selector NAME` makes a new one"),
        _ => unsuitable(file),
    }
}
