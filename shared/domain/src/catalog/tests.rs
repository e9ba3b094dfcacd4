//! Compares the catalogue with an oracle that looks at all links, while links are created, changed, moved, deleted and clicked, in a
//! store that fails, with writers that overtake each other.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::append::append_changes;
use super::flush::{GRACE_SECONDS, flush};
use super::memory::Catalog;
use super::patch::{LaneClicks, LinkBits, LinkPatch};
use super::ports::{CatalogLimits, CatalogPorts, CatalogStore};
use super::query::{CatalogQuery, SortBy, TargetFilter};
use super::read::{Answer, Catalogs};
use super::words::{MARK, append_words, append_words_of_url, words_of};
use crate::access::scope::Scope;
use crate::links::link::Link;
use crate::links::ports::LinkWriter;
use crate::links::query::LinkFilter;
use crate::ports::{Clock, Random};
use crate::testing::catalog::{MemoryCatalogStore, MemoryTotals};
use crate::testing::files::MemoryFileStore;
use crate::testing::links::MemoryLinks;
use crate::testing::samples::{broken_check, failing_check, link};
use crate::testing::system::{FixedClock, SeededRandom};
use crate::values::domains::{Domain, Domains};
use crate::values::slug::Slug;
use crate::values::target::TargetUrl;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// Who creates links; nobody knows who created some.
const CREATORS: [&str; 3] = ["", "key_1", "key_2"];

/// The clicks of each lane, with the time of the last of them.
type Lanes = BTreeMap<String, (u64, i64)>;

/// A stack with a catalogue: what was written, and the changes that the tables' streams have yet to bring.
struct Stack {
    ports: CatalogPorts,
    store: Arc<MemoryCatalogStore>,
    files: MemoryFileStore,
    links: Arc<MemoryLinks>,
    totals: Arc<MemoryTotals>,
    clock: Arc<FixedClock>,
    random: SeededRandom,
    /// What is there, with the clicks of each lane.
    all: BTreeMap<LinkBits, (Link, Lanes)>,
    /// Changes that are on their way, by shard of the stream: those of an address stay in order.
    streams: [Vec<(WorkspaceId, LinkPatch)>; 3],
    made: usize,
}

