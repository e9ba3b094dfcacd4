//! Tests files that are shared: made with their links, asked for by many at once, large, and at their end.

use std::collections::HashSet;
use std::time::SystemTime;

use futures::stream::{self, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use waypost_domain::Timestamp;
use waypost_tests::{Answer, Stack, wait_for};

use crate::files::{announce, download, inspected, path};

const MIB: usize = 1024 * 1024;
/// How many visitors come at once: the local AWS takes no more on a small machine.
const AT_ONCE: usize = 20;

#[tokio::test]
async fn link_is_made_with_its_file_or_neither_is() {
    let stack = Stack::from_environment();
    let key = stack.new_key("files-linked", "editor").await;
    let new = json!({"name": "plan.txt", "size": 5, "link": {"slug": "plan-file", "max_clicks": 1, "tags": ["plans"]}});
    let sent = [("idempotency-key", "plan")];
    let first = stack.call_with_headers(&key, Method::POST, "/v1/files", new.clone(), &sent).await;
    assert_eq!(first.status, 201, "{first:?}");
    let again = stack.call_with_headers(&key, Method::POST, "/v1/files", new.clone(), &sent).await;
    let file = first.json();
    assert_eq!(again.json(), file);
    assert_eq!((&file["link"]["slug"], &file["link"]["url"]), (&json!("plan-file"), &file["target"]));
    let refused = stack.call(&key, Method::POST, "/v1/files", new).await;
    assert_eq!(refused.status, 409, "{refused:?}");
    let wrong = json!({"name": "a", "size": 1, "link": {"url": "https://example.com/"}});
    let wrong = stack.call(&key, Method::POST, "/v1/files", wrong).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["errors"][0]["pointer"]), (422, &json!("/link/url")), "{wrong:?}");
    let all = stack.call(&key, Method::GET, "/v1/files", Value::Null).await.json();
    assert_eq!(all["items"].as_array().unwrap().len(), 1, "what was refused left no file: {all}");
    assert_eq!(stack.upload(&file, b"hello".to_vec()).await.status, 200);
    inspected(&stack, &key, &file).await;
    let answer = wait_for("the link leads to the file", async || {
        let answer = stack.visit(Method::GET, "/plan-file", &[]).await;
        (answer.status == 302).then_some(answer)
    })
    .await;
    assert_eq!(stack.get(answer.header("location")).await.text, "hello");
    assert_eq!(stack.visit(Method::GET, "/plan-file", &[]).await.status, 410);
}

