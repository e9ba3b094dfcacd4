//! A server that answers each request as a test wants.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What a server does after the text of its answer.
#[derive(Clone)]
enum Then {
    Close,
    Repeat(String),
    Wait,
    Drip,
    /// The same, but this text to another method than HEAD.
    Other(String),
}

/// A server on this machine. It ends with the runtime of its test.
pub(super) struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Gives `answer` and closes the connection.
    pub(super) async fn answering(answer: &str) -> Self {
        Self::start(answer, Then::Close, None).await
    }

    /// Gives `answer`, and then `more` again and again.
    pub(super) async fn repeating(answer: &str, more: &str) -> Self {
        Self::start(answer, Then::Repeat(more.repeat(100)), None).await
    }

    /// Gives `head` to HEAD, and `other` to other methods, and closes the connection.
    pub(super) async fn by_method(head: &str, other: &str) -> Self {
        Self::start(head, Then::Other(other.to_owned()), None).await
    }

    /// Gives `answer`, and then nothing.
    pub(super) async fn silent_after(answer: &str) -> Self {
        Self::start(answer, Then::Wait, None).await
    }

    /// Gives `answer`, and then a byte each second.
    pub(super) async fn dripping(answer: &str) -> Self {
        Self::start(answer, Then::Drip, None).await
    }

    /// Gives `answer` over TLS, with a certificate of its own for `host`.
    pub(super) async fn with_tls(answer: &str, host: &str) -> (Self, CertificateDer<'static>) {
        let issued = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
        let certificate = issued.cert.der().clone();
        let key = PrivateKeyDer::try_from(issued.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        (Self::start(answer, Then::Close, Some(TlsAcceptor::from(Arc::new(config)))).await, certificate)
    }

    async fn start(answer: &str, then: Then, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let (answer, seen) = (answer.to_owned(), requests.clone());
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (answer, then, seen, tls) = (answer.clone(), then.clone(), seen.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &answer, then, &seen).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &answer, then, &seen).await;
                            }
                        }
                    }
                });
            }
        });
        Self { port, requests }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Returns the first request.
    pub(super) fn request(&self) -> String {
        self.requests.lock().unwrap()[0].clone()
    }

    /// Returns the method of each request.
    pub(super) fn methods(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests.iter().map(|request| request.split(' ').next().unwrap().to_owned()).collect()
    }

    /// Returns the number of requests.
    pub(super) fn requests(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    answer: &str,
    then: Then,
    requests: &Mutex<Vec<String>>,
) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(_) => return,
        }
    }
    let answer = match &then {
        Then::Other(other) if !request.starts_with(b"HEAD ") => other,
        _ => answer,
    };
    requests.lock().unwrap().push(String::from_utf8(request).unwrap());
    if stream.write_all(answer.as_bytes()).await.is_err() {
        return;
    }
    match then {
        Then::Close | Then::Other(_) => drop(stream.shutdown().await),
        Then::Wait => std::future::pending().await,
        Then::Repeat(more) => while stream.write_all(more.as_bytes()).await.is_ok() {},
        Then::Drip => {
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}
