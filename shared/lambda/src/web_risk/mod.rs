//! Asks Google Web Risk about URLs by its Lookup API
//! (<https://cloud.google.com/web-risk/docs/reference/rest/v1/uris/search>).

mod answer;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::HeaderValue;
use http::header::ACCEPT;
use http_body_util::{BodyExt, Limited};
use tokio::time::timeout;
use url::Url;
use url::form_urlencoded::byte_serialize;
use waypost_aws::connector::Connections;
use waypost_domain::target_safety::ports::{LookupError, TargetChecker, Verdict};

use self::answer::{error_of, verdict_of};

/// How long an answer may take, connection included. Creating a link waits for it.
const TIMEOUT: Duration = Duration::from_millis(1_500);
/// The most bytes of an answer. A real one has some hundred.
const MAX_BODY_BYTES: usize = 16 * 1024;
/// The longest URL that is sent, escaped, in bytes. Of a longer one only a beginning is.
const MAX_URL_BYTES: usize = 6_000;
/// The lists that are searched.
const LISTS: &str = "threatTypes=MALWARE&threatTypes=SOCIAL_ENGINEERING&threatTypes=UNWANTED_SOFTWARE";

/// Asks over connections of its own. Follows no redirects.
pub struct WebRisk {
    endpoint: String,
    /// In a header, where no log of URLs has it.
    key: HeaderValue,
    connections: Connections,
}

impl WebRisk {
    /// Makes a client of the service at `endpoint`, an `https` URL without a path (`http` for tests), with this API key.
    ///
    /// # Errors
    /// What is wrong with one of them, without quoting it.
    pub fn new(endpoint: &str, key: &str) -> Result<Self, &'static str> {
        let url = Url::parse(endpoint).map_err(|_| "is not a URL")?;
        let is_web = matches!(url.scheme(), "https" | "http") && url.path() == "/" && url.query().is_none();
        let key = HeaderValue::from_str(key).map_err(|_| "cannot be used with this WEB_RISK_KEY: it is not a key")?;
        if !is_web {
            return Err("is not the URL of a server, such as https://webrisk.googleapis.com");
        }
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        Ok(Self { endpoint, key: sensitive(key), connections: Connections::default() })
    }

    async fn ask(&self, url: &str) -> Result<Verdict, LookupError> {
        let uri = format!("{}/v1/uris:search?{LISTS}&uri={}", self.endpoint, escaped_beginning(url));
        let request = http::Request::get(uri).header(ACCEPT, "application/json").header("x-goog-api-key", &self.key);
        let request = request.body(SdkBody::empty()).map_err(|_| LookupError::NotTaken)?;
        let request = HttpRequest::try_from(request).map_err(|_| LookupError::NotTaken)?;
        let answer = self.connections.connector().call(request).await.map_err(|_| LookupError::Unavailable)?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), MAX_BODY_BYTES).collect().await;
        let body: Result<Bytes, LookupError> =
            body.map(http_body_util::Collected::to_bytes).map_err(|_| LookupError::Unreadable);
        match status {
            200 => verdict_of(&body?),
            _ => Err(error_of(status, &body.unwrap_or_default())),
        }
    }
}

/// Keeps the key out of `Debug`.
fn sensitive(mut key: HeaderValue) -> HeaderValue {
    key.set_sensitive(true);
    key
}

/// Escapes `url` for a query. If that is too long for a request, what is sent ends before the query, or else before the path: the lists
/// have hosts and paths with all that is below them.
fn escaped_beginning(url: &str) -> String {
    let path = url.find("://").and_then(|scheme| Some(scheme + 3 + url[scheme + 3..].find('/')?));
    let ends = [Some(url.len()), url.find('?'), path.map(|path| path + 1)];
    let escaped = ends.into_iter().flatten().map(|end| byte_serialize(&url.as_bytes()[..end]).collect::<String>());
    escaped.into_iter().find(|escaped| escaped.len() <= MAX_URL_BYTES).unwrap_or_default()
}

#[async_trait]
impl TargetChecker for WebRisk {
    async fn look_up(&self, url: &str) -> Result<Verdict, LookupError> {
        timeout(TIMEOUT, self.ask(url)).await.unwrap_or(Err(LookupError::Unavailable))
    }
}
