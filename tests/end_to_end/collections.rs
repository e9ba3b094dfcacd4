//! Tests collections: filled, listed on a page for visitors, and deleted with their files.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use waypost_domain::ports::Clock;
use waypost_lambda::system::SystemClock;
use waypost_tests::{Answer, Stack, wait_for};

use crate::files::inspected;

/// What a browser accepts.
const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
/// How many requests are sent at once. All of them change one item.
const AT_ONCE: usize = 4;

async fn create(stack: &Stack, key: &str, new: Value) -> Value {
    let answer = stack.call(key, Method::POST, "/v1/collections", new).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

fn path_of(collection: &Value) -> String {
    format!("/v1/collections/{}", collection["id"].as_str().unwrap())
}

/// Announces a file at `path`, again while others keep changing the collection.
async fn announce(stack: &Stack, key: &str, collection: &Value, path: &str, size: usize) -> Answer {
    let name = path.rsplit('/').next().unwrap();
    let new =
        json!({"name": name, "size": size, "path": path, "collection": collection["id"], "content_type": "text/plain"});
    wait_for("the announcement of a file", async || {
        let answer = stack.call(key, Method::POST, "/v1/files", new.clone()).await;
        (answer.status != 503).then_some(answer)
    })
    .await
}

/// Puts `hello` into the collection, and waits until it is ready.
async fn put(stack: &Stack, key: &str, collection: &Value, path: &str) -> Value {
    let file = announce(stack, key, collection, path, 5).await;
    assert_eq!(file.status, 201, "{path}: {file:?}");
    let file = file.json();
    assert_eq!(stack.upload(&file, b"hello".to_vec()).await.status, 200);
    inspected(stack, key, &file).await
}

async fn link(stack: &Stack, key: &str, slug: &str, collection: &Value, mut settings: Value) {
    (settings["url"], settings["slug"]) = (collection["target"].clone(), json!(slug));
    let made = stack.call(key, Method::POST, "/v1/links", settings).await;
    assert_eq!(made.status, 201, "{made:?}");
}

/// Returns the values of `attribute="…"` in a page, without entities.
fn values(page: &str, attribute: &str) -> Vec<String> {
    let before = format!("{attribute}=\"");
    let pieces = page.split(&before).skip(1);
    pieces.map(|piece| piece.split('"').next().unwrap().replace("&amp;", "&")).collect()
}

fn downloads(page: &str) -> Vec<String> {
    values(page, "href").into_iter().filter(|url| url.contains("X-Amz-Signature")).collect()
}

#[tokio::test]
async fn names_with_traps_are_refused_or_downloaded_safely() {
    let stack = Stack::from_environment();
    let key = stack.new_key("collections-traps", "editor").await;
    let collection = create(&stack, &key, json!({"name": "<b>Traps</b>"})).await;
    for (path, status) in [
        ("../../etc/passwd", 422),
        ("/etc/passwd", 422),
        ("a/../b", 422),
        ("a/.. /b", 422),
        ("a//b", 422),
        ("a/", 422),
        ("...", 422),
        ("..\\a", 422),
        ("a\u{0}b", 422),
        ("a\nb", 422),
        (&"a".repeat(256), 422),
        (&["a"; 600].join("/"), 422),
    ] {
        let answer = announce(&stack, &key, &collection, path, 5).await;
        assert_eq!(answer.status, status, "{path:?}: {answer:?}");
    }
    let names = [
        ("con/NUL.txt", "_NUL.txt"),
        ("C:/a?b<c>.txt", "a_b_c_.txt"),
        (".hidden/.bashrc", "bashrc"),
        ("x\u{202e}txt.exe", "x_txt.exe"),
        ("<script>alert(1)</script>/\"'.txt", "_'.txt"),
        ("\u{65e5}\u{672c}/caf\u{e9}.txt", "caf\u{e9}.txt"),
    ];
    for (path, _) in names {
        put(&stack, &key, &collection, path).await;
        let again = announce(&stack, &key, &collection, &path.to_uppercase(), 5).await;
        assert_eq!(again.status, 409, "{path:?}: {again:?}");
    }
    link(&stack, &key, "collection-traps", &collection, json!({})).await;
    let page = stack.visit(Method::GET, "/collection-traps", &[HTML]).await;
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.text.contains("<h1>&lt;b&gt;Traps&lt;/b&gt;</h1>") && !page.text.contains("<script"), "{page:?}");
    assert!(!page.text.contains('\u{202e}') && !page.text.contains("con/"), "{page:?}");
    let mut saved = BTreeSet::new();
    for url in downloads(&page.text) {
        let file = stack.get(&url).await;
        assert_eq!((file.status.as_u16(), file.text.as_str()), (200, "hello"));
        let disposition = file.header("content-disposition").to_owned();
        assert!(disposition.starts_with("attachment; "), "{disposition}");
        let encoded = disposition.split("filename*=UTF-8''").nth(1).unwrap();
        let decoded = url::form_urlencoded::parse(encoded.as_bytes()).next().unwrap().0.into_owned();
        saved.insert(decoded);
    }
    assert_eq!(saved, names.map(|(_, safe)| safe.to_owned()).into());
}

