//! Implements the ports of links in memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;

use super::domains::MemoryDomains;
use super::outage::{lock, outage, yield_once};
use super::system::{FixedClock, SeededRandom};
use crate::links::address::LinkAddress;
use crate::links::change_marks::{BUCKETS, Marks, changed_buckets};
use crate::links::id::LinkId;
use crate::links::link::Link;
use crate::links::ports::{
    ChangeMarker, Inserted, Insertion, LinkBatch, LinkIndex, LinkMoves, LinkPorts, LinkReader, LinkRestorer,
    LinkShards, LinkTargets, LinkWriter, MAX_FOUND, Occupant, Relocation, ShardPlace,
};
use crate::links::query::{LinkQuery, LinkSlice};
use crate::redirect::ports::{ChangeMarks, ClickLimit};
use crate::values::domains::{Domain, Domains};
use crate::values::error::StoreError;
use crate::values::target::TargetUrl;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// A store of links, which can fail.
#[derive(Default)]
pub struct MemoryLinks {
    links: Mutex<HashMap<LinkAddress, Link>>,
    pointers: Mutex<HashMap<LinkAddress, Pointer>>,
    moves: Mutex<HashMap<(WorkspaceId, LinkId), LinkAddress>>,
    targets: Mutex<HashMap<Target, LinkAddress>>,
    marks: Mutex<Option<Box<Marks>>>,
    marks_read: AtomicUsize,
    failing: AtomicBool,
    reads: AtomicUsize,
}

/// What is at an address that is no link's own.
#[derive(Clone, PartialEq, Eq)]
enum Pointer {
    Alias(LinkAddress),
    Reserved(WorkspaceId),
}

impl MemoryLinks {
    /// Makes every later call fail, or work again.
    pub fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }

    /// Returns all links in the order of creation.
    pub fn all(&self) -> Vec<Link> {
        let mut all: Vec<Link> = lock(&self.links).values().cloned().collect();
        all.sort_by_key(Link::list_key);
        all
    }

    /// Returns how many calls of [`LinkReader::get`] there were.
    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// Returns how many calls of [`ChangeMarks::marks`] there were.
    pub fn marks_read(&self) -> usize {
        self.marks_read.load(Ordering::SeqCst)
    }

    fn mark(&self, seen: &Link, next: Option<&Link>) {
        let mut marks = lock(&self.marks);
        let marks = marks.get_or_insert_with(|| Box::new([0; BUCKETS]));
        for bucket in changed_buckets(seen, next) {
            marks[bucket] += 1;
        }
    }

    /// Removes what is at `address` without a trace: no reservation, no alias.
    pub fn forget(&self, address: &LinkAddress) {
        lock(&self.links).remove(address);
        lock(&self.pointers).remove(address);
    }

    fn check(&self, operation: &'static str) -> Result<MutexGuard<'_, HashMap<LinkAddress, Link>>, StoreError> {
        if self.failing.load(Ordering::SeqCst) { Err(outage(operation)) } else { Ok(lock(&self.links)) }
    }

    fn occupant(&self, links: &HashMap<LinkAddress, Link>, address: &LinkAddress) -> Occupant {
        let at = |address: &LinkAddress| links.get(address).map(|link| Occupant::Link(Box::new(link.clone())));
        let pointed = || match lock(&self.pointers).get(address) {
            Some(Pointer::Alias(target)) => at(target),
            Some(Pointer::Reserved(workspace)) => Some(Occupant::Reserved(workspace.clone())),
            None => None,
        };
        at(address).or_else(pointed).unwrap_or(Occupant::Nobody)
    }

    /// Writes `link` to its address if that is free or reserved for its workspace.
    fn put(&self, links: &mut HashMap<LinkAddress, Link>, link: &Link) -> bool {
        let free = match self.occupant(links, &link.address) {
            Occupant::Nobody => true,
            Occupant::Link(_) => false,
            Occupant::Reserved(workspace) => workspace == link.workspace,
        };
        if free {
            lock(&self.pointers).remove(&link.address);
            links.insert(link.address.clone(), link.clone());
        }
        free
    }
}

