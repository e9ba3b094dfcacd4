//! Tests slugs with slashes, letters of other scripts and emoji. The stack has `words.example`, which belongs to the workspace
//! `domain-words`.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{Stack, wait_for};

#[tokio::test]
async fn slugs_have_slashes_and_emoji_where_the_domain_says_so() {
    let stack = Stack::from_environment();
    let admin = stack.new_key("domain-words", "admin").await;
    let link = |slug: &str, url: &str, forwards: bool| json!({"url": url, "slug": slug, "domain": "words.example", "forward_path": forwards});
    let refused =
        stack.call(&admin, Method::POST, "/v1/links", link("docs/start", "https://example.com/", false)).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["errors"][0]["pointer"]),
        (422, &json!("/slug")),
        "{refused:?}"
    );
    let rules = json!({"slugs": {"slashes": true, "characters": "unicode"}});
    let changed = stack.call(&admin, Method::PATCH, "/v1/domains/words.example", rules.clone()).await;
    assert_eq!((changed.status.as_u16(), &changed.json()["slugs"]["slashes"]), (200, &json!(true)), "{changed:?}");

    for (slug, url, forwards) in [
        ("docs", "https://example.com/docs", true),
        ("docs/start", "https://example.com/start", true),
        ("gro\u{308}ße", "https://example.com/size", false),
        ("🎉", "https://example.com/party", false),
    ] {
        let created = stack.call(&admin, Method::POST, "/v1/links", link(slug, url, forwards)).await;
        assert_eq!(created.status, 201, "{created:?}");
        let path = created.header("location").to_owned();
        let read = stack.call(&admin, Method::GET, &path, Value::Null).await;
        assert_eq!((read.status.as_u16(), &read.json()["id"]), (200, &created.json()["id"]), "{path}: {read:?}");
        let qr = path.replace('?', "/qr?");
        assert_eq!(stack.call(&admin, Method::GET, &qr, Value::Null).await.status, 200, "{qr}");
        let stats = path.replace('?', "/stats?");
        assert_eq!(stack.call(&admin, Method::GET, &stats, Value::Null).await.status, 200, "{stats}");
    }
    for (path, location) in [
        ("/docs", "https://example.com/docs"),
        ("/docs/other", "https://example.com/docs/other"),
        ("/docs/start", "https://example.com/start"),
        ("/docs/start/", "https://example.com/start"),
        ("/docs/start/x/y", "https://example.com/start/x/y"),
        ("/gr%C3%B6%C3%9Fe", "https://example.com/size"),
        ("/gro%cc%88%c3%9fe", "https://example.com/size"),
        ("/%F0%9F%8E%89", "https://example.com/party"),
    ] {
        wait_for(&format!("words.example{path} to lead to {location}"), async || {
            let answer = stack.visit_domain("words.example", path).await;
            (answer.status == 302 && answer.header("location") == location).then_some(())
        })
        .await;
    }
    let details = stack.visit_domain("words.example", "/docs/start+").await;
    assert!(details.status == 200 && details.text.contains("https://example.com/start"), "{details:?}");
    for slug in ["раураl", "сосо", "v1/links", "a/../b", "docs/", "a\u{202e}b"] {
        let refused = stack.call(&admin, Method::POST, "/v1/links", link(slug, "https://example.com/", false)).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["errors"][0]["pointer"]),
            (422, &json!("/slug")),
            "{slug}: {refused:?}"
        );
    }

    let file = "url,slug,domain\nhttps://example.com/,a/b,words.example\nhttps://example.com/,сосо,words.example\n"
        .as_bytes()
        .to_vec();
    let import = stack.call(&admin, Method::POST, "/v1/imports", json!({"content_length": file.len()})).await.json();
    assert_eq!(stack.upload(&import, file).await.status, 200);
    let import = stack.finished_import(&admin, import["id"].as_str().unwrap()).await;
    assert_eq!((&import["counts"]["created"], &import["counts"]["invalid"]), (&json!(1), &json!(1)), "{import}");
}