impl Stack {
    fn new(seed: u64, limits: CatalogLimits) -> Self {
        let (store, files, links) =
            (Arc::<MemoryCatalogStore>::default(), MemoryFileStore::default(), Arc::<MemoryLinks>::default());
        let totals = Arc::<MemoryTotals>::default();
        let clock = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
        let ports = CatalogPorts {
            store: store.clone(),
            objects: Arc::new(files.clone()),
            files: Arc::new(files.clone()),
            remover: Arc::new(files.clone()),
            links: links.clone(),
            totals: totals.clone(),
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(seed + 1)),
            limits,
        };
        Self {
            ports,
            store,
            files,
            links,
            totals,
            clock,
            random: SeededRandom::new(seed),
            all: BTreeMap::new(),
            streams: Default::default(),
            made: 0,
        }
    }

    fn below(&self, end: usize) -> usize {
        let mut bytes = [0; 8];
        self.random.fill(&mut bytes);
        usize::try_from(u64::from_le_bytes(bytes) % end as u64).unwrap()
    }

    fn one_of<'a>(&self, texts: &[&'a str]) -> &'a str {
        texts[self.below(texts.len())]
    }

    fn send(&mut self, link: &Link, patch: LinkPatch) {
        let shard = usize::from(link.list_shard()) % self.streams.len();
        self.streams[shard].push((link.workspace.clone(), patch));
    }

    fn dress(&self, link: &mut Link) {
        let titles = ["", "Spring sale", "Übergröße", "spring", "東京 spring", "Sale 2026"];
        link.title = Some(self.one_of(&titles).to_owned()).filter(|title| !title.is_empty());
        let urls = [
            "https://example.com/",
            "https://example.com/docs/a",
            "http://example.com/docs/b?x=spring",
            "https://shop.example.com:8443/",
            "https://xn--mnchen-3ya.de/stra%C3%9Fe",
        ];
        link.url = TargetUrl::parse(self.one_of(&urls), &Domains::parse("go.example.com").unwrap()).unwrap();
        link.tags = ["mail", "spring", "x y"].into_iter().filter(|_| self.below(3) == 0).map(str::to_owned).collect();
        link.settings.archived = self.below(6) == 0;
        link.settings.expires_at = self.expiry();
        link.target_check =
            [None, None, Some(failing_check("2026-01-02T03:04:05Z")), Some(broken_check("2026-01-02T03:04:05Z"))]
                [self.below(4)]
            .clone();
    }

    /// One of few times around now, so that several links have the same, or never.
    fn expiry(&self) -> Option<Timestamp> {
        let days = self.below(6).checked_sub(2)?;
        Some(Timestamp::parse("2026-01-01T00:00:00Z").unwrap().plus_seconds(86_400 * i64::try_from(days).unwrap()))
    }

    async fn create(&mut self) {
        let slug = format!("{}-{}", self.one_of(&["spring", "Sale", "docs", "a"]), self.made);
        self.made += 1;
        let workspace = self.one_of(&["acme", "other"]);
        let mut new = link(workspace, &slug, "https://example.com/");
        new.stored_id = Some(crate::links::id::LinkId::derive(self.clock.now(), &slug));
        new.created_at = self.clock.now();
        new.address.domain = Domain::parse(self.one_of(&["go.example.com", "s.example.org"])).unwrap();
        new.created_by = Some(self.one_of(&CREATORS).to_owned()).filter(|creator| !creator.is_empty());
        self.dress(&mut new);
        assert!(self.links.insert(&new).await.unwrap());
        self.send(&new.clone(), LinkPatch::here(&new));
        self.all.insert(new.id().bits(), (new, BTreeMap::new()));
    }

    fn any(&self) -> Option<LinkBits> {
        let keys: Vec<_> = self.all.keys().copied().collect();
        (!keys.is_empty()).then(|| keys[self.below(keys.len())])
    }

    async fn change(&mut self, bits: LinkBits) {
        let old = self.all[&bits].0.clone();
        let mut new = old.clone();
        self.dress(&mut new);
        (new.revision, new.updated_at) = (old.revision + 1, Some(self.clock.now()));
        if self.below(3) == 0 {
            // A move writes two items, whose changes the stream can bring in any order.
            new.address.slug = Slug::parse(format!("moved-{}", self.made)).unwrap();
            self.made += 1;
            new.aliases = if self.below(2) == 0 { vec![old.address.clone()] } else { Vec::new() };
            self.links.relocate(&old, &new, self.clock.now()).await.unwrap();
            self.send(&old, LinkPatch::gone(&old, self.clock.now()));
        } else {
            assert!(self.links.replace(&old, &new).await.unwrap());
        }
        self.send(&new.clone(), LinkPatch::here(&new));
        self.all.get_mut(&bits).unwrap().0 = new;
    }

    async fn delete(&mut self, bits: LinkBits) {
        let (old, _) = self.all.remove(&bits).unwrap();
        assert!(self.links.delete(&old, self.clock.now()).await.unwrap());
        self.send(&old, LinkPatch::gone(&old, self.clock.now()));
    }

    fn click(&mut self, bits: LinkBits) {
        let lane = self.one_of(&["0", "1"]);
        let more = self.below(5) as u64;
        let now = self.clock.now().as_millis();
        let (link, lanes) = self.all.get_mut(&bits).unwrap();
        let (clicks, last) = lanes.entry(lane.to_owned()).or_default();
        (*clicks, *last) = (*clicks + more, now);
        let clicks = LaneClicks { lane: lane.to_owned(), clicks: *clicks, last_at: Some(now) };
        let patch = LinkPatch { link: bits, state: None, clicks: vec![clicks.clone()] };
        let link = link.clone();
        self.totals.set(bits, clicks);
        // The totals of a link and lane stand in one item.
        self.streams[lane.len() % 3].push((link.workspace, patch));
    }

    /// Brings some of the changes of a shard, again and again until it succeeds, as a stream does.
    async fn deliver(&mut self, shard: usize, count: usize) {
        let count = count.min(self.streams[shard].len());
        let batch: Vec<_> = self.streams[shard].drain(..count).collect();
        for _ in 0..100 {
            let deadline = self.clock.now().plus_seconds(10);
            if append_changes(&self.ports, batch.clone(), deadline).await.is_ok() {
                return;
            }
        }
        panic!("the changes were never added");
    }

    async fn deliver_all(&mut self) {
        for shard in 0..self.streams.len() {
            let count = self.streams[shard].len();
            self.deliver(shard, count).await;
        }
    }

    async fn step(&mut self) {
        self.clock.advance([0, 1, 50, 400][self.below(4)]);
        match (self.below(12), self.any()) {
            (0..=3, _) | (_, None) => self.create().await,
            (4..=6, Some(link)) => self.change(link).await,
            (7, Some(link)) => self.delete(link).await,
            (8..=9, Some(link)) => self.click(link),
            _ => {
                let (shard, count) = (self.below(3), 1 + self.below(8));
                self.deliver(shard, count).await;
            }
        }
    }

    fn scope(&self) -> Scope {
        let domains = ["go.example.com", "s.example.org"].into_iter().filter(|_| self.below(5) == 0);
        let tags = ["mail", "x y"].into_iter().filter(|_| self.below(5) == 0).map(str::to_owned).collect();
        let creator = (self.below(5) == 0).then(|| self.one_of(&CREATORS[1..]).to_owned());
        Scope::new(domains.map(|domain| Domain::parse(domain).unwrap()).collect(), tags, creator)
    }

    fn query(&self) -> CatalogQuery {
        let sort = SortBy::ALL[self.below(SortBy::ALL.len())];
        let searches = [
            "",
            "",
            "spring",
            "spr sale",
            "uberg",
            "Spring-Sale",
            "docs a",
            "東",
            "munchen stra",
            "moved",
            "-",
            "exam docs",
        ];
        let targets = [
            None,
            None,
            None,
            Some(TargetFilter::Exactly("https://example.com/".to_owned())),
            Some(TargetFilter::Host("shop.example.com".to_owned())),
            Some(TargetFilter::HostsBelow(".example.com".to_owned())),
            Some(TargetFilter::Below("example.com/docs/".to_owned())),
        ];
        let tags = ["mail", "x y", "spr"].into_iter().filter(|_| self.below(6) == 0).map(str::to_owned).collect();
        let filter = LinkFilter {
            tags,
            any_tag: self.below(2) == 0,
            domain: (self.below(4) == 0).then(|| Domain::parse("s.example.org").unwrap()),
            slug_prefix: (self.below(6) == 0).then(|| self.one_of(&["a", "spring", "Sa"]).to_owned()),
            archived: [None, Some(false), Some(true)][self.below(3)],
            broken: [None, None, None, Some(false), Some(true)][self.below(5)],
            expires_from: self.expiry().filter(|_| self.below(5) == 0),
            expires_before: self.expiry().filter(|_| self.below(5) == 0),
            scope: self.scope(),
        };
        let time = |ago: i64| Some(self.clock.now().plus_seconds(-ago));
        CatalogQuery {
            search: self.one_of(&searches).to_owned(),
            filter,
            targets: (0..2).filter_map(|_| targets[self.below(targets.len())].clone()).collect(),
            created_from: time(2_000).filter(|_| self.below(5) == 0),
            created_before: time(500).filter(|_| self.below(5) == 0),
            sort,
            descending: self.below(2) == 0,
            after: None,
            limit: 1 + self.below(7),
        }
    }

    /// Selects and sorts by looking at each link.
    fn expected(&self, workspace: &WorkspaceId, query: &CatalogQuery) -> Vec<String> {
        let mut found: Vec<&(Link, Lanes)> =
            self.all.values().filter(|(link, _)| link.workspace == *workspace && selects(query, link)).collect();
        let compare = |a: &&(Link, Lanes), b: &&(Link, Lanes)| -> Ordering {
            let clicks = |lanes: &Lanes| lanes.values().map(|lane| lane.0).sum::<u64>();
            let last = |lanes: &Lanes| lanes.values().map(|lane| lane.1).max();
            let changed = |link: &Link| link.updated_at.unwrap_or(link.created_at);
            let title = |link: &Link| {
                let mut words = String::new();
                append_words(link.title.as_deref().unwrap_or(link.address.slug.as_str()), &mut words);
                words
            };
            let rank = |link: &Link| {
                let (slug, searched) = (link.address.slug.as_str().to_lowercase(), query.search.to_lowercase());
                (slug == searched, slug.starts_with(&searched), link.created_at)
            };
            let order = match query.sort {
                SortBy::Created => a.0.created_at.cmp(&b.0.created_at),
                SortBy::Changed => changed(&a.0).cmp(&changed(&b.0)),
                SortBy::Clicks => clicks(&a.1).cmp(&clicks(&b.1)),
                SortBy::LastClick => last(&a.1).cmp(&last(&b.1)),
                SortBy::Expires => match (a.0.settings.expires_at, b.0.settings.expires_at) {
                    (Some(a), Some(b)) => a.cmp(&b),
                    (a, b) => b.is_some().cmp(&a.is_some()),
                },
                SortBy::Title => title(&a.0).cmp(&title(&b.0)),
                SortBy::Relevance => rank(&a.0).cmp(&rank(&b.0)),
            };
            let order = order.then_with(|| a.0.id().cmp(&b.0.id()));
            if query.descending { order.reverse() } else { order }
        };
        found.sort_by(compare);
        found.iter().map(|(link, _)| link.address.to_string()).collect()
    }
}

