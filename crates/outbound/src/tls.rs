//! TLS by rustls with ring, and the certificates of the system.

use std::sync::{Arc, LazyLock};

use reqwest::ClientBuilder;
use rustls::{ClientConfig, RootCertStore, crypto::ring};

use crate::error::Error;

/// The system's certificates, read when the first client needs them.
static ROOTS: LazyLock<Arc<RootCertStore>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (_, unusable) = roots.add_parsable_certificates(found.certs);
    for error in &found.errors {
        tracing::warn!(%error, "a certificate of the system cannot be read");
    }
    tracing::debug!(usable = roots.len(), unusable, "the certificates of the system were read");
    Arc::new(roots)
});

/// Gives a client its TLS. Certificates are read only where `is_secure`, so that a machine without any can still
/// reach a local server over plain HTTP.
///
/// # Errors
/// [`Error::NoCertificates`] where they are needed and there are none.
pub fn with_tls(builder: ClientBuilder, is_secure: bool) -> Result<ClientBuilder, Error> {
    let roots = if is_secure { ROOTS.clone() } else { Arc::new(RootCertStore::empty()) };
    if is_secure && roots.is_empty() {
        return Err(Error::NoCertificates);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|source| Error::Setup { source: source.into() })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(builder.tls_backend_preconfigured(config))
}
