//! Tests the settings of a workspace: links that are created and imported have its defaults.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::Stack;

const PATH: &str = "/v1/workspace";

#[tokio::test]
async fn new_links_and_imported_rows_have_the_defaults_of_their_workspace() {
    let stack = Stack::from_environment();
    let admin = stack.new_key("has-defaults", "admin").await;
    let editor = stack.new_key("has-defaults", "editor").await;
    let settings = json!({
        "defaults": {"tags": ["team"], "redirect_status": 307, "slug_length": 12, "utm_template": "mail"},
        "utm_templates": [{"name": "mail", "source": "news", "campaign": "a b"}],
    });
    assert_eq!(stack.call(&editor, Method::PATCH, PATH, settings.clone()).await.status, 403);
    let changed = stack.call(&admin, Method::PATCH, PATH, settings).await;
    assert_eq!(
        (changed.status.as_u16(), changed.json()["defaults"]["slug_length"].clone()),
        (200, json!(12)),
        "{changed:?}"
    );
    let read = stack.call(&editor, Method::GET, PATH, Value::Null).await;
    assert_eq!((read.json(), read.header("etag")), (changed.json(), changed.header("etag")));

    let created = stack.call(&editor, Method::POST, "/v1/links", json!({"url": "https://example.com/d?x=1"})).await;
    let link = created.json();
    assert_eq!((created.status.as_u16(), &link["tags"]), (201, &json!(["team"])), "{created:?}");
    let slug = link["slug"].as_str().unwrap();
    assert_eq!((slug.len(), &link["redirect_status"]), (12, &json!(307)));
    let visit = stack.visit(Method::GET, &format!("/{slug}"), &[]).await;
    let target = "https://example.com/d?x=1&utm_source=news&utm_campaign=a%20b";
    assert_eq!((visit.status.as_u16(), visit.header("location")), (307, target), "{visit:?}");
    let bare = json!({"url": "https://example.com/bare", "tags": null, "redirect_status": null, "utm_template": null});
    let bare = stack.call(&editor, Method::POST, "/v1/links", bare).await.json();
    assert_eq!(
        (&bare["tags"], &bare["redirect_status"], &bare["url"]),
        (&json!([]), &json!(302), &json!("https://example.com/bare"))
    );

    let file = "url,slug\nhttps://example.com/row,has-defaults-row\n";
    let import = stack.call(&editor, Method::POST, "/v1/imports", json!({"content_length": file.len()})).await.json();
    assert_eq!(stack.upload(&import, file.into()).await.status, 200);
    let import = stack.finished_import(&editor, import["id"].as_str().unwrap()).await;
    assert_eq!(import["counts"]["created"], 1, "{import}");
    let row = stack.call(&editor, Method::GET, "/v1/links/has-defaults-row", Value::Null).await.json();
    assert_eq!((&row["tags"], &row["redirect_status"]), (&json!(["team"]), &json!(307)), "{row}");
    assert_eq!(row["url"], "https://example.com/row?utm_source=news&utm_campaign=a%20b");

    let stale =
        stack.call_with_headers(&admin, Method::PATCH, PATH, json!({"defaults": null}), &[("if-match", "\"0\"")]).await;
    assert_eq!(stale.status, 412, "{stale:?}");
    let wrong = stack.call(&admin, Method::PATCH, PATH, json!({"domains": {"elsewhere.example": {}}})).await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.json()["errors"][0]["pointer"].clone()),
        (422, json!("/domains/elsewhere.example"))
    );
}

/// The stack has no Internet here, and must not reach anything else: a target in a private network stays untouched.
#[tokio::test]
async fn titles_are_asked_for_without_harm_to_links() {
    let stack = Stack::from_environment();
    let admin = stack.new_key("wants-titles", "admin").await;
    let changed = stack.call(&admin, Method::PATCH, PATH, json!({"titles": true})).await;
    assert_eq!((changed.status.as_u16(), changed.json()["titles"].clone()), (200, json!(true)), "{changed:?}");
    for (slug, url) in
        [("wants-title", "http://titles.invalid/"), ("wants-no-private", "http://169.254.169.254/latest/meta-data/")]
    {
        let created = stack.call(&admin, Method::POST, "/v1/links", json!({"url": url, "slug": slug})).await;
        assert_eq!(created.status, 201, "{created:?}");
        let path = format!("/v1/links/{slug}");
        let link = stack.call(&admin, Method::GET, &path, Value::Null).await;
        assert_eq!((link.status.as_u16(), &link.json()["title"]), (200, &Value::Null), "{link:?}");
        let tagged = json!({"tags": ["a"]});
        let headers = [("if-match", created.header("etag"))];
        let tagged = stack.call_with_headers(&admin, Method::PATCH, &path, tagged, &headers).await;
        assert_eq!(tagged.status, 200, "{tagged:?}");
    }
}
