//! Loads a file: finds or creates its import, divides the file into parts, and loads or queues them.
//!
//! An invocation may be killed at any point, its event may be delivered again, and two invocations may run at once. Four rules
//! make this safe. Parts are stored under the number of their plan, and never written over by another. A link is only written
//! if its slug is free or the import may overwrite it. A link's origin tells whether a row has written it before. A record is
//! only written over the revision that the writer has seen.

use std::fmt;

use super::close::close;
use super::job::id::ImportId;
use super::job::import::{Import, LeaseRefused};
use super::job::object_key::ObjectKey;
use super::job::options::ImportOptions;
use super::job::part::PartId;
use super::job::plan::{Halt, Plan};
use super::job::ports::ImportStore;
use super::lease_import::{release_import, replace_import};
use super::load_part::{PartLoaded, load_part};
use super::load_ports::LoadImportPorts;
use super::plan::{Planned, Planner};
use crate::files::ports::Object;
use crate::jobs::delivery::Delivery;
use crate::values::error::StoreError;

/// Why an import fails whose object has another content now.
const REPLACED: &str = "the file was replaced while it was being loaded";

/// The result of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loaded {
    /// The import is final.
    Finished(Box<Import>),
    /// Other invocations go on with the import: its parts are queued.
    Divided(Box<Import>),
    /// There was nothing to do.
    Skipped(Skipped),
}

/// Why there was nothing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skipped {
    /// The key is not that of a workspace's file.
    NoWorkspace,
    /// The object does not exist, and no import waits for it.
    NoObject,
    /// The import is final, or another invocation holds its lease.
    LeaseRefused(LeaseRefused),
    /// Another invocation took over the import from this one.
    TakenOver,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoWorkspace => f.write_str("the key is not imports/{workspace}/{name} with a valid workspace"),
            Self::NoObject => f.write_str("the object no longer exists"),
            Self::LeaseRefused(reason) => reason.fmt(f),
            Self::TakenOver => f.write_str("another invocation took over the import"),
        }
    }
}

/// Loads the object `key` (decoded), whose event named the content `etag`. It loads the content that the object has now: if
/// that is newer, the newer event finds the work done. This invocation loads a file of one part at once.
///
/// # Errors
/// Those of the stores. The import is released, and the event can be delivered again.
pub async fn load_import(
    ports: &LoadImportPorts,
    key: &str,
    etag: &str,
    delivery: &Delivery,
) -> Result<Loaded, StoreError> {
    let Some(name) = ObjectKey::parse(key) else { return Ok(Loaded::Skipped(Skipped::NoWorkspace)) };
    let known = find_known(ports.imports.as_ref(), &name, key, etag).await?;
    if known.as_ref().is_some_and(Import::is_closed) {
        return Ok(Loaded::Skipped(Skipped::LeaseRefused(LeaseRefused::Finished)));
    }
    let import = match known {
        Some(import) if import.plan.is_some() && !import.is_dividing() => import,
        known => {
            return match lease_and_plan(ports, &name, key, known, delivery).await? {
                Ok((import, messages)) => load_parts(ports, import, messages, delivery).await,
                Err(loaded) => Ok(loaded),
            };
        }
    };
    load_parts(ports, import, Messages::Unknown, delivery).await
}

/// Finds the import of an object: the one that was requested for it, or the one of its content.
pub(super) async fn find_known(
    imports: &dyn ImportStore,
    name: &ObjectKey,
    key: &str,
    etag: &str,
) -> Result<Option<Import>, StoreError> {
    let requested = match ImportId::parse(name.name.as_str()) {
        Ok(id) => imports.get(&name.workspace, &id).await?,
        Err(_) => None,
    };
    match requested {
        Some(import) => Ok(Some(import)),
        None => imports.get(&name.workspace, &ImportId::for_object(key, etag)).await,
    }
}

/// Whether the messages of an import's parts were sent.
enum Messages {
    /// This invocation has sent them.
    Sent,
    /// An earlier invocation may have sent none or some.
    Unknown,
}

