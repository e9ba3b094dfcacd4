//! Tests API keys against an embedded DynamoDB.

use waypost_aws::dynamo::keys::DynamoKeys;
use waypost_domain::access::key_limits::KeyLimits;
use waypost_domain::access::list_keys::list_keys;
use waypost_domain::access::ports::KeyReader;
use waypost_domain::access::ports::{KeyUsage, KeyWriter};
use waypost_domain::ports::Clock;
use waypost_domain::testing::samples::caller;
use waypost_domain::testing::system::{FixedClock, SeededRandom};
use waypost_domain::values::address_range::AddressRange;
use waypost_domain::values::page::PageRequest;
use waypost_domain::{ApiKey, Domain, KeySecret, Role, Timestamp, WorkspaceId};

use crate::support::{LINKS_TABLE, dynamodb};

async fn keys() -> DynamoKeys {
    DynamoKeys::new(dynamodb().await, LINKS_TABLE)
}

/// Writes a key. Gives its hash and the key.
async fn add(keys: &DynamoKeys, workspace: &str, minute: i64) -> (String, ApiKey) {
    let (clock, random) = (FixedClock::at("2026-01-01T00:00:00Z"), SeededRandom::new(minute.unsigned_abs()));
    clock.advance(60 * minute);
    let limits = KeyLimits {
        domains: vec![Domain::parse("go.example.com").unwrap()],
        tags: vec!["a".to_owned()],
        own_links: true,
        addresses: vec![AddressRange::parse("2001:db8::/32").unwrap()],
    };
    let key = ApiKey {
        key_id: ApiKey::generate_id(&clock, &random),
        workspace: WorkspaceId::parse(workspace).unwrap(),
        role: Role::Editor,
        name: format!("key of minute {minute}"),
        created_at: clock.now(),
        limits: (minute % 2 == 0).then(|| limits.clone()),
        expires_at: (minute % 2 == 0).then(|| clock.now().plus_seconds(3600)),
        last_used_at: None,
        origin: None,
    };
    let hash = KeySecret::generate(&random).hash();
    keys.insert(&hash, &key).await.unwrap();
    (hash, key)
}

#[tokio::test]
async fn key_is_read_as_written() {
    let keys = keys().await;
    for minute in [1, 2] {
        let (hash, key) = add(&keys, "acme", minute).await;
        assert_eq!(keys.find(&hash).await.unwrap(), Some(key));
    }
}

#[tokio::test]
async fn pages_list_all_keys_newest_first() {
    let keys = keys().await;
    for minute in 0..9 {
        add(&keys, "acme", minute).await;
    }
    add(&keys, "other", 20).await;
    let admin = caller("acme", Role::Admin);
    let (mut names, mut request) = (Vec::new(), PageRequest { limit: Some(4), cursor: None });
    loop {
        let page = list_keys(&keys, &admin, &request).await.unwrap();
        names.extend(page.items.into_iter().map(|key| key.name));
        request.cursor = page.next_cursor;
        if request.cursor.is_none() {
            break;
        }
    }
    let expected: Vec<String> = (0..9).rev().map(|minute| format!("key of minute {minute}")).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn key_is_revoked_only_in_its_workspace() {
    let keys = keys().await;
    let (hash, key) = add(&keys, "acme", 1).await;
    let (kept, _) = add(&keys, "acme", 2).await;
    let other = WorkspaceId::parse("other").unwrap();
    for (workspace, key_id) in
        [(&other, key.key_id.as_str()), (&key.workspace, "key_none"), (&key.workspace, ""), (&key.workspace, "#")]
    {
        assert!(!keys.revoke(workspace, key_id).await.unwrap(), "{workspace} {key_id}");
    }
    assert!(keys.revoke(&key.workspace, &key.key_id).await.unwrap());
    assert!(!keys.revoke(&key.workspace, &key.key_id).await.unwrap());
    assert_eq!(keys.find(&hash).await.unwrap(), None);
    assert!(keys.find(&kept).await.unwrap().is_some());
}

#[tokio::test]
async fn last_use_is_updated_after_a_while() {
    let keys = keys().await;
    let (hash, _) = add(&keys, "acme", 1).await;
    let at = |text: &str| Timestamp::parse(text).unwrap();
    for (used, unless_after, noted) in [
        ("2026-02-01T10:00:00Z", "2026-02-01T09:55:00Z", "2026-02-01T10:00:00.000Z"),
        ("2026-02-01T10:04:59Z", "2026-02-01T09:59:59Z", "2026-02-01T10:00:00.000Z"),
        ("2026-02-01T10:05:00Z", "2026-02-01T10:00:00Z", "2026-02-01T10:05:00.000Z"),
    ] {
        keys.note(&hash, at(used), at(unless_after)).await.unwrap();
        let key = keys.find(&hash).await.unwrap().unwrap();
        assert_eq!(key.last_used_at, Some(at(noted)), "{used}");
    }
}

#[tokio::test]
async fn use_does_not_restore_a_revoked_key() {
    let keys = keys().await;
    let (hash, key) = add(&keys, "acme", 1).await;
    keys.revoke(&key.workspace, &key.key_id).await.unwrap();
    let at = Timestamp::parse("2026-02-01T10:00:00Z").unwrap();
    keys.note(&hash, at, at).await.unwrap();
    assert_eq!(keys.find(&hash).await.unwrap(), None);
}
