//! Performs a request with an `Idempotency-Key` once, however often it is sent.
//!
//! The first request with a key claims it, runs, and stores its answer; later ones get that answer. A claim lasts for
//! [`Claim::LEASE_SECONDS`], so that a crash does not block the key: after that time, the same request may claim it again. It
//! then recognises what the first attempt created by its [`RequestFingerprint`], and does not create it again.

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::ports::Random;
use crate::values::error::StoreError;
use crate::values::hex::hex;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// Tells these hashes from others that a credential is the key of.
const PURPOSE: &[u8] = b"waypost idempotency request";

/// A claim to an idempotency key: the right to perform a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The caller's workspace. Each workspace has its own keys.
    pub workspace: WorkspaceId,
    /// The key that the caller sent: 1 to [`Claim::MAX_KEY_LEN`] printable characters.
    pub key: String,
    /// A keyed hash of the request. A key must not be used for two different requests.
    pub request: String,
    /// A random id of this attempt.
    pub owner: String,
    /// When the claim is made.
    pub now: Timestamp,
}

impl Claim {
    /// The greatest length of a key, in characters (all are ASCII).
    pub const MAX_KEY_LEN: usize = 255;
    /// How long no other attempt may perform the request. Longer than a function may run.
    pub const LEASE_SECONDS: i64 = 60;
    /// How long the answer is kept.
    pub const KEPT_SECONDS: i64 = 24 * 3600;

    /// Makes a claim of `key` for the request that consists of `parts`. Returns `None` if the key is not valid.
    ///
    /// `credential` is what proves the caller. The hash of the request depends on it, since a request can hold a link's password,
    /// and all of it but the password can be known: without the credential, the stored hash does not tell a right guess
    /// from a wrong one. So the same request by another credential is another request.
    pub fn new(
        workspace: WorkspaceId,
        key: &str,
        (parts, credential): (&[&[u8]], &[u8]),
        now: Timestamp,
        random: &dyn Random,
    ) -> Option<Self> {
        let printable = key.bytes().all(|b| (0x20..0x7f).contains(&b));
        if key.is_empty() || key.len() > Self::MAX_KEY_LEN || !printable {
            return None;
        }
        // HMAC takes a key of any length (RFC 2104).
        let mut hash = Hmac::<Sha256>::new_from_slice(credential).ok()?;
        hash.update(PURPOSE);
        for part in parts {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut owner = [0_u8; 16];
        random.fill(&mut owner);
        Some(Self {
            workspace,
            key: key.to_owned(),
            request: hex(&hash.finalize().into_bytes()),
            owner: hex(&owner),
            now,
        })
    }

    /// Returns the fingerprint of the request, the same for all attempts at it.
    pub fn fingerprint(&self) -> RequestFingerprint {
        let hash = Sha256::new()
            .chain_update(self.workspace.as_str())
            .chain_update("#")
            .chain_update(&self.key)
            .chain_update("#")
            .chain_update(&self.request)
            .finalize();
        RequestFingerprint(format!("request:{}", hex(&hash[..16])))
    }
}

/// Identifies a request over all its attempts. Links and keys store it, so that a retry recognises what it created before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFingerprint(String);

impl RequestFingerprint {
    /// Returns the text, as links and keys store it in their `origin`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the fingerprint of the part `index` of a request that has several.
    pub fn part(&self, index: usize) -> Self {
        Self(format!("{}#{index}", self.0))
    }
}

/// A stored answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers that describe the result of the request.
    pub headers: Vec<(String, String)>,
    /// The body as the caller of the store encoded it, at most [`Answer::MAX_BODY_BYTES`].
    pub body: Vec<u8>,
    /// Whether the body is encrypted, since it contains a secret.
    pub sealed: bool,
}

impl Answer {
    /// The greatest size of a stored body. A DynamoDB item has at most 400 KB.
    pub const MAX_BODY_BYTES: usize = 300 * 1024;
}

/// The result of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The key was free: perform the request.
    Yes,
    /// The request was performed before, with this answer.
    Done(Answer),
    /// Another attempt is performing the request.
    Busy,
    /// The key was used for another request.
    Other,
}

/// Stores claims and answers.
#[async_trait]
pub trait IdempotencyStore: Send + Sync {
    /// Claims the key, if it is free or its claim has ended.
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError>;
    /// Stores the answer, if this attempt still owns the claim.
    async fn finish(&self, claim: &Claim, answer: &Answer) -> Result<(), StoreError>;
    /// Deletes the claim of a request that was not performed, if this attempt still owns it.
    async fn release(&self, claim: &Claim) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::system::SeededRandom;
    use proptest::prelude::*;

    fn claim(workspace: &str, key: &str, parts: &[&[u8]]) -> Option<Claim> {
        let workspace = WorkspaceId::parse(workspace).unwrap();
        Claim::new(workspace, key, (parts, b"Bearer wp_1"), Timestamp::from_millis(0).unwrap(), &SeededRandom::new(1))
    }

    #[test]
    fn answers_last_a_day_and_fit_into_an_item() {
        assert_eq!(Claim::KEPT_SECONDS, 86_400);
        // The item holds the headers and the keys beside the body; DynamoDB's limit is 400 KB.
        assert_eq!(Answer::MAX_BODY_BYTES, 307_200);
    }

    #[test]
    fn key_has_1_to_255_printable_characters() {
        let (longest, too_long) = ("k".repeat(255), "k".repeat(256));
        assert!(claim("acme", &longest, &[]).is_some() && claim("acme", "a b#c", &[]).is_some());
        for key in ["", &too_long, "a\tb", "ä", "\u{7f}"] {
            assert!(claim("acme", key, &[]).is_none(), "{key:?}");
        }
    }

    #[test]
    fn stored_hash_does_not_tell_a_right_guess_of_the_request() {
        let (workspace, random) = (WorkspaceId::parse("acme").unwrap(), SeededRandom::new(1));
        let now = Timestamp::from_millis(0).unwrap();
        let body: [&[u8]; 2] = [b"POST", br#"{"url":"https://example.com/","password":"hunter22"}"#];
        let of = |credential: &[u8]| Claim::new(workspace.clone(), "k", (&body, credential), now, &random).unwrap();
        let plain = body
            .iter()
            .fold(Sha256::new(), |hash, part| hash.chain_update((part.len() as u64).to_be_bytes()).chain_update(part));
        let (own, other) = (of(b"Bearer wp_1"), of(b"Bearer wp_2"));
        assert_ne!(own.request, hex(&plain.finalize()), "the request alone must not lead to the hash");
        assert_ne!(own.request, other.request);
        assert_ne!(own.fingerprint(), other.fingerprint());
        assert_eq!(own.request, of(b"Bearer wp_1").request);
    }

    proptest! {
        #[test]
        fn different_requests_have_different_hashes(a in prop::collection::vec("[ab]{0,3}", 0..4), b in prop::collection::vec("[ab]{0,3}", 0..4)) {
            let of = |parts: &[String]| {
                let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
                claim("acme", "k", &parts).unwrap()
            };
            prop_assert_eq!(of(&a).request == of(&b).request, a == b);
            prop_assert_eq!(of(&a).fingerprint() == of(&b).fingerprint(), a == b);
        }
    }
}
