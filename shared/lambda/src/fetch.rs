//! Gets documents of an identity provider with the HTTP client of the AWS clients.

use async_trait::async_trait;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::header::ACCEPT;
use http_body_util::{BodyExt, Limited};
use url::Url;
use waypost_aws::connector::Connections;
use waypost_http::oidc::fetch::{Fetch, FetchError};

/// Gets JSON documents over connections of its own. The client follows no redirects.
#[derive(Debug, Default)]
pub struct HttpsFetch {
    connections: Connections,
}

#[async_trait]
impl Fetch for HttpsFetch {
    async fn get(&self, url: &Url, max_bytes: usize) -> Result<Bytes, FetchError> {
        let request = http::Request::get(url.as_str()).header(ACCEPT, "application/json").body(SdkBody::empty())?;
        let response = self.connections.connector().call(HttpRequest::try_from(request)?).await?;
        if !response.status().is_success() {
            return Err(format!("{url} answers {}", response.status().as_u16()).into());
        }
        let body = Limited::new(response.into_body(), max_bytes).collect().await?;
        Ok(body.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Fetches from a server that gives `answer` to one request.
    async fn fetch(answer: &str, max_bytes: usize) -> Result<Bytes, FetchError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/keys", listener.local_addr().unwrap())).unwrap();
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            let request = String::from_utf8(request).unwrap().to_lowercase();
            assert!(request.starts_with("get /keys http/1.1\r\n"), "{request}");
            assert!(request.contains("accept: application/json\r\n"), "{request}");
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream
        };
        let fetch = HttpsFetch::default();
        tokio::join!(serve, fetch.get(&url, max_bytes)).1
    }

    #[tokio::test]
    async fn document_is_read_up_to_its_limit() {
        const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{\"keys\": []}";
        assert_eq!(fetch(ANSWER, 12).await.unwrap(), "{\"keys\": []}");
        assert!(fetch(ANSWER, 11).await.is_err());
    }

    #[tokio::test]
    async fn redirects_are_not_followed_and_failures_are_errors() {
        for status in [302, 404, 503] {
            let answer = format!("HTTP/1.1 {status} X\r\nlocation: /keys\r\ncontent-length: 2\r\n\r\n{{}}");
            let error = fetch(&answer, 100).await.unwrap_err().to_string();
            assert!(error.ends_with(&format!("answers {status}")), "{error}");
        }
    }
}
