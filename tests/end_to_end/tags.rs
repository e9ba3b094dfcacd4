//! Tests tags as things: they are listed with their links, defined, renamed and removed, whatever characters they have.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{Stack, wait_for};

/// Waits until the list of tags is this: the tag, its number of links, its colour.
async fn listed(stack: &Stack, key: &str, expected: &[(&str, u64, Option<&str>)]) {
    wait_for("the tags to be listed", async || {
        let page = stack.call(key, Method::GET, "/v1/tags", Value::Null).await;
        let page = (page.status == 200).then(|| page.json())?;
        let found: Vec<(String, u64, Option<String>)> = page["items"]
            .as_array()?
            .iter()
            .map(|item| {
                let color = item["color"].as_str().map(str::to_owned);
                (item["tag"].as_str().unwrap_or_default().to_owned(), item["links"].as_u64().unwrap_or_default(), color)
            })
            .collect();
        let expected: Vec<_> =
            expected.iter().map(|(tag, links, color)| ((*tag).to_owned(), *links, color.map(str::to_owned))).collect();
        (found == expected).then_some(())
    })
    .await;
}

#[tokio::test]
async fn tags_are_defined_renamed_and_removed() {
    let stack = Stack::from_environment();
    let key = stack.new_key("has-tags", "editor").await;
    for (slug, tags) in [("tag-1", json!(["a/b ü", "other"])), ("tag-2", json!(["a/b ü"])), ("tag-3", json!(["new"]))]
    {
        let link = json!({"url": "https://example.com/", "slug": slug, "tags": tags});
        assert_eq!(stack.call(&key, Method::POST, "/v1/links", link).await.status, 201);
    }
    let encoded = "/v1/tags/a%2Fb%20%C3%BC";
    let defined = stack.call(&key, Method::PUT, encoded, json!({"color": "teal"})).await;
    assert_eq!((defined.status.as_u16(), &defined.json()["tag"]), (200, &json!("a/b ü")), "{defined:?}");
    listed(&stack, &key, &[("a/b ü", 2, Some("teal")), ("new", 1, None), ("other", 1, None)]).await;
    let renamed = stack.call(&key, Method::POST, &format!("{encoded}/rename"), json!({"to": "new"})).await;
    assert_eq!(renamed.status, 202, "{renamed:?}");
    listed(&stack, &key, &[("new", 3, Some("teal")), ("other", 1, None)]).await;
    let deleted = stack.call(&key, Method::DELETE, "/v1/tags/new", Value::Null).await;
    assert_eq!(deleted.status, 202, "{deleted:?}");
    listed(&stack, &key, &[("other", 1, None)]).await;
}
