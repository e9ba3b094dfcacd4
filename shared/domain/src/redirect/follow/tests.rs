use crate::links::ports::LinkWriter;
use crate::redirect::follow::*;
use crate::redirect::verify_password::ATTEMPTS_PER_MINUTE;
use crate::redirect::verify_password::tests::hash_of;
use crate::testing::clicks::MemoryAttempts;
use crate::testing::links::MemoryLinks;
use crate::testing::samples::link;
use crate::testing::system::{FixedClock, SeededRandom};
use proptest::prelude::*;
use serde_json::{Value, json};

struct Given {
    links: Arc<MemoryLinks>,
    clock: Arc<FixedClock>,
    app: FollowLink,
}

/// The link `docs`, with `behaviour`, at 2026-01-02T03:04:05Z.
async fn given(settings: Value) -> Given {
    let (links, clock) = (Arc::new(MemoryLinks::default()), Arc::new(FixedClock::at("2026-01-02T03:04:05Z")));
    let mut docs = link("acme", "docs", "https://example.com/docs");
    docs.settings = serde_json::from_value(settings).unwrap();
    links.insert(&docs).await.unwrap();
    let app = FollowLink {
        links: links.clone(),
        limit: links.clone(),
        attempts: Arc::new(MemoryAttempts::default()),
        domains: Domains::parse("go.example.com,s.example.org").unwrap(),
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(1)),
    };
    Given { links, clock, app }
}

fn visit(path: &str) -> Visit {
    Visit { host: Some("go.example.com".into()), path: path.into(), ..Visit::default() }
}

impl Given {
    async fn follow(&self, intent: Intent<'_>) -> Outcome {
        self.app.follow(&visit("/docs"), intent).await.unwrap()
    }

    /// What comes of a GET, as a text.
    async fn got(&self) -> String {
        text(self.follow(Intent::Follow).await)
    }
}

