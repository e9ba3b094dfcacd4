//! Divides a file into parts that can be loaded at the same time.
//!
//! To find where rows begin takes a look at every byte of the file. So each part is stored and queued as soon as its end is
//! known, and is loaded while the search goes on. Until the plan is complete, no invocation may close the import.
//!
//! The search may be killed at any point. The next one finds the stored parts under the same plan, queues those that have not
//! ended once more, and searches on from the end of the last one. A stored part is never written over: it may be loaded already.

use futures::stream::StreamExt;

use super::job::import::Import;
use super::job::options::OnConflict;
use super::job::part::{Part, PartId};
use super::lease_import::replace_import;
use super::load_ports::LoadImportPorts;
use super::rows::{Boundaries, Boundary, ColumnNames, Layout, Limits, Next, RowPlace, Rows};
use crate::files::ports::{Body, Object};
use crate::values::error::{StoreError, StoreErrorKind};

/// How planning ended.
pub(super) enum Planned {
    /// All parts are stored, and queued if there are several.
    Complete,
    /// The file cannot be read, for this reason.
    Unreadable(String),
    /// Another invocation has changed the import: it must stop, or was taken over.
    Changed,
}

/// The most parts of a file. Each look at an import's progress reads the records of all its parts.
const MAX_PARTS: u64 = 200;
/// Why a file fails whose object has another content now.
const REPLACED: &str = "the file was replaced while it was being loaded";

/// The planning of a leased import.
pub(super) struct Planner<'a> {
    ports: &'a LoadImportPorts,
    /// The import as this invocation has written it last.
    pub(super) import: Import,
}

impl<'a> Planner<'a> {
    /// Begins or continues to plan the leased `import`.
    pub(super) fn new(ports: &'a LoadImportPorts, import: Import) -> Self {
        Self { ports, import }
    }

    /// Plans the parts of `object`. A small file is one part, and so is a file that cannot be divided: an archive, or a file whose
    /// import ends at the first conflict, since no row after the conflict may be written.
    pub(super) async fn plan(&mut self, object: Object) -> Result<Planned, StoreError> {
        let size = object.size;
        if self.import.halt.is_some() {
            return Ok(Planned::Changed);
        }
        if let Some(plan) = &self.import.plan {
            return match plan.layout.clone() {
                Some(layout) => self.divide(&layout, size).await,
                None => Ok(Planned::Changed),
            };
        }
        if size <= self.ports.part_bytes || self.import.options.on_conflict == OnConflict::Fail {
            return self.plan_whole(size).await;
        }
        match recognise_layout(object, &self.import.options.rows.columns).await? {
            Ok(Some(layout)) => self.divide(&layout, size).await,
            Ok(None) => self.plan_whole(size).await,
            Err(reason) => Ok(Planned::Unreadable(reason)),
        }
    }

    /// Plans the file as one part.
    async fn plan_whole(&mut self, size: u64) -> Result<Planned, StoreError> {
        self.store_part(0, RowPlace::START, size).await?;
        self.complete(1, None).await
    }

    /// Finds the parts of a file of `size` bytes, and queues each as soon as it is known.
    async fn divide(&mut self, layout: &Layout, size: u64) -> Result<Planned, StoreError> {
        let known = self.queue_known_parts().await?;
        let begin = known.last().map_or(RowPlace::START, |part| part.start);
        let every = self.ports.part_bytes.max(size.div_ceil(MAX_PARTS));
        let Some(mut boundaries) = Boundaries::new(layout, begin, every) else { return self.plan_whole(size).await };
        if let Some(last) = known.last() {
            boundaries = boundaries.beginning_at(last.end);
        }
        let etag = self.import.etag.as_deref().unwrap_or_default();
        let range = self.ports.objects.open_range(&self.import.object_key, etag, begin.byte, size).await?;
        let Some(mut body) = range else { return Ok(Planned::Unreadable(REPLACED.to_owned())) };
        let mut number = u32::try_from(known.len()).unwrap_or(u32::MAX);
        // Where the next part begins, once that is known.
        let mut start = known.is_empty().then_some(RowPlace::START);
        loop {
            match boundaries.next_boundary() {
                Boundary::More => feed(&mut boundaries, &mut body).await?,
                Boundary::Place(place) => {
                    if let Some(start) = start {
                        if !self.is_unchanged(layout).await? {
                            return Ok(Planned::Changed);
                        }
                        let part = self.store_part(number, start, place.byte).await?;
                        self.ports.queue.send(&[part]).await?;
                        number += 1;
                    }
                    start = Some(place);
                }
                Boundary::End(end) => {
                    // No row may follow the last boundary.
                    if let Some(start) = start.filter(|start| number == 0 || *start != end) {
                        let part = self.store_part(number, start, size).await?;
                        number += 1;
                        if number > 1 {
                            self.ports.queue.send(&[part]).await?;
                        }
                    }
                    return self.complete(number, Some(layout.clone())).await;
                }
            }
        }
    }

