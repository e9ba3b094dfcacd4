//! Tests the answers to bad requests.

use reqwest::Method;
use serde_json::json;
use waypost_tests::Stack;

#[tokio::test]
async fn bad_requests_get_their_status_and_pointer() {
    let stack = Stack::from_environment();
    let key = stack.new_key("bad-requests", "editor").await;
    let viewer = stack.new_key("bad-requests", "viewer").await;
    let taken = json!({"url": "https://example.com/", "slug": "bad-requests-taken"});
    assert_eq!(stack.call(&key, Method::POST, "/v1/links", taken.clone()).await.status, 201);
    for (key, method, path, body, status, pointer) in [
        (&key, Method::POST, "/v1/links", "{\"url\": ".to_owned(), 400, None),
        (&key, Method::POST, "/v1/links", json!({"url": "javascript:alert(1)"}).to_string(), 422, Some("/url")),
        (
            &key,
            Method::POST,
            "/v1/links",
            json!({"url": "https://a.example/", "slug": "a b"}).to_string(),
            422,
            Some("/slug"),
        ),
        (&key, Method::POST, "/v1/links", json!({"url": "https://go.example.com/x"}).to_string(), 422, Some("/url")),
        (&key, Method::POST, "/v1/links", taken.to_string(), 409, None),
        (&key, Method::GET, "/v1/links/bad-requests-none", String::new(), 404, None),
        (&key, Method::GET, "/v1/links?limit=1000", String::new(), 422, Some("limit")),
        (&key, Method::PATCH, "/v1/links", String::new(), 405, None),
        (&viewer, Method::POST, "/v1/links", json!({"url": "https://a.example/"}).to_string(), 403, None),
        (&viewer, Method::POST, "/v1/imports", json!({"content_length": 10}).to_string(), 403, None),
        (&key, Method::POST, "/v1/imports", json!({"content_length": 0}).to_string(), 422, Some("/content_length")),
        (&key, Method::GET, "/v1/imports/imp_none", String::new(), 404, None),
        (&key, Method::GET, "/v1/links/bad-requests-none/stats", String::new(), 404, None),
        (&"wp_nonsense".to_owned(), Method::GET, "/v1/links", String::new(), 401, None),
        (&String::new(), Method::GET, "/v1/imports/imp_none", String::new(), 401, None),
        (&String::new(), Method::GET, "/v1/links/x/stats", String::new(), 401, None),
    ] {
        let answer = stack.call_with_text(key, method.clone(), path, body.clone()).await;
        assert_eq!(answer.status, status, "{method} {path} {body}: {answer:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{method} {path}");
        assert_ne!(answer.header("x-request-id"), "", "{method} {path}");
        assert_eq!(answer.json()["errors"][0]["pointer"].as_str(), pointer, "{method} {path}: {answer:?}");
    }
}

#[tokio::test]
async fn unknown_path_is_a_page_or_a_problem() {
    let stack = Stack::from_environment();
    let page = stack.visit(Method::GET, "/no-such-link", &[("accept", "text/html")]).await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (404, "text/html; charset=utf-8"));
    assert!(page.text.contains("There is no such link"), "{page:?}");
    for path in ["/no-such-link", "/", "/v1/nothing", "/%2e%2e%2fetc", "/a/b/c", "/%ff"] {
        let problem = stack.visit(Method::GET, path, &[("accept", "application/json")]).await;
        assert_eq!(
            (problem.status.as_u16(), problem.header("content-type")),
            (404, "application/problem+json"),
            "{path}"
        );
    }
    assert_eq!(stack.visit(Method::POST, "/no-such-link", &[]).await.status, 405);
    let head = stack.visit(Method::HEAD, "/no-such-link", &[]).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (404, ""));
}
