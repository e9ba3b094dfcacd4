//! Tests that a stack without a key of Google Web Risk asks nobody about targets, and says so.

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::Stack;

const WORKSPACE: &str = "unsafe-targets";

#[tokio::test]
async fn stack_without_a_key_refuses_no_target_and_says_that_it_asks_nobody() {
    let stack = Stack::from_environment();
    let admin = stack.new_key(WORKSPACE, "admin").await;
    let me = stack.call(&admin, Method::GET, "/v1/me", Value::Null).await.json();
    assert_eq!(me["features"]["unsafe_targets"], json!(false), "{me}");
    // Google's own page for tests, which every list of it has.
    let url = "http://testsafebrowsing.appspot.com/s/malware.html";
    let made = stack.call(&admin, Method::POST, "/v1/links", json!({"slug": "unsafe-made", "url": url})).await;
    assert_eq!((made.status.as_u16(), &made.json()["target_check"]), (201, &Value::Null), "{made:?}");
}
