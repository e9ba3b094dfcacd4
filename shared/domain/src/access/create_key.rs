//! Creates an API key in the caller's workspace.

use serde::Deserialize;

use super::idempotency::RequestFingerprint;
use super::key::{ApiKey, Caller, KeySecret, Role};
use super::ports::{KeyIndex, KeyWriter};
use crate::ports::{Clock, Random};
use crate::values::error::{Error, FieldError};
use crate::values::page::MAX_LIMIT;
#[cfg(feature = "openapi")]
use crate::values::schema::TEXT;
use crate::values::text::check_text;
use crate::values::timestamp::Timestamp;

/// The greatest length of a key's name, in characters.
const MAX_NAME_CHARS: usize = 200;

/// A request for a key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewKey {
    /// A name for its owner: 1 to 200 characters, no control characters.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_NAME_CHARS), regex(pattern = TEXT)))]
    pub name: String,
    /// What the key may do.
    pub role: Role,
    /// When the key expires, in the future; never if absent.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// What [`create_key`] needs from outside.
#[derive(Clone, Copy)]
pub struct CreateKeyPorts<'a> {
    /// Writes the key.
    pub writer: &'a dyn KeyWriter,
    /// Finds the key that an earlier attempt created.
    pub index: &'a dyn KeyIndex,
    /// Tells the time of creation.
    pub clock: &'a dyn Clock,
    /// Makes secrets and ids.
    pub random: &'a dyn Random,
}

/// Creates a key. Returns it with its secret, which cannot be read again. Needs [`Role::Admin`].
///
/// With a `fingerprint`, first revokes the key that an earlier attempt at the same request created: nobody received its
/// secret.
///
/// # Errors
/// [`Error::Invalid`] names every field that is wrong.
pub async fn create_key(
    ports: &CreateKeyPorts<'_>,
    caller: &Caller,
    new: NewKey,
    fingerprint: Option<&RequestFingerprint>,
) -> Result<(ApiKey, KeySecret), Error> {
    caller.require(Role::Admin)?;
    let now = ports.clock.now();
    let mut errors = Vec::new();
    let name =
        check_text(&new.name, MAX_NAME_CHARS).map_err(|detail| errors.push(FieldError::new("/name", detail))).ok();
    if new.expires_at.is_some_and(|expiry| expiry <= now) {
        errors.push(FieldError::new("/expires_at", "must be in the future"));
    }
    let (Some(name), true) = (name, errors.is_empty()) else { return Err(Error::Invalid(errors)) };
    if let Some(fingerprint) = fingerprint {
        revoke_earlier(ports, caller, fingerprint).await?;
    }
    let secret = KeySecret::generate(ports.random);
    let key = ApiKey {
        key_id: ApiKey::generate_id(ports.clock, ports.random),
        workspace: caller.workspace.clone(),
        role: new.role,
        name,
        created_at: now,
        expires_at: new.expires_at,
        last_used_at: None,
        origin: fingerprint.map(|fingerprint| fingerprint.as_str().to_owned()),
    };
    ports.writer.insert(&secret.hash(), &key).await?;
    tracing::info!(event = "key.created", workspace = %key.workspace, key_id = key.key_id, by = caller.key_id, role = %key.role);
    Ok((key, secret))
}

/// Revokes the key that an interrupted attempt at the same request created. Reads only the newest keys: the attempt was less
/// than a day ago.
async fn revoke_earlier(
    ports: &CreateKeyPorts<'_>,
    caller: &Caller,
    fingerprint: &RequestFingerprint,
) -> Result<(), Error> {
    let newest = ports.index.newest(&caller.workspace, None, MAX_LIMIT).await?;
    for key in newest.iter().filter(|key| key.origin.as_deref() == Some(fingerprint.as_str())) {
        ports.writer.revoke(&caller.workspace, &key.key_id).await?;
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
        fingerprint: Option<&RequestFingerprint>,
    ) -> Result<(ApiKey, KeySecret), Error> {
        let (clock, random) = (FixedClock::at("2026-01-02T03:04:05Z"), SeededRandom::new(seed));
        let ports = CreateKeyPorts { writer: keys, index: keys, clock: &clock, random: &random };
        create_key(&ports, &caller("acme", role), new, fingerprint).await
    }

    fn new_key(name: &str, expires_at: Option<&str>) -> NewKey {
        let expires_at = expires_at.map(|text| Timestamp::parse(text).unwrap());
        NewKey { name: name.to_owned(), role: Role::Editor, expires_at }
    }

    #[tokio::test]
    async fn new_key_has_the_requested_role_in_the_callers_workspace() {
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
    async fn retry_revokes_only_the_key_of_the_same_request() {
        let (keys, random) = (MemoryKeys::default(), SeededRandom::new(5));
        let fingerprint = |key: &str| {
            let workspace = caller("acme", Role::Admin).workspace;
            let now = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
            Claim::new(workspace, key, (&[b"body"], b"credential"), now, &random).unwrap().fingerprint()
        };
        let mut secrets = Vec::new();
        let (a, b) = (fingerprint("a"), fingerprint("b"));
        for (seed, fingerprint) in [(1, None), (2, Some(&a)), (3, Some(&b)), (4, Some(&b))] {
            let (_, secret) = create_as(&keys, seed, Role::Admin, new_key("ci", None), fingerprint).await.unwrap();
            secrets.push(secret);
        }
        for (secret, works) in secrets.iter().zip([true, true, false, true]) {
            assert_eq!(keys.find(&secret.hash()).await.unwrap().is_some(), works);
        }
    }

    #[tokio::test]
    async fn error_names_every_invalid_field() {
        let new = new_key("a\u{7}", Some("2026-01-02T03:04:05Z"));
        let Err(Error::Invalid(errors)) = create(&MemoryKeys::default(), Role::Admin, new).await else { panic!() };
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/name", "/expires_at"]);
    }
}
