//! Tests checks of targets: what they find, what they leave alone, and what a workspace wants of it.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{Stack, wait_for};

const WORKSPACE: &str = "checks-targets";

async fn get(stack: &Stack, key: &str, slug: &str) -> Value {
    let answer = stack.call(key, Method::GET, &format!("/v1/links/{slug}"), Value::Null).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn visitors_of_a_broken_target_are_led_to_the_expired_url_until_it_is_mended() {
    let stack = Stack::from_environment();
    let admin = stack.new_key(WORKSPACE, "admin").await;
    let rule = json!({"on_broken": "expired_url"});
    let changed = stack.call(&admin, Method::PATCH, "/v1/workspace", rule).await;
    assert_eq!((changed.status.as_u16(), &changed.json()["on_broken"]), (200, &json!("expired_url")), "{changed:?}");
    for (slug, url, expired_url) in [
        ("checks-dead", "http://gone.invalid/", "https://example.com/instead"),
        // No request goes there, so nobody can tell.
        ("checks-private", "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/instead"),
    ] {
        let link = json!({"slug": slug, "url": url, "expired_url": expired_url});
        assert_eq!(stack.call(&admin, Method::POST, "/v1/links", link).await.status, 201);
    }
    let before = get(&stack, &admin, "checks-dead").await;
    assert_eq!(before["target_check"], Value::Null);
    for (time, status) in
        [("2026-01-01T03:00:00Z", "failing"), ("2026-01-02T03:00:00Z", "failing"), ("2026-01-03T03:00:00Z", "broken")]
    {
        stack.check_targets(WORKSPACE, time).await;
        let link = get(&stack, &admin, "checks-dead").await;
        let check = &link["target_check"];
        assert_eq!((&check["status"], &check["reason"]), (&json!(status), &json!("dns")), "{time}: {link}");
        assert_eq!(check["broken_since"].is_string(), status == "broken", "{time}: {link}");
        assert_eq!((&link["updated_at"], &link["changed_by"]), (&Value::Null, &Value::Null), "no change by the owner");
    }
    assert_eq!(get(&stack, &admin, "checks-private").await["target_check"], Value::Null);
    wait_for("the redirect to forget the link", async || {
        let visited = stack.visit(Method::GET, "/checks-dead", &[]).await;
        (visited.header("location") == "https://example.com/instead").then_some(())
    })
    .await;
    // What a read gave can be sent back, and another target has no checks.
    let broken = get(&stack, &admin, "checks-dead").await;
    let patch = json!({"target_check": broken["target_check"], "url": "https://example.com/mended"});
    let mended = stack.call(&admin, Method::PATCH, "/v1/links/checks-dead", patch).await;
    assert_eq!((mended.status.as_u16(), &mended.json()["target_check"]), (200, &Value::Null), "{mended:?}");
    wait_for("the redirect to lead to the new target", async || {
        let visited = stack.visit(Method::GET, "/checks-dead", &[]).await;
        (visited.header("location") == "https://example.com/mended").then_some(())
    })
    .await;
}
