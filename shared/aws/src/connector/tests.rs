use super::*;
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

struct Server(TcpListener);

impl Server {
    async fn open() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    fn request(&self) -> Request<SdkBody> {
        let address = self.0.local_addr().unwrap();
        Request::post(format!("http://{address}/path?q=1")).body(SdkBody::from("body")).unwrap()
    }

    async fn accept(&self) -> TcpStream {
        self.0.accept().await.unwrap().0
    }
}

/// Reads one request, in lower case.
async fn read(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    while !text.ends_with("\r\n\r\nbody") {
        let mut bytes = [0; 1024];
        let length = stream.read(&mut bytes).await.unwrap();
        assert!(length > 0, "the client has closed the connection after {text:?}");
        text += &String::from_utf8_lossy(&bytes[..length]).to_lowercase();
    }
    text
}

async fn text(response: Response<Incoming>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let (server, connections) = (Server::open().await, Connections::default());
    let serve = async {
        let mut stream = server.accept().await;
        for _ in 0..2 {
            let request = read(&mut stream).await;
            assert!(request.starts_with("post /path?q=1 http/1.1\r\n"), "{request}");
            assert!(request.contains(&format!("host: {}\r\n", server.0.local_addr().unwrap())), "{request}");
            stream.write_all(OK).await.unwrap();
        }
    };
    let ask = async {
        for _ in 0..2 {
            assert_eq!(text(connections.send(server.request()).await.unwrap()).await, "ok");
        }
    };
    tokio::join!(serve, ask);
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_causes_no_error() {
    let (server, connections) = (Server::open().await, Connections::default());
    let serve = async {
        for _ in 0..2 {
            let mut stream = server.accept().await;
            read(&mut stream).await;
            stream.write_all(OK).await.unwrap();
        }
    };
    let ask = async {
        for _ in 0..2 {
            assert_eq!(text(connections.send(server.request()).await.unwrap()).await, "ok");
        }
    };
    tokio::join!(serve, ask);
}

#[tokio::test]
async fn a_connection_in_use_is_not_shared() {
    let (server, connections) = (Server::open().await, Connections::default());
    let serve = async {
        let mut first = server.accept().await;
        read(&mut first).await;
        first.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfi").await.unwrap();
        let mut second = server.accept().await;
        read(&mut second).await;
        second.write_all(OK).await.unwrap();
        first.write_all(b"rst").await.unwrap();
    };
    let ask = async {
        let first = connections.send(server.request()).await.unwrap();
        assert_eq!(text(connections.send(server.request()).await.unwrap()).await, "ok");
        assert_eq!(text(first).await, "first");
    };
    tokio::join!(serve, ask);
}

#[tokio::test]
async fn a_poisoned_connection_is_not_used_again() {
    let (server, connections) = (Server::open().await, Connections::default());
    let serve = async {
        for _ in 0..2 {
            let mut stream = server.accept().await;
            read(&mut stream).await;
            stream.write_all(OK).await.unwrap();
        }
    };
    let ask = async {
        let mut request = server.request();
        let capture = CaptureSmithyConnection::new();
        request.extensions_mut().insert(capture.clone());
        text(connections.send(request).await.unwrap()).await;
        capture.get().unwrap().poison();
        text(connections.send(server.request()).await.unwrap()).await;
    };
    tokio::join!(serve, ask);
}

#[tokio::test]
async fn a_broken_answer_can_be_retried() {
    let (server, connections) = (Server::open().await, Connections::default());
    let serve = async { read(&mut server.accept().await).await };
    let (_, answer) = tokio::join!(serve, connections.send(server.request()));
    let error = answer.unwrap_err();
    assert!(error.is_io() || error.as_other() == Some(ErrorKind::TransientError), "{error:?}");
}

#[tokio::test]
async fn an_absent_server_can_be_retried() {
    let server = Server::open().await;
    let request = server.request();
    drop(server);
    assert!(Connections::default().send(request).await.unwrap_err().is_io());
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_awaited_no_longer_than_the_limit() {
    let server = Server::open().await;
    let address = server.0.local_addr().unwrap();
    let request = Request::get(format!("https://{address}/")).body(SdkBody::empty()).unwrap();
    let error = Connections::default().send(request).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
}

#[tokio::test]
async fn a_url_that_is_not_http_is_refused() {
    for uri in ["/path", "ftp://example.com/"] {
        let request = Request::get(uri).body(SdkBody::empty()).unwrap();
        assert!(Connections::default().send(request).await.is_err(), "{uri}");
    }
}
