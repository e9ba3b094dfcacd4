//! Runs invocations on a stack in memory, and kills them.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use super::faults::{FaultInjector, FaultyStores};
use super::file::import;
use crate::imports::job::counts::Counts;
use crate::imports::job::import::ImportStatus;
use crate::imports::job::options::OnConflict;
use crate::imports::job::part::PartId;
use crate::imports::job::ports::ImportStore;
use crate::imports::load::{Loaded, Skipped, load_import};
use crate::imports::load_part::{PartLoaded, load_part};
use crate::imports::load_ports::LoadImportPorts;
use crate::jobs::delivery::Delivery;
use crate::links::id::LinkId;
use crate::links::link::Link;
use crate::links::ports::LinkWriter;
use crate::ports::Clock;
use crate::testing::domains::MemoryDomains;
use crate::testing::files::{MemoryFileStore, MemoryUploads};
use crate::testing::imports::{MemoryImports, MemoryPartQueue, MemoryParts};
use crate::testing::jobs::MemoryTimer;
use crate::testing::jobs::delivery;
use crate::testing::links::MemoryLinks;
use crate::testing::samples::link;
use crate::testing::system::FixedClock;
use crate::testing::workspaces::MemoryWorkspaces;
use crate::values::domains::Domains;
use crate::values::timestamp::Timestamp;

/// A message that starts an invocation.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Message {
    File,
    Part(PartId),
}

/// A stack in memory, with links that conflict with some rows.
pub(super) struct Stack {
    pub(super) imports: Arc<MemoryImports>,
    parts: Arc<MemoryParts>,
    pub(super) queue: Arc<MemoryPartQueue>,
    links: Arc<MemoryLinks>,
    objects: Arc<MemoryUploads>,
    reports: MemoryFileStore,
    pub(super) clock: Arc<FixedClock>,
    pub(super) faults: Arc<FaultInjector>,
    key: String,
    part_bytes: u64,
}

/// An invocation and its message.
struct Running<I> {
    message: Message,
    invocation: Pin<Box<I>>,
    /// After how many more steps it is killed.
    steps: u64,
    /// Whether it was done with its message, once it has ended.
    done: Option<bool>,
}

impl<I: Future<Output = bool>> Running<I> {
    fn goes_on(&self) -> bool {
        self.done.is_none() && self.steps > 0
    }
}

/// The result of an import. All schedules must have the same.
#[derive(Debug, PartialEq)]
pub(super) struct ImportResult {
    pub(super) status: ImportStatus,
    pub(super) counts: Counts,
    pub(super) bytes_done: u64,
    pub(super) links: Vec<Link>,
    pub(super) reports: BTreeMap<String, String>,
}

impl Stack {
    pub(super) async fn new(seed: u64, (file, on_conflict): &(String, OnConflict), part_bytes: u64) -> Self {
        let links = Arc::new(MemoryLinks::default());
        for (workspace, slug) in
            [("other", "s3"), ("acme", "s5"), ("other", "s50"), ("acme", "s51"), ("acme", "first0")]
        {
            links.insert(&link(workspace, slug, &format!("https://{slug}.example/"))).await.unwrap();
        }
        let import = import(*on_conflict);
        let objects = Arc::new(MemoryUploads::default());
        objects.put(import.object_key.as_str(), file.as_bytes().to_vec());
        let imports = Arc::new(MemoryImports::default());
        imports.create(&import).await.unwrap();
        let clock = Arc::new(FixedClock::at("2026-01-02T00:00:00Z"));
        let faults = Arc::new(FaultInjector::new(seed, clock.clone()));
        Self {
            imports,
            parts: Arc::default(),
            queue: Arc::default(),
            links,
            objects,
            reports: MemoryFileStore::default(),
            clock,
            faults,
            key: import.object_key,
            part_bytes,
        }
    }

    fn ports(&self) -> LoadImportPorts {
        fn faulty<T: Clone>(inner: &T, faults: &Arc<FaultInjector>) -> Arc<FaultyStores<T>> {
            Arc::new(FaultyStores { inner: inner.clone(), faults: Arc::clone(faults) })
        }
        LoadImportPorts {
            imports: faulty(&self.imports, &self.faults),
            parts: faulty(&self.parts, &self.faults),
            settings: Arc::new(MemoryWorkspaces::default()),
            queue: faulty(&self.queue, &self.faults),
            links: faulty(&self.links, &self.faults),
            objects: faulty(&self.objects, &self.faults),
            reports: faulty(&self.reports, &self.faults),
            clock: self.clock.clone(),
            timer: Arc::new(MemoryTimer::default()),
            domains: Domains::parse("go.example.com").unwrap(),
            domain_settings: Arc::new(MemoryDomains::default()),
            max_bytes: 1_000_000,
            part_bytes: self.part_bytes,
        }
    }

