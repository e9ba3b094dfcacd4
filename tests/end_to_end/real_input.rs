//! Imports a list of real links, follows them with real user agents, and expects exactly those clicks in the statistics.

use std::collections::{BTreeMap, HashMap, HashSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::stream::{self, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{FRONT_DOOR, Stack, wait_for};

const FILE: &[u8] = include_bytes!("../data/public-apis.csv");
const USER_AGENTS: &str = include_str!("../data/user-agents.tsv");
const VISITS: usize = 300;
const WORKSPACE: &str = "real-input";

/// The expected result of the import. Each row is a link, unless an earlier row has its slug.
struct Expected {
    /// The targets by slug, of the rows that have one.
    by_slug: HashMap<String, String>,
    rows: usize,
    conflicting: usize,
    unchanged: usize,
}

fn expected() -> Expected {
    let mut expected = Expected { by_slug: HashMap::new(), rows: 0, conflicting: 0, unchanged: 0 };
    for row in csv::Reader::from_reader(FILE).deserialize::<HashMap<String, String>>() {
        let row = row.unwrap();
        expected.rows += 1;
        let (slug, url) = (row["slug"].clone(), row["url"].clone());
        if slug.is_empty() {
            continue;
        }
        match expected.by_slug.get(&slug) {
            None => {
                expected.by_slug.insert(slug, url);
            }
            Some(known) if *known == url => expected.unchanged += 1,
            Some(_) => expected.conflicting += 1,
        }
    }
    expected
}

#[tokio::test]
async fn real_links_are_counted_exactly_once() {
    let stack = Stack::from_environment();
    let key = stack.new_key(WORKSPACE, "admin").await;
    let expected = expected();

    let import = load(&stack, &key, &expected).await;
    let clicks = follow(&stack, &expected).await;
    let stats = counted(&stack, &key, &clicks).await;

    deliver_the_file_again(&stack, &key, &import).await;
    deliver_the_clicks_again(&stack).await;
    assert_eq!(counted(&stack, &key, &clicks).await, stats, "delivering the clicks again changed the statistics");
}

/// Uploads the file through a presigned URL, and compares the result with the expected one.
async fn load(stack: &Stack, key: &str, expected: &Expected) -> Value {
    let asked = json!({"content_length": FILE.len(), "filename": "public-apis.csv"});
    let created = stack.call(key, Method::POST, "/v1/imports", asked).await;
    assert_eq!(created.status, 201, "{created:?}");
    let import = created.json();
    assert_eq!(import["status"], "awaiting_upload");

    let mut longer = FILE.to_vec();
    longer.push(b'\n');
    let refused = stack.upload(&import, longer).await;
    assert_eq!(refused.status, 403, "S3 took an upload of another length than announced: {refused:?}");
    let taken = stack.upload(&import, FILE.to_vec()).await;
    assert_eq!(taken.status, 200, "{taken:?}");

    let id = import["id"].as_str().unwrap();
    let done = stack.finished_import(key, id).await;
    let created = expected.rows - expected.conflicting - expected.unchanged;
    assert_eq!(done["counts"]["read"], expected.rows, "{done}");
    assert_eq!(done["counts"]["created"], created, "{done}");
    assert_eq!(done["counts"]["unchanged"], expected.unchanged, "{done}");
    assert_eq!(done["counts"]["conflicting"], expected.conflicting, "{done}");
    assert_eq!(done["counts"]["invalid"], 0, "{done}");
    assert_eq!(slugs(stack, key).await.len(), created);
    done
}

/// Lists the slugs of all links of the workspace, page by page.
async fn slugs(stack: &Stack, key: &str) -> HashSet<String> {
    let (mut slugs, mut cursor) = (HashSet::new(), String::new());
    loop {
        let page = stack.call(key, Method::GET, &format!("/v1/links?limit=100{cursor}"), Value::Null).await.json();
        for link in page["items"].as_array().unwrap() {
            assert!(slugs.insert(link["slug"].as_str().unwrap().to_owned()), "{link} is listed twice");
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return slugs,
        }
    }
}

/// The clicks of people and of bots, by slug.
type Clicks = BTreeMap<String, (u64, u64)>;

/// Follows [`VISITS`] links, and the first of them 20 more times, with real user agents in turn.
async fn follow(stack: &Stack, expected: &Expected) -> Clicks {
    let mut slugs: Vec<&String> = expected.by_slug.keys().collect();
    slugs.sort();
    let agents: Vec<(bool, &str)> = USER_AGENTS
        .lines()
        .map(|line| line.split_once('\t').unwrap())
        .map(|(kind, text)| (kind == "bot", text))
        .collect();
    let visits: Vec<(&str, bool, &str)> = (0..VISITS)
        .map(|n| (slugs[n].as_str(), agents[n % agents.len()]))
        .chain((0..20).map(|n| (slugs[0].as_str(), agents[n % agents.len()])))
        .map(|(slug, (bot, agent))| (slug, bot, agent))
        .collect();
    stream::iter(&visits)
        .for_each_concurrent(8, async |(slug, _, agent)| {
            let headers =
                [("user-agent", *agent), ("accept", "text/html"), ("cloudfront-viewer-country", "CH"), FRONT_DOOR];
            let answer = stack.visit(Method::GET, &format!("/{slug}"), &headers).await;
            assert_eq!(answer.status, 302, "{slug}: {answer:?}");
            assert_eq!(answer.header("location"), normal(&expected.by_slug[*slug]), "{slug}");
        })
        .await;
    let mut clicks = Clicks::new();
    for (slug, bot, _) in visits {
        let count = clicks.entry(slug.to_owned()).or_default();
        if bot {
            count.1 += 1;
        } else {
            count.0 += 1;
        }
    }
    clicks
}

/// Normalises a target as the redirect does. In this file that only lowers the host and adds a missing path.
fn normal(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = (rest[..end].to_lowercase(), &rest[end..]);
    if path.starts_with('/') { format!("{scheme}://{host}{path}") } else { format!("{scheme}://{host}/{path}") }
}

/// Waits until the statistics have `clicks`, and checks that they have nothing else. Gives them by slug.
async fn counted(stack: &Stack, key: &str, clicks: &Clicks) -> BTreeMap<String, Value> {
    let all: Vec<(String, Value)> = stream::iter(clicks)
        .map(async |(slug, wanted)| {
            let path = format!("/v1/links/{slug}/stats?group_by=all");
            let stats = wait_for(&format!("{} and {} clicks on {slug}", wanted.0, wanted.1), async || {
                let stats = stack.call(key, Method::GET, &path, Value::Null).await.json();
                let seen = (stats["totals"]["clicks"].as_u64()?, stats["totals"]["bots"].as_u64()?);
                assert!(seen.0 <= wanted.0 && seen.1 <= wanted.1, "{slug} has too many clicks: {stats}");
                // The total is written after the days.
                let all_time = (stats["all_time"]["clicks"].as_u64()?, stats["all_time"]["bots"].as_u64()?);
                (seen == *wanted && all_time == *wanted).then_some(stats)
            })
            .await;
            let days: u64 =
                stats["series"]["items"].as_array().unwrap().iter().map(|day| day["clicks"].as_u64().unwrap()).sum();
            assert_eq!(days, wanted.0, "the days of {slug} do not add up: {stats}");
            if wanted.0 > 0 {
                assert_eq!(
                    stats["top"]["country"]["items"],
                    json!([{"value": "CH", "clicks": wanted.0, "error": 0}]),
                    "{slug}"
                );
            }
            (slug.clone(), stats)
        })
        .buffer_unordered(8)
        .collect()
        .await;
    all.into_iter().collect()
}

/// Sends `load-import` the event of the upload again. Neither the import nor a link may change.
async fn deliver_the_file_again(stack: &Stack, key: &str, import: &Value) {
    let before = slugs(stack, key).await;
    let id = import["id"].as_str().unwrap();
    let object_key = format!("imports/{WORKSPACE}/{id}");
    let head = stack.s3.head_object().bucket(&stack.bucket).key(&object_key).send().await.unwrap();
    let mut event: Value = serde_json::from_str(include_str!("../../events/load-import/put.json")).unwrap();
    let record = &mut event["Records"][0]["s3"];
    record["bucket"]["name"] = json!(stack.bucket);
    record["object"]["key"] = json!(object_key);
    record["object"]["size"] = json!(FILE.len());
    record["object"]["eTag"] = json!(head.e_tag().unwrap().trim_matches('"'));
    stack.invoke("load-import", &event).await;
    let after = stack.call(key, Method::GET, &format!("/v1/imports/{id}"), Value::Null).await.json();
    assert_eq!(after, *import, "delivering the file again changed the import");
    assert_eq!(slugs(stack, key).await, before, "delivering the file again changed the links");
}

/// Sends all records of the stream to `aggregate-clicks` again, as Lambda would.
async fn deliver_the_clicks_again(stack: &Stack) {
    let shards = stack.kinesis.list_shards().stream_name(&stack.stream).send().await.unwrap();
    for shard in shards.shards() {
        let records = records(stack, shard.shard_id()).await;
        for batch in records.chunks(100) {
            let answer = stack.invoke("aggregate-clicks", &json!({"Records": batch})).await;
            assert_eq!(answer["batchItemFailures"], json!([]), "{answer}");
        }
    }
}

async fn records(stack: &Stack, shard: &str) -> Vec<Value> {
    let start = stack.kinesis.get_shard_iterator().stream_name(&stack.stream).shard_id(shard);
    let start = start.shard_iterator_type(aws_sdk_kinesis::types::ShardIteratorType::TrimHorizon).send().await.unwrap();
    let (mut iterator, mut records) = (start.shard_iterator, Vec::new());
    while let Some(current) = iterator {
        let page = stack.kinesis.get_records().shard_iterator(current).send().await.unwrap();
        records.extend(page.records().iter().map(|record| {
            json!({
                "eventID": format!("{shard}:{}", record.sequence_number()),
                "eventSource": "aws:kinesis",
                "eventName": "aws:kinesis:record",
                "eventVersion": "1.0",
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": record.partition_key(),
                    "sequenceNumber": record.sequence_number(),
                    "data": STANDARD.encode(record.data()),
                    "approximateArrivalTimestamp": record.approximate_arrival_timestamp().unwrap().as_secs_f64(),
                },
            })
        }));
        let at_the_tip = page.records().is_empty() && page.millis_behind_latest().unwrap_or(0) == 0;
        iterator = page.next_shard_iterator.filter(|_| !at_the_tip);
    }
    records
}
