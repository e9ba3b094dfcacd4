//! Tests searches and sorted lists through the API.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{Stack, wait_for};

async fn list(stack: &Stack, key: &str, query: &str) -> Value {
    // On a busy machine the catalogue of a new workspace may not be there at once; the answer then asks for another try.
    wait_for(&format!("the list {query}"), async || {
        let answer = stack.call(key, Method::GET, &format!("/v1/links?{query}"), Value::Null).await;
        if answer.status == 503 && answer.text.contains("not-ready") {
            return None;
        }
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
        Some(answer.json())
    })
    .await
}

fn slugs(page: &Value) -> String {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["slug"].as_str().unwrap().rsplit('-').next().unwrap()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn changes_are_found_as_they_are_made() {
    let stack = Stack::from_environment();
    let key = stack.new_key("searches", "editor").await;
    // A search builds the catalogue of a new workspace at once.
    assert_eq!(list(&stack, &key, "search=spring&include=total").await["total"], 0);
    for (slug, title, url) in [
        ("srch-one", "Frühling in Köln", "https://example.com/spring/one"),
        ("srch-two", "Autumn", "https://shop.example.com/spring/two"),
        ("srch-three", "Winter", "https://example.org/three"),
    ] {
        let body = json!({ "url": url, "slug": slug, "title": title, "tags": [title] });
        assert_eq!(stack.call(&key, Method::POST, "/v1/links", body).await.status, 201);
    }
    wait_for("all links to be found", async || {
        (list(&stack, &key, "search=srch&include=total").await["total"] == 3).then_some(())
    })
    .await;
    for (query, expected) in [
        ("search=fruh%20koln", "one"),
        ("search=spr&sort=title", "two one"),
        ("search=srch&sort=title", "two one three"),
        ("host=*.example.com", "two"),
        ("url_prefix=example.com/spring", "one"),
        ("url=https://example.org/three", "three"),
        ("tag=Autumn&tag=Winter&tag_mode=any&order=asc", "two three"),
    ] {
        assert_eq!(slugs(&list(&stack, &key, query).await), expected, "{query}");
    }
    let change = json!({ "title": "Summer", "slug": "srch-moved" });
    assert_eq!(stack.call(&key, Method::PATCH, "/v1/links/srch-two", change).await.status, 200);
    assert_eq!(stack.call(&key, Method::DELETE, "/v1/links/srch-three", Value::Null).await.status, 204);
    wait_for("the changes to be found", async || {
        let found = slugs(&list(&stack, &key, "search=srch&sort=title").await);
        (found == "one moved").then_some(())
    })
    .await;
    // Another workspace finds nothing of it.
    let stranger = stack.new_key("searches-of-others", "viewer").await;
    assert_eq!(list(&stack, &stranger, "search=srch&include=total").await["total"], 0);
}

#[tokio::test]
async fn lists_are_sorted_by_clicks_and_by_the_last_click() {
    let stack = Stack::from_environment();
    let key = stack.new_key("searches-clicks", "editor").await;
    for slug in ["clk-a", "clk-b", "clk-c"] {
        let body = json!({ "url": "https://example.com/", "slug": slug });
        assert_eq!(stack.call(&key, Method::POST, "/v1/links", body).await.status, 201);
    }
    let browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    for slug in ["clk-c", "clk-c", "clk-b"] {
        let visit = stack.visit(Method::GET, &format!("/{slug}"), &[("user-agent", browser)]).await;
        assert_eq!(visit.status, 302);
    }
    let clicks = wait_for("the clicks to be in the list", async || {
        let page = list(&stack, &key, "sort=clicks&include=clicks").await;
        let clicks: Vec<u64> = page["items"].as_array()?.iter().filter_map(|item| item["clicks"].as_u64()).collect();
        (clicks.iter().sum::<u64>() == 3).then_some((slugs(&page), clicks))
    });
    assert_eq!(clicks.await, ("c b a".to_owned(), vec![2, 1, 0]));
    assert_eq!(slugs(&list(&stack, &key, "sort=last_click").await), "b c a");
}
