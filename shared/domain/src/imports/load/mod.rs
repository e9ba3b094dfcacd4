//! Loads a file: finds or creates its import, divides the file into parts, and loads or queues them.
//!
//! An invocation may be killed at any point, its event may be delivered again, and two invocations may run at once. Four rules
//! make this safe. Parts are stored under the number of their plan, which belongs to one lease. A link is only written if its
//! slug is free or the import may overwrite it. A link's origin tells whether a row has written it before. A record is only
//! written over the revision that the writer has seen.

use std::fmt;

use super::job::id::ImportId;
use super::job::import::{Import, LeaseRefused};
use super::job::object_key::ObjectKey;
use super::job::options::ImportOptions;
use super::job::part::PartId;
use super::job::plan::Halt;
use super::job::ports::ImportStore;
use super::load_part::{PartLoaded, load_part};
use super::load_ports::LoadImportPorts;
use super::plan::plan_parts;
use crate::files::ports::Object;
use crate::jobs::delivery::Delivery;
use crate::jobs::lease::Lease;
use crate::values::error::StoreError;

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
        Some(import) if import.plan.is_some() => import,
        known => match lease_and_plan(ports, &name, key, known, delivery).await? {
            Ok(import) => import,
            Err(loaded) => return Ok(loaded),
        },
    };
    load_parts(ports, import, delivery).await
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

/// Leases the import of an object and plans its parts.
async fn lease_and_plan(
    ports: &LoadImportPorts,
    name: &ObjectKey,
    key: &str,
    known: Option<Import>,
    delivery: &Delivery,
) -> Result<Result<Import, Loaded>, StoreError> {
    let Some(object) = ports.objects.open(key).await? else {
        let Some(import) = known else { return Ok(Err(Loaded::Skipped(Skipped::NoObject))) };
        let etag = import.etag.clone().unwrap_or_default();
        let leased = match lease(ports, &import, &etag, import.bytes_total, delivery).await? {
            Ok(leased) => leased,
            Err(skipped) => return Ok(Err(Loaded::Skipped(skipped))),
        };
        return fail(ports, &leased, "the file was deleted before it was loaded").await.map(Err);
    };
    let import = match known.filter(Import::is_requested) {
        Some(import) => import,
        // The object may be newer than the event.
        None => find_or_create(ports, name, key, &object).await?,
    };
    if import.plan.is_some() && !import.is_closed() {
        return Ok(Ok(import));
    }
    let leased = match lease(ports, &import, &object.etag, object.size, delivery).await? {
        Ok(leased) => leased,
        Err(skipped) => return Ok(Err(Loaded::Skipped(skipped))),
    };
    let planned = plan_import(ports, &leased, object).await;
    if planned.is_err() {
        release(ports, &leased).await;
    }
    planned
}

/// Plans the parts of a leased import, or ends the import if its file cannot be loaded.
async fn plan_import(
    ports: &LoadImportPorts,
    import: &Import,
    object: Object,
) -> Result<Result<Import, Loaded>, StoreError> {
    if import.etag.as_ref() != Some(&object.etag) {
        return fail(ports, import, "the file was replaced while it was being loaded").await.map(Err);
    }
    if object.size > ports.max_bytes {
        let reason = format!("the file has {} bytes; at most {} are allowed", object.size, ports.max_bytes);
        return fail(ports, import, &reason).await.map(Err);
    }
    let mut import = import.clone();
    // A requested import has the options of its request.
    if !import.is_requested() {
        match ImportOptions::of_metadata(&object.metadata, &ports.domains) {
            Ok(options) => import.options = options,
            Err(reason) => return fail(ports, &import, &reason).await.map(Err),
        }
    }
    let (parts, layout) = match plan_parts(ports, &import, object).await? {
        Ok(planned) => planned,
        Err(reason) => return fail(ports, &import, &reason).await.map(Err),
    };
    ports.parts.put_all(&parts).await?;
    let next = import.planned(u32::try_from(parts.len()).unwrap_or(u32::MAX), layout);
    if ports.imports.replace(&next).await? {
        return Ok(Ok(next));
    }
    // Either the owner has cancelled the import, or another invocation holds it.
    match ports.imports.get(&import.workspace, &import.id).await? {
        Some(import) if import.halt.is_some() && import.plan.is_none() => end(ports, &import).await.map(Err),
        _ => Ok(Err(Loaded::Skipped(Skipped::TakenOver))),
    }
}

/// Loads the only part of `import`, or queues those that have not ended.
async fn load_parts(ports: &LoadImportPorts, import: Import, delivery: &Delivery) -> Result<Loaded, StoreError> {
    let Some(plan) = &import.plan else { return Ok(Loaded::Skipped(Skipped::TakenOver)) };
    let id = |part| PartId { workspace: import.workspace.clone(), import: import.id.clone(), plan: plan.number, part };
    if plan.parts == 1 {
        return Ok(match load_part(ports, &id(0), delivery).await? {
            PartLoaded::Finished(import) => Loaded::Finished(import),
            PartLoaded::Busy { until } => Loaded::Skipped(Skipped::LeaseRefused(LeaseRefused::Held { until })),
            PartLoaded::Gone => Loaded::Skipped(Skipped::TakenOver),
            PartLoaded::Loaded(_) | PartLoaded::HandedOver(_) => Loaded::Divided(Box::new(import)),
        });
    }
    let parts = ports.parts.all(&import.id, plan.number).await?;
    let open: Vec<PartId> = parts.iter().filter(|part| !part.is_settled(plan)).map(PartId::from).collect();
    // If all parts have ended, the import may still have to be closed: loading any part does that.
    let open = if open.is_empty() { vec![id(0)] } else { open };
    ports.queue.send(&open).await?;
    Ok(Loaded::Divided(Box::new(import)))
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
    let lease = Lease { owner: delivery.request_id.clone(), until: delivery.deadline };
    let leased = match import.leased(lease, etag, size, ports.clock.now()) {
        Ok(leased) => leased,
        Err(reason) => return Ok(Err(Skipped::LeaseRefused(reason))),
    };
    match ports.imports.replace(&leased).await {
        Ok(true) => Ok(Ok(leased)),
        // A faster invocation holds the import now.
        Ok(false) => Ok(Err(Skipped::TakenOver)),
        Err(error) => {
            // The store may have written it in spite of the error.
            release(ports, &leased).await;
            Err(error)
        }
    }
}

/// Releases `import`. If that fails too, the lease ends by itself.
async fn release(ports: &LoadImportPorts, import: &Import) {
    if let Err(error) = ports.imports.replace(&import.released()).await {
        tracing::warn!(event = "import.not_released", import = %import.id, %error);
    }
}

/// Ends an import that has no parts as failed, for `reason`.
async fn fail(ports: &LoadImportPorts, import: &Import, reason: &str) -> Result<Loaded, StoreError> {
    let halt = Halt::Failed(reason.to_owned());
    end(ports, &Import { halt: Some(halt), ..import.clone() }).await
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
