//! Tests signing in from a browser: sessions by key, sign-in link and token, their end, and requests that other sites forge.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::commands::tool;
use waypost_tests::{Answer, FRONT_DOOR, Stack, wait_for};

const COOKIE: &str = "__Host-waypost_session";
/// What a browser sends with a request of a page of the same origin.
const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");
const FIREFOX: (&str, &str) = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");

/// Signs in as a browser does. Gives the `Cookie` header of later requests, and the session.
async fn sign_in(stack: &Stack, credential: Value) -> (String, Value) {
    let answer = try_to_sign_in(stack, &credential).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let set = answer.header("set-cookie");
    assert!(set.starts_with(&format!("{COOKIE}=wps_")), "{set}");
    assert!(set.contains("; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age="), "{set}");
    (set.split(';').next().unwrap().to_owned(), answer.json())
}

async fn try_to_sign_in(stack: &Stack, credential: &Value) -> Answer {
    stack.browse(Method::POST, "/v1/sessions", credential.clone(), &[OWN, FIREFOX]).await
}

/// Sends a request of the console.
async fn console(stack: &Stack, cookie: &str, method: Method, path: &str, body: Value) -> Answer {
    stack.browse(method, path, body, &[OWN, FIREFOX, ("cookie", cookie)]).await
}

#[tokio::test]
async fn browser_signs_in_works_and_signs_out() {
    let stack = Stack::from_environment();
    let key = stack.new_key("sessions-life", "editor").await;
    let (cookie, session) = sign_in(&stack, json!({"key": key})).await;
    assert_eq!((&session["user_agent"], &session["current"]), (&json!("Firefox on Linux"), &json!(true)));
    let me = console(&stack, &cookie, Method::GET, "/v1/me", Value::Null).await;
    assert_eq!((me.status.as_u16(), &me.json()["session"]["id"]), (200, &session["id"]), "{me:?}");
    let link = json!({"url": "https://example.com/", "slug": "sessions-life"});
    let created = console(&stack, &cookie, Method::POST, "/v1/links", link.clone()).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.json()["created_by"], session["credential_id"]);
    assert_eq!(console(&stack, &cookie, Method::GET, "/v1/keys", Value::Null).await.status, 403);

    // A repeated request gets the first answer, by the same session only.
    let new = json!({"url": "https://example.com/idempotent"});
    let (other, _) = sign_in(&stack, json!({"key": key})).await;
    let once = async |cookie: &str| {
        let headers = [OWN, ("cookie", cookie), ("idempotency-key", "sessions-life")];
        stack.browse(Method::POST, "/v1/links", new.clone(), &headers).await
    };
    let (first, again) = (once(&cookie).await, once(&cookie).await);
    assert_eq!((first.status.as_u16(), first.json()), (201, again.json()), "{again:?}");
    assert_eq!(once(&other).await.status, 422);

    let out = console(&stack, &cookie, Method::DELETE, "/v1/sessions/current", Value::Null).await;
    assert_eq!(out.status, 204, "{out:?}");
    assert!(out.header("set-cookie").starts_with(&format!("{COOKIE}=;")), "{out:?}");
    assert_eq!(console(&stack, &cookie, Method::GET, "/v1/me", Value::Null).await.status, 401);
    assert_eq!(console(&stack, &other, Method::GET, "/v1/me", Value::Null).await.status, 200);
}

#[tokio::test]
async fn session_dies_with_its_key() {
    let stack = Stack::from_environment();
    let admin = stack.new_key("sessions-revoked", "admin").await;
    let made =
        stack.call(&admin, Method::POST, "/v1/keys", json!({"name": "made here", "role": "viewer"})).await.json();
    let (cookie, _) = sign_in(&stack, json!({"key": made["secret"]})).await;
    assert_eq!(console(&stack, &cookie, Method::GET, "/v1/me", Value::Null).await.status, 200);
    let path = format!("/v1/keys/{}", made["key_id"].as_str().unwrap());
    assert_eq!(stack.call(&admin, Method::DELETE, &path, Value::Null).await.status, 204);
    wait_for("the session to be refused", async || {
        let answer = console(&stack, &cookie, Method::GET, "/v1/me", Value::Null).await;
        (answer.status == 401).then_some(())
    })
    .await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let stack = Stack::from_environment();
    let admin = stack.new_key("sessions-list", "admin").await;
    let editor = stack.new_key("sessions-list", "editor").await;
    let (own, _) = sign_in(&stack, json!({"key": admin})).await;
    let (theirs, session) = sign_in(&stack, json!({"key": editor})).await;
    let listed = async |query: &str| {
        let page = console(&stack, &own, Method::GET, &format!("/v1/sessions{query}"), Value::Null).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert!(!page.text.contains("wps_") && !page.text.contains("SESSION#"), "{page:?}");
        page.json()["items"].as_array().unwrap().clone()
    };
    wait_for("the list to have both", async || (listed("?all=true").await.len() == 2).then_some(())).await;
    let mine = listed("").await;
    assert_eq!((mine.len(), &mine[0]["current"]), (1, &json!(true)), "{mine:?}");
    let forbidden = console(&stack, &theirs, Method::GET, "/v1/sessions?all=true", Value::Null).await;
    assert_eq!(forbidden.status, 403, "{forbidden:?}");
    let path = format!("/v1/sessions/{}", session["id"].as_str().unwrap());
    let stranger = stack.new_key("sessions-stranger", "admin").await;
    assert_eq!(stack.call(&stranger, Method::DELETE, &path, Value::Null).await.status, 404);
    assert_eq!(console(&stack, &own, Method::DELETE, &path, Value::Null).await.status, 204);
    assert_eq!(console(&stack, &theirs, Method::GET, "/v1/me", Value::Null).await.status, 401);
}

