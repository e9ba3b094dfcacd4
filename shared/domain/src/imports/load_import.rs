//! Loads a file: claims its import, reads it row by row, writes links and the report, and says how it went.
//!
//! An invocation may be killed at any point, its event may come again, and two may come at once. What holds then: links are
//! only written where there is none, a row that was written before is known by its origin, the report takes its place as a
//! whole, and the import's record is only changed by who changed it last.

use std::fmt;
use std::sync::Arc;

use crate::imports::import::{Claim, Unclaimable};
use crate::imports::object_key::ObjectKey;
use crate::imports::ports::{Delivery, ImportStore, LinkBatch, Object, ObjectReader, ReportStore};
use crate::imports::run::Run;
use crate::imports::{Counts, Import, ImportId};
use crate::ports::Clock;
use crate::{Domains, StoreError};

/// What loading needs.
#[derive(Clone)]
pub struct Loader {
    /// The imports.
    pub imports: Arc<dyn ImportStore>,
    /// The links.
    pub links: Arc<dyn LinkBatch>,
    /// The files.
    pub objects: Arc<dyn ObjectReader>,
    /// The reports.
    pub reports: Arc<dyn ReportStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The stack's own domains.
    pub domains: Domains,
    /// The greatest size of a file, in bytes.
    pub max_bytes: u64,
}

/// What came of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loaded {
    /// The import is final.
    Finished(Box<Import>),
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
    /// The import is final, or another invocation loads it.
    Unclaimable(Unclaimable),
    /// Another invocation took the import over while this one loaded it.
    TakenOver,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoWorkspace => f.write_str("the key is not imports/{workspace}/{name} with a valid workspace"),
            Self::NoObject => f.write_str("the object does not exist any more"),
            Self::Unclaimable(reason) => reason.fmt(f),
            Self::TakenOver => f.write_str("another invocation took the import over"),
        }
    }
}

/// Loads the object `key` (decoded), whose event named the content `etag`. Whatever is there now is loaded: if the object was
/// replaced since, its newer event finds the work done.
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
    if known.as_ref().is_some_and(|import| import.status.is_final()) {
        return Ok(Loaded::Skipped(Skipped::Unclaimable(Unclaimable::Finished)));
    }
    let Some(object) = loader.objects.open(key).await? else {
        return loader.without_object(known, delivery).await;
    };
    let import = match asked_for {
        Some(import) => import,
        None => loader.found(&name, key, &object).await?,
    };
    let claimed = match loader.claim(&import, &object.etag, object.size, delivery).await? {
        Ok(claimed) => claimed,
        Err(skipped) => return Ok(Loaded::Skipped(skipped)),
    };
    Run::new(loader, claimed, delivery).load(object).await
}

impl Loader {
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
    async fn claim(
        &self,
        import: &Import,
        etag: &str,
        size: u64,
        delivery: &Delivery,
    ) -> Result<Result<Import, Skipped>, StoreError> {
        let claim = Claim { owner: delivery.request_id.clone(), until: delivery.deadline };
        let claimed = match import.claimed(claim, etag, size, self.clock.now()) {
            Ok(claimed) => claimed,
            Err(reason) => return Ok(Err(Skipped::Unclaimable(reason))),
        };
        match self.imports.replace(&claimed).await {
            Ok(true) => Ok(Ok(claimed)),
            // Whoever was faster has the import now.
            Ok(false) => Ok(Err(Skipped::TakenOver)),
            Err(error) => {
                // It may have been written all the same.
                self.release(&claimed).await;
                Err(error)
            }
        }
    }

    /// Gives up the claim on `import`. If that fails too, the claim ends by itself.
    pub(super) async fn release(&self, import: &Import) {
        if let Err(error) = self.imports.replace(&import.released()).await {
            tracing::warn!(event = "import.not_released", import = %import.id, %error);
        }
    }

    /// An import whose file went away before its end cannot come to a good one.
    async fn without_object(&self, known: Option<Import>, delivery: &Delivery) -> Result<Loaded, StoreError> {
        let Some(import) = known else { return Ok(Loaded::Skipped(Skipped::NoObject)) };
        let etag = import.etag.clone().unwrap_or_default();
        let claimed = match self.claim(&import, &etag, import.bytes_total, delivery).await? {
            Ok(claimed) => claimed,
            Err(skipped) => return Ok(Loaded::Skipped(skipped)),
        };
        let error = Some("the file was deleted before it was loaded".to_owned());
        let last = claimed.finished(Counts::default(), 0, error, self.clock.now());
        if self.imports.replace(&last).await? {
            return Ok(Loaded::Finished(Box::new(last)));
        }
        Ok(Loaded::Skipped(Skipped::TakenOver))
    }
}

#[cfg(test)]
mod tests;
