//! Tells what the settings of domains say about new links: which workspaces can make them, and how slugs are written.

use std::borrow::Cow;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::ports::DomainReader;
use super::settings::DomainSettings;
use crate::values::domains::{Domain, Domains};
use crate::values::error::StoreError;
use crate::values::workspace::WorkspaceId;

/// How many settings are read at a time.
const AT_A_TIME: usize = 20;

/// Returns `domains` with the rules of all that do not belong to another workspace than `workspace`.
///
/// # Errors
/// Those of the store.
pub async fn with_rules(
    domains: &Domains,
    reader: &dyn DomainReader,
    workspace: &WorkspaceId,
) -> Result<Domains, StoreError> {
    let is_others = |domain: &&Domain| domains.owner_of(domain).is_some_and(|owner| owner != workspace);
    let usable: Vec<&Domain> = domains.iter().filter(|domain| !is_others(domain)).collect();
    // Make all futures before polling: with a lazy closure this future would not be `Send`.
    let reads: Vec<_> = usable.into_iter().map(|domain| reader.settings(domain)).collect();
    let mut reads = stream::iter(reads).buffered(AT_A_TIME);
    let mut with_rules = domains.clone();
    while let Some(settings) = reads.try_next().await? {
        if let Some(settings) = settings {
            with_rules = add_rules(with_rules, &settings);
        }
    }
    Ok(with_rules)
}

/// Returns `domains` with the rules of the domain `name`, or of the default domain without a name. Reads nothing if the stack has no
/// such domain.
///
/// # Errors
/// Those of the store.
pub(crate) async fn with_rules_of<'a>(
    domains: &'a Domains,
    reader: &dyn DomainReader,
    name: Option<&str>,
) -> Result<Cow<'a, Domains>, StoreError> {
    let domain = match name.map(Domain::parse) {
        None => domains.default_domain().clone(),
        Some(Ok(domain)) if domains.contains(domain.as_str()) => domain,
        Some(_) => return Ok(Cow::Borrowed(domains)),
    };
    Ok(match reader.settings(&domain).await? {
        Some(settings) => Cow::Owned(add_rules(domains.clone(), &settings)),
        None => Cow::Borrowed(domains),
    })
}

fn add_rules(mut domains: Domains, settings: &DomainSettings) -> Domains {
    if let Some(workspaces) = &settings.workspaces {
        domains = domains.limited_to(&settings.domain, workspaces);
    }
    domains.with_slug_rules(&settings.domain, settings.slugs)
}
