//! Tests the settings of domains. The stack has `brand.example` and `case.example`, which belong to the workspaces `domain-brand` and
//! `domain-case`, and `shared.example`.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{Stack, wait_for};

#[tokio::test]
async fn domain_has_its_own_answers() {
    let stack = Stack::from_environment();
    let admin = stack.new_key("domain-brand", "admin").await;
    let path = "/v1/domains/brand.example";
    let seen = stack.call(&admin, Method::GET, path, Value::Null).await;
    assert_eq!((seen.status.as_u16(), &seen.json()["is_own"]), (200, &json!(true)), "{seen:?}");
    let apple = json!({"applinks": {"details": [{"appIDs": ["A.b"]}]}});
    let patch = json!({
        "root_url": "https://brand.test/", "not_found_url": "https://brand.test/lost", "expired_url": "https://brand.test/late",
        "apple_app_site_association": apple,
    });
    let changed =
        stack.call_with_headers(&admin, Method::PATCH, path, patch, &[("if-match", seen.header("etag"))]).await;
    assert_eq!(
        (changed.status.as_u16(), &changed.json()["root_url"]),
        (200, &json!("https://brand.test/")),
        "{changed:?}"
    );
    let link = json!({
        "url": "https://example.com/", "slug": "domain-ended", "domain": "brand.example", "max_clicks": 1,
        "expires_at": "2026-01-01T00:00:00Z",
    });
    let link = stack.call(&admin, Method::POST, "/v1/links", link).await;
    assert_eq!(link.status, 201, "{link:?}");
    for (path, location) in [
        ("/", "https://brand.test/"),
        ("/none", "https://brand.test/lost"),
        ("/domain-ended", "https://brand.test/late"),
    ] {
        wait_for(&format!("brand.example{path} to lead to {location}"), async || {
            let answer = stack.visit_domain("brand.example", path).await;
            (answer.status == 302 && answer.header("location") == location).then_some(())
        })
        .await;
    }
    let document = stack.visit_domain("brand.example", "/.well-known/apple-app-site-association").await;
    assert_eq!((document.status.as_u16(), document.header("content-type")), (200, "application/json"), "{document:?}");
    assert_eq!(document.json(), apple);
    assert_eq!(stack.visit_domain("brand.example", "/.well-known/assetlinks.json").await.status, 404);
    let other = stack.visit(Method::GET, "/domain-ended", &[]).await;
    assert_eq!(other.status, 404, "the link is on its own domain only: {other:?}");
}

#[tokio::test]
async fn shared_domain_is_managed_by_the_operator_and_closed_to_others() {
    let stack = Stack::from_environment();
    let operator = stack.new_key("default", "admin").await;
    let other = stack.new_key("domain-other", "admin").await;
    let path = "/v1/domains/shared.example";
    let refused = stack.call(&other, Method::PATCH, path, json!({"root_url": null})).await;
    assert_eq!(refused.status, 403, "{refused:?}");
    let link = json!({"url": "https://example.com/", "slug": "domain-shared", "domain": "shared.example"});
    let kept = stack.call(&other, Method::POST, "/v1/links", link.clone()).await;
    assert_eq!(kept.status, 201, "{kept:?}");
    let closed = stack.call(&operator, Method::PATCH, path, json!({"workspaces": ["default"]})).await;
    assert_eq!((closed.status.as_u16(), &closed.json()["workspaces"]), (200, &json!(["default"])), "{closed:?}");

    let refused = stack.call(&other, Method::POST, "/v1/links", link).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["errors"][0]["pointer"]),
        (422, &json!("/domain")),
        "{refused:?}"
    );
    let shown = stack.call(&other, Method::GET, path, Value::Null).await;
    assert_eq!(shown.status, 404, "{shown:?}");
    let me = stack.call(&other, Method::GET, "/v1/me", Value::Null).await.json();
    assert!(!me["domains"].as_array().unwrap().contains(&json!("shared.example")), "{me}");
    assert_eq!(stack.visit_domain("shared.example", "/domain-shared").await.status, 302, "links that exist stay");

    let file = "url,slug,domain\nhttps://example.com/,domain-imported,shared.example\n".as_bytes().to_vec();
    let import = stack.call(&other, Method::POST, "/v1/imports", json!({"content_length": file.len()})).await.json();
    assert_eq!(stack.upload(&import, file).await.status, 200);
    let import = stack.finished_import(&other, import["id"].as_str().unwrap()).await;
    assert_eq!(import["counts"]["invalid"], 1, "{import}");
}

#[tokio::test]
async fn capitals_do_not_count_where_the_domain_says_so() {
    let stack = Stack::from_environment();
    let admin = stack.new_key("domain-case", "admin").await;
    let path = "/v1/domains/case.example";
    let changed = stack.call(&admin, Method::PATCH, path, json!({"slugs": {"case": "insensitive"}})).await;
    assert_eq!(
        (changed.status.as_u16(), &changed.json()["slugs"]["case"]),
        (200, &json!("insensitive")),
        "{changed:?}"
    );
    let link = json!({"url": "https://example.com/", "slug": "Domain-Case", "domain": "case.example"});
    let link = stack.call(&admin, Method::POST, "/v1/links", link).await;
    assert_eq!((link.status.as_u16(), &link.json()["slug"]), (201, &json!("domain-case")), "{link:?}");
    for path in ["/domain-case", "/Domain-Case", "/DOMAIN-CASE/"] {
        wait_for(&format!("case.example{path} to be found"), async || {
            (stack.visit_domain("case.example", path).await.status == 302).then_some(())
        })
        .await;
    }
}
