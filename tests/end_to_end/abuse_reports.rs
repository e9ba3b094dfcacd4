//! Tests that a visitor reports a link, and the operator blocks where it leads.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{Stack, wait_for};

const SLUG: &str = "abuse-reports";
const HOST: &str = "reported-by-a-test.example";

#[tokio::test]
async fn reported_link_is_blocked_with_one_call() {
    let stack = Stack::from_environment();
    let operator = stack.new_key("default", "admin").await;
    let owner = stack.new_key("abuse-reports", "editor").await;
    let link = json!({"url": format!("https://www.{HOST}/x"), "slug": SLUG});
    let answer = stack.call(&owner, Method::POST, "/v1/links", link).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let item = format!("/v1/abuse-reports/{}", answer.json()["id"].as_str().unwrap());

    let details = stack.visit(Method::GET, &format!("/{SLUG}+"), &[]).await;
    assert!(details.text.contains(&format!("href=\"/{SLUG}+report\"")), "{details:?}");
    let page = format!("/{SLUG}+report");
    assert_eq!(stack.visit(Method::GET, &page, &[]).await.status, 200);
    let wrong = stack.submit(&page, "reason=&comment=%3Cscript%3E").await;
    assert!(wrong.status == 422 && !wrong.text.contains("<script>"), "{wrong:?}");
    for comment in ["It+asks+for+my+password", ""] {
        let taken = stack.submit(&page, &format!("reason=phishing&comment={comment}&email=&website=")).await;
        assert_eq!(taken.status, 200, "{taken:?}");
    }

    assert_eq!(stack.call(&owner, Method::GET, &item, Value::Null).await.status, 403);
    let report = stack.call(&operator, Method::GET, &item, Value::Null).await.json();
    assert_eq!(
        (&report["count"], &report["slug"], &report["workspace"]),
        (&json!(2), &json!(SLUG), &json!("abuse-reports"))
    );
    assert_eq!(report["first"][0]["comment"], "It asks for my password");
    let change = json!({"status": "closed", "block": {"target": HOST, "reason": "phishing"}});
    let answer = stack.call(&operator, Method::PATCH, &item, change).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["status"]), (200, &json!("closed")), "{answer:?}");
    wait_for("the link to stop", async || {
        (stack.visit(Method::GET, &format!("/{SLUG}"), &[]).await.status == 410).then_some(())
    })
    .await;
    wait_for("the report among the closed ones", async || {
        let closed = stack.call(&operator, Method::GET, "/v1/abuse-reports?status=closed", Value::Null).await.json();
        closed["items"].as_array().unwrap().iter().any(|report| report["slug"] == SLUG).then_some(())
    })
    .await;

    assert_eq!(stack.call(&operator, Method::DELETE, &item, Value::Null).await.status, 204);
    let path = format!("/v1/blocked-targets?target={HOST}");
    assert_eq!(stack.call(&operator, Method::DELETE, &path, Value::Null).await.status, 204);
}
