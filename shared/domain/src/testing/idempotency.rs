//! Implements the store of idempotency records in memory.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;

use super::outage::lock;
use crate::access::idempotency::{Answer, Claim, Claimed, IdempotencyStore};
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;

/// The claims by workspace and key, each with its answer if it is finished.
type Claims = HashMap<(WorkspaceId, String), (Claim, Option<Answer>)>;

/// A store of idempotency records.
#[derive(Default)]
pub struct MemoryIdempotency(Mutex<Claims>);

impl MemoryIdempotency {
    /// Returns all answers that are kept.
    pub fn answers(&self) -> Vec<Answer> {
        lock(&self.0).values().filter_map(|(_, answer)| answer.clone()).collect()
    }
}

#[async_trait]
impl IdempotencyStore for MemoryIdempotency {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let mut records = lock(&self.0);
        let place = (claim.workspace.clone(), claim.key.clone());
        if let Some((first, answer)) = records.get(&place) {
            let since = claim.now.as_seconds() - first.now.as_seconds();
            match answer {
                _ if since >= Claim::KEPT_SECONDS => {}
                _ if first.request != claim.request => return Ok(Claimed::Other),
                Some(answer) => return Ok(Claimed::Done(answer.clone())),
                None if since < Claim::LEASE_SECONDS => return Ok(Claimed::Busy),
                None => {}
            }
        }
        records.insert(place, (claim.clone(), None));
        Ok(Claimed::Yes)
    }

    async fn finish(&self, claim: &Claim, answer: &Answer) -> Result<(), StoreError> {
        let mut records = lock(&self.0);
        let record = records.get_mut(&(claim.workspace.clone(), claim.key.clone()));
        if let Some((_, kept)) = record.filter(|(first, _)| first.owner == claim.owner) {
            *kept = Some(answer.clone());
        }
        Ok(())
    }

    async fn release(&self, claim: &Claim) -> Result<(), StoreError> {
        lock(&self.0).retain(|_, (first, _)| first.owner != claim.owner);
        Ok(())
    }
}
