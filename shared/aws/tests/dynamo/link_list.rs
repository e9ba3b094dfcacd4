//! Tests lists of links against an embedded DynamoDB, and counts their queries.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use waypost_aws::dynamo::link_list::MAX_ROUNDS;
use waypost_aws::dynamo::links::{DynamoLinks, item_of};
use waypost_domain::access::scope::Scope;
use waypost_domain::links::list::{ListRequest, list_links};
use waypost_domain::links::ports::{LinkIndex, LinkWriter};
use waypost_domain::links::query::{LinkFilter, LinkQuery};
use waypost_domain::testing::links::MemoryLinks;
use waypost_domain::testing::samples::{broken_check, caller, failing_check, link};
use waypost_domain::values::page::{Page, PageRequest};
use waypost_domain::{Domain, Domains, Link, Role, Timestamp, WorkspaceId};

use crate::support::{LINKS_TABLE, dynamodb};

#[derive(Debug, Clone, Default)]
struct Counter(Arc<AtomicUsize>);

impl Counter {
    fn take(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }
}

impl Intercept for Counter {
    fn name(&self) -> &'static str {
        "Counter"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

/// Makes links, and a counter of their requests.
async fn counted() -> (DynamoLinks, Counter) {
    let (client, counter) = (dynamodb().await, Counter::default());
    let config = client.config().to_builder().interceptor(counter.clone()).build();
    (DynamoLinks::new(aws_sdk_dynamodb::Client::from_conf(config), LINKS_TABLE), counter)
}

async fn write_all(links: &[Link]) -> (DynamoLinks, Counter) {
    let client = dynamodb().await;
    for batch in links.chunks(25) {
        let write = |link| {
            let put = PutRequest::builder().set_item(Some(item_of(link).unwrap())).build().unwrap();
            WriteRequest::builder().put_request(put).build()
        };
        let items = batch.iter().map(write).collect();
        client.batch_write_item().request_items(LINKS_TABLE, items).send().await.unwrap();
    }
    let counter = Counter::default();
    let config = client.config().to_builder().interceptor(counter.clone()).build();
    (DynamoLinks::new(aws_sdk_dynamodb::Client::from_conf(config), LINKS_TABLE), counter)
}

fn acme() -> WorkspaceId {
    WorkspaceId::parse("acme").unwrap()
}

fn first(limit: usize) -> PageRequest {
    PageRequest { limit: Some(limit), cursor: None }
}

async fn page(links: &dyn LinkIndex, request: &ListRequest) -> Page<Link> {
    let domains = Domains::parse("go.example.com,s.example.org").unwrap();
    list_links(links, &domains, &caller("acme", Role::Viewer), request).await.unwrap()
}

/// Reads all pages, and counts them.
async fn all_pages(links: &dyn LinkIndex, mut request: ListRequest) -> (Vec<Link>, usize) {
    let (mut all, mut pages) = (Vec::new(), 0);
    loop {
        let page = page(links, &request).await;
        all.extend(page.items);
        pages += 1;
        request.page.cursor = page.next_cursor;
        if request.page.cursor.is_none() {
            return (all, pages);
        }
    }
}

fn many(count: usize) -> Vec<Link> {
    let all = (0..count).map(|n| {
        let mut link = link("acme", &format!("s{n}"), "https://example.com/");
        link.created_at = link.created_at.plus_seconds(i64::try_from(n / 7).unwrap());
        link
    });
    all.collect()
}

#[tokio::test]
async fn pages_merge_all_shards_newest_first() {
    let mut links = many(60);
    links.push(link("other", "foreign", "https://example.com/"));
    let (links, _) = write_all(&links).await;
    let (all, _) = all_pages(&links, ListRequest { page: first(7), ..ListRequest::default() }).await;
    let keys: Vec<String> = all.iter().map(Link::list_key).collect();
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), 60);
    assert!(keys.windows(2).all(|pair| pair[0] > pair[1]));
}

