//! Moves what the log has into segments, and merges segments.
//!
//! A flush writes one segment of the log's new patches and of every segment at the end of the list that is less than twice as large
//! as what comes after it. So there are few segments, and each patch is written again a few times at most (the logarithm of the size).
//! It reads and writes segments link by link, in memory that does not grow with them.

use std::collections::BTreeMap;

use super::block::{folded, unpack};
use super::head::{CatalogHead, Flush, Retired, Segment, prefix};
use super::patch::{LinkBits, LinkPatch};
use super::ports::{CatalogPorts, LogBody, LogItem};
use super::segment::{SegmentReader, SegmentWriter, estimated_bytes, open};
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::hex::hex;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// Readers and writers that saw an earlier head have ended after so many seconds: more than any function's timeout.
pub const GRACE_SECONDS: i64 = 1200;
/// What is known of links that are not there is kept for so many seconds: the tables' streams keep changes for a day.
const ABSENT_SECONDS: i64 = 2 * 24 * 3600;
const OPERATION: &str = "catalog.flush";

/// Reads the patches of an item of the log.
pub async fn patches_of(ports: &CatalogPorts, item: &LogItem) -> Result<Vec<LinkPatch>, StoreError> {
    match &item.body {
        LogBody::Block(block) => unpack(block).map_err(|error| {
            StoreError::new(OPERATION, StoreErrorKind::Broken, format!("item {} {error}", item.number))
        }),
        LogBody::Object(key) => {
            let (mut reader, mut all) = (open(ports.objects.as_ref(), key).await?, Vec::new());
            while let Some(patches) = reader.next().await? {
                all.extend(patches);
            }
            Ok(all)
        }
    }
}

/// Makes the key of a new object.
pub(super) fn new_key(ports: &CatalogPorts, workspace: &WorkspaceId, to: u64) -> String {
    let mut random = [0; 8];
    ports.random.fill(&mut random);
    format!("{}{to:012}-{}", prefix(workspace), hex(&random))
}

/// Moves what the log has into segments. Returns whether there was anything to move; `false` also if another flush was faster.
///
/// # Errors
/// Any failure leaves the catalogue as it was.
pub async fn flush(ports: &CatalogPorts, workspace: &WorkspaceId) -> Result<bool, StoreError> {
    let Some(head) = ports.store.head(workspace).await?.filter(CatalogHead::is_whole) else { return Ok(false) };
    let now = ports.clock.now();
    if head.flushing_until.is_some_and(|until| now < until) {
        return Ok(false);
    }
    // A merge of large segments takes long: others must not write segments meanwhile, or it would be in vain.
    let head = CatalogHead { flushing_until: Some(now.plus_seconds(GRACE_SECONDS)), ..head.next() };
    if !ports.store.put_head(workspace, &head).await? {
        return Ok(false);
    }
    let result = flush_alone(ports, workspace, &head).await;
    if result.is_err() {
        let free = CatalogHead { flushing_until: None, ..head.next() };
        if let Err(error) = ports.store.put_head(workspace, &free).await {
            tracing::warn!(event = "catalog.stays_locked", %workspace, until = ?head.flushing_until, %error);
        }
    }
    result
}

/// Flushes while no other flush does.
async fn flush_alone(ports: &CatalogPorts, workspace: &WorkspaceId, head: &CatalogHead) -> Result<bool, StoreError> {
    let now = ports.clock.now();
    let (patches, to, objects) = new_patches(ports, workspace, head).await?;
    let mut next = CatalogHead { flushing_until: None, ..head.next() };
    if to == head.flushed_to {
        return ports.store.put_head(workspace, &next).await.map(|_| false);
    }
    let merged = take_small_segments(&mut next.segments, patches.values().map(estimated_bytes).sum());
    let key = new_key(ports, workspace, to);
    let oldest = next.segments.is_empty();
    let drop_before = oldest.then(|| now.plus_seconds(-ABSENT_SECONDS));
    let segment = merge(ports, key.clone(), &merged, patches, drop_before).await?;
    next.segments.extend(segment);
    next.flushed_to = to;
    next.flushes.push(Flush { to, at: now });
    next.retired
        .extend(merged.into_iter().map(|segment| segment.key).chain(objects).map(|key| Retired { key, at: now }));
    // Delete before the head forgets what to delete. The stored head does not need it either.
    clean(ports, workspace, sweep(&mut next, now)).await?;
    if !ports.store.put_head(workspace, &next).await? {
        ports.remover.remove(&key).await?;
        return Ok(false);
    }
    Ok(true)
}

/// Reads what the log has beyond the segments: patches, the last item, and the objects that items name.
async fn new_patches(
    ports: &CatalogPorts,
    workspace: &WorkspaceId,
    head: &CatalogHead,
) -> Result<(BTreeMap<LinkBits, LinkPatch>, u64, Vec<String>), StoreError> {
    let items = ports.store.read_from(workspace, head.flushed_to + 1).await?;
    let (mut all, mut to, mut objects, mut bytes) = (Vec::new(), head.flushed_to, Vec::new(), 0);
    for item in items {
        let patches = patches_of(ports, &item).await?;
        bytes += patches.iter().map(estimated_bytes).sum::<usize>();
        all.extend(patches);
        to = item.number;
        if let LogBody::Object(key) = item.body {
            objects.push(key);
        }
        if bytes > ports.limits.segment_bytes {
            break;
        }
    }
    Ok((folded(all), to, objects))
}

