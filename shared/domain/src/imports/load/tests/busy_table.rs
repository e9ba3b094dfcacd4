//! Tests imports into a table that is busy or changes in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use super::{World, counts};
use crate::imports::job::import::ImportStatus;
use crate::imports::load::{Loaded, load_import};
use crate::imports::load_ports::LoadImportPorts;
use crate::jobs::timer::Timer;
use crate::links::address::LinkAddress;
use crate::links::link::Link;
use crate::links::ports::{Inserted, LinkBatch, LinkWriter, Occupant, Relocation};
use crate::ports::Clock;
use crate::testing::links::MemoryLinks;
use crate::testing::samples::link;
use crate::testing::system::FixedClock;
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::timestamp::Timestamp;

/// A table that takes only some writes between two pauses.
struct Busy {
    inner: Arc<MemoryLinks>,
    room: AtomicUsize,
}

#[async_trait]
impl LinkBatch for Busy {
    async fn insert_all(&self, links: &[Link]) -> Result<Vec<Inserted>, StoreError> {
        let room = self
            .room
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |room| Some(room.saturating_sub(links.len())))
            .unwrap();
        if room == 0 {
            return Err(StoreError::new("links.insert_all", StoreErrorKind::Throttled, "busy"));
        }
        let taken = room.min(links.len());
        let mut inserted = self.inner.insert_all(&links[..taken]).await?;
        inserted.resize(links.len(), Inserted::Busy);
        Ok(inserted)
    }
    async fn insert_one(&self, link: &Link) -> Result<bool, StoreError> {
        self.inner.insert_one(link).await
    }
    async fn get_all(&self, addresses: &[LinkAddress]) -> Result<Vec<Occupant>, StoreError> {
        self.inner.get_all(addresses).await
    }
    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
        LinkBatch::replace(self.inner.as_ref(), seen, next).await
    }
    async fn relocate(&self, seen: &Link, next: &Link, now: Timestamp) -> Result<Relocation, StoreError> {
        LinkBatch::relocate(self.inner.as_ref(), seen, next, now).await
    }
}

#[async_trait]
impl Timer for Busy {
    async fn pause(&self, _: u64) {
        self.room.store(40, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn busy_table_loses_no_row() {
    let world = World::new();
    let file: String = (0..3000).map(|n| format!("https://{n}.example/\n")).collect();
    world.objects.put("imports/acme/x", file);
    let busy = Arc::new(Busy { inner: world.links.clone(), room: 100.into() });
    let ports = LoadImportPorts { links: busy.clone(), timer: busy, ..world.ports() };
    let loaded = load_import(&ports, "imports/acme/x", "", &world.delivery("r1")).await.unwrap();
    let Loaded::Finished(import) = loaded else { panic!("{loaded:?}") };
    assert_eq!((import.status, import.counts), (ImportStatus::Succeeded, counts(3000, 0, 0, 0)));
}

/// A table that takes no write, and a timer that advances the clock.
struct Stuck(Arc<FixedClock>);

#[async_trait]
impl LinkBatch for Stuck {
    async fn insert_all(&self, _: &[Link]) -> Result<Vec<Inserted>, StoreError> {
        Err(StoreError::new("links.insert_all", StoreErrorKind::Throttled, "busy"))
    }
    async fn insert_one(&self, _: &Link) -> Result<bool, StoreError> {
        Ok(false)
    }
    async fn get_all(&self, addresses: &[LinkAddress]) -> Result<Vec<Occupant>, StoreError> {
        Ok(vec![Occupant::Nobody; addresses.len()])
    }
    async fn replace(&self, _: &Link, _: &Link) -> Result<bool, StoreError> {
        Ok(false)
    }
    async fn relocate(&self, _: &Link, _: &Link, _: Timestamp) -> Result<Relocation, StoreError> {
        Ok(Relocation::Changed)
    }
}

#[async_trait]
impl Timer for Stuck {
    async fn pause(&self, _: u64) {
        self.0.advance(5);
    }
}

#[tokio::test]
async fn stuck_table_fails_before_the_deadline() {
    let world = World::new();
    world.objects.put("imports/acme/x", "https://a.example/\n");
    let stuck = Arc::new(Stuck(world.clock.clone()));
    let ports = LoadImportPorts { links: stuck.clone(), timer: stuck, ..world.ports() };
    let delivery = world.delivery("r1");
    let error = load_import(&ports, "imports/acme/x", "", &delivery).await.unwrap_err();
    assert!(error.is_retryable() && world.clock.now() < delivery.deadline, "{error}");
    let loaded = world.deliver("imports/acme/x", "", "r2").await;
    assert!(matches!(loaded, Loaded::Finished(_)), "{loaded:?}");
}

/// A table whose foreign links disappear after they have blocked a write.
struct Vanishing(Arc<MemoryLinks>);

#[async_trait]
impl LinkBatch for Vanishing {
    async fn insert_all(&self, links: &[Link]) -> Result<Vec<Inserted>, StoreError> {
        self.0.insert_all(links).await
    }
    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
        LinkBatch::replace(self.0.as_ref(), seen, next).await
    }
    async fn relocate(&self, seen: &Link, next: &Link, now: Timestamp) -> Result<Relocation, StoreError> {
        LinkBatch::relocate(self.0.as_ref(), seen, next, now).await
    }
    async fn insert_one(&self, link: &Link) -> Result<bool, StoreError> {
        self.0.insert_one(link).await
    }
    async fn get_all(&self, addresses: &[LinkAddress]) -> Result<Vec<Occupant>, StoreError> {
        for address in addresses {
            self.0.forget(address);
        }
        self.0.get_all(addresses).await
    }
}

#[tokio::test]
async fn slug_that_becomes_free_is_used() {
    let world = World::new();
    world.links.insert(&link("other", "a", "https://theirs.example/")).await.unwrap();
    world.objects.put("imports/acme/x", "url,slug\nhttps://a.example/,a\n");
    let ports = LoadImportPorts { links: Arc::new(Vanishing(world.links.clone())), ..world.ports() };
    let loaded = load_import(&ports, "imports/acme/x", "", &world.delivery("r1")).await.unwrap();
    let Loaded::Finished(import) = loaded else { panic!("{loaded:?}") };
    assert_eq!(import.counts, counts(1, 0, 0, 0));
}
