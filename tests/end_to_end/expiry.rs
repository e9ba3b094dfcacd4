//! Tests that links are found by when they expire, and that operators are told that they are.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{Stack, wait_for};

#[tokio::test]
async fn links_are_found_sorted_and_selected_by_expiry() {
    let stack = Stack::from_environment();
    let key = stack.new_key("expiry-lists", "editor").await;
    for (slug, expires_at) in [
        ("expiry-late", json!("2099-03-01T00:00:00Z")),
        ("expiry-never", Value::Null),
        ("expiry-soon", json!("2099-01-01T00:00:00Z")),
        ("expiry-next", json!("2099-02-01T00:00:00Z")),
    ] {
        let body = json!({"url": "https://example.com/", "slug": slug, "expires_at": expires_at});
        assert_eq!(stack.call(&key, Method::POST, "/v1/links", body).await.status, 201);
    }
    for (query, slugs) in [
        ("sort=expires", "soon next late never"),
        ("sort=expires&order=desc", "never late next soon"),
        ("sort=expires&expires_after=2099-02-01T00:00:00Z", "next late"),
        ("sort=expires&expires_before=2099-02-01T00:00:00Z", "soon"),
        ("expires_after=2099-01-02T00:00:00Z&expires_before=2099-02-02T00:00:00Z", "next"),
        ("expires_before=2098-01-01T00:00:00Z", ""),
    ] {
        wait_for("the list to be as expected", async || {
            let page = stack.call(&key, Method::GET, &format!("/v1/links?{query}"), Value::Null).await;
            // While the catalogue is built, an order by expiry has no answer.
            if page.status == 503 {
                return None;
            }
            assert_eq!(page.status, 200, "{query}: {page:?}");
            let page = page.json();
            let items = page["items"].as_array()?.iter().filter_map(|link| link["slug"].as_str());
            let found: Vec<&str> = items.map(|slug| slug.trim_start_matches("expiry-")).collect();
            (found.join(" ") == slugs).then_some(())
        })
        .await;
    }
    let wrong = stack.call(&key, Method::GET, "/v1/links?expires_after=soon", Value::Null).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["errors"][0]["pointer"]), (422, &json!("expires_after")));

    let select = json!({"filter": {"expires_before": "2099-02-15T00:00:00Z"}});
    let body = json!({"select": select, "change": {"title": "ends soon"}, "dry_run": true});
    let started = stack.call(&key, Method::POST, "/v1/link-changes", body).await;
    assert_eq!(started.status, 202, "{started:?}");
    let path = started.header("location").to_owned();
    let job = wait_for("the rehearsal to end", async || {
        let job = stack.call(&key, Method::GET, &path, Value::Null).await.json();
        (job["status"] == "succeeded").then_some(job)
    })
    .await;
    assert_eq!(job["counts"]["selected"], 2, "{job}");
}

#[tokio::test]
async fn operators_are_told_that_they_are() {
    let stack = Stack::from_environment();
    for (workspace, role, is_operator) in
        [("default", "admin", true), ("default", "editor", false), ("expiry-lists", "admin", false)]
    {
        let key = stack.new_key(workspace, role).await;
        let me = stack.call(&key, Method::GET, "/v1/me", Value::Null).await.json();
        assert_eq!(me["is_operator"], is_operator, "{workspace} {role}: {me}");
    }
}
