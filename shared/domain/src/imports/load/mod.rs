//! Takes up a file: finds or makes its import, divides the file into parts, and has them loaded.
//!
//! An invocation may be killed at any point, its event may come again, and two may come at once. What holds then: parts are
//! kept under the number of their plan, which belongs to one claim; links are only written where there is none or where the
//! import may; a row that was written before is known by its origin; and every record is only changed by who changed it last.

use crate::imports::loader::Loader;
use std::fmt;
use std::sync::Arc;

use super::job::id::ImportId;
use super::job::import::Import;
use super::job::import::LeaseRefused;
use super::job::object_key::ObjectKey;
use super::job::options::ImportOptions;
use super::job::part::PartId;
use super::job::plan::Halt;
use super::job::ports::{ImportStore, PartQueue, PartStore};
use super::load_part::{PartLoaded, load_part};
use super::plan::plan;
use crate::files::ports::{FileStore, Object, ObjectReader};
use crate::jobs::delivery::Delivery;
use crate::jobs::lease::Lease;
use crate::jobs::timer::Timer;
use crate::links::ports::LinkBatch;
use crate::ports::Clock;
use crate::values::domains::Domains;
use crate::values::error::StoreError;

/// What came of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loaded {
    /// The import is final.
    Finished(Box<Import>),
    /// The import goes on in other invocations: its parts are on their way to them.
    Divided(Box<Import>),
    /// There was nothing to do.
    Skipped(Skipped),
}

/// Why there was nothing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skipped {
    /// The key names no file of a workspace.
    NoWorkspace,
    /// There is no such object, and no import waits for it.
    NoObject,
    /// The import is final, or another invocation has it.
    LeaseRefused(LeaseRefused),
    /// Another invocation took the import over while this one had it.
    TakenOver,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoWorkspace => f.write_str("the key is not imports/{workspace}/{name} with a valid workspace"),
            Self::NoObject => f.write_str("the object does not exist any more"),
            Self::LeaseRefused(reason) => reason.fmt(f),
            Self::TakenOver => f.write_str("another invocation took the import over"),
        }
    }
}

/// Takes up the object `key` (decoded), whose event named the content `etag`. Whatever is there now is loaded: if the object
/// was replaced since, its newer event finds the work done. A file of one part is loaded at once, by this invocation.
///
/// # Errors
/// A store that fails for longer than its adapter bears. The import is free again and the same event can be delivered again.
pub async fn load_import(loader: &Loader, key: &str, etag: &str, delivery: &Delivery) -> Result<Loaded, StoreError> {
    let Some(name) = ObjectKey::parse(key) else { return Ok(Loaded::Skipped(Skipped::NoWorkspace)) };
    let asked_for = match ImportId::parse(name.name.as_str()) {
        Ok(id) => loader.imports.get(&name.workspace, &id).await?,
        Err(_) => None,
    };
    let known = match &asked_for {
        Some(import) => Some(import.clone()),
        None => loader.imports.get(&name.workspace, &ImportId::for_object(key, etag)).await?,
    };
    if known.as_ref().is_some_and(Import::is_closed) {
        return Ok(Loaded::Skipped(Skipped::LeaseRefused(LeaseRefused::Finished)));
    }
    let import = match known {
        Some(import) if import.plan.is_some() => import,
        known => match take_up(loader, &name, key, known, delivery).await? {
            Ok(import) => import,
            Err(loaded) => return Ok(loaded),
        },
    };
    loader.have_loaded(import, delivery).await
}

/// Claims the import of an object and divides it.
async fn take_up(
    loader: &Loader,
    name: &ObjectKey,
    key: &str,
    known: Option<Import>,
    delivery: &Delivery,
) -> Result<Result<Import, Loaded>, StoreError> {
    let Some(object) = loader.objects.open(key).await? else {
        let Some(import) = known else { return Ok(Err(Loaded::Skipped(Skipped::NoObject))) };
        let etag = import.etag.clone().unwrap_or_default();
        let leased = match loader.lease(&import, &etag, import.bytes_total, delivery).await? {
            Ok(leased) => leased,
            Err(skipped) => return Ok(Err(Loaded::Skipped(skipped))),
        };
        return loader.give_up(&leased, "the file was deleted before it was loaded").await.map(Err);
    };
    let import = match known.filter(Import::is_asked_for) {
        Some(import) => import,
        // What is there now may be newer than the event.
        None => loader.found(name, key, &object).await?,
    };
    if import.plan.is_some() && !import.is_closed() {
        return Ok(Ok(import));
    }
    let leased = match loader.lease(&import, &object.etag, object.size, delivery).await? {
        Ok(leased) => leased,
        Err(skipped) => return Ok(Err(Loaded::Skipped(skipped))),
    };
    match divide(loader, &leased, object).await {
        Ok(Ok(planned)) => Ok(Ok(planned)),
        Ok(Err(loaded)) => Ok(Err(loaded)),
        Err(error) => {
            loader.release(&leased).await;
            Err(error)
        }
    }
}

