//! A request that is sent twice is done once: what `Idempotency-Key` promises.
//!
//! Whoever comes first with a key claims it, does the request and leaves the answer; whoever comes later gets that answer.
//! A claim is good for [`Claim::LEASE_SECONDS`], so that a crash does not block the key: the same request may then claim it
//! again. What the first attempt created is known by its [`Attempt`] and is not created a second time.

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use crate::ports::Random;
use crate::values::error::StoreError;
use crate::values::hex::hex;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// The right to do a request, as somebody asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Whose key it is. Keys of different workspaces have nothing to do with each other.
    pub workspace: WorkspaceId,
    /// The caller's key: 1 to [`Claim::MAX_KEY_LEN`] printable characters.
    pub key: String,
    /// What the request asks for, as a hash: the same key for something else is a mistake.
    pub request: String,
    /// Tells this try from others.
    pub owner: String,
    /// When it is asked for.
    pub now: Timestamp,
}

impl Claim {
    /// The greatest length of a key.
    pub const MAX_KEY_LEN: usize = 255;
    /// For how long nobody else does the request. Longer than a function may run.
    pub const LEASE_SECONDS: i64 = 60;
    /// For how long the answer is kept.
    pub const KEPT_SECONDS: i64 = 24 * 3600;

    /// A claim of `key` for the request that consists of `parts`; `None` if the text can be no key.
    pub fn new(
        workspace: WorkspaceId,
        key: &str,
        parts: &[&[u8]],
        now: Timestamp,
        random: &dyn Random,
    ) -> Option<Self> {
        let printable = key.bytes().all(|b| (0x20..0x7f).contains(&b));
        if key.is_empty() || key.len() > Self::MAX_KEY_LEN || !printable {
            return None;
        }
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut owner = [0_u8; 16];
        random.fill(&mut owner);
        Some(Self { workspace, key: key.to_owned(), request: hex(&hash.finalize()), owner: hex(&owner), now })
    }

    /// What the request creates is known by this, however often it is tried.
    pub fn attempt(&self) -> Attempt {
        let hash = Sha256::new()
            .chain_update(self.workspace.as_str())
            .chain_update("#")
            .chain_update(&self.key)
            .chain_update("#")
            .chain_update(&self.request)
            .finalize();
        Attempt(format!("request:{}", hex(&hash[..16])))
    }
}

/// Names a request over all its tries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt(String);

impl Attempt {
    /// The text, fit for [`crate::links::link::Link::origin`].
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part `index` of a request that consists of several.
    pub fn part(&self, index: usize) -> Self {
        Self(format!("{}#{index}", self.0))
    }
}

/// An answer as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, those that say something about what was done.
    pub headers: Vec<(String, String)>,
    /// Its body, packed by whoever keeps it; at most [`Answer::MAX_BODY_BYTES`].
    pub body: Vec<u8>,
    /// Whether the body is sealed, since it holds a secret.
    pub sealed: bool,
}

impl Answer {
    /// The greatest size of a kept body. A DynamoDB item has at most 400 KB.
    pub const MAX_BODY_BYTES: usize = 300 * 1024;
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// Nobody has done the request: do it.
    Yes,
    /// It was done; this was the answer.
    Done(Answer),
    /// Somebody is doing it.
    Busy,
    /// The key was used for another request.
    Other,
}

/// Remembers who does which request, and the answers.
#[async_trait]
pub trait IdempotencyStore: Send + Sync {
    /// Claims the key, or says why not.
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError>;
    /// Keeps the answer, if the claim is still this try's.
    async fn finish(&self, claim: &Claim, answer: &Answer) -> Result<(), StoreError>;
    /// Forgets the claim, if it is still this try's: the request was not done.
    async fn release(&self, claim: &Claim) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::system::SeededRandom;
    use proptest::prelude::*;

    fn claim(workspace: &str, key: &str, parts: &[&[u8]]) -> Option<Claim> {
        let workspace = WorkspaceId::parse(workspace).unwrap();
        Claim::new(workspace, key, parts, Timestamp::from_millis(0).unwrap(), &SeededRandom::new(1))
    }

    #[test]
    fn a_key_has_1_to_255_printable_characters() {
        let (longest, too_long) = ("k".repeat(255), "k".repeat(256));
        assert!(claim("acme", &longest, &[]).is_some() && claim("acme", "a b#c", &[]).is_some());
        for key in ["", &too_long, "a\tb", "ä", "\u{7f}"] {
            assert!(claim("acme", key, &[]).is_none(), "{key:?}");
        }
    }

    proptest! {
        #[test]
        fn different_requests_differ(a in prop::collection::vec("[ab]{0,3}", 0..4), b in prop::collection::vec("[ab]{0,3}", 0..4)) {
            let of = |parts: &[String]| {
                let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
                claim("acme", "k", &parts).unwrap()
            };
            prop_assert_eq!(of(&a).request == of(&b).request, a == b);
            prop_assert_eq!(of(&a).attempt() == of(&b).attempt(), a == b);
        }
    }
}
