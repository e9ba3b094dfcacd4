//! Tests token buckets against an embedded DynamoDB.

use aws_sdk_dynamodb::types::AttributeValue;
use waypost_aws::dynamo::rate_limits::DynamoBuckets;
use waypost_domain::StoreErrorKind;
use waypost_domain::access::rate_limit::{Micros, RateLimit, TokenBuckets};

use crate::support::{LINKS_TABLE, dynamodb};

const NOW: Micros = 1_767_225_600_000_000;
const SECOND: Micros = 1_000_000;

fn limit(text: &str) -> RateLimit {
    RateLimit::parse(text).unwrap().unwrap()
}

#[tokio::test]
async fn bucket_empties_and_fills() {
    let (client, limit) = (dynamodb().await, limit("2/5"));
    let buckets = DynamoBuckets::new(client.clone(), LINKS_TABLE);
    for (seconds, wanted, tokens) in
        [(0, 1, 1), (0, 3, 3), (0, 3, 1), (0, 1, 0), (1, 5, 2), (1, 1, 0), (60, 9, 5), (60, 1, 0)]
    {
        let taken = buckets.take("key_1", limit, wanted, NOW + seconds * SECOND).await.unwrap();
        assert_eq!(taken.tokens, tokens, "{wanted} after {seconds} s");
    }
    assert_eq!(buckets.take("key_2", limit, 1, NOW).await.unwrap().tokens, 1);
    let key = [("pk", "RATE#key_1"), ("sk", "RATE")]
        .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())));
    let item = client.get_item().table_name(LINKS_TABLE).set_key(Some(key.into())).send().await.unwrap().item.unwrap();
    let ttl: i64 = item["ttl"].as_n().unwrap().parse().unwrap();
    assert!(ttl > NOW / SECOND + 3600, "an item is not deleted before its bucket is full: {ttl}");
}

#[tokio::test]
async fn bucket_without_an_item_is_full() {
    let buckets = DynamoBuckets::new(dynamodb().await, LINKS_TABLE);
    assert_eq!(buckets.take("key_1", limit("1/5"), 4, NOW).await.unwrap().tokens, 4);
}

#[tokio::test]
async fn concurrent_callers_never_exceed_the_limit() {
    let (client, limit) = (dynamodb().await, limit("10/40"));
    let mut tasks = Vec::new();
    for process in 0..8 {
        let buckets = DynamoBuckets::new(client.clone(), LINKS_TABLE);
        tasks.push(tokio::spawn(async move {
            let mut tokens = 0;
            for round in 0..10 {
                let wanted = 1 + (process + round) % 4;
                tokens +=
                    buckets.take("key_1", limit, wanted, NOW + Micros::from(round) * SECOND / 10).await.unwrap().tokens;
            }
            tokens
        }));
    }
    let mut tokens = 0;
    for task in tasks {
        tokens += task.await.unwrap();
    }
    assert!(tokens <= 40 + 9, "{tokens} of 40 and what flowed in within 0.9 s");
    assert!(tokens >= 40, "{tokens}");
}

#[tokio::test]
async fn missing_table_is_an_error() {
    let buckets = DynamoBuckets::new(dynamodb().await, "absent");
    let error = buckets.take("key_1", limit("1/1"), 1, NOW).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Broken);
}
