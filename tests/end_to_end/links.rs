//! A link's life, on the deployed stack.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::Stack;

#[tokio::test]
async fn a_link_is_created_followed_listed_and_deleted() {
    let stack = Stack::from_environment();
    let key = stack.new_key("link-life", "editor").await;
    let created = stack.call(&key, Method::POST, "/v1/links", json!({"url": "https://example.com/ä?q=1#f"})).await;
    assert_eq!(created.status, 201, "{created:?}");
    let link = created.json();
    let slug = link["slug"].as_str().unwrap();
    assert_eq!(slug.len(), 7);
    assert_eq!(link["short_url"], format!("https://go.example.com/{slug}"));
    assert_eq!(created.header("location"), format!("/v1/links/{slug}"));
    let path = format!("/v1/links/{slug}");
    assert_eq!(stack.call(&key, Method::GET, &path, Value::Null).await.json(), link);

    for method in [Method::GET, Method::HEAD] {
        let visit = stack.visit(method, &format!("/{slug}"), &[]).await;
        assert_eq!((visit.status.as_u16(), visit.header("location")), (302, "https://example.com/%C3%A4?q=1#f"));
        assert_eq!(visit.header("cache-control"), "no-store");
    }
    assert_eq!(stack.call(&key, Method::DELETE, &path, Value::Null).await.status, 204);
    assert_eq!(stack.call(&key, Method::DELETE, &path, Value::Null).await.status, 404);
    assert_eq!(stack.visit(Method::GET, &format!("/{slug}"), &[]).await.status, 404);
}

#[tokio::test]
async fn pages_join_to_the_whole_list() {
    let stack = Stack::from_environment();
    let key = stack.new_key("link-pages", "editor").await;
    for n in 0..25 {
        let body = json!({"url": format!("https://example.com/{n}")});
        assert_eq!(stack.call(&key, Method::POST, "/v1/links", body).await.status, 201);
    }
    let (mut slugs, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = stack.call(&key, Method::GET, &format!("/v1/links?limit=10{cursor}"), Value::Null).await.json();
        slugs.extend(page["items"].as_array().unwrap().iter().map(|link| link["slug"].to_string()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!((slugs.len(), slugs.iter().collect::<HashSet<_>>().len()), (25, 25));
}
