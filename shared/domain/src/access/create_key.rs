//! Creates an API key in the caller's workspace.

use serde::Deserialize;

use super::idempotency::RequestFingerprint;
use super::key::{ApiKey, Caller, KeySecret, Role};
use super::new_key_limits::{NewKeyLimits, check_limits};
use super::ports::{KeyIndex, KeyWriter};
use crate::ports::{Clock, Random};
use crate::values::domains::Domains;
use crate::values::error::Error;
use crate::values::field_errors::Errors;
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
    /// What limits the key beside its role; nothing if absent. A key with the role `admin` can be limited to addresses only.
    #[serde(default)]
    pub limits: Option<NewKeyLimits>,
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
    /// The stack's own domains.
    pub domains: &'a Domains,
}

/// Creates a key. Returns it with its secret, which cannot be read again. Needs [`Role::Admin`],
/// and a caller without limits: it could make a key without them.
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
    if caller.is_limited {
        return Err(Error::Forbidden("a key with limits cannot make keys".to_owned()));
    }
    let now = ports.clock.now();
    let mut errors = Errors::default();
    let name = errors.note("/name", check_text(&new.name, MAX_NAME_CHARS));
    if new.expires_at.is_some_and(|expiry| expiry <= now) {
        errors.add("/expires_at", "must be in the future");
    }
    let given = new.limits.as_ref();
    let limits = given.and_then(|given| check_limits(given, new.role, caller, ports.domains, &mut errors));
    let name = errors.or(name)?;
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
        limits,
        last_used_at: None,
        origin: fingerprint.map(|fingerprint| fingerprint.as_str().to_owned()),
    };
    ports.writer.insert(&secret.hash(), &key).await?;
    tracing::info!(
        event = "key.created",
        workspace = %key.workspace,
        key_id = key.key_id,
        by = caller.key_id,
        role = %key.role,
        is_limited = key.limits.is_some(),
    );
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
    use serde_json::json;

    use crate::access::idempotency::Claim;
    use crate::access::key_limits::KeyLimits;
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
        let domains = domains();
        let ports = CreateKeyPorts { writer: keys, index: keys, clock: &clock, random: &random, domains: &domains };
        create_key(&ports, &caller("acme", role), new, fingerprint).await
    }

    async fn limited(role: Role, limits: serde_json::Value) -> Result<Option<KeyLimits>, Vec<String>> {
        let new = NewKey { role, limits: serde_json::from_value(limits).unwrap(), ..new_key("ci", None) };
        match create(&MemoryKeys::default(), Role::Admin, new).await {
            Ok((key, _)) => Ok(key.limits),
            Err(Error::Invalid(errors)) => Err(errors.into_iter().map(|error| error.pointer).collect()),
            Err(error) => panic!("{error}"),
        }
    }

    #[tokio::test]
    async fn limits_are_stored_in_their_normal_form() {
        let given = json!({
            "domains": ["S.example.org.", "s.example.org"], "tags": [" a ", "b", "a"], "own_links": true,
            "addresses": ["203.0.113.9/24", "::ffff:198.51.100.7", "203.0.113.0/24"],
        });
        let limits = limited(Role::Editor, given).await.unwrap();
        assert_eq!(
            serde_json::to_value(limits).unwrap(),
            json!({
                "domains": ["s.example.org"], "tags": ["a", "b"], "own_links": true,
                "addresses": ["203.0.113.0/24", "198.51.100.7/32"],
            })
        );
        for nothing in [json!(null), json!({}), json!({"domains": null, "tags": null, "own_links": null})] {
            assert_eq!(limited(Role::Editor, nothing).await, Ok(None));
        }
        assert!(limited(Role::Admin, json!({"addresses": ["203.0.113.0/24"]})).await.is_ok());
    }

    #[tokio::test]
    async fn invalid_limits_are_named() {
        let many = |value: &str, count: usize| (0..count).map(|n| format!("{value}{n}")).collect::<Vec<_>>();
        for (role, given, pointer) in [
            (Role::Editor, json!({"domains": []}), "/limits/domains"),
            (Role::Editor, json!({"domains": ["go.example.com", "elsewhere.example"]}), "/limits/domains/1"),
            (Role::Editor, json!({"domains": ["x.example.org"]}), "/limits/domains/0"),
            (Role::Editor, json!({"domains": many("a.example", 51)}), "/limits/domains"),
            (Role::Editor, json!({"tags": []}), "/limits/tags"),
            (Role::Editor, json!({"tags": ["a", " "]}), "/limits/tags/1"),
            (Role::Editor, json!({"tags": many("a", 21)}), "/limits/tags/20"),
            (Role::Editor, json!({"addresses": []}), "/limits/addresses"),
            (Role::Editor, json!({"addresses": ["203.0.113.0/33"]}), "/limits/addresses/0"),
            (Role::Editor, json!({"addresses": many("203.0.113.", 51)}), "/limits/addresses"),
            (Role::Viewer, json!({"own_links": true}), "/limits/own_links"),
            (Role::Admin, json!({"own_links": true}), "/limits"),
            (Role::Admin, json!({"tags": ["a"], "addresses": ["203.0.113.0/24"]}), "/limits"),
            (Role::Admin, json!({"domains": ["go.example.com"]}), "/limits"),
        ] {
            assert_eq!(limited(role, given.clone()).await, Err(vec![pointer.to_owned()]), "{given}");
        }
    }

    #[tokio::test]
    async fn key_with_limits_makes_no_keys() {
        let (keys, random) = (MemoryKeys::default(), SeededRandom::new(1));
        let (clock, domains) = (FixedClock::at("2026-01-02T03:04:05Z"), domains());
        let ports = CreateKeyPorts { writer: &keys, index: &keys, clock: &clock, random: &random, domains: &domains };
        let limited = Caller { is_limited: true, ..caller("acme", Role::Admin) };
        let result = create_key(&ports, &limited, new_key("ci", None), None).await;
        assert!(matches!(result, Err(Error::Forbidden(_))));
        assert!(keys.all().is_empty());
    }

    /// `x.example.org` belongs to another workspace.
    fn domains() -> Domains {
        Domains::parse("go.example.com,s.example.org,x.example.org=other").unwrap()
    }

    fn new_key(name: &str, expires_at: Option<&str>) -> NewKey {
        let expires_at = expires_at.map(|text| Timestamp::parse(text).unwrap());
        NewKey { name: name.to_owned(), role: Role::Editor, expires_at, limits: None }
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
