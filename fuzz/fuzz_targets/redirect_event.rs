//! Sends any event to the redirect. It must not panic or fail, and must lead to known targets only.
//!
//! The input is an event in JSON. An input that is not JSON is lines, which become the fields of an event.

#![no_main]

// Include the modules of `waypost-http` that the handler uses: the crate's dependencies take long to build with
// instrumentation for libFuzzer.
extern crate self as waypost_http;
#[allow(dead_code, reason = "the handler uses only part of it")]
#[path = "../../shared/http/src/problem.rs"]
pub mod problem;
#[path = "../../shared/http/src/viewer.rs"]
pub mod viewer;

#[path = "../../functions/redirect/src/event.rs"]
mod event;
#[path = "../../functions/redirect/src/handler/mod.rs"]
mod handler;
#[path = "../../functions/redirect/src/pages/mod.rs"]
mod pages;
#[path = "../../functions/redirect/src/reply.rs"]
mod reply;

use std::sync::Arc;

use futures::executor::block_on;
use http::Response;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use url::Url;
use waypost_domain::clicks::event::StreamEvent;
use waypost_domain::links::ports::LinkWriter;
use waypost_domain::redirect::collection_share::CollectionShares;
use waypost_domain::redirect::file_share::FileShares;
use waypost_domain::redirect::follow::FollowLinkPorts;
use waypost_domain::redirect::pending_event::PendingEvent;
use waypost_domain::redirect::unanswered::Unanswered;
use waypost_domain::testing::abuse::file_report_ports;
use waypost_domain::testing::clicks::MemoryAttempts;
use waypost_domain::testing::domains::MemoryDomains;
use waypost_domain::testing::links::MemoryLinks;
use waypost_domain::testing::samples::link;
use waypost_domain::testing::stored_files::{MemoryFileBucket, MemoryFiles};
use waypost_domain::testing::system::{FixedClock, SeededRandom};
use waypost_domain::{Domain, Domains, TargetUrl};

use crate::event::Event;
use crate::handler::{App, handle};
use crate::reply::Reply;

/// argon2id of `secret`, with parameters that are cheap to check.
const SECRET: &str = "$argon2id$v=19$m=8,t=1,p=1$YSBzYWx0IG9mIDE2IGJ5dA$VeK9IOBIgdgAydbckUUSGjhBb143hqeap2rX88vkvbc";
const TARGET: &str = "https://example.com/docs?a=1#top";
/// All targets that an answer may have. The link `q` may add parameters to its target.
const TARGETS: [&str; 6] = [
    TARGET,
    "https://example.com/late",
    "https://example.com/phone",
    "https://example.com/variant",
    "https://example.com/root",
    "https://example.com/none",
];
/// The largest size of a click in the stream, in bytes.
const MAX_CLICK_BYTES: usize = 16 * 1024;

fuzz_target!(|bytes: &[u8]| {
    let Some(event) = event_of(bytes) else { return };
    let links = links();
    for failing in [false, true] {
        links.fail(failing);
        let (response, click) = block_on(handle(&app(links.clone()), &event, "request-1"));
        check(&event, response, click, failing);
    }
});

