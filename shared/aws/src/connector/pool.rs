//! Connections that can be used again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http::Uri;
use http::uri::Authority;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::tls;
use crate::start::BoxError;

/// How long a connection is kept that nobody uses.
const LONGEST_REST: Duration = Duration::from_secs(90);

/// Where a connection leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    https: bool,
    authority: Authority,
}

impl Origin {
    /// Where `uri` is.
    ///
    /// # Errors
    /// It is not an absolute `http` or `https` URI.
    pub(super) fn of(uri: &Uri) -> Result<Self, BoxError> {
        let https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(format!("{uri} is neither http nor https").into()),
        };
        let authority = uri.authority().cloned().ok_or_else(|| format!("{uri} has no host"))?;
        Ok(Self { https, authority })
    }

    /// Host and, where it is not the scheme's own, port.
    pub(super) fn host_header(&self) -> String {
        match self.authority.port_u16() {
            Some(port) if port != self.default_port() => format!("{}:{port}", self.authority.host()),
            _ => self.authority.host().to_owned(),
        }
    }

    /// The host, an IPv6 address without its brackets.
    fn host(&self) -> &str {
        self.authority.host().trim_start_matches('[').trim_end_matches(']')
    }

    fn default_port(&self) -> u16 {
        if self.https { 443 } else { 80 }
    }
}

/// A connection on which a request can be sent, once the answer before is read.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) sender: SendRequest<SdkBody>,
    /// Whether the SDK wants no more requests on it.
    pub(super) poisoned: Arc<AtomicBool>,
    origin: Origin,
    used: Instant,
}

/// All connections that are not waiting for an answer. The body of an answer may still be on its way on some: they are not
/// ready.
#[derive(Debug, Default)]
pub(super) struct Pool {
    connections: Mutex<Vec<Connection>>,
    tls: OnceLock<Arc<ClientConfig>>,
}

impl Pool {
    /// The connection to `origin` that was used last of those that are ready.
    pub(super) fn take(&self, origin: &Origin) -> Option<Connection> {
        let mut connections = self.lock();
        connections.retain(Connection::is_usable);
        let ready = |one: &Connection| one.origin == *origin && one.sender.is_ready();
        let index = connections.iter().rposition(ready)?;
        Some(connections.remove(index))
    }

    /// Keeps `connection` for the next request.
    pub(super) fn put(&self, mut connection: Connection) {
        connection.used = Instant::now();
        self.lock().push(connection);
    }

    /// A new connection to `origin`.
    pub(super) async fn connect(&self, origin: &Origin) -> Result<Connection, ConnectorError> {
        let port = origin.authority.port_u16().unwrap_or_else(|| origin.default_port());
        let stream = TcpStream::connect((origin.host(), port)).await.map_err(io)?;
        stream.set_nodelay(true).map_err(io)?;
        let sender = if origin.https {
            let name = ServerName::try_from(origin.host().to_owned()).map_err(|e| ConnectorError::user(e.into()))?;
            let config = self.tls()?;
            start(TokioIo::new(TlsConnector::from(config).connect(name, stream).await.map_err(io)?)).await
        } else {
            start(TokioIo::new(stream)).await
        };
        let sender = sender.map_err(|error| ConnectorError::io(error.into()))?;
        Ok(Connection { sender, poisoned: Arc::default(), origin: origin.clone(), used: Instant::now() })
    }

    /// Made when the first connection needs it.
    fn tls(&self) -> Result<Arc<ClientConfig>, ConnectorError> {
        if let Some(config) = self.tls.get() {
            return Ok(config.clone());
        }
        let config = tls::config().map_err(|error| ConnectorError::other(error.into(), None))?;
        Ok(self.tls.get_or_init(|| config).clone())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    fn is_usable(&self) -> bool {
        !self.sender.is_closed() && !self.poisoned.load(Ordering::Relaxed) && self.used.elapsed() < LONGEST_REST
    }
}

/// Speaks HTTP/1.1 on `stream`, in a task that ends when nobody can send on it any more.
async fn start(stream: impl Read + Write + Unpin + Send + 'static) -> hyper::Result<SendRequest<SdkBody>> {
    let (sender, connection) = http1::handshake(stream).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            // Who waits for an answer gets an error; without one there is nobody to tell.
            tracing::debug!(event = "connection.ended", %error);
        }
    });
    Ok(sender)
}

fn io(error: std::io::Error) -> ConnectorError {
    ConnectorError::io(error.into())
}
