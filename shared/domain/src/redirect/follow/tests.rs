use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::links::ports::LinkWriter;
use crate::redirect::verify_password::ATTEMPTS_PER_MINUTE;
use crate::redirect::verify_password::tests::hash_of;
use crate::testing::clicks::MemoryAttempts;
use crate::testing::links::MemoryLinks;
use crate::testing::samples::link;
use crate::testing::system::{FixedClock, SeededRandom};

struct Fixture {
    links: Arc<MemoryLinks>,
    clock: Arc<FixedClock>,
    ports: FollowLinkPorts,
}

/// Stores the link `docs` with `settings`; the clock stands at 2026-01-02T03:04:05Z.
async fn fixture(settings: Value) -> Fixture {
    let (links, clock) = (Arc::new(MemoryLinks::default()), Arc::new(FixedClock::at("2026-01-02T03:04:05Z")));
    let mut docs = link("acme", "docs", "https://example.com/docs");
    docs.settings = serde_json::from_value(settings).unwrap();
    links.insert(&docs).await.unwrap();
    let ports = FollowLinkPorts {
        links: links.clone(),
        limit: links.clone(),
        attempts: Arc::new(MemoryAttempts::default()),
        domains: Domains::parse("go.example.com,s.example.org").unwrap(),
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(1)),
    };
    Fixture { links, clock, ports }
}

fn visit(path: &str) -> Visit {
    Visit { host: Some("go.example.com".into()), path: path.into(), ..Visit::default() }
}

impl Fixture {
    async fn follow(&self, intent: Intent<'_>) -> Outcome {
        follow_link(&self.ports, &visit("/docs"), intent).await.unwrap()
    }

    /// Answers a GET; see [`show`].
    async fn get(&self) -> String {
        show(self.follow(Intent::Follow).await)
    }
}

