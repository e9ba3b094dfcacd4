//! Sends one request over a connection and reads its answer in bounded memory.

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HOST, LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderName, Method, Request};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use url::{Position, Url};
use waypost_domain::pages::page::Page;
use waypost_domain::pages::ports::FetchError;

/// The most bytes of an answer's head.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// The most headers of an answer.
const MAX_HEADERS: usize = 200;

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To read the page.
    Read,
    /// To know whether there is one, by a HEAD.
    Look,
    /// The same by a GET, for servers that refuse a HEAD. The page is not read.
    LookAgain,
}

impl Purpose {
    fn method(self) -> Method {
        if self == Self::Look { Method::HEAD } else { Method::GET }
    }

    /// Tells servers who asks, and why.
    fn agent(self) -> &'static str {
        macro_rules! agent {
            ($why:literal) => {
                concat!("Mozilla/5.0 (compatible; Waypost/", env!("CARGO_PKG_VERSION"), "; ", $why, ")")
            };
        }
        match self {
            Self::Read => agent!("reads titles of pages for links"),
            Self::Look | Self::LookAgain => agent!("checks whether links still work"),
        }
    }
}

/// The answer to a request.
pub(crate) enum Answer {
    /// A page, or an answer without one.
    Page(Page),
    /// A redirect to this reference.
    Redirect(String),
}

/// Asks for `url` over `stream`.
pub(crate) async fn ask<S>(stream: S, url: &Url, purpose: Purpose) -> Result<Answer, FetchError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let mut builder = http1::Builder::new();
    builder.max_buf_size(MAX_HEAD_BYTES).max_headers(MAX_HEADERS);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(|_| FetchError::Unreadable)?;
    let exchange = async {
        let answer = sender.send_request(request(url, purpose)?).await.map_err(|_| FetchError::Unreadable)?;
        let (head, body) = answer.into_parts();
        if head.status.is_redirection()
            && let Some(location) = head.headers.get(LOCATION)
        {
            return Ok(Answer::Redirect(String::from_utf8_lossy(location.as_bytes()).into_owned()));
        }
        let status = head.status.as_u16();
        if purpose != Purpose::Read {
            return Ok(Answer::Page(Page { status, ..Page::default() }));
        }
        let content_type = header(&head.headers, CONTENT_TYPE);
        // Nothing that was asked for: it would have to be decompressed, without a bound.
        let encoding = header(&head.headers, CONTENT_ENCODING);
        if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
            return Err(FetchError::Unreadable);
        }
        let body = if Page::is_html(&content_type) { start_of(body).await? } else { Vec::new() };
        Ok(Answer::Page(Page { status, content_type, body }))
    };
    // The connection may end before its last bytes are read here.
    let driver = async {
        let _ = connection.await;
        std::future::pending::<Result<Answer, FetchError>>().await
    };
    tokio::select! { answer = exchange => answer, never = driver => never }
}

fn request(url: &Url, purpose: Purpose) -> Result<Request<Empty<Bytes>>, FetchError> {
    let host = &url[Position::BeforeHost..Position::AfterPort];
    Request::builder()
        .method(purpose.method())
        .uri(&url[Position::BeforePath..Position::AfterQuery])
        .header(HOST, host)
        .header(USER_AGENT, purpose.agent())
        .header(ACCEPT, "text/html, application/xhtml+xml;q=0.9, */*;q=0.1")
        .header(ACCEPT_ENCODING, "identity")
        .header(CONNECTION, "close")
        .body(Empty::new())
        .map_err(|_| FetchError::Unreadable)
}

fn header(headers: &HeaderMap, name: HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim().to_owned()
}

/// Reads the first [`Page::MAX_BYTES`] of a body. One that breaks off later counts as far as it came.
async fn start_of(mut body: Incoming) -> Result<Vec<u8>, FetchError> {
    let mut start = Vec::new();
    while start.len() < Page::MAX_BYTES {
        let data = match body.frame().await {
            None => break,
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            Some(Err(_)) if start.is_empty() => return Err(FetchError::Unreadable),
            Some(Err(_)) => break,
        };
        start.extend_from_slice(&data[..data.len().min(Page::MAX_BYTES - start.len())]);
    }
    Ok(start)
}