    /// Runs an invocation; returns whether it was done with its message.
    async fn invoke(&self, ports: &LoadImportPorts, message: &Message, delivery: &Delivery) -> bool {
        match message {
            Message::File => match load_import(ports, &self.key, "", delivery).await {
                // Only the retry of a crashed invocation holds its lease. The others need not come again once the import is closed.
                Ok(Loaded::Finished(_) | Loaded::Divided(_)) => true,
                Ok(Loaded::Skipped(Skipped::LeaseRefused(_) | Skipped::TakenOver)) => self.closed(),
                Ok(Loaded::Skipped(skipped)) => panic!("{skipped}"),
                Err(_) => false,
            },
            Message::Part(id) => match load_part(ports, id, delivery).await {
                Ok(PartLoaded::HandedOver(_)) => {
                    self.faults.handed_over.fetch_add(1, Ordering::SeqCst);
                    true
                }
                Ok(PartLoaded::Busy { .. }) | Err(_) => false,
                Ok(loaded) => {
                    let is_early = matches!(loaded, PartLoaded::Loaded(_)) && self.imports.all()[0].is_dividing();
                    self.faults.loaded_early.fetch_add(u64::from(is_early), Ordering::SeqCst);
                    true
                }
            },
        }
    }

    /// Makes the delivery of a request. Most have time, some next to none.
    pub(super) fn delivery(&self, request: u64) -> Delivery {
        let seconds = [25, 60, 900, 900][usize::try_from(self.faults.below(4)).unwrap()];
        delivery(format!("r{request}"), self.clock.now().plus_seconds(seconds))
    }

    /// Runs invocations for `messages` at the same time, and kills each after the given number of steps. While the file is being
    /// divided, the queue delivers parts to the invocations that `early_invocation` makes. Returns which messages were done.
    pub(super) fn run(
        &self,
        messages: Vec<(Message, Delivery, u64)>,
        early_invocation: &mut dyn FnMut() -> Option<(Delivery, u64)>,
    ) -> Vec<(Message, bool)> {
        let ports = &self.ports();
        let start = |(message, delivery, steps): (Message, Delivery, u64)| {
            let started = message.clone();
            let invocation = Box::pin(async move { self.invoke(ports, &started, &delivery).await });
            Running { message, invocation, steps, done: None }
        };
        let mut running: Vec<_> = messages.into_iter().map(start).collect();
        let mut context = Context::from_waker(futures::task::noop_waker_ref());
        while running.iter().any(Running::goes_on) {
            for invocation in running.iter_mut().filter(|invocation| invocation.goes_on()) {
                invocation.steps -= 1;
                if let Poll::Ready(done) = invocation.invocation.as_mut().poll(&mut context) {
                    invocation.done = Some(done);
                }
            }
            if running.iter().any(|invocation| invocation.message == Message::File && invocation.goes_on())
                && let Some((delivery, steps)) = early_invocation()
            {
                let parts = self.queue.take().into_iter().map(Message::Part);
                running.extend(parts.map(|part| start((part, delivery.clone(), steps))));
            }
        }
        running.into_iter().map(|invocation| (invocation.message, invocation.done == Some(true))).collect()
    }

    pub(super) fn closed(&self) -> bool {
        self.imports.all()[0].is_closed()
    }

    /// Returns the result of the import, without the times that depend on the schedule.
    pub(super) fn result(&self) -> ImportResult {
        let [import] = self.imports.all().try_into().expect("one import");
        let started_at = import.started_at.unwrap();
        let mut links = self.links.all();
        for link in &mut links {
            link.revision = link.revision.min(1);
            if link.created_at == started_at {
                link.created_at = Timestamp::from_millis(0).unwrap();
                link.revision = 0;
            }
            // The id of a row's link has the time of the start too.
            if let Some(origin) = &link.origin
                && link.stored_id == Some(LinkId::derive(started_at, origin))
            {
                link.stored_id = Some(LinkId::derive(Timestamp::from_millis(0).unwrap(), origin));
            }
            if link.updated_at == Some(started_at) {
                link.updated_at = Some(Timestamp::from_millis(0).unwrap());
            }
        }
        links.sort_by_key(|link| link.address.slug.to_string());
        let name = format!("{}.", import.id);
        let reports = self.reports.all().into_iter().filter(|(key, _)| key.contains(&name)).collect();
        ImportResult { status: import.status, counts: import.counts, bytes_done: import.bytes_done, links, reports }
    }
}