/// Writes an outcome as a short text.
fn show(outcome: Outcome) -> String {
    match outcome {
        Outcome::Redirect(redirect) => format!("{} {}", u16::from(redirect.status), redirect.url),
        Outcome::Gone(expired_url) => format!("gone {}", expired_url.map(|url| url.to_string()).unwrap_or_default()),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn encoded_and_decoded_paths_find_the_link() {
    let fixture = fixture(json!({})).await;
    for path in ["/docs", "/d%6Fcs", "/%64%6f%63%73"] {
        let outcome = follow_link(&fixture.ports, &visit(path), Intent::Follow).await.unwrap();
        assert_eq!(show(outcome), "302 https://example.com/docs", "{path}");
    }
}

#[tokio::test]
async fn path_tricks_find_nothing() {
    let fixture = fixture(json!({})).await;
    for path in ["", "/", "//docs", "/docs/", "/x/../docs", "/%2Fdocs", "/docs%2F", "/%ff", "/Docs", "/docs%00", "docs"]
    {
        let outcome = follow_link(&fixture.ports, &visit(path), Intent::Follow).await.unwrap();
        assert!(matches!(outcome, Outcome::NotFound), "{path}");
    }
}

#[tokio::test]
async fn link_is_found_on_its_own_domain_only() {
    let fixture = fixture(json!({})).await;
    let other = Visit { host: Some("s.example.org".into()), ..visit("/docs") };
    assert!(matches!(follow_link(&fixture.ports, &other, Intent::Follow).await.unwrap(), Outcome::NotFound));
}

#[tokio::test]
async fn unsafe_stored_target_is_not_sent() {
    for (url, settings) in [
        ("javascript:alert(1)", json!({})),
        ("https://go.example.com/docs", json!({})),
        ("https://example.com/", json!({"rules": [{"if": {}, "url": "https://a@evil.example/"}]})),
        ("https://example.com/", json!({"variants": [{"name": "a", "weight": 1, "url": "//evil.example/"}]})),
    ] {
        let fixture = fixture(settings).await;
        let mut docs = fixture.links.all().remove(0);
        fixture.links.delete(&docs.id, &docs.workspace).await.unwrap();
        docs.url = serde_json::from_value(json!(url)).unwrap();
        fixture.links.insert(&docs).await.unwrap();
        assert_eq!(fixture.get().await, "NotFound", "{url}");
    }
    let fixture = fixture(json!({"expires_at": "2026-01-01T00:00:00Z", "expired_url": "data:text/html,x"})).await;
    assert_eq!(fixture.get().await, "gone ");
}

#[tokio::test]
async fn link_starts_and_expires_on_the_second() {
    let fixture = fixture(json!({"starts_at": "2026-01-02T03:04:06Z", "expires_at": "2026-01-02T03:04:07Z"})).await;
    assert_eq!(fixture.get().await, "NotFound");
    fixture.clock.advance(1);
    assert_eq!(fixture.get().await, "302 https://example.com/docs");
    fixture.clock.advance(1);
    assert_eq!(fixture.get().await, "gone ");
}

#[tokio::test]
async fn expired_link_is_gone_with_its_expired_url() {
    let fixture =
        fixture(json!({"expires_at": "2026-01-01T00:00:00Z", "expired_url": "https://example.com/late"})).await;
    assert_eq!(fixture.get().await, "gone https://example.com/late");
}

#[tokio::test]
async fn archived_link_is_not_found() {
    for more in [json!({}), json!({"expires_at": "2026-01-01T00:00:00Z"}), json!({"password_hash": "x"})] {
        let mut settings = more;
        settings["archived"] = json!(true);
        let fixture = fixture(settings).await;
        assert_eq!(fixture.get().await, "NotFound");
        assert!(matches!(fixture.follow(Intent::GivePassword(b"x")).await, Outcome::NotLocked));
    }
}

#[tokio::test]
async fn used_up_link_is_gone() {
    let fixture = fixture(json!({"max_clicks": 2, "expired_url": "https://example.com/late"})).await;
    for expected in ["302 https://example.com/docs", "302 https://example.com/docs", "gone https://example.com/late"] {
        assert_eq!(show(fixture.follow(Intent::Look).await), expected);
        assert_eq!(fixture.get().await, expected);
    }
    assert_eq!(fixture.links.all()[0].settings.used_clicks, 2);
}

#[tokio::test]
async fn link_used_up_after_the_read_is_gone() {
    let fixture = fixture(json!({"max_clicks": 1})).await;
    let read = MemoryLinks::default();
    read.insert(&fixture.links.all()[0]).await.unwrap();
    let ports = FollowLinkPorts { links: Arc::new(read), ..fixture.ports };
    let outcomes = [
        follow_link(&ports, &visit("/docs"), Intent::Follow).await.unwrap(),
        follow_link(&ports, &visit("/docs"), Intent::Follow).await.unwrap(),
    ];
    assert_eq!(outcomes.map(show), ["302 https://example.com/docs", "gone "]);
}

#[tokio::test]
async fn unsafe_target_uses_up_no_click() {
    let fixture = fixture(json!({"max_clicks": 1, "rules": [{"if": {}, "url": "javascript:x"}]})).await;
    assert_eq!(fixture.get().await, "NotFound");
    assert_eq!(fixture.links.all()[0].settings.used_clicks, 0);
}

#[tokio::test]
async fn only_the_password_opens_a_locked_link() {
    let fixture = fixture(json!({"password_hash": hash_of("secret"), "max_clicks": 2})).await;
    assert!(matches!(fixture.follow(Intent::Follow).await, Outcome::Locked(Locked::Asked)));
    assert!(matches!(fixture.follow(Intent::Look).await, Outcome::Locked(Locked::Asked)));
    assert!(matches!(fixture.follow(Intent::GivePassword(b"wrong")).await, Outcome::Locked(Locked::Wrong)));
    assert_eq!(fixture.links.all()[0].settings.used_clicks, 0);
    let Outcome::Redirect(redirect) = fixture.follow(Intent::GivePassword(b"secret")).await else {
        panic!("the link stays locked")
    };
    assert!(redirect.click.is_some());
    assert_eq!(fixture.links.all()[0].settings.used_clicks, 1);
}

#[tokio::test]
async fn password_attempts_are_limited() {
    let fixture = fixture(json!({"password_hash": hash_of("secret")})).await;
    for _ in 0..ATTEMPTS_PER_MINUTE {
        assert!(matches!(fixture.follow(Intent::GivePassword(b"wrong")).await, Outcome::Locked(Locked::Wrong)));
    }
    let outcome = fixture.follow(Intent::GivePassword(b"secret")).await;
    assert!(matches!(outcome, Outcome::Locked(Locked::TooMany { retry_after_seconds: 55 })), "{outcome:?}");
    fixture.clock.advance(55);
    assert!(matches!(fixture.follow(Intent::GivePassword(b"secret")).await, Outcome::Redirect(_)));
}

#[tokio::test]
async fn password_for_an_open_link_is_not_locked() {
    assert!(matches!(fixture(json!({})).await.follow(Intent::GivePassword(b"x")).await, Outcome::NotLocked));
}

#[tokio::test]
async fn link_decides_status_and_forwarding() {
    for (settings, expected) in [
        (json!({"redirect_status": 301}), "301 https://example.com/docs"),
        (json!({"redirect_status": 307, "forward_query": false}), "307 https://example.com/docs"),
        (json!({"redirect_status": 308, "forward_query": true}), "308 https://example.com/docs?a=1"),
    ] {
        let visit = Visit { query: "a=1&qr=1".into(), ..visit("/docs") };
        assert_eq!(show(follow_link(&fixture(settings).await.ports, &visit, Intent::Follow).await.unwrap()), expected);
    }
}

#[tokio::test]
async fn click_names_its_rule_or_variant() {
    let choices = json!({
        "rules": [{"if": {"language": ["fr"]}, "url": "https://example.com/fr"}],
        "variants": [{"name": "only", "url": "https://example.com/v", "weight": 3}],
    });
    let fixture = fixture(choices).await;
    for (language, url, rule, variant) in
        [("fr", "https://example.com/fr", Some(0), None), ("de", "https://example.com/v", None, Some("only"))]
    {
        let visit = Visit { accept_language: Some(language.into()), ..visit("/docs") };
        let Outcome::Redirect(redirect) = follow_link(&fixture.ports, &visit, Intent::Follow).await.unwrap() else {
            panic!()
        };
        let click = redirect.click.unwrap().click;
        assert_eq!((redirect.url.as_str(), click.rule, click.variant.as_deref()), (url, rule, variant));
    }
}

#[tokio::test]
async fn failing_store_is_an_error() {
    let fixture = fixture(json!({"max_clicks": 1})).await;
    fixture.links.fail(true);
    assert!(follow_link(&fixture.ports, &visit("/docs"), Intent::Follow).await.is_err());
}

proptest! {
    #[test]
    fn no_visit_leads_to_another_target(
        host in ".{0,20}", path in prop_oneof![Just("/docs".to_owned()), "/\\PC{0,20}", ".{0,20}"],
        query in ".{0,60}", header in ".{0,40}", forward: bool,
    ) {
        let visit = Visit {
            host: Some(host), path, query, user_agent: Some(header.clone()), referrer: Some(header.clone()),
            accept_language: Some(header.clone()), country: Some(header.clone()), platform: Some(header.clone()),
            mobile: Some(header), ..Visit::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let outcome = runtime.block_on(async {
            let fixture = fixture(json!({"forward_query": forward})).await;
            follow_link(&fixture.ports, &visit, Intent::Follow).await.unwrap()
        });
        match outcome {
            Outcome::Redirect(redirect) => {
                let url = redirect.url.as_str();
                let rest = url.strip_prefix("https://example.com/docs");
                prop_assert!(rest.is_some_and(|rest| rest.is_empty() || forward && rest.starts_with('?')), "{}", url);
            }
            Outcome::NotFound => {}
            other => prop_assert!(false, "{:?}", other),
        }
    }
}

#[tokio::test]
async fn longest_slug_may_be_encoded() {
    let fixture = fixture(json!({})).await;
    let longest = "d".repeat(Slug::MAX_LEN);
    fixture.links.insert(&link("acme", &longest, "https://example.com/longest")).await.unwrap();
    let outcome =
        follow_link(&fixture.ports, &visit(&format!("/{}", "%64".repeat(Slug::MAX_LEN))), Intent::Follow).await;
    assert_eq!(show(outcome.unwrap()), "302 https://example.com/longest");
}
