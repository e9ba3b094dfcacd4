use std::sync::Arc;

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use waypost_domain::Domains;
use waypost_domain::analytics::ingest::aggregate_clicks::{AggregateClicksPorts, aggregate_clicks};
use waypost_domain::analytics::ingest::user_agent::UserAgents;
use waypost_domain::analytics::model::dimension::Dimension;
use waypost_domain::clicks::event::StreamEvent;
use waypost_domain::files::file::{FileStatus, StoredFile};
use waypost_domain::files::reader::FileAddress;
use waypost_domain::files::target::target_of;
use waypost_domain::links::ports::LinkWriter;
use waypost_domain::redirect::collection_share::CollectionShares;
use waypost_domain::redirect::file_share::FileShares;
use waypost_domain::redirect::miss_gate::MissGate;
use waypost_domain::redirect::record_click::PendingClick;
use waypost_domain::redirect::unanswered::Unanswered;
use waypost_domain::testing::abuse::file_report_ports;
use waypost_domain::testing::analytics::{MemoryAggregates, MemoryQuarantine, received};
use waypost_domain::testing::clicks::{MemoryAttempts, MemoryCountries};
use waypost_domain::testing::domains::MemoryDomains;
use waypost_domain::testing::links::MemoryLinks;
use waypost_domain::testing::samples::{link, stored_file};
use waypost_domain::testing::stored_files::{MemoryFileBucket, MemoryFiles};
use waypost_domain::testing::system::{FixedClock, SeededRandom};
use waypost_domain::values::schemes::TargetSchemes;

use crate::reply::Reply;

const GET: &str = include_str!("../../../../events/redirect/get.json");
const HEAD: &str = include_str!("../../../../events/redirect/head.json");
const PASSWORD: &str = include_str!("../../../../events/redirect/password.json");
const ROBOTS: &str = include_str!("../../../../events/redirect/robots.json");

/// argon2id of `secret`, with parameters that are cheap to check.
const SECRET: &str = "$argon2id$v=19$m=8,t=1,p=1$YSBzYWx0IG9mIDE2IGJ5dA$VeK9IOBIgdgAydbckUUSGjhBb143hqeap2rX88vkvbc";

pub(super) struct Given {
    pub(super) app: App,
    links: Arc<MemoryLinks>,
    files: Arc<MemoryFiles>,
    domains: Arc<MemoryDomains>,
}

/// Makes the links `docs`, `for-good` (permanent), `secret` (with a password), `old` (expired) and `older` (expired, with
/// another URL).
pub(super) async fn given() -> Given {
    let links = Arc::new(MemoryLinks::default());
    for (slug, settings) in [
        ("docs", json!({})),
        ("for-good", json!({"redirect_status": 301, "forward_query": true})),
        ("secret", json!({"password_hash": SECRET})),
        ("old", json!({"expires_at": "2026-01-01T00:00:00Z"})),
        ("older", json!({"expires_at": "2026-01-01T00:00:00Z", "expired_url": "https://example.com/late"})),
    ] {
        let mut link = link("acme", slug, "https://example.com/docs");
        link.settings = serde_json::from_value(settings).unwrap();
        links.insert(&link).await.unwrap();
    }
    let domains = Arc::new(MemoryDomains::default());
    let files = Arc::new(MemoryFiles::default());
    files.put(stored_file("acme", 5));
    let follow = FollowLinkPorts {
        links: links.clone(),
        domain_settings: domains.clone(),
        limit: links.clone(),
        attempts: Arc::new(MemoryAttempts::default()),
        files: FileShares { records: files.clone(), signer: Arc::new(MemoryFileBucket::default()) },
        collections: CollectionShares { records: files.clone(), signer: Arc::new(MemoryFileBucket::default()) },
        domains: Domains::parse("go.example.com").unwrap(),
        clock: Arc::new(FixedClock::at("2026-01-02T03:04:05Z")),
        random: Arc::new(SeededRandom::new(1)),
    };
    let unanswered = Unanswered { settings: domains.clone(), root_url: None, not_found_url: None };
    Given {
        app: App {
            follow,
            countries: None,
            unanswered,
            block_list: None,
            misses: MissGate::default(),
            reports: file_report_ports(&Arc::default()),
        },
        links,
        files,
        domains,
    }
}

fn event(sample: &str, change: impl FnOnce(&mut Value)) -> Event {
    let mut event: Value = serde_json::from_str(sample).unwrap();
    change(&mut event);
    serde_json::from_str(&event.to_string()).unwrap()
}

fn at(path: &str) -> Event {
    event(GET, |event| event["rawPath"] = json!(path))
}

pub(super) fn with_method(method: &str, path: &str) -> Event {
    event(GET, |event| {
        event["rawPath"] = json!(path);
        event["requestContext"]["http"]["method"] = json!(method);
    })
}

pub(super) fn header<'a>(response: &'a Response<String>, name: &str) -> &'a str {
    response.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

impl Given {
    /// Answers a request. Returns the click if it counts as one.
    pub(super) async fn answer(&self, event: &Event) -> (Response<String>, Option<PendingClick>) {
        let (response, pending) = handle(&self.app, event, "request-1").await;
        let click = pending.and_then(|PendingEvent { event, address }| match event {
            StreamEvent::Click(click) => Some(PendingClick { click, address }),
            StreamEvent::Miss(_) => None,
        });
        (response, click)
    }