#[tokio::test]
async fn page_takes_one_round_of_queries() {
    let (links, counter) = write_all(&many(5_000)).await;
    let mut request = ListRequest { page: first(100), ..ListRequest::default() };
    for _ in 0..3 {
        let page = page(&links, &request).await;
        assert_eq!((page.items.len(), counter.take()), (100, usize::from(Link::LIST_SHARDS)));
        request.page.cursor = page.next_cursor;
    }
    let range = ListRequest {
        created_after: Some("2026-01-01T00:01:00Z".into()),
        created_before: Some("2026-01-01T00:02:00Z".into()),
        ..request
    };
    let page = page(&links, &ListRequest { page: first(100), ..range.clone() }).await;
    assert_eq!((page.items.len(), counter.take()), (100, usize::from(Link::LIST_SHARDS)));
    let (all, _) = all_pages(&links, ListRequest { page: first(100), ..range }).await;
    assert_eq!(all.len(), 60 * 7);
}

/// Takes minutes without optimisation: `cargo test -p waypost-aws --test dynamo -- --ignored`.
#[tokio::test]
#[ignore = "writes 100,000 links"]
async fn page_of_100_000_links_takes_one_round() {
    let (links, counter) = write_all(&many(100_000)).await;
    for limit in [None, Some(100)] {
        let page =
            page(&links, &ListRequest { page: PageRequest { limit, cursor: None }, ..ListRequest::default() }).await;
        assert_eq!((page.items.len(), counter.take()), (limit.unwrap_or(50), usize::from(Link::LIST_SHARDS)));
    }
}

#[tokio::test]
async fn archived_links_take_one_more_round() {
    let mut all = many(2_000);
    for link in all.iter_mut().step_by(2) {
        link.settings.archived = true;
    }
    let (links, counter) = write_all(&all).await;
    let page = page(&links, &ListRequest { page: first(50), ..ListRequest::default() }).await;
    assert_eq!(page.items.len(), 50);
    assert!(counter.take() <= 2 * usize::from(Link::LIST_SHARDS));
}

#[tokio::test]
async fn rare_tag_is_found_in_bounded_rounds() {
    let mut all = many(24_000);
    for index in [3, 12_000, 23_000] {
        all[index].tags = vec!["rare".to_owned()];
    }
    let (links, counter) = write_all(&all).await;
    let mut request = ListRequest { tags: vec!["rare".to_owned()], ..ListRequest::default() };
    let (mut found, mut cut_short) = (0, 0);
    loop {
        let page = page(&links, &request).await;
        assert!(counter.take() <= MAX_ROUNDS * usize::from(Link::LIST_SHARDS));
        found += page.items.len();
        request.page.cursor = page.next_cursor;
        if request.page.cursor.is_none() {
            break;
        }
        cut_short += 1;
    }
    assert_eq!((found, cut_short), (3, 1));
}

