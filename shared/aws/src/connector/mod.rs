//! The HTTP client of the AWS clients: hyper's, for HTTP/1.1, with TLS by rustls and ring.
//!
//! The SDK's own client does more: HTTP/2, proxies, several TLS libraries. Waypost needs none of them, and unused code costs
//! size and start-up too; see ADR 12.

mod tls;

use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{CaptureConnection, HttpConnector as TcpConnector, capture_connection};
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tower::timeout::Timeout;
use tower::timeout::error::Elapsed;
use tower::util::BoxCloneSyncService;

/// How long a connection may take to open, TLS included. AWS endpoints are in the same region, milliseconds away.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A pool of connections to AWS, which its clones and their clients share. An idle connection is kept for 90 seconds.
///
/// The clients of the SDK limit how long an answer may take: see their timeouts for attempts and operations.
#[derive(Debug, Clone, Default)]
pub struct Connections {
    /// Made for the first request.
    client: Arc<OnceLock<HttpsClient>>,
}

type HttpsClient = Client<Connect, SdkBody>;
type Connect = BoxCloneSyncService<Uri, MaybeHttpsStream<TokioIo<TcpStream>>, BoxError>;

impl Connections {
    /// Gives the pool to clients of the SDK.
    pub fn client(&self) -> SharedHttpClient {
        let connector = self.connector();
        http_client_fn(move |_, _| connector.clone())
    }

    /// Gives the pool to requests without a client of the SDK.
    pub fn connector(&self) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }

    async fn send(&self, mut request: Request<SdkBody>) -> Result<Response<Incoming>, ConnectorError> {
        let client = match self.client.get() {
            Some(client) => client,
            None => {
                let client = https_client().map_err(|error| ConnectorError::other(error.into(), None))?;
                self.client.get_or_init(|| client)
            }
        };
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>().cloned() {
            let captured = capture_connection(&mut request);
            capture.set_connection_retriever(move || Some(metadata(captured.clone())));
        }
        client.request(request).await.map_err(classified)
    }
}

impl HttpConnector for Connections {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connections = self.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let response = connections.send(request).await?;
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

fn https_client() -> Result<HttpsClient, rustls::Error> {
    let mut tcp = TcpConnector::new();
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    let https =
        HttpsConnectorBuilder::new().with_tls_config(tls::config()?).https_or_http().enable_http1().wrap_connector(tcp);
    let connect = BoxCloneSyncService::new(Timeout::new(https, CONNECT_TIMEOUT));
    Ok(Client::builder(TokioExecutor::new()).build(connect))
}

/// Lets the SDK drop a connection that brought an error.
fn metadata(captured: CaptureConnection) -> ConnectionMetadata {
    let poison = move || {
        if let Some(connection) = captured.connection_metadata().as_ref() {
            connection.poison();
        }
    };
    ConnectionMetadata::builder().proxied(false).poison_fn(poison).build()
}

/// Classifies an error. The SDK tries again after errors of the kind `io` and after transient ones.
fn classified(error: ClientError) -> ConnectorError {
    if cause::<Elapsed>(&error).is_some() {
        return ConnectorError::timeout(error.into());
    }
    if let Some(http_error) = cause::<hyper::Error>(&error) {
        if http_error.is_timeout() {
            return ConnectorError::timeout(error.into());
        }
        if http_error.is_user() {
            return ConnectorError::user(error.into());
        }
        if http_error.is_incomplete_message() {
            return ConnectorError::other(error.into(), Some(ErrorKind::TransientError));
        }
        if http_error.is_closed() || http_error.is_canceled() {
            return ConnectorError::io(error.into());
        }
    }
    if error.is_connect() || cause::<std::io::Error>(&error).is_some() {
        return ConnectorError::io(error.into());
    }
    ConnectorError::other(error.into(), None)
}

/// Finds the cause of `error` that has the type `E`.
fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    error.downcast_ref().or_else(|| cause(error.source()?))
}

#[cfg(test)]
mod tests;
