//! Finds and lists the domains that a workspace can use or manages.

use futures::stream::{self, StreamExt, TryStreamExt};

use super::ports::{DomainPorts, DomainReader};
use super::settings::DomainSettings;
use crate::access::key::{Caller, Role};
use crate::values::domains::Domain;
use crate::values::error::{Error, StoreError};
use crate::values::page::{Page, PageRequest};
use crate::values::workspace::WorkspaceId;

/// How many settings are read at a time.
const AT_A_TIME: usize = 20;

/// A domain as a workspace sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenDomain {
    /// Its settings.
    pub settings: DomainSettings,
    /// Whether links that name no domain are on it.
    pub is_default: bool,
    /// Whether it belongs to the caller's workspace. Otherwise it belongs to the stack.
    pub is_own: bool,
    /// Whether the workspace can make links there.
    pub is_open: bool,
    /// Whether admins of the workspace can change its settings.
    pub is_managed: bool,
}

impl SeenDomain {
    /// Makes the view of `workspace`. `None` if it neither can use the domain nor manages it.
    pub(crate) fn of(ports: &DomainPorts<'_>, settings: DomainSettings, workspace: &WorkspaceId) -> Option<Self> {
        let DomainSettings { domain, workspaces, .. } = &settings;
        let owner = ports.domains.owner_of(domain);
        let is_open = match owner {
            Some(owner) => owner == workspace,
            None => workspaces.as_ref().is_none_or(|open_to| open_to.contains(workspace)),
        };
        let is_managed = ports.is_managed_by(domain, workspace);
        let (is_default, is_own) = (domain == ports.domains.default_domain(), owner == Some(workspace));
        (is_open || is_managed).then_some(Self { settings, is_default, is_own, is_open, is_managed })
    }

    /// Hides from a caller that reaches only some links which workspaces can use the domain.
    fn shown_to(self, caller: &Caller) -> Self {
        let is_managed = self.is_managed && caller.scope.is_whole();
        Self { is_managed, ..self }
    }
}

/// Finds a domain of the stack that the caller's workspace can use or manages. Needs [`Role::Viewer`].
///
/// # Errors
/// [`Error::NotFound`] says that the stack has no such domain, or that it is not for this workspace.
pub async fn find_domain(ports: &DomainPorts<'_>, caller: &Caller, name: &str) -> Result<SeenDomain, Error> {
    const ABSENT: Error = Error::NotFound("domain");
    caller.require(Role::Viewer)?;
    let domain = Domain::parse(name).ok().filter(|domain| ports.domains.contains(domain.as_str())).ok_or(ABSENT)?;
    if !caller.scope.allows_domain(domain.as_str()) {
        return Err(ABSENT);
    }
    let workspace = &caller.workspace;
    if ports.domains.owner_of(&domain).is_some_and(|owner| owner != workspace) {
        return Err(ABSENT);
    }
    let settings = settings_of(ports.reader, domain).await?;
    SeenDomain::of(ports, settings, workspace).map(|seen| seen.shown_to(caller)).ok_or(ABSENT)
}

/// Lists the domains that the caller's workspace can use or manages: the default first, then as the operator wrote them. Needs
/// [`Role::Viewer`].
///
/// # Errors
/// [`Error::Invalid`] names every parameter that is wrong.
pub async fn list_domains(
    ports: &DomainPorts<'_>,
    caller: &Caller,
    request: &PageRequest,
) -> Result<Page<SeenDomain>, Error> {
    caller.require(Role::Viewer)?;
    let query = request.check()?;
    let workspace = &caller.workspace;
    let is_others = |domain: &&Domain| ports.domains.owner_of(domain).is_some_and(|owner| owner != workspace);
    let mut domains: Vec<&Domain> = ports.domains.iter().filter(|domain| !is_others(domain)).collect();
    domains.retain(|domain| caller.scope.allows_domain(domain.as_str()));
    if let Some(before) = &query.before {
        let place = domains.iter().position(|domain| domain.as_str() == before);
        let place = place.ok_or_else(|| Error::invalid("cursor", "is not a cursor that a page gave"))?;
        domains.drain(..=place);
    }
    // Make all futures before polling: with a lazy closure this future would not be `Send`.
    let reads: Vec<_> = domains.into_iter().map(|domain| settings_of(ports.reader, domain.clone())).collect();
    let mut reads = stream::iter(reads).buffered(AT_A_TIME);
    let mut seen = Vec::new();
    while seen.len() <= query.limit
        && let Some(settings) = reads.try_next().await?
    {
        seen.extend(SeenDomain::of(ports, settings, workspace).map(|seen| seen.shown_to(caller)));
    }
    Ok(Page::from_items(seen, query.limit, |seen| seen.settings.domain.as_str().to_owned()))
}

/// Reads the settings of a domain, which are the defaults if nobody has changed them.
pub(crate) async fn settings_of(reader: &dyn DomainReader, domain: Domain) -> Result<DomainSettings, StoreError> {
    let stored = reader.settings(&domain).await?;
    Ok(stored.unwrap_or_else(|| DomainSettings::unchanged(domain)))
}
