//! Tests exports: a workspace's links become a file, and its import gives the same links.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{Stack, wait_for};

/// Exports the workspace of `key` with `options`. Gives the export and its file.
async fn export(stack: &Stack, key: &str, options: Value) -> (Value, String) {
    let started = stack.call(key, Method::POST, "/v1/exports", options).await;
    assert_eq!(started.status, 201, "{started:?}");
    let path = started.header("location").to_owned();
    let done = wait_for("the export to end", async || {
        let export = stack.call(key, Method::GET, &path, Value::Null).await.json();
        ["succeeded", "failed"].contains(&export["status"].as_str()?).then_some(export)
    })
    .await;
    assert_eq!(done["status"], "succeeded", "{done}");
    let file = stack.get(done["url"].as_str().unwrap()).await;
    assert_eq!(file.status, 200, "{file:?}");
    (done, file.text)
}

#[tokio::test]
async fn export_imports_to_the_same_links() {
    let stack = Stack::from_environment();
    let key = stack.new_key("moves-out", "editor").await;
    for link in [
        json!({"url": "https://example.com/plain", "slug": "out-plain"}),
        json!({"url": "https://example.com/a?b=1,2", "slug": "out-titled", "title": "=\"quoted\", ü", "tags": ["a b", "c,d"]}),
        json!({
            "url": "https://example.com/full", "slug": "out-full", "expires_at": "2036-01-02T03:04:05Z",
            "redirect_status": 308, "max_clicks": 5, "archived": true,
            "rules": [{"if": {"country": ["CH"]}, "url": "https://example.com/ch"}],
            "variants": [{"name": "a", "url": "https://example.com/v", "weight": 2}],
        }),
    ] {
        assert_eq!(stack.call(&key, Method::POST, "/v1/links", link).await.status, 201);
    }
    let slugs = ["out-plain", "out-titled", "out-full"];
    for format in ["csv", "jsonl"] {
        let mut before = Vec::new();
        for slug in slugs {
            before.push(stack.call(&key, Method::GET, &format!("/v1/links/{slug}"), Value::Null).await.json());
        }
        let (done, file) = export(&stack, &key, json!({"format": format})).await;
        assert_eq!((&done["links"], &done["bytes"]), (&json!(3), &json!(file.len())), "{done} {file}");
        for slug in slugs {
            let deleted = stack.call(&key, Method::DELETE, &format!("/v1/links/{slug}"), Value::Null).await;
            assert_eq!(deleted.status, 204, "{deleted:?}");
        }
        let asked = json!({"content_length": file.len()});
        let import = stack.call(&key, Method::POST, "/v1/imports", asked).await.json();
        assert_eq!(stack.upload(&import, file.clone().into_bytes()).await.status, 200);
        let import = stack.finished_import(&key, import["id"].as_str().unwrap()).await;
        assert_eq!(
            (&import["status"], &import["counts"]["created"]),
            (&json!("succeeded"), &json!(3)),
            "{import} {file}"
        );
        for link in before {
            let path = format!("/v1/links/{}", link["slug"].as_str().unwrap());
            let mut again = stack.call(&key, Method::GET, &path, Value::Null).await.json();
            assert_ne!(again["id"], link["id"], "it is another link with the same settings");
            again["id"] = link["id"].clone();
            assert_eq!(again["created_by"], import["id"], "the import made it");
            again["created_by"] = link["created_by"].clone();
            assert_eq!(again, link, "{format}");
        }
    }
    let stranger = stack.new_key("stranger", "admin").await;
    let (done, _) = export(&stack, &key, json!({"format": "csv"})).await;
    let list = stack.call(&key, Method::GET, "/v1/exports?limit=2", Value::Null).await.json();
    let mut listed = done.clone();
    listed["url"] = Value::Null;
    assert_eq!((&list["items"][0], &list["items"].as_array().unwrap().len()), (&listed, &2), "{list}");
    assert!(list["next_cursor"].is_string(), "three exports were made: {list}");
    let path = format!("/v1/exports/{}", done["id"].as_str().unwrap());
    assert_eq!(stack.call(&stranger, Method::GET, &path, Value::Null).await.status, 404);
}

#[tokio::test]
async fn exported_password_opens_the_link_in_another_workspace() {
    let stack = Stack::from_environment();
    let (admin, editor) = (stack.new_key("locked-out", "admin").await, stack.new_key("locked-out", "editor").await);
    let link = json!({"url": "https://example.com/locked", "slug": "out-locked", "password": "open sesame"});
    assert_eq!(stack.call(&editor, Method::POST, "/v1/links", link).await.status, 201);
    let refused = stack.call(&editor, Method::POST, "/v1/exports", json!({"passwords": true})).await;
    assert_eq!(refused.status, 403, "{refused:?}");
    for format in ["csv", "jsonl"] {
        let (done, file) = export(&stack, &admin, json!({"format": format, "passwords": true})).await;
        assert!(file.contains("password_hash") && file.contains("$argon2id$"), "{file}");
        assert!(!file.contains("sesame"), "{file}");
        let path = format!("/v1/exports/{}", done["id"].as_str().unwrap());
        let refused = stack.call(&editor, Method::GET, &path, Value::Null).await;
        assert_eq!(refused.status, 403, "an editor cannot read it either: {refused:?}");

        // The slug stays with the first workspace, so its copy gets another.
        let (key, slug) =
            (stack.new_key(&format!("locked-in-{format}"), "editor").await, format!("in-locked-{format}"));
        let file = file.replace("out-locked", &slug);
        let import = stack.call(&key, Method::POST, "/v1/imports", json!({"content_length": file.len()})).await.json();
        assert_eq!(stack.upload(&import, file.clone().into_bytes()).await.status, 200);
        let import = stack.finished_import(&key, import["id"].as_str().unwrap()).await;
        let counts = (&import["status"], &import["counts"]["created"], &import["counts"]["warned"]);
        assert_eq!(counts, (&json!("succeeded"), &json!(1), &json!(0)), "{import} {file}");
        let link = stack.call(&key, Method::GET, &format!("/v1/links/{slug}"), Value::Null).await.json();
        assert_eq!((&link["has_password"], &link["archived"]), (&json!(true), &json!(false)), "{link}");
        assert_eq!(stack.submit(&format!("/{slug}"), "password=close+sesame").await.status, 403);
        let opened = stack.submit(&format!("/{slug}"), "password=open+sesame").await;
        assert_eq!((opened.status.as_u16(), opened.header("location")), (303, "https://example.com/locked"));
    }
}