/// Leases the import of an object and plans its parts.
async fn lease_and_plan(
    ports: &LoadImportPorts,
    name: &ObjectKey,
    key: &str,
    known: Option<Import>,
    delivery: &Delivery,
) -> Result<Result<(Import, Messages), Loaded>, StoreError> {
    if let Some(import) = known.as_ref().filter(|import| import.is_dividing() && import.halt.is_some()) {
        return stop(ports, import, delivery).await.map(Err);
    }
    let Some(object) = ports.objects.open(key).await? else {
        let Some(import) = known else { return Ok(Err(Loaded::Skipped(Skipped::NoObject))) };
        let etag = import.etag.clone().unwrap_or_default();
        let leased = match lease(ports, &import, &etag, import.bytes_total, delivery).await? {
            Ok(leased) => leased,
            Err(skipped) => return Ok(Err(Loaded::Skipped(skipped))),
        };
        return fail(ports, &leased, "the file was deleted before it was loaded", delivery).await.map(Err);
    };
    // An import that has parts must end, whatever the object is now: the event of a newer one makes an import of its own.
    let import = match known {
        Some(import) if import.is_requested() || import.is_dividing() => import,
        known => {
            if let Some(stale) = known.filter(|import| import.etag.as_ref().is_some_and(|etag| *etag != object.etag)) {
                end_stale(ports, &stale, delivery).await?;
            }
            // The object may be newer than the event.
            find_or_create(ports, name, key, &object).await?
        }
    };
    if import.plan.is_some() && !import.is_dividing() && !import.is_closed() {
        return Ok(Ok((import, Messages::Unknown)));
    }
    let leased = match lease(ports, &import, &object.etag, object.size, delivery).await? {
        Ok(leased) => leased,
        Err(skipped) => return Ok(Err(Loaded::Skipped(skipped))),
    };
    let mut planner = Planner::new(ports, leased);
    let planned = plan_import(ports, &mut planner, object, delivery).await;
    if planned.is_err() {
        release_import(ports, &planner.import).await;
    }
    planned.map(|planned| planned.map(|import| (import, Messages::Sent)))
}

/// Plans the parts of a leased import, or ends the import if its file cannot be loaded.
async fn plan_import(
    ports: &LoadImportPorts,
    planner: &mut Planner<'_>,
    object: Object,
    delivery: &Delivery,
) -> Result<Result<Import, Loaded>, StoreError> {
    let import = &planner.import;
    if import.etag.as_ref() != Some(&object.etag) {
        return fail(ports, import, REPLACED, delivery).await.map(Err);
    }
    if object.size > ports.max_bytes {
        let reason = format!("the file has {} bytes; at most {} are allowed", object.size, ports.max_bytes);
        return fail(ports, import, &reason, delivery).await.map(Err);
    }
    // A requested import has the options of its request; one that has parts, those that they were planned with.
    if !import.is_requested() && !import.is_dividing() {
        match ImportOptions::of_metadata(&object.metadata, &ports.domains) {
            Ok(options) => planner.import.options = options,
            Err(reason) => return fail(ports, &planner.import, &reason, delivery).await.map(Err),
        }
    }
    if !planner.import.is_dividing() {
        let settings = ports.settings.get(&planner.import.workspace).await?;
        planner.import.options.rows.take_defaults(settings.new_links);
    }
    match planner.plan(object).await? {
        Planned::Complete => Ok(Ok(planner.import.clone())),
        Planned::Unreadable(reason) => fail(ports, &planner.import, &reason, delivery).await.map(Err),
        Planned::Changed => give_way(ports, &planner.import, delivery).await.map(Err),
    }
}

/// Ends an import that another invocation has changed if it must stop. Otherwise that invocation holds it.
async fn give_way(ports: &LoadImportPorts, import: &Import, delivery: &Delivery) -> Result<Loaded, StoreError> {
    match ports.imports.get(&import.workspace, &import.id).await? {
        Some(import) if import.halt.is_some() && import.plan.is_none() => end(ports, &import).await,
        Some(import) if import.halt.is_some() && import.is_dividing() => stop(ports, &import, delivery).await,
        _ => Ok(Loaded::Skipped(Skipped::TakenOver)),
    }
}

