//! Tells on which domains of the stack a workspace can make links: the settings of a domain can limit it to some workspaces.

use std::borrow::Cow;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::ports::DomainReader;
use crate::values::domains::{Domain, Domains};
use crate::values::error::StoreError;

/// How many settings are read at a time.
const AT_A_TIME: usize = 20;

/// Returns `domains` with the limits of all domains.
///
/// # Errors
/// Those of the store.
pub async fn with_limits(domains: &Domains, reader: &dyn DomainReader) -> Result<Domains, StoreError> {
    let of_stack: Vec<&Domain> = domains.iter().filter(|domain| domains.owner_of(domain).is_none()).collect();
    // Make all futures before polling: with a lazy closure this future would not be `Send`.
    let reads: Vec<_> = of_stack.into_iter().map(|domain| reader.settings(domain)).collect();
    let mut reads = stream::iter(reads).buffered(AT_A_TIME);
    let mut limited = domains.clone();
    while let Some(settings) = reads.try_next().await? {
        if let Some(settings) = settings
            && let Some(workspaces) = &settings.workspaces
        {
            limited = limited.limited_to(&settings.domain, workspaces);
        }
    }
    Ok(limited)
}

/// Returns `domains` with the limit of the domain `name`, or of the default domain without a name. Reads nothing if the stack has no
/// such domain.
///
/// # Errors
/// Those of the store.
pub(crate) async fn with_limit_of<'a>(
    domains: &'a Domains,
    reader: &dyn DomainReader,
    name: Option<&str>,
) -> Result<Cow<'a, Domains>, StoreError> {
    let named = name.map(Domain::parse).transpose().ok().map(|named| named.unwrap_or(domains.default_domain().clone()));
    let Some(domain) = named.filter(|domain| domains.contains(domain.as_str()) && domains.owner_of(domain).is_none())
    else {
        return Ok(Cow::Borrowed(domains));
    };
    let settings = reader.settings(&domain).await?;
    Ok(match settings.and_then(|settings| settings.workspaces) {
        Some(workspaces) => Cow::Owned(domains.clone().limited_to(&domain, &workspaces)),
        None => Cow::Borrowed(domains),
    })
}
