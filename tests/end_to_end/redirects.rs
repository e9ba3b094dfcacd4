//! Tests redirects: states of links, limits, passwords, rules and variants.

use std::time::Duration;

use aws_sdk_kinesis::types::ShardIteratorType;
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use waypost_aws::dynamo::links::item_of;
use waypost_domain::Link;
use waypost_domain::testing::samples::link;
use waypost_tests::{Answer, Stack, wait_for};

/// argon2id of `secret`, with parameters that are cheap to check.
const SECRET: &str = "$argon2id$v=19$m=8,t=1,p=1$YSBzYWx0IG9mIDE2IGJ5dA$VeK9IOBIgdgAydbckUUSGjhBb143hqeap2rX88vkvbc";
const IPHONE: (&str, &str) = (
    "user-agent",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1",
);

/// Writes a link to `https://example.com/own` with these settings into the table. The API would refuse some of them.
async fn write(stack: &Stack, slug: &str, settings: Value) -> Link {
    let mut link = link("redirects", slug, "https://example.com/own");
    link.settings = serde_json::from_value(settings).unwrap();
    let item = item_of(&link).unwrap();
    stack.dynamo.put_item().table_name(&stack.links_table).set_item(Some(item)).send().await.unwrap();
    link
}

async fn get(stack: &Stack, path: &str) -> Answer {
    stack.visit(Method::GET, path, &[("accept", "text/html")]).await
}

/// Gives the status and the target of a redirect.
fn status_and_location(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.header("location"))
}

#[tokio::test]
async fn state_of_a_link_decides_the_answer() {
    let stack = Stack::from_environment();
    for (slug, settings, status, location) in [
        ("state-expired", json!({"expires_at": "2020-01-01T00:00:00Z"}), 410, ""),
        (
            "state-moved",
            json!({"expires_at": "2020-01-01T00:00:00Z", "expired_url": "https://example.com/late"}),
            302,
            "https://example.com/late",
        ),
        ("state-early", json!({"starts_at": "2999-01-01T00:00:00Z"}), 404, ""),
        ("state-archived", json!({"archived": true}), 404, ""),
        ("state-used", json!({"max_clicks": 1, "used_clicks": 1}), 410, ""),
        ("state-301", json!({"redirect_status": 301}), 301, "https://example.com/own"),
        ("state-308", json!({"redirect_status": 308}), 308, "https://example.com/own"),
    ] {
        write(&stack, slug, settings).await;
        let answer = get(&stack, &format!("/{slug}")).await;
        assert_eq!(status_and_location(&answer), (status, location), "{slug}");
        assert_eq!(answer.header("cache-control"), "no-store", "{slug}");
    }
}

