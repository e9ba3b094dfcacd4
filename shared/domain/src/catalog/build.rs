//! Builds the catalogue of a workspace from the links and totals that were there before it.

use super::block::folded;
use super::flush::{merge, new_key};
use super::head::{Building, CatalogHead};
use super::patch::LinkPatch;
use super::ports::CatalogPorts;
use super::segment::estimated_bytes;
use crate::links::link::Link;
use crate::links::ports::ShardPlace;
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// How many totals are read at once.
const TOTALS_AT_ONCE: usize = 32;

/// Asks for the catalogue of `workspace` to be built anew, unless it is being built. The stream of the table brings the request to
/// the indexer.
///
/// # Errors
/// The store failed, or others changed the head at the same time.
pub async fn request_build(ports: &CatalogPorts, workspace: &WorkspaceId) -> Result<(), StoreError> {
    let head = ports.store.head(workspace).await?;
    if head.as_ref().is_some_and(CatalogHead::is_being_built) {
        return Ok(());
    }
    begin(ports, workspace, head).await.map(drop)
}

/// Writes the head of a catalogue that is to be built. What segments the catalogue had are not read any more.
async fn begin(
    ports: &CatalogPorts,
    workspace: &WorkspaceId,
    old: Option<CatalogHead>,
) -> Result<CatalogHead, StoreError> {
    let newest = ports.store.newest(workspace).await?.number;
    let mut head = CatalogHead::new(newest);
    if let Some(old) = old {
        let now = ports.clock.now();
        let keys = old.segments.iter().map(|segment| segment.key.clone());
        head.revision = old.revision + 1;
        head.deleted_to = old.deleted_to;
        head.flushes = old.flushes;
        head.retired = old.retired;
        head.retired.extend(keys.map(|key| super::head::Retired { key, at: now }));
    }
    put(ports, workspace, head).await
}

/// Goes on with the catalogue of `workspace` until it is whole, or until `deadline`.
///
/// # Errors
/// [`StoreErrorKind::Unavailable`] at the deadline: ask again.
pub async fn finish_build(
    ports: &CatalogPorts,
    workspace: &WorkspaceId,
    deadline: Timestamp,
) -> Result<(), StoreError> {
    let head = ports.store.head(workspace).await?;
    if head.as_ref().is_some_and(CatalogHead::is_whole) || build(ports, workspace, head, deadline).await? {
        return Ok(());
    }
    Err(StoreError::new("catalog.build", StoreErrorKind::Unavailable, "the catalogue is not built yet"))
}

async fn put(ports: &CatalogPorts, workspace: &WorkspaceId, head: CatalogHead) -> Result<CatalogHead, StoreError> {
    if ports.store.put_head(workspace, &head).await? {
        return Ok(head);
    }
    Err(StoreError::new("catalog.build", StoreErrorKind::Unavailable, "another invocation changed the head"))
}

/// Builds the catalogue whose head is `head` until `deadline`, and goes on where an earlier build stopped. Returns whether it is whole.
///
/// # Errors
/// The store failed, or another invocation builds the same catalogue.
pub async fn build(
    ports: &CatalogPorts,
    workspace: &WorkspaceId,
    head: Option<CatalogHead>,
    deadline: Timestamp,
) -> Result<bool, StoreError> {
    let mut head = match head {
        Some(head) if head.is_whole() || head.is_being_built() => head,
        other => begin(ports, workspace, other).await?,
    };
    while let Some(place) = head.building.clone() {
        let (patches, after) = read_some(ports, workspace, place, deadline).await?;
        let key = new_key(ports, workspace, head.flushed_to);
        let segment = merge(ports, key, &[], folded(patches), None).await?;
        let mut next = head.next();
        next.segments.extend(segment);
        next.building = after;
        head = put(ports, workspace, next).await?;
        if head.building.is_some() && ports.clock.now() >= deadline {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads links from `place` on, as many as fit into a segment, or until `deadline`. Returns where to go on.
async fn read_some(
    ports: &CatalogPorts,
    workspace: &WorkspaceId,
    mut place: Building,
    deadline: Timestamp,
) -> Result<(Vec<LinkPatch>, Option<Building>), StoreError> {
    let mut patches = Vec::new();
    while place.shard < Link::LIST_SHARDS {
        let (links, more) = ports.links.next(workspace, place.shard, place.after.as_ref()).await?;
        place = match links.last().filter(|_| more) {
            Some(last) => Building { shard: place.shard, after: Some(ShardPlace::of(last)) },
            None => Building { shard: place.shard + 1, after: None },
        };
        for links in links.chunks(TOTALS_AT_ONCE) {
            let totals = futures::future::try_join_all(links.iter().map(|link| ports.totals.of(link))).await?;
            patches
                .extend(links.iter().zip(totals).map(|(link, clicks)| LinkPatch { clicks, ..LinkPatch::here(link) }));
        }
        let bytes = patches.iter().map(estimated_bytes).sum::<usize>();
        if bytes >= ports.limits.segment_bytes || ports.clock.now() >= deadline {
            break;
        }
    }
    let rest = (place.shard < Link::LIST_SHARDS).then_some(place);
    Ok((patches, rest))
}