fn selects(query: &CatalogQuery, link: &Link) -> bool {
    let mut text = String::new();
    append_words(link.title.as_deref().unwrap_or_default(), &mut text);
    append_words(link.address.slug.as_str(), &mut text);
    link.aliases.iter().for_each(|alias| append_words(alias.slug.as_str(), &mut text));
    link.tags.iter().for_each(|tag| append_words(tag, &mut text));
    append_words_of_url(link.url.as_str(), &mut text);
    let words = words_of(&query.search);
    let has = |word: &String| text.split(MARK).any(|own| own.starts_with(word.as_str()));
    let host = |url: &str| url::Url::parse(url).unwrap().host_str().unwrap().to_owned();
    let url = link.url.as_str();
    let target = query.targets.iter().all(|target| match target {
        TargetFilter::Exactly(wanted) => url == wanted,
        TargetFilter::Host(wanted) => host(url) == *wanted,
        TargetFilter::HostsBelow(wanted) => host(url).ends_with(wanted.as_str()),
        TargetFilter::Below(wanted) => url.split_once("://").unwrap().1.starts_with(wanted.as_str()),
    });
    let found = if query.search.is_empty() { true } else { !words.is_empty() && words.iter().all(has) };
    found
        && target
        && query.filter.shows(link)
        && query.created_from.is_none_or(|from| link.created_at >= from)
        && query.created_before.is_none_or(|before| link.created_at < before)
}