#[tokio::test]
async fn limited_link_serves_exactly_its_clicks() {
    let stack = Stack::from_environment();
    write(&stack, "limited", json!({"max_clicks": 7})).await;
    assert_eq!(stack.visit(Method::HEAD, "/limited", &[]).await.status, 302);
    for header in
        [("user-agent", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"), ("sec-purpose", "prefetch")]
    {
        assert_eq!(stack.visit(Method::GET, "/limited", &[header]).await.status, 302, "{header:?}");
    }
    let answers =
        join_all((0..30).map(|_| stack.visit_once(Method::GET, "/limited", &[("accept", "text/html")]))).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    // On a busy machine the table may not answer in time: the visitor gets 503, and the visit may have used a click up.
    let (served, busy) = (count(302), count(503));
    assert!(served <= 7 && served + busy >= 7, "{served} visits served, {busy} not answered in time");
    assert_eq!(served + busy + count(410), 30);
    wait_for("the link to be used up", async || (get(&stack, "/limited").await.status == 410).then_some(())).await;
}

#[tokio::test]
async fn password_attempts_are_limited() {
    let stack = Stack::from_environment();
    write(&stack, "locked", json!({"password_hash": SECRET})).await;
    let form = get(&stack, "/locked").await;
    assert_eq!(status_and_location(&form), (200, ""));
    assert!(form.text.contains("<form method=\"post\">") && !form.text.contains("example.com/own"), "{form:?}");
    assert_eq!(status_and_location(&stack.submit("/locked", "password=Secret").await), (403, ""));
    let right = stack.submit("/locked", "password=secret").await;
    assert_eq!(status_and_location(&right), (303, "https://example.com/own"));
    assert_eq!((right.header("cache-control"), right.header("referrer-policy")), ("no-store", "no-referrer"));
    // 21 attempts are more than two minutes allow.
    let mut limited = None;
    for _ in 0..21 {
        let answer = stack.submit("/locked", "password=wrong").await;
        if answer.status == 429 {
            limited = Some(answer);
            break;
        }
        assert_eq!(answer.status, 403);
    }
    let seconds: u64 = limited.unwrap().header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    write(&stack, "unlocked", json!({})).await;
    assert_eq!(stack.submit("/unlocked", "password=secret").await.status, 405);
}

#[tokio::test]
async fn click_names_its_rule_and_variant() {
    let stack = Stack::from_environment();
    let choices = json!({
        "forward_query": true,
        "rules": [
            {"if": {"os": ["ios"], "language": ["fr"]}, "url": "https://example.com/fr?own=1"},
            {"if": {"query": [{"name": "beta"}]}, "url": "https://example.com/beta"},
        ],
        "variants": [
            {"name": "a", "url": "https://example.com/a", "weight": 1},
            {"name": "b", "url": "https://example.com/b", "weight": 1},
        ],
    });
    write(&stack, "choices", choices).await;
    let french =
        stack.visit(Method::GET, "/choices?own=2&x=%C3%BC&qr=1", &[IPHONE, ("accept-language", "fr-CH")]).await;
    assert_eq!(status_and_location(&french), (302, "https://example.com/fr?own=1&x=%C3%BC"));
    assert_eq!(status_and_location(&get(&stack, "/choices?beta").await), (302, "https://example.com/beta?beta"));
    let first = stack.visit(Method::GET, "/choices", &[IPHONE]).await;
    let again = stack.visit(Method::GET, "/choices", &[IPHONE]).await;
    assert_eq!(
        status_and_location(&first),
        status_and_location(&again),
        "a visitor keeps the variant (until midnight UTC)"
    );
    let variant = first.header("location").trim_start_matches("https://example.com/").to_owned();
    assert!(["a", "b"].contains(&variant.as_str()), "{first:?}");

    let clicks = wait_for("the clicks in the stream", async || {
        let clicks = clicks_of(&stack, "choices").await;
        (clicks.len() >= 4).then_some(clicks)
    })
    .await;
    assert_eq!(clicks.iter().filter(|click| click["rule"] == 0 && click["trigger"] == "qr").count(), 1);
    assert_eq!(clicks.iter().filter(|click| click["rule"] == 1).count(), 1);
    assert_eq!(clicks.iter().filter(|click| click["variant"] == variant.as_str()).count(), 2);
}

/// Reads all clicks of a link from the stream.
async fn clicks_of(stack: &Stack, slug: &str) -> Vec<Value> {
    let mut clicks = Vec::new();
    let shards = stack.kinesis.list_shards().stream_name(&stack.stream).send().await.unwrap();
    for shard in shards.shards() {
        let iterator = stack.kinesis.get_shard_iterator().stream_name(&stack.stream).shard_id(shard.shard_id());
        let iterator = iterator.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await.unwrap();
        let mut next = iterator.shard_iterator;
        while let Some(iterator) = next {
            let page = stack.kinesis.get_records().shard_iterator(iterator).send().await.unwrap();
            let read = page.records().iter().filter_map(|r| serde_json::from_slice::<Value>(r.data().as_ref()).ok());
            clicks.extend(read.filter(|click| click["slug"] == slug));
            next = page.next_shard_iterator.filter(|_| !page.records.is_empty());
        }
    }
    clicks
}

#[tokio::test]
async fn change_reaches_visitors_within_seconds() {
    let stack = Stack::from_environment();
    write(&stack, "changing", json!({})).await;
    assert_eq!(status_and_location(&get(&stack, "/changing").await), (302, "https://example.com/own"));
    write(&stack, "changing", json!({"archived": true})).await;
    let start = std::time::Instant::now();
    wait_for("the change to be seen", async || (get(&stack, "/changing").await.status == 404).then_some(())).await;
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[tokio::test]
async fn robots_and_icon_are_answered() {
    let stack = Stack::from_environment();
    let robots = stack.visit(Method::GET, "/robots.txt", &[]).await;
    assert_eq!((robots.status.as_u16(), robots.header("content-type")), (200, "text/plain; charset=utf-8"));
    assert_eq!(stack.visit(Method::GET, "/favicon.ico", &[]).await.status, 204);
}

#[tokio::test]
async fn hostile_requests_are_answered() {
    let stack = Stack::from_environment();
    write(&stack, "hardened", json!({"forward_query": true})).await;
    let long = "x".repeat(3000);
    for path in
        ["/hardened?a=%ff%00", "/hardened?\"<>{}|^`\\", "/hardened?//evil.example/@x", "/%ff", "/hardened%2f..", "/%00"]
            .into_iter()
            .map(str::to_owned)
            .chain([format!("/{long}"), format!("/hardened?{long}"), format!("/hardened?a={}", "%ff".repeat(900))])
    {
        for headers in [
            vec![],
            vec![("x-forwarded-host", "evil.example"), ("x-original-url", "/other"), ("x-forwarded-proto", "::")],
            vec![("accept-language", long.as_str()), ("referer", "\\\\"), ("cloudfront-viewer-address", "x")],
        ] {
            let answer = stack.visit(Method::GET, &path, &headers).await;
            assert!(answer.status.as_u16() < 500, "{path}: {answer:?}");
            let location = answer.header("location");
            assert!(location.is_empty() || location.starts_with("https://example.com/own"), "{path}: {location}");
        }
    }
}
