//! Seals answers that hold a secret: only the credential that sent the request opens them again.
//!
//! HKDF-SHA256 (RFC 5869) derives the key from the request's credential, its `Idempotency-Key` and what it asked for;
//! AES-256-GCM seals the answer. The table stores the ciphertext only, for a day: without the credential the table reveals
//! nothing, and after the day the credential reveals nothing.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use waypost_domain::access::idempotency::Claim;
use waypost_domain::ports::Random;

use crate::authentication::proof::Proof;

const PURPOSE: &[u8] = b"waypost idempotency answer";

/// Seals and opens the answers to one request.
pub(super) struct Seal(LessSafeKey);

impl Seal {
    /// Derives the seal of the request that made `claim`, from what proved its caller.
    pub(super) fn new(claim: &Claim, proof: &Proof) -> Option<Self> {
        let random_key = Salt::new(HKDF_SHA256, PURPOSE).extract(proof.as_bytes());
        // The request's hash has a fixed length and no workspace contains '#', so different requests have different texts.
        let info = [claim.request.as_bytes(), claim.workspace.as_str().as_bytes(), b"#", claim.key.as_bytes()];
        let key: UnboundKey = random_key.expand(&info, &AES_256_GCM).ok()?.into();
        Some(Self(LessSafeKey::new(key)))
    }

    /// Seals `text`: a random nonce, the ciphertext and its tag.
    pub(super) fn close(&self, mut text: Vec<u8>, random: &dyn Random) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce);
        self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text).ok()?;
        Some([&nonce[..], &text].concat())
    }

    /// Opens an answer. Gives `None` if another credential sealed it.
    pub(super) fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let mut text = text.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self.0.open_in_place(nonce, Aad::empty(), &mut text).ok()?.len();
        text.truncate(opened);
        Some(text)
    }
}
