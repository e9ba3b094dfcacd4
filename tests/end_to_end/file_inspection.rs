//! Tests the inspection of files: by the event of their object, with or without a completion.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{Stack, wait_for};

/// Announces a file with this content and sends it.
async fn upload(stack: &Stack, key: &str, content_type: &str, content: &[u8]) -> Value {
    let new = json!({"name": "a.png", "size": content.len(), "content_type": content_type});
    let answer = stack.call(key, Method::POST, "/v1/files", new).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let file = answer.json();
    assert_eq!(stack.upload(&file, content.to_vec()).await.status, 200);
    file
}

fn path(file: &Value) -> String {
    format!("/v1/files/{}", file["id"].as_str().unwrap())
}

/// Waits until the file has this status, without completing it.
async fn wait_for_status(stack: &Stack, key: &str, file: &Value, status: &str) -> Value {
    wait_for("the status of a file", async || {
        let file = stack.call(key, Method::GET, &path(file), Value::Null).await.json();
        (file["status"] == status).then_some(file)
    })
    .await
}

#[tokio::test]
async fn file_is_ready_without_a_completion_and_tells_its_content() {
    let stack = Stack::from_environment();
    let key = stack.new_key("files-inspected", "editor").await;
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06\0\0\0";
    for (content, detected) in [
        (png.as_slice(), json!({"content_type": "image/png", "width": 640, "height": 480})),
        (b"<!DOCTYPE html><script>alert(1)</script>", json!({"content_type": "text/html"})),
    ] {
        let file = upload(&stack, &key, "image/png", content).await;
        let ready = wait_for_status(&stack, &key, &file, "ready").await;
        assert_eq!((&ready["detected"], &ready["content_type"]), (&detected, &json!("image/png")));
        let completion = format!("{}/completion", path(&file));
        let answer = stack.call(&key, Method::POST, &completion, Value::Null).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["status"]), (200, &json!("ready")));
        let got = stack.get(ready["url"].as_str().unwrap()).await;
        assert_eq!(got.status, 200, "{got:?}");
    }
}

/// Tells the function what a scan found in a file, as GuardDuty does.
async fn scanned(stack: &Stack, file: &Value, workspace: &str, sample: &str) {
    let key = format!("files/{workspace}/{}", file["id"].as_str().unwrap());
    let mut event: Value = serde_json::from_str(sample).unwrap();
    event["detail"]["s3ObjectDetails"]["objectKey"] = key.into();
    stack.invoke("inspect-file", &event).await;
}

#[tokio::test]
async fn file_with_malware_is_blocked_and_stays_so() {
    let stack = Stack::from_environment();
    let key = stack.new_key("files-scanned", "editor").await;
    let file = upload(&stack, &key, "text/plain", b"hello").await;
    wait_for_status(&stack, &key, &file, "ready").await;
    let threats = include_str!("../../events/inspect-file/scan-threats.json");
    let clean = include_str!("../../events/inspect-file/scan-clean.json");
    for sample in [clean, threats, threats, clean] {
        scanned(&stack, &file, "files-scanned", sample).await;
    }
    let blocked = wait_for_status(&stack, &key, &file, "blocked").await;
    assert!(blocked["blocked_reason"].as_str().unwrap().contains("malware"), "{blocked}");
    assert_eq!(blocked["url"], Value::Null);
    assert_eq!(stack.call(&key, Method::DELETE, &path(&file), Value::Null).await.status, 204);
    scanned(&stack, &file, "files-scanned", clean).await;
    assert_eq!(stack.call(&key, Method::GET, &path(&file), Value::Null).await.status, 404);
}
