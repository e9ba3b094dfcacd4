//! Stores that accept everything, and a loader over them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, anyhow, ensure};
use async_trait::async_trait;
use waypost_domain::files::ports::ObjectReader;
use waypost_domain::imports::job::import::ImportStatus;
use waypost_domain::imports::load::{Loaded, load_import};
use waypost_domain::imports::load_part::{PartLoaded, load_part};
use waypost_domain::imports::load_ports::LoadImportPorts;
use waypost_domain::jobs::delivery::Delivery;
use waypost_domain::links::ports::{Inserted, LinkBatch, Occupant, Relocation};
use waypost_domain::testing::domains::MemoryDomains;
use waypost_domain::testing::files::MemoryFileStore;
use waypost_domain::testing::imports::{MemoryImports, MemoryPartQueue, MemoryParts};
use waypost_domain::testing::jobs::MemoryTimer;
use waypost_domain::testing::workspaces::MemoryWorkspaces;
use waypost_domain::{Domains, Link, LinkAddress, StoreError, Timestamp};
use waypost_lambda::system::SystemClock;

/// The size of parts in the template.
pub(crate) const PART_BYTES: u64 = 64 * 1024 * 1024;
/// The key of the file.
pub(crate) const KEY: &str = "imports/bench/generated.csv";

/// Counts links and drops them.
#[derive(Debug, Default)]
pub(crate) struct DiscardingLinks(AtomicU64);

#[async_trait]
impl LinkBatch for DiscardingLinks {
    async fn insert_all(&self, links: &[Link]) -> Result<Vec<Inserted>, StoreError> {
        self.0.fetch_add(links.len() as u64, Ordering::Relaxed);
        Ok(vec![Inserted::Written; links.len()])
    }
    async fn insert_one(&self, _: &Link) -> Result<bool, StoreError> {
        Ok(true)
    }
    async fn get_all(&self, addresses: &[LinkAddress]) -> Result<Vec<Occupant>, StoreError> {
        Ok(vec![Occupant::Nobody; addresses.len()])
    }
    async fn replace(&self, _: &Link, _: &Link) -> Result<bool, StoreError> {
        Ok(true)
    }
    async fn relocate(&self, _: &Link, _: &Link, _: Timestamp) -> Result<Relocation, StoreError> {
        Ok(Relocation::Done)
    }
}

/// Makes a loader of `objects` into `links`, with its queue.
pub(crate) fn loader(
    objects: Arc<dyn ObjectReader>,
    links: Arc<dyn LinkBatch>,
    part_bytes: u64,
) -> Result<(LoadImportPorts, Arc<MemoryPartQueue>)> {
    let queue = Arc::new(MemoryPartQueue::default());
    let loader = LoadImportPorts {
        imports: Arc::new(MemoryImports::default()),
        parts: Arc::new(MemoryParts::default()),
        settings: Arc::new(MemoryWorkspaces::default()),
        queue: queue.clone(),
        links,
        objects,
        reports: Arc::new(MemoryFileStore::default()),
        clock: Arc::new(SystemClock),
        timer: Arc::new(MemoryTimer::default()),
        domains: Domains::parse("go.example.com").map_err(|_| anyhow!("a domain"))?,
        domain_settings: Arc::new(MemoryDomains::default()),
        max_bytes: u64::MAX,
        part_bytes,
    };
    Ok((loader, queue))
}

/// The delivery of a message to an invocation of 15 minutes.
pub(crate) fn delivery(loader: &LoadImportPorts, request: u64) -> Delivery {
    waypost_domain::testing::jobs::delivery(format!("r{request}"), loader.clock.now().plus_seconds(900))
}

/// Loads the whole file, one part after the other, and checks that `rows` rows became links.
pub(crate) async fn load(loader: &LoadImportPorts, queue: &MemoryPartQueue, rows: u64) -> Result<()> {
    let mut finished = match load_import(loader, KEY, "", &delivery(loader, 0)).await? {
        Loaded::Finished(import) => Some(import),
        Loaded::Divided(_) => None,
        Loaded::Skipped(reason) => return Err(anyhow!("skipped: {reason}")),
    };
    for request in 1.. {
        let messages = queue.take();
        if messages.is_empty() {
            break;
        }
        for id in messages {
            if let PartLoaded::Finished(import) = load_part(loader, &id, &delivery(loader, request)).await? {
                finished = Some(import);
            }
        }
    }
    let import = finished.context("the import did not finish")?;
    ensure!(import.status == ImportStatus::Succeeded && import.counts.created == rows, "{import:?}");
    Ok(())
}