/// Divides a leased import, or ends it if its file is not what it should be.
async fn divide(loader: &Loader, import: &Import, object: Object) -> Result<Result<Import, Loaded>, StoreError> {
    if import.etag.as_ref() != Some(&object.etag) {
        return loader.give_up(import, "the file was replaced while it was being loaded").await.map(Err);
    }
    if object.size > loader.max_bytes {
        let reason = format!("the file has {} bytes; at most {} are allowed", object.size, loader.max_bytes);
        return loader.give_up(import, &reason).await.map(Err);
    }
    let mut import = import.clone();
    // An import that was asked for has its options from there.
    if !import.is_asked_for() {
        match ImportOptions::of_metadata(&object.metadata, &loader.domains) {
            Ok(options) => import.options = options,
            Err(reason) => return loader.give_up(&import, &reason).await.map(Err),
        }
    }
    let (parts, layout) = match plan(loader, &import, object).await? {
        Ok(planned) => planned,
        Err(reason) => return loader.give_up(&import, &reason).await.map(Err),
    };
    loader.parts.put_all(&parts).await?;
    let next = import.planned(u32::try_from(parts.len()).unwrap_or(u32::MAX), layout);
    if loader.imports.replace(&next).await? {
        return Ok(Ok(next));
    }
    // Its owner may have cancelled it meanwhile; otherwise another invocation has it.
    match loader.imports.get(&import.workspace, &import.id).await? {
        Some(import) if import.halt.is_some() && import.plan.is_none() => loader.end(&import).await.map(Err),
        _ => Ok(Err(Loaded::Skipped(Skipped::TakenOver))),
    }
}

impl Loader {
    /// Loads the only part of `import`, or sends those that are not settled to whoever does.
    async fn have_loaded(&self, import: Import, delivery: &Delivery) -> Result<Loaded, StoreError> {
        let Some(plan) = &import.plan else { return Ok(Loaded::Skipped(Skipped::TakenOver)) };
        let id =
            |part| PartId { workspace: import.workspace.clone(), import: import.id.clone(), plan: plan.number, part };
        if plan.parts == 1 {
            return Ok(match load_part(self, &id(0), delivery).await? {
                PartLoaded::Finished(import) => Loaded::Finished(import),
                PartLoaded::Busy { until } => Loaded::Skipped(Skipped::LeaseRefused(LeaseRefused::Held { until })),
                PartLoaded::Gone => Loaded::Skipped(Skipped::TakenOver),
                PartLoaded::Loaded(_) | PartLoaded::HandedOver(_) => Loaded::Divided(Box::new(import)),
            });
        }
        let parts = self.parts.all(&import.id, plan.number).await?;
        let open: Vec<PartId> = parts.iter().filter(|part| !part.is_settled(plan)).map(PartId::from).collect();
        // Where none is open, the last one may still have to close the import.
        let open = if open.is_empty() { vec![id(0)] } else { open };
        self.queue.send(&open).await?;
        Ok(Loaded::Divided(Box::new(import)))
    }

    /// The import of a file that was put straight into the bucket.
    async fn found(&self, name: &ObjectKey, key: &str, object: &Object) -> Result<Import, StoreError> {
        let id = ImportId::for_object(key, &object.etag);
        let filename: String = name.file_name().chars().take(Import::MAX_FILENAME_CHARS).collect();
        let now = self.clock.now();
        let mut import = Import::awaiting(id, name.workspace.clone(), Some(filename), object.size, now);
        import.object_key = key.to_owned();
        if self.imports.create(&import).await? {
            return Ok(import);
        }
        let known = self.imports.get(&import.workspace, &import.id).await?;
        Ok(known.unwrap_or(import))
    }

    /// The import as this invocation holds it, or why it cannot.
    async fn lease(
        &self,
        import: &Import,
        etag: &str,
        size: u64,
        delivery: &Delivery,
    ) -> Result<Result<Import, Skipped>, StoreError> {
        let lease = Lease { owner: delivery.request_id.clone(), until: delivery.deadline };
        let leased = match import.leased(lease, etag, size, self.clock.now()) {
            Ok(leased) => leased,
            Err(reason) => return Ok(Err(Skipped::LeaseRefused(reason))),
        };
        match self.imports.replace(&leased).await {
            Ok(true) => Ok(Ok(leased)),
            // Whoever was faster has the import now.
            Ok(false) => Ok(Err(Skipped::TakenOver)),
            Err(error) => {
                // It may have been written all the same.
                self.release(&leased).await;
                Err(error)
            }
        }
    }

    /// Gives up the claim on `import`. If that fails too, the claim ends by itself.
    async fn release(&self, import: &Import) {
        if let Err(error) = self.imports.replace(&import.released()).await {
            tracing::warn!(event = "import.not_released", import = %import.id, %error);
        }
    }

    /// Ends an import that has no parts, for `reason`.
    async fn give_up(&self, import: &Import, reason: &str) -> Result<Loaded, StoreError> {
        let halt = Halt::Failed(reason.to_owned());
        self.end(&Import { halt: Some(halt), ..import.clone() }).await
    }

    /// Ends an import that has no parts and must stop.
    async fn end(&self, import: &Import) -> Result<Loaded, StoreError> {
        let last = import.closed(&[], self.clock.now());
        if self.imports.replace(&last).await? {
            return Ok(Loaded::Finished(Box::new(last)));
        }
        Ok(Loaded::Skipped(Skipped::TakenOver))
    }
}

#[cfg(test)]
mod tests;