#[async_trait]
impl LinkReader for MemoryLinks {
    async fn get(&self, address: &LinkAddress) -> Result<Option<Link>, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let links = self.check("links.get")?;
        Ok(match self.occupant(&links, address) {
            Occupant::Link(link) => Some(*link),
            Occupant::Nobody | Occupant::Reserved(_) => None,
        })
    }
}

#[async_trait]
impl LinkWriter for MemoryLinks {
    async fn insert(&self, link: &Link) -> Result<bool, StoreError> {
        let mut links = self.check("links.insert")?;
        Ok(self.put(&mut links, link))
    }

    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
        let mut links = self.check("links.replace")?;
        let Some(link) = links.get_mut(&seen.address).filter(|link| link.is_unchanged_since(seen)) else {
            return Ok(false);
        };
        let used_clicks = link.settings.used_clicks;
        *link = next.clone();
        link.settings.used_clicks = used_clicks;
        self.mark(seen, Some(next));
        Ok(true)
    }

    async fn relocate(&self, seen: &Link, next: &Link, _now: Timestamp) -> Result<Relocation, StoreError> {
        let mut links = self.check("links.relocate")?;
        let same =
            |link: &&Link| link.is_unchanged_since(seen) && link.settings.used_clicks == seen.settings.used_clicks;
        if links.get(&seen.address).filter(same).is_none() {
            return Ok(Relocation::Changed);
        }
        let own = seen.addresses().any(|address| *address == next.address);
        let free = match self.occupant(&links, &next.address) {
            Occupant::Nobody => true,
            Occupant::Link(_) => own,
            Occupant::Reserved(workspace) => workspace == next.workspace,
        };
        let known = |alias: &LinkAddress| seen.addresses().any(|address| address == alias);
        let has_room = |alias: &LinkAddress| match self.occupant(&links, alias) {
            Occupant::Nobody => true,
            Occupant::Link(_) => false,
            Occupant::Reserved(workspace) => workspace == next.workspace,
        };
        if !free || !next.aliases.iter().filter(|alias| !known(alias)).all(has_room) {
            return Ok(Relocation::Taken);
        }
        links.remove(&seen.address);
        let mut pointers = lock(&self.pointers);
        for address in seen.addresses() {
            pointers.insert(address.clone(), Pointer::Reserved(seen.workspace.clone()));
        }
        for alias in &next.aliases {
            pointers.insert(alias.clone(), Pointer::Alias(next.address.clone()));
        }
        pointers.remove(&next.address);
        links.insert(next.address.clone(), next.clone());
        self.mark(seen, Some(next));
        lock(&self.moves).insert((next.workspace.clone(), next.id()), next.address.clone());
        Ok(Relocation::Done)
    }

    async fn delete(&self, seen: &Link, _now: Timestamp) -> Result<bool, StoreError> {
        let mut links = self.check("links.delete")?;
        if links.get(&seen.address).filter(|link| link.is_unchanged_since(seen)).is_none() {
            return Ok(false);
        }
        links.remove(&seen.address);
        let mut pointers = lock(&self.pointers);
        for address in seen.addresses() {
            pointers.insert(address.clone(), Pointer::Reserved(seen.workspace.clone()));
        }
        self.mark(seen, None);
        Ok(true)
    }
}

#[async_trait]
impl LinkRestorer for MemoryLinks {
    async fn restore(&self, link: &Link) -> Result<bool, StoreError> {
        let mut links = self.check("links.restore")?;
        if links.get(&link.address) == Some(link) {
            return Ok(true);
        }
        let is_free = |address: &LinkAddress| match self.occupant(&links, address) {
            Occupant::Nobody => true,
            Occupant::Link(_) => false,
            Occupant::Reserved(workspace) => workspace == link.workspace,
        };
        if !link.addresses().all(is_free) {
            return Ok(false);
        }
        self.put(&mut links, link);
        for alias in &link.aliases {
            lock(&self.pointers).insert(alias.clone(), Pointer::Alias(link.address.clone()));
        }
        Ok(true)
    }
}

