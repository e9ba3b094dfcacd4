//! Tests the log and the head of catalogues against an embedded DynamoDB.

use waypost_aws::dynamo::aggregates::DynamoAggregates;
use waypost_aws::dynamo::catalog::DynamoCatalogs;
use waypost_domain::WorkspaceId;
use waypost_domain::analytics::model::aggregate::{Aggregate, AggregateKey, LinkKey, link_pk};
use waypost_domain::analytics::model::sequence::SequenceNumber;
use waypost_domain::analytics::model::tally::Tally;
use waypost_domain::analytics::ports::AggregateStore;
use waypost_domain::catalog::head::{CatalogHead, Flush, Retired, Segment};
use waypost_domain::catalog::ports::{CatalogStore, LinkTotals, LogBody, LogItem, Newest};
use waypost_domain::testing::samples::link;
use waypost_domain::{LinkAddress, Slug, Timestamp};

use crate::support::{LINKS_TABLE, STATS_TABLE, dynamodb};

fn item(number: u64, body: LogBody) -> LogItem {
    LogItem { number, total: number * 100, body }
}

#[tokio::test]
async fn log_has_each_number_once_and_is_read_whole() {
    let store = DynamoCatalogs::new(dynamodb().await, LINKS_TABLE);
    let [acme, other] = ["acme", "acme-2"].map(|name| WorkspaceId::parse(name).unwrap());
    assert_eq!(store.newest(&acme).await.unwrap(), Newest::default());
    assert!(store.put_head(&acme, &CatalogHead::new(0)).await.unwrap());
    assert_eq!(store.newest(&acme).await.unwrap(), Newest::default(), "the head is no item of the log");
    // More than a page of a query, 1 MB.
    let items: Vec<_> = (1..=12).map(|number| item(number, LogBody::Block(vec![number as u8; 150_000]))).collect();
    for item in &items {
        assert!(store.append(&acme, item).await.unwrap());
        assert!(
            !store.append(&acme, &LogItem { body: LogBody::Object("x".to_owned()), ..item.clone() }).await.unwrap()
        );
    }
    let object = item(13, LogBody::Object("catalog/acme/1".to_owned()));
    assert!(store.append(&acme, &object).await.unwrap());
    assert!(store.append(&other, &item(1, LogBody::Block(vec![1]))).await.unwrap());
    assert_eq!(store.newest(&acme).await.unwrap(), Newest { number: 13, total: 1300 });
    let all: Vec<_> = items.into_iter().chain([object]).collect();
    assert_eq!(store.read_from(&acme, 1).await.unwrap(), all);
    assert_eq!(store.read_from(&acme, 12).await.unwrap(), all[11..]);
    assert_eq!(store.read_from(&acme, 14).await.unwrap(), []);
    store.delete(&acme, &(0..12).chain(50..90).collect::<Vec<_>>()).await.unwrap();
    assert_eq!(store.read_from(&acme, 1).await.unwrap(), all[11..]);
    assert_eq!(store.read_from(&other, 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn head_is_replaced_only_by_the_next() {
    let store = DynamoCatalogs::new(dynamodb().await, LINKS_TABLE);
    let acme = WorkspaceId::parse("acme").unwrap();
    assert_eq!(store.head(&acme).await.unwrap(), None);
    let first = CatalogHead::new(7);
    assert!(store.put_head(&acme, &first).await.unwrap());
    assert!(!store.put_head(&acme, &first).await.unwrap());
    let at = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
    let next = CatalogHead {
        revision: 1,
        building: None,
        segments: vec![Segment { key: "catalog/acme/1".to_owned(), links: 3, unpacked: 500 }],
        flushing_until: Some(at),
        flushes: vec![Flush { to: 9, at }],
        retired: vec![Retired { key: "catalog/acme/0".to_owned(), at }],
        ..first.clone()
    };
    assert!(!store.put_head(&acme, &CatalogHead { revision: 2, ..next.clone() }).await.unwrap());
    assert!(store.put_head(&acme, &next).await.unwrap());
    assert_eq!(store.head(&acme).await.unwrap(), Some(next));
}

#[tokio::test]
async fn totals_are_those_of_all_lanes_by_id_and_by_former_address() {
    let aggregates = DynamoAggregates::new(dynamodb().await, STATS_TABLE);
    let old = link("acme", "docs", "https://example.com/").with_stored_id();
    let mut moved = old.clone();
    moved.address = LinkAddress { slug: Slug::parse("moved").unwrap(), ..old.address.clone() };
    let at = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
    let address = LinkKey::Address(old.address.clone());
    for (key, sk, clicks) in [
        (LinkKey::Id(old.id()), "TOTAL#0", 3),
        (LinkKey::Id(old.id()), "TOTAL#1", 4),
        (LinkKey::Id(old.id()), "DAY#2026-01-02#0", 90),
        (address, "TOTAL#0", 5),
    ] {
        let key = AggregateKey { pk: link_pk(&old.workspace, &key).into(), sk: sk.into() };
        let tally = Box::new(Tally { clicks, last_click_at: Some(at), ..Tally::default() });
        let aggregate = Aggregate { key, seq: SequenceNumber::parse("1").unwrap(), ttl: None, tally };
        assert!(aggregates.put(aggregate, None).await.unwrap());
    }
    let mut found = LinkTotals::of(&aggregates, &moved).await.unwrap();
    found.sort_by(|a, b| a.lane.cmp(&b.lane));
    let found: Vec<_> = found.iter().map(|lane| (lane.lane.as_str(), lane.clicks, lane.last_at)).collect();
    assert_eq!(
        found,
        [("0", 3, Some(at.as_millis())), ("1", 4, Some(at.as_millis())), ("@0", 5, Some(at.as_millis()))]
    );
    let never = link("acme", "never", "https://example.com/");
    assert_eq!(LinkTotals::of(&aggregates, &never).await.unwrap(), []);
}
