//! Tests aggregates against an embedded DynamoDB, and against one that leaves keys unprocessed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use waypost_aws::dynamo::aggregates::{DynamoAggregates, item_bytes};
use waypost_domain::StoreErrorKind;
use waypost_domain::analytics::ingest::aggregate_clicks::{AggregateClicksPorts, aggregate_clicks};
use waypost_domain::analytics::ingest::record::Received;
use waypost_domain::analytics::ingest::user_agent::UserAgents;
use waypost_domain::analytics::model::aggregate::{Aggregate, AggregateKey};
use waypost_domain::analytics::model::dimension::Dimension;
use waypost_domain::analytics::model::sequence::SequenceNumber;
use waypost_domain::analytics::model::tally::Tally;
use waypost_domain::analytics::ports::{AggregateReader, AggregateStore, KeyRange, MAX_LOAD, Parts};
use waypost_domain::testing::analytics::{MemoryAggregates, MemoryQuarantine, click, received};

use crate::support::{STATS_TABLE, dynamodb};

fn aggregate(sk: &str, seq: &str, clicks: u64) -> Aggregate {
    let key = AggregateKey { pk: "WS#acme#go.example.com#a".into(), sk: sk.into() };
    let tally = Tally { clicks, ..Tally::default() };
    Aggregate { key, seq: SequenceNumber::parse(seq).unwrap(), ttl: None, tally: Box::new(tally) }
}

/// Makes 300 varied clicks.
fn batch() -> Vec<Received<'static>> {
    let agents = [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
        "curl/8.5.0",
    ];
    let clicks = (0..300_u64).map(|n| {
        let time = format!("2026-01-{:02}T{:02}:{:02}:00Z", 1 + n % 5, n % 24, n % 60);
        let mut click = click(&format!("s{}", n % 7), &time);
        click.user_agent = Some(agents[usize::from(n % 10 == 0)].to_owned());
        click.visitor = Some(format!("v{}", n % 91));
        click.country = Some(["DE", "FR", "US"][usize::try_from(n % 3).unwrap()].to_owned());
        click.utm.source = Some(format!("news \"{n}\" #é"));
        received(n % 2, 100 + n, &click)
    });
    clicks.collect()
}

#[tokio::test]
async fn aggregate_is_read_as_written() {
    let (store, agents) = (DynamoAggregates::new(dynamodb().await, STATS_TABLE), UserAgents::new().unwrap());
    let (memory, quarantine) = (MemoryAggregates::default(), MemoryQuarantine::default());
    // Count the same batch: each generated click has an id of its own.
    let batch = batch();
    let ports = AggregateClicksPorts { agents: &agents, store: &store, quarantine: &quarantine, archive: None };
    let result = aggregate_clicks(&ports, &batch).await;
    assert_eq!(aggregate_clicks(&AggregateClicksPorts { store: &memory, ..ports }, &batch).await, result);
    let expected = memory.all();
    assert!(expected.len() > MAX_LOAD, "more than one call is needed for {}", expected.len());
    for group in expected.chunks(MAX_LOAD) {
        let keys: Vec<_> = group.iter().map(|aggregate| aggregate.key.clone()).collect();
        let loaded: Vec<_> = store.load(&keys).await.unwrap().into_iter().map(Option::unwrap).collect();
        assert_eq!(loaded, group);
    }
    let again = aggregate_clicks(&ports, &batch).await;
    assert_eq!((again.written, again.failed.len()), (0, 0));
}

#[tokio::test]
async fn unknown_dimension_is_left_out() {
    let client = dynamodb().await;
    let store = DynamoAggregates::new(client.clone(), STATS_TABLE);
    let mut full = aggregate("DAY#2026-01-02#0", "1", 150);
    let counts = full.tally.dimensions.entry(Dimension::Referrer).or_default();
    (0..150).for_each(|n| counts.add(Dimension::Referrer, &n.to_string()));
    assert_eq!((counts.error("149"), counts.other(), counts.floor()), (1, 50, 1));
    store.put(full.clone(), None).await.unwrap();
    let update = client.update_item().table_name(STATS_TABLE).update_expression("SET dimensions.of_tomorrow = :counts");
    let update = update.key("pk", AttributeValue::S(full.key.pk.to_string()));
    let update = update.key("sk", AttributeValue::S(full.key.sk.to_string()));
    let counts = AttributeValue::M([("values".to_owned(), AttributeValue::M([].into()))].into());
    update.expression_attribute_values(":counts", counts).send().await.unwrap();
    assert_eq!(store.load(std::slice::from_ref(&full.key)).await.unwrap(), [Some(full)]);
}

