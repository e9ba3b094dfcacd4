//! Tests keys that are limited to tags, to domains, to their own links, and to addresses.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{FRONT_DOOR, Stack, wait_for};

/// Makes a key with limits. Returns its secret.
async fn limited(stack: &Stack, admin: &str, limits: Value) -> String {
    let new = json!({"name": "limited", "role": "editor", "limits": limits});
    let answer = stack.call(admin, Method::POST, "/v1/keys", new).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()["secret"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn key_limited_to_a_tag_reaches_only_links_with_it() {
    let stack = Stack::from_environment();
    let admin = stack.new_key("key-limits-tag", "admin").await;
    for (slug, tags) in [("key-limits-in", json!(["mail"])), ("key-limits-out", json!(["other"]))] {
        let new = json!({"url": "https://example.com/", "slug": slug, "tags": tags});
        assert_eq!(stack.call(&admin, Method::POST, "/v1/links", new).await.status, 201);
    }
    let key = limited(&stack, &admin, json!({"tags": ["mail"]})).await;
    let get = async |path: &str| stack.call(&key, Method::GET, path, Value::Null).await;
    for (path, status) in [
        ("/v1/links/key-limits-in", 200),
        ("/v1/links/key-limits-in/stats", 200),
        ("/v1/links/key-limits-in/qr", 200),
        ("/v1/links/key-limits-out", 404),
        ("/v1/links/key-limits-out/stats", 404),
        ("/v1/links/key-limits-out/qr", 404),
        ("/v1/stats", 403),
        ("/v1/stats?tag=mail", 200),
        ("/v1/imports", 200),
    ] {
        let answer = get(path).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
    let page = wait_for("the catalogue to have the link", async || {
        let page = get("/v1/links?include=total").await;
        (page.status == 200 && page.json()["total"] == 1).then(|| page.json())
    })
    .await;
    assert_eq!(page["items"][0]["slug"], "key-limits-in");

    for (method, path, body, status) in [
        (Method::POST, "/v1/links", json!({"url": "https://example.com/2"}), 422),
        (Method::POST, "/v1/links", json!({"url": "https://example.com/2", "tags": ["mail", "x"]}), 201),
        (Method::PATCH, "/v1/links/key-limits-in", json!({"tags": ["other"]}), 422),
        (Method::PATCH, "/v1/links/key-limits-in", json!({"tags": ["mail", "new"]}), 200),
        (Method::PATCH, "/v1/links/key-limits-out", json!({"title": "x"}), 404),
        (Method::DELETE, "/v1/links/key-limits-out", Value::Null, 404),
        (Method::POST, "/v1/imports", json!({"content_length": 10}), 403),
        (Method::POST, "/v1/keys", json!({"name": "x", "role": "viewer"}), 403),
    ] {
        let answer = stack.call(&key, method.clone(), path, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
    }
    let export = stack.call(&key, Method::POST, "/v1/exports", json!({})).await.json();
    assert_eq!(export["is_limited"], true);
    let path = format!("/v1/exports/{}", export["id"].as_str().unwrap());
    let done = wait_for("the export", async || {
        let export = get(&path).await.json();
        (export["status"] == "succeeded").then_some(export)
    })
    .await;
    assert_eq!(done["links"], 2);
}

#[tokio::test]
async fn key_limited_to_addresses_works_only_from_there() {
    let stack = Stack::from_environment();
    let admin = stack.new_key("key-limits-address", "admin").await;
    let key = limited(&stack, &admin, json!({"addresses": ["203.0.113.0/24", "2001:db8::/32"]})).await;
    let authorization = format!("Bearer {key}");
    for (address, status) in
        [("203.0.113.9:443", 200), ("2001:db8::1:443", 200), ("198.51.100.9:443", 401), ("nonsense", 401)]
    {
        let headers = [("authorization", authorization.as_str()), ("cloudfront-viewer-address", address), FRONT_DOOR];
        let answer = stack.visit(Method::GET, "/v1/me", &headers).await;
        assert_eq!(answer.status, status, "{address}: {answer:?}");
    }
    // Without the secret of the front door the header does not count.
    let headers = [("authorization", authorization.as_str()), ("cloudfront-viewer-address", "203.0.113.9:443")];
    assert_eq!(stack.visit(Method::GET, "/v1/me", &headers).await.status, 401);
}
