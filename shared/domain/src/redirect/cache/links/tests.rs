use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};

use quick_cache::Weighter;

use super::super::{ByteWeighter, Entry, lock};
use super::*;
use crate::links::ports::LinkWriter;
use crate::links::settings::{Rule, Variant};
use crate::testing::links::MemoryLinks;
use crate::testing::samples::link;
use crate::testing::system::FixedClock;
use crate::values::error::StoreErrorKind;
use crate::values::slug::Slug;

const FRESHNESS: Freshness = Freshness { hit_seconds: 5, miss_seconds: 2, stale_seconds: 600 };

struct Fixture {
    table: Arc<MemoryLinks>,
    clock: Arc<FixedClock>,
    cached: CachedLinks,
}

fn fixture() -> Fixture {
    let (table, clock) = (Arc::new(MemoryLinks::default()), Arc::new(FixedClock::at("2026-01-02T03:04:05Z")));
    let cached = CachedLinks::new(table.clone(), clock.clone(), FRESHNESS);
    Fixture { table, clock, cached }
}

async fn fixture_with_docs() -> (Fixture, LinkAddress) {
    let fixture = fixture();
    let link = link("acme", "docs", "https://example.com/docs");
    fixture.table.insert(&link).await.unwrap();
    (fixture, link.address)
}

#[tokio::test]
async fn fresh_link_is_not_read_again() {
    let (Fixture { table, clock, cached }, address) = fixture_with_docs().await;
    for (advance, reads) in [(0, 1), (4, 1), (1, 2), (4, 2)] {
        clock.advance(advance);
        assert!(cached.get(&address).await.unwrap().is_some());
        assert_eq!(table.reads(), reads);
    }
}

#[tokio::test]
async fn new_link_is_found_once_the_miss_expires() {
    let Fixture { table, clock, cached } = fixture();
    let link = link("acme", "new", "https://example.com/");
    assert_eq!(cached.get(&link.address).await.unwrap(), None);
    table.insert(&link).await.unwrap();
    clock.advance(1);
    assert_eq!((cached.get(&link.address).await.unwrap(), table.reads()), (None, 1));
    clock.advance(1);
    assert_eq!((cached.get(&link.address).await.unwrap(), table.reads()), (Some(link), 2));
}

#[tokio::test]
async fn stale_link_is_served_while_the_table_fails() {
    let (Fixture { table, clock, cached }, address) = fixture_with_docs().await;
    cached.get(&address).await.unwrap();
    table.fail(true);
    clock.advance(599);
    assert!(cached.get(&address).await.unwrap().is_some());
    clock.advance(1);
    assert_eq!(cached.get(&address).await.unwrap_err().kind, StoreErrorKind::Unavailable);
}

#[tokio::test]
async fn failing_table_is_an_error_not_a_missing_link() {
    let Fixture { table, clock, cached } = fixture();
    let address = link("acme", "docs", "https://example.com/").address;
    assert_eq!(cached.get(&address).await.unwrap(), None);
    table.fail(true);
    clock.advance(10);
    assert!(cached.get(&address).await.is_err());
}

#[tokio::test]
async fn repeated_failures_pause_calls_to_the_table() {
    let (Fixture { table, clock, cached }, address) = fixture_with_docs().await;
    cached.get(&address).await.unwrap();
    table.fail(true);
    clock.advance(60);
    for _ in 0..100 {
        assert!(cached.get(&address).await.unwrap().is_some());
    }
    assert_eq!(table.reads(), 1 + 5);
    table.fail(false);
    clock.advance(2);
    assert!(cached.get(&address).await.unwrap().is_some());
    assert_eq!(table.reads(), 1 + 5 + 1);
    clock.advance(4);
    cached.get(&address).await.unwrap();
    assert_eq!(table.reads(), 1 + 5 + 1, "the link is fresh again");
}

#[tokio::test]
async fn link_with_a_password_is_never_kept() {
    let Fixture { table, clock, cached } = fixture();
    let mut plain = link("acme", "docs", "https://example.com/");
    table.insert(&plain).await.unwrap();
    cached.get(&plain.address).await.unwrap();
    plain.settings.password_hash = Some("$argon2id$".to_owned());
    table.forget(&plain.address);
    table.insert(&plain).await.unwrap();
    clock.advance(5);
    for reads in 2..5 {
        assert!(cached.get(&plain.address).await.unwrap().unwrap().settings.password_hash.is_some());
        assert_eq!(table.reads(), reads);
    }
    table.fail(true);
    assert!(cached.get(&plain.address).await.is_err(), "the cache forgot the link without a password");
}

