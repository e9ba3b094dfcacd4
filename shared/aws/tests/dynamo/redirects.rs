//! Tests the redirect's writes against an embedded DynamoDB.

use waypost_aws::dynamo::click_limit::DynamoClickLimit;
use waypost_aws::dynamo::links::{DynamoLinks, item_of, key};
use waypost_aws::dynamo::password_attempts::DynamoPasswordAttempts;
use waypost_aws::dynamo::warm_up::warm_up;
use waypost_domain::links::change_marks::{BUCKETS, bucket_of};
use waypost_domain::links::ports::{LinkReader, LinkWriter};
use waypost_domain::redirect::ports::{ChangeMarks, ClickLimit, PasswordAttempts};
use waypost_domain::testing::samples::link;
use waypost_domain::{Link, StoreErrorKind, Timestamp};

use crate::support::{LINKS_TABLE, dynamodb};

fn now() -> Timestamp {
    Timestamp::parse("2026-01-02T03:04:05Z").unwrap()
}

#[tokio::test]
async fn concurrent_clicks_never_exceed_the_limit() {
    let client = dynamodb().await;
    let links = DynamoLinks::new(client.clone(), LINKS_TABLE);
    let mut limited = link("acme", "docs", "https://example.com/");
    limited.settings.max_clicks = Some(37);
    links.insert(&limited).await.unwrap();
    let visits: Vec<_> = (0..200)
        .map(|_| {
            let (limit, address) = (DynamoClickLimit::new(client.clone(), LINKS_TABLE), limited.address.clone());
            tokio::spawn(async move { limit.use_click(&address).await.unwrap() })
        })
        .collect();
    let mut served = 0;
    for visit in visits {
        served += usize::from(visit.await.unwrap());
    }
    assert_eq!(served, 37);
    assert_eq!(links.get(&limited.address).await.unwrap().unwrap().settings.used_clicks, 37);
}

#[tokio::test]
async fn click_does_not_restore_a_deleted_link() {
    let client = dynamodb().await;
    let limit = DynamoClickLimit::new(client.clone(), LINKS_TABLE);
    let address = link("acme", "docs", "https://example.com/").address;
    assert!(!limit.use_click(&address).await.unwrap());
    let found = client.get_item().table_name(LINKS_TABLE).set_key(Some(key(&address))).send().await.unwrap();
    assert_eq!(found.item, None);
}

#[tokio::test]
async fn raised_or_lifted_limit_allows_clicks_again() {
    let client = dynamodb().await;
    let limit = DynamoClickLimit::new(client.clone(), LINKS_TABLE);
    let mut link = link("acme", "docs", "https://example.com/");
    for (max, used, left) in [(Some(1), 0, true), (Some(1), 1, false), (Some(2), 1, true), (None, 5, true)] {
        link.settings.max_clicks = max;
        link.settings.used_clicks = used;
        let item = item_of(&link).unwrap();
        client.put_item().table_name(LINKS_TABLE).set_item(Some(item)).send().await.unwrap();
        assert_eq!(limit.use_click(&link.address).await.unwrap(), left, "{max:?} {used}");
    }
}

#[tokio::test]
async fn concurrent_attempts_never_exceed_the_limit() {
    let client = dynamodb().await;
    let address = link("acme", "docs", "https://example.com/").address;
    let tries: Vec<_> = (0..60)
        .map(|_| {
            let (attempts, address) = (DynamoPasswordAttempts::new(client.clone(), LINKS_TABLE), address.clone());
            tokio::spawn(async move { attempts.begin(&address, None, now(), 10).await.unwrap() })
        })
        .collect();
    let mut heard = 0;
    for one in tries {
        heard += usize::from(one.await.unwrap());
    }
    assert_eq!(heard, 10);
    let attempts = DynamoPasswordAttempts::new(client, LINKS_TABLE);
    attempts.take_back(&address, None, now()).await.unwrap();
    assert!(attempts.begin(&address, None, now(), 10).await.unwrap());
    assert!(!attempts.begin(&address, None, now().plus_seconds(54), 10).await.unwrap());
    assert!(attempts.begin(&address, None, now().plus_seconds(55), 10).await.unwrap());
    let other = link("acme", "other", "https://example.com/").address;
    assert!(attempts.begin(&other, None, now(), 10).await.unwrap());
    for (who, allowed) in [("a", true), ("a", false), ("b", true)] {
        assert_eq!(attempts.begin(&address, Some(who), now(), 1).await.unwrap(), allowed, "{who}");
    }
    attempts.take_back(&address, Some("a"), now()).await.unwrap();
    assert!(attempts.begin(&address, Some("a"), now(), 1).await.unwrap());
}

#[tokio::test]
async fn attempts_are_deleted_after_their_minute() {
    let client = dynamodb().await;
    let attempts = DynamoPasswordAttempts::new(client.clone(), LINKS_TABLE);
    let address = link("acme", "docs", "https://example.com/").address;
    attempts.take_back(&address, None, now()).await.unwrap();
    attempts.begin(&address, None, now(), 10).await.unwrap();
    let items = client.scan().table_name(LINKS_TABLE).send().await.unwrap().items.unwrap();
    assert_eq!(items.len(), 1, "taking an attempt back creates no item");
    assert_eq!(items[0]["ttl"].as_n().unwrap(), &(now().as_seconds() + 3600).to_string());
}

#[tokio::test]
async fn absent_table_fails_clicks_but_not_warm_up() {
    let client = dynamodb().await;
    warm_up(&client, LINKS_TABLE).await;
    warm_up(&client, "absent").await;
    let limit = DynamoClickLimit::new(client, "absent");
    let error = limit.use_click(&link("acme", "docs", "https://example.com/").address).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Broken);
}

#[tokio::test]
async fn changes_that_visitors_notice_are_marked() {
    let client = dynamodb().await;
    let links = DynamoLinks::new(client.clone(), LINKS_TABLE).marking();
    let seen = link("acme", "docs", "https://example.com/");
    let bucket = bucket_of(&seen.address);
    let mark = async || links.marks().await.unwrap()[bucket];
    assert_eq!(links.marks().await.unwrap(), [0; BUCKETS]);
    links.insert(&seen).await.unwrap();
    let titled = Link { title: Some("x".into()), revision: 1, ..seen.clone() };
    assert!(links.replace(&seen, &titled).await.unwrap());
    assert_eq!(mark().await, 0);
    let mut locked = Link { revision: 2, ..titled.clone() };
    locked.settings.password_hash = Some("hash".into());
    assert!(links.replace(&titled, &locked).await.unwrap());
    assert_eq!(mark().await, 1);
    assert!(!links.replace(&titled, &Link { revision: 9, ..seen.clone() }).await.unwrap());
    assert_eq!(mark().await, 1, "nothing was changed");
    assert!(links.delete(&locked, now()).await.unwrap());
    assert_eq!((mark().await, links.marks().await.unwrap().iter().sum::<u64>()), (2, 2));
    let unmarked = DynamoLinks::new(client, LINKS_TABLE);
    let other = link("acme", "other", "https://example.com/");
    unmarked.insert(&other).await.unwrap();
    assert!(unmarked.delete(&other, now()).await.unwrap());
    assert_eq!(links.marks().await.unwrap().iter().sum::<u64>(), 2);
}
