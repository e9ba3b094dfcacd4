//! Tests targets that fit into no header.

use reqwest::Method;
use serde_json::json;
use waypost_tests::Stack;

#[tokio::test]
async fn page_leads_to_the_longest_target() {
    let stack = Stack::from_environment();
    let target = |length: usize| format!("https://example.com/?a=1&b={}", "x".repeat(length - 27));
    for (slug, length, status) in [("long-8000", 8_000, 302), ("long-8001", 8_001, 200), ("long-32768", 32_768, 200)] {
        let body = json!({"url": target(length), "slug": slug});
        let created = stack.call(&stack.key, Method::POST, "/v1/links", body).await;
        assert_eq!(
            (created.status.as_u16(), created.json()["url"].as_str()),
            (201, Some(target(length).as_str())),
            "{slug}"
        );
        let answer = stack.visit(Method::GET, &format!("/{slug}"), &[("accept", "text/html")]).await;
        assert_eq!(answer.status, status, "{slug}");
        if status == 302 {
            assert_eq!(answer.header("location"), target(length), "{slug}");
        } else {
            let escaped = target(length).replace('&', "&amp;");
            assert!(answer.text.contains(&format!("content=\"0;url={escaped}\"")), "{slug}");
            assert_eq!(
                (answer.header("cache-control"), answer.header("x-robots-tag")),
                ("no-store", "noindex"),
                "{slug}"
            );
        }
    }
    let too_long = stack.call(&stack.key, Method::POST, "/v1/links", json!({"url": target(32_769)})).await;
    assert_eq!((too_long.status.as_u16(), too_long.json()["errors"][0]["pointer"].as_str()), (422, Some("/url")));
    let too_many = json!({"url": target(32_768), "expired_url": target(10_000)});
    let too_many = stack.call(&stack.key, Method::POST, "/v1/links", too_many).await;
    assert_eq!(
        (too_many.status.as_u16(), too_many.json()["errors"][0]["pointer"].as_str()),
        (422, Some("/expired_url"))
    );
}