/// Takes the segments from the end of the list that are to be merged with `bytes` of new patches.
fn take_small_segments(segments: &mut Vec<Segment>, bytes: usize) -> Vec<Segment> {
    let mut bytes = bytes as u64;
    let mut from = segments.len();
    while let Some(segment) = from.checked_sub(1).and_then(|before| segments.get(before)) {
        if segment.unpacked >= 2 * bytes {
            break;
        }
        bytes += segment.unpacked;
        from -= 1;
    }
    segments.split_off(from)
}

/// Writes a segment of `segments`, the oldest first, and the later `patches`. Leaves out what nothing after the time `drop_before`
/// needs, if the segment is the oldest.
pub(super) async fn merge(
    ports: &CatalogPorts,
    key: String,
    segments: &[Segment],
    patches: BTreeMap<LinkBits, LinkPatch>,
    drop_before: Option<Timestamp>,
) -> Result<Option<Segment>, StoreError> {
    let mut sources = Vec::with_capacity(segments.len());
    for segment in segments {
        sources.push(Source::open(ports, segment).await?);
    }
    let mut newest = patches.into_values().peekable();
    let mut writer = SegmentWriter::create(ports.files.as_ref(), key).await?;
    loop {
        let first = sources.iter().filter_map(Source::link).chain(newest.peek().map(|patch| patch.link)).min();
        let Some(link) = first else { return writer.finish().await };
        let mut merged: Option<LinkPatch> = None;
        for source in &mut sources {
            if source.link() == Some(link) {
                merge_into(&mut merged, source.take().await?);
            }
        }
        merge_into(&mut merged, newest.next_if(|patch| patch.link == link));
        let keep = |patch: &LinkPatch| drop_before.is_none_or(|before| !patch.is_void(before));
        if let Some(patch) = merged.filter(keep) {
            writer.add(patch).await?;
        }
    }
}

fn merge_into(merged: &mut Option<LinkPatch>, later: Option<LinkPatch>) {
    match (merged, later) {
        (Some(merged), Some(later)) => merged.merge(later),
        (merged, Some(later)) => *merged = Some(later),
        _ => {}
    }
}

/// A segment that is being merged.
struct Source {
    reader: SegmentReader,
    block: std::vec::IntoIter<LinkPatch>,
    current: Option<LinkPatch>,
}

impl Source {
    async fn open(ports: &CatalogPorts, segment: &Segment) -> Result<Self, StoreError> {
        let reader = open(ports.objects.as_ref(), &segment.key).await?;
        let mut source = Self { reader, block: Vec::new().into_iter(), current: None };
        source.take().await?;
        Ok(source)
    }

    fn link(&self) -> Option<LinkBits> {
        self.current.as_ref().map(|patch| patch.link)
    }

    /// Returns the current patch and reads the next.
    async fn take(&mut self) -> Result<Option<LinkPatch>, StoreError> {
        let next = loop {
            if let Some(patch) = self.block.next() {
                break Some(patch);
            }
            match self.reader.next().await? {
                Some(patches) => self.block = patches.into_iter(),
                None => break None,
            }
        };
        Ok(std::mem::replace(&mut self.current, next))
    }
}

/// What to delete once the head is written.
#[derive(Debug, Default)]
struct Swept {
    numbers: Vec<u64>,
    keys: Vec<String>,
}

/// Takes from the head what readers and writers of earlier heads do not need any more. The newest item of the log always stays: its
/// number tells the next one.
fn sweep(head: &mut CatalogHead, now: Timestamp) -> Swept {
    let old = |at: Timestamp| at.plus_seconds(GRACE_SECONDS) < now;
    let end = head.flushes.iter().rfind(|flush| old(flush.at)).map_or(0, |flush| flush.to);
    let end = end.min(head.flushed_to.saturating_sub(1));
    head.flushes.retain(|flush| !old(flush.at));
    let numbers: Vec<u64> = (head.deleted_to + 1..=end).collect();
    head.deleted_to = head.deleted_to.max(end);
    let (keys, retired) = std::mem::take(&mut head.retired).into_iter().partition(|retired: &Retired| old(retired.at));
    head.retired = retired;
    Swept { numbers, keys: Vec::into_iter(keys).map(|retired: Retired| retired.key).collect() }
}

async fn clean(ports: &CatalogPorts, workspace: &WorkspaceId, swept: Swept) -> Result<(), StoreError> {
    ports.store.delete(workspace, &swept.numbers).await?;
    for key in swept.keys {
        ports.remover.remove(&key).await?;
    }
    Ok(())
}
