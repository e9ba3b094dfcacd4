//! Tests the list of blocked targets against an embedded DynamoDB.

use waypost_aws::dynamo::blocked_targets::DynamoBlockList;
use waypost_domain::Timestamp;
use waypost_domain::blocking::entry::BlockedTarget;
use waypost_domain::blocking::ports::{BlockListReader, BlockListWriter};
use waypost_domain::values::block_list::{BlockPattern, BlockReason};

use crate::support::{LINKS_TABLE, dynamodb};

fn entry(target: &str) -> BlockedTarget {
    BlockedTarget {
        target: BlockPattern::parse(target).unwrap(),
        reason: BlockReason::Phishing,
        note: target.contains('/').then(|| "x".repeat(500)),
        added_at: Timestamp::parse("2026-01-01T00:00:00Z").unwrap(),
        added_by: "key_1".to_owned(),
    }
}

#[tokio::test]
async fn list_is_read_as_written_in_pages() {
    let list = DynamoBlockList::new(dynamodb().await, LINKS_TABLE);
    assert_eq!((list.revision().await.unwrap(), list.page("", None, 10).await.unwrap()), (0, vec![]));
    let targets = ["a.example", "a.example/x", "a.example/y?z", "b.example", "xn--mnchen-3ya.example"];
    let entries: Vec<_> = targets.iter().rev().map(|target| entry(target)).collect();
    list.put(&entries).await.unwrap();
    assert_eq!(list.revision().await.unwrap(), 1);
    let mut found: Vec<BlockedTarget> = Vec::new();
    loop {
        let page = list.page("", found.last().map(|entry| &entry.target), 2).await.unwrap();
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    assert_eq!(found, targets.map(entry));
    let below = list.page("a.example/", None, 10).await.unwrap();
    assert_eq!(below, [entry("a.example/x"), entry("a.example/y?z")]);
    let rest = list.page("a.example/", Some(&BlockPattern::parse("a.example/x").unwrap()), 10).await.unwrap();
    assert_eq!(rest, [entry("a.example/y?z")]);
    let again = BlockedTarget { reason: BlockReason::Other, ..entry("b.example") };
    list.put(std::slice::from_ref(&again)).await.unwrap();
    assert_eq!(list.page("b", None, 10).await.unwrap(), std::slice::from_ref(&again));
    for (removed, revision) in [(true, 3), (false, 4)] {
        assert_eq!(list.remove(&again.target).await.unwrap(), removed);
        assert_eq!(list.revision().await.unwrap(), revision);
    }
}

#[tokio::test]
async fn page_of_large_entries_is_whole() {
    let list = DynamoBlockList::new(dynamodb().await, LINKS_TABLE);
    let entries: Vec<_> = (0..1100).map(|n| entry(&format!("{n:04}.example/{}", "y".repeat(450)))).collect();
    list.put(&entries).await.unwrap();
    assert_eq!(list.page("", None, 1100).await.unwrap().len(), 1100, "more than a megabyte");
}
