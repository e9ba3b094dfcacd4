//! Tests imports in several parts: their options, their reports, and how to cancel them.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{Stack, wait_for};

/// Starts an import with `options`, and uploads `file`.
async fn start(stack: &Stack, key: &str, file: &str, options: Value) -> Value {
    let mut asked = json!({"content_length": file.len()});
    asked.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
    let answer = stack.call(key, Method::POST, "/v1/imports", asked).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let import = answer.json();
    assert_eq!(stack.upload(&import, file.as_bytes().to_vec()).await.status, 200);
    import
}

async fn import(stack: &Stack, key: &str, file: &str, options: Value) -> Value {
    let import = start(stack, key, file, options).await;
    stack.finished_import(key, import["id"].as_str().unwrap()).await
}

async fn link(stack: &Stack, key: &str, slug: &str) -> Value {
    stack.call(key, Method::GET, &format!("/v1/links/{slug}"), Value::Null).await.json()
}

/// Downloads the report in one format.
async fn report(stack: &Stack, key: &str, import: &Value, format: &str) -> String {
    let path = format!("{}?format={format}", import["report"].as_str().unwrap());
    let answer = stack.call(key, Method::GET, &path, Value::Null).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    stack.get(answer.header("location")).await.text
}

fn counts(read: u64, created: u64, overwritten: u64, unchanged: u64, invalid: u64, conflicting: u64) -> Value {
    json!({
        "read": read, "created": created, "overwritten": overwritten, "unchanged": unchanged, "invalid": invalid,
        "conflicting": conflicting, "warned": 0,
    })
}

#[tokio::test]
async fn parts_of_a_file_share_one_report() {
    let stack = Stack::from_environment();
    let key = stack.new_key("many-parts", "editor").await;
    let row = |n: u32| match n % 500 {
        0 => format!("https://example.com/{n},parts-same,\n"),
        250 => format!("not a url,parts-{n},=1+1\n"),
        _ => format!("https://example.com/{n},parts-{n},row {n}\n"),
    };
    let rows: String = (0..3000).map(row).collect();
    let done = import(&stack, &key, &format!("url,slug,title\n{rows}"), json!({})).await;
    assert_eq!(done["status"], "succeeded_with_errors", "{done}");
    assert_eq!(done["counts"], counts(3000, 2989, 0, 0, 6, 5), "{done}");
    assert_eq!(link(&stack, &key, "parts-same").await["url"], "https://example.com/0", "the first row gets the slug");
    let json = report(&stack, &key, &done, "jsonl").await;
    let numbers: Vec<u64> =
        json.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["row"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [251, 501, 751, 1001, 1251, 1501, 1751, 2001, 2251, 2501, 2751]);
    let csv = report(&stack, &key, &done, "csv").await;
    assert_eq!(csv.lines().next(), Some("row,line,file,outcome,column,value,cause"));
    assert_eq!(csv.lines().count(), 12, "{csv}");
    assert!(csv.contains("251,252,\"\",invalid,\"url\",\"not a url\","), "{csv}");
}

#[tokio::test]
async fn dry_run_reports_and_writes_nothing() {
    let stack = Stack::from_environment();
    let key = stack.new_key("dry-run", "editor").await;
    import(&stack, &key, "url,slug\nhttps://example.com/,dry-taken\n", json!({})).await;
    let file = "url,slug\nhttps://example.com/new,dry-new\nhttps://example.com/else,dry-taken\n";
    let done = import(&stack, &key, file, json!({"dry_run": true})).await;
    assert_eq!(done["counts"], counts(2, 1, 0, 0, 0, 1), "{done}");
    assert!(report(&stack, &key, &done, "csv").await.contains("dry-taken"));
    let absent = stack.call(&key, Method::GET, "/v1/links/dry-new", Value::Null).await;
    assert_eq!(absent.status, 404, "{absent:?}");
}