#[tokio::test]
async fn sign_in_link_works_once() {
    let stack = Stack::from_environment();
    let arguments = ["--workspace", "sessions-link", "--role", "editor", "--url", "https://links.example.com"];
    let printed = tool("sign_in_link", &arguments);
    let code = printed.trim().strip_prefix("https://links.example.com/console/#code=").unwrap().to_owned();
    let (cookie, session) = sign_in(&stack, json!({"code": code})).await;
    assert_eq!((&session["kind"], &session["role"]), (&json!("code"), &json!("editor")));
    let me = console(&stack, &cookie, Method::GET, "/v1/me", Value::Null).await.json();
    assert_eq!(me["workspace"], "sessions-link");
    for wrong in [json!({"code": code}), json!({"code": "wpc_nonsense"}), json!({"key": "wp_nonsense"})] {
        let answer = try_to_sign_in(&stack, &wrong).await;
        assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (401, ""), "{answer:?}");
    }
}

#[tokio::test]
async fn forged_requests_change_nothing() {
    let stack = Stack::from_environment();
    let key = stack.new_key("sessions-forged", "editor").await;
    let (cookie, _) = sign_in(&stack, json!({"key": key})).await;
    let forged = json!({"url": "https://example.com/", "slug": "sessions-forged"});
    let json_type = ("content-type", "application/json");
    for headers in [
        vec![json_type],
        vec![json_type, ("sec-fetch-site", "cross-site")],
        vec![json_type, ("sec-fetch-site", "same-site"), ("origin", "https://go.example.com")],
        vec![json_type, ("origin", "https://evil.example")],
        vec![json_type, ("origin", "null")],
        vec![("content-type", "text/plain"), ("origin", "https://evil.example")],
    ] {
        let headers = [vec![("cookie", cookie.as_str())], headers].concat();
        let answer = stack.browse(Method::POST, "/v1/links", forged.clone(), &headers).await;
        assert_eq!(answer.status, 403, "{headers:?}: {answer:?}");
    }
    let text = [OWN, ("cookie", cookie.as_str()), ("content-type", "text/plain")];
    assert_eq!(stack.browse(Method::POST, "/v1/links", forged.clone(), &text).await.status, 415);
    let absent = stack.call(&key, Method::GET, "/v1/links/sessions-forged", Value::Null).await;
    assert_eq!(absent.status, 404, "{absent:?}");
    // Older browsers send no Sec-Fetch-Site.
    let older = [("cookie", cookie.as_str()), ("origin", "https://go.example.com")];
    assert_eq!(stack.browse(Method::POST, "/v1/links", forged, &older).await.status, 201);
}

#[tokio::test]
async fn guesses_from_one_address_are_limited_and_no_other_address_is() {
    let stack = Stack::from_environment();
    let key = stack.new_key("sessions-guesses", "editor").await;
    let from = async |address: &str, credential: Value| {
        let viewer = ("cloudfront-viewer-address", address);
        stack.browse(Method::POST, "/v1/sessions", credential, &[OWN, FIREFOX, FRONT_DOOR, viewer]).await
    };
    // A window can end among the guesses: then those of the next one count.
    let mut refused = None;
    for number in 0..45 {
        let answer = from("203.0.113.77:443", json!({"key": format!("wp_guess-{number}")})).await;
        if answer.status == 429 {
            refused = Some((number, answer));
            break;
        }
        assert_eq!(answer.status, 401, "{answer:?}");
    }
    let (number, answer) = refused.expect("guesses are limited");
    assert!(number >= 20, "{number}");
    let seconds = answer.header("retry-after").parse::<u32>().unwrap();
    assert!((1..=300).contains(&seconds), "{answer:?}");
    let elsewhere = from("203.0.113.78:443", json!({"key": key})).await;
    assert_eq!(elsewhere.status, 201, "{elsewhere:?}");
}