    /// Answers a request. Returns the status, and the path that was missed if it counts as a visit to no link.
    pub(super) async fn missed(&self, event: &Event) -> (u16, Option<String>) {
        let (response, pending) = handle(&self.app, event, "request-1").await;
        let path = pending.and_then(|pending| match pending.event {
            StreamEvent::Click(_) => None,
            StreamEvent::Miss(miss) => Some(miss.miss.path.to_string()),
        });
        (response.status().as_u16(), path)
    }

    async fn status(&self, event: &Event) -> u16 {
        self.answer(event).await.0.status().as_u16()
    }
}

fn own() -> Domains {
    Domains::parse("go.example.com").unwrap()
}

#[tokio::test]
async fn sample_event_is_redirected_and_counted() {
    let (response, click) = given().await.answer(&event(GET, |_| {})).await;
    assert_eq!((response.status().as_u16(), header(&response, "location")), (302, "https://example.com/docs"));
    assert_eq!((header(&response, "cache-control"), header(&response, "x-robots-tag")), ("no-store", "noindex"));
    assert_eq!(header(&response, "x-request-id"), "request-1");
    let pending = click.unwrap();
    assert_eq!(pending.click.slug.as_str(), "docs");
    assert_eq!(pending.address, Some("203.0.113.9".parse().unwrap()));
    assert!(pending.click.user_agent.unwrap().contains("Firefox"));
    let reply = serde_json::to_value(Reply::from(response)).unwrap();
    assert_eq!(reply["statusCode"], 302);
    assert_eq!(reply["headers"]["location"], "https://example.com/docs");
    assert_eq!(reply["isBase64Encoded"], false);
}

#[tokio::test]
async fn permanent_redirect_is_counted_and_indexable() {
    let (response, click) = given().await.answer(&at("/for-good")).await;
    assert_eq!(response.status(), 301);
    assert_eq!(header(&response, "location"), "https://example.com/docs?utm_source=newsletter");
    assert_eq!((header(&response, "cache-control"), header(&response, "x-robots-tag")), ("no-store", ""));
    assert!(click.is_some());
}

#[tokio::test]
async fn host_that_is_not_served_is_421() {
    let mut given = given().await;
    let to = |host: &str, path: &str| {
        event(GET, |event| (event["headers"]["host"], event["rawPath"]) = (json!(host), json!(path)))
    };
    for host in
        ["elsewhere.example", "abc.execute-api.eu-west-1.amazonaws.com", "a b", "", "go.example.com.evil.example"]
    {
        for path in ["/docs", "/", "/none", "/robots.txt"] {
            let (response, click) = given.answer(&to(host, path)).await;
            assert_eq!((response.status().as_u16(), click.is_none()), (421, true), "{host} {path}");
        }
    }
    let head = event(HEAD, |event| event["headers"]["host"] = json!("elsewhere.example"));
    assert_eq!((given.status(&head).await, given.answer(&head).await.0.body().as_str()), (421, ""));
    given.app.follow.domains = own().with_hosts("abc.execute-api.eu-west-1.amazonaws.com").unwrap();
    assert_eq!(given.status(&to("abc.execute-api.eu-west-1.amazonaws.com", "/docs")).await, 302);
    assert_eq!(given.status(&to("elsewhere.example", "/docs")).await, 421);
    given.app.follow.domains = own().with_hosts("*").unwrap();
    assert_eq!(given.status(&to("elsewhere.example", "/docs")).await, 302);
}

#[tokio::test]
async fn console_is_elsewhere() {
    let given = given().await;
    let (response, click) = given.answer(&at("/console/")).await;
    assert_eq!((response.status().as_u16(), click.is_none()), (302, true));
    assert_eq!((header(&response, "location"), header(&response, "cache-control")), ("/console", "no-store"));
    assert_eq!(given.status(&at("/console/none")).await, 404);
}

#[tokio::test]
async fn head_has_no_click_and_no_body() {
    let given = given().await;
    let (response, click) = given.answer(&event(HEAD, |_| {})).await;
    assert_eq!((response.status().as_u16(), click.is_none()), (302, true));
    for path in ["/none", "/secret", "/old", "/robots.txt"] {
        assert_eq!(given.answer(&with_method("HEAD", path)).await.0.body(), "", "{path}");
    }
}

#[tokio::test]
async fn unknown_slug_is_a_page_or_a_problem() {
    let given = given().await;
    let (response, click) = given.answer(&at("/none")).await;
    assert_eq!((response.status().as_u16(), click.is_none()), (404, true));
    assert_eq!(header(&response, "content-type"), "text/html; charset=utf-8");
    assert!(header(&response, "content-security-policy").starts_with("default-src 'none'"));
    assert_eq!(
        (header(&response, "x-content-type-options"), header(&response, "x-robots-tag")),
        ("nosniff", "noindex")
    );
    let client = event(GET, |event| {
        event["rawPath"] = json!("/none");
        event["headers"]["accept"] = json!("*/*");
    });
    assert_eq!(header(&given.answer(&client).await.0, "content-type"), "application/problem+json");
}