#[tokio::test]
async fn conflicts_overwrite_a_link_or_fail_the_import() {
    let stack = Stack::from_environment();
    let (key, stranger) = (stack.new_key("conflicts", "editor").await, stack.new_key("strangers", "editor").await);
    import(&stack, &key, "url,slug,title\nhttps://example.com/old,oc-mine,Old\n", json!({})).await;
    import(&stack, &stranger, "url,slug\nhttps://example.com/theirs,oc-theirs\n", json!({})).await;
    let file = "url,slug\nhttps://example.com/a,oc-a\nhttps://example.com/new,oc-mine\n\
                https://example.com/new,oc-theirs\nhttps://example.com/b,oc-b\n";
    let failed = import(&stack, &key, file, json!({"on_conflict": "fail"})).await;
    assert_eq!((&failed["status"], &failed["counts"]), (&json!("failed"), &counts(2, 1, 0, 0, 0, 1)), "{failed}");
    assert!(failed["error"].as_str().unwrap().contains("row 2"), "{failed}");
    assert_eq!(link(&stack, &key, "oc-mine").await["url"], "https://example.com/old");
    let options = json!({"on_conflict": "overwrite", "tags": ["moved"]});
    let done = import(&stack, &key, file, options).await;
    assert_eq!(done["counts"], counts(4, 1, 2, 0, 0, 1), "{done}");
    let mine = link(&stack, &key, "oc-mine").await;
    assert_eq!((&mine["url"], &mine["tags"]), (&json!("https://example.com/new"), &json!(["moved"])), "{mine}");
    assert_eq!(link(&stack, &stranger, "oc-theirs").await["url"], "https://example.com/theirs");
}

#[tokio::test]
async fn cancelled_import_stops_within_seconds() {
    let stack = Stack::from_environment();
    let key = stack.new_key("cancelled", "editor").await;
    let rows: String = (0..40_000).map(|n| format!("https://example.com/{n}\n")).collect();
    let started = start(&stack, &key, &rows, json!({})).await;
    let path = format!("/v1/imports/{}", started["id"].as_str().unwrap());
    wait_for("rows to be loaded", async || {
        let import = stack.call(&key, Method::GET, &path, Value::Null).await.json();
        (import["counts"]["created"].as_u64()? > 0).then_some(())
    })
    .await;
    let cancelled = stack.call(&key, Method::POST, &format!("{path}/cancel"), Value::Null).await;
    assert_eq!((cancelled.status.as_u16(), &cancelled.json()["status"]), (200, &json!("cancelled")), "{cancelled:?}");
    // The loaders have stopped when the workspace has as many links as the import counts.
    let created = wait_for("the loaders to stop", async || {
        let import = stack.call(&key, Method::GET, &path, Value::Null).await.json();
        let mut cursor = String::new();
        let mut links = 0;
        loop {
            let page = stack.call(&key, Method::GET, &format!("/v1/links?limit=100{cursor}"), Value::Null).await.json();
            links += page["items"].as_array()?.len() as u64;
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        (import["counts"]["created"] == links).then_some(links)
    })
    .await;
    assert!((1..40_000).contains(&created), "{created}");
    let again = stack.call(&key, Method::POST, &format!("{path}/cancel"), Value::Null).await;
    assert_eq!(again.status, 200, "{again:?}");
}

#[tokio::test]
async fn import_cancelled_before_its_upload_loads_nothing() {
    let stack = Stack::from_environment();
    let key = stack.new_key("cancelled-early", "editor").await;
    let file = b"https://example.com/early\n".to_vec();
    let asked = stack.call(&key, Method::POST, "/v1/imports", json!({"content_length": file.len()})).await.json();
    let path = format!("/v1/imports/{}", asked["id"].as_str().unwrap());
    assert_eq!(stack.call(&key, Method::POST, &format!("{path}/cancel"), Value::Null).await.status, 200);
    assert_eq!(stack.upload(&asked, file).await.status, 200);
    // This later file is loaded, so the loader has seen the earlier one.
    import(&stack, &key, "https://example.com/late\n", json!({})).await;
    let import = stack.call(&key, Method::GET, &path, Value::Null).await.json();
    assert_eq!((&import["status"], &import["counts"]["read"]), (&json!("cancelled"), &json!(0)), "{import}");
}
