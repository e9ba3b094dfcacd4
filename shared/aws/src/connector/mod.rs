//! The HTTP client of the AWS clients: HTTP/1.1, TLS by rustls with ring, and a pool of connections.
//!
//! The SDK's own client does more: HTTP/2, proxies, several TLS libraries. No call that Waypost makes needs them, and what is
//! not used costs size and start-up all the same; see ADR 12.

mod pool;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, Uri, header};
use hyper::body::Incoming;

use crate::start::BoxError;
use pool::{Connection, Origin, Pool};

/// Connections to AWS, shared by all that is made of it and of its clones.
#[derive(Debug, Clone, Default)]
pub struct Connections(Arc<Pool>);

impl Connections {
    /// For clients of the SDK. Each operation has the time limits of its own configuration.
    pub fn client(&self) -> SharedHttpClient {
        let connections = self.clone();
        http_client_fn(move |settings, _| connections.connector(settings))
    }

    /// For requests that are made without a client of the SDK.
    pub fn connector(&self, settings: &HttpConnectorSettings) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector { pool: self.0.clone(), settings: settings.clone() })
    }
}

/// The connections, with the time limits of one client.
#[derive(Debug)]
struct Connector {
    pool: Arc<Pool>,
    settings: HttpConnectorSettings,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (pool, settings) = (self.pool.clone(), self.settings.clone());
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let response = send(&pool, request, &settings).await?;
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// Sends `request` over a connection of the pool, or a new one. One that has been closed in the meantime, which only
/// shows when it is used, gives the request back unsent, and the next is tried.
async fn send(
    pool: &Pool,
    mut request: Request<SdkBody>,
    settings: &HttpConnectorSettings,
) -> Result<Response<Incoming>, ConnectorError> {
    let origin = Origin::of(request.uri()).map_err(ConnectorError::user)?;
    address(&mut request, &origin).map_err(ConnectorError::user)?;
    let capture = request.extensions().get::<CaptureSmithyConnection>().cloned();
    loop {
        let (mut connection, is_new) = match pool.take(&origin) {
            Some(connection) => (connection, false),
            None => (limited(settings.connect_timeout(), "connecting", pool.connect(&origin)).await?, true),
        };
        if let Some(capture) = &capture {
            let metadata = metadata(&connection);
            capture.set_connection_retriever(move || Some(metadata.clone()));
        }
        let answer = connection.sender.try_send_request(request);
        let answer = limited(settings.read_timeout(), "waiting for an answer", async { Ok(answer.await) }).await?;
        match answer {
            Ok(response) => {
                pool.put(connection);
                return Ok(response);
            }
            Err(mut failure) => match failure.take_message() {
                Some(unsent) if !is_new => request = unsent,
                _ => return Err(classified(failure.into_error())),
            },
        }
    }
}

/// Writes the request as a server wants it: a path alone in the first line, the host in a header.
fn address(request: &mut Request<SdkBody>, origin: &Origin) -> Result<(), BoxError> {
    if !request.headers().contains_key(header::HOST) {
        let host = HeaderValue::from_str(&origin.host_header())?;
        request.headers_mut().insert(header::HOST, host);
    }
    let path = request.uri().path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from(path);
    Ok(())
}

/// With it the SDK has a connection left alone that brought an error.
fn metadata(connection: &Connection) -> ConnectionMetadata {
    let poisoned = connection.poisoned.clone();
    let poison = move || poisoned.store(true, std::sync::atomic::Ordering::Relaxed);
    ConnectionMetadata::builder().proxied(false).poison_fn(poison).build()
}

async fn limited<T>(
    limit: Option<Duration>,
    doing: &str,
    work: impl Future<Output = Result<T, ConnectorError>>,
) -> Result<T, ConnectorError> {
    let Some(limit) = limit else { return work.await };
    let late = |_| ConnectorError::timeout(format!("{doing} took longer than {limit:?}").into());
    tokio::time::timeout(limit, work).await.map_err(late)?
}

/// The SDK tries again what is of the kind `io`, or said to pass.
fn classified(error: hyper::Error) -> ConnectorError {
    if error.is_timeout() {
        return ConnectorError::timeout(error.into());
    }
    if error.is_user() {
        return ConnectorError::user(error.into());
    }
    if error.is_incomplete_message() {
        return ConnectorError::other(error.into(), Some(ErrorKind::TransientError));
    }
    let is_io = std::error::Error::source(&error).is_some_and(|source| source.is::<std::io::Error>());
    if error.is_closed() || error.is_canceled() || is_io {
        return ConnectorError::io(error.into());
    }
    ConnectorError::other(error.into(), None)
}

#[cfg(test)]
mod tests;
