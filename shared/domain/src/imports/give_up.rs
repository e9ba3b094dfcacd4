//! Ends an import whose message or event was given up.

use super::close::close;
use super::job::import::Import;
use super::job::object_key::ObjectKey;
use super::job::part::{Part, PartId};
use super::load::find_known;
use super::load_ports::EndImportPorts;
use crate::jobs::delivery::Delivery;
use crate::jobs::given_up::GivenUp;
use crate::values::error::{StoreError, StoreErrorKind};

/// How often a change is tried while other changes win.
const MAX_TRIES: u32 = 10;

/// Ends the import of the part `id` as failed, unless it has ended, an invocation still loads the part, or the part has ended and
/// others go on. The report is written as at any other end.
///
/// # Errors
/// Those of the stores. The message can be tried again, also to write the report.
pub async fn give_up_part(
    ports: &EndImportPorts,
    id: &PartId,
    delivery: &Delivery,
) -> Result<GivenUp<Import>, StoreError> {
    for _ in 0..MAX_TRIES {
        let Some(import) = ports.imports.get(&id.workspace, &id.import).await? else { return Ok(GivenUp::Gone) };
        let open = import.plan.as_ref().filter(|plan| plan.number == id.plan && !import.is_closed());
        let Some(plan) = open else { return Ok(GivenUp::Gone) };
        let mut failed = None;
        if import.halt.is_none() {
            let parts = ports.parts.all(&id.import, id.plan).await?;
            let Some(part) = parts.iter().find(|part| part.number == id.part) else { return Ok(GivenUp::Gone) };
            if let Some(until) = part.held_until(&delivery.request_id, ports.clock.now()) {
                return Ok(GivenUp::Busy { until });
            }
            // Those that are not known yet count too.
            let has_others = !plan.is_complete() || parts.iter().any(|part| !part.is_settled(plan));
            if part.is_settled(plan) && has_others {
                return Ok(GivenUp::Gone);
            }
            // If another change was faster, look again.
            let given_up = import.given_up(reason(part, has_others), ports.clock.now());
            if !ports.imports.replace(&given_up).await? {
                continue;
            }
            failed = Some(given_up);
        }
        // A part that is being loaded closes the import when it stops.
        let ended = close(ports, id, delivery, false).await?.or(failed);
        return Ok(ended.map_or(GivenUp::Gone, |import| GivenUp::Failed(Box::new(import))));
    }
    Err(StoreError::new("imports.give_up", StoreErrorKind::Unavailable, "the import changes while it is given up"))
}

fn reason(part: &Part, is_loading: bool) -> String {
    if !is_loading {
        return "every row was read, but the import could not be ended: it failed too often".to_owned();
    }
    let row = part.checkpoint.place.row;
    format!(
        "loading failed too often near row {row} and was given up; load the file again to add the rows that are missing"
    )
}

/// Ends the import of the object `key`, whose event was given up. If the whole file is divided already, its parts are queued
/// instead.
///
/// # Errors
/// Those of the stores. The event can be tried again.
pub async fn give_up_upload(
    ports: &EndImportPorts,
    key: &str,
    etag: &str,
    delivery: &Delivery,
) -> Result<GivenUp<Import>, StoreError> {
    let Some(name) = ObjectKey::parse(key) else { return Ok(GivenUp::Gone) };
    let known = find_known(ports.imports.as_ref(), &name, key, etag).await?;
    let Some(import) = known.filter(|import| !import.is_closed()) else { return Ok(GivenUp::Gone) };
    if let Some(plan) = import.plan.as_ref().filter(|plan| plan.is_complete()) {
        let parts = ports.parts.all(&import.id, plan.number).await?;
        let open = parts.iter().filter(|part| !part.is_settled(plan)).map(PartId::from);
        let mut open: Vec<PartId> = open.collect();
        if open.is_empty() {
            // Loading any part ends the import.
            open.extend(parts.first().map(PartId::from));
        }
        ports.queue.send(&open).await?;
        return Ok(GivenUp::Gone);
    }
    let now = ports.clock.now();
    let held = import.lease.as_ref().and_then(|lease| lease.held_until(&delivery.request_id, now));
    if let Some(until) = held {
        return Ok(GivenUp::Busy { until });
    }
    let reason = "the file could not be read: that failed too often and was given up; start another import";
    let given_up = import.given_up(reason.to_owned(), now);
    if let Some(plan) = &import.plan {
        return give_up_divided(ports, &import, plan.number, given_up, delivery).await;
    }
    let last = Import { revision: import.revision + 1, ..given_up.closed(&[], now) };
    if ports.imports.replace(&last).await? {
        return Ok(GivenUp::Failed(Box::new(last)));
    }
    Err(StoreError::new("imports.give_up", StoreErrorKind::Unavailable, "the import has changed"))
}

