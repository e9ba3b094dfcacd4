//! Tests keys, tokens, limits and health.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "../../shared/http/tests/support/issuer.rs"]
mod issuer;

use std::time::SystemTime;

use aws_sdk_dynamodb::types::AttributeValue;
use issuer::{Issuer, SigningKey};
use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{Answer, Stack, wait_for};

async fn create(stack: &Stack, admin: &str, role: &str) -> (String, String) {
    let answer = stack.call(admin, Method::POST, "/v1/keys", json!({"name": "made here", "role": role})).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let key = answer.json();
    (key["key_id"].as_str().unwrap().to_owned(), key["secret"].as_str().unwrap().to_owned())
}

/// Finds the key in the list.
async fn listed(stack: &Stack, admin: &str, key_id: &str) -> Option<Value> {
    let answer = stack.call(admin, Method::GET, "/v1/keys", Value::Null).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(!answer.text.contains("wp_") && !answer.text.contains("KEY#"), "{answer:?}");
    answer.json()["items"].as_array().unwrap().iter().find(|key| key["key_id"] == key_id).cloned()
}

#[tokio::test]
async fn key_is_created_used_listed_and_revoked() {
    let stack = Stack::from_environment();
    let admin = stack.new_key("keys-life", "admin").await;
    let (key_id, secret) = create(&stack, &admin, "viewer").await;
    let unused = listed(&stack, &admin, &key_id).await.unwrap();
    assert_eq!((&unused["role"], &unused["last_used_at"]), (&json!("viewer"), &Value::Null));

    assert_eq!(stack.call(&secret, Method::GET, "/v1/links", Value::Null).await.status, 200);
    for (method, path) in [(Method::POST, "/v1/links"), (Method::GET, "/v1/keys")] {
        let answer = stack.call(&secret, method, path, json!({"url": "https://example.com/"})).await;
        assert_eq!(answer.status, 403, "{path}: {answer:?}");
    }
    let used = listed(&stack, &admin, &key_id).await.unwrap();
    assert!(used["last_used_at"].is_string(), "{used}");

    let path = format!("/v1/keys/{key_id}");
    let stranger = stack.new_key("keys-stranger", "admin").await;
    assert_eq!(stack.call(&stranger, Method::DELETE, &path, Value::Null).await.status, 404);
    assert_eq!(stack.call(&admin, Method::DELETE, &path, Value::Null).await.status, 204);
    assert_eq!(stack.call(&admin, Method::DELETE, &path, Value::Null).await.status, 404);
    wait_for("the revoked key to be refused", async || {
        let answer = stack.call(&secret, Method::GET, "/v1/links", Value::Null).await;
        (answer.status == 401).then_some(())
    })
    .await;
    assert_eq!(listed(&stack, &admin, &key_id).await, None);
}

/// Makes a request that is counted. A function that cannot count in time, as on a busy machine, answers without the headers.
async fn counted(stack: &Stack, key: &str) -> Answer {
    wait_for("a request that is counted", async || {
        let answer = stack.call(key, Method::GET, "/v1/links", Value::Null).await;
        answer.headers.contains_key("ratelimit-limit").then_some(answer)
    })
    .await
}

#[tokio::test]
async fn key_above_its_limit_is_refused_everywhere() {
    let stack = Stack::from_environment();
    let admin = stack.new_key("keys-limit", "admin").await;
    let (key_id, secret) = create(&stack, &admin, "viewer").await;
    let answer = counted(&stack, &secret).await;
    assert_eq!((answer.status.as_u16(), answer.header("ratelimit-limit")), (200, "200"), "{answer:?}");
    let policy = answer.header("ratelimit-policy");
    assert_eq!(policy, "\"key\";q=200;w=4");

    // Empty the bucket, so that it needs an hour to fill again.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros();
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let bucket = stack.dynamo.put_item().table_name(&stack.links_table);
    let bucket = bucket.item("pk", text(&format!("RATE#{key_id}"))).item("sk", text("RATE"));
    bucket.item("full_at", AttributeValue::N((now + 3_600_000_000).to_string())).send().await.unwrap();
    for path in ["/v1/links", "/v1/keys", "/v1/imports", "/v1/links/none/stats"] {
        // An instance may still have tokens that it took ahead. It keeps them for two seconds.
        let refused: Answer = wait_for(&format!("{path} to be refused"), async || {
            let answer = stack.call(&secret, Method::GET, path, Value::Null).await;
            (answer.status == 429).then_some(answer)
        })
        .await;
        assert_eq!(refused.header("content-type"), "application/problem+json");
        assert_eq!(refused.header("ratelimit-remaining"), "0");
        let retry_after: u64 = refused.header("retry-after").parse().unwrap();
        assert!((3500..=3600).contains(&retry_after), "{refused:?}");
    }
    assert_eq!(
        stack.call(&admin, Method::GET, "/v1/keys", Value::Null).await.status,
        200,
        "the limit of one key does not affect others"
    );
}

#[tokio::test]
async fn issuers_token_works_like_a_key() {
    let stack = Stack::from_environment();
    let url = std::env::var("WAYPOST_JWT_ISSUER").expect("`make test` sets it");
    let key = SigningKey::p256();
    let issuer = Issuer::start_at(url.trim_start_matches("http://"), vec![key.jwk("k1")]).await;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let token = |role: &str, exp: u64| {
        let header = json!({"alg": "ES256", "kid": "k1"});
        let claims = json!({"iss": issuer.url, "aud": ["waypost"], "sub": "u1", "exp": exp, "workspace": "keys-token", "role": role});
        key.sign(&header, &claims)
    };
    let link = json!({"url": "https://example.com/", "slug": "keys-token"});
    let answer = stack.call(&token("editor", now + 300), Method::POST, "/v1/links", link.clone()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    counted(&stack, &token("viewer", now + 300)).await;
    for (token, status) in [
        (token("viewer", now + 300), 403),
        (token("owner", now + 300), 401),
        (token("editor", now - 300), 401),
        (SigningKey::p256().sign(&json!({"alg": "ES256", "kid": "k1"}), &json!({"iss": issuer.url})), 401),
    ] {
        let answer = stack.call(&token, Method::POST, "/v1/links", link.clone()).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
}

#[tokio::test]
async fn stack_is_healthy() {
    let stack = Stack::from_environment();
    let answer = stack.visit(Method::GET, "/healthz", &[]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let health = answer.json();
    assert_eq!(health["checks"], json!({"links_table": "ok", "stats_table": "ok", "click_stream": "ok"}));
    assert_eq!((&health["status"], &health["version"]), (&json!("ok"), &json!(env!("CARGO_PKG_VERSION"))));
    assert_eq!(stack.visit(Method::POST, "/healthz", &[]).await.status, 405);
}
