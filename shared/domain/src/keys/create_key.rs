//! Creates an API key in the caller's workspace.

use serde::Deserialize;

use super::ports::KeyWriter;
use crate::link::check_title;
use crate::ports::{Clock, Random};
use crate::{ApiKey, Caller, Error, FieldError, KeySecret, Role, Timestamp};
#[cfg(feature = "openapi")]
use crate::{Link, schemas::TEXT};

/// A key to create.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewKey {
    /// What its owner calls it: 1 to 200 characters, no control characters.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = Link::MAX_TITLE_CHARS), regex(pattern = TEXT)))]
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// From when on it opens nothing, a time to come; never if absent.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// Creates a key and gives it with its secret, which nobody can ask for again. Needs [`Role::Admin`].
///
/// # Errors
/// [`Error::Invalid`] names every field that is wrong.
pub async fn create_key(
    keys: &dyn KeyWriter,
    clock: &dyn Clock,
    random: &dyn Random,
    caller: &Caller,
    new: NewKey,
) -> Result<(ApiKey, KeySecret), Error> {
    caller.require(Role::Admin)?;
    let now = clock.now();
    let mut errors = Vec::new();
    let name = check_title(&new.name).map_err(|detail| errors.push(FieldError::new("/name", detail))).ok();
    if new.expires_at.is_some_and(|expiry| expiry <= now) {
        errors.push(FieldError::new("/expires_at", "must be in the future"));
    }
    let (Some(name), true) = (name, errors.is_empty()) else { return Err(Error::Invalid(errors)) };
    let secret = KeySecret::generate(random);
    let key = ApiKey {
        key_id: ApiKey::generate_id(clock, random),
        workspace: caller.workspace.clone(),
        role: new.role,
        name,
        created_at: now,
        expires_at: new.expires_at,
        last_used_at: None,
    };
    keys.insert(&secret.hash(), &key).await?;
    tracing::info!(event = "key.created", workspace = %key.workspace, key_id = key.key_id, by = caller.key_id, role = %key.role);
    Ok((key, secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{FixedClock, MemoryKeys, SeededRandom, caller};
    use crate::ports::KeyReader;

    async fn create(keys: &MemoryKeys, role: Role, new: NewKey) -> Result<(ApiKey, KeySecret), Error> {
        let clock = FixedClock::at("2026-01-02T03:04:05Z");
        create_key(keys, &clock, &SeededRandom::new(1), &caller("acme", role), new).await
    }

    fn new_key(name: &str, expires_at: Option<&str>) -> NewKey {
        let expires_at = expires_at.map(|text| Timestamp::parse(text).unwrap());
        NewKey { name: name.to_owned(), role: Role::Editor, expires_at }
    }

    #[tokio::test]
    async fn the_secret_opens_the_callers_workspace_with_the_role_asked_for() {
        let keys = MemoryKeys::default();
        let (key, secret) = create(&keys, Role::Admin, new_key(" ci ", Some("2026-02-01T00:00:00Z"))).await.unwrap();
        assert_eq!(keys.find(&secret.hash()).await.unwrap(), Some(key.clone()));
        assert_eq!((key.workspace.as_str(), key.role, key.name.as_str()), ("acme", Role::Editor, "ci"));
    }

    #[tokio::test]
    async fn only_an_admin_creates_keys() {
        for role in [Role::Viewer, Role::Editor] {
            let keys = MemoryKeys::default();
            assert!(matches!(create(&keys, role, new_key("ci", None)).await, Err(Error::Forbidden(_))));
            assert!(keys.all().is_empty());
        }
    }

    #[tokio::test]
    async fn every_invalid_field_is_named() {
        let new = new_key("a\u{7}", Some("2026-01-02T03:04:05Z"));
        let Err(Error::Invalid(errors)) = create(&MemoryKeys::default(), Role::Admin, new).await else { panic!() };
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/name", "/expires_at"]);
    }
}
