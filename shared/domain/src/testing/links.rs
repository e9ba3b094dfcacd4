//! Implements the ports of links in memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;

use super::outage::{lock, outage, yield_once};
use crate::links::link::{Link, LinkAddress};
use crate::links::ports::{Inserted, Insertion, LinkBatch, LinkIndex, LinkReader, LinkShards, LinkTargets, LinkWriter};
use crate::links::query::{LinkQuery, LinkSlice};
use crate::redirect::ports::ClickLimit;
use crate::values::domains::Domain;
use crate::values::error::StoreError;
use crate::values::target::TargetUrl;
use crate::values::workspace::WorkspaceId;

/// A store of links, which can fail.
#[derive(Default)]
pub struct MemoryLinks {
    links: Mutex<HashMap<LinkAddress, Link>>,
    targets: Mutex<HashMap<Target, LinkAddress>>,
    failing: AtomicBool,
    reads: AtomicUsize,
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

    fn check(&self, operation: &'static str) -> Result<MutexGuard<'_, HashMap<LinkAddress, Link>>, StoreError> {
        if self.failing.load(Ordering::SeqCst) { Err(outage(operation)) } else { Ok(lock(&self.links)) }
    }
}

#[async_trait]
impl LinkReader for MemoryLinks {
    async fn get(&self, address: &LinkAddress) -> Result<Option<Link>, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        Ok(self.check("links.get")?.get(address).cloned())
    }
}

#[async_trait]
impl LinkWriter for MemoryLinks {
    async fn insert(&self, link: &Link) -> Result<bool, StoreError> {
        let mut links = self.check("links.insert")?;
        if links.contains_key(&link.address) {
            return Ok(false);
        }
        links.insert(link.address.clone(), link.clone());
        Ok(true)
    }

    async fn delete(&self, address: &LinkAddress, workspace: &WorkspaceId) -> Result<bool, StoreError> {
        let mut links = self.check("links.delete")?;
        let owned = links.get(address).is_some_and(|link| link.workspace == *workspace);
        if owned {
            links.remove(address);
        }
        Ok(owned)
    }

    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
        let mut links = self.check("links.replace")?;
        let Some(link) = links.get_mut(&seen.address).filter(|link| link.is_unchanged_since(seen)) else {
            return Ok(false);
        };
        let used_clicks = link.settings.used_clicks;
        *link = next.clone();
        link.settings.used_clicks = used_clicks;
        Ok(true)
    }

    async fn delete_unchanged(&self, seen: &Link) -> Result<bool, StoreError> {
        let mut links = self.check("links.delete")?;
        let unchanged = links.get(&seen.address).is_some_and(|link| link.is_unchanged_since(seen));
        if unchanged {
            links.remove(&seen.address);
        }
        Ok(unchanged)
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

    async fn remember(&self, link: &Link) -> Result<(), StoreError> {
        drop(self.check("targets.remember")?);
        lock(&self.targets).insert(target_of(link), link.address.clone());
        Ok(())
    }

    async fn insert_as_only(&self, link: &Link, seen: Option<&LinkAddress>) -> Result<Insertion, StoreError> {
        let mut links = self.check("targets.insert")?;
        let mut targets = lock(&self.targets);
        if links.contains_key(&link.address) {
            return Ok(Insertion::AddressTaken);
        }
        if targets.get(&target_of(link)) != seen {
            return Ok(Insertion::TargetTaken);
        }
        links.insert(link.address.clone(), link.clone());
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
            let written = self.insert(link).await?;
            inserted.push(if written { Inserted::Written } else { Inserted::Taken });
        }
        Ok(inserted)
    }

    async fn get_all(&self, addresses: &[LinkAddress]) -> Result<Vec<Option<Link>>, StoreError> {
        let mut links = Vec::with_capacity(addresses.len());
        for address in addresses {
            yield_once().await;
            links.push(self.get(address).await?);
        }
        Ok(links)
    }

    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
        yield_once().await;
        LinkWriter::replace(self, seen, next).await
    }
}

#[async_trait]
impl LinkShards for MemoryLinks {
    async fn next(
        &self,
        workspace: &WorkspaceId,
        shard: u8,
        after: Option<&Link>,
    ) -> Result<(Vec<Link>, bool), StoreError> {
        const PAGE: usize = 3;
        drop(self.check("links.next")?);
        let is_after = |link: &Link| after.is_none_or(|after| link.list_key() > after.list_key());
        let mut links = self.all();
        links.retain(|link| link.workspace == *workspace && link.list_shard() == shard && is_after(link));
        let more = links.len() > PAGE;
        links.truncate(PAGE);
        Ok((links, more))
    }
}
