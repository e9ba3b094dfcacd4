//! Tests that the stack serves the files of the web console from its bucket.

use aws_sdk_s3::primitives::ByteStream;
use reqwest::Method;
use serde_json::json;
use waypost_tests::Stack;

#[tokio::test]
async fn files_of_the_console_come_from_the_bucket() {
    let stack = Stack::from_environment();
    // Not index.html: that of a build may be there.
    for (key, content) in [("assets/end-to-end-1.js", "script"), ("end-to-end.txt", "text")] {
        let put = stack.s3.put_object().bucket(&stack.bucket).key(format!("console/{key}"));
        put.body(ByteStream::from_static(content.as_bytes())).send().await.unwrap();
    }
    for (path, content, cache) in [
        ("/console/assets/end-to-end-1.js", "script", "public, max-age=31536000, immutable"),
        ("/console/end-to-end.txt", "text", "no-cache"),
    ] {
        let answer = stack.visit(Method::GET, path, &[]).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, content), "{answer:?}");
        assert_eq!((answer.header("cache-control"), answer.header("x-content-type-options")), (cache, "nosniff"));
        assert!(answer.header("content-security-policy").starts_with("default-src 'self';"), "{answer:?}");
        let etag = answer.header("etag").to_owned();
        let again = stack.visit(Method::GET, path, &[("if-none-match", etag.as_str())]).await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""), "{again:?}");
    }
    let gone = stack.visit(Method::GET, "/console/assets/gone-0.js", &[]).await;
    assert_eq!(gone.status, 404, "{gone:?}");
    // A page, or a problem that says that there is none. Never a short link.
    for path in ["/console", "/console/links"] {
        let page = stack.visit(Method::GET, path, &[("accept", "text/html")]).await;
        assert!(page.status == 200 || page.text.contains("not deployed"), "{page:?}");
    }
    assert_eq!(stack.visit(Method::POST, "/console/links", &[]).await.status, 405);
}

#[tokio::test]
async fn console_learns_how_people_sign_in_before_anybody_is() {
    let stack = Stack::from_environment();
    let issuer = std::env::var("WAYPOST_JWT_ISSUER").expect("`make test` sets it");
    let told = stack.visit(Method::GET, "/console/config.json", &[]).await;
    assert_eq!((told.status.as_u16(), told.header("cache-control")), (200, "no-store"), "{told:?}");
    let provider = json!({"issuer": issuer, "client_id": "waypost-console", "scope": "openid", "audience": "waypost"});
    assert_eq!(told.json(), json!({"identity_provider": provider}));
    assert_eq!(stack.visit(Method::POST, "/console/config.json", &[]).await.status, 405);

    let put = stack.s3.put_object().bucket(&stack.bucket).key("console/end-to-end-policy.txt");
    put.body(ByteStream::from_static(b"text")).send().await.unwrap();
    let page = stack.visit(Method::GET, "/console/end-to-end-policy.txt", &[]).await;
    let policy = page.header("content-security-policy");
    let asks = policy.split("; ").find_map(|part| part.strip_prefix("connect-src ")).unwrap();
    assert!(asks.starts_with("'self' ") && asks.split(' ').any(|origin| origin == issuer), "{policy}");
    assert!(asks.split(' ').skip(1).all(|origin| origin.starts_with("http")), "{policy}");
}
