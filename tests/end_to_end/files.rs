//! Tests files: announced, uploaded straight to the bucket, completed, read and deleted.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{Answer, Stack, wait_for};

const MIB: usize = 1024 * 1024;
/// The SHA-256 of `hello`.
const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/// Announces a file, which must succeed.
pub(crate) async fn announce(stack: &Stack, key: &str, new: Value) -> Value {
    let answer = stack.call(key, Method::POST, "/v1/files", new).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

pub(crate) fn path(file: &Value) -> String {
    format!("/v1/files/{}", file["id"].as_str().unwrap())
}

async fn complete(stack: &Stack, key: &str, file: &Value) -> Answer {
    stack.call(key, Method::POST, &format!("{}/completion", path(file)), Value::Null).await
}

/// Completes a file, and waits until it was inspected.
pub(crate) async fn inspected(stack: &Stack, key: &str, file: &Value) -> Value {
    let answer = complete(stack, key, file).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    wait_for("the inspection of a file", async || {
        let file = stack.call(key, Method::GET, &path(file), Value::Null).await.json();
        ["ready", "blocked"].contains(&file["status"].as_str().unwrap()).then_some(file)
    })
    .await
}

/// Downloads the file as its owner.
pub(crate) async fn download(stack: &Stack, key: &str, file: &Value) -> Answer {
    let read = stack.call(key, Method::GET, &path(file), Value::Null).await.json();
    stack.get(read["url"].as_str().unwrap()).await
}

#[tokio::test]
async fn one_byte_and_five_megabytes_come_back_as_they_were() {
    let stack = Stack::from_environment();
    let key = stack.new_key("files-whole", "editor").await;
    for (name, size) in [("one.txt", 1), ("five.bin", 5 * MIB)] {
        let bytes: Vec<u8> = (0..size).map(|index| b'a' + u8::try_from(index % 23).unwrap()).collect();
        let file = announce(&stack, &key, json!({"name": name, "size": size, "content_type": "text/plain"})).await;
        assert_eq!(complete(&stack, &key, &file).await.status, 409, "nothing was uploaded");
        assert_eq!(stack.upload(&file, bytes.clone()).await.status, 200);
        assert_eq!(stack.upload(&file, bytes.clone()).await.status, 412, "an upload works once");
        let ready = inspected(&stack, &key, &file).await;
        assert_eq!((&ready["status"], &ready["detected"]["content_type"]), (&json!("ready"), &json!("text/plain")));
        let second = complete(&stack, &key, &file).await;
        assert_eq!(
            (second.status.as_u16(), &second.json()["completed_at"]),
            (200, &ready["completed_at"]),
            "{second:?}"
        );
        let got = download(&stack, &key, &file).await;
        assert_eq!((got.status.as_u16(), got.text.as_bytes()), (200, bytes.as_slice()));
        assert_eq!(got.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(got.header("content-disposition"), format!("inline; filename=\"{name}\"; filename*=UTF-8''{name}"));
        assert_eq!(stack.call(&key, Method::DELETE, &path(&file), Value::Null).await.status, 204);
        assert_eq!(stack.call(&key, Method::GET, &path(&file), Value::Null).await.status, 404);
    }
}

#[tokio::test]
async fn upload_in_parts_goes_on_where_it_stopped() {
    let stack = Stack::from_environment();
    let key = stack.new_key("files-parts", "editor").await;
    let bytes = vec![b'x'; 9 * MIB];
    let file = announce(&stack, &key, json!({"name": "film.mp4", "size": bytes.len(), "in_parts": true})).await;
    assert_eq!((&file["upload"], &file["parts"]["count"]), (&Value::Null, &json!(2)));
    let parts = format!("{}/parts", path(&file));
    for missing in [vec![1, 2], vec![2]] {
        let page = stack.call(&key, Method::GET, &parts, Value::Null).await.json();
        let items = page["items"].as_array().unwrap();
        let lacks = |part: &&Value| part["upload"].is_object();
        let numbers: Vec<i64> = items.iter().filter(lacks).map(|part| part["number"].as_i64().unwrap()).collect();
        assert_eq!(numbers, missing, "{page}");
        let early = complete(&stack, &key, &file).await;
        assert_eq!(early.status, 409, "{early:?}");
        let part = items.iter().find(lacks).unwrap();
        let from = usize::try_from(part["offset"].as_u64().unwrap()).unwrap();
        let size = usize::try_from(part["size"].as_u64().unwrap()).unwrap();
        assert_eq!(stack.upload(part, bytes[from..from + size].to_vec()).await.status, 200);
    }
    let ready = inspected(&stack, &key, &file).await;
    assert_eq!(ready["status"], "ready", "{ready:?}");
    assert_eq!(complete(&stack, &key, &file).await.status, 200);
    let got = download(&stack, &key, &file).await;
    assert_eq!(got.text.len(), bytes.len());
    assert_eq!(got.header("content-type"), "application/octet-stream");
    assert_eq!(stack.call(&key, Method::GET, &parts, Value::Null).await.status, 409);
}

#[tokio::test]
async fn other_bytes_than_announced_are_refused() {
    let stack = Stack::from_environment();
    let key = stack.new_key("files-wrong", "editor").await;
    let file = announce(&stack, &key, json!({"name": "hello", "size": 5, "sha256": HELLO})).await;
    for wrong in ["hello!", "hell", "hallo"] {
        let answer = stack.upload(&file, wrong.as_bytes().to_vec()).await;
        assert!(answer.status.is_client_error(), "{wrong}: {answer:?}");
        assert_eq!(complete(&stack, &key, &file).await.status, 409, "{wrong}");
    }
    assert_eq!(stack.upload(&file, b"hello".to_vec()).await.status, 200);
    let ready = inspected(&stack, &key, &file).await;
    assert_eq!((&ready["status"], &ready["sha256"]), (&json!("ready"), &json!(HELLO)), "{ready:?}");
}

#[tokio::test]
async fn name_is_shown_as_it_is_and_never_a_path() {
    let stack = Stack::from_environment();
    let key = stack.new_key("files-names", "editor").await;
    let long = "ü".repeat(127);
    for (name, saved) in [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a\u{0}b.pdf", "a_b.pdf"),
        ("x\u{202e}gpj.exe", "x_gpj.exe"),
        ("\"q\"; filename=x.html", "_q_; filename=x.html"),
        (long.as_str(), "_".repeat(127).as_str()),
    ] {
        let new = json!({"name": name, "size": 1, "content_type": "text/html"});
        let file = announce(&stack, &key, new).await;
        assert_eq!(file["name"], name);
        assert_eq!(stack.upload(&file, b"x".to_vec()).await.status, 200);
        assert_eq!(inspected(&stack, &key, &file).await["status"], "ready");
        let got = download(&stack, &key, &file).await;
        let disposition = got.header("content-disposition");
        assert!(disposition.starts_with(&format!("attachment; filename=\"{saved}\"; filename*=")), "{disposition}");
        assert_eq!(got.header("content-type"), "application/octet-stream");
    }
}

/// Shares a file with the text `hello`, by a link with these settings.
async fn share(stack: &Stack, key: &str, slug: &str, mut settings: Value) -> Value {
    let file = announce(stack, key, json!({"name": "hello.txt", "size": 5, "content_type": "text/plain"})).await;
    assert_eq!(stack.upload(&file, b"hello".to_vec()).await.status, 200);
    assert_eq!(inspected(stack, key, &file).await["status"], "ready");
    (settings["url"], settings["slug"]) = (file["target"].clone(), json!(slug));
    let link = stack.call(key, Method::POST, "/v1/links", settings).await;
    assert_eq!(link.status, 201, "{link:?}");
    file
}

#[tokio::test]
async fn link_leads_to_the_file() {
    let stack = Stack::from_environment();
    let key = stack.new_key("files-shared", "editor").await;
    share(&stack, &key, "shared-file", json!({"redirect_status": 308, "forward_query": true})).await;
    let answer = stack.visit(Method::GET, "/shared-file?a=b", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (302, "no-store"), "{answer:?}");
    let got = stack.get(answer.header("location")).await;
    assert_eq!((got.status.as_u16(), got.text.as_str()), (200, "hello"), "{got:?}");
    assert_eq!(got.header("content-disposition"), "inline; filename=\"hello.txt\"; filename*=UTF-8''hello.txt");
    let answer = stack.visit(Method::HEAD, "/shared-file", &[]).await;
    assert_eq!(answer.status, 302, "{answer:?}");
    let page = stack.visit(Method::GET, "/shared-file+", &[]).await;
    assert!(page.text.contains("file") && !page.text.contains("files.invalid"), "{page:?}");
}

#[tokio::test]
async fn one_download_is_one_and_a_password_is_asked_first() {
    let stack = Stack::from_environment();
    let key = stack.new_key("files-limited", "editor").await;
    share(&stack, &key, "one-shot-file", json!({"max_clicks": 1})).await;
    let curl = [("user-agent", "curl/8.5.0")];
    assert_eq!(stack.visit(Method::GET, "/one-shot-file", &curl).await.status, 302);
    assert_eq!(stack.visit(Method::GET, "/one-shot-file", &curl).await.status, 410);
    share(&stack, &key, "locked-file", json!({"password": "secret"})).await;
    let asked = stack.visit(Method::GET, "/locked-file", &[]).await;
    assert_eq!((asked.status.as_u16(), asked.header("location")), (200, ""), "{asked:?}");
    let answer = stack.submit("/locked-file", "password=secret").await;
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_eq!(stack.get(answer.header("location")).await.text, "hello");
}

#[tokio::test]
async fn link_reaches_no_file_of_another_workspace() {
    let stack = Stack::from_environment();
    let (owner, thief) = (stack.new_key("files-owner", "editor").await, stack.new_key("files-thief", "editor").await);
    let file = share(&stack, &owner, "own-file", json!({})).await;
    let stolen = json!({"url": file["target"], "slug": "stolen-file"});
    assert_eq!(stack.call(&thief, Method::POST, "/v1/links", stolen).await.status, 201);
    let answer = stack.visit(Method::GET, "/stolen-file", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (410, ""), "{answer:?}");
}

#[tokio::test]
async fn deleted_file_takes_its_upload_along() {
    let stack = Stack::from_environment();
    let key = stack.new_key("files-deleted", "editor").await;
    let viewer = stack.new_key("files-deleted", "viewer").await;
    let file = announce(&stack, &key, json!({"name": "a", "size": 10, "in_parts": true})).await;
    let parts = stack.call(&key, Method::GET, &format!("{}/parts", path(&file)), Value::Null).await.json();
    assert_eq!(stack.call(&viewer, Method::DELETE, &path(&file), Value::Null).await.status, 403);
    assert_eq!(stack.call(&key, Method::DELETE, &path(&file), Value::Null).await.status, 204);
    assert_eq!(stack.upload(&parts["items"][0], vec![b'x'; 10]).await.status, 404);
    let page = stack.call(&viewer, Method::GET, "/v1/files", Value::Null).await.json();
    assert_eq!(page, json!({"items": [], "next_cursor": null}));
}
