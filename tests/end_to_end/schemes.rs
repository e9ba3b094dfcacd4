//! Tests targets of other schemes than `http` and `https`. The stack has the template's `TargetSchemes`.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::Stack;

#[tokio::test]
async fn link_leads_to_mail_and_telephone() {
    let stack = Stack::from_environment();
    for (slug, url, location) in [
        ("scheme-mail", "mailto:Info@Example.com?subject=Hi there", "mailto:Info@example.com?subject=Hi%20there"),
        ("scheme-tel", "tel:+41 44 123 45 67", "tel:+41441234567"),
        ("scheme-sms", "sms:+41441234567?body=Hi", "sms:+41441234567?body=Hi"),
    ] {
        let body = json!({"url": url, "slug": slug, "forward_query": true});
        let created = stack.call(&stack.key, Method::POST, "/v1/links", body).await;
        assert_eq!((created.status.as_u16(), created.json()["url"].as_str()), (201, Some(location)), "{slug}");
        let answer = stack.visit(Method::GET, &format!("/{slug}?a=1"), &[]).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (302, location), "{slug}");
        let qr = stack.call(&stack.key, Method::GET, &format!("/v1/links/{slug}/qr"), Value::Null).await;
        assert_eq!(qr.status, 200, "{slug}");
    }
}

#[tokio::test]
async fn other_schemes_are_refused() {
    let stack = Stack::from_environment();
    for url in [
        "javascript:alert(1)",
        "data:text/html,x",
        "myapp://x",
        "mailto:a@example.com?attach=/etc/passwd",
        "tel:*100%23",
    ] {
        let refused = stack.call(&stack.key, Method::POST, "/v1/links", json!({"url": url})).await;
        assert_eq!(
            (refused.status.as_u16(), refused.json()["errors"][0]["pointer"].as_str()),
            (422, Some("/url")),
            "{url}"
        );
    }
}
