//! Opens connections to addresses that were checked, with TLS if the URL asks for it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use waypost_domain::pages::ports::FetchError;

/// How long one address may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How many addresses of a host are tried.
const MAX_ADDRESSES: usize = 3;

/// Connects to the first of `addresses` that accepts a connection.
pub(crate) async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, FetchError> {
    for address in addresses.iter().take(MAX_ADDRESSES) {
        if let Ok(Ok(stream)) = timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            return Ok(stream);
        }
    }
    Err(FetchError::NotConnected)
}

/// Begins TLS on `stream` with the server of `host`, a name or an address.
pub(crate) async fn begin_tls(
    config: &Arc<ClientConfig>,
    host: &str,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, FetchError> {
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(|_| FetchError::Tls)?;
    TlsConnector::from(config.clone()).connect(name, stream).await.map_err(|_| FetchError::Tls)
}

/// Configures TLS 1.2 and 1.3 that trusts `roots`.
///
/// # Errors
/// The provider of cryptography lacks a protocol, which never happens.
pub(crate) fn tls_config(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    Ok(builder.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth())
}

/// Reads the system's roots, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name. Skips unreadable ones.
pub(crate) fn system_roots() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    if !found.errors.is_empty() {
        tracing::warn!(event = "tls.certificates_unreadable", errors = ?found.errors);
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    roots
}
