//! Rehearses a change: the use case of a single link runs with a link that is known, and a writer that only tells what it would do.

use std::sync::Mutex;
use std::sync::PoisonError;

use async_trait::async_trait;

use crate::links::address::LinkAddress;
use crate::links::link::Link;
use crate::links::ports::{Insertion, LinkBatch, LinkReader, LinkTargets, LinkWriter, Occupant, Relocation};
use crate::values::domains::Domain;
use crate::values::error::StoreError;
use crate::values::target::TargetUrl;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// Reads a link that is known already. If it has to be read again, it has changed: then `others` reads it.
pub(super) struct KnownLink<'a> {
    known: Mutex<Option<Link>>,
    others: &'a dyn LinkReader,
}

impl<'a> KnownLink<'a> {
    pub(super) fn new(link: &Link, others: &'a dyn LinkReader) -> Self {
        Self { known: Mutex::new(Some(link.clone())), others }
    }
}

#[async_trait]
impl LinkReader for KnownLink<'_> {
    async fn get(&self, address: &LinkAddress) -> Result<Option<Link>, StoreError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).take();
        match known.filter(|link| link.address == *address) {
            Some(link) => Ok(Some(link)),
            None => self.others.get_latest(address).await,
        }
    }
}

/// Writes nothing, and finds nothing by its target.
pub(super) struct Rehearsal<'a> {
    pub(super) links: &'a dyn LinkBatch,
}

#[async_trait]
impl LinkWriter for Rehearsal<'_> {
    async fn insert(&self, link: &Link) -> Result<bool, StoreError> {
        Ok(is_free(&self.occupant(&link.address).await?, &link.workspace))
    }

    async fn replace(&self, _: &Link, _: &Link) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn relocate(&self, seen: &Link, next: &Link, _: Timestamp) -> Result<Relocation, StoreError> {
        let occupant = self.occupant(&next.address).await?;
        let is_own = matches!(&occupant, Occupant::Link(link) if link.id() == seen.id());
        Ok(if is_own || is_free(&occupant, &next.workspace) { Relocation::Done } else { Relocation::Taken })
    }

    async fn delete(&self, _: &Link, _: Timestamp) -> Result<bool, StoreError> {
        Ok(true)
    }
}

impl Rehearsal<'_> {
    async fn occupant(&self, address: &LinkAddress) -> Result<Occupant, StoreError> {
        Ok(self.links.get_all(std::slice::from_ref(address)).await?.pop().unwrap_or(Occupant::Nobody))
    }
}

fn is_free(occupant: &Occupant, workspace: &WorkspaceId) -> bool {
    match occupant {
        Occupant::Nobody => true,
        Occupant::Reserved(owner) => owner == workspace,
        Occupant::Link(_) => false,
    }
}

#[async_trait]
impl LinkTargets for Rehearsal<'_> {
    async fn find(&self, _: &WorkspaceId, _: &Domain, _: &TargetUrl) -> Result<Option<LinkAddress>, StoreError> {
        Ok(None)
    }

    async fn find_all(&self, _: &WorkspaceId, _: &Domain, _: &TargetUrl) -> Result<Vec<LinkAddress>, StoreError> {
        Ok(Vec::new())
    }

    async fn remember(&self, _: &Link) -> Result<(), StoreError> {
        Ok(())
    }

    async fn insert_as_only(&self, _: &Link, _: Option<&LinkAddress>) -> Result<Insertion, StoreError> {
        Ok(Insertion::Done)
    }
}
