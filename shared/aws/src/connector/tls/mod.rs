//! Decides which certificates a connection trusts: first those under the roots of Amazon's own certificate authority, then
//! those under the system's roots.
//!
//! The certificate of every AWS endpoint leads to one of Amazon's five roots. Reading the system's 150 or so takes longer
//! than everything else at the start of a function. They are read when a server shows the first certificate that does not
//! lead to Amazon's roots: a company's TLS proxy, an endpoint in another partition, an issuer of tokens.

use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// Amazon's roots; see `data/README.md`.
const AMAZON: [&[u8]; 5] = [
    include_bytes!("../../../data/amazon-root-ca-1.der"),
    include_bytes!("../../../data/amazon-root-ca-2.der"),
    include_bytes!("../../../data/amazon-root-ca-3.der"),
    include_bytes!("../../../data/amazon-root-ca-4.der"),
    include_bytes!("../../../data/starfield-services-root-g2.der"),
];

/// Configures TLS 1.2 and 1.3.
///
/// # Errors
/// One of Amazon's roots cannot be read.
pub(super) fn config() -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier {
        first: verifier(amazon_roots()?, &provider)?,
        others: OnceLock::new(),
        load_others: system_roots,
        provider: provider.clone(),
    };
    client_config(provider, verifier)
}

fn client_config(provider: Arc<CryptoProvider>, verifier: Verifier) -> Result<ClientConfig, Error> {
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

fn amazon_roots() -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in AMAZON {
        roots.add(CertificateDer::from_slice(certificate))?;
    }
    Ok(roots)
}

/// Reads the system's roots, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name. Skips unreadable ones.
fn system_roots() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    if !found.errors.is_empty() {
        tracing::warn!(event = "tls.certificates_unreadable", errors = ?found.errors);
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    roots
}

fn verifier(roots: RootCertStore, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, Error> {
    let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    builder.build().map_err(|error| Error::General(error.to_string()))
}

/// Asks two of rustls's own verifiers, one after the other.
#[derive(Debug)]
struct Verifier {
    first: Arc<WebPkiServerVerifier>,
    others: OnceLock<Result<Arc<WebPkiServerVerifier>, Error>>,
    load_others: fn() -> RootCertStore,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn others(&self) -> Result<&WebPkiServerVerifier, Error> {
        let others = self.others.get_or_init(|| verifier((self.load_others)(), &self.provider));
        others.as_deref().map_err(Clone::clone)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.first.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                self.others()?.verify_server_cert(end_entity, intermediates, name, ocsp, now)
            }
            decided => decided,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.first.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.first.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.first.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests;