#[tokio::test]
async fn what_is_not_found_is_a_miss() {
    for (method, path, status, missed) in [
        ("GET", "/none", 404, Some("/none")),
        ("GET", "/d%C3%B6cs", 404, Some("/döcs")),
        ("GET", "/a/b", 404, Some("/a/b")),
        ("GET", "/none++", 404, Some("/none++")),
        ("HEAD", "/none", 404, None),
        ("POST", "/none", 405, None),
        ("DELETE", "/none", 405, None),
        ("GET", "/none+", 404, None),
        ("GET", "/", 404, None),
        ("GET", "/v1/none", 404, None),
        ("GET", "/favicon.ico", 204, None),
        ("GET", "/robots.txt", 200, None),
        ("GET", "/apple-touch-icon.png", 404, None),
        ("GET", "/.well-known/assetlinks.json", 404, None),
        ("GET", "/old", 410, None),
        ("GET", "/older", 302, None),
        ("GET", "/docs", 302, None),
        ("GET", "/secret", 200, None),
    ] {
        let found = given().await.missed(&with_method(method, path)).await;
        assert_eq!(found, (status, missed.map(str::to_owned)), "{method} {path}");
    }
    let mut given = given().await;
    given.app.unanswered.not_found_url = Some(TargetUrl::parse("https://example.com/none", &own()).unwrap());
    assert_eq!(given.missed(&at("/none")).await, (302, Some("/none".to_owned())), "it leads to no link of ours");
    let prefetch = event(GET, |event| {
        event["rawPath"] = json!("/none");
        event["headers"]["sec-purpose"] = json!("prefetch");
    });
    assert_eq!(given.missed(&prefetch).await, (302, None));
}

#[tokio::test]
async fn scan_sends_few_events() {
    let given = given().await;
    let mut sent = 0;
    for n in 0..100 {
        sent += u32::from(given.missed(&at(&format!("/{n}.php"))).await.1.is_some());
    }
    assert_eq!(sent, MissGate::BURST);
}

#[tokio::test]
async fn expired_link_is_gone_or_redirects() {
    let given = given().await;
    assert_eq!(given.status(&at("/old")).await, 410);
    let (response, click) = given.answer(&at("/older")).await;
    assert_eq!((response.status().as_u16(), header(&response, "location")), (302, "https://example.com/late"));
    assert!(click.is_none());
}

#[tokio::test]
async fn other_methods_are_405() {
    let given = given().await;
    for (method, path) in [("POST", "/docs"), ("POST", "/none"), ("POST", "/"), ("PUT", "/docs"), ("X-Y", "/docs")] {
        let (response, click) = given.answer(&with_method(method, path)).await;
        assert_eq!((response.status().as_u16(), click.is_none()), (405, true), "{method} {path}");
        assert_eq!(header(&response, "allow"), "GET, HEAD");
    }
}

#[tokio::test]
async fn redirect_that_keeps_the_method_takes_every_method_and_body() {
    let given = given().await;
    for (slug, status) in [("kept", 307), ("kept-for-good", 308)] {
        let mut link = link("acme", slug, "https://example.com/docs");
        link.settings = serde_json::from_value(json!({"redirect_status": status})).unwrap();
        given.links.insert(&link).await.unwrap();
        for (method, counted) in [
            ("POST", true),
            ("PUT", true),
            ("PATCH", true),
            ("DELETE", true),
            ("GET", true),
            ("HEAD", false),
            ("OPTIONS", false),
        ] {
            let event = event(GET, |event| {
                event["rawPath"] = json!(format!("/{slug}"));
                event["requestContext"]["http"]["method"] = json!(method);
                // Larger than any form.
                event["body"] = json!("x".repeat(100_000));
            });
            let (response, click) = given.answer(&event).await;
            assert_eq!((response.status().as_u16(), click.is_some()), (status, counted), "{method}");
            assert_eq!(header(&response, "location"), "https://example.com/docs", "{method}");
        }
    }
}

#[tokio::test]
async fn allow_names_the_methods_of_the_link() {
    let given = given().await;
    let mut link = link("acme", "kept", "https://example.com/docs");
    link.settings = serde_json::from_value(json!({"redirect_status": 307})).unwrap();
    given.links.insert(&link).await.unwrap();
    for (method, path, allow) in [
        ("POST", "/docs", "GET, HEAD"),
        ("OPTIONS", "/docs", "GET, HEAD"),
        ("DELETE", "/for-good", "GET, HEAD"),
        ("PUT", "/none", "GET, HEAD"),
        ("POST", "/robots.txt", "GET, HEAD"),
        ("PUT", "/secret", "GET, HEAD, POST"),
        ("TRACE", "/kept", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    ] {
        let (response, _) = given.answer(&with_method(method, path)).await;
        assert_eq!((response.status().as_u16(), header(&response, "allow")), (405, allow), "{method} {path}");
    }
}

#[tokio::test]
async fn password_is_never_sent_to_the_target() {
    let given = given().await;
    let mut link = link("acme", "kept-secret", "https://example.com/docs");
    link.settings = serde_json::from_value(json!({"redirect_status": 307, "password_hash": SECRET})).unwrap();
    given.links.insert(&link).await.unwrap();
    let unlock = |path: &str| event(PASSWORD, |event| event["rawPath"] = json!(path));
    assert_eq!(given.status(&unlock("/kept-secret")).await, 303);
    let large = event(PASSWORD, |event| {
        event["rawPath"] = json!("/kept-secret");
        (event["body"], event["isBase64Encoded"]) = (json!("x".repeat(5000)), json!(false));
    });
    assert_eq!(given.status(&large).await, 413);
}

#[tokio::test]
async fn plus_shows_where_the_link_leads() {
    let mut given = given().await;
    given.app.unanswered.not_found_url = Some(TargetUrl::parse("https://example.com/none", &own()).unwrap());
    let (response, click) = given.answer(&at("/docs+")).await;
    assert_eq!((response.status().as_u16(), click.is_none(), header(&response, "location")), (200, true, ""));
    assert!(response.body().contains("<strong>example.com</strong>") && response.body().contains("href=\"/docs\""));
    for (name, value) in
        [("cache-control", "no-store"), ("x-robots-tag", "noindex"), ("referrer-policy", "no-referrer")]
    {
        assert_eq!(header(&response, name), value, "{name}");
    }
    assert!(header(&response, "content-security-policy").contains("form-action 'none'"));
    assert_eq!(given.answer(&with_method("HEAD", "/docs+")).await.0.body(), "");
    let secret = given.answer(&at("/secret+")).await.0;
    assert!(secret.status() == 200 && !secret.body().contains("example.com"), "{secret:?}");
    for path in ["/old+", "/older+"] {
        let (response, _) = given.answer(&at(path)).await;
        assert_eq!((response.status().as_u16(), header(&response, "location")), (410, ""), "{path}");
    }
    assert_eq!(header(&given.answer(&at("/nothing+")).await.0, "location"), "https://example.com/none");
}

#[tokio::test]
async fn program_that_fetches_previews_gets_the_owners() {
    let given = given().await;
    let mut shared = link("acme", "shared", "https://example.com/docs");
    shared.settings = serde_json::from_value(json!({"redirect_status": 301, "preview": {
        "title": "Own <title>", "description": "Own description", "image": "https://example.com/a.png"}}))
    .unwrap();
    given.links.insert(&shared).await.unwrap();
    let from = |agent: &str| {
        event(GET, |event| (event["rawPath"], event["headers"]["user-agent"]) = (json!("/shared"), json!(agent)))
    };
    let (response, click) = given.answer(&from("facebookexternalhit/1.1")).await;
    assert_eq!((response.status().as_u16(), header(&response, "location")), (200, ""));
    assert!(click.is_some(), "a click of a program, as with a redirect");
    for part in [
        "og:title\" content=\"Own &lt;title&gt;\"",
        "og:description\" content=\"Own description\"",
        "og:image\" content=\"https://example.com/a.png\"",
    ] {
        assert!(response.body().contains(part), "{part}");
    }
    for agent in
        ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "curl/8.5.0", "Googlebot/2.1"]
    {
        assert_eq!(given.status(&from(agent)).await, 301, "{agent}");
    }
}

