//! Tests what visitors of a shared file meet, in each of its states.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{Answer, Stack, wait_for};

/// What a browser accepts.
const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

/// Announces a file of five bytes and makes a link to it.
async fn announced(stack: &Stack, key: &str, slug: &str, mut file: Value, mut link: Value) -> Value {
    file["size"] = json!(5);
    let file = stack.call(key, Method::POST, "/v1/files", file).await;
    assert_eq!(file.status, 201, "{file:?}");
    let file = file.json();
    (link["url"], link["slug"]) = (file["target"].clone(), json!(slug));
    let link = stack.call(key, Method::POST, "/v1/links", link).await;
    assert_eq!(link.status, 201, "{link:?}");
    file
}

/// Uploads `hello` as the file, and completes it.
async fn complete(stack: &Stack, key: &str, file: &Value) {
    assert_eq!(stack.upload(file, b"hello".to_vec()).await.status, 200);
    let path = format!("/v1/files/{}/completion", file["id"].as_str().unwrap());
    let ready = stack.call(key, Method::POST, &path, Value::Null).await;
    assert_eq!(ready.status, 200, "{ready:?}");
}

/// Visits a link, again while the answer is one of before the last change: caches keep it for seconds.
async fn visit_until(stack: &Stack, path: &str, status: u16) -> Answer {
    wait_for(&format!("{path} answers {status}"), async || {
        let answer = stack.visit(Method::GET, path, &[HTML]).await;
        (answer.status == status).then_some(answer)
    })
    .await
}

#[tokio::test]
async fn visitor_who_comes_early_waits_and_who_comes_late_finds_the_link_ended() {
    let stack = Stack::from_environment();
    let key = stack.new_key("file-visits-states", "editor").await;
    let late = json!({"max_clicks": 1});
    let file = announced(&stack, &key, "early-file", json!({"name": "a.txt"}), late).await;
    let early = stack.visit(Method::GET, "/early-file", &[HTML]).await;
    assert_eq!((early.status.as_u16(), early.header("retry-after")), (404, "10"), "{early:?}");
    assert!(early.text.contains("http-equiv=\"refresh\""), "{early:?}");
    let program = stack.visit(Method::GET, "/early-file", &[("accept", "*/*")]).await;
    assert_eq!((program.status.as_u16(), program.header("content-type")), (404, "application/problem+json"));
    complete(&stack, &key, &file).await;
    let ready = visit_until(&stack, "/early-file", 302).await;
    assert_eq!(stack.get(ready.header("location")).await.text, "hello", "nothing was used up before");

    let file = announced(&stack, &key, "removed-file", json!({"name": "a.txt"}), json!({})).await;
    complete(&stack, &key, &file).await;
    visit_until(&stack, "/removed-file", 302).await;
    let path = format!("/v1/files/{}", file["id"].as_str().unwrap());
    assert_eq!(stack.call(&key, Method::DELETE, &path, Value::Null).await.status, 204);
    visit_until(&stack, "/removed-file", 410).await;
}
