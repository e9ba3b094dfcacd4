//! Tests changes of many links: a job changes them, tells the results, and is undone.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{Answer, Stack, wait_for};

/// Starts a job and waits for its end.
async fn finished(stack: &Stack, key: &str, started: Answer) -> Value {
    assert_eq!(started.status, 202, "{started:?}");
    let path = started.header("location").to_owned();
    let ended = ["succeeded", "succeeded_with_errors", "failed", "cancelled"];
    wait_for("the change of links to end", async || {
        let job = stack.call(key, Method::GET, &path, Value::Null).await.json();
        ended.contains(&job["status"].as_str()?).then_some(job)
    })
    .await
}

async fn read(stack: &Stack, key: &str, slug: &str) -> Value {
    stack.call(key, Method::GET, &format!("/v1/links/{slug}"), Value::Null).await.json()
}

#[tokio::test]
async fn many_links_are_changed_deleted_and_brought_back() {
    let stack = Stack::from_environment();
    let key = stack.new_key("changes-many", "editor").await;
    let slugs: Vec<String> = (0..12).map(|n| format!("many-{n}")).collect();
    for slug in &slugs {
        let link = json!({"url": "https://old.example/a", "slug": slug, "tags": ["e2e spring"]});
        assert_eq!(stack.call(&key, Method::POST, "/v1/links", link).await.status, 201);
    }
    let mut before = Vec::new();
    for slug in &slugs {
        before.push(read(&stack, &key, slug).await);
    }
    let select = json!({"filter": {"tag": ["e2e spring"]}});
    let change = json!({
        "rename_tag": {"from": "e2e spring", "to": "e2e summer"},
        "replace_url_prefix": {"from": "old.example", "to": "new.example"},
    });
    let start = async |body: Value| {
        let started = stack.call(&key, Method::POST, "/v1/link-changes", body).await;
        finished(&stack, &key, started).await
    };
    let dry = start(json!({"select": select, "change": change, "dry_run": true})).await;
    assert_eq!((&dry["status"], &dry["counts"]["changed"]), (&json!("succeeded"), &json!(12)), "{dry}");
    assert_eq!(read(&stack, &key, "many-0").await, before[0]);

    let job = start(json!({"select": select, "change": change})).await;
    assert_eq!((&job["status"], &job["counts"]["changed"]), (&json!("succeeded"), &json!(12)), "{job}");
    let changed = read(&stack, &key, "many-3").await;
    assert_eq!((&changed["url"], &changed["tags"]), (&json!("https://new.example/a"), &json!(["e2e summer"])));
    assert_eq!(changed["changed_by"], job["id"]);
    let visit = stack.visit(Method::GET, "/many-3", &[]).await;
    assert_eq!(visit.header("location"), "https://new.example/a", "{visit:?}");

    let named = slugs.iter().map(String::as_str).chain(["many-none"]).map(|slug| json!({"slug": slug}));
    let named = json!({"links": named.collect::<Vec<_>>()});
    let deletion = start(json!({"select": named, "delete": true})).await;
    assert_eq!((&deletion["status"], &deletion["counts"]["changed"]), (&json!("succeeded_with_errors"), &json!(12)));
    let path = format!("{}?result=failed", deletion["results"].as_str().unwrap());
    let failed = stack.call(&key, Method::GET, &path, Value::Null).await.json();
    assert_eq!(failed["items"][0]["address"]["slug"], "many-none", "{failed}");

    for undone in [&deletion, &job] {
        let path = format!("/v1/link-changes/{}/undo", undone["id"].as_str().unwrap());
        let undo = stack.call(&key, Method::POST, &path, Value::Null).await;
        let undo = finished(&stack, &key, undo).await;
        // The links are no longer what the first job made of them: the undo of the second changed them last.
        let expected = if undone["id"] == job["id"] { "conflicts" } else { "changed" };
        assert_eq!(undo["counts"][expected], 12, "{undo}");
    }
    let back = read(&stack, &key, "many-3").await;
    assert_eq!((&back["id"], &back["tags"]), (&before[3]["id"], &json!(["e2e summer"])), "{back}");
}
