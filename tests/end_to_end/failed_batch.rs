//! Tests a batch of clicks that was given up: `make replay-failed` sends its records again, and each is counted.

use aws_sdk_s3::primitives::ByteStream;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use waypost_domain::ports::Clock;
use waypost_lambda::system::SystemClock;
use waypost_tests::commands::tool;
use waypost_tests::{Stack, wait_for};

const SLUG: &str = "given-up";
/// What Lambda writes for a batch that it gives up.
const SAMPLE: &str = include_str!("../../tools/tests/failed_batch.json");

#[tokio::test]
async fn given_up_batch_is_counted_after_its_replay() {
    let stack = Stack::from_environment();
    let key = stack.new_key(SLUG, "editor").await;
    let link = json!({"url": "https://example.com/", "slug": SLUG});
    let link = stack.call(&key, Method::POST, "/v1/links", link).await.json();
    let mut batch: Value = serde_json::from_str(SAMPLE).unwrap();
    let mut event: Value = serde_json::from_str(batch["payload"].as_str().unwrap()).unwrap();
    let record = event["Records"][0].clone();
    let records = (0..3).map(|number| {
        let click = json!({
            "version": 1, "id": format!("019b0000-0000-7000-8000-0000000000{number:02}"), "time": SystemClock.now(),
            "link_id": link["id"], "domain": link["domain"], "slug": SLUG, "workspace": SLUG, "trigger": "link",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        });
        let mut record = record.clone();
        record["kinesis"]["data"] = json!(STANDARD.encode(click.to_string()));
        record
    });
    event["Records"] = records.collect();
    batch["payload"] = json!(event.to_string());
    let name =
        "aws/lambda/3f2c8a0e-1b7d-4a55-9d0e-6f1f3b1c2d4e/shardId-000000000001/2026/01/09/2026-01-09T00.38.06-9f7c";
    let body = ByteStream::from(batch.to_string().into_bytes());
    stack.s3.put_object().bucket(&stack.bucket).key(name).body(body).send().await.unwrap();

    tool("replay_failed", &[]);
    assert!(stack.s3.head_object().bucket(&stack.bucket).key(name).send().await.is_err(), "the batch is still there");
    wait_for("3 clicks", async || {
        let stats = stack.call(&key, Method::GET, &format!("/v1/links/{SLUG}/stats"), Value::Null).await.json();
        (stats["all_time"]["clicks"] == 3).then_some(())
    })
    .await;
}