#[async_trait]
impl ChangeMarker for MemoryLinks {
    async fn mark(&self, buckets: &[usize]) -> Result<(), StoreError> {
        drop(self.check("links.mark")?);
        let mut marks = lock(&self.marks);
        let marks = marks.get_or_insert_with(|| Box::new([0; BUCKETS]));
        buckets.iter().for_each(|bucket| marks[*bucket] += 1);
        Ok(())
    }
}

#[async_trait]
impl ChangeMarks for MemoryLinks {
    async fn marks(&self) -> Result<Marks, StoreError> {
        self.marks_read.fetch_add(1, Ordering::SeqCst);
        drop(self.check("links.marks")?);
        Ok(lock(&self.marks).as_deref().copied().unwrap_or([0; BUCKETS]))
    }
}

#[async_trait]
impl LinkMoves for MemoryLinks {
    async fn addresses(&self, workspace: &WorkspaceId, ids: &[LinkId]) -> Result<Vec<Option<LinkAddress>>, StoreError> {
        drop(self.check("links.addresses")?);
        let moves = lock(&self.moves);
        Ok(ids.iter().map(|id| moves.get(&(workspace.clone(), id.clone())).cloned()).collect())
    }
}

#[async_trait]
impl ClickLimit for MemoryLinks {
    async fn use_click(&self, address: &LinkAddress) -> Result<bool, StoreError> {
        let mut links = self.check("links.use_click")?;
        let Some(settings) = links.get_mut(address).map(|link| &mut link.settings) else { return Ok(false) };
        let left = settings.max_clicks.is_none_or(|max| settings.used_clicks < max);
        settings.used_clicks += u64::from(left);
        Ok(left)
    }
}

#[async_trait]
impl LinkIndex for MemoryLinks {
    async fn page(&self, workspace: &WorkspaceId, query: &LinkQuery) -> Result<LinkSlice, StoreError> {
        drop(self.check("links.page")?);
        let (lower, upper) = (query.lower(), query.upper());
        let is_wanted = |link: &Link| {
            let key = link.list_key();
            link.workspace == *workspace
                && lower.as_ref().is_none_or(|lower| key >= *lower)
                && upper.as_ref().is_none_or(|upper| key < *upper)
                && query.filter.shows(link)
        };
        let links = self.all().into_iter().rev().filter(is_wanted).take(query.limit).collect();
        Ok(LinkSlice { links, reached: None })
    }
}

#[async_trait]
impl LinkTargets for MemoryLinks {
    async fn find(
        &self,
        workspace: &WorkspaceId,
        domain: &Domain,
        url: &TargetUrl,
    ) -> Result<Option<LinkAddress>, StoreError> {
        drop(self.check("targets.find")?);
        Ok(lock(&self.targets).get(&(workspace.clone(), domain.clone(), url.clone())).cloned())
    }

    async fn find_all(
        &self,
        workspace: &WorkspaceId,
        domain: &Domain,
        url: &TargetUrl,
    ) -> Result<Vec<LinkAddress>, StoreError> {
        drop(self.check("targets.find_all")?);
        let wanted = (workspace.clone(), domain.clone(), url.clone());
        let known = |link: &Link| link.stored_id.is_some() && target_of(link) == wanted;
        Ok(self.all().into_iter().rev().filter(known).map(|link| link.address).take(MAX_FOUND).collect())
    }

    async fn remember(&self, link: &Link) -> Result<(), StoreError> {
        drop(self.check("targets.remember")?);
        lock(&self.targets).insert(target_of(link), link.address.clone());
        Ok(())
    }