/// Loads the only part of `import`, or queues those that have not ended.
async fn load_parts(
    ports: &LoadImportPorts,
    import: Import,
    messages: Messages,
    delivery: &Delivery,
) -> Result<Loaded, StoreError> {
    let Some(plan) = &import.plan else { return Ok(Loaded::Skipped(Skipped::TakenOver)) };
    if plan.parts == Some(1) {
        return Ok(match load_part(ports, &part_id(&import, plan, 0), delivery).await? {
            PartLoaded::Finished(import) => Loaded::Finished(import),
            PartLoaded::Busy { until } => Loaded::Skipped(Skipped::LeaseRefused(LeaseRefused::Held { until })),
            PartLoaded::Gone => Loaded::Skipped(Skipped::TakenOver),
            PartLoaded::Loaded(_) | PartLoaded::HandedOver(_) => Loaded::Divided(Box::new(import)),
        });
    }
    let parts = ports.parts.all(&import.id, plan.number).await?;
    let open: Vec<PartId> = parts.iter().filter(|part| !part.is_settled(plan)).map(PartId::from).collect();
    match messages {
        // If all parts have ended, the import may still have to be closed: loading any part does that.
        _ if open.is_empty() => ports.queue.send(&[part_id(&import, plan, 0)]).await?,
        Messages::Sent => {}
        Messages::Unknown => ports.queue.send(&open).await?,
    }
    Ok(Loaded::Divided(Box::new(import)))
}

fn part_id(import: &Import, plan: &Plan, part: u32) -> PartId {
    PartId { workspace: import.workspace.clone(), import: import.id.clone(), plan: plan.number, part }
}

/// Finds or creates the import of a file that was put straight into the bucket.
async fn find_or_create(
    ports: &LoadImportPorts,
    name: &ObjectKey,
    key: &str,
    object: &Object,
) -> Result<Import, StoreError> {
    let id = ImportId::for_object(key, &object.etag);
    let filename: String = name.file_name().chars().take(Import::MAX_FILENAME_CHARS).collect();
    let now = ports.clock.now();
    let mut import = Import::awaiting(id, name.workspace.clone(), Some(filename), object.size, now);
    import.object_key = key.to_owned();
    if ports.imports.create(&import).await? {
        return Ok(import);
    }
    let known = ports.imports.get(&import.workspace, &import.id).await?;
    Ok(known.unwrap_or(import))
}

/// Leases the import to this invocation, or returns why it cannot.
async fn lease(
    ports: &LoadImportPorts,
    import: &Import,
    etag: &str,
    size: u64,
    delivery: &Delivery,
) -> Result<Result<Import, Skipped>, StoreError> {
    let lease = delivery.lease();
    let leased = match import.leased(lease, etag, size, ports.clock.now()) {
        Ok(leased) => leased,
        Err(reason) => return Ok(Err(Skipped::LeaseRefused(reason))),
    };
    // If it is `false`, a faster invocation holds the import now.
    Ok(if replace_import(ports, &leased).await? { Ok(leased) } else { Err(Skipped::TakenOver) })
}

/// Ends an import whose file was replaced after an invocation had begun with it and died before it found a part.
async fn end_stale(ports: &LoadImportPorts, import: &Import, delivery: &Delivery) -> Result<(), StoreError> {
    let etag = import.etag.clone().unwrap_or_default();
    if let Ok(leased) = lease(ports, import, &etag, import.bytes_total, delivery).await? {
        fail(ports, &leased, REPLACED, delivery).await?;
    }
    Ok(())
}

/// Ends an import that is not fully planned as failed, for `reason`.
async fn fail(
    ports: &LoadImportPorts,
    import: &Import,
    reason: &str,
    delivery: &Delivery,
) -> Result<Loaded, StoreError> {
    let halt = Halt::Failed(reason.to_owned());
    if !import.is_dividing() {
        return end(ports, &Import { halt: Some(halt), ..import.clone() }).await;
    }
    let halted = import.halted(halt, ports.clock.now());
    if ports.imports.replace(&halted).await? {
        return stop(ports, &halted, delivery).await;
    }
    give_way(ports, import, delivery).await
}

/// Ends an import that must stop while its file is being divided. If some of its parts are being loaded, the last of their
/// invocations ends it.
async fn stop(ports: &LoadImportPorts, import: &Import, delivery: &Delivery) -> Result<Loaded, StoreError> {
    let Some(plan) = &import.plan else { return Ok(Loaded::Skipped(Skipped::TakenOver)) };
    let closed = close(&ports.ending(), &part_id(import, plan, 0), delivery, false).await?;
    Ok(closed.map_or_else(|| Loaded::Divided(Box::new(import.clone())), |last| Loaded::Finished(Box::new(last))))
}

/// Ends an import that has no parts and must stop.
async fn end(ports: &LoadImportPorts, import: &Import) -> Result<Loaded, StoreError> {
    let last = import.closed(&[], ports.clock.now());
    if ports.imports.replace(&last).await? {
        return Ok(Loaded::Finished(Box::new(last)));
    }
    Ok(Loaded::Skipped(Skipped::TakenOver))
}

#[cfg(test)]
mod tests;
