use std::sync::atomic::{AtomicUsize, Ordering};

use crate::links::ports::LinkWriter;
use crate::redirect::cache::*;
use crate::testing::links::MemoryLinks;
use crate::testing::samples::link;
use crate::testing::system::FixedClock;
use crate::values::slug::Slug;

const FRESHNESS: Freshness = Freshness { hit_seconds: 5, miss_seconds: 2, stale_seconds: 600 };

struct Given {
    table: Arc<MemoryLinks>,
    clock: Arc<FixedClock>,
    cached: CachedLinks,
}

fn given() -> Given {
    let (table, clock) = (Arc::new(MemoryLinks::default()), Arc::new(FixedClock::at("2026-01-02T03:04:05Z")));
    let cached = CachedLinks::new(table.clone(), clock.clone(), FRESHNESS);
    Given { table, clock, cached }
}

async fn given_docs() -> (Given, LinkId) {
    let given = given();
    let link = link("acme", "docs", "https://example.com/docs");
    given.table.insert(&link).await.unwrap();
    (given, link.id)
}

#[tokio::test]
async fn a_link_is_read_once_in_its_seconds() {
    let (Given { table, clock, cached }, id) = given_docs().await;
    for (advance, reads) in [(0, 1), (4, 1), (1, 2), (4, 2)] {
        clock.advance(advance);
        assert!(cached.get(&id).await.unwrap().is_some());
        assert_eq!(table.reads(), reads);
    }
}

#[tokio::test]
async fn a_miss_is_kept_for_a_shorter_time_and_a_new_link_then_found() {
    let Given { table, clock, cached } = given();
    let link = link("acme", "new", "https://example.com/");
    assert_eq!(cached.get(&link.id).await.unwrap(), None);
    table.insert(&link).await.unwrap();
    clock.advance(1);
    assert_eq!((cached.get(&link.id).await.unwrap(), table.reads()), (None, 1));
    clock.advance(1);
    assert_eq!((cached.get(&link.id).await.unwrap(), table.reads()), (Some(link), 2));
}

#[tokio::test]
async fn a_failing_table_is_answered_for_until_the_link_is_too_old() {
    let (Given { table, clock, cached }, id) = given_docs().await;
    cached.get(&id).await.unwrap();
    table.fail(true);
    clock.advance(599);
    assert!(cached.get(&id).await.unwrap().is_some());
    clock.advance(1);
    assert_eq!(cached.get(&id).await.unwrap_err().kind, StoreErrorKind::Unavailable);
}

#[tokio::test]
async fn a_failing_table_makes_no_link_missing() {
    let Given { table, clock, cached } = given();
    let id = link("acme", "docs", "https://example.com/").id;
    assert_eq!(cached.get(&id).await.unwrap(), None);
    table.fail(true);
    clock.advance(10);
    assert!(cached.get(&id).await.is_err());
}

#[tokio::test]
async fn a_table_that_keeps_failing_is_left_alone_and_found_again() {
    let (Given { table, clock, cached }, id) = given_docs().await;
    cached.get(&id).await.unwrap();
    table.fail(true);
    clock.advance(60);
    for _ in 0..100 {
        assert!(cached.get(&id).await.unwrap().is_some());
    }
    assert_eq!(table.reads(), 1 + 5);
    table.fail(false);
    clock.advance(2);
    assert!(cached.get(&id).await.unwrap().is_some());
    assert_eq!(table.reads(), 1 + 5 + 1);
    clock.advance(4);
    cached.get(&id).await.unwrap();
    assert_eq!(table.reads(), 1 + 5 + 1, "what was read is fresh again");
}

#[tokio::test]
async fn links_that_the_table_decides_are_never_kept() {
    let Given { table, clock, cached } = given();
    let mut plain = link("acme", "docs", "https://example.com/");
    table.insert(&plain).await.unwrap();
    cached.get(&plain.id).await.unwrap();
    plain.settings.password_hash = Some("$argon2id$".to_owned());
    table.delete(&plain.id, &plain.workspace).await.unwrap();
    table.insert(&plain).await.unwrap();
    clock.advance(5);
    for reads in 2..5 {
        assert!(cached.get(&plain.id).await.unwrap().unwrap().settings.password_hash.is_some());
        assert_eq!(table.reads(), reads);
    }
    table.fail(true);
    assert!(cached.get(&plain.id).await.is_err(), "what it was before it had a password is forgotten");
}

#[tokio::test]
async fn memory_is_bounded_whatever_is_asked_for() {
    let Given { table, cached, .. } = given();
    let mut link = link("acme", "x", "https://example.com/a-path-of-some-length/that-is-typical-of-links");
    for n in 0..20_000 {
        link.id.slug = Slug::parse(format!("slug-{n}")).unwrap();
        if n % 2 == 0 {
            table.insert(&link).await.unwrap();
        }
        cached.get(&link.id).await.unwrap();
    }
    let entries = lock(&cached.store.entries);
    assert!(entries.weight() <= MAX_BYTES && entries.len() > 2_000, "{} in {}", entries.weight(), entries.len());
    assert!(lock(&cached.reads).is_empty());
}

/// Answers once all who ask are waiting.
struct SlowLinks {
    reads: AtomicUsize,
    ready: tokio::sync::Semaphore,
    fails: bool,
}

#[async_trait]
impl LinkReader for SlowLinks {
    async fn get(&self, _id: &LinkId) -> Result<Option<Link>, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        drop(self.ready.acquire().await.unwrap());
        if self.fails { Err(crate::testing::outage::outage("links.get")) } else { Ok(None) }
    }
}

async fn reads_of_many_at_once(fails: bool) -> usize {
    let slow = Arc::new(SlowLinks { reads: AtomicUsize::new(0), ready: tokio::sync::Semaphore::new(0), fails });
    let clock = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
    let cached = Arc::new(CachedLinks::new(slow.clone(), clock, FRESHNESS));
    let id = link("acme", "docs", "https://example.com/").id;
    // One that gives up while it waits takes nobody with it.
    let impatient = tokio::spawn({
        let (cached, id) = (cached.clone(), id.clone());
        async move { cached.get(&id).await.is_err() }
    });
    tokio::task::yield_now().await;
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let (cached, id) = (cached.clone(), id.clone());
            tokio::spawn(async move { cached.get(&id).await.is_err() })
        })
        .collect();
    tokio::task::yield_now().await;
    impatient.abort();
    tokio::task::yield_now().await;
    slow.ready.add_permits(1);
    for task in waiting {
        assert_eq!(task.await.unwrap(), fails);
    }
    assert!(lock(&cached.reads).is_empty());
    slow.reads.load(Ordering::SeqCst)
}

#[tokio::test]
async fn many_concurrent_misses_of_a_link_are_one_read() {
    assert_eq!(reads_of_many_at_once(false).await, 1);
    assert_eq!(reads_of_many_at_once(true).await, 1);
}

#[tokio::test]
async fn a_clock_that_is_put_back_makes_nothing_fresh() {
    let (Given { table, clock, cached }, id) = given_docs().await;
    cached.get(&id).await.unwrap();
    clock.advance(-3600);
    cached.get(&id).await.unwrap();
    assert_eq!(table.reads(), 2);
}