#[tokio::test]
async fn missing_aggregate_is_none_in_its_place() {
    let store = DynamoAggregates::new(dynamodb().await, STATS_TABLE);
    let items: Vec<_> = (0..MAX_LOAD).map(|n| aggregate(&format!("TOTAL#{n:03}"), "7", n as u64)).collect();
    for item in items.iter().step_by(2) {
        assert!(store.put(item.clone(), None).await.unwrap());
    }
    let keys: Vec<_> = items.iter().map(|item| item.key.clone()).collect();
    let loaded = store.load(&keys).await.unwrap();
    for (n, (item, loaded)) in items.iter().zip(loaded).enumerate() {
        assert_eq!(loaded.as_ref(), (n % 2 == 0).then_some(item));
    }
}

#[tokio::test]
async fn only_the_version_read_is_overwritten() {
    let store = DynamoAggregates::new(dynamodb().await, STATS_TABLE);
    let (first, second) = (aggregate("TOTAL#0", "10", 1), aggregate("TOTAL#0", "20", 2));
    let read = SequenceNumber::parse("10").unwrap();
    assert!(!store.put(second.clone(), Some(&read)).await.unwrap(), "there was no item to read");
    assert!(store.put(first.clone(), None).await.unwrap());
    assert!(!store.put(second.clone(), None).await.unwrap());
    assert!(store.put(second.clone(), Some(&read)).await.unwrap());
    assert!(!store.put(first.clone(), Some(&read)).await.unwrap(), "the item changed since the read");
    assert_eq!(store.load(&[first.key]).await.unwrap(), [Some(second)]);
}

#[tokio::test]
async fn hour_has_a_ttl_for_dynamodb() {
    let client = dynamodb().await;
    let store = DynamoAggregates::new(client.clone(), STATS_TABLE);
    let hour = Aggregate { ttl: Some(1_767_326_400), ..aggregate("HOUR#2026-01-02T03#0", "1", 1) };
    store.put(hour.clone(), None).await.unwrap();
    let read = client.get_item().table_name(STATS_TABLE);
    let item = read
        .key("pk", AttributeValue::S(hour.key.pk.to_string()))
        .key("sk", AttributeValue::S(hour.key.sk.to_string()));
    let item = item.send().await.unwrap().item.unwrap();
    assert_eq!(item["ttl"], AttributeValue::N("1767326400".into()));
    assert_eq!(item["seq"].as_s().unwrap().len(), SequenceNumber::WIDTH);
    assert_eq!(store.load(std::slice::from_ref(&hour.key)).await.unwrap(), [Some(hour)]);
}

