//! Tests clicks that the stream refuses: they are kept, sent again by `make replay-spill`, and counted once.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::commands::tool;
use waypost_tests::{Stack, wait_for};

const GET: &str = include_str!("../../events/redirect/get.json");
const SLUG: &str = "spilled";
/// A user agent that does not count as a bot.
const BROWSER: (&str, &str) = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");

#[tokio::test]
async fn refused_clicks_are_kept_and_counted_once() {
    let stack = Stack::from_environment();
    let key = stack.new_key("spill", "editor").await;
    let link = json!({"url": "https://example.com/spilled", "slug": SLUG});
    assert_eq!(stack.call(&key, Method::POST, "/v1/links", link).await.status, 201);

    let mut event: Value = serde_json::from_str(GET).unwrap();
    event["rawPath"] = json!(format!("/{SLUG}"));
    for _ in 0..2 {
        let answer = stack.invoke("redirect-without-stream", &event).await;
        assert_eq!(answer["statusCode"], 302, "the visitor gets the redirect: {answer}");
    }
    wait_for("two clicks to be kept", async || (spilled(&stack).await == 2).then_some(())).await;

    for _ in 0..2 {
        tool("replay_spill", &[]);
        assert_eq!(spilled(&stack).await, 0);
    }
    // This click is behind the others in the shard. Once it is counted, so are they.
    assert_eq!(stack.visit(Method::GET, &format!("/{SLUG}"), &[BROWSER]).await.status, 302);
    let clicks = wait_for("three clicks to be counted", async || {
        let path = format!("/v1/links/{SLUG}/stats");
        let stats = stack.call(&key, Method::GET, &path, Value::Null).await.json();
        stats["totals"]["clicks"].as_u64().filter(|clicks| *clicks >= 3)
    })
    .await;
    assert_eq!(clicks, 3);
}

/// Counts the link's clicks in the spill.
async fn spilled(stack: &Stack) -> usize {
    let listed = stack.s3.list_objects_v2().bucket(&stack.bucket).prefix("spill/clicks/").send().await.unwrap();
    let mut clicks = 0;
    for object in listed.contents() {
        let object = stack.s3.get_object().bucket(&stack.bucket).key(object.key().unwrap()).send().await.unwrap();
        let text = String::from_utf8(object.body.collect().await.unwrap().to_vec()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        clicks += lines.filter(|click| click["slug"] == SLUG).count();
    }
    clicks
}
