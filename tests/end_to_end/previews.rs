//! Tests what visitors learn of a link before they follow it, and what previews in chats show.

use reqwest::Method;
use serde_json::json;
use waypost_tests::Stack;

const SLACKBOT: (&str, &str) = ("user-agent", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)");
const BROWSER: (&str, &str) = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");

#[tokio::test]
async fn plus_shows_the_target_of_an_open_link() {
    let stack = Stack::from_environment();
    for (slug, settings, status, tells) in [
        ("plus-open", json!({}), 200, true),
        ("plus-locked", json!({"password": "a secret"}), 200, false),
        ("plus-early", json!({"starts_at": "2099-01-01T00:00:00Z"}), 404, false),
        ("plus-archived", json!({"archived": true}), 404, false),
        (
            "plus-ended",
            json!({"expires_at": "2020-01-01T00:00:00Z", "expired_url": "https://example.com/late"}),
            410,
            false,
        ),
    ] {
        let mut body = json!({"url": "https://example.com/hidden?a=1&b=2", "slug": slug, "title": "The owner's", "preview": {"title": "A <title>"}});
        body.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let created = stack.call(&stack.key, Method::POST, "/v1/links", body).await;
        assert_eq!(created.status, 201, "{slug}: {created:?}");
        let answer = stack.visit(Method::GET, &format!("/{slug}+"), &[BROWSER, ("accept", "text/html")]).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (status, ""), "{slug}");
        assert_eq!(answer.text.contains("https://example.com/hidden?a=1&amp;b=2"), tells, "{slug}: {answer:?}");
        assert_eq!(answer.text.contains("A &lt;title&gt;"), tells, "{slug}");
        assert!(!answer.text.contains("owner"), "{slug}: that title is for the owner");
        assert_eq!(answer.header("x-robots-tag"), "noindex", "{slug}");
    }
}

#[tokio::test]
async fn chats_show_the_owners_preview() {
    let stack = Stack::from_environment();
    let preview = json!({"title": "Own title", "description": "Own text", "image": "https://example.com/a.png"});
    let body = json!({"url": "https://example.com/shared", "slug": "shared", "preview": preview});
    let created = stack.call(&stack.key, Method::POST, "/v1/links", body).await;
    assert_eq!((created.status.as_u16(), &created.json()["preview"]), (201, &preview));
    let card = stack.visit(Method::GET, "/shared", &[SLACKBOT]).await;
    assert!(card.status == 200 && card.text.contains("property=\"og:title\" content=\"Own title\""), "{card:?}");
    let person = stack.visit(Method::GET, "/shared", &[BROWSER]).await;
    assert_eq!((person.status.as_u16(), person.header("location")), (302, "https://example.com/shared"));
    let patch = json!({"preview": {"title": null, "image": null}});
    let changed = stack.call(&stack.key, Method::PATCH, "/v1/links/shared", patch).await;
    assert_eq!(changed.json()["preview"], json!({"description": "Own text"}), "{changed:?}");
    let removed = stack.call(&stack.key, Method::PATCH, "/v1/links/shared", json!({"preview": null})).await;
    assert_eq!((removed.status.as_u16(), &removed.json()["preview"]), (200, &json!(null)));
}
