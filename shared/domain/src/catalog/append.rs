//! Adds changes to the catalogues of their workspaces.

use std::collections::BTreeMap;

use super::block::{MAX_UNPACKED, folded, pack};
use super::build::{finish_build, request_build};
use super::flush::{flush, new_key};
use super::patch::LinkPatch;
use super::ports::{CatalogLimits, CatalogPorts, LogBody, LogItem, Newest};
use super::segment::{SegmentWriter, estimated_bytes};
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// How often a writer tries numbers that others take.
const ATTEMPTS: usize = 50;
const OPERATION: &str = "catalog.append";

/// Adds `changes` to the catalogues of their workspaces, in their order for each link. Builds a catalogue that is not whole yet first,
/// until `deadline`. Adding the same changes again changes nothing, if all that came after them is added again, too.
///
/// # Errors
/// The first failure, after all other workspaces. What was added before it stays.
pub async fn append_changes(
    ports: &CatalogPorts,
    changes: Vec<(WorkspaceId, LinkPatch)>,
    deadline: Timestamp,
) -> Result<(), StoreError> {
    let mut by_workspace: BTreeMap<WorkspaceId, Vec<LinkPatch>> = BTreeMap::new();
    for (workspace, patch) in changes {
        by_workspace.entry(workspace).or_default().push(patch);
    }
    let mut failure = None;
    for (workspace, patches) in by_workspace {
        if let Err(error) = append_to(ports, &workspace, patches, deadline).await {
            tracing::error!(event = "catalog.failed", %workspace, operation = error.operation, %error);
            failure = failure.or(Some(error));
        }
    }
    failure.map_or(Ok(()), Err)
}

async fn append_to(
    ports: &CatalogPorts,
    workspace: &WorkspaceId,
    patches: Vec<LinkPatch>,
    deadline: Timestamp,
) -> Result<(), StoreError> {
    finish_build(ports, workspace, deadline).await?;
    let patches = folded(patches);
    let bytes: usize = patches.values().map(estimated_bytes).sum();
    let mut flush_due = false;
    if bytes > ports.limits.inline_bytes {
        let key = new_key(ports, workspace, 0);
        let mut writer = SegmentWriter::create(ports.files.as_ref(), key.clone()).await?;
        for patch in patches.into_values() {
            writer.add(patch).await?;
        }
        writer.finish().await?;
        flush_due |= append_item(ports, workspace, bytes, LogBody::Object(key)).await?;
    } else {
        let mut rest = patches.values().peekable();
        while let Some(block) = pack(&mut rest, MAX_UNPACKED) {
            flush_due |= append_item(ports, workspace, bytes, LogBody::Block(block)).await?;
        }
    }
    if flush_due { flush_log(ports, workspace, deadline).await } else { Ok(()) }
}

/// Flushes the log until `deadline`. The changes are in the log: a flush that fails can wait for the next one. If the catalogue is
/// broken, it is built anew.
async fn flush_log(ports: &CatalogPorts, workspace: &WorkspaceId, deadline: Timestamp) -> Result<(), StoreError> {
    loop {
        match flush(ports, workspace).await {
            Ok(true) if ports.clock.now() < deadline => {}
            Ok(_) => return Ok(()),
            Err(error) if error.is_retryable() => {
                tracing::warn!(event = "catalog.not_flushed", %workspace, operation = error.operation, %error);
                return Ok(());
            }
            Err(error) => {
                tracing::error!(event = "catalog.broken", %workspace, operation = error.operation, %error);
                return request_build(ports, workspace).await;
            }
        }
    }
}

/// Appends an item, and tells whether the log is to be flushed.
async fn append_item(
    ports: &CatalogPorts,
    workspace: &WorkspaceId,
    bytes: usize,
    body: LogBody,
) -> Result<bool, StoreError> {
    let mut body = Some(body);
    for _ in 0..ATTEMPTS {
        let newest = ports.store.newest(workspace).await?;
        let Some(content) = body.take() else { break };
        let item = LogItem { number: newest.number + 1, total: newest.total + bytes as u64, body: content };
        if ports.store.append(workspace, &item).await? {
            return Ok(is_flush_due(&ports.limits, &newest, &item));
        }
        body = Some(item.body);
    }
    Err(StoreError::new(OPERATION, StoreErrorKind::Throttled, "other writers took every number"))
}

fn is_flush_due(limits: &CatalogLimits, before: &Newest, item: &LogItem) -> bool {
    item.number.is_multiple_of(limits.flush_items)
        || item.total / limits.flush_bytes != before.total / limits.flush_bytes
}