#[tokio::test]
async fn filters_match_those_in_memory() {
    let memory = MemoryLinks::default();
    let mut all = many(300);
    for (n, link) in all.iter_mut().enumerate() {
        link.tags = ["x", "y", "z"].iter().take(n % 4).map(|tag| (*tag).to_owned()).collect();
        link.settings.archived = n % 5 == 0;
        let time = "2026-01-02T03:04:05Z";
        link.target_check = [None, Some(failing_check(time)), Some(broken_check(time))][n % 11 % 3].clone();
        link.settings.expires_at = (n % 2 == 0).then(|| link.created_at.plus_seconds(5));
        link.created_by = (n % 7 == 0).then(|| "key_1".to_owned());
        if n % 3 == 0 {
            link.address.domain = Domain::parse("s.example.org").unwrap();
        }
        memory.insert(link).await.unwrap();
    }
    let (links, _) = write_all(&all).await;
    let tags = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
    let time = |second| Some(Timestamp::parse("2026-01-01T00:00:00Z").unwrap().plus_seconds(second));
    let all = LinkQuery::newest(1000);
    let scoped = |tags: &[&str], domains: &[&str], creator: Option<&str>| {
        let domains = domains.iter().map(|domain| Domain::parse(domain).unwrap()).collect();
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let scope = Scope::new(domains, tags, creator.map(str::to_owned));
        LinkQuery { filter: LinkFilter { scope, ..LinkFilter::default() }, ..all.clone() }
    };
    for query in [
        all.clone(),
        LinkQuery { limit: 17, ..all.clone() },
        LinkQuery { created_from: time(10), ..all.clone() },
        LinkQuery { created_before: time(10), ..all.clone() },
        LinkQuery { created_from: time(10), created_before: time(20), limit: 20, ..all.clone() },
        LinkQuery { created_from: time(20), created_before: time(20), ..all.clone() },
        LinkQuery { created_from: time(20), created_before: time(10), ..all.clone() },
        LinkQuery { filter: LinkFilter { tags: tags(&["x", "z"]), ..LinkFilter::default() }, ..all.clone() },
        LinkQuery {
            filter: LinkFilter { tags: tags(&["z", "y"]), any_tag: true, ..LinkFilter::default() },
            ..all.clone()
        },
        LinkQuery { filter: LinkFilter { archived: Some(true), ..LinkFilter::default() }, limit: 9, ..all.clone() },
        LinkQuery { filter: LinkFilter { archived: Some(false), ..LinkFilter::default() }, limit: 99, ..all.clone() },
        LinkQuery { filter: LinkFilter { broken: Some(true), ..LinkFilter::default() }, ..all.clone() },
        LinkQuery { filter: LinkFilter { broken: Some(false), ..LinkFilter::default() }, ..all.clone() },
        LinkQuery { filter: LinkFilter { expires_from: time(20), ..LinkFilter::default() }, ..all.clone() },
        LinkQuery { filter: LinkFilter { expires_before: time(20), ..LinkFilter::default() }, ..all.clone() },
        LinkQuery {
            filter: LinkFilter { expires_from: time(10), expires_before: time(20), ..LinkFilter::default() },
            ..all.clone()
        },
        LinkQuery { filter: LinkFilter { slug_prefix: Some("s2".into()), ..LinkFilter::default() }, ..all.clone() },
        LinkQuery {
            filter: LinkFilter { domain: Domain::parse("s.example.org").ok(), ..LinkFilter::default() },
            limit: 40,
            ..all.clone()
        },
        scoped(&["x", "z"], &[], None),
        scoped(&["z"], &["s.example.org"], None),
        scoped(&[], &["s.example.org", "x.example.org"], Some("key_1")),
        scoped(&["none"], &[], None),
        LinkQuery {
            filter: LinkFilter { tags: tags(&["y"]), ..scoped(&["z"], &["go.example.com"], None).filter },
            ..scoped(&[], &[], None)
        },
    ] {
        let expected = memory.page(&acme(), &query).await.unwrap();
        assert_eq!(links.page(&acme(), &query).await.unwrap(), expected, "{query:?}");
        let before = expected.links.first().map(Link::list_key);
        let rest = LinkQuery { before, ..query };
        assert_eq!(links.page(&acme(), &rest).await.unwrap(), memory.page(&acme(), &rest).await.unwrap(), "{rest:?}");
    }
}

#[tokio::test]
async fn pages_of_long_links_lose_no_links() {
    let (links, _) = counted().await;
    for n in 0..400 {
        let url = format!("https://example.com/{}", "x".repeat(4000));
        links.insert(&link("acme", &format!("s{n}"), &url)).await.unwrap();
    }
    let (all, _) = all_pages(&links, ListRequest { page: first(100), ..ListRequest::default() }).await;
    assert_eq!(all.len(), 400);
}
