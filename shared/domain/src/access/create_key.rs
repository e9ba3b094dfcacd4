//! Creates an API key in the caller's workspace.

use serde::Deserialize;

use super::idempotency::Attempt;
use super::key::{ApiKey, Caller, KeySecret, Role};
use super::ports::{KeyIndex, KeyWriter};
#[cfg(feature = "openapi")]
use crate::links::link::Link;
use crate::links::link::check_title;
use crate::ports::{Clock, Random};
use crate::values::error::{Error, FieldError};
use crate::values::page::MAX_LIMIT;
use crate::values::schema::TEXT;
use crate::values::timestamp::Timestamp;

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

/// What creating a key needs.
#[derive(Clone, Copy)]
pub struct CreateKeyPorts<'a> {
    /// Writes the key.
    pub writer: &'a dyn KeyWriter,
    /// Finds the key that an earlier try made.
    pub index: &'a dyn KeyIndex,
    /// The time of creation.
    pub clock: &'a dyn Clock,
    /// Secrets and ids.
    pub random: &'a dyn Random,
}

/// Creates a key and gives it with its secret, which nobody can ask for again. Needs [`Role::Admin`].
///
/// With `attempt`, a key that an earlier try of the same request made is revoked first: nobody got its secret.
///
/// # Errors
/// [`Error::Invalid`] names every field that is wrong.
pub async fn create_key(
    with: &CreateKeyPorts<'_>,
    caller: &Caller,
    new: NewKey,
    attempt: Option<&Attempt>,
) -> Result<(ApiKey, KeySecret), Error> {
    caller.require(Role::Admin)?;
    let now = with.clock.now();
    let mut errors = Vec::new();
    let name = check_title(&new.name).map_err(|detail| errors.push(FieldError::new("/name", detail))).ok();
    if new.expires_at.is_some_and(|expiry| expiry <= now) {
        errors.push(FieldError::new("/expires_at", "must be in the future"));
    }
    let (Some(name), true) = (name, errors.is_empty()) else { return Err(Error::Invalid(errors)) };
    if let Some(attempt) = attempt {
        revoke_earlier(with, caller, attempt).await?;
    }
    let secret = KeySecret::generate(with.random);
    let key = ApiKey {
        key_id: ApiKey::generate_id(with.clock, with.random),
        workspace: caller.workspace.clone(),
        role: new.role,
        name,
        created_at: now,
        expires_at: new.expires_at,
        last_used_at: None,
        origin: attempt.map(|attempt| attempt.as_str().to_owned()),
    };
    with.writer.insert(&secret.hash(), &key).await?;
    tracing::info!(event = "key.created", workspace = %key.workspace, key_id = key.key_id, by = caller.key_id, role = %key.role);
    Ok((key, secret))
}

/// Revokes what a try of the same request made that did not come to its end. It was less than a day ago, so the key is one of
/// the newest.
async fn revoke_earlier(with: &CreateKeyPorts<'_>, caller: &Caller, attempt: &Attempt) -> Result<(), Error> {
    let newest = with.index.newest(&caller.workspace, None, MAX_LIMIT).await?;
    for key in newest.iter().filter(|key| key.origin.as_deref() == Some(attempt.as_str())) {
        with.writer.revoke(&caller.workspace, &key.key_id).await?;
        tracing::info!(event = "key.revoked_unfinished", workspace = %key.workspace, key_id = key.key_id, by = caller.key_id);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::idempotency::Claim;
    use crate::access::ports::KeyReader;
    use crate::testing::keys::MemoryKeys;
    use crate::testing::samples::caller;
    use crate::testing::system::{FixedClock, SeededRandom};

    async fn create(keys: &MemoryKeys, role: Role, new: NewKey) -> Result<(ApiKey, KeySecret), Error> {
        create_as(keys, 1, role, new, None).await
    }

    async fn create_as(
        keys: &MemoryKeys,
        seed: u64,
        role: Role,
        new: NewKey,
        attempt: Option<&Attempt>,
    ) -> Result<(ApiKey, KeySecret), Error> {
        let (clock, random) = (FixedClock::at("2026-01-02T03:04:05Z"), SeededRandom::new(seed));
        let with = CreateKeyPorts { writer: keys, index: keys, clock: &clock, random: &random };
        create_key(&with, &caller("acme", role), new, attempt).await
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
    async fn what_an_unfinished_try_made_is_revoked_by_the_next_one_and_nothing_else() {
        let (keys, random) = (MemoryKeys::default(), SeededRandom::new(5));
        let attempt = |key: &str| {
            let workspace = caller("acme", Role::Admin).workspace;
            let now = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
            Claim::new(workspace, key, &[b"body"], now, &random).unwrap().attempt()
        };
        let mut secrets = Vec::new();
        for (seed, attempt) in [(1, None), (2, Some(attempt("a"))), (3, Some(attempt("b"))), (4, Some(attempt("b")))] {
            let made = create_as(&keys, seed, Role::Admin, new_key("ci", None), attempt.as_ref()).await.unwrap();
            secrets.push(made.1);
        }
        for (secret, works) in secrets.iter().zip([true, true, false, true]) {
            assert_eq!(keys.find(&secret.hash()).await.unwrap().is_some(), works);
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
