//! Checks a stored target again before it is sent, since other code may have written it.

use crate::values::domains::Domains;
use crate::values::target::{TargetError, TargetUrl};

/// Checks `url` like a new target, for a visit to `host` (its `Host` header).
pub(crate) fn check_target(url: &str, domains: &Domains, host: Option<&str>) -> Result<TargetUrl, TargetError> {
    let checked = TargetUrl::parse(url, domains)?;
    match host {
        // A host that brought this visit here would bring the next one here too.
        Some(host) if domains.serves_any_host() && checked.leads_to(host) => Err(TargetError::OwnDomain),
        _ => Ok(checked),
    }
}
