//! Tests the archive of raw clicks: it holds each click once and no personal data, and a rebuild gives the same numbers.

use std::collections::BTreeMap;
use std::io::Read;

use aws_sdk_dynamodb::types::AttributeValue;
use flate2::read::GzDecoder;
use reqwest::Method;
use serde_json::{Value, json};
use waypost_domain::analytics::ingest::archive::ArchiveKey;
use waypost_tests::commands::tool;
use waypost_tests::{Stack, wait_for};

const WORKSPACE: &str = "archive";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const GOOGLEBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
/// Parts of requests that no object of the archive may hold.
const PRIVATE: [&str; 4] = ["198.51.100.", "2001:db8::", "/private/page", "token="];

#[tokio::test]
async fn archived_clicks_rebuild_the_same_statistics() {
    let stack = Stack::from_environment();
    let key = stack.new_key(WORKSPACE, "editor").await;
    for slug in ["archive-a", "archive-b"] {
        let link = json!({"url": "https://example.com/", "slug": slug});
        assert_eq!(stack.call(&key, Method::POST, "/v1/links", link).await.status, 201);
        for path in ["", "?qr=1", "?utm_source=letter&token=4711"] {
            click(&stack, &format!("/{slug}{path}"), FIREFOX, "198.51.100.7").await;
        }
        click(&stack, &format!("/{slug}"), FIREFOX, "2001:db8::7").await;
        click(&stack, &format!("/{slug}"), GOOGLEBOT, "198.51.100.8").await;
        counted(&stack, &key, slug, 4, 1).await;
    }

    let clicks = archived(&stack).await;
    assert_eq!(clicks.len(), 10);
    let ids: BTreeMap<&str, usize> = clicks.values().fold(BTreeMap::new(), |mut ids, click| {
        *ids.entry(click["id"].as_str().unwrap()).or_default() += 1;
        ids
    });
    assert!(ids.values().all(|times| *times == 1), "{ids:?}");
    let of = |name: &str, value: &str| clicks.values().filter(|click| click[name] == value).count();
    assert_eq!((of("slug", "archive-a"), of("trigger", "qr"), of("referrer", "news.example.org")), (5, 2, 10));

    rebuild_leads_to_the_same_items(&stack).await;
}

async fn click(stack: &Stack, path: &str, agent: &str, address: &str) {
    let headers = [
        ("user-agent", agent),
        ("x-forwarded-for", address),
        ("referer", "https://news.example.org/private/page?token=1"),
    ];
    assert_eq!(stack.visit(Method::GET, path, &headers).await.status, 302, "{path}");
}

/// Waits until the link's totals, which are written last, have these clicks.
async fn counted(stack: &Stack, key: &str, slug: &str, clicks: u64, bots: u64) {
    wait_for(&format!("{clicks} clicks of {slug}"), async || {
        let stats = stack.call(key, Method::GET, &format!("/v1/links/{slug}/stats"), Value::Null).await.json();
        let all = &stats["all_time"];
        (all["clicks"] == clicks && all["bots"] == bots).then_some(())
    })
    .await;
}

/// Reads the workspace's clicks from the archive, by shard and sequence number. Checks the name and the content of every object.
/// Two objects may hold the same record if they agree on it.
async fn archived(stack: &Stack) -> BTreeMap<(String, String), Value> {
    let mut clicks = BTreeMap::new();
    let mut pages = stack.s3.list_objects_v2().bucket(&stack.bucket).prefix("clicks/").into_paginator().send();
    while let Some(page) = pages.next().await {
        for object in page.unwrap().contents() {
            let name = object.key().unwrap();
            for line in lines(stack, name).await {
                check_place(name, &line);
                let place = (line["shard"].as_str().unwrap().to_owned(), line["sequence"].as_str().unwrap().to_owned());
                if line["click"]["workspace"] == WORKSPACE {
                    let earlier = clicks.insert(place, line["click"].clone());
                    assert!(earlier.is_none_or(|earlier| earlier == line["click"]), "{line}");
                }
            }
        }
    }
    clicks
}

/// Reads the lines of an object. Checks that it is compressed and holds nothing private.
async fn lines(stack: &Stack, name: &str) -> Vec<Value> {
    let object = stack.s3.get_object().bucket(&stack.bucket).key(name).send().await.unwrap();
    // With a Content-Encoding, clients would unpack the object, and readers that go by its name (.gz) would fail.
    assert_eq!((object.content_type(), object.content_encoding()), (Some("application/gzip"), None), "{name}");
    let body = object.body.collect().await.unwrap().to_vec();
    let mut text = String::new();
    GzDecoder::new(body.as_slice()).read_to_string(&mut text).unwrap();
    for private in PRIVATE {
        assert!(!text.contains(private), "{private} is in {name}");
    }
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Checks that the object's name has the hour, the shard and the range of sequence numbers of its records.
fn check_place(name: &str, line: &Value) {
    let key = ArchiveKey::parse(name).unwrap_or_else(|| panic!("{name} is not a name in the archive"));
    let arrived_at = line["arrived_at"].as_str().unwrap();
    let folder = format!("clicks/dt={}/hour={}/", &arrived_at[..10], &arrived_at[11..13]);
    assert!(name.starts_with(&folder), "{name}: {line}");
    let sequence = line["sequence"].as_str().unwrap();
    assert!(line["shard"] == key.shard.as_str() && sequence.len() == 56, "{name}: {line}");
    assert!(key.first.as_str() <= sequence && sequence <= key.last.as_str(), "{name}: {line}");
}

async fn rebuild_leads_to_the_same_items(stack: &Stack) {
    let table = format!("{}-again", stack.stats_table);
    let counted = items(stack, &stack.stats_table).await;
    // A day, an hour and a total for each link, and the workspace's day. At midnight there are more.
    assert!(counted.len() >= 7, "{:?}", counted.keys());
    // The second run finds nothing left to do.
    for _ in 0..2 {
        tool("rebuild_stats", &["--table", &table]);
        assert_eq!(items(stack, &table).await, counted);
    }
}

/// Reads the workspace's items of a table, by their keys.
async fn items(stack: &Stack, table: &str) -> BTreeMap<String, Vec<(String, String)>> {
    let scan = stack.dynamo.scan().table_name(table).consistent_read(true).filter_expression("begins_with(pk, :pk)");
    let scan = scan.expression_attribute_values(":pk", AttributeValue::S(format!("WS#{WORKSPACE}")));
    let found: Vec<_> = scan.into_paginator().items().send().collect::<Result<_, _>>().await.unwrap();
    let of_workspace = found.into_iter().filter(|item| {
        let pk = item["pk"].as_s().unwrap();
        pk == &format!("WS#{WORKSPACE}") || pk.starts_with(&format!("WS#{WORKSPACE}#"))
    });
    of_workspace
        .map(|item| {
            let name = format!("{} {}", item["pk"].as_s().unwrap(), item["sk"].as_s().unwrap());
            // Sort, so that items can be compared.
            let mut attributes: Vec<_> = item.iter().map(|(name, value)| (name.clone(), plain(value))).collect();
            attributes.sort();
            (name, attributes)
        })
        .collect()
}

/// Writes a value as text, with the keys of maps in order.
fn plain(value: &AttributeValue) -> String {
    match value {
        AttributeValue::M(map) => {
            let sorted: BTreeMap<_, _> = map.iter().map(|(name, value)| (name, plain(value))).collect();
            format!("{sorted:?}")
        }
        value => format!("{value:?}"),
    }
}
