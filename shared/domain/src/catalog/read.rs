//! Keeps catalogues in memory and as new as their logs.

use std::collections::HashMap;

use futures::future::try_join_all;
use futures::lock::Mutex;

use super::build::{build, request_build};
use super::flush::patches_of;
use super::head::CatalogHead;
use super::memory::Catalog;
use super::ports::CatalogPorts;
use super::segment::open;
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::workspace::WorkspaceId;

/// How many catalogues of workspaces stay in memory, if they fit.
const MAX_CATALOGS: usize = 16;
/// How often a catalogue is loaded while others change its head.
const ATTEMPTS: usize = 3;
/// How long a caller waits for a catalogue to be built, in seconds.
const BUILD_SECONDS: i64 = 1;
const OPERATION: &str = "catalog.load";

/// Catalogues in memory.
pub struct Catalogs {
    ports: CatalogPorts,
    max_bytes: usize,
    loaded: Mutex<HashMap<WorkspaceId, Loaded>>,
}

/// A catalogue, and the last item of the log that it holds.
struct Loaded {
    catalog: Catalog,
    applied: u64,
    used: u64,
}

/// The result of asking for a catalogue.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// What the catalogue says.
    Ready(T),
    /// The catalogue is not whole yet.
    Building,
    /// The catalogue takes more memory than there is: so many bytes.
    TooLarge(u64),
}

impl Catalogs {
    /// Catalogues that take at most `max_bytes` of memory together.
    pub fn new(ports: CatalogPorts, max_bytes: usize) -> Self {
        Self { ports, max_bytes, loaded: Mutex::new(HashMap::new()) }
    }

    /// Returns how many catalogues are in memory.
    #[cfg(test)]
    pub(super) async fn loaded(&self) -> usize {
        self.loaded.lock().await.len()
    }

    /// Asks the catalogue of `workspace`, with every change that is in its log now.
    ///
    /// # Errors
    /// The store failed, or what it holds is broken.
    pub async fn ask<T>(
        &self,
        workspace: &WorkspaceId,
        question: impl FnOnce(&Catalog) -> T,
    ) -> Result<Answer<T>, StoreError> {
        let mut all = self.loaded.lock().await;
        let now = all.values().map(|loaded| loaded.used).max().unwrap_or_default() + 1;
        let is_current = match all.get_mut(workspace) {
            Some(loaded) => {
                loaded.used = now;
                self.read_on(workspace, loaded).await?
            }
            None => false,
        };
        if !is_current {
            all.remove(workspace);
            match self.load_anew(workspace, &mut all).await? {
                Answer::Ready(loaded) => drop(all.insert(workspace.clone(), Loaded { used: now, ..loaded })),
                Answer::Building => return Ok(Answer::Building),
                Answer::TooLarge(bytes) => return Ok(Answer::TooLarge(bytes)),
            }
        }
        // The log may have made it larger.
        make_room(&mut all, 1, self.max_bytes);
        let Some(loaded) = all.get(workspace) else { return Ok(Answer::Building) };
        let bytes = loaded.catalog.bytes();
        if bytes > self.max_bytes {
            all.remove(workspace);
            return Ok(Answer::TooLarge(bytes as u64));
        }
        Ok(Answer::Ready(question(&loaded.catalog)))
    }

    /// Loads a catalogue, after it has made room for it.
    async fn load_anew(
        &self,
        workspace: &WorkspaceId,
        all: &mut HashMap<WorkspaceId, Loaded>,
    ) -> Result<Answer<Loaded>, StoreError> {
        let head = match self.ports.store.head(workspace).await? {
            Some(head) if head.is_whole() => head,
            head => match self.build(workspace, head).await? {
                Some(head) => head,
                None => return Ok(Answer::Building),
            },
        };
        // Words take about as much as the texts, and rows about as much again.
        let expected = head.segments.iter().map(|segment| segment.unpacked).sum::<u64>().saturating_mul(3);
        match usize::try_from(expected).ok().and_then(|expected| self.max_bytes.checked_sub(expected)) {
            Some(rest) => make_room(all, 0, rest),
            None => return Ok(Answer::TooLarge(expected)),
        }
        match self.load(workspace, head).await {
            Ok(Some(loaded)) => Ok(Answer::Ready(loaded)),
            Ok(None) => Ok(Answer::Building),
            Err(error) if error.is_retryable() => Err(error),
            Err(error) => {
                tracing::error!(event = "catalog.broken", %workspace, operation = error.operation, %error);
                request_build(&self.ports, workspace).await?;
                Ok(Answer::Building)
            }
        }
    }

