//! Tests what a link forwards to its target: the visit's path and parameters.

use reqwest::Method;
use serde_json::json;
use waypost_tests::Stack;

#[tokio::test]
async fn path_and_parameters_go_to_the_target() {
    let stack = Stack::from_environment();
    let body = json!({"url": "https://example.com/base?a=1&b=2", "slug": "forwarding", "forward_path": true,
        "forward_query": true, "query_conflict": "visitor_wins"});
    let created = stack.call(&stack.key, Method::POST, "/v1/links", body).await;
    assert_eq!((created.status.as_u16(), &created.json()["query_conflict"]), (201, &json!("visitor_wins")));
    for (path, status, location) in [
        ("/forwarding", 302, "https://example.com/base?a=1&b=2"),
        ("/forwarding/", 302, "https://example.com/base?a=1&b=2"),
        ("/forwarding/rest/of?a=3&c=4", 302, "https://example.com/base/rest/of?b=2&a=3&c=4"),
        ("/forwarding/a%2e%2e", 302, "https://example.com/base/a"),
        ("/forwarding/a//b", 404, ""),
        ("/forwarding/%5c%5cevil.example", 404, ""),
        ("/forwarding/x%2f..%2f..", 404, ""),
    ] {
        let answer = stack.visit(Method::GET, path, &[("accept", "text/html")]).await;
        let is_below = answer.header("location").starts_with(location);
        assert_eq!((answer.status.as_u16(), is_below), (status, true), "{path}: {answer:?}");
    }
    let plain = json!({"url": "https://example.com/base", "slug": "not-forwarding"});
    assert_eq!(stack.call(&stack.key, Method::POST, "/v1/links", plain).await.status, 201);
    assert_eq!(stack.visit(Method::GET, "/not-forwarding/rest", &[]).await.status, 404);
}