fn text(outcome: Outcome) -> String {
    match outcome {
        Outcome::Redirect(redirect) => format!("{} {}", u16::from(redirect.status), redirect.url),
        Outcome::Gone(instead) => format!("gone {}", instead.map(|url| url.to_string()).unwrap_or_default()),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn a_link_is_found_whether_or_not_the_gateway_decoded_its_path() {
    let given = given(json!({})).await;
    for path in ["/docs", "/d%6Fcs", "/%64%6f%63%73"] {
        let outcome = given.app.follow(&visit(path), Intent::Follow).await.unwrap();
        assert_eq!(text(outcome), "302 https://example.com/docs", "{path}");
    }
}

#[tokio::test]
async fn path_tricks_find_nothing() {
    let given = given(json!({})).await;
    for path in ["", "/", "//docs", "/docs/", "/x/../docs", "/%2Fdocs", "/docs%2F", "/%ff", "/Docs", "/docs%00", "docs"]
    {
        let outcome = given.app.follow(&visit(path), Intent::Follow).await.unwrap();
        assert!(matches!(outcome, Outcome::NotFound), "{path}");
    }
}

#[tokio::test]
async fn a_link_lives_on_its_own_domain_only() {
    let given = given(json!({})).await;
    let other = Visit { host: Some("s.example.org".into()), ..visit("/docs") };
    assert!(matches!(given.app.follow(&other, Intent::Follow).await.unwrap(), Outcome::NotFound));
}

#[tokio::test]
async fn no_stored_target_that_is_unsafe_is_sent() {
    for (url, settings) in [
        ("javascript:alert(1)", json!({})),
        ("https://go.example.com/docs", json!({})),
        ("https://example.com/", json!({"rules": [{"if": {}, "url": "https://a@evil.example/"}]})),
        ("https://example.com/", json!({"variants": [{"name": "a", "weight": 1, "url": "//evil.example/"}]})),
    ] {
        let given = given(settings).await;
        let mut docs = given.links.all().remove(0);
        given.links.delete(&docs.id, &docs.workspace).await.unwrap();
        docs.url = serde_json::from_value(json!(url)).unwrap();
        given.links.insert(&docs).await.unwrap();
        assert_eq!(given.got().await, "NotFound", "{url}");
    }
    let given = given(json!({"expires_at": "2026-01-01T00:00:00Z", "expired_url": "data:text/html,x"})).await;
    assert_eq!(given.got().await, "gone ");
}

#[tokio::test]
async fn a_link_begins_and_ends_on_the_second() {
    let given = given(json!({"starts_at": "2026-01-02T03:04:06Z", "expires_at": "2026-01-02T03:04:07Z"})).await;
    assert_eq!(given.got().await, "NotFound");
    given.clock.advance(1);
    assert_eq!(given.got().await, "302 https://example.com/docs");
    given.clock.advance(1);
    assert_eq!(given.got().await, "gone ");
}

#[tokio::test]
async fn an_expired_link_leads_elsewhere_if_it_says_so_and_that_is_no_click() {
    let given = given(json!({"expires_at": "2026-01-01T00:00:00Z", "expired_url": "https://example.com/late"})).await;
    assert_eq!(given.got().await, "gone https://example.com/late");
}

#[tokio::test]
async fn an_archived_link_is_not_found_even_if_it_has_expired_or_has_a_password() {
    for more in [json!({}), json!({"expires_at": "2026-01-01T00:00:00Z"}), json!({"password_hash": "x"})] {
        let mut settings = more;
        settings["archived"] = json!(true);
        let given = given(settings).await;
        assert_eq!(given.got().await, "NotFound");
        assert!(matches!(given.follow(Intent::GivePassword(b"x")).await, Outcome::NotLocked));
    }
}

#[tokio::test]
async fn a_used_up_link_is_gone_and_looking_uses_nothing() {
    let given = given(json!({"max_clicks": 2, "expired_url": "https://example.com/late"})).await;
    for expected in ["302 https://example.com/docs", "302 https://example.com/docs", "gone https://example.com/late"] {
        assert_eq!(text(given.follow(Intent::Look).await), expected);
        assert_eq!(given.got().await, expected);
    }
    assert_eq!(given.links.all()[0].settings.used_clicks, 2);
}

#[tokio::test]
async fn a_link_that_was_used_up_since_it_was_read_is_gone() {
    let given = given(json!({"max_clicks": 1})).await;
    let read = MemoryLinks::default();
    read.insert(&given.links.all()[0]).await.unwrap();
    let app = FollowLink { links: Arc::new(read), ..given.app };
    let outcomes = [
        app.follow(&visit("/docs"), Intent::Follow).await.unwrap(),
        app.follow(&visit("/docs"), Intent::Follow).await.unwrap(),
    ];
    assert_eq!(outcomes.map(text), ["302 https://example.com/docs", "gone "]);
}

#[tokio::test]
async fn an_unsafe_target_uses_up_no_click() {
    let given = given(json!({"max_clicks": 1, "rules": [{"if": {}, "url": "javascript:x"}]})).await;
    assert_eq!(given.got().await, "NotFound");
    assert_eq!(given.links.all()[0].settings.used_clicks, 0);
}

#[tokio::test]
async fn a_password_opens_and_nothing_else_does() {
    let given = given(json!({"password_hash": hash_of("secret"), "max_clicks": 2})).await;
    assert!(matches!(given.follow(Intent::Follow).await, Outcome::Locked(Locked::Asked)));
    assert!(matches!(given.follow(Intent::Look).await, Outcome::Locked(Locked::Asked)));
    assert!(matches!(given.follow(Intent::GivePassword(b"wrong")).await, Outcome::Locked(Locked::Wrong)));
    assert_eq!(given.links.all()[0].settings.used_clicks, 0);
    let Outcome::Redirect(redirect) = given.follow(Intent::GivePassword(b"secret")).await else {
        panic!("it stays locked")
    };
    assert!(redirect.click.is_some());
    assert_eq!(given.links.all()[0].settings.used_clicks, 1);
}

#[tokio::test]
async fn passwords_cannot_be_guessed_quickly() {
    let given = given(json!({"password_hash": hash_of("secret")})).await;
    for _ in 0..ATTEMPTS_PER_MINUTE {
        assert!(matches!(given.follow(Intent::GivePassword(b"wrong")).await, Outcome::Locked(Locked::Wrong)));
    }
    let outcome = given.follow(Intent::GivePassword(b"secret")).await;
    assert!(matches!(outcome, Outcome::Locked(Locked::TooMany { retry_after_seconds: 55 })), "{outcome:?}");
    given.clock.advance(55);
    assert!(matches!(given.follow(Intent::GivePassword(b"secret")).await, Outcome::Redirect(_)));
}

#[tokio::test]
async fn a_password_is_only_for_links_that_have_one() {
    assert!(matches!(given(json!({})).await.follow(Intent::GivePassword(b"x")).await, Outcome::NotLocked));
}

#[tokio::test]
async fn the_link_says_the_status_and_whether_parameters_are_handed_on() {
    for (settings, expected) in [
        (json!({"redirect_status": 301}), "301 https://example.com/docs"),
        (json!({"redirect_status": 307, "forward_query": false}), "307 https://example.com/docs"),
        (json!({"redirect_status": 308, "forward_query": true}), "308 https://example.com/docs?a=1"),
    ] {
        let visit = Visit { query: "a=1&qr=1".into(), ..visit("/docs") };
        assert_eq!(text(given(settings).await.app.follow(&visit, Intent::Follow).await.unwrap()), expected);
    }
}

#[tokio::test]
async fn a_click_says_which_rule_or_variant_it_was() {
    let choices = json!({
        "rules": [{"if": {"language": ["fr"]}, "url": "https://example.com/fr"}],
        "variants": [{"name": "only", "url": "https://example.com/v", "weight": 3}],
    });
    let given = given(choices).await;
    for (language, url, rule, variant) in
        [("fr", "https://example.com/fr", Some(0), None), ("de", "https://example.com/v", None, Some("only"))]
    {
        let visit = Visit { accept_language: Some(language.into()), ..visit("/docs") };
        let Outcome::Redirect(redirect) = given.app.follow(&visit, Intent::Follow).await.unwrap() else { panic!() };
        let click = redirect.click.unwrap().click;
        assert_eq!((redirect.url.as_str(), click.rule, click.variant.as_deref()), (url, rule, variant));
    }
}

#[tokio::test]
async fn a_store_that_fails_opens_nothing() {
    let given = given(json!({"max_clicks": 1})).await;
    given.links.fail(true);
    assert!(given.app.follow(&visit("/docs"), Intent::Follow).await.is_err());
}

proptest! {
    #[test]
    fn nothing_in_a_visit_leads_anywhere_else(
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
            given(json!({"forward_query": forward})).await.app.follow(&visit, Intent::Follow).await.unwrap()
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