#[tokio::test]
async fn memory_is_bounded() {
    let Fixture { table, cached, .. } = fixture();
    let mut link = link("acme", "x", "https://example.com/a-path-of-some-length/that-is-typical-of-links");
    for n in 0..20_000 {
        link.address.slug = Slug::parse(format!("slug-{n}")).unwrap();
        if n % 2 == 0 {
            table.insert(&link).await.unwrap();
        }
        cached.get(&link.address).await.unwrap();
    }
    let entries = lock(&cached.0.store.entries);
    assert!(entries.weight() <= Links::MAX_BYTES && entries.len() > 2_000, "{} in {}", entries.weight(), entries.len());
    assert!(lock(&cached.0.reads).is_empty());
}

/// Answers when the test allows it, once all callers wait.
struct SlowLinks {
    reads: AtomicUsize,
    ready: tokio::sync::Semaphore,
    fails: bool,
}

#[async_trait]
impl LinkReader for SlowLinks {
    async fn get(&self, _id: &LinkAddress) -> Result<Option<Link>, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        drop(self.ready.acquire().await.unwrap());
        if self.fails { Err(crate::testing::outage::outage("links.get")) } else { Ok(None) }
    }
}

async fn count_concurrent_reads(fails: bool) -> usize {
    let slow = Arc::new(SlowLinks { reads: AtomicUsize::new(0), ready: tokio::sync::Semaphore::new(0), fails });
    let clock = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
    let cached = Arc::new(CachedLinks::new(slow.clone(), clock, FRESHNESS));
    let address = link("acme", "docs", "https://example.com/").address;
    // A caller that gives up while it waits does not cancel the read for the others.
    let impatient = tokio::spawn({
        let (cached, address) = (cached.clone(), address.clone());
        async move { cached.get(&address).await.is_err() }
    });
    tokio::task::yield_now().await;
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let (cached, address) = (cached.clone(), address.clone());
            tokio::spawn(async move { cached.get(&address).await.is_err() })
        })
        .collect();
    tokio::task::yield_now().await;
    impatient.abort();
    tokio::task::yield_now().await;
    slow.ready.add_permits(1);
    for task in waiting {
        assert_eq!(task.await.unwrap(), fails);
    }
    assert!(lock(&cached.0.reads).is_empty());
    slow.reads.load(Ordering::SeqCst)
}

#[tokio::test]
async fn concurrent_misses_are_one_read() {
    assert_eq!(count_concurrent_reads(false).await, 1);
    assert_eq!(count_concurrent_reads(true).await, 1);
}

#[tokio::test]
async fn clock_set_back_makes_nothing_fresh() {
    let (Fixture { table, clock, cached }, address) = fixture_with_docs().await;
    cached.get(&address).await.unwrap();
    clock.advance(-3600);
    cached.get(&address).await.unwrap();
    assert_eq!(table.reads(), 2);
}

fn fixture_with_marks() -> Fixture {
    let Fixture { table, clock, cached } = fixture();
    let cached = cached.with_marks(table.clone());
    Fixture { table, clock, cached }
}

/// The change that must not wait: the link was in the cache before it.
#[tokio::test]
async fn change_of_a_cached_link_is_seen_within_a_second() {
    type Change = fn(&mut Link);
    let changes: [Change; 4] = [
        |link| link.settings.password_hash = Some("hash".to_owned()),
        |link| link.settings.max_clicks = Some(1),
        |link| link.settings.expires_at = Some(link.created_at),
        |link| link.settings.archived = true,
    ];
    for change in changes {
        let Fixture { table, clock, cached } = fixture_with_marks();
        let seen = link("acme", "docs", "https://example.com/docs");
        table.insert(&seen).await.unwrap();
        for _ in 0..3 {
            assert_eq!(cached.get(&seen.address).await.unwrap().as_ref(), Some(&seen));
        }
        let mut next = Link { revision: 1, ..seen.clone() };
        change(&mut next);
        assert!(LinkWriter::replace(table.as_ref(), &seen, &next).await.unwrap());
        clock.advance(1);
        assert_eq!(cached.get(&seen.address).await.unwrap().as_ref(), Some(&next));
        assert!(table.delete(&next, next.created_at).await.unwrap());
        clock.advance(1);
        assert_eq!(cached.get(&seen.address).await.unwrap(), None);
    }
}

#[tokio::test]
async fn marks_are_read_once_a_second_whatever_is_kept() {
    let Fixture { table, clock, cached } = fixture_with_marks();
    let links: Vec<Link> = (0..100).map(|n| link("acme", &format!("s{n}"), "https://example.com/")).collect();
    for link in &links {
        table.insert(link).await.unwrap();
        cached.get(&link.address).await.unwrap();
        cached.get(&link.address).await.unwrap();
    }
    let (reads, marks) = (table.reads(), table.marks_read());
    for _ in 0..4 {
        clock.advance(1);
        for link in &links {
            cached.get(&link.address).await.unwrap();
        }
    }
    assert_eq!((table.reads() - reads, table.marks_read() - marks), (0, 4), "nothing has changed");
    let titled = Link { title: Some("x".to_owned()), revision: 1, ..links[0].clone() };
    assert!(LinkWriter::replace(table.as_ref(), &links[0], &titled).await.unwrap());
    for _ in 0..2 {
        cached.get(&links[0].address).await.unwrap();
    }
    assert_eq!(table.reads() - reads, 0, "visitors see no titles");
}