#[tokio::test]
async fn one_of_two_hundred_visitors_gets_a_file_for_one() {
    let stack = Stack::from_environment();
    let key = stack.new_key("files-crowd", "editor").await;
    for (slug, password) in [("crowded-file", None), ("crowded-locked-file", Some("secret"))] {
        let link = json!({"slug": slug, "max_clicks": 1, "password": password});
        let file = announce(&stack, &key, json!({"name": "one.txt", "size": 5, "link": link})).await;
        assert_eq!(stack.upload(&file, b"hello".to_vec()).await.status, 200);
        assert_eq!(inspected(&stack, &key, &file).await["status"], "ready");
        let path = format!("/{slug}");
        // Each right password costs a whole hash, and passwords are tried so often only.
        let visitors = if password.is_some() { 5 } else { 200 };
        let visits = (0..visitors).map(|_| async {
            wait_for("an answer to a visitor", async || {
                let answer = match password {
                    Some(_) => stack.submit(&path, "password=secret").await,
                    None => stack.visit(Method::GET, &path, &[("user-agent", "curl/8.5.0")]).await,
                };
                (answer.status != 503).then_some(answer)
            })
            .await
        });
        let answers: Vec<Answer> = stream::iter(visits).buffer_unordered(AT_ONCE).collect().await;
        let led: HashSet<&str> =
            answers.iter().map(|answer| answer.header("location")).filter(|url| !url.is_empty()).collect();
        assert_eq!(led.len(), 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
        let refused = answers.iter().filter(|answer| answer.status == 410).count();
        assert_eq!(refused, visitors - 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
        assert_eq!(stack.get(led.into_iter().next().unwrap()).await.text, "hello");
    }
}

/// The first client dies in the middle of its second part; another one, which knows the id only, sends the rest.
#[tokio::test]
async fn two_hundred_megabytes_survive_the_death_of_their_client() {
    let stack = Stack::from_environment();
    let key = stack.new_key("files-large", "editor").await;
    let size = 200 * MIB;
    let file = announce(&stack, &key, json!({"name": "large.bin", "size": size})).await;
    assert_eq!((&file["upload"], &file["parts"]["count"]), (&Value::Null, &json!(25)));
    let parts = async || {
        let page = stack.call(&key, Method::GET, &format!("{}/parts?limit=100", path(&file)), Value::Null).await;
        let items = page.json()["items"].as_array().unwrap().clone();
        items.into_iter().filter(|part| part["upload"].is_object()).collect::<Vec<Value>>()
    };
    let content = |part: &Value| {
        let number = u8::try_from(part["number"].as_u64().unwrap()).unwrap();
        vec![b'a' + number - 1; usize::try_from(part["size"].as_u64().unwrap()).unwrap()]
    };
    let first = parts().await;
    assert_eq!(first.len(), 25);
    assert_eq!(stack.upload(&first[6], content(&first[6])).await.status, 200);
    let mut half = content(&first[7]);
    half.truncate(half.len() / 2);
    assert_ne!(stack.upload(&first[7], half).await.status, 200, "half of a part is none");
    // A part that is sent again is the same part.
    assert_eq!(stack.upload(&first[6], content(&first[6])).await.status, 200);
    let rest = parts().await;
    assert_eq!(rest.len(), 24);
    for part in &rest {
        assert_eq!(stack.upload(part, content(part)).await.status, 200, "{}", part["number"]);
    }
    assert_eq!(inspected(&stack, &key, &file).await["status"], "ready");
    let read = stack.call(&key, Method::GET, &path(&file), Value::Null).await.json();
    let url = read["url"].as_str().unwrap();
    let eighth = 8 * MIB;
    for (range, expected) in [
        (format!("bytes=0-{}", 9), "aaaaaaaaaa"),
        (format!("bytes={}-{}", 7 * eighth - 2, 7 * eighth + 1), "gghh"),
        (format!("bytes={}-", size - 3), "yyy"),
    ] {
        let got = stack.send_to(Method::GET, url, &[("range", &range)]).await;
        assert_eq!((got.status.as_u16(), got.text.as_str()), (206, expected), "{range}");
    }
    assert_eq!(stack.call(&key, Method::DELETE, &path(&file), Value::Null).await.status, 204);
}

#[tokio::test]
async fn url_of_a_download_ends_with_the_file() {
    let stack = Stack::from_environment();
    let key = stack.new_key("files-ending", "editor").await;
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let now = Timestamp::from_millis(i64::try_from(since_1970).unwrap()).unwrap();
    // The local AWS takes seconds for a request while other tests keep it busy.
    let end = now.plus_seconds(20).to_string();
    let file = announce(&stack, &key, json!({"name": "a.txt", "size": 5, "expires_at": end})).await;
    assert_eq!(stack.upload(&file, b"hello".to_vec()).await.status, 200);
    assert_eq!(inspected(&stack, &key, &file).await["status"], "ready");
    let read = stack.call(&key, Method::GET, &path(&file), Value::Null).await.json();
    let url = read["url"].as_str().unwrap();
    wait_for("the end of a URL", async || (stack.get(url).await.status == 403).then_some(())).await;
    let read = stack.call(&key, Method::GET, &path(&file), Value::Null).await;
    assert_eq!((read.status.as_u16(), &read.json()["url"]), (200, &Value::Null), "{read:?}");
}

/// Whoever has begun to download gets all of it or an error, and nobody begins afterwards.
#[tokio::test]
async fn deletion_while_somebody_downloads_gives_all_or_an_error() {
    let stack = Stack::from_environment();
    let key = stack.new_key("files-racing", "editor").await;
    let bytes = vec![b'x'; 20 * MIB];
    let file = announce(&stack, &key, json!({"name": "a.bin", "size": bytes.len()})).await;
    assert_eq!(stack.upload(&file, bytes.clone()).await.status, 200);
    assert_eq!(inspected(&stack, &key, &file).await["status"], "ready");
    let read = stack.call(&key, Method::GET, &path(&file), Value::Null).await.json();
    let url = read["url"].as_str().unwrap();
    let client = reqwest::Client::new();
    let mut download = client.get(url).send().await.unwrap();
    assert_eq!(download.status(), 200);
    let mut got = download.chunk().await.unwrap().unwrap().len();
    assert_eq!(stack.call(&key, Method::DELETE, &path(&file), Value::Null).await.status, 204);
    let end = loop {
        match download.chunk().await {
            Ok(Some(chunk)) => got += chunk.len(),
            Ok(None) => break Ok(got),
            Err(error) => break Err(error),
        }
    };
    assert!(!matches!(end, Ok(length) if length != bytes.len()), "a part was taken for the whole: {end:?}");
    assert_eq!(stack.get(url).await.status, 404);
}

#[tokio::test]
async fn object_of_the_operator_becomes_a_file_and_stays() {
    let stack = Stack::from_environment();
    let (key, other) =
        (stack.new_key("files-adopted", "editor").await, stack.new_key("files-not-adopted", "editor").await);
    let object = "adopt/files-adopted/2026/a film.txt";
    let put = stack.s3.put_object().bucket(&stack.bucket).key(object).body(b"hello".to_vec().into());
    put.send().await.unwrap();
    let new = json!({"object": "2026/a film.txt", "content_type": "text/plain"});
    let refused = stack.call(&other, Method::POST, "/v1/file-adoptions", new.clone()).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["errors"][0]["pointer"]),
        (422, &json!("/object")),
        "{refused:?}"
    );
    let answer = stack.call(&key, Method::POST, "/v1/file-adoptions", new).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let file = answer.json();
    assert_eq!((&file["status"], &file["name"], &file["size"]), (&json!("ready"), &json!("a film.txt"), &json!(5)));
    assert_eq!(download(&stack, &key, &file).await.text, "hello");
    let link = json!({"url": file["target"], "slug": "adopted-file"});
    assert_eq!(stack.call(&key, Method::POST, "/v1/links", link).await.status, 201);
    let answer = stack.visit(Method::GET, "/adopted-file", &[]).await;
    let got = stack.get(answer.header("location")).await;
    assert_eq!((got.text.as_str(), got.header("content-type")), ("hello", "text/plain; charset=utf-8"), "{answer:?}");
    assert_eq!(stack.call(&key, Method::DELETE, &path(&file), Value::Null).await.status, 204);
    let head = stack.s3.head_object().bucket(&stack.bucket).key(object).send().await;
    assert!(head.is_ok(), "{head:?}");
}
