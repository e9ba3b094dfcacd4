//! Runs an internal Lambda extension that does not delay the response.
//!
//! Lambda ends an invocation, and may freeze the process, when the runtime and the extension have both asked for the next
//! event. The extension needs no more than that, so it does not read from its connection before the response is posted: a
//! client that reads the event as it arrives takes time from the handler, with which it shares a thread.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html>

use std::future::Future;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Connection, SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::settings::required;
use crate::start::BoxError;

const ID: &str = "lambda-extension-identifier";

/// A registered extension.
pub struct Extension {
    host: String,
    path: String,
    id: HeaderValue,
    sender: SendRequest<Full<Bytes>>,
    connection: Connection<TokioIo<TcpStream>, Full<Bytes>>,
}

impl Extension {
    /// Registers for invocations. Call it before the runtime asks for its first event.
    ///
    /// # Errors
    /// The Extensions API is missing or refuses the registration.
    pub async fn register(name: &'static str) -> Result<Self, BoxError> {
        let (host, path) = host_and_path(&required("AWS_LAMBDA_RUNTIME_API")?);
        let stream = TcpStream::connect(&host).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        let mut extension = Self { host, path, id: HeaderValue::from_static(""), sender, connection };
        let request = Request::post(format!("{}/2020-01-01/extension/register", extension.path))
            .header("host", &extension.host)
            .header("lambda-extension-name", name)
            .header("content-type", "application/json")
            .body(Full::from("{\"events\":[\"INVOKE\"]}"))?;
        let asked = extension.sender.send_request(request);
        let answer = extension.answer(asked).await?;
        extension.id = answer.headers().get(ID).ok_or("the Extensions API gives no identifier")?.clone();
        Ok(extension)
    }

    /// Asks for the next event, which tells Lambda that the invocation before it is done. Runs `work` to its end, and only
    /// then reads the event: `work` must not end before the event has arrived.
    ///
    /// # Errors
    /// The Extensions API closed the connection, which happens only when the process is about to end.
    pub async fn invocation(&mut self, work: impl Future<Output = ()>) -> Result<(), BoxError> {
        let request = Request::get(format!("{}/2020-01-01/extension/event/next", self.path))
            .header("host", &self.host)
            .header(ID, &self.id)
            .body(Full::default())?;
        let asked = self.sender.send_request(request);
        // Write the request now, read the event later.
        if let std::task::Poll::Ready(end) = futures::poll!(&mut self.connection) {
            end?;
        }
        work.await;
        self.answer(asked).await?;
        Ok(())
    }

    /// Waits for the answer to `asked`. Reads its body and drops it.
    async fn answer(
        &mut self,
        asked: impl Future<Output = hyper::Result<Response<Incoming>>>,
    ) -> Result<Response<()>, BoxError> {
        let whole = async {
            let (head, body) = asked.await?.into_parts();
            body.collect().await?;
            Ok::<_, hyper::Error>(Response::from_parts(head, ()))
        };
        let answer = tokio::select! {
            biased;
            answer = whole => answer?,
            end = &mut self.connection => {
                end?;
                return Err("the Extensions API closed the connection".into());
            }
        };
        if answer.status().is_success() {
            return Ok(answer);
        }
        Err(format!("the Extensions API answers {}", answer.status()).into())
    }
}

/// Splits the address of the API. AWS gives a host and a port, `cargo lambda watch` a URL with a path.
fn host_and_path(api: &str) -> (String, String) {
    let api = api.strip_prefix("http://").unwrap_or(api);
    let (host, path) = api.split_at(api.find('/').unwrap_or(api.len()));
    (host.to_owned(), path.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    async fn asked(stream: &mut TcpStream) -> String {
        let mut bytes = vec![0; 4096];
        let length = stream.read(&mut bytes).await.unwrap();
        String::from_utf8_lossy(&bytes[..length]).to_ascii_lowercase()
    }

    #[test]
    fn address_has_host_and_path() {
        assert_eq!(host_and_path("127.0.0.1:9001"), ("127.0.0.1:9001".into(), String::new()));
        assert_eq!(host_and_path("http://[::1]:9000/.rt/redirect/"), ("[::1]:9000".into(), "/.rt/redirect".into()));
    }

    #[tokio::test]
    async fn invocation_ends_after_work_and_event() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut api, _) = listener.accept().await.unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        let id = HeaderValue::from_static("abc");
        let mut extension = Extension { host: "lambda".into(), path: String::new(), id, sender, connection };
        for _ in 0..2 {
            let worked = Arc::new(AtomicBool::new(false));
            let done = worked.clone();
            // The work checks that the request was sent, and sends the event.
            let work = async {
                let request = asked(&mut api).await;
                assert!(request.starts_with("get /2020-01-01/extension/event/next"), "{request}");
                assert!(request.contains("lambda-extension-identifier: abc"), "{request}");
                api.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
                done.store(true, Ordering::Relaxed);
            };
            extension.invocation(work).await.unwrap();
            assert!(worked.load(Ordering::Relaxed));
        }
        drop(api);
        assert!(extension.invocation(async {}).await.is_err());
    }
}
