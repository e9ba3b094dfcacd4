//! Changes the settings of a domain by a JSON Merge Patch (RFC 7396).

use serde_json::{Map, Value};

use super::fields::DomainFields;
use super::find::{SeenDomain, find_domain};
use super::ports::DomainPorts;
use super::settings::DomainSettings;
use crate::access::key::{Caller, Role};
use crate::links::precondition::Precondition;
use crate::values::error::{Error, StoreError, StoreErrorKind};
use crate::values::field_errors::Errors;
use crate::values::json::{merge, read};

/// How many times to apply a patch to settings that other requests change at the same time.
const MAX_ATTEMPTS: usize = 10;

/// Applies `patch` to the settings of the domain `name` if `precondition` holds. Returns the domain as it is then. Needs
/// [`Role::Admin`] in the workspace that the domain belongs to; for a domain of the stack, in the operator's.
///
/// `show` makes the domain as callers read it: a patch may hold all of that, also what cannot be changed. If another request changes the
/// settings at the same time, applies the patch again on top. Writes nothing if the patch changes nothing.
///
/// # Errors
/// [`Error::Invalid`] names every field that would be wrong; [`Error::Changed`] says that the precondition does not hold;
/// [`Error::NotFound`] that there is no such domain for this workspace; [`Error::Forbidden`] that others manage it.
pub async fn change_domain(
    ports: &DomainPorts<'_>,
    caller: &Caller,
    name: &str,
    precondition: &Precondition,
    patch: &Value,
    show: &(dyn Fn(&SeenDomain) -> Value + Sync),
) -> Result<SeenDomain, Error> {
    caller.require(Role::Admin)?;
    let Value::Object(patch) = patch else {
        return Err(Error::invalid("", "a patch must be a JSON object"));
    };
    for _ in 0..MAX_ATTEMPTS {
        let seen = find_domain(ports, caller, name).await?;
        if !seen.is_managed {
            return Err(Error::Forbidden("only admins of the operator's workspace can change this domain".to_owned()));
        }
        if !precondition.holds_for(|| seen.settings.version_tag()) {
            return Err(Error::Changed("domain"));
        }
        let mut next = apply(ports, &seen.settings, patch, &show(&seen))?;
        if next == seen.settings {
            return Ok(seen);
        }
        next.revision += 1;
        next.updated_at = Some(ports.clock.now());
        if ports.writer.replace(&next).await? {
            // Who manages a domain sees it whatever its settings.
            return SeenDomain::of(ports, next, &caller.workspace).ok_or(Error::NotFound("domain"));
        }
    }
    let busy = "other requests keep changing the domain";
    Err(StoreError::new("domains.replace", StoreErrorKind::Throttled, busy).into())
}

/// Applies `patch` to `seen`, which callers see as `shown`.
fn apply(
    ports: &DomainPorts<'_>,
    seen: &DomainSettings,
    patch: &Map<String, Value>,
    shown: &Value,
) -> Result<DomainSettings, Error> {
    let mut document = serde_json::to_value(DomainFields::of(seen))
        .map_err(|error| StoreError::new("domains.patch", StoreErrorKind::Broken, error))?;
    let mut errors = Errors::default();
    let mut changes = Map::new();
    for (name, value) in patch {
        match shown.get(name) {
            Some(now) if document.get(name).is_none() => {
                if now != value {
                    errors.add(format!("/{name}"), "is read-only: leave it out, or send the value that a read gave");
                }
            }
            _ => drop(changes.insert(name.clone(), value.clone())),
        }
    }
    merge(&mut document, Value::Object(changes));
    let fields: DomainFields = read(document)?;
    let next = fields.check(seen, ports.domains, &mut errors);
    errors.or(Some(next))
}

#[cfg(test)]
mod tests;
