//! Tests the page of a shared file, and what chats show of it.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::Stack;

use crate::files::{announce, inspected};

/// What a browser accepts.
const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
const SLACK: (&str, &str) = ("user-agent", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)");

/// Shares `hello` by a link with these settings.
async fn share(stack: &Stack, key: &str, link: Value) {
    let new = json!({"name": "<b>plan</b>.txt", "size": 5, "content_type": "text/plain", "link": link});
    let file = announce(stack, key, new).await;
    assert_eq!(stack.upload(&file, b"hello".to_vec()).await.status, 200);
    assert_eq!(inspected(stack, key, &file).await["status"], "ready");
}

/// Returns the URL of the bucket in a page.
fn download_of(page: &str) -> String {
    let (_, rest) = page.split_once("<a href=\"").unwrap();
    rest.split('"').next().unwrap().replace("&amp;", "&").replace("&#x27;", "'").replace("&apos;", "'")
}

#[tokio::test]
async fn page_is_seen_often_and_downloaded_once() {
    let stack = Stack::from_environment();
    let key = stack.new_key("files-pages", "editor").await;
    share(&stack, &key, json!({"slug": "page-file", "landing": true, "max_clicks": 1})).await;
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let page = stack.visit(method.clone(), "/page-file", &[HTML]).await;
        assert_eq!((page.status.as_u16(), page.header("location")), (200, ""), "{page:?}");
        let is_page = page.text.contains("_b_plan__b_.txt") && page.text.contains("5 bytes, text/plain");
        assert_eq!(is_page, method == Method::GET, "{page:?}");
        assert!(!page.text.contains("X-Amz-"), "{page:?}");
    }
    let card = stack.visit(Method::GET, "/page-file", &[HTML, SLACK]).await;
    assert!(card.text.contains("og:title") && !card.text.contains("X-Amz-"), "{card:?}");
    let post = stack.visit_once(Method::POST, "/page-file", &[HTML]).await;
    assert_eq!(post.status, 303, "{post:?}");
    assert_eq!(stack.get(post.header("location")).await.text, "hello");
    let again = stack.visit_once(Method::POST, "/page-file", &[HTML]).await;
    assert_eq!((again.status.as_u16(), again.header("location")), (410, ""), "{again:?}");
}

#[tokio::test]
async fn password_opens_the_page_for_people_and_the_file_for_programs() {
    let stack = Stack::from_environment();
    let key = stack.new_key("files-locked-pages", "editor").await;
    share(&stack, &key, json!({"slug": "locked-page-file", "password": "secret"})).await;
    let asked = stack.visit(Method::GET, "/locked-page-file", &[HTML, SLACK]).await;
    assert!(!asked.text.contains("plan") && !asked.text.contains("og:title"), "{asked:?}");
    let form = [HTML, ("content-type", "application/x-www-form-urlencoded")];
    let page = stack.submit_with("/locked-page-file", "password=secret", &form).await;
    assert_eq!((page.status.as_u16(), page.header("location")), (200, ""), "{page:?}");
    let got = stack.get(&download_of(&page.text)).await;
    assert_eq!(got.text, "hello", "{page:?}");
    assert!(got.header("content-disposition").starts_with("attachment; "), "{got:?}");
    let program = stack.submit("/locked-page-file", "password=secret").await;
    assert_eq!(program.status, 303, "{program:?}");
}
