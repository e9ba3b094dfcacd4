//! Tests targets that the operator blocks.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{Stack, wait_for};

const HOST: &str = "blocked-by-a-test.example";

#[tokio::test]
async fn blocked_target_is_refused_and_existing_links_stop() {
    let stack = Stack::from_environment();
    let operator = stack.new_key("default", "admin").await;
    let owner = stack.new_key("blocked-targets", "editor").await;
    let url = format!("https://www.{HOST}/x");
    let link = json!({"url": url, "slug": "blocked-target"});
    assert_eq!(stack.call(&owner, Method::POST, "/v1/links", link).await.status, 201);
    let items = json!({"items": [{"target": HOST, "reason": "phishing"}]});
    let answer = stack.call(&owner, Method::POST, "/v1/blocked-targets", items.clone()).await;
    assert_eq!(answer.status, 403, "{answer:?}");
    let answer = stack.call(&operator, Method::POST, "/v1/blocked-targets", items).await;
    assert_eq!(answer.status, 200, "{answer:?}");

    let refused = wait_for("a new link to be refused", async || {
        let answer = stack.call(&owner, Method::POST, "/v1/links", json!({"url": url})).await;
        (answer.status == 422).then_some(answer)
    })
    .await;
    assert_eq!(refused.json()["errors"][0]["pointer"], "/url", "{refused:?}");
    for path in ["/blocked-target", "/blocked-target+"] {
        let stopped = wait_for("the link to stop", async || {
            let answer = stack.visit(Method::GET, path, &[("accept", "text/html")]).await;
            (answer.status == 410).then_some(answer)
        })
        .await;
        assert!(!stopped.text.contains(HOST) && !stopped.headers.contains_key("location"), "{stopped:?}");
    }

    let path = format!("/v1/blocked-targets?target={HOST}");
    assert_eq!(stack.call(&operator, Method::DELETE, &path, Value::Null).await.status, 204);
    wait_for("the link to work again", async || {
        (stack.visit(Method::GET, "/blocked-target", &[]).await.status == 302).then_some(())
    })
    .await;
}
