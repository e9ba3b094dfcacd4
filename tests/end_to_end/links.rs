//! Tests links through the API: creating, reading, changing, listing and deleting them.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{Stack, wait_for};

#[tokio::test]
async fn link_is_created_followed_and_deleted() {
    let stack = Stack::from_environment();
    let key = stack.new_key("link-life", "editor").await;
    let created = stack.call(&key, Method::POST, "/v1/links", json!({"url": "https://example.com/ä?q=1#f"})).await;
    assert_eq!(created.status, 201, "{created:?}");
    let link = created.json();
    let slug = link["slug"].as_str().unwrap();
    assert_eq!(slug.len(), 7);
    assert_eq!(link["short_url"], format!("https://go.example.com/{slug}"));
    assert_eq!(created.header("location"), format!("/v1/links/{slug}"));
    let path = format!("/v1/links/{slug}");
    let read = stack.call(&key, Method::GET, &path, Value::Null).await.json();
    assert_eq!(read, link);
    let mut clicked = stack.call(&key, Method::GET, &format!("{path}?include=clicks"), Value::Null).await.json();
    let (clicks, last) = (clicked["clicks"].take(), clicked["last_click_at"].take());
    assert_eq!((clicks, last), (json!(0), Value::Null));

    for method in [Method::GET, Method::HEAD] {
        let visit = stack.visit(method, &format!("/{slug}"), &[]).await;
        assert_eq!((visit.status.as_u16(), visit.header("location")), (302, "https://example.com/%C3%A4?q=1#f"));
        assert_eq!(visit.header("cache-control"), "no-store");
    }
    assert_eq!(stack.call(&key, Method::DELETE, &path, Value::Null).await.status, 204);
    assert_eq!(stack.call(&key, Method::DELETE, &path, Value::Null).await.status, 404);
    // Instances of the redirect keep a link for seconds.
    wait_for("visitors to get 404 for the deleted link", async || {
        let visit = stack.visit(Method::GET, &format!("/{slug}"), &[]).await;
        (visit.status == 404).then_some(())
    })
    .await;
}