/// Reads an event in JSON, or makes one of lines: method, path, query, host, user agent, referrer, languages, country, address
/// and, last, the body.
fn event_of(bytes: &[u8]) -> Option<Event> {
    if let Ok(event) = serde_json::from_slice(bytes) {
        return Some(event);
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let mut lines = text.splitn(10, '\n');
    let mut next = || lines.next().unwrap_or_default();
    let event = json!({
        "requestContext": {"http": {"method": next()}},
        "rawPath": next(),
        "rawQueryString": next(),
        "headers": {
            "host": next(), "user-agent": next(), "referer": next(), "accept-language": next(),
            "cloudfront-viewer-country": next(), "cloudfront-viewer-address": next(), "accept": "text/html",
        },
        "body": next(),
    });
    Some(serde_json::from_value(event).expect("an event"))
}

/// Makes a link of each kind, with slugs of one letter, and on a domain that allows them some with slashes and beyond ASCII.
fn links() -> Arc<MemoryLinks> {
    let links = Arc::new(MemoryLinks::default());
    let phones = json!([{"if": {"device": ["mobile"]}, "url": "https://example.com/phone"}]);
    let variants = json!([{"name": "a", "url": "https://example.com/variant", "weight": 1}]);
    for (slug, settings) in [
        ("a", json!({})),
        ("q", json!({"redirect_status": 301, "forward_query": true})),
        ("p", json!({"password_hash": SECRET})),
        ("o", json!({"expires_at": "2026-01-01T00:00:00Z"})),
        ("e", json!({"expires_at": "2026-01-01T00:00:00Z", "expired_url": "https://example.com/late"})),
        ("r", json!({"rules": phones})),
        ("v", json!({"variants": variants})),
        ("m", json!({"max_clicks": 1})),
        ("f", json!({"forward_path": true})),
        ("t", json!({"preview": {"title": "A <title>", "image": "https://example.com/a.png"}})),
        ("l", json!({"redirect_status": 307})),
    ] {
        let target = if slug == "l" { format!("{TARGET}{}", "x".repeat(9_000)) } else { TARGET.to_owned() };
        let mut link = link("acme", slug, &target);
        link.settings = serde_json::from_value::<waypost_domain::LinkSettings>(settings).expect("valid settings");
        assert!(block_on(links.insert(&link)).expect("memory does not fail"));
    }
    for slug in ["a/b", "f/g", "ä", "🎉", "grösse"] {
        let mut link = link("acme", slug, TARGET);
        link.address.domain = Domain::parse("go.example.org").expect("a valid domain");
        link.settings.forward_path = slug == "f/g";
        assert!(block_on(links.insert(&link)).expect("memory does not fail"));
    }
    links
}

fn app(links: Arc<MemoryLinks>) -> App {
    let domains = Domains::parse("go.example.com,go.example.org").expect("valid domains");
    let target = |text| Some(TargetUrl::parse(text, &domains).expect("a valid target"));
    let settings = json!({"expired_url": "https://example.com/late", "slugs": {"case": "insensitive", "slashes": true, "characters": "unicode"}, "assetlinks": "[]"});
    let settings = Arc::new(MemoryDomains::with("go.example.org", settings));
    App {
        block_list: None,
        misses: Default::default(),
        reports: file_report_ports(&Arc::default()),
        countries: None,
        unanswered: Unanswered {
            settings: settings.clone(),
            root_url: target("https://example.com/root"),
            not_found_url: target("https://example.com/none"),
        },
        follow: FollowLinkPorts {
            links: links.clone(),
            domain_settings: settings,
            limit: links,
            attempts: Arc::new(MemoryAttempts::default()),
            files: FileShares {
                records: Arc::new(MemoryFiles::default()),
                signer: Arc::new(MemoryFileBucket::default()),
            },
            collections: CollectionShares {
                records: Arc::new(MemoryFiles::default()),
                signer: Arc::new(MemoryFileBucket::default()),
            },
            domains,
            clock: Arc::new(FixedClock::at("2026-01-02T03:04:05Z")),
            random: Arc::new(SeededRandom::new(1)),
        },
    }
}

fn check(event: &Event, response: Response<String>, click: Option<PendingEvent>, failing: bool) {
    let status = response.status().as_u16();
    assert!(status < 500 || (failing && status == 503), "{status}");
    for (name, value) in response.headers() {
        let value = value.to_str().expect("headers are ASCII");
        assert!(!value.contains(char::is_control), "{name}: {value:?}");
        if name == http::header::LOCATION {
            assert!(TARGETS.contains(&value) || is_forwarded(event, value), "{value:?}");
        }
    }
    if event.method() == "HEAD" {
        assert!(response.body().is_empty() && click.is_none());
    }
    if let Some(pending) = click {
        let has = |part| response.body().contains(part);
        let leads_on = response.headers().contains_key("location") || has("http-equiv=\"refresh\"") || has("og:title");
        let is_miss = matches!(pending.event, StreamEvent::Miss(_));
        assert!(leads_on || is_miss, "only what leads to the target counts a click");
        let text = serde_json::to_string(&pending.event).expect("an event is JSON");
        assert!(text.len() <= MAX_CLICK_BYTES, "{} bytes", text.len());
    }
    let reply = serde_json::to_value(Reply::from(response)).expect("a reply is JSON");
    assert_eq!(reply["statusCode"], Value::from(status));
}

/// Tells whether `value` is the target with nothing but parameters added, or for the link `f` a longer path. The link `a` must not add
/// any.
fn is_forwarded(event: &Event, value: &str) -> bool {
    let (before, after) = (Url::parse(TARGET).expect("a URL"), Url::parse(value).expect("a URL"));
    let below = after.path().strip_prefix(before.path()).is_some_and(|rest| rest.starts_with('/'));
    let starts_with = |start: &&str| event.raw_path.starts_with(start);
    // `/f/g/rest` and all ways to encode it begin with one of these, too.
    if ["/f/", "/%66/", "/F/", "/%46/", "/f%2", "/%66%2", "/F%2", "/%46%2"].iter().any(starts_with) {
        return before[..url::Position::BeforePath] == after[..url::Position::BeforePath] && below;
    }
    !event.raw_path.trim_start_matches('/').eq_ignore_ascii_case("a")
        && before[..url::Position::AfterPath] == after[..url::Position::AfterPath]
        && before.fragment() == after.fragment()
        && after.query().is_some_and(|query| query.starts_with("a=1"))
}
