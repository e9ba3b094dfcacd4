//! Measures how fast the stack imports rows, beside a bare loop that sends the same statements to the same local AWS.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{AttributeValue, BatchStatementRequest};
use futures::stream::{self, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use waypost_domain::Timestamp;
use waypost_tests::Stack;

/// How many rows each of the two writes.
const ROWS: usize = 5_000;
/// How many statements a request has, and how many requests are on their way: as the loader does it.
const BATCH: usize = 25;
const CONCURRENCY: usize = 32;

type Item = HashMap<String, AttributeValue>;

/// Imports a file of [`ROWS`] rows. Returns the seconds from its arrival to the end of the import.
///
/// The file is one JSON document, so it is one part although the stack of the tests has small parts, and is loaded as a small
/// file is on a stack of one's own.
async fn import(stack: &Stack, key: &str) -> f64 {
    let row = |n| {
        let url = format!("https://www.example.com/articles/{n:010}/read?utm_source=x");
        json!({"url": url, "slug": slug("imported", n), "title": format!("Article {n:010}"), "tags": ["news", "moved"]})
    };
    let file = Value::from_iter((0..ROWS).map(row)).to_string();
    let asked = json!({"content_length": file.len()});
    let import = stack.call(key, Method::POST, "/v1/imports", asked).await.json();
    assert_eq!(stack.upload(&import, file.into_bytes()).await.status, 200);
    let done = stack.finished_import(key, import["id"].as_str().unwrap()).await;
    assert_eq!((&done["status"], &done["counts"]["created"]), (&json!("succeeded"), &json!(ROWS)), "{done}");
    let at = |field: &str| Timestamp::parse(done[field].as_str().unwrap()).unwrap().as_millis();
    Duration::from_millis(u64::try_from(at("finished_at") - at("started_at")).unwrap()).as_secs_f64()
}

fn slug(kind: &str, row: usize) -> String {
    format!("speed-{kind}-{row:06}")
}

/// Reads the item that the import wrote for its first row.
async fn first_item(stack: &Stack, key: &str) -> Item {
    let link = stack.call(key, Method::GET, &format!("/v1/links/{}", slug("imported", 0)), Value::Null).await.json();
    let address = format!("LINK#{}#{}", link["domain"].as_str().unwrap(), slug("imported", 0));
    let read = stack.dynamo.get_item().table_name(&stack.links_table).key("pk", AttributeValue::S(address));
    read.key("sk", AttributeValue::S("LINK".to_owned())).send().await.unwrap().item.unwrap()
}

/// Makes the statement that inserts a copy of `first` as row `row`.
fn statement(table: &str, first: &Item, row: usize) -> BatchStatementRequest {
    let renamed = |value: &AttributeValue| match value {
        AttributeValue::S(text) => AttributeValue::S(text.replace(&slug("imported", 0), &slug("looped", row))),
        other => other.clone(),
    };
    let (names, values): (Vec<String>, Vec<AttributeValue>) =
        first.iter().map(|(name, value)| (format!("'{name}': ?"), renamed(value))).unzip();
    let statement = format!("INSERT INTO \"{table}\" VALUE {{{}}}", names.join(", "));
    BatchStatementRequest::builder().statement(statement).set_parameters(Some(values)).build().unwrap()
}

/// Sends the statements for [`ROWS`] copies of `first`. Returns the seconds that it takes.
async fn bare_loop(stack: &Stack, first: &Item) -> f64 {
    let all: Vec<BatchStatementRequest> = (0..ROWS).map(|row| statement(&stack.links_table, first, row)).collect();
    let requests = all.chunks(BATCH).map(|batch| {
        let send = stack.dynamo.batch_execute_statement().set_statements(Some(batch.to_vec())).send();
        async move {
            let answers = send.await.unwrap().responses.unwrap_or_default();
            assert!(answers.iter().all(|answer| answer.error.is_none()), "{answers:?}");
        }
    });
    let begin = Instant::now();
    stream::iter(requests).buffer_unordered(CONCURRENCY).collect::<Vec<()>>().await;
    begin.elapsed().as_secs_f64()
}

/// Writes both figures to `target/bench/import_speed.json` for `make bench`. A slow import does not fail the test.
#[tokio::test]
async fn import_is_timed_beside_a_bare_loop() {
    let stack = Stack::from_environment();
    let key = stack.new_key("import-speed", "editor").await;
    let imported = import(&stack, &key).await;
    let looped = bare_loop(&stack, &first_item(&stack, &key).await).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("target/bench");
    std::fs::create_dir_all(&folder).unwrap();
    let figures = json!({"rows": ROWS, "import_seconds": imported, "bare_loop_seconds": looped});
    std::fs::write(folder.join("import_speed.json"), figures.to_string()).unwrap();
}
