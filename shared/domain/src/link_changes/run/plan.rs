//! Decides for each link of a chunk what will become of it, and writes nothing.

use std::collections::HashMap;

use futures::stream::{StreamExt, TryStreamExt, iter};
use serde_json::json;

use super::rehearsal::{KnownLink, Rehearsal};
use super::task::{Task, Work, was_made_by};
use crate::link_changes::chunk::{Entry, LinkResult, Restoring, Settled};
use crate::links::address::LinkAddress;
use crate::links::change::change_link;
use crate::links::link::Link;
use crate::links::ports::{LinkPorts, MAX_BATCH, Occupant};
use crate::links::precondition::Precondition;
use crate::values::error::{Error, StoreError};

/// How many batches of links are read at the same time.
const BATCHES: usize = 4;
const CHANGED_SINCE: &str = "the link was changed since";

impl Task<'_> {
    /// Plans the entries that are not settled: settles those that the job does not change, and notes the state of the others.
    pub(super) async fn plan(&self, entries: &mut [Entry]) -> Result<(), StoreError> {
        let mut wanted: Vec<LinkAddress> = entries.iter().filter(|entry| is_open(entry)).filter_map(place_of).collect();
        wanted.sort_by_key(ToString::to_string);
        wanted.dedup();
        let reads = wanted.chunks(MAX_BATCH).map(|batch| self.patiently(move |_| self.ports.batch.get_all(batch)));
        let found: Vec<Vec<Occupant>> = iter(reads).buffered(BATCHES).try_collect().await?;
        let found: HashMap<LinkAddress, Occupant> = wanted.into_iter().zip(found.into_iter().flatten()).collect();
        for entry in entries.iter_mut().filter(|entry| is_open(entry)) {
            let occupant = place_of(entry).and_then(|place| found.get(&place)).cloned().unwrap_or(Occupant::Nobody);
            match entry.restoring.clone() {
                Some(restoring) => self.plan_restoring(entry, &restoring, occupant),
                None => self.plan_change(entry, occupant).await?,
            }
            if self.dry_run && entry.planned {
                let deletes = matches!(self.work, Work::Delete);
                entry.settled = Some(Settled::plain(if deletes { LinkResult::Deleted } else { LinkResult::Changed }));
                (entry.before, entry.planned) = (None, false);
            }
        }
        Ok(())
    }

    async fn plan_change(&self, entry: &mut Entry, occupant: Occupant) -> Result<(), StoreError> {
        let is_meant = |link: &Link| self.caller.sees(link) && entry.id.as_ref().is_none_or(|id| link.id() == *id);
        let link = match occupant {
            Occupant::Link(link) if is_meant(&link) => link,
            _ => {
                entry.settled = Some(Settled::because(LinkResult::Failed, "link not found"));
                return Ok(());
            }
        };
        entry.id = Some(link.id());
        if link.changed_by.as_deref() == Some(self.caller.key_id.as_str()) {
            entry.settled = Some(Settled::because(LinkResult::Unchanged, "this job has changed the link already"));
            return Ok(());
        }
        let Work::Change(edit) = self.work else {
            if entry.address.as_ref() == Some(&link.address) {
                (entry.before, entry.planned) = (Some(link), true);
            } else {
                let detail = "is an alias of a link: delete the link by its own address, or the alias alone by itself";
                entry.settled = Some(Settled::because(LinkResult::Failed, detail));
            }
            return Ok(());
        };
        let patch = edit.patch_of(&link)?;
        let rehearsed = self.patiently(async |_| self.rehearse(&link, &patch).await).await?;
        match rehearsed {
            Ok(next) if next == *link => entry.settled = Some(Settled::plain(LinkResult::Unchanged)),
            Ok(next) => {
                entry.moved_to = Some(next.address).filter(|address| *address != link.address);
                (entry.before, entry.planned) = (Some(link), true);
            }
            Err(settled) => entry.settled = Some(settled),
        }
        Ok(())
    }

    /// Returns what the change of `link` would make of it, or why it would fail.
    async fn rehearse(&self, link: &Link, patch: &serde_json::Value) -> Result<Result<Link, Settled>, StoreError> {
        let rehearsal = Rehearsal { links: self.ports.batch.as_ref() };
        let known = KnownLink::new(link, self.ports.reader.as_ref());
        let ports = LinkPorts { writer: &rehearsal, targets: &rehearsal, ..self.link_ports(&known) };
        let changed =
            change_link(&ports, &self.caller, &link.address, &Precondition::None, patch, &|_| json!({})).await;
        match changed {
            Ok(next) => Ok(Ok(next)),
            Err(error) => failure(error).map(Err),
        }
    }

    fn plan_restoring(&self, entry: &mut Entry, restoring: &Restoring, occupant: Occupant) {
        let before = &restoring.link;
        let settled = |result, detail: &str| Some(Settled::because(result, detail));
        entry.settled = match occupant {
            Occupant::Link(link) if self.has_made(&link, before) => {
                settled(LinkResult::Unchanged, "this job has restored the link already")
            }
            Occupant::Link(link) if !restoring.certain && link.is_unchanged_since(before) => {
                settled(LinkResult::Unchanged, "the job had not changed the link")
            }
            Occupant::Link(link) if !restoring.deleted && was_made_by(&link, before, &restoring.of) => {
                (entry.before, entry.planned) = (Some(link), true);
                None
            }
            Occupant::Link(_) if restoring.deleted => {
                settled(LinkResult::Conflict, "another link has the address that the link had")
            }
            Occupant::Reserved(owner) if restoring.deleted && owner != before.workspace => {
                settled(LinkResult::Conflict, "the address that the link had belongs to another workspace")
            }
            Occupant::Nobody | Occupant::Reserved(_) if restoring.deleted => {
                entry.planned = true;
                None
            }
            Occupant::Link(_) => settled(LinkResult::Conflict, CHANGED_SINCE),
            Occupant::Nobody | Occupant::Reserved(_) => {
                settled(LinkResult::Conflict, "the link was deleted or moved since")
            }
        };
    }
}

/// Tells whether the result of a link is open.
pub(super) fn is_open(entry: &Entry) -> bool {
    entry.settled.is_none()
}

/// Returns where the link of an entry should be now.
fn place_of(entry: &Entry) -> Option<LinkAddress> {
    match &entry.restoring {
        Some(restoring) => Some(restoring.moved_to.clone().unwrap_or_else(|| restoring.link.address.clone())),
        None => entry.address.clone(),
    }
}

/// Makes the result of a link that cannot be changed.
///
/// # Errors
/// That of a store, which says nothing about the link.
pub(super) fn failure(error: Error) -> Result<Settled, StoreError> {
    let detail = error.to_string();
    match error {
        Error::Store(error) => Err(error),
        Error::Invalid(errors) => {
            let failed = Settled::because(LinkResult::Failed, "the link would have invalid fields");
            Ok(Settled { errors, ..failed })
        }
        _ => Ok(Settled::because(LinkResult::Failed, detail)),
    }
}
