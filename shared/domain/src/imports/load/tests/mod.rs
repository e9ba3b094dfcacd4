//! Tests [`load_import`] and [`load_part`] on a stack in memory.

mod broken_files;
mod busy_table;
mod dividing;
mod events;
mod options;
mod parts;
mod rows;

use std::sync::Arc;

use super::{Loaded, load_import};
use crate::imports::job::counts::Counts;
use crate::imports::job::import::Import;
use crate::imports::load_part::{PartLoaded, load_part};
use crate::imports::load_ports::LoadImportPorts;
use crate::jobs::delivery::Delivery;
use crate::ports::Clock;
use crate::testing::domains::MemoryDomains;
use crate::testing::files::{MemoryFileStore, MemoryUploads};
use crate::testing::imports::{MemoryImports, MemoryPartQueue, MemoryParts};
use crate::testing::jobs::MemoryTimer;
use crate::testing::jobs::delivery;
use crate::testing::links::MemoryLinks;
use crate::testing::system::FixedClock;
use crate::testing::workspaces::MemoryWorkspaces;
use crate::values::domains::Domains;

/// A stack in memory.
struct World {
    imports: Arc<MemoryImports>,
    parts: Arc<MemoryParts>,
    settings: Arc<MemoryWorkspaces>,
    queue: Arc<MemoryPartQueue>,
    links: Arc<MemoryLinks>,
    domain_settings: Arc<MemoryDomains>,
    objects: Arc<MemoryUploads>,
    reports: MemoryFileStore,
    clock: Arc<FixedClock>,
    part_bytes: u64,
    max_bytes: u64,
}

impl World {
    fn new() -> Self {
        Self {
            imports: Arc::default(),
            parts: Arc::default(),
            settings: Arc::default(),
            queue: Arc::default(),
            links: Arc::default(),
            domain_settings: Arc::default(),
            objects: Arc::default(),
            reports: MemoryFileStore::default(),
            clock: Arc::new(FixedClock::at("2026-01-02T00:00:00Z")),
            part_bytes: 1_000_000,
            max_bytes: 1_000_000,
        }
    }

    fn ports(&self) -> LoadImportPorts {
        LoadImportPorts {
            imports: self.imports.clone(),
            parts: self.parts.clone(),
            settings: self.settings.clone(),
            queue: self.queue.clone(),
            links: self.links.clone(),
            objects: self.objects.clone(),
            reports: Arc::new(self.reports.clone()),
            clock: self.clock.clone(),
            timer: Arc::new(MemoryTimer::default()),
            domains: Domains::parse("go.example.com,s.example.org").unwrap(),
            domain_settings: self.domain_settings.clone(),
            max_bytes: self.max_bytes,
            part_bytes: self.part_bytes,
        }
    }

    fn delivery(&self, request_id: &str) -> Delivery {
        delivery(request_id, self.clock.now().plus_seconds(900))
    }

    /// Delivers the event of an object to an invocation with time enough.
    async fn deliver(&self, key: &str, etag: &str, request_id: &str) -> Loaded {
        load_import(&self.ports(), key, etag, &self.delivery(request_id)).await.unwrap()
    }

    /// Loads the parts in the queue until it is empty, with `seconds` for each invocation.
    async fn work(&self, seconds: i64) -> Option<Import> {
        let mut finished = None;
        for request in 0.. {
            let messages = self.queue.take();
            if messages.is_empty() {
                break;
            }
            assert!(request < 500, "the import does not come to an end");
            for (id, n) in messages.iter().zip(0..) {
                let deadline = self.clock.now().plus_seconds(seconds);
                let delivery = delivery(format!("q{request}-{n}"), deadline);
                match load_part(&self.ports(), id, &delivery).await.unwrap() {
                    PartLoaded::Finished(import) => finished = Some(*import),
                    PartLoaded::Busy { .. } => panic!("no other invocation runs"),
                    _ => {}
                }
            }
        }
        finished
    }

    /// Loads `file` without metadata.
    async fn load(&self, file: impl AsRef<[u8]>) -> Import {
        self.load_with(file, &[]).await
    }

    /// Puts `file` with `metadata` into the bucket and delivers its event, and those of its parts.
    async fn load_with(&self, file: impl AsRef<[u8]>, metadata: &[(&str, &str)]) -> Import {
        let file = file.as_ref().to_vec();
        let etag = MemoryUploads::etag(&file);
        self.objects.put_with("imports/acme/links.csv", file, metadata);
        match self.deliver("imports/acme/links.csv", &etag, "r1").await {
            Loaded::Finished(import) => *import,
            Loaded::Divided(_) => self.work(900).await.expect("the import ends"),
            Loaded::Skipped(reason) => panic!("{reason}"),
        }
    }

    /// Returns the lines of the import's report.
    fn report(&self, import: &Import) -> Vec<serde_json::Value> {
        let report = self.reports.all().remove(&format!("reports/acme/{}.jsonl", import.id)).unwrap_or_default();
        report.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Makes the counts of an import that overwrote nothing.
fn counts(created: u64, unchanged: u64, invalid: u64, conflicting: u64) -> Counts {
    let read = created + unchanged + invalid + conflicting;
    Counts { read, created, overwritten: 0, unchanged, invalid, conflicting, warned: 0 }
}