#[tokio::test]
async fn platform_decides_between_app_and_web_site() {
    let mut given = given().await;
    given.app.follow.domains = own().with_schemes(TargetSchemes::parse("mailto,myapp,intent").unwrap());
    let intent = "intent://item/1#Intent;scheme=myapp;package=com.example.app;S.browser_fallback_url=https%3A%2F%2Fexample.com%2F;end";
    let mut app = link("acme", "app", "https://example.com/docs");
    app.settings = serde_json::from_value(json!({"forward_query": true, "rules": [
        {"if": {"os": ["ios"]}, "url": "myapp://item/1"},
        {"if": {"os": ["android"], "device": ["mobile"]}, "url": intent},
        {"if": {"os": ["linux"]}, "url": "mailto:a@example.com"},
    ]}))
    .unwrap();
    given.links.insert(&app).await.unwrap();
    let from = |agent: &str| {
        event(GET, |event| (event["rawPath"], event["headers"]["user-agent"]) = (json!("/app"), json!(agent)))
    };
    const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1";
    for (agent, location) in [
        (IPHONE, "myapp://item/1"),
        ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", intent),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "mailto:a@example.com"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "https://example.com/docs?utm_source=newsletter",
        ),
    ] {
        let (response, click) = given.answer(&from(agent)).await;
        assert_eq!((response.status().as_u16(), header(&response, "location")), (302, location), "{agent}");
        assert!(click.is_some(), "{agent}");
    }
    given.app.follow.domains = own();
    assert_eq!(given.status(&from(IPHONE)).await, 404, "a scheme that the operator has removed");
}

#[tokio::test]
async fn page_leads_to_a_target_that_fits_into_no_header() {
    let given = given().await;
    let target = |length: usize| format!("https://example.com/{}", "a".repeat(length - 20));
    for (slug, length, settings) in [
        ("fits", 8_000, json!({})),
        ("long", 8_001, json!({})),
        ("longest", 32_768, json!({"redirect_status": 308})),
        ("secret-long", 32_768, json!({"password_hash": SECRET})),
    ] {
        let mut link = link("acme", slug, &target(length));
        link.settings = serde_json::from_value(settings).unwrap();
        given.links.insert(&link).await.unwrap();
    }
    assert_eq!(given.status(&at("/fits")).await, 302);
    for (slug, length) in [("long", 8_001), ("longest", 32_768)] {
        let (response, click) = given.answer(&at(&format!("/{slug}"))).await;
        assert_eq!((response.status().as_u16(), header(&response, "location")), (200, ""), "{slug}");
        assert!(click.is_some(), "{slug}");
        let refresh = format!("<meta http-equiv=\"refresh\" content=\"0;url={}\">", target(length));
        assert!(
            response.body().contains(&refresh) && response.body().contains(&format!("href=\"{}\"", target(length)))
        );
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-robots-tag", "noindex"),
            ("referrer-policy", ""),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(header(&response, name), value, "{slug} {name}");
        }
        assert!(header(&response, "content-security-policy").starts_with("default-src 'none'"));
        let (head, click) = given.answer(&with_method("HEAD", &format!("/{slug}"))).await;
        assert_eq!((head.status().as_u16(), head.body().as_str(), click.is_none()), (200, "", true), "{slug}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let (response, click) = given.answer(&with_method(method, "/longest")).await;
        assert_eq!((response.status().as_u16(), header(&response, "allow")), (405, "GET, HEAD"), "{method}");
        assert!(click.is_none(), "no page can repeat a method");
    }
    let unlock = event(PASSWORD, |event| event["rawPath"] = json!("/secret-long"));
    let (response, click) = given.answer(&unlock).await;
    assert_eq!((response.status().as_u16(), header(&response, "referrer-policy")), (200, "no-referrer"));
    assert!(click.is_some() && response.body().contains(&target(32_768)));
    let form = given.answer(&at("/secret-long")).await.0;
    assert!(!form.body().contains("example.com"), "the form does not tell the target");
}