    async fn insert_as_only(&self, link: &Link, seen: Option<&LinkAddress>) -> Result<Insertion, StoreError> {
        let mut links = self.check("targets.insert")?;
        let mut targets = lock(&self.targets);
        if targets.get(&target_of(link)) != seen {
            return Ok(Insertion::TargetTaken);
        }
        if !self.put(&mut links, link) {
            return Ok(Insertion::AddressTaken);
        }
        targets.insert(target_of(link), link.address.clone());
        Ok(Insertion::Done)
    }
}

/// The key by which [`LinkTargets`] finds a link.
type Target = (WorkspaceId, Domain, TargetUrl);

fn target_of(link: &Link) -> Target {
    (link.workspace.clone(), link.address.domain.clone(), link.url.clone())
}

#[async_trait]
impl LinkBatch for MemoryLinks {
    async fn insert_all(&self, links: &[Link]) -> Result<Vec<Inserted>, StoreError> {
        let mut inserted = Vec::with_capacity(links.len());
        for link in links {
            yield_once().await;
            let mut links = self.check("links.insert_all")?;
            let free = self.occupant(&links, &link.address) == Occupant::Nobody;
            let written = free && self.put(&mut links, link);
            inserted.push(if written { Inserted::Written } else { Inserted::Taken });
        }
        Ok(inserted)
    }

    async fn insert_one(&self, link: &Link) -> Result<bool, StoreError> {
        yield_once().await;
        self.insert(link).await
    }

    async fn get_all(&self, addresses: &[LinkAddress]) -> Result<Vec<Occupant>, StoreError> {
        let mut found = Vec::with_capacity(addresses.len());
        for address in addresses {
            yield_once().await;
            let links = self.check("links.get_all")?;
            found.push(self.occupant(&links, address));
        }
        Ok(found)
    }

    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
        yield_once().await;
        LinkWriter::replace(self, seen, next).await
    }

    async fn relocate(&self, seen: &Link, next: &Link, now: Timestamp) -> Result<Relocation, StoreError> {
        yield_once().await;
        LinkWriter::relocate(self, seen, next, now).await
    }
}

#[async_trait]
impl LinkShards for MemoryLinks {
    async fn next(
        &self,
        workspace: &WorkspaceId,
        shard: u8,
        after: Option<&ShardPlace>,
    ) -> Result<(Vec<Link>, bool), StoreError> {
        const PAGE: usize = 3;
        drop(self.check("links.next")?);
        let is_after = |link: &Link| after.is_none_or(|after| link.list_key() > after.list_key);
        let mut links = self.all();
        links.retain(|link| link.workspace == *workspace && link.list_shard() == shard && is_after(link));
        let more = links.len() > PAGE;
        links.truncate(PAGE);
        Ok((links, more))
    }
}

/// What the use cases of links need, in memory.
pub struct LinkWorld {
    /// The links.
    pub links: MemoryLinks,
    /// The clock.
    pub clock: FixedClock,
    /// The source of slugs and ids.
    pub random: SeededRandom,
    /// The stack's domains, `go.example.com` and `s.example.org`.
    pub domains: Domains,
    /// The settings of its domains.
    pub domain_settings: MemoryDomains,
}

impl Default for LinkWorld {
    #[allow(clippy::expect_used, reason = "only tests call it")]
    fn default() -> Self {
        Self {
            links: MemoryLinks::default(),
            clock: FixedClock::at("2026-01-02T03:04:05Z"),
            random: SeededRandom::new(1),
            domains: Domains::parse("go.example.com,s.example.org").expect("valid domains"),
            domain_settings: MemoryDomains::default(),
        }
    }
}

impl LinkWorld {
    /// Returns the ports.
    pub fn ports(&self) -> LinkPorts<'_> {
        LinkPorts {
            reader: &self.links,
            writer: &self.links,
            targets: &self.links,
            clock: &self.clock,
            random: &self.random,
            domains: &self.domains,
            domain_settings: &self.domain_settings,
            lookups: None,
        }
    }
}
