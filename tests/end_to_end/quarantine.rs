//! Tests the quarantine: records that cannot be counted are set aside, sent again by `make replay-quarantine`, and counted once.

use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use aws_sdk_s3::primitives::ByteStream;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use waypost_domain::ports::Clock;
use waypost_lambda::system::SystemClock;
use waypost_tests::commands::tool;
use waypost_tests::{Stack, wait_for};

const SLUG: &str = "set-aside";
const MALFORMED: &[u8] = b"\xff no click \xd8\x00";
const BROWSER: (&str, &str) = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");

#[tokio::test]
async fn quarantined_record_is_counted_once_after_repair() {
    let stack = Stack::from_environment();
    let key = stack.new_key(SLUG, "editor").await;
    let link = json!({"url": "https://example.com/", "slug": SLUG});
    let link = stack.call(&key, Method::POST, "/v1/links", link).await.json();
    let click = |number: u8, version: u8| {
        let id = format!("019b0000-0000-7000-8000-0000000000{number:02}");
        json!({
            "version": version, "id": id, "time": SystemClock.now(), "link_id": link["id"],
            "domain": link["domain"], "slug": SLUG, "workspace": SLUG, "user_agent": BROWSER.1, "trigger": "link",
        })
    };
    let of_later_version = json!({"version": 2, "clicked": [click(2, 2)]}).to_string();
    let records = [text(&click(1, 1)), MALFORMED.to_vec(), of_later_version.into_bytes(), text(&click(3, 1))];
    let names = put(&stack, &records).await;

    // The other records of the batch are counted. Two objects, named by shard and sequence number, say what is wrong.
    clicks(&stack, &key, 2).await;
    let (malformed, later) = (object(&stack, &names[1]).await.unwrap(), object(&stack, &names[2]).await.unwrap());
    assert!(malformed["reason"].as_str().unwrap().contains("is not a click"), "{malformed}");
    assert!(later["reason"].as_str().unwrap().contains("version 2"), "{later}");
    for (object, (name, data)) in [&malformed, &later].into_iter().zip(names[1..].iter().zip(&records[1..])) {
        assert_eq!(object["data"], STANDARD.encode(data));
        let [shard, sequence] = ["shard", "sequence"].map(|field| object[field].as_str().unwrap());
        assert_eq!(name, &format!("quarantine/clicks/{shard}/{sequence:0>56}.json"));
    }
    for name in [&names[0], &names[3]] {
        assert_eq!(object(&stack, name).await, None, "{name}");
    }

    // Repair one record by hand. Add another that only an earlier version of the function could not read.
    put_object(&stack, &names[2], &later, &text(&click(2, 1))).await;
    let earlier =
        json!({"shard": "shardId-000000000000", "sequence": "7", "reason": "version 1 of the click is not known here"});
    let name_of_earlier = format!("quarantine/clicks/shardId-000000000000/{:0>56}.json", 7);
    put_object(&stack, &name_of_earlier, &earlier, &text(&click(4, 1))).await;
    tool("replay_quarantine", &[]);
    clicks(&stack, &key, 4).await;
    assert_eq!(object(&stack, &name_of_earlier).await, None);

    // The record that still is not a click comes back under its new sequence number, and only that one.
    let again = wait_for("the malformed record to come back", async || came_back(&stack, &names).await).await;
    tool("replay_quarantine", &[]);
    let known = [names, vec![again]].concat();
    wait_for("the malformed record to come back once more", async || came_back(&stack, &known).await).await;
    // This click is behind all others in the shard. Once it is counted, a record that was sent twice is counted too.
    assert_eq!(stack.visit(Method::GET, &format!("/{SLUG}"), &[BROWSER]).await.status, 302);
    clicks(&stack, &key, 5).await;
}

fn text(click: &Value) -> Vec<u8> {
    click.to_string().into_bytes()
}

/// Puts records into one shard, in this order. Gives the names that they would have in the quarantine.
async fn put(stack: &Stack, records: &[Vec<u8>]) -> Vec<String> {
    let entry = |data: &Vec<u8>| PutRecordsRequestEntry::builder().data(Blob::new(data.clone())).partition_key(SLUG);
    let entries = records.iter().map(|data| entry(data).build().unwrap()).collect();
    let answer =
        stack.kinesis.put_records().stream_name(&stack.stream).set_records(Some(entries)).send().await.unwrap();
    let name = |(shard, sequence): (&str, &str)| format!("quarantine/clicks/{shard}/{sequence:0>56}.json");
    answer.records().iter().map(|put| name((put.shard_id().unwrap(), put.sequence_number().unwrap()))).collect()
}

/// Waits until the link has `expected` clicks. Fails if it has more.
async fn clicks(stack: &Stack, key: &str, expected: u64) {
    wait_for(&format!("{expected} clicks"), async || {
        let stats = stack.call(key, Method::GET, &format!("/v1/links/{SLUG}/stats"), Value::Null).await.json();
        let clicks = stats["all_time"]["clicks"].as_u64().unwrap();
        assert!(clicks <= expected, "{stats}");
        (clicks == expected).then_some(())
    })
    .await;
}

async fn object(stack: &Stack, name: &str) -> Option<Value> {
    let found = stack.s3.get_object().bucket(&stack.bucket).key(name).send().await.ok()?;
    Some(serde_json::from_slice(&found.body.collect().await.unwrap().into_bytes()).unwrap())
}

/// Writes an object of the quarantine with other data.
async fn put_object(stack: &Stack, name: &str, object: &Value, data: &[u8]) {
    let mut object = object.clone();
    object["data"] = json!(STANDARD.encode(data));
    let body = ByteStream::from(object.to_string().into_bytes());
    stack.s3.put_object().bucket(&stack.bucket).key(name).body(body).send().await.unwrap();
}

/// Finds an object of the malformed record whose name is not in `known`.
async fn came_back(stack: &Stack, known: &[String]) -> Option<String> {
    let listed = stack.s3.list_objects_v2().bucket(&stack.bucket).prefix("quarantine/clicks/").send().await.unwrap();
    for name in listed.contents().iter().map(|object| object.key().unwrap().to_owned()) {
        if !known.contains(&name)
            && object(stack, &name).await.is_some_and(|object| object["data"] == STANDARD.encode(MALFORMED))
        {
            return Some(name);
        }
    }
    None
}
