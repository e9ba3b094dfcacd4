//! Tests that pages of the origins that the operator names can call the API and use its signed URLs of the bucket, and those of no other.

use reqwest::Method;
use serde_json::json;
use waypost_tests::{Answer, Stack};

/// Those of `tools/end_to_end.py`.
const ALLOWED: [&str; 2] = ["https://console.example", "http://localhost:5173"];

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn preflight_is_answered_without_a_function() {
    let stack = Stack::from_environment();
    for (origin, path) in [(ALLOWED[0], "/v1/links"), (ALLOWED[1], "/v1/links/docs"), (ALLOWED[0], "/v1/sessions")] {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", "authorization,content-type,if-match"),
        ];
        let answer = stack.visit(Method::OPTIONS, path, &headers).await;
        assert!(answer.status.is_success(), "{path} {answer:?}");
        assert_eq!(header(&answer, "access-control-allow-origin"), Some(origin), "{answer:?}");
        let methods = header(&answer, "access-control-allow-methods").unwrap_or_default();
        assert!(methods.split(',').any(|method| method.trim() == "PATCH"), "{answer:?}");
        let allowed = header(&answer, "access-control-allow-headers").unwrap_or_default().to_lowercase();
        for name in ["authorization", "content-type", "if-match", "idempotency-key"] {
            assert!(allowed.split(',').any(|one| one.trim() == name), "{name} {answer:?}");
        }
        assert_eq!(header(&answer, "access-control-allow-credentials"), None, "{answer:?}");
        // No function has seen it, and no limit has counted it.
        for name in ["x-request-id", "ratelimit"] {
            assert_eq!(header(&answer, name), None, "{answer:?}");
        }
    }
}

#[tokio::test]
async fn answers_can_be_read_by_named_origins_only() {
    let stack = Stack::from_environment();
    let key = format!("Bearer {}", stack.new_key("cors", "viewer").await);
    for (origin, may) in [
        (ALLOWED[0], true),
        (ALLOWED[1], true),
        ("https://evil.example", false),
        ("http://console.example", false),
        ("https://console.example.evil.example", false),
        ("null", false),
    ] {
        let answer = stack.visit(Method::GET, "/v1/me", &[("origin", origin), ("authorization", &key)]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(header(&answer, "access-control-allow-origin"), may.then_some(origin), "{answer:?}");
        let exposed = header(&answer, "access-control-expose-headers").unwrap_or_default().to_lowercase();
        assert_eq!(exposed.split(',').any(|name| name.trim() == "x-request-id"), may, "{answer:?}");
        assert_eq!(header(&answer, "access-control-allow-credentials"), None, "{answer:?}");
    }
}

/// The cookie of a session is for the console's own origin, whatever other origins are named.
#[tokio::test]
async fn named_origins_cannot_sign_in() {
    let stack = Stack::from_environment();
    let key = stack.new_key("cors-sign-in", "viewer").await;
    for origin in ALLOWED {
        let headers = [("origin", origin), ("sec-fetch-site", "cross-site")];
        let answer = stack.browse(Method::POST, "/v1/sessions", serde_json::json!({"key": key}), &headers).await;
        assert_eq!(answer.status, 403, "{answer:?}");
    }
}

/// A signed URL proves the right to use it, whatever page does.
#[tokio::test]
async fn pages_can_use_signed_urls_of_the_bucket() {
    let stack = Stack::from_environment();
    let key = stack.new_key("cors-bucket", "editor").await;
    let sum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let new = json!({"name": "hello", "size": 5, "sha256": sum});
    let file = stack.call(&key, Method::POST, "/v1/files", new).await.json();
    let upload = file["upload"]["url"].as_str().unwrap();
    let mut asked: Vec<&str> = file["upload"]["headers"].as_object().unwrap().keys().map(String::as_str).collect();
    asked.retain(|name| *name != "content-length");
    let asked = asked.join(",");
    for (method, may) in [("PUT", true), ("DELETE", false)] {
        let preflight = [
            ("origin", ALLOWED[0]),
            ("access-control-request-method", method),
            ("access-control-request-headers", asked.as_str()),
        ];
        let answer = stack.send_to(Method::OPTIONS, upload, &preflight).await;
        assert_eq!(answer.status.is_success(), may, "{method} {answer:?}");
        assert_eq!(header(&answer, "access-control-allow-origin"), may.then_some("*"), "{answer:?}");
    }

    assert_eq!(stack.upload(&file, b"hello".to_vec()).await.status, 200);
    let read = crate::files::inspected(&stack, &key, &file).await;
    let answer = stack.send_to(Method::GET, read["url"].as_str().unwrap(), &[("origin", ALLOWED[0])]).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "hello"), "{answer:?}");
    assert_eq!(header(&answer, "access-control-allow-origin"), Some("*"), "{answer:?}");
    let exposed = header(&answer, "access-control-expose-headers").unwrap_or_default().to_lowercase();
    assert!(exposed.split(',').any(|name| name.trim() == "etag"), "{answer:?}");
}
