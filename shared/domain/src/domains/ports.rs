//! Declares what the settings of domains need from outside.

use async_trait::async_trait;

use super::settings::DomainSettings;
use crate::ports::Clock;
use crate::values::domains::{Domain, Domains};
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;

/// Reads the settings of domains.
#[async_trait]
pub trait DomainReader: Send + Sync {
    /// Returns the settings of `domain`. `None` if nobody has changed them yet.
    async fn settings(&self, domain: &Domain) -> Result<Option<DomainSettings>, StoreError>;
}

/// Writes the settings of domains.
#[async_trait]
pub trait DomainWriter: Send + Sync {
    /// Writes `next` if the stored settings have the revision before its own. Returns whether it did.
    async fn replace(&self, next: &DomainSettings) -> Result<bool, StoreError>;
}

/// The ports of the use cases about domains.
#[derive(Clone, Copy)]
pub struct DomainPorts<'a> {
    /// Reads the settings. Sees every write that finished before.
    pub reader: &'a dyn DomainReader,
    /// Writes the settings.
    pub writer: &'a dyn DomainWriter,
    /// Tells the time of a change.
    pub clock: &'a dyn Clock,
    /// The stack's own domains.
    pub domains: &'a Domains,
    /// The workspace whose admins manage the domains of the stack.
    pub operator: &'a WorkspaceId,
}

impl DomainPorts<'_> {
    /// Tells whether admins of `workspace` manage `domain`: it belongs to this workspace, or to the stack, whose domains the operator's
    /// workspace manages.
    pub fn is_managed_by(&self, domain: &Domain, workspace: &WorkspaceId) -> bool {
        self.domains.owner_of(domain).unwrap_or(self.operator) == workspace
    }
}