/// Ends an import whose file is divided in part: the invocations that load its parts stop, and the last of them writes the report.
async fn give_up_divided(
    ports: &EndImportPorts,
    import: &Import,
    plan: u64,
    given_up: Import,
    delivery: &Delivery,
) -> Result<GivenUp<Import>, StoreError> {
    // Its owner may have cancelled it, or one of its parts failed.
    let is_halted = import.halt.is_some();
    if !is_halted && !ports.imports.replace(&given_up).await? {
        return Err(StoreError::new("imports.give_up", StoreErrorKind::Unavailable, "the import has changed"));
    }
    let id = PartId { workspace: import.workspace.clone(), import: import.id.clone(), plan, part: 0 };
    let ended = close(ports, &id, delivery, false).await?.or((!is_halted).then_some(given_up));
    Ok(ended.map_or(GivenUp::Gone, |import| GivenUp::Failed(Box::new(import))))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::imports::job::import::ImportStatus;
    use crate::imports::job::ports::{ImportStore, PartStore};
    use crate::imports::load::{Loaded, load_import};
    use crate::imports::load_part::{PartLoaded, load_part};
    use crate::imports::load_ports::LoadImportPorts;
    use crate::jobs::lease::Lease;
    use crate::testing::domains::MemoryDomains;
    use crate::testing::files::{MemoryFileStore, MemoryUploads};
    use crate::testing::imports::{MemoryImports, MemoryPartQueue, MemoryParts};
    use crate::testing::jobs::MemoryTimer;
    use crate::testing::jobs::delivery;
    use crate::testing::links::MemoryLinks;
    use crate::testing::system::FixedClock;
    use crate::testing::workspaces::MemoryWorkspaces;
    use crate::values::domains::Domains;

    const KEY: &str = "imports/acme/links.csv";

    struct World {
        ports: LoadImportPorts,
        imports: Arc<MemoryImports>,
        parts: Arc<MemoryParts>,
        queue: Arc<MemoryPartQueue>,
        links: Arc<MemoryLinks>,
        reports: MemoryFileStore,
        etag: String,
    }

    /// Makes a file of 40 rows, every fifth of them bad.
    fn world(part_bytes: u64) -> World {
        let (imports, parts) = (Arc::<MemoryImports>::default(), Arc::<MemoryParts>::default());
        let (queue, links) = (Arc::<MemoryPartQueue>::default(), Arc::<MemoryLinks>::default());
        let (objects, reports) = (Arc::<MemoryUploads>::default(), MemoryFileStore::default());
        let row = |n| if n % 5 == 1 { format!("nope{n},s{n}\n") } else { format!("https://{n}.example/,s{n}\n") };
        let file: String = std::iter::once("url,slug\n".to_owned()).chain((0..40).map(row)).collect();
        let etag = MemoryUploads::etag(file.as_bytes());
        objects.put(KEY, file);
        let ports = LoadImportPorts {
            imports: imports.clone(),
            parts: parts.clone(),
            settings: Arc::new(MemoryWorkspaces::default()),
            queue: queue.clone(),
            links: links.clone(),
            objects,
            reports: Arc::new(reports.clone()),
            clock: Arc::new(FixedClock::at("2026-01-02T03:04:05Z")),
            timer: Arc::new(MemoryTimer::default()),
            domains: Domains::parse("go.example.com").unwrap(),
            domain_settings: Arc::new(MemoryDomains::default()),
            max_bytes: 1_000_000,
            part_bytes,
        };
        World { ports, imports, parts, queue, links, reports, etag }
    }

    impl World {
        fn delivery(&self, request_id: &str) -> Delivery {
            delivery(request_id, self.ports.clock.now().plus_seconds(900))
        }

        async fn give_up(&self, id: &PartId) -> GivenUp<Import> {
            give_up_part(&self.ports.ending(), id, &self.delivery("r9")).await.unwrap()
        }
    }

    #[tokio::test]
    async fn import_fails_with_its_report_when_a_part_is_given_up() {
        let world = world(200);
        let loaded = load_import(&world.ports, KEY, "", &world.delivery("r1")).await.unwrap();
        assert!(matches!(loaded, Loaded::Divided(_)));
        let ids = world.queue.take();
        assert!(ids.len() > 2);
        let first = load_part(&world.ports, &ids[0], &world.delivery("r2")).await.unwrap();
        assert!(matches!(first, PartLoaded::Loaded(_)));
        assert_eq!(world.give_up(&ids[0]).await, GivenUp::Gone, "the part has ended, and others go on");
        // Another invocation loads the second part.
        let part = world.parts.get(&ids[1]).await.unwrap().unwrap();
        let until = world.ports.clock.now().plus_seconds(900);
        world.parts.replace(&part.leased(Lease { owner: "r3".into(), attempt: 1, until })).await.unwrap();
        assert_eq!(world.give_up(&ids[1]).await, GivenUp::Busy { until });
        let leased = world.parts.get(&ids[1]).await.unwrap().unwrap();
        world.parts.replace(&leased.released()).await.unwrap();
        let given_up = world.give_up(&ids[1]).await;
        let GivenUp::Failed(import) = given_up else { panic!("{given_up:?}") };
        assert_eq!((import.status, import.is_closed()), (ImportStatus::Failed, true));
        assert!(import.error.as_deref().unwrap().starts_with("loading failed too often near row "), "{import:?}");
        assert!(import.counts.created > 0 && import.counts.created < 32 && import.counts.invalid > 0);
        assert!(world.reports.all().keys().any(|key| key.ends_with(".csv")));
        for id in &ids {
            assert_eq!(world.give_up(id).await, GivenUp::Gone);
            let late = load_part(&world.ports, id, &world.delivery("r4")).await.unwrap();
            assert_eq!(late, PartLoaded::Gone);
        }
    }

    #[tokio::test]
    async fn event_that_is_given_up_ends_its_import_or_queues_its_parts() {
        let world = world(1_000_000);
        let none = give_up_upload(&world.ports.ending(), KEY, &world.etag, &world.delivery("r9")).await.unwrap();
        assert_eq!(none, GivenUp::Gone, "no import was made");
        world.links.fail(true);
        assert!(load_import(&world.ports, KEY, &world.etag, &world.delivery("r1")).await.is_err());
        world.links.fail(false);
        let planned = give_up_upload(&world.ports.ending(), KEY, &world.etag, &world.delivery("r9")).await.unwrap();
        assert_eq!(planned, GivenUp::Gone);
        let ids = world.queue.take();
        let loaded = load_part(&world.ports, &ids[0], &world.delivery("r2")).await.unwrap();
        assert!(matches!(loaded, PartLoaded::Finished(_)), "{loaded:?}");

        let import = world.imports.all().remove(0);
        let mut fresh = Import::awaiting(import.id.clone(), import.workspace.clone(), None, 1, import.created_at);
        fresh.object_key = KEY.to_owned();
        let other = self::world(1_000_000);
        other.imports.as_ref().create(&fresh).await.unwrap();
        let given_up = give_up_upload(&other.ports.ending(), KEY, &other.etag, &other.delivery("r9")).await.unwrap();
        let GivenUp::Failed(failed) = given_up else { panic!("{given_up:?}") };
        assert!(failed.status == ImportStatus::Failed && failed.is_closed() && failed.error.is_some(), "{failed:?}");
        let again = give_up_upload(&other.ports.ending(), KEY, &other.etag, &other.delivery("r9")).await.unwrap();
        assert_eq!(again, GivenUp::Gone);
    }
}
