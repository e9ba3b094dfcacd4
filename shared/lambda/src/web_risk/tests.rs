//! Tests the client against a server that speaks Web Risk's protocol.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use waypost_domain::Timestamp;
use waypost_domain::target_safety::threat::Threat;

use super::*;

const KEY: &str = "AIza-not-a-real-key";

/// What the server does with a request.
enum Reply {
    /// Sends this.
    Bytes(String),
    /// Sends a body without an end.
    Flood,
}

fn json(status: u16, body: &str) -> Reply {
    Reply::Bytes(format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))
}

/// Asks a server that gives `reply` about `url`. Returns what came of it, and the request.
async fn look_up(reply: Reply, url: &str) -> (Result<Verdict, LookupError>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = WebRisk::new(&format!("http://{}", listener.local_addr().unwrap()), KEY).unwrap();
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.unwrap());
        }
        match reply {
            Reply::Bytes(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
            Reply::Flood => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"a\":\"").await.unwrap();
                while stream.write_all(&[b'a'; 1024]).await.is_ok() {}
            }
        }
        (stream, String::from_utf8(request).unwrap())
    };
    let ((_stream, request), result) = tokio::join!(serve, client.look_up(url));
    (result, request)
}

#[tokio::test]
async fn answers_are_read() {
    let until = Timestamp::parse("2026-01-02T03:04:05.023Z").ok();
    let found = |threat, until| Ok(Verdict { threat: Some(threat), until });
    let fine = Ok(Verdict { threat: None, until: None });
    for (status, body, expected) in [
        (200, "{}", fine),
        (200, "{\n}\n", fine),
        (200, r#"{"threat": {}}"#, fine),
        (200, r#"{"threat": null, "more": 1}"#, fine),
        (
            200,
            r#"{"threat": {"threatTypes": ["MALWARE"], "expireTime": "2026-01-02T03:04:05.023045123Z"}}"#,
            found(Threat::Malware, until),
        ),
        (
            200,
            r#"{"threat": {"threatTypes": ["UNWANTED_SOFTWARE", "SOCIAL_ENGINEERING"]}}"#,
            found(Threat::Phishing, None),
        ),
        (
            200,
            r#"{"threat": {"threatTypes": ["NEW", "UNWANTED_SOFTWARE"], "expireTime": "soon"}}"#,
            found(Threat::UnwantedSoftware, None),
        ),
        (200, r#"{"threat": {"threatTypes": ["NEW"]}}"#, Err(LookupError::Unreadable)),
        (200, r#"{"error": {"code": 500}}"#, Err(LookupError::Unreadable)),
        (200, "[]", Err(LookupError::Unreadable)),
        (200, "[null]", Err(LookupError::Unreadable)),
        (200, "null", Err(LookupError::Unreadable)),
        (200, "", Err(LookupError::Unreadable)),
        (200, "<html>sign in</html>", Err(LookupError::Unreadable)),
        (200, r#"{"threat": "MALWARE"}"#, Err(LookupError::Unreadable)),
        (204, "", Err(LookupError::Unreadable)),
        (302, "{}", Err(LookupError::Unreadable)),
        (400, r#"{"error": {"status": "INVALID_ARGUMENT"}}"#, Err(LookupError::NotTaken)),
        (400, r#"{"error": {"details": [{"reason": "API_KEY_INVALID"}]}}"#, Err(LookupError::Key)),
        (403, "{}", Err(LookupError::Key)),
        (404, "{}", Err(LookupError::Unreadable)),
        (429, "{}", Err(LookupError::Quota)),
        (500, "{}", Err(LookupError::Unavailable)),
        (503, "x", Err(LookupError::Unavailable)),
    ] {
        let (result, _) = look_up(json(status, body), "https://a.example/").await;
        assert_eq!(result, expected, "{status} {body}");
    }
}

#[tokio::test]
async fn request_has_the_url_in_its_query_and_the_key_in_a_header() {
    let (_, request) = look_up(json(200, "{}"), "https://a.example/x?y=z&key=1+2%20%C3%A4").await;
    let line = request.lines().next().unwrap();
    assert_eq!(
        line,
        "GET /v1/uris:search?threatTypes=MALWARE&threatTypes=SOCIAL_ENGINEERING&threatTypes=UNWANTED_SOFTWARE\
         &uri=https%3A%2F%2Fa.example%2Fx%3Fy%3Dz%26key%3D1%2B2%2520%25C3%25A4 HTTP/1.1"
    );
    assert!(request.to_lowercase().contains(&format!("x-goog-api-key: {}\r\n", KEY.to_lowercase())), "{request}");
    assert!(!line.contains(KEY));
}

#[tokio::test]
async fn huge_bodies_and_broken_answers_are_errors() {
    assert_eq!(look_up(Reply::Flood, "https://a.example/").await.0, Err(LookupError::Unreadable));
    let long = format!("{{\"a\": \"{}\"}}", "a".repeat(MAX_BODY_BYTES));
    assert_eq!(look_up(json(200, &long), "https://a.example/").await.0, Err(LookupError::Unreadable));
    assert_eq!(look_up(json(500, &long), "https://a.example/").await.0, Err(LookupError::Unavailable));
    let garbage = Reply::Bytes("\u{1}\u{2}garbage\r\n\r\n".to_owned());
    assert_eq!(look_up(garbage, "https://a.example/").await.0, Err(LookupError::Unavailable));
}

#[tokio::test(start_paused = true)]
async fn silence_is_no_answer() {
    // It takes connections, and never reads what they bring.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = WebRisk::new(&format!("http://{}", listener.local_addr().unwrap()), KEY).unwrap();
    assert_eq!(client.look_up("https://a.example/").await, Err(LookupError::Unavailable));
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = WebRisk::new(&endpoint, KEY).unwrap();
    assert_eq!(client.look_up("https://a.example/").await, Err(LookupError::Unavailable));
}

#[test]
fn long_urls_are_sent_in_part() {
    let long = "a".repeat(MAX_URL_BYTES);
    for (url, expected) in [
        ("https://a.example/x?y".to_owned(), "https%3A%2F%2Fa.example%2Fx%3Fy"),
        (format!("https://a.example/x?{long}"), "https%3A%2F%2Fa.example%2Fx"),
        (format!("https://a.example/{long}?x"), "https%3A%2F%2Fa.example%2F"),
    ] {
        assert_eq!(escaped_beginning(&url), expected);
    }
}

#[test]
fn settings_that_cannot_be_used_are_named_without_the_key() {
    for endpoint in ["", "webrisk.googleapis.com", "ftp://a.example", "https://a.example/v1", "https://a.example/?x"] {
        assert!(WebRisk::new(endpoint, KEY).is_err(), "{endpoint}");
    }
    let problem = WebRisk::new("https://webrisk.googleapis.com", "a\nb").err().unwrap();
    assert!(!problem.contains('\n') && WebRisk::new("https://webrisk.googleapis.com", KEY).is_ok());
}
