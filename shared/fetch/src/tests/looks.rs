//! Tests looking whether a target works, against servers on this machine.

use waypost_domain::pages::ports::FetchError;
use waypost_domain::target_checks::ports::{AskTarget, Asked};

use super::server::Server;
use super::{Names, domains, here, target};
use crate::fetcher::{PageFetcher, Reach};

fn answer(status: u16) -> String {
    format!("HTTP/1.1 {status} X\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello")
}

async fn look(url: &str) -> Asked {
    here().ask(&target(url)).await
}

#[tokio::test]
async fn head_is_asked_and_get_only_where_head_is_refused() {
    for (head, get, expected, methods) in [
        (200, 500, 200, "HEAD"),
        (204, 500, 204, "HEAD"),
        (429, 200, 429, "HEAD"),
        (405, 200, 200, "HEAD GET"),
        (501, 200, 200, "HEAD GET"),
        (403, 200, 200, "HEAD GET"),
        (404, 200, 200, "HEAD GET"),
        (500, 403, 403, "HEAD GET"),
        (400, 404, 404, "HEAD GET"),
        (410, 410, 410, "HEAD GET"),
        (999, 999, 999, "HEAD GET"),
    ] {
        let server = Server::by_method(&answer(head), &answer(get)).await;
        let asked = look(&server.url("/a?b=c")).await;
        assert_eq!(asked, Asked { answer: Ok(expected), is_of_own_host: true }, "{head} {get}");
        assert_eq!(server.methods().join(" "), methods, "{head} {get}");
        let request = server.request().to_lowercase();
        assert!(request.starts_with("head /a?b=c http/1.1\r\n"), "{request}");
        assert!(request.contains("; checks whether links still work)\r\n"), "{request}");
    }
}

#[tokio::test]
async fn server_that_drops_head_is_asked_by_get() {
    let server = Server::by_method("", &answer(200)).await;
    assert_eq!(look(&server.url("/")).await.answer, Ok(200));
    let neither = Server::by_method("", "SSH-2.0-OpenSSH_9.6\r\n").await;
    assert_eq!(look(&neither.url("/")).await.answer, Err(FetchError::Unreadable));
}

#[tokio::test]
async fn body_is_not_read_however_it_is_made() {
    let endless = Server::by_method(
        &answer(405),
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: 99999999999\r\n\r\nxx",
    )
    .await;
    assert_eq!(look(&endless.url("/")).await.answer, Ok(200));
}

#[tokio::test]
async fn redirects_are_followed_and_what_is_behind_them_is_not_the_own_host() {
    let gone = Server::answering(&answer(404)).await;
    let redirect = |location: &str| format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    for (location, expected) in [
        (gone.url("/"), Ok(404)),
        ("http://127.0.0.1:1/".to_owned(), Err(FetchError::NotConnected)),
        ("http://none.example/".to_owned(), Err(FetchError::NotFound)),
        ("http://169.254.169.254/".to_owned(), Err(FetchError::Refused("the address is not public"))),
        ("https://go.example.com/slug".to_owned(), Err(FetchError::Refused("the URL is one of this stack"))),
        ("/again".to_owned(), Err(FetchError::Redirects)),
    ] {
        let server = Server::answering(&redirect(&location)).await;
        let asked = look(&server.url("/")).await;
        assert_eq!(asked, Asked { answer: expected, is_of_own_host: false }, "{location}");
    }
}

#[tokio::test]
async fn no_connection_is_the_answer_of_the_own_host_and_is_tried_once() {
    let names = Names::with("a.example", &[&["127.0.0.2"]]);
    let fetcher = here().with_resolver(names.clone());
    for (url, expected) in
        [("http://a.example:1/", FetchError::NotConnected), ("http://none.example/", FetchError::NotFound)]
    {
        let asked = fetcher.ask(&target(url)).await;
        assert_eq!(asked, Asked { answer: Err(expected), is_of_own_host: true }, "{url}");
    }
    assert_eq!(names.asked.load(std::sync::atomic::Ordering::SeqCst), 2, "each name once");
}

#[tokio::test]
async fn looks_go_where_pages_are_read_and_nowhere_else() {
    let internet =
        PageFetcher::new(domains(), Reach::Internet).with_resolver(Names::with("a.example", &[&["10.0.0.1"]]));
    for url in [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        "https://8.8.8.8:22/",
        "https://go.example.com/slug",
        "mailto:a@b.example",
        "http://a.example/",
    ] {
        let asked = internet.ask(&target(url)).await;
        assert!(matches!(asked.answer, Err(FetchError::Refused(_))), "{url}: {asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn slow_server_is_asked_in_bounded_time() {
    let start = tokio::time::Instant::now();
    let silent = Server::silent_after("").await;
    assert_eq!(look(&silent.url("/")).await.answer, Err(FetchError::Timeout));
    let dripping = Server::dripping("HTTP/1.1 200 OK\r\nX: ").await;
    assert_eq!(look(&dripping.url("/")).await.answer, Err(FetchError::Timeout));
    assert!(start.elapsed() <= std::time::Duration::from_secs(33), "{:?}", start.elapsed());
}