    /// Returns the parts that were found before, and queues those that have not ended: their messages may not have been sent.
    async fn queue_known_parts(&self) -> Result<Vec<Part>, StoreError> {
        let Some(plan) = &self.import.plan else { return Ok(Vec::new()) };
        let known = self.ports.parts.all(&self.import.id, plan.number).await?;
        let open: Vec<PartId> = known.iter().filter(|part| !part.is_settled(plan)).map(PartId::from).collect();
        if !open.is_empty() {
            self.ports.queue.send(&open).await?;
        }
        Ok(known)
    }

    /// Shows the plan to the loaders, unless they see it already. Returns whether the import is as this invocation left it.
    async fn is_unchanged(&mut self, layout: &Layout) -> Result<bool, StoreError> {
        if self.import.plan.is_none() {
            let next = self.import.dividing(layout.clone());
            return self.replace(next).await;
        }
        let stored = self.ports.imports.get(&self.import.workspace, &self.import.id).await?;
        Ok(stored.is_some_and(|stored| stored.revision == self.import.revision))
    }

    /// Stores a part, and returns its message.
    async fn store_part(&self, number: u32, start: RowPlace, end: u64) -> Result<PartId, StoreError> {
        let part = self.import.plan_part(number, start, end, self.ports.clock.now());
        let id = PartId::from(&part);
        if !self.ports.parts.create(&part).await? {
            // This invocation's own write, whose answer was lost, or that of one which was thought to be dead.
            let stored = self.ports.parts.get(&id).await?;
            if stored.is_none_or(|stored| (stored.start, stored.end) != (start, end)) {
                let reason = "another invocation divides the file differently";
                return Err(StoreError::new("import_parts.create", StoreErrorKind::Unavailable, reason));
            }
        }
        Ok(id)
    }

    async fn complete(&mut self, parts: u32, layout: Option<Layout>) -> Result<Planned, StoreError> {
        let next = self.import.planned(parts, layout);
        Ok(if self.replace(next).await? { Planned::Complete } else { Planned::Changed })
    }

    async fn replace(&mut self, next: Import) -> Result<bool, StoreError> {
        let replaced = replace_import(self.ports, &next).await?;
        if replaced {
            self.import = next;
        }
        Ok(replaced)
    }
}

async fn feed(boundaries: &mut Boundaries, body: &mut Body) -> Result<(), StoreError> {
    match body.next().await {
        Some(piece) => boundaries.feed(&piece?),
        None => boundaries.end(),
    }
    Ok(())
}

/// Returns the file's layout if the file can be divided, or why it cannot be read.
async fn recognise_layout(
    mut object: Object,
    columns: &ColumnNames,
) -> Result<Result<Option<Layout>, String>, StoreError> {
    let mut rows = Rows::new(object.size, Limits::default()).with_columns(columns);
    loop {
        match rows.next_row() {
            Ok(Next::More) => match object.body.next().await {
                Some(piece) => rows.feed(&piece?),
                None => rows.end(),
            },
            // Only what cannot be divided pauses. Do not look for its first row, which may be far away.
            Ok(Next::Pause) => return Ok(Ok(None)),
            // An archive is read as a whole.
            Ok(Next::Seek(_)) => return Ok(Ok(None)),
            Ok(Next::Row(_) | Next::End) => {
                return Ok(Ok(rows.layout().filter(|layout| layout.is_splittable()).cloned()));
            }
            Err(unreadable) => return Ok(Err(unreadable.to_string())),
        }
    }
}
