//! TLS to a relay: verified chain and host name, by the system's authorities or a file of one's own.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::diagnostic::{Diagnostic, Result, shown_path};

/// Prepares TLS with the system's authorities, or with those in a PEM file instead.
pub fn connector(ca: Option<&Path>) -> Result<TlsConnector> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let unusable = |error: &dyn std::fmt::Display| Diagnostic::error(format!("TLS can't be set up: {error}"));
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?;
    let config = match ca {
        Some(path) => builder.with_root_certificates(authorities(path)?).with_no_client_auth(),
        None => builder
            .with_platform_verifier()
            .map_err(|error| unusable(&error).help("install the system's certificates (ca-certificates), or name a file with ?ca=FILE in the relay's URL"))?
            .with_no_client_auth(),
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

fn authorities(path: &Path) -> Result<RootCertStore> {
    let unreadable = |why: String| {
        Diagnostic::error(format!("the certificates in {} can't be used: {why}", shown_path(path)))
            .help("give a PEM file of certificate authorities")
    };
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unreadable(error.to_string()))? {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        store.add(certificate).map_err(|error| unreadable(error.to_string()))?;
    }
    if store.is_empty() { Err(unreadable("there are none".to_owned())) } else { Ok(store) }
}

/// Shakes hands; the certificate must be for `host`.
pub async fn handshake(
    connector: &TlsConnector,
    host: &str,
    stream: TcpStream,
) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(host.to_owned()).map_err(std::io::Error::other)?;
    connector.connect(name, stream).await
}
