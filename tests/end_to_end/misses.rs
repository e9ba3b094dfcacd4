//! Tests the statistics of visits to no link.

use reqwest::Method;
use serde_json::Value;
use waypost_tests::{Stack, wait_for};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
/// The default domain of the test stack.
const DOMAIN: &str = "go.example.com";

#[tokio::test]
async fn visit_to_no_link_is_counted_for_the_operator_alone() {
    let stack = Stack::from_environment();
    let operator = stack.new_key("default", "viewer").await;
    let other = stack.new_key("misses", "admin").await;
    let stats = format!("/v1/domains/{DOMAIN}/misses");
    let of_path = format!("{stats}?filter=path:/misses-n%C3%B6ne");
    // A process sends few misses a second and other tests make some, too. So ask for the path until its own visit was sent.
    let found = wait_for("the path among the misses", async || {
        let answer = stack.visit(Method::GET, "/misses-n%C3%B6ne", &[("user-agent", FIREFOX)]).await;
        assert_eq!(answer.status, 404, "{answer:?}");
        let found = stack.call(&operator, Method::GET, &of_path, Value::Null).await.json();
        (found["totals"]["clicks"].as_u64()? > 0).then_some(found)
    })
    .await;
    assert!(found["all_time"]["clicks"].as_u64() >= found["totals"]["clicks"].as_u64(), "{found}");
    assert!(found["slug"].is_null() && found["domain"] == DOMAIN, "{found}");

    assert_eq!(stack.call(&other, Method::GET, &stats, Value::Null).await.status, 403);
    assert_eq!(stack.call(&other, Method::GET, "/v1/domains/owned.example/misses", Value::Null).await.status, 404);
    let workspace = stack.call(&other, Method::GET, "/v1/stats", Value::Null).await.json();
    assert_eq!(workspace["totals"]["clicks"], 0, "misses are no clicks of a workspace: {workspace}");
}
