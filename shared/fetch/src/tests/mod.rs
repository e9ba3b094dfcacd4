//! Tests the fetcher against servers on this machine that do what they should not.

mod looks;
mod server;

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rustls::RootCertStore;
use waypost_domain::pages::page::Page;
use waypost_domain::pages::ports::{FetchError, FetchPage};
use waypost_domain::{Domains, TargetUrl};

use self::server::Server;
use crate::fetcher::{PageFetcher, Reach};
use crate::resolve::Resolve;

/// Resolves names to a list of answers, one after the other, and to the last one for ever.
#[derive(Default)]
struct Names {
    answers: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    asked: AtomicUsize,
}

impl Names {
    fn with(name: &str, answers: &[&[&str]]) -> Arc<Self> {
        let parse = |text: &&str| text.parse().unwrap();
        let answers = answers.iter().map(|answer| answer.iter().map(parse).collect()).collect();
        Arc::new(Self { answers: Mutex::new(HashMap::from([(name.to_owned(), answers)])), asked: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let answers = answers.get_mut(host).ok_or(io::ErrorKind::NotFound)?;
        Ok(if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() })
    }
}

fn domains() -> Domains {
    Domains::parse("go.example.com").unwrap()
}

fn target(url: &str) -> TargetUrl {
    let schemes = waypost_domain::values::schemes::TargetSchemes::parse("mailto").unwrap();
    TargetUrl::parse(url, &Domains::parse("other.example").unwrap().with_schemes(schemes)).unwrap()
}

fn here() -> PageFetcher {
    PageFetcher::new(domains(), Reach::Loopback).with_resolver(Arc::<Names>::default())
}

async fn fetch(url: &str) -> Result<Page, FetchError> {
    here().fetch(&target(url)).await
}

#[tokio::test]
async fn page_is_fetched_by_a_request_that_names_waypost() {
    let server =
        Server::answering("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello").await;
    let page = fetch(&server.url("/a?b=c#d")).await.unwrap();
    assert_eq!(page, Page { status: 200, content_type: "text/html".to_owned(), body: b"hello".to_vec() });
    let request = server.request().to_lowercase();
    assert!(request.starts_with("get /a?b=c http/1.1\r\n"), "{request}");
    for line in [&format!("host: 127.0.0.1:{}", server.port())[..], "accept-encoding: identity", "connection: close"] {
        assert!(request.contains(&format!("\r\n{line}\r\n")), "{line}: {request}");
    }
    assert!(request.contains("\r\nuser-agent: mozilla/5.0 (compatible; waypost/"), "{request}");
    assert!(!request.contains("authorization") && !request.contains("cookie"), "{request}");
}

#[tokio::test]
async fn requests_go_to_public_addresses_and_ports_of_the_web_only() {
    let internet = |resolver: Arc<Names>| PageFetcher::new(domains(), Reach::Internet).with_resolver(resolver);
    for url in [
        "http://127.0.0.1/",
        "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://0/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://169.254.170.2/",
        "https://192.168.1.1/",
        "http://100.64.0.1/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[::ffff:a00:1]/",
        "http://[fd00:ec2::254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:a00:1::]/",
        "http://[fe80::1]/",
        "https://8.8.8.8:22/",
        "http://8.8.8.8:8080/",
        "http://[2606:4700::1111]:25/",
        "https://go.example.com/slug",
        "mailto:a@b.example",
    ] {
        let refused = internet(Arc::default()).fetch(&target(url)).await;
        assert!(matches!(refused, Err(FetchError::Refused(_))), "{url}: {refused:?}");
    }
    for addresses in [&["10.0.0.1"][..], &["8.8.8.8", "10.0.0.1"], &["::ffff:8.8.8.8"], &["8.8.8.8", "fd00:ec2::254"]] {
        let fetcher = internet(Names::with("a.example", &[addresses]));
        let refused = fetcher.fetch(&target("http://a.example/")).await;
        assert_eq!(refused, Err(FetchError::Refused("the address is not public")), "{addresses:?}");
    }
    let empty = internet(Names::with("a.example", &[&[]]));
    assert_eq!(empty.fetch(&target("http://a.example/")).await, Err(FetchError::NotFound));
    assert_eq!(internet(Arc::default()).fetch(&target("http://none.example/")).await, Err(FetchError::NotFound));
}

#[tokio::test]
async fn redirects_are_followed_and_each_is_checked() {
    let page = Server::answering("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok").await;
    for status in [301, 302, 303, 307, 308] {
        let location = page.url("/there");
        let from = Server::answering(&format!("HTTP/1.1 {status} X\r\nLocation:  {location} \r\n\r\n")).await;
        assert_eq!(fetch(&from.url("/")).await.unwrap().body, b"ok", "{status}");
    }
    for location in [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "//192.168.0.1/x",
        "http://[::ffff:169.254.169.254]/",
        "http://[fd00:ec2::254]/",
        "file:///etc/passwd",
        "ftp://a.example/",
        "javascript:alert(1)",
        "gopher://127.0.0.1:6379/_x",
        "http://user:secret@8.8.8.8/",
        "https://go.example.com/slug",
        "data:text/html,x",
    ] {
        let from =
            Server::answering(&format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"))
                .await;
        let refused = fetch(&from.url("/")).await;
        assert!(matches!(refused, Err(FetchError::Refused(_))), "{location}: {refused:?}");
    }
    let round = Server::answering("HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(fetch(&round.url("/")).await, Err(FetchError::Redirects));
    assert_eq!(round.requests(), 6);
    let nowhere = Server::answering("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(fetch(&nowhere.url("/")).await.unwrap().status, 302);
}

/// A name that is public when it is checked and private when it is used.
#[tokio::test]
async fn connection_goes_to_the_address_that_was_checked() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok").await;
    let names = Names::with("a.example", &[&["127.0.0.1"], &["10.0.0.1"]]);
    let fetcher = here().with_resolver(names.clone());
    let url = target(&format!("http://a.example:{}/", server.port()));
    assert_eq!(fetcher.fetch(&url).await.unwrap().body, b"ok");
    assert_eq!(names.asked.load(Ordering::SeqCst), 1, "a name is resolved once for each request");
    assert_eq!(fetcher.fetch(&url).await, Err(FetchError::Refused("the address is not public")));
    assert!(server.request().to_lowercase().contains(&format!("host: a.example:{}", server.port())));
}

#[tokio::test]
async fn first_address_that_accepts_is_used() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok").await;
    let fetcher = here().with_resolver(Names::with("a.example", &[&["127.0.0.2", "127.0.0.1"]]));
    let url = target(&format!("http://a.example:{}/", server.port()));
    assert_eq!(fetcher.fetch(&url).await.unwrap().body, b"ok");
    let closed = here().with_resolver(Names::with("a.example", &[&["127.0.0.2"]]));
    assert_eq!(closed.fetch(&url).await, Err(FetchError::NotConnected));
}

#[tokio::test]
async fn answer_is_read_in_bounded_memory() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n";
    let endless = Server::repeating(head, "<p>x</p>").await;
    assert_eq!(fetch(&endless.url("/")).await.unwrap().body.len(), Page::MAX_BYTES);
    let chunked = Server::repeating(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n",
        "4\r\nabcd\r\n",
    )
    .await;
    assert_eq!(fetch(&chunked.url("/")).await.unwrap().body.len(), Page::MAX_BYTES);
    let huge = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 99999999999\r\n\r\n";
    assert_eq!(fetch(&Server::repeating(huge, "x").await.url("/")).await.unwrap().body.len(), Page::MAX_BYTES);
    for (head, more) in [
        ("HTTP/1.1 200 OK\r\n", "x-header: of many\r\n"),
        ("HTTP/1.1 200 OK\r\nx-long: ", "x"),
        ("HTTP/1.1 200 ", "x"),
        ("", "x"),
    ] {
        let answer = fetch(&Server::repeating(head, more).await.url("/")).await;
        assert_eq!(answer, Err(FetchError::Unreadable), "{head:?}");
    }
}

#[tokio::test]
async fn what_is_no_page_is_not_read() {
    for (answer, expected) in [
        // A bomb would have to be unpacked to be one.
        ("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\nxx", Err(FetchError::Unreadable)),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: br, gzip\r\n\r\nxx",
            Err(FetchError::Unreadable),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: identity\r\nContent-Length: 1\r\n\r\nx",
            Ok(1),
        ),
        ("HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 9\r\n\r\nxxxxxxxxx", Ok(0)),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", Ok(0)),
        ("HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 1\r\n\r\nx", Ok(1)),
        ("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\nx", Ok(1)),
        ("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n", Err(FetchError::Unreadable)),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
            Err(FetchError::Unreadable),
        ),
        ("SSH-2.0-OpenSSH_9.6\r\n", Err(FetchError::Unreadable)),
        ("<title>HTTP/0.9</title>", Err(FetchError::Unreadable)),
        ("", Err(FetchError::Unreadable)),
    ] {
        let server = Server::answering(answer).await;
        let found = fetch(&server.url("/")).await.map(|page| page.body.len());
        assert_eq!(found, expected, "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn slow_answers_end_in_bounded_time() {
    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\n";
    assert_eq!(fetch(&Server::silent_after("").await.url("/")).await, Err(FetchError::Timeout));
    for answer in ["HTTP/1.1 200 OK\r\n", page] {
        let silent = Server::silent_after(answer).await;
        assert_eq!(fetch(&silent.url("/")).await, Err(FetchError::Timeout), "{answer:?}");
        let dripping = Server::dripping(answer).await;
        assert_eq!(fetch(&dripping.url("/")).await, Err(FetchError::Timeout), "{answer:?}");
    }
    let redirect = Server::dripping("HTTP/1.1 302 Found\r\nX: ").await;
    assert_eq!(fetch(&redirect.url("/")).await, Err(FetchError::Timeout));
}

#[tokio::test]
async fn tls_needs_a_valid_certificate_for_the_host() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok";
    let (server, certificate) = Server::with_tls(answer, "a.example").await;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let names = || Names::with("a.example", &[&["127.0.0.1"]]);
    let url = target(&format!("https://a.example:{}/", server.port()));
    let trusting = here().with_resolver(names()).with_roots(roots.clone());
    assert_eq!(trusting.fetch(&url).await.unwrap().body, b"ok");
    let distrusting = here().with_resolver(names()).with_roots(RootCertStore::empty());
    assert_eq!(distrusting.fetch(&url).await, Err(FetchError::Tls));
    let other = here().with_resolver(Names::with("b.example", &[&["127.0.0.1"]])).with_roots(roots);
    let elsewhere = target(&format!("https://b.example:{}/", server.port()));
    assert_eq!(other.fetch(&elsewhere).await, Err(FetchError::Tls));
}