#[tokio::test]
async fn range_is_read_to_its_last_page() {
    let store = DynamoAggregates::new(dynamodb().await, STATS_TABLE);
    // 40 items of about 40 KB: a page of a query ends at 1 MB.
    for n in 0..40 {
        let mut item = aggregate(&format!("DAY#2026-01-{n:02}#0"), "1", n);
        for value in 0..100 {
            let counts = item.tally.dimensions.entry(Dimension::Referrer).or_default();
            counts.add(Dimension::Link, &format!("{value}{}", "x".repeat(416)));
        }
        store.put(item.clone(), None).await.unwrap();
    }
    let (mut clicks, mut pages, mut after) = (Vec::new(), 0, None::<String>);
    loop {
        let range = KeyRange {
            pk: "WS#acme#go.example.com#a",
            first: "DAY#2026-01-05#".to_owned(),
            last: "DAY#2026-01-34$".to_owned(),
            after,
        };
        let page = store.range(&range, &Parts::default()).await.unwrap();
        assert!(page.items.iter().all(|item| item.tally.dimensions.is_empty()), "the query did not ask for them");
        clicks.extend(page.items.iter().map(|item| item.tally.clicks));
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(clicks, (5..=34).collect::<Vec<u64>>());
    assert!(pages > 1);
}

#[tokio::test]
async fn range_has_only_the_requested_parts() {
    let (store, agents) = (DynamoAggregates::new(dynamodb().await, STATS_TABLE), UserAgents::new().unwrap());
    let (memory, quarantine) = (MemoryAggregates::default(), MemoryQuarantine::default());
    let ports = AggregateClicksPorts { agents: &agents, store: &store, quarantine: &quarantine, archive: None };
    aggregate_clicks(&ports, &batch()).await;
    aggregate_clicks(&AggregateClicksPorts { store: &memory, ..ports }, &batch()).await;
    let all = Parts {
        hours: true,
        minutes: true,
        visitors: true,
        clicked_at: true,
        dimensions: Dimension::OF_LINK.into_iter().chain(Dimension::OF_BOTS).collect(),
    };
    let some = Parts { visitors: true, dimensions: vec![Dimension::Country, Dimension::UtmTerm], ..Parts::default() };
    for parts in [Parts::default(), some, all] {
        for (first, last) in [("DAY#", "DAY$"), ("HOUR#", "HOUR$"), ("TOTAL#", "TOTAL$")] {
            let range =
                |after| KeyRange { pk: "WS#acme#go.example.com#s3", first: first.into(), last: last.into(), after };
            let found = store.range(&range(None), &parts).await.unwrap();
            assert_eq!(found.next, None);
            // The pages in memory are small.
            let (mut expected, mut after) = (Vec::new(), None);
            loop {
                let page = memory.range(&range(after), &parts).await.unwrap();
                expected.extend(page.items);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert!(!expected.is_empty());
            assert_eq!(found.items, expected, "{parts:?} {first}");
        }
    }
}

#[tokio::test]
async fn malformed_item_is_named() {
    let client = dynamodb().await;
    let store = DynamoAggregates::new(client.clone(), STATS_TABLE);
    let put = client.put_item().table_name(STATS_TABLE).item("pk", AttributeValue::S("p".into()));
    put.item("sk", AttributeValue::S("DAY#x".into())).send().await.unwrap();
    let error = store.load(&[AggregateKey { pk: "p".into(), sk: "DAY#x".into() }]).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Broken);
    assert!(error.to_string().contains("p DAY#x has no sequence number"), "{error}");
}

#[test]
fn item_size_counts_names_and_values() {
    let total = aggregate("TOTAL#0", "7", 1_234);
    // pk, sk, seq, clicks and bots.
    assert_eq!(item_bytes(&total).unwrap(), (2 + 24) + (2 + 7) + (3 + 56) + (6 + 3) + (4 + 2));
    let mut day = total;
    day.tally.hours = [(13, 5)].into();
    assert_eq!(item_bytes(&day).unwrap(), 109 + (5 + 3) + (1 + 2 + 2));
}

/// A DynamoDB that answers BatchGetItem with at most two items and leaves the other keys unprocessed. If it is `stuck`, it
/// answers with none.
#[derive(Debug, Clone)]
struct Throttled {
    calls: Arc<AtomicUsize>,
    stuck: bool,
}

impl HttpConnector for Throttled {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let asked = &body["RequestItems"][STATS_TABLE];
        assert_eq!(asked["ConsistentRead"], json!(true));
        let keys = asked["Keys"].as_array().unwrap();
        let (taken, left) = keys.split_at(if self.stuck { 0 } else { keys.len().min(2) });
        let items: Vec<Value> = taken
            .iter()
            .map(|key| json!({"pk": key["pk"], "sk": key["sk"], "seq": {"S": "7"}, "clicks": {"N": "3"}}))
            .collect();
        let unprocessed = if left.is_empty() { json!({}) } else { json!({STATS_TABLE: {"Keys": left}}) };
        let answer = json!({"Responses": {STATS_TABLE: items}, "UnprocessedKeys": unprocessed});
        HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().unwrap(), SdkBody::from(answer.to_string()))))
    }
}

impl HttpClient for Throttled {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

fn throttled(stuck: bool) -> (DynamoAggregates, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(Throttled { calls: calls.clone(), stuck });
    (DynamoAggregates::new(Client::from_conf(config.build()), STATS_TABLE), calls)
}

#[tokio::test]
async fn unprocessed_keys_are_requested_again() {
    let (store, calls) = throttled(false);
    let keys: Vec<_> = (0..7).map(|n| aggregate(&format!("TOTAL#{n}"), "7", 3).key).collect();
    let loaded = store.load(&keys).await.unwrap();
    assert_eq!(loaded.into_iter().flatten().map(|aggregate| aggregate.key).collect::<Vec<_>>(), keys);
    assert_eq!(calls.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn keys_that_stay_unprocessed_become_an_error() {
    let (store, calls) = throttled(true);
    let error = store.load(&[aggregate("TOTAL#0", "7", 3).key]).await.unwrap_err();
    assert_eq!((error.kind, calls.load(Ordering::SeqCst)), (StoreErrorKind::Throttled, 8));
}
