//! Tests files and records with errors: the errors are reported, and the rest is processed.

use aws_sdk_kinesis::primitives::Blob;
use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{Stack, wait_for};

/// Starts an import, uploads `file` and waits for the end.
async fn import(stack: &Stack, key: &str, file: &[u8]) -> Value {
    let asked = stack.call(key, Method::POST, "/v1/imports", json!({"content_length": file.len()})).await;
    assert_eq!(asked.status, 201, "{asked:?}");
    let import = asked.json();
    let taken = stack.upload(&import, file.to_vec()).await;
    assert_eq!(taken.status, 200, "{taken:?}");
    stack.finished_import(key, import["id"].as_str().unwrap()).await
}

#[tokio::test]
async fn file_without_links_fails_with_the_reason() {
    let stack = Stack::from_environment();
    let key = stack.new_key("bad-files", "editor").await;
    for (file, reason) in [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), "PNG"),
        (b"name,age\nAda,36\n".as_slice(), "url"),
        (b"\x1f\x8b\x08\0\0\0\0\0".as_slice(), "compressed data, at byte 8"),
    ] {
        let done = import(&stack, &key, file).await;
        assert_eq!(done["status"], "failed", "{done}");
        let error = done["error"].as_str().unwrap_or_default();
        assert!(error.to_lowercase().contains(&reason.to_lowercase()), "{reason}: {done}");
    }
}

#[tokio::test]
async fn bad_row_is_reported_and_others_load() {
    let stack = Stack::from_environment();
    let key = stack.new_key("bad-rows", "editor").await;
    let file = "slug,url,title\n\
        bad-rows-1,https://example.com/1,One\n\
        bad-rows-2,javascript:alert(1),Two\n\
        bad rows 3,https://example.com/3,Three\n\
        bad-rows-1,https://example.com/other,Taken\n\
        bad-rows-1,https://example.com/1,Again\n\
        bad-rows-6,https://example.com/6,Six\n";
    let done = import(&stack, &key, file.as_bytes()).await;
    assert_eq!(done["status"], "succeeded_with_errors", "{done}");
    let counts =
        json!({"read": 6, "created": 2, "overwritten": 0, "unchanged": 1, "invalid": 2, "conflicting": 1, "warned": 0});
    assert_eq!(done["counts"], counts, "{done}");
    let id = done["id"].as_str().unwrap();
    let report = stack.call(&key, Method::GET, &format!("/v1/imports/{id}/report"), Value::Null).await;
    assert!(report.status.is_redirection(), "{report:?}");
    let text = stack.get(report.header("location")).await.text;
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.sort_by_key(|line| line["row"].as_u64());
    let seen: Vec<(u64, &str)> =
        lines.iter().map(|line| (line["row"].as_u64().unwrap(), line["column"].as_str().unwrap())).collect();
    assert_eq!(seen, [(2, "url"), (3, "slug"), (4, "slug")], "{text}");
    assert!(lines.iter().all(|line| line["cause"].as_str().is_some_and(|cause| !cause.is_empty())), "{text}");
    assert_eq!(stack.visit(Method::GET, "/bad-rows-6", &[]).await.status, 302);
}

#[tokio::test]
async fn file_put_into_the_bucket_is_loaded() {
    let stack = Stack::from_environment();
    let key = stack.new_key("dropped-file", "viewer").await;
    let file = "{\"url\": \"https://example.com/a\", \"slug\": \"dropped-a\", \"tags\": [\"x\"]}\n\
        {\"url\": 7}\n\
        {\"url\": \"https://example.com/b\"}\n";
    let body = file.as_bytes().to_vec().into();
    stack
        .s3
        .put_object()
        .bucket(&stack.bucket)
        .key("imports/dropped-file/a list.jsonl")
        .body(body)
        .send()
        .await
        .unwrap();
    let found = wait_for("the dropped file's import", async || {
        let page = stack.call(&key, Method::GET, "/v1/imports", Value::Null).await.json();
        page["items"][0]["id"].as_str().map(str::to_owned)
    })
    .await;
    let done = stack.finished_import(&key, &found).await;
    assert_eq!(done["status"], "succeeded_with_errors", "{done}");
    assert_eq!((&done["counts"]["created"], &done["counts"]["invalid"]), (&json!(2), &json!(1)), "{done}");
    let link = stack.call(&key, Method::GET, "/v1/links/dropped-a", Value::Null).await.json();
    assert_eq!(link["tags"], json!(["x"]));
}

#[tokio::test]
async fn malformed_record_is_quarantined() {
    let stack = Stack::from_environment();
    let key = stack.new_key("bad-records", "editor").await;
    let body = json!({"url": "https://example.com/", "slug": "bad-records"});
    assert_eq!(stack.call(&key, Method::POST, "/v1/links", body).await.status, 201);
    let mut set_aside = Vec::new();
    for data in ["not json", "{\"version\": 99}"] {
        let record = stack.kinesis.put_record().stream_name(&stack.stream).partition_key("bad").data(Blob::new(data));
        let put = record.send().await.unwrap();
        set_aside.push(format!("quarantine/clicks/{}/{:0>56}.json", put.shard_id(), put.sequence_number()));
        let answer = stack
            .visit(
                Method::GET,
                "/bad-records",
                &[("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0")],
            )
            .await;
        assert_eq!(answer.status, 302);
    }
    wait_for("both clicks", async || {
        let stats = stack.call(&key, Method::GET, "/v1/links/bad-records/stats", Value::Null).await.json();
        (stats["totals"]["clicks"] == 2).then_some(())
    })
    .await;
    for object_key in set_aside {
        wait_for(&object_key, async || {
            let found = stack.s3.get_object().bucket(&stack.bucket).key(&object_key).send().await.ok()?;
            let text = found.body.collect().await.ok()?.to_vec();
            let kept: Value = serde_json::from_slice(&text).ok()?;
            kept["reason"].as_str().map(|_| ())
        })
        .await;
    }
}