async fn ask(catalogs: &Catalogs, workspace: &WorkspaceId, query: &CatalogQuery) -> Option<(Vec<String>, usize)> {
    let mut query = query.clone();
    let (mut all, mut totals) = (Vec::new(), BTreeSet::new());
    loop {
        let Answer::Ready(page) = catalogs.ask(workspace, |catalog: &Catalog| catalog.query(&query)).await.unwrap()
        else {
            return None;
        };
        assert!(page.items.len() <= query.limit);
        all.extend(page.items.iter().map(|item| item.address.to_string()));
        totals.insert(page.total);
        query.after = page.next;
        if query.after.is_none() {
            assert_eq!(totals.len(), 1, "every page has the total");
            return Some((all, totals.pop_first().unwrap()));
        }
    }
}

const SMALL: CatalogLimits =
    CatalogLimits { inline_bytes: 700, flush_items: 5, flush_bytes: 2_000, segment_bytes: 3_000 };

/// Runs steps with a seed, and compares answers to random queries with those of the oracle.
async fn run(seed: u64, steps: usize, queries: usize, fail_every: usize) {
    let mut stack = Stack::new(seed, SMALL);
    let workspaces = ["acme", "other"].map(|name| WorkspaceId::parse(name).unwrap());
    // One reader from the beginning, that reads on, and one that begins anew each time.
    let old = Catalogs::new(stack.ports.clone(), usize::MAX);
    for _ in 0..queries {
        stack.store.fail_every(fail_every);
        for _ in 0..steps {
            stack.step().await;
        }
        stack.deliver_all().await;
        stack.store.fail_every(0);
        for workspace in &workspaces {
            let query = stack.query();
            let expected = stack.expected(workspace, &query);
            for catalogs in [&old, &Catalogs::new(stack.ports.clone(), usize::MAX)] {
                let Some((found, total)) = ask(catalogs, workspace, &query).await else {
                    assert!(expected.is_empty(), "seed {seed}: no catalogue of {workspace}");
                    continue;
                };
                assert_eq!(found, expected, "seed {seed}, {workspace}: {query:?}");
                assert_eq!(total, expected.len(), "seed {seed}");
            }
        }
    }
}

#[tokio::test]
async fn answers_are_those_of_looking_at_every_link() {
    for seed in 0..20 {
        run(seed, 30, 50, 0).await;
    }
}