#[tokio::test]
async fn thousand_files_and_more_are_listed_on_pages_and_deleted_together() {
    let stack = Stack::from_environment();
    let key = stack.new_key("collections-many", "editor").await;
    let collection = create(&stack, &key, json!({"name": "Many"})).await;
    let all: Vec<String> = (0..1010).map(|number| format!("{}/{number:04}.txt", number % 3)).collect();
    let announced =
        stream::iter(&all).map(|path| announce(&stack, &key, &collection, path, 5)).buffer_unordered(AT_ONCE);
    let refused: Vec<Answer> = announced.filter(|answer| std::future::ready(answer.status != 201)).collect().await;
    assert!(refused.is_empty(), "{:?}", refused.first());
    put(&stack, &key, &collection, "0/ready.txt").await;
    let read = stack.call(&key, Method::GET, &path_of(&collection), Value::Null).await.json();
    assert_eq!((&read["files"], &read["bytes"]), (&json!(1011), &json!(5055)));

    let (mut listed, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("{}/files?limit=100{cursor}", path_of(&collection));
        let page = stack.call(&key, Method::GET, &path, Value::Null).await.json();
        listed.extend(page["items"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert!(listed.len() == 1011 && listed.is_sorted(), "{}", listed.len());

    let settings = json!({"password": "correct horse", "max_clicks": 1});
    link(&stack, &key, "collection-many", &collection, settings).await;
    let asked = stack.visit(Method::GET, "/collection-many", &[HTML]).await;
    assert!(asked.text.contains("type=\"password\"") && !asked.text.contains("Many"), "{asked:?}");
    let first = stack.submit("/collection-many", "password=correct+horse").await;
    assert_eq!((first.status.as_u16(), first.text.matches("<li>").count()), (200, 1000));
    assert!(first.text.contains("1011 files, 5.1 kB") && first.text.len() < 4_000_000, "{}", first.text.len());
    assert_eq!(first.header("cache-control"), "no-store");
    let next = values(&first.text, "href").into_iter().find(|url| url.starts_with("?after=")).unwrap();
    assert!(!next.contains("horse"));
    let second = stack.visit(Method::GET, &format!("/collection-many{next}"), &[HTML]).await;
    assert_eq!((second.status.as_u16(), second.text.matches("<li>").count()), (200, 11));
    assert!(!second.text.contains("?after="));
    let both = [downloads(&first.text), downloads(&second.text)].concat();
    assert_eq!(both.len(), 1, "one is ready");
    assert_eq!(stack.get(&both[0]).await.text, "hello");
    let forged =
        stack.visit(Method::GET, &format!("/collection-many{}", next.replace("after=A", "after=B")), &[HTML]).await;
    assert_ne!(forged.status, 200, "{forged:?}");
    let again = stack.submit("/collection-many", "password=correct+horse").await;
    assert_eq!(again.status, 410, "one view was allowed");

    let deleted = stack.call(&key, Method::DELETE, &path_of(&collection), Value::Null).await;
    assert!([202, 204].contains(&deleted.status.as_u16()), "{deleted:?}");
    assert_eq!(stack.call(&key, Method::GET, &path_of(&collection), Value::Null).await.status, 404);
    wait_for("the cleaning of a collection", async || {
        stack.invoke("clean-files", &json!({"time": SystemClock.now()})).await;
        let left = stack.call(&key, Method::GET, "/v1/files?limit=1", Value::Null).await.json();
        left["items"].as_array().unwrap().is_empty().then_some(())
    })
    .await;
    let gone = wait_for("the page of the removed collection", async || {
        let answer = stack.visit(Method::GET, &format!("/collection-many{next}"), &[HTML]).await;
        (answer.status != 200).then_some(answer)
    })
    .await;
    assert_eq!(gone.status, 410, "{gone:?}");
}

#[tokio::test]
async fn programs_that_fetch_previews_learn_the_number_of_files_and_use_nothing_up() {
    const BOT: (&str, &str) = ("user-agent", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)");
    let stack = Stack::from_environment();
    let key = stack.new_key("collections-previews", "editor").await;
    let collection = create(&stack, &key, json!({"name": "Two texts"})).await;
    for path in ["a.txt", "b/c.txt"] {
        put(&stack, &key, &collection, path).await;
    }
    link(&stack, &key, "collection-once", &collection, json!({"max_clicks": 1})).await;
    for (path, headers) in [("/collection-once", vec![HTML, BOT]), ("/collection-once+", vec![HTML])] {
        let page = stack.visit(Method::GET, path, &headers).await;
        assert!(page.text.contains("Two texts") && page.text.contains("a collection of 2 files"), "{page:?}");
        assert!(downloads(&page.text).is_empty() && !page.text.contains("a.txt"), "{page:?}");
    }
    assert_eq!(stack.visit(Method::HEAD, "/collection-once", &[HTML]).await.status, 200);
    let page = stack.visit(Method::GET, "/collection-once", &[HTML]).await;
    assert_eq!((page.status.as_u16(), downloads(&page.text).len()), (200, 2), "{page:?}");
    assert_eq!(stack.visit(Method::GET, "/collection-once", &[HTML]).await.status, 410);
}