#[tokio::test]
async fn page_leads_to_a_long_target_of_an_ended_link() {
    let mut given = given().await;
    let long = format!("https://example.com/{}", "a".repeat(9_000));
    let mut ended = link("acme", "ended", "https://example.com/docs");
    ended.settings =
        serde_json::from_value(json!({"expires_at": "2026-01-01T00:00:00Z", "expired_url": long})).unwrap();
    given.links.insert(&ended).await.unwrap();
    let url = ended.settings.expired_url;
    (given.app.unanswered.root_url, given.app.unanswered.not_found_url) = (url.clone(), url);
    for path in ["/ended", "/", "/none"] {
        let (response, click) = given.answer(&at(path)).await;
        assert_eq!((response.status().as_u16(), click.is_none()), (200, true), "{path}");
        assert!(response.body().contains(&format!("url={long}\"")), "{path}");
    }
}

#[tokio::test]
async fn only_the_password_reveals_the_target() {
    let given = given().await;
    let wrong = event(PASSWORD, |event| {
        event["body"] = json!("password=Secret");
        event["isBase64Encoded"] = json!(false);
    });
    for (event, status) in [(at("/secret"), 200), (with_method("HEAD", "/secret"), 200), (wrong, 403)] {
        let (response, click) = given.answer(&event).await;
        assert_eq!((response.status().as_u16(), click.is_none()), (status, true));
        let all = format!("{response:?}");
        assert!(!all.contains("example.com/docs") && !all.contains("location"), "{all}");
        assert_eq!(
            (header(&response, "cache-control"), header(&response, "referrer-policy")),
            ("no-store", "no-referrer")
        );
    }
    let (response, click) = given.answer(&event(PASSWORD, |_| {})).await;
    assert_eq!((response.status().as_u16(), header(&response, "location")), (303, "https://example.com/docs"));
    assert_eq!((header(&response, "cache-control"), header(&response, "referrer-policy")), ("no-store", "no-referrer"));
    assert!(click.is_some());
}

#[tokio::test]
async fn too_many_passwords_are_refused_for_a_minute() {
    let given = given().await;
    let wrong = event(PASSWORD, |event| {
        event["body"] = json!("password=Secret");
        event["isBase64Encoded"] = json!(false);
    });
    for _ in 0..10 {
        assert_eq!(given.status(&wrong).await, 403);
    }
    let (response, _) = given.answer(&wrong).await;
    assert_eq!((response.status().as_u16(), header(&response, "retry-after")), (429, "55"));
}

#[tokio::test]
async fn too_large_form_is_413() {
    let large = event(PASSWORD, |event| event["body"] = json!("x".repeat(6000)));
    assert_eq!(given().await.status(&large).await, 413);
}

#[tokio::test]
async fn robots_and_icon_are_answered_without_a_read() {
    let given = given().await;
    let (robots, _) = given.answer(&event(ROBOTS, |_| {})).await;
    assert_eq!((robots.status().as_u16(), header(&robots, "content-type")), (200, "text/plain; charset=utf-8"));
    assert_eq!(robots.body(), "User-agent: *\nDisallow:\n");
    assert_eq!(given.status(&at("/favicon.ico")).await, 204);
    assert_eq!(given.links.reads(), 0);
}

#[tokio::test]
async fn bare_domain_and_unknown_paths_are_redirected() {
    let mut given = given().await;
    assert_eq!(given.status(&at("/")).await, 404);
    given.app.unanswered.root_url = Some(TargetUrl::parse("https://example.com/home", &own()).unwrap());
    given.app.unanswered.not_found_url = Some(TargetUrl::parse("https://example.com/none", &own()).unwrap());
    for (path, location) in
        [("/", "https://example.com/home"), ("/none", "https://example.com/none"), ("/a/b", "https://example.com/none")]
    {
        let (response, click) = given.answer(&at(path)).await;
        assert_eq!((response.status().as_u16(), header(&response, "location")), (302, location), "{path}");
        assert!(click.is_none());
    }
    for path in ["/v1", "/v1/nothing"] {
        assert_eq!(given.status(&at(path)).await, 404, "{path}");
    }
    assert_eq!(given.status(&at("/old")).await, 410);
}

