//! Gets the issuer's documents, over HTTPS only.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use url::{Host, Url};

/// Why a document cannot be fetched.
pub type FetchError = Box<dyn std::error::Error + Send + Sync>;

/// How long a document may take, from the connection to its last byte.
const TIMEOUT: Duration = Duration::from_secs(3);
/// How large a document may be. The key sets of the largest providers have some 10 KB.
const MAX_BYTES: usize = 256 * 1024;

/// Gets documents over HTTP.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// Gets the document at `url`. Follows no redirects and reads no more than `max_bytes`.
    ///
    /// # Errors
    /// No answer, an answer whose status is not 2xx, or a larger document.
    async fn get(&self, url: &Url, max_bytes: usize) -> Result<Bytes, FetchError>;
}

/// Gets the document at `url` in bounded time, if the URL is safe.
pub(super) async fn fetch_document(fetch: &dyn Fetch, url: &Url) -> Result<Bytes, FetchError> {
    if !is_safe(url) {
        return Err(format!("{url} is not an https URL").into());
    }
    let document = tokio::time::timeout(TIMEOUT, fetch.get(url, MAX_BYTES)).await;
    document.map_err(|_| format!("{url} took too long"))?
}

/// Tells whether keys from `url` can be trusted: over `https`, or from this machine itself, for tests.
pub(super) fn is_safe(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        _ => false,
    };
    url.scheme() == "https" && url.host().is_some() || url.scheme() == "http" && loopback
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_loopback_urls_are_safe() {
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
