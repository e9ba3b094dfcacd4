//! Tests claims of idempotency keys against an embedded DynamoDB.

use std::sync::atomic::{AtomicU64, Ordering};

use waypost_aws::dynamo::idempotency::DynamoIdempotency;
use waypost_domain::access::idempotency::{Answer, Claim, Claimed, IdempotencyStore};
use waypost_domain::testing::idempotency::MemoryIdempotency;
use waypost_domain::testing::system::SeededRandom;
use waypost_domain::{Timestamp, WorkspaceId};

use crate::support::{LINKS_TABLE, dynamodb};

/// Makes a claim of a new owner.
fn claim(workspace: &str, request: &str, second: i64) -> Claim {
    static SEED: AtomicU64 = AtomicU64::new(0);
    let random = SeededRandom::new(SEED.fetch_add(1, Ordering::Relaxed));
    let now = Timestamp::parse("2026-01-02T03:04:05Z").unwrap().plus_seconds(second);
    let workspace = WorkspaceId::parse(workspace).unwrap();
    Claim::new(workspace, "a key # with \"signs\"", (&[request.as_bytes()], b"credential"), now, &random).unwrap()
}

fn answer() -> Answer {
    Answer {
        status: 201,
        headers: vec![("location".into(), "/v1/links/x".into())],
        body: vec![0; Answer::MAX_BODY_BYTES],
        sealed: true,
    }
}

/// Both stores must behave alike.
async fn stores() -> Vec<Box<dyn IdempotencyStore>> {
    vec![Box::new(DynamoIdempotency::new(dynamodb().await, LINKS_TABLE)), Box::new(MemoryIdempotency::default())]
}

#[tokio::test]
async fn answer_is_kept_for_a_day() {
    for store in stores().await {
        let first = claim("acme", "a", 0);
        assert_eq!(store.claim(&first).await.unwrap(), Claimed::Yes);
        assert_eq!(store.claim(&claim("acme", "a", 1)).await.unwrap(), Claimed::Busy);
        assert_eq!(store.claim(&claim("acme", "b", 1)).await.unwrap(), Claimed::Other);
        assert_eq!(store.claim(&claim("other", "b", 1)).await.unwrap(), Claimed::Yes);
        store.finish(&first, &answer()).await.unwrap();
        assert_eq!(store.claim(&claim("acme", "a", 86_399)).await.unwrap(), Claimed::Done(answer()));
        assert_eq!(store.claim(&claim("acme", "b", 86_399)).await.unwrap(), Claimed::Other);
        assert_eq!(store.claim(&claim("acme", "b", 86_400)).await.unwrap(), Claimed::Yes);
    }
}

#[tokio::test]
async fn late_owner_of_a_claim_changes_nothing() {
    for store in stores().await {
        let (first, second) = (claim("acme", "a", 0), claim("acme", "a", Claim::LEASE_SECONDS));
        assert_eq!(store.claim(&first).await.unwrap(), Claimed::Yes);
        assert_eq!(store.claim(&claim("acme", "b", Claim::LEASE_SECONDS)).await.unwrap(), Claimed::Other);
        assert_eq!(store.claim(&second).await.unwrap(), Claimed::Yes);
        store.finish(&first, &Answer { status: 200, ..answer() }).await.unwrap();
        store.release(&first).await.unwrap();
        assert_eq!(store.claim(&claim("acme", "a", 100)).await.unwrap(), Claimed::Busy);
        store.finish(&second, &answer()).await.unwrap();
        assert_eq!(store.claim(&claim("acme", "a", 100)).await.unwrap(), Claimed::Done(answer()));
    }
}

#[tokio::test]
async fn failure_frees_the_key() {
    for store in stores().await {
        let first = claim("acme", "a", 0);
        assert_eq!(store.claim(&first).await.unwrap(), Claimed::Yes);
        store.release(&first).await.unwrap();
        assert_eq!(store.claim(&claim("acme", "b", 1)).await.unwrap(), Claimed::Yes);
    }
}

#[tokio::test]
async fn one_of_many_concurrent_claims_succeeds() {
    let store = DynamoIdempotency::new(dynamodb().await, LINKS_TABLE);
    let tries = (0..20).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.claim(&claim("acme", "a", 0)).await.unwrap() })
    });
    let mut may = 0;
    for attempt in tries.collect::<Vec<_>>() {
        may += usize::from(attempt.await.unwrap() == Claimed::Yes);
    }
    assert_eq!(may, 1);
}