#[tokio::test]
async fn pages_list_every_link_once() {
    let stack = Stack::from_environment();
    let key = stack.new_key("link-pages", "editor").await;
    for n in 0..25 {
        let body = json!({"url": format!("https://example.com/{n}")});
        assert_eq!(stack.call(&key, Method::POST, "/v1/links", body).await.status, 201);
    }
    let (mut slugs, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = stack.call(&key, Method::GET, &format!("/v1/links?limit=10{cursor}"), Value::Null).await.json();
        slugs.extend(page["items"].as_array().unwrap().iter().map(|link| link["slug"].to_string()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!((slugs.len(), slugs.iter().collect::<HashSet<_>>().len()), (25, 25));
}

const BROWSER: (&str, &str) = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");

/// Makes a body with every field that can be set and read, as the API returns it.
fn full(slug: &str) -> Value {
    json!({
        "url": "https://example.com/", "slug": slug, "domain": "go.example.com", "title": "Docs", "tags": ["a", "b"],
        "starts_at": "2026-01-01T00:00:00.000Z", "expires_at": "2099-01-01T00:00:00.000Z",
        "expired_url": "https://example.com/late", "max_clicks": 10, "redirect_status": 307, "forward_query": true,
        "query_conflict": "visitor_wins", "forward_path": true, "landing": true,
        "preview": {"title": "T", "description": "D", "image": "https://example.com/a.png"},
        "rules": [{"if": {"device": ["mobile"], "country": ["CH"], "query": [{"name": "a", "value": "b"}]},
            "url": "https://example.com/ch"}],
        "variants": [{"name": "a", "url": "https://example.com/a", "weight": 2}], "archived": false,
    })
}

#[tokio::test]
async fn all_fields_are_created_read_and_changed() {
    let stack = Stack::from_environment();
    let key = stack.new_key("link-fields", "editor").await;
    let mut body = full("link-fields");
    body["password"] = json!("secret");
    let created = stack.call(&key, Method::POST, "/v1/links", body).await;
    assert_eq!(created.status, 201, "{created:?}");
    let path = "/v1/links/link-fields";
    let read = stack.call(&key, Method::GET, path, Value::Null).await;
    assert_eq!((read.json(), read.header("etag")), (created.json(), created.header("etag")));
    for (name, value) in full("link-fields").as_object().unwrap() {
        assert_eq!(read.json()[name], *value, "{name}");
    }
    assert_eq!(read.json()["has_password"], true);
    assert!(!read.text.contains("argon2") && !read.text.contains("secret"));
    let tag = read.header("etag").to_owned();
    let same = stack.call_with_headers(&key, Method::GET, path, Value::Null, &[("if-none-match", &tag)]).await;
    assert_eq!((same.status.as_u16(), same.text.as_str(), same.header("etag")), (304, "", tag.as_str()));

    let patch = json!({"title": null, "password": null, "rules": [], "max_clicks": 20, "url": "https://example.com/2"});
    let headers = [("if-match", tag.as_str()), ("content-type", "application/merge-patch+json")];
    let changed = stack.call_with_headers(&key, Method::PATCH, path, patch.clone(), &headers).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let link = stack.call(&key, Method::GET, path, Value::Null).await.json();
    assert_eq!(link, changed.json());
    assert_eq!((&link["title"], &link["has_password"], &link["rules"]), (&Value::Null, &json!(false), &json!([])));
    assert_eq!(
        (&link["max_clicks"], &link["url"], &link["tags"]),
        (&json!(20), &json!("https://example.com/2"), &json!(["a", "b"]))
    );
    assert_ne!(link["updated_at"], Value::Null);

    for method in [Method::PATCH, Method::DELETE] {
        let late = stack.call_with_headers(&key, method.clone(), path, patch.clone(), &headers).await;
        assert_eq!((late.status.as_u16(), late.header("content-type")), (412, "application/problem+json"), "{method}");
    }
    let wrong = json!({"slug": "a/b", "variants": [{"name": "a", "url": "https://go.example.com/x", "weight": 1}]});
    let wrong = stack.call(&key, Method::PATCH, path, wrong).await;
    assert_eq!(wrong.status, 422);
    let pointers: Vec<String> =
        wrong.json()["errors"].as_array().unwrap().iter().map(|error| error["pointer"].to_string()).collect();
    assert_eq!(pointers, ["\"/variants/0/url\"", "\"/slug\""]);
    let json_patch = [("content-type", "application/json-patch+json")];
    let answer = stack.call_with_headers(&key, Method::PATCH, path, json!([]), &json_patch).await;
    assert_eq!(answer.status, 415);
    let fresh = [("if-match", changed.header("etag"))];
    assert_eq!(stack.call_with_headers(&key, Method::DELETE, path, Value::Null, &fresh).await.status, 204);
}

#[tokio::test]
async fn concurrent_patches_are_all_kept() {
    let stack = Stack::from_environment();
    let key = stack.new_key("link-races", "editor").await;
    let body = json!({"url": "https://example.com/", "slug": "link-races"});
    assert_eq!(stack.call(&key, Method::POST, "/v1/links", body).await.status, 201);
    let patches = [json!({"title": "mine"}), json!({"tags": ["theirs"]}), json!({"max_clicks": 7})];
    let changes = patches.map(|patch| stack.call(&key, Method::PATCH, "/v1/links/link-races", patch));
    for answer in futures::future::join_all(changes).await {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let link = stack.call(&key, Method::GET, "/v1/links/link-races", Value::Null).await.json();
    assert_eq!((&link["title"], &link["tags"], &link["max_clicks"]), (&json!("mine"), &json!(["theirs"]), &json!(7)));
}

#[tokio::test]
async fn link_moves_and_its_former_address_stays_an_alias() {
    let stack = Stack::from_environment();
    let key = stack.new_key("link-moves", "editor").await;
    let body = json!({"url": "https://example.com/moves", "slug": "move-a", "max_clicks": 9});
    let created = stack.call(&key, Method::POST, "/v1/links", body).await.json();
    assert_eq!(stack.visit(Method::GET, "/move-a", &[BROWSER]).await.status, 302);
    let patch = json!({"slug": "move-b", "keep_alias": true});
    let moved = stack.call(&key, Method::PATCH, "/v1/links/move-a", patch).await;
    assert_eq!(moved.status, 200, "{moved:?}");
    let link = moved.json();
    assert_eq!((&link["id"], &link["slug"], &link["used_clicks"]), (&created["id"], &json!("move-b"), &json!(1)));
    assert_eq!(link["aliases"], json!([{"domain": "go.example.com", "slug": "move-a"}]));
    // Limited links are not cached, so the visitors see the move at once.
    for path in ["/move-a", "/move-b", "/move-b/", "/move-a%20"] {
        assert_eq!(stack.visit(Method::GET, path, &[BROWSER]).await.status, 302, "{path}");
    }
    let read = stack.call(&key, Method::GET, "/v1/links/move-a", Value::Null).await.json();
    assert_eq!((&read["slug"], &read["used_clicks"]), (&json!("move-b"), &json!(5)));
    assert_eq!(stack.call(&key, Method::DELETE, "/v1/links/move-a", Value::Null).await.status, 204);
    assert_eq!(stack.visit(Method::GET, "/move-a", &[BROWSER]).await.status, 404);
    assert_eq!(stack.visit(Method::GET, "/move-b", &[BROWSER]).await.status, 302);
    let stranger = stack.new_key("link-moves-other", "editor").await;
    let again = json!({"url": "https://example.com/again", "slug": "move-a"});
    assert_eq!(stack.call(&stranger, Method::POST, "/v1/links", again.clone()).await.status, 409);
    let made = stack.call(&key, Method::POST, "/v1/links", again).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_ne!(made.json()["id"], created["id"]);
    assert_eq!(stack.call(&key, Method::DELETE, "/v1/links/move-b", Value::Null).await.status, 204);
    assert_eq!(stack.call(&key, Method::GET, "/v1/links/move-b", Value::Null).await.status, 404);
}

#[tokio::test]
async fn existing_link_is_returned_on_request() {
    let stack = Stack::from_environment();
    let key = stack.new_key("link-once", "editor").await;
    let body = json!({"url": "https://example.com/once", "if_exists": "return"});
    let requests = (0..6).map(|_| stack.call(&key, Method::POST, "/v1/links", body.clone()));
    let answers = futures::future::join_all(requests).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    let slugs: HashSet<String> = answers.iter().map(|answer| answer.json()["slug"].to_string()).collect();
    assert_eq!(slugs.len(), 1, "{slugs:?}");
    let path = format!("/v1/links/{}", answers[0].json()["slug"].as_str().unwrap());
    assert_eq!(stack.call(&key, Method::DELETE, &path, Value::Null).await.status, 204);
    let again = stack.call(&key, Method::POST, "/v1/links", body).await;
    assert_eq!(again.status, 201, "{again:?}");
    assert!(!slugs.contains(&again.json()["slug"].to_string()));
}

#[tokio::test]
async fn request_with_idempotency_key_is_done_once() {
    let stack = Stack::from_environment();
    let key = stack.new_key("link-idempotency", "editor").await;
    let headers = [("idempotency-key", "5f0c2cf4-6a3a-4a3e-9d0b-5a0f6d0b7c11")];
    let send = |path: &'static str, body: Value| stack.call_with_headers(&key, Method::POST, path, body, &headers);
    let body = json!({"url": "https://example.com/"});
    let first = send("/v1/links", body.clone()).await;
    let again = send("/v1/links", body).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16(), &first.text), (201, 201, &again.text));
    assert_eq!((first.header("location"), first.header("etag")), (again.header("location"), again.header("etag")));
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
    assert_eq!(send("/v1/links", json!({"url": "https://example.com/2"})).await.status, 422);
    assert_eq!(send("/v1/imports", json!({"content_length": 10})).await.status, 422);
    let page = stack.call(&key, Method::GET, "/v1/links", Value::Null).await.json();
    assert_eq!(page["items"].as_array().unwrap().len(), 1);

    let headers = [("idempotency-key", "an import")];
    let start = || stack.call_with_headers(&key, Method::POST, "/v1/imports", json!({"content_length": 10}), &headers);
    let (first, again) = (start().await, start().await);
    assert_eq!((first.status.as_u16(), first.json()), (201, again.json()));
}

#[tokio::test]
async fn batch_has_a_result_for_each_item() {
    let stack = Stack::from_environment();
    let key = stack.new_key("link-batches", "editor").await;
    let items = json!([
        {"url": "https://example.com/1", "slug": "batch"},
        {"url": "https://example.com/2", "max_clicks": 0},
        {"url": 3},
        {"url": "https://example.com/4", "password": "secret"},
    ]);
    let batch = stack.call(&key, Method::POST, "/v1/link-batches", json!({"items": items})).await;
    assert_eq!(batch.status, 200, "{batch:?}");
    let items = batch.json()["items"].clone();
    let statuses: Vec<&Value> = items.as_array().unwrap().iter().map(|item| &item["status"]).collect();
    assert_eq!(statuses, [201, 422, 422, 201]);
    assert_eq!(items[1]["problem"]["errors"][0]["pointer"], "/max_clicks");
    // `batch` is a valid slug.
    let read = stack.call(&key, Method::GET, "/v1/links/batch", Value::Null).await.json();
    assert_eq!(read, items[0]["link"]);
    let links: Vec<Value> = (0..100).map(|n| json!({"url": format!("https://example.com/{n}")})).collect();
    let full = stack.call(&key, Method::POST, "/v1/link-batches", json!({"items": links})).await.json();
    assert!(full["items"].as_array().unwrap().iter().all(|item| item["status"] == 201), "{full}");
}

#[tokio::test]
async fn list_is_filtered() {
    let stack = Stack::from_environment();
    let key = stack.new_key("link-filters", "editor").await;
    for (slug, tags, archived) in
        [("filters-a", json!(["x", "y"]), false), ("filters-b", json!(["x"]), false), ("filters-c", json!([]), true)]
    {
        let body = json!({"url": "https://example.com/", "slug": slug, "tags": tags, "archived": archived});
        assert_eq!(stack.call(&key, Method::POST, "/v1/links", body).await.status, 201);
    }
    for (query, slugs) in [
        ("", "ba"),
        ("?archived=any", "cba"),
        ("?archived=true", "c"),
        ("?tag=x&tag=y", "a"),
        ("?tag=y&tag=x&tag_mode=any", "ba"),
        ("?prefix=filters-b", "b"),
        ("?domain=go.example.com&created_after=2026-01-01T00:00:00Z", "ba"),
        ("?created_before=2026-01-01T00:00:00Z", ""),
    ] {
        let page = stack.call(&key, Method::GET, &format!("/v1/links{query}"), Value::Null).await.json();
        let found = page["items"].as_array().unwrap().iter();
        let found: String = found.map(|link| link["slug"].as_str().unwrap().trim_start_matches("filters-")).collect();
        assert_eq!((found.as_str(), &page["next_cursor"]), (slugs, &Value::Null), "{query}");
    }
}

#[tokio::test]
async fn link_has_a_qr_code() {
    let stack = Stack::from_environment();
    let key = stack.new_key("link-qr", "viewer").await;
    let editor = stack.new_key("link-qr", "editor").await;
    let body = json!({"url": "https://example.com/", "slug": "link-qr"});
    assert_eq!(stack.call(&editor, Method::POST, "/v1/links", body).await.status, 201);
    let svg = stack.call(&key, Method::GET, "/v1/links/link-qr/qr", Value::Null).await;
    assert_eq!((svg.status.as_u16(), svg.header("content-type")), (200, "image/svg+xml"));
    assert!(svg.text.starts_with("<svg "), "{svg:?}");
    let tag = [("if-none-match", svg.header("etag"))];
    let same = stack.call_with_headers(&key, Method::GET, "/v1/links/link-qr/qr", Value::Null, &tag).await;
    assert_eq!(same.status, 304);
    let png = stack.call(&key, Method::GET, "/v1/links/link-qr/qr?format=png&size=512", Value::Null).await;
    assert_eq!((png.status.as_u16(), png.header("content-type")), (200, "image/png"));
    assert!(png.text.contains("PNG") && png.text.contains("IHDR"));
    let logo = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQMAAAD+wSzIAAAAA1BMVEXMMzN0dFbYAAAAC0lEQVR42mNgQAUAABAAAaoZ+IIAAAAASUVORK5CYII=";
    let style = json!({"format": "png", "size": 512, "shape": "dots", "logo": logo});
    let with_logo = stack.call(&key, Method::POST, "/v1/links/link-qr/qr", style).await;
    assert_eq!((with_logo.status.as_u16(), with_logo.header("content-type")), (200, "image/png"));
    let svg_logo = json!({"logo": "data:image/svg+xml;base64,PHN2Zy8+"});
    assert_eq!(stack.call(&key, Method::POST, "/v1/links/link-qr/qr", svg_logo).await.status, 422);
    assert_eq!(stack.call(&key, Method::GET, "/v1/links/link-qr/qr?size=1", Value::Null).await.status, 422);
    assert_eq!(stack.call(&key, Method::GET, "/v1/links/link-qr-none/qr", Value::Null).await.status, 404);
}