/// A table whose ordinary reads lag behind.
struct Lagging {
    table: Arc<MemoryLinks>,
    old: Link,
}

#[async_trait]
impl LinkReader for Lagging {
    async fn get(&self, _: &LinkAddress) -> Result<Option<Link>, StoreError> {
        Ok(Some(self.old.clone()))
    }
    async fn get_latest(&self, address: &LinkAddress) -> Result<Option<Link>, StoreError> {
        self.table.get(address).await
    }
}

#[tokio::test]
async fn read_after_a_change_does_not_lag_behind_it() {
    let Fixture { table, clock, .. } = fixture();
    let old = link("acme", "docs", "https://example.com/docs");
    let neighbour = (0..).map(|n| link("acme", &format!("n{n}"), "https://example.com/"));
    let neighbour = neighbour.into_iter().find(|link| bucket_of(&link.address) == bucket_of(&old.address)).unwrap();
    let lagging = Arc::new(Lagging { table: table.clone(), old: old.clone() });
    let cached = CachedLinks::new(lagging, clock.clone(), FRESHNESS).with_marks(table.clone());
    table.insert(&old).await.unwrap();
    table.insert(&neighbour).await.unwrap();
    for _ in 0..3 {
        cached.get(&neighbour.address).await.unwrap();
    }
    let mut next = Link { revision: 1, ..old.clone() };
    next.settings.archived = true;
    assert!(LinkWriter::replace(table.as_ref(), &old, &next).await.unwrap());
    clock.advance(1);
    cached.get(&neighbour.address).await.unwrap();
    assert_eq!(cached.get(&old.address).await.unwrap(), Some(next), "it was not in the cache, but its mark has risen");
}

/// Reads that cannot lag cost twice as much.
#[tokio::test]
async fn reads_are_ordinary_again_five_seconds_after_a_change() {
    let Fixture { table, clock, .. } = fixture();
    let old = link("acme", "docs", "https://example.com/docs");
    let lagging = Arc::new(Lagging { table: table.clone(), old: old.clone() });
    let cached = CachedLinks::new(lagging, clock.clone(), FRESHNESS).with_marks(table.clone());
    let others = ["a", "b", "c"].map(|slug| link("acme", slug, "https://example.com/"));
    for link in others.iter().chain([&old]) {
        table.insert(link).await.unwrap();
    }
    // The second visit reads the marks, of which any may have risen just now.
    for _ in 0..2 {
        cached.get(&old.address).await.unwrap();
    }
    for (advance, other, answer) in [(4, &others[0], &others[0]), (1, &others[1], &old)] {
        clock.advance(advance);
        assert_eq!(cached.get(&other.address).await.unwrap().as_ref(), Some(answer));
    }
    // Marks that are read again and have not risen are not new.
    for address in [&old.address, &old.address, &others[2].address] {
        assert_eq!(cached.get(address).await.unwrap().as_ref(), Some(&old));
    }
}

#[tokio::test]
async fn missing_link_costs_no_read_of_the_marks() {
    let Fixture { table, cached, .. } = fixture_with_marks();
    let address = link("acme", "missing", "https://example.com/").address;
    for _ in 0..2 {
        assert_eq!(cached.get(&address).await.unwrap(), None);
    }
    assert_eq!((table.reads(), table.marks_read()), (1, 0));
}

#[tokio::test]
async fn redirects_go_on_without_marks() {
    let Fixture { table, clock, cached } = fixture_with_marks();
    let link = link("acme", "docs", "https://example.com/docs");
    table.insert(&link).await.unwrap();
    cached.get(&link.address).await.unwrap();
    cached.get(&link.address).await.unwrap();
    table.fail(true);
    for _ in 0..60 {
        clock.advance(1);
        assert_eq!(cached.get(&link.address).await.unwrap().as_ref(), Some(&link));
    }
}

fn weight(link: &Link) -> u64 {
    weight_at(&link.address, Some(link))
}

fn weight_at(address: &LinkAddress, link: Option<&Link>) -> u64 {
    let value = link.cloned().map(Arc::new);
    ByteWeighter::<Links>(PhantomData).weight(address, &Entry { value, read_at: 0, mark: None, bucket: 0 })
}