#[tokio::test]
async fn domain_has_its_own_answers() {
    let mut given = given().await;
    given.app.unanswered.root_url = Some(TargetUrl::parse("https://example.com/home", &own()).unwrap());
    given.domains.set(
        "go.example.com",
        json!({
            "root_url": "https://brand.example/", "not_found_url": "https://brand.example/lost",
            "expired_url": "https://brand.example/late", "assetlinks": "[]",
        }),
    );
    for (path, status, location) in [
        ("/", 302, "https://brand.example/"),
        ("/none", 302, "https://brand.example/lost"),
        ("/none+", 302, "https://brand.example/lost"),
        ("/old", 302, "https://brand.example/late"),
        ("/older", 302, "https://example.com/late"),
        ("/old+", 410, ""),
        ("/v1/none", 404, ""),
        ("/docs", 302, "https://example.com/docs"),
        ("/.well-known/assetlinks.json", 200, ""),
        ("/.well-known/apple-app-site-association", 404, ""),
        ("/.well-known/other", 302, "https://brand.example/lost"),
    ] {
        for method in ["GET", "HEAD"] {
            let (response, click) = given.answer(&with_method(method, path)).await;
            assert_eq!((response.status().as_u16(), header(&response, "location")), (status, location), "{path}");
            assert_eq!(click.is_some(), path == "/docs" && method == "GET", "{path}");
        }
    }
    let document = given.answer(&at("/.well-known/assetlinks.json")).await.0;
    assert_eq!(document.body(), "[]");
    for (name, value) in [
        ("content-type", "application/json"),
        ("cache-control", "public, max-age=3600"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(header(&document, name), value, "{name}");
    }
    for method in ["POST", "DELETE", "OPTIONS"] {
        assert_eq!(given.status(&with_method(method, "/.well-known/assetlinks.json")).await, 405, "{method}");
    }
}

#[tokio::test]
async fn found_link_does_not_ask_for_its_domain() {
    let given = given().await;
    for path in ["/docs", "/for-good", "/secret", "/older", "/docs+", "/robots.txt", "/v1/none"] {
        given.answer(&at(path)).await;
    }
    assert_eq!(given.domains.reads(), 0);
}

#[tokio::test]
async fn unknown_domain_settings_lead_nowhere_else() {
    let mut given = given().await;
    let target = |text| Some(TargetUrl::parse(text, &own()).unwrap());
    given.app.unanswered.root_url = target("https://example.com/home");
    given.app.unanswered.not_found_url = target("https://example.com/none");
    given.domains.fail(true);
    for (path, status) in [
        ("/", 503),
        ("/none", 404),
        ("/old", 410),
        ("/older", 302),
        ("/docs", 302),
        ("/.well-known/assetlinks.json", 503),
    ] {
        assert_eq!(given.status(&at(path)).await, status, "{path}");
    }
}

#[tokio::test]
async fn country_is_looked_up_without_a_proven_header() {
    let mut given = given().await;
    let countries = MemoryCountries([("203.0.113.9".parse().unwrap(), "CH".to_owned())].into());
    given.app.countries = Some(Arc::new(countries));
    // The header comes from anyone here, not through the front door.
    for (told, country) in [(json!("AT"), "CH"), (json!(null), "CH"), (json!("nonsense"), "CH")] {
        let event = event(GET, |event| event["headers"]["cloudfront-viewer-country"] = told);
        assert_eq!(given.answer(&event).await.1.unwrap().click.country.as_deref(), Some(country));
    }
}

/// The classes of one request: the device and the system that its rules see, and whether it uses up a limited link; and for
/// the statistics the same device, the system's name, and what counts the click.
struct Classes {
    device: &'static str,
    os: &'static str,
    system: &'static str,
    counted: &'static str,
    uses_limit: bool,
}

const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36";
const CHROME_ON_LINUX: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36";
const ANDROID: &str =
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36";
const TELEVISION: &str =
    "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36";
const SLACK: &str = "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)";
const GOOGLE_ON_PHONE: &str = "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/138.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

/// Makes links whose rules tell the classes of a request, and one for a single person.
async fn given_rules() -> Given {
    let given = given().await;
    let rules = |condition: &str, values: &[&str]| {
        let rule = |value: &&str| json!({"if": {condition: [value]}, "url": format!("https://example.com/{value}")});
        json!({"rules": values.iter().map(rule).collect::<Vec<_>>()})
    };
    for (slug, settings) in [
        ("device", rules("device", &["mobile", "tablet", "desktop", "tv", "console"])),
        ("os", rules("os", &["ios", "android", "windows", "macos", "linux"])),
        ("once", json!({"max_clicks": 1})),
    ] {
        let mut link = link("acme", slug, "https://example.com/none");
        link.settings = serde_json::from_value(settings).unwrap();
        given.links.insert(&link).await.unwrap();
    }
    given
}

fn request(slug: &str, headers: &Value) -> Event {
    event(GET, |event| {
        event["rawPath"] = json!(format!("/{slug}"));
        event["headers"] = headers.clone();
        event["headers"]["host"] = json!("go.example.com");
    })
}

#[tokio::test]
async fn request_has_one_class_in_limit_rules_and_statistics() {
    let agents = UserAgents::new().unwrap();
    let person = |device, os, system| Classes { device, os, system, counted: "clicks", uses_limit: true };
    let bot = |device, os| Classes { device, os, system: "", counted: "bots", uses_limit: false };
    let prefetch = || Classes { counted: "nothing", uses_limit: false, ..person("desktop", "windows", "") };
    let chrome_with = |name: &str, value: &str| json!({"user-agent": CHROME, name: value});
    for (headers, expected) in [
        (json!({"user-agent": CHROME}), person("desktop", "windows", "Windows")),
        (json!({"user-agent": ANDROID}), person("mobile", "android", "Android")),
        (json!({"user-agent": TELEVISION}), person("tv", "none", "Web0S")),
        (json!({"user-agent": CHROME_ON_LINUX}), person("desktop", "linux", "Linux")),
        (
            json!({"user-agent": CHROME_ON_LINUX, "sec-ch-ua-platform": "\"Android\"", "sec-ch-ua-mobile": "?1"}),
            person("mobile", "android", "Android"),
        ),
        (
            json!({"user-agent": CHROME_ON_LINUX, "sec-ch-ua-platform": "\"Android\"", "sec-ch-ua-mobile": "?0"}),
            person("tablet", "android", "Android"),
        ),
        (json!({"user-agent": SLACK}), bot("none", "none")),
        (json!({"user-agent": GOOGLE_ON_PHONE}), bot("mobile", "android")),
        (json!({"user-agent": "curl/8.5.0"}), bot("none", "none")),
        (json!({}), Classes { uses_limit: true, ..bot("none", "none") }),
        (chrome_with("sec-purpose", "prefetch;prerender"), prefetch()),
        (chrome_with("purpose", "prefetch"), prefetch()),
        (chrome_with("x-moz", "prefetch"), prefetch()),
        (chrome_with("x-purpose", "preview"), prefetch()),
    ] {
        let given = given_rules().await;
        for (slug, class) in [("device", expected.device), ("os", expected.os)] {
            let (response, click) = given.answer(&request(slug, &headers)).await;
            assert_eq!(header(&response, "location"), format!("https://example.com/{class}"), "{headers}");

            let (aggregates, quarantine) = (MemoryAggregates::default(), MemoryQuarantine::default());
            let records: Vec<_> = click.iter().map(|pending| received(0, 1, &pending.click)).collect();
            let ports =
                AggregateClicksPorts { agents: &agents, store: &aggregates, quarantine: &quarantine, archive: None };
            aggregate_clicks(&ports, &records).await;
            let day = aggregates.all().into_iter().find(|item| item.key.sk.starts_with("DAY#"));
            let Some(tally) = day.map(|day| day.tally) else {
                assert_eq!(expected.counted, "nothing", "{headers}");
                continue;
            };
            let counted = if tally.clicks == 1 { "clicks" } else { "bots" };
            assert_eq!((counted, tally.clicks + tally.bots), (expected.counted, 1), "{headers}");
            let value = |dimension| {
                let values = tally.dimensions.get(&dimension);
                values.and_then(|counts| counts.iter().next()).map_or("none", |(value, _)| value).to_owned()
            };
            if counted == "clicks" {
                assert_eq!(value(Dimension::Device), expected.device, "{headers}");
                assert_eq!(value(Dimension::Os), expected.system, "{headers}");
            }
        }
        assert_eq!(given.status(&request("once", &headers)).await, 302, "{headers}");
        let next = given.status(&request("once", &json!({"user-agent": CHROME}))).await;
        assert_eq!(next, if expected.uses_limit { 410 } else { 302 }, "{headers}");
    }
}

#[tokio::test]
async fn unavailable_table_is_503_with_retry_after() {
    let given = given().await;
    given.links.fail(true);
    let (response, click) = given.answer(&at("/docs")).await;
    assert_eq!((response.status().as_u16(), click.is_none()), (503, true));
    assert_eq!(header(&response, "retry-after"), "2");
}

proptest! {
    #[test]
    fn any_request_gets_a_safe_answer(
        method in prop_oneof!["GET|HEAD|POST|PUT|DELETE|OPTIONS", "[A-Z!#-]{1,10}", ".{0,5}"],
        path in prop_oneof![
            "/(docs|for-good|secret|old|older|none)", "/docs.{0,10}", ".{0,40}", "(/|\\.|%2e|%2f|%00|%ff|docs){0,20}",
            "/[a-zA-Z0-9]{100,2000}",
        ],
        query in prop_oneof![".{0,80}", "(a=%ff&|[?#@/\\\\]|qr=1&){0,30}", "[a-z=&]{1000,9000}"],
        names in prop::sample::subsequence(vec![
            "host", "accept", "accept-language", "user-agent", "referer", "dnt", "sec-gpc", "sec-ch-ua-mobile",
            "sec-ch-ua-platform", "sec-purpose", "purpose", "x-moz", "x-purpose", "cloudfront-viewer-address", "cloudfront-viewer-country", "x-forwarded-host",
            "x-original-url", "forwarded", "x-unknown",
        ], 0..10),
        value in prop_oneof![".{0,80}", "text/html", "go\\.example\\.com", "[\\x00-\\x1f\\x7f-\\xff]{0,20}", "[a-z]{5000}"],
        source in ".{0,20}", body in ".{0,80}", base64: bool,
    ) {
        let headers: serde_json::Map<String, Value> =
            names.iter().map(|name| ((*name).to_owned(), json!(value))).collect();
        let event = json!({
            "rawPath": path, "rawQueryString": query, "headers": headers, "body": body, "isBase64Encoded": base64,
            "requestContext": {"http": {"method": method, "sourceIp": source}},
        });
        let event: Event = serde_json::from_str(&event.to_string()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (response, click) = runtime.block_on(async { given().await.answer(&event).await });
        prop_assert!(response.status().as_u16() < 500, "{:?}", response);
        match header(&response, "location") {
            "" => prop_assert!(!response.status().is_redirection() && click.is_none()),
            "https://example.com/docs" | "https://example.com/late" => {}
            other => prop_assert!(other.starts_with("https://example.com/docs?"), "{}", other),
        }
        let reply = serde_json::to_string(&Reply::from(response)).unwrap();
        prop_assert!(reply.len() < 10_000, "{}", reply.len());
        if let Some(pending) = click {
            prop_assert!(serde_json::to_vec(&pending.click).unwrap().len() < 8_000);
        }
    }
}

#[tokio::test]
async fn file_is_a_redirect_for_this_visitor_only() {
    let given = given().await;
    for (slug, settings) in
        [("share", json!({"redirect_status": 308})), ("locked-share", json!({"password_hash": SECRET}))]
    {
        let mut shared = link("acme", slug, "https://files.invalid/fil_0199b0c67e4570008000000000000005");
        shared.settings = serde_json::from_value(settings).unwrap();
        given.links.insert(&shared).await.unwrap();
    }
    let signed = |method| {
        format!(
            "https://bucket.example/files/acme/fil_0199b0c67e4570008000000000000005?method={method}&expires=60&type=application/pdf&as=inline"
        )
    };
    for (method, status) in [("GET", "Get"), ("HEAD", "Head")] {
        let (response, click) = answer(&given.app, &with_method(method, "/share")).await;
        assert_eq!((response.status().as_u16(), header(&response, "location")), (302, signed(status).as_str()));
        assert_eq!(
            (header(&response, "cache-control"), header(&response, "referrer-policy")),
            ("no-store", "no-referrer")
        );
        assert_eq!(header(&response, "x-robots-tag"), "noindex");
        assert_eq!(click.is_some(), method == "GET");
    }
    let (response, _) = answer(&given.app, &with_method("PUT", "/share")).await;
    assert_eq!(response.status(), 405);
    let (response, _) = answer(&given.app, &at("/locked-share")).await;
    assert!(response.body().contains("password") && header(&response, "location").is_empty());
    let (response, _) = answer(&given.app, &at("/share+")).await;
    assert!(response.body().contains("file") && !response.body().contains("fil_"), "{}", response.body());
}

#[tokio::test]
async fn collection_is_a_page_for_this_visitor_only() {
    use waypost_domain::files::collections::collection::Collection;
    use waypost_domain::files::collections::path::{FilePath, FilePlace};
    use waypost_domain::files::collections::target::target_of_collection;
    use waypost_domain::testing::samples::collection;
    let given = given().await;
    let shared = Collection { files: 1, ..collection("acme", 7) };
    let path = FilePath::parse("a/<b>.pdf").unwrap();
    let place = Some(FilePlace { collection: shared.id.clone(), path });
    given.files.put(StoredFile { place, ..stored_file("acme", 6) });
    for (slug, settings) in [("share", json!({"redirect_status": 301})), ("locked", json!({"password_hash": SECRET}))] {
        let mut shared = link("acme", slug, &target_of_collection(&shared.id));
        shared.settings = serde_json::from_value(settings).unwrap();
        given.links.insert(&shared).await.unwrap();
    }
    given.files.put_collection(shared);
    for (method, has_click) in [("GET", true), ("HEAD", false)] {
        let (response, click) = given.answer(&with_method(method, "/share")).await;
        assert_eq!((response.status().as_u16(), click.is_some()), (200, has_click));
        assert_eq!(response.body().is_empty(), !has_click);
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-robots-tag", "noindex"),
        ] {
            assert_eq!(header(&response, name), value);
        }
    }
    let (response, _) = given.answer(&at("/share")).await;
    for part in ["<h2>a</h2>", "fil_0199b0c67e4570008000000000000006?method=Get&amp;expires=3600", ">_b_.pdf</a>"] {
        assert!(response.body().contains(part), "{part}: {}", response.body());
    }
    for path in ["/share+", "/locked+", "/locked"] {
        let (response, click) = given.answer(&at(path)).await;
        let (is_told, body) = (path == "/share+", response.body());
        assert_eq!(
            (body.contains("Photos"), body.contains("1 file."), click.is_some()),
            (is_told, is_told, false),
            "{body}"
        );
        assert!(!body.contains("fil_") && !body.contains("_b_"), "{body}");
    }
    given.files.fail(true);
    let (response, _) = given.answer(&at("/share")).await;
    assert_eq!(response.status(), 503);
}

#[tokio::test]
async fn file_that_is_not_there_yet_is_a_page_that_looks_again() {
    let given = given().await;
    let file = stored_file("acme", 5);
    given.files.put(StoredFile { status: FileStatus::Uploading, ..file.clone() });
    given.links.insert(&link("acme", "share", &target_of(&file.id))).await.unwrap();
    for (method, accept, kind) in [
        ("GET", "text/html", "text/html; charset=utf-8"),
        ("HEAD", "text/html", "text/html; charset=utf-8"),
        ("GET", "*/*", "application/problem+json"),
    ] {
        for path in ["/share", "/share+"] {
            let mut event = with_method(method, path);
            event.headers.accept = Some(accept.to_owned());
            let (response, click) = given.answer(&event).await;
            assert_eq!((response.status().as_u16(), click.is_none()), (404, true), "{method} {accept} {path}");
            assert_eq!((header(&response, "content-type"), header(&response, "retry-after")), (kind, "10"));
            assert_eq!(header(&response, "cache-control"), "no-store");
            let reloads = response.body().contains("http-equiv=\"refresh\"");
            assert_eq!(reloads, method == "GET" && accept == "text/html", "{method} {accept}");
        }
    }
    assert_eq!(given.missed(&at("/share")).await, (404, None), "it is no visit to no link");
    given.files.put(file.clone());
    assert_eq!(given.status(&at("/share")).await, 302);
    given.files.forget(&FileAddress { workspace: file.workspace, id: file.id });
    let (response, click) = given.answer(&at("/share")).await;
    assert_eq!((response.status().as_u16(), click.is_none()), (410, true));
    given.files.fail(true);
    let (response, _) = given.answer(&at("/share")).await;
    assert_eq!((response.status().as_u16(), header(&response, "retry-after")), (503, "2"));
}