#[tokio::test]
async fn failures_and_lost_answers_of_the_store_lose_nothing() {
    for seed in 100..110 {
        run(seed, 20, 10, 7).await;
    }
}

#[tokio::test]
async fn catalogue_of_links_from_before_is_built_and_goes_on_where_it_stopped() {
    let mut stack = Stack::new(7, SMALL);
    for _ in 0..60 {
        stack.create().await;
        let link = stack.any().unwrap();
        stack.click(link);
    }
    stack.streams = Default::default();
    let acme = WorkspaceId::parse("acme").unwrap();
    let catalogs = Catalogs::new(stack.ports.clone(), usize::MAX);
    let query = CatalogQuery { sort: SortBy::Clicks, limit: 100, ..CatalogQuery::default() };
    super::build::request_build(&stack.ports, &acme).await.unwrap();
    let mut rounds = 0;
    loop {
        let head = stack.store.head(&acme).await.unwrap();
        // No time at all: each invocation writes one segment.
        if super::build::build(&stack.ports, &acme, head, stack.clock.now()).await.unwrap() {
            break;
        }
        assert_eq!(ask(&catalogs, &acme, &query).await, None, "half a catalogue answers nothing");
        rounds += 1;
    }
    assert!(rounds > 2, "{rounds}");
    let expected = stack.expected(&acme, &query);
    assert_eq!(ask(&catalogs, &acme, &query).await, Some((expected.clone(), expected.len())));
}

#[tokio::test]
async fn catalogue_of_another_version_is_built_anew() {
    let mut stack = Stack::new(10, SMALL);
    for _ in 0..30 {
        stack.create().await;
    }
    stack.deliver_all().await;
    let acme = WorkspaceId::parse("acme").unwrap();
    let head = stack.store.head(&acme).await.unwrap().unwrap();
    let old = super::head::CatalogHead { format: 0, revision: head.revision + 1, ..head };
    assert!(stack.store.put_head(&acme, &old).await.unwrap());
    let catalogs = Catalogs::new(stack.ports.clone(), usize::MAX);
    let query = CatalogQuery { limit: 100, ..CatalogQuery::default() };
    assert_eq!(ask(&catalogs, &acme, &query).await, None);
    assert!(stack.store.head(&acme).await.unwrap().unwrap().is_being_built(), "the reader asks for it");
    super::build::finish_build(&stack.ports, &acme, stack.clock.now().plus_seconds(9)).await.unwrap();
    let expected = stack.expected(&acme, &query);
    assert_eq!(ask(&catalogs, &acme, &query).await, Some((expected.clone(), expected.len())));
}

#[tokio::test]
async fn catalogue_that_lost_an_object_is_built_anew() {
    use crate::files::ports::ObjectRemover;
    let mut stack = Stack::new(13, SMALL);
    for _ in 0..60 {
        stack.create().await;
    }
    stack.deliver_all().await;
    let acme = WorkspaceId::parse("acme").unwrap();
    flush(&stack.ports, &acme).await.unwrap();
    let head = stack.store.head(&acme).await.unwrap().unwrap();
    stack.files.remove(&head.segments[0].key).await.unwrap();
    let catalogs = Catalogs::new(stack.ports.clone(), usize::MAX);
    let query = CatalogQuery { limit: 100, ..CatalogQuery::default() };
    assert_eq!(ask(&catalogs, &acme, &query).await, None);
    super::build::finish_build(&stack.ports, &acme, stack.clock.now().plus_seconds(9)).await.unwrap();
    let expected = stack.expected(&acme, &query);
    assert_eq!(ask(&catalogs, &acme, &query).await, Some((expected.clone(), expected.len())));
}

#[tokio::test]
async fn failing_store_does_not_cost_the_catalogue_in_memory() {
    let mut stack = Stack::new(14, SMALL);
    for _ in 0..60 {
        stack.create().await;
    }
    stack.deliver_all().await;
    let acme = WorkspaceId::parse("acme").unwrap();
    let catalogs = Catalogs::new(stack.ports.clone(), usize::MAX);
    assert!(matches!(catalogs.ask(&acme, Catalog::len).await.unwrap(), Answer::Ready(_)));
    stack.store.fail_every(1);
    assert!(catalogs.ask(&acme, Catalog::len).await.is_err());
    assert_eq!(catalogs.loaded().await, 1);
}