    /// Builds a catalogue that takes no longer than a caller may wait, as that of a new workspace. The indexer builds the others, once
    /// the stream of the table has brought their head.
    async fn build(
        &self,
        workspace: &WorkspaceId,
        head: Option<CatalogHead>,
    ) -> Result<Option<CatalogHead>, StoreError> {
        if head.is_some() {
            // Nothing to do if it is being built; one of another version is built anew.
            return request_build(&self.ports, workspace).await.map(|()| None);
        }
        let deadline = self.ports.clock.now().plus_seconds(BUILD_SECONDS);
        match build(&self.ports, workspace, head, deadline).await {
            Ok(true) => self.ports.store.head(workspace).await,
            Ok(false) => Ok(None),
            // Another invocation builds it, too.
            Err(error) if error.kind == StoreErrorKind::Unavailable => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Adds what the log has beyond `loaded`. Returns `false` if the log does not have all of that any more.
    async fn read_on(&self, workspace: &WorkspaceId, loaded: &mut Loaded) -> Result<bool, StoreError> {
        let items = self.ports.store.read_from(workspace, loaded.applied.max(1)).await?;
        // The newest item is never deleted, so the last one that was read is there, or not all of the later ones are.
        let first = items.first().map_or(0, |item| item.number);
        if first != loaded.applied.max(1) && (first, loaded.applied) != (0, 0) {
            return Ok(false);
        }
        let known = loaded.applied;
        for item in items.iter().filter(|item| item.number > known) {
            if item.number != loaded.applied + 1 {
                return Ok(false);
            }
            let patches = match patches_of(&self.ports, item).await {
                Ok(patches) => patches,
                // A flush may have retired the item's object. If it is broken, loading anew finds that out.
                Err(error) if error.kind == StoreErrorKind::Broken => return Ok(false),
                Err(error) => return Err(error),
            };
            patches.into_iter().for_each(|patch| loaded.catalog.apply(patch));
            loaded.applied = item.number;
        }
        Ok(true)
    }

    /// Loads a catalogue. Returns `None` if it is not whole any more.
    async fn load(&self, workspace: &WorkspaceId, mut head: CatalogHead) -> Result<Option<Loaded>, StoreError> {
        let mut failure = None;
        for _ in 0..ATTEMPTS {
            match self.load_segments(&head).await {
                Ok(catalog) => {
                    let mut loaded = Loaded { catalog, applied: head.flushed_to, used: 0 };
                    if self.read_on(workspace, &mut loaded).await? {
                        return Ok(Some(loaded));
                    }
                }
                Err(error) => failure = Some(error),
            }
            // A flush may have retired a segment.
            match self.ports.store.head(workspace).await? {
                Some(next) if next.is_whole() && next.revision != head.revision => head = next,
                Some(next) if next.is_whole() => break,
                _ => return Ok(None),
            }
        }
        let changing = || StoreError::new(OPERATION, StoreErrorKind::Unavailable, "the log has a gap");
        Err(failure.unwrap_or_else(changing))
    }

    /// Opens all segments at once, and reads one block after the other: whole segments would take as much memory as the catalogue.
    async fn load_segments(&self, head: &CatalogHead) -> Result<Catalog, StoreError> {
        let mut catalog = Catalog::default();
        let segments = head.segments.iter().map(|segment| open(self.ports.objects.as_ref(), &segment.key));
        for mut segment in try_join_all(segments).await? {
            while let Some(patches) = segment.next().await? {
                patches.into_iter().for_each(|patch| catalog.apply(patch));
            }
        }
        Ok(catalog)
    }
}

/// Drops the catalogues that were asked longest ago until the rest takes at most `bytes`. Keeps the `kept` that were asked last.
fn make_room(all: &mut HashMap<WorkspaceId, Loaded>, kept: usize, bytes: usize) {
    let too_many = |all: &HashMap<WorkspaceId, Loaded>| {
        all.len() > MAX_CATALOGS || all.values().map(|loaded| loaded.catalog.bytes()).sum::<usize>() > bytes
    };
    while all.len() > kept && too_many(all) {
        let oldest = all.iter().min_by_key(|(_, loaded)| loaded.used).map(|(workspace, _)| workspace.clone());
        oldest.and_then(|oldest| all.remove(&oldest));
    }
}