#[test]
fn cache_keeps_thousands_of_links_and_of_missing_paths() {
    let mut typical =
        link("acme", "spring", "https://www.example.com/shop/spring-sale?utm_source=mail&utm_medium=newsletter");
    typical.title = Some("The sale of the spring".to_owned());
    typical.tags = vec!["spring".to_owned(), "sale".to_owned()];
    let missing = weight_at(&typical.address, None);
    let (links, paths) = (Links::MAX_BYTES / weight(&typical), Links::MAX_BYTES / missing);
    assert!((4_500..5_500).contains(&links), "{links} links");
    assert!((26_000..27_500).contains(&paths), "{paths} paths without a link");
}

#[test]
fn every_text_of_a_link_takes_memory() {
    type Change = fn(&mut Link, String);
    fn with(link: &mut Link, settings: serde_json::Value) {
        link.settings = serde_json::from_value(settings).unwrap();
    }
    let url = |text: &str| format!("https://example.com/{text}");
    let long = |slug: &str, target: &str| link("acme", slug, target);
    // What a text takes beside its bytes, and a rule beside its texts.
    let (text, rule) = (32, size_of::<Rule>() + 128);
    let (url_of_rule, word) = ("https://a.example/".len() + text, 24 + text);
    let start_of_url = "https://example.com/".len() + text;
    let changes: [(&str, usize, Change); 9] = [
        ("title", text, |link, text| link.title = Some(text)),
        ("origin", text, |link, text| link.origin = Some(text)),
        ("tag", word, |link, text| link.tags.push(text)),
        ("expired_url", start_of_url, |link, text| {
            with(link, serde_json::json!({"expired_url": format!("https://example.com/{text}")}));
        }),
        ("country", rule + url_of_rule + word, |link, text| {
            with(link, serde_json::json!({"rules": [{"if": {"country": [text]}, "url": "https://a.example/"}]}));
        }),
        ("language", rule + url_of_rule + word, |link, text| {
            with(link, serde_json::json!({"rules": [{"if": {"language": [text]}, "url": "https://a.example/"}]}));
        }),
        ("query", rule + url_of_rule + 64 + 2 * text, |link, text| {
            let query = serde_json::json!([{"name": text[..text.len() / 2], "value": text[text.len() / 2..]}]);
            with(link, serde_json::json!({"rules": [{"if": {"query": query}, "url": "https://a.example/"}]}));
        }),
        ("rule", rule + start_of_url, |link, text| {
            let url = format!("https://example.com/{text}");
            with(link, serde_json::json!({"rules": [{"if": {}, "url": url}]}));
        }),
        ("variant", size_of::<Variant>() + text + start_of_url, |link, text| {
            let url = format!("https://example.com/{}", &text[8..]);
            with(link, serde_json::json!({"variants": [{"name": text[..8], "url": url, "weight": 1}]}));
        }),
    ];
    let plain = weight(&link("acme", "docs", "https://example.com/"));
    for (name, fixed, change) in changes {
        let mut weights = [0, 0];
        for (weight_of, length) in weights.iter_mut().zip([1_000, 3_000]) {
            let mut changed = link("acme", "docs", "https://example.com/");
            change(&mut changed, "x".repeat(length));
            *weight_of = weight(&changed);
        }
        assert_eq!(weights[1] - weights[0], 2_000, "{name}: each byte counts");
        assert_eq!(weights[0] - plain - 1_000, fixed as u64, "{name}");
    }
    let longer = long("docs", &url(&"x".repeat(1_000)));
    assert_eq!(weight(&longer) - plain, 1_000);
    // The key and the link both hold the slug and the domain.
    assert_eq!(weight(&long(&"d".repeat(104), "https://example.com/")) - plain, 200);
    let mut elsewhere = link("acme", "docs", "https://example.com/");
    elsewhere.address.domain = crate::Domain::parse(&format!("{}.go.example.com", "d".repeat(49))).unwrap();
    assert_eq!(weight(&elsewhere) - plain, 100);
    assert_eq!(weight(&link(&"a".repeat(54), "docs", "https://example.com/")) - plain, 50);
}

#[test]
fn id_and_aliases_of_a_link_take_memory() {
    let mut link = link("acme", "docs", "https://example.com/");
    let missing = weight_at(&link.address, None);
    let texts = ["acme", "docs", "https://example.com/", link.address.domain.as_str()];
    let bytes: usize = texts.iter().map(|text| text.len() + 32).sum();
    let before = weight(&link);
    assert_eq!(before - missing, (size_of::<Link>() + LinkId::LEN + bytes) as u64);
    for slug in ["a".repeat(10), "b".repeat(100)] {
        link.aliases.push(LinkAddress { domain: link.address.domain.clone(), slug: Slug::parse(slug).unwrap() });
    }
    let aliases = 2 * (48 + 32 + link.address.domain.as_str().len() + 32) + 10 + 100;
    assert_eq!(weight(&link) - before, aliases as u64);
}