#[tokio::test]
async fn old_items_and_objects_are_deleted_after_a_while_and_never_the_newest() {
    let mut stack = Stack::new(8, SMALL);
    let acme = WorkspaceId::parse("acme").unwrap();
    for _ in 0..10 {
        for _ in 0..40 {
            stack.create().await;
        }
        stack.deliver_all().await;
        stack.clock.advance(GRACE_SECONDS + 1);
    }
    for _ in 0..3 {
        stack.create().await;
        stack.deliver_all().await;
        flush(&stack.ports, &acme).await.unwrap();
        stack.clock.advance(GRACE_SECONDS + 1);
    }
    let numbers = stack.store.numbers(&acme);
    let head = stack.store.head(&acme).await.unwrap().unwrap();
    assert!(numbers.len() < 8, "{numbers:?}");
    assert!(numbers.last().unwrap() >= &head.flushed_to);
    let (kept, named): (Vec<_>, usize) =
        (stack.files.all().into_keys().collect(), head.segments.len() + head.retired.len());
    assert!(kept.len() <= 2 * (named + 4) && head.segments.len() < 6, "{kept:?} {head:?}");
}

#[tokio::test]
async fn catalogue_that_does_not_fit_is_refused() {
    let mut stack = Stack::new(9, SMALL);
    for _ in 0..100 {
        stack.create().await;
    }
    stack.deliver_all().await;
    let acme = WorkspaceId::parse("acme").unwrap();
    flush(&stack.ports, &acme).await.unwrap();
    let catalogs = Catalogs::new(stack.ports.clone(), 1000);
    assert!(matches!(catalogs.ask(&acme, Catalog::len).await.unwrap(), Answer::TooLarge(_)));
}

#[tokio::test]
async fn catalogues_share_a_bound_and_make_room_for_each_other() {
    let mut stack = Stack::new(11, SMALL);
    for _ in 0..200 {
        stack.create().await;
    }
    stack.deliver_all().await;
    let workspaces = ["acme", "other"].map(|name| WorkspaceId::parse(name).unwrap());
    let all = Catalogs::new(stack.ports.clone(), usize::MAX);
    let mut bytes = Vec::new();
    for workspace in &workspaces {
        let Answer::Ready(size) = all.ask(workspace, Catalog::bytes).await.unwrap() else { panic!() };
        bytes.push(size);
    }
    assert_eq!(all.loaded().await, 2);
    let one = Catalogs::new(stack.ports.clone(), bytes.iter().max().unwrap() + 1);
    for workspace in workspaces.iter().cycle().take(5) {
        assert!(matches!(one.ask(workspace, Catalog::len).await.unwrap(), Answer::Ready(90..)));
        assert_eq!(one.loaded().await, 1);
    }
}

#[tokio::test]
async fn catalogue_that_grows_beyond_the_memory_is_refused() {
    let mut stack = Stack::new(12, SMALL);
    for _ in 0..50 {
        stack.create().await;
    }
    stack.deliver_all().await;
    let acme = WorkspaceId::parse("acme").unwrap();
    let Answer::Ready(bytes) = Catalogs::new(stack.ports.clone(), usize::MAX).ask(&acme, Catalog::bytes).await.unwrap()
    else {
        panic!()
    };
    let catalogs = Catalogs::new(stack.ports.clone(), 2 * bytes);
    assert!(matches!(catalogs.ask(&acme, Catalog::len).await.unwrap(), Answer::Ready(_)));
    for _ in 0..400 {
        stack.create().await;
    }
    stack.deliver_all().await;
    assert!(matches!(catalogs.ask(&acme, Catalog::len).await.unwrap(), Answer::TooLarge(_)));
    assert_eq!(catalogs.loaded().await, 0);
}

#[test]
fn texts_of_earlier_states_do_not_pile_up() {
    let mut catalog = Catalog::default();
    let mut one = link("acme", "docs", "https://example.com/");
    one.title = Some("word ".repeat(39));
    for revision in 0..50_000 {
        one.revision = revision;
        catalog.apply(LinkPatch::here(&one));
    }
    assert_eq!(catalog.len(), 1);
    assert!(catalog.bytes() < 8 << 20, "{}", catalog.bytes());
    let query = CatalogQuery { search: "wor".to_owned(), limit: 1, ..CatalogQuery::default() };
    assert_eq!(catalog.query(&query).total, 1);
}
