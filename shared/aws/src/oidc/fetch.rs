//! Gets the issuer's documents over HTTPS.

use std::net::IpAddr;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::header::ACCEPT;
use http_body_util::{BodyExt, Limited};
use url::{Host, Url};

use crate::connector::Connections;

/// Why there is no document.
pub(super) type FetchError = Box<dyn std::error::Error + Send + Sync>;

/// How long a document may take, from the connection to its last byte.
const TIMEOUT: Duration = Duration::from_secs(3);
/// How large a document may be. The largest providers' key sets have some 10 KB.
const MAX_BYTES: usize = 256 * 1024;

/// Whether `url` is one to trust keys from: `https`, or this machine itself, for tests.
pub(super) fn is_safe(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        _ => false,
    };
    url.scheme() == "https" && url.host().is_some() || url.scheme() == "http" && loopback
}

/// Gets documents with the HTTP client that the AWS clients have. It follows no redirects.
#[derive(Debug, Default)]
pub(super) struct Fetcher {
    connections: Connections,
}

impl Fetcher {
    /// The document at `url`.
    pub(super) async fn get(&self, url: &Url) -> Result<Bytes, FetchError> {
        if !is_safe(url) {
            return Err(format!("{url} is not an https URL").into());
        }
        tokio::time::timeout(TIMEOUT, self.get_unbounded(url)).await.map_err(|_| format!("{url} took too long"))?
    }

    async fn get_unbounded(&self, url: &Url) -> Result<Bytes, FetchError> {
        let request = http::Request::get(url.as_str()).header(ACCEPT, "application/json").body(SdkBody::empty())?;
        let response = self.connections.connector().call(HttpRequest::try_from(request)?).await?;
        if !response.status().is_success() {
            return Err(format!("{url} answers {}", response.status().as_u16()).into());
        }
        let body = Limited::new(response.into_body(), MAX_BYTES).collect().await?;
        Ok(body.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_https_or_from_this_machine() {
        for (url, safe) in [
            ("https://id.example.com/", true),
            ("http://127.0.0.1:8080/", true),
            ("http://[::1]:8080/", true),
            ("http://id.example.com/", false),
            ("http://localhost.example.com/", false),
            ("http://10.0.0.1/", false),
            ("file:///etc/passwd", false),
            ("ftp://127.0.0.1/", false),
        ] {
            assert_eq!(is_safe(&Url::parse(url).unwrap()), safe, "{url}");
        }
    }
}
