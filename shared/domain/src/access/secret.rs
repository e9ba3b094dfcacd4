//! Makes and checks secrets: a prefix that tells what they are for, and 256 random bits in base64url.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::ports::Random;
use crate::values::hex::hex;

/// The length of the random part, in characters.
const RANDOM_LEN: usize = 43;

/// Generates a secret.
pub(super) fn generate(prefix: &str, random: &dyn Random) -> String {
    let mut bytes = [0_u8; 32];
    random.fill(&mut bytes);
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// Tells whether `text` looks like a secret with this prefix. It is a secret only if a store knows its hash.
pub(super) fn is_plausible(prefix: &str, text: &str) -> bool {
    text.len() == prefix.len() + RANDOM_LEN && text.is_ascii() && text.starts_with(prefix)
}

/// Returns the SHA-256 of a secret in lower-case hexadecimal digits. A fast hash is enough: nobody can guess 256 random bits. Stores
/// find a secret by its hash, so the time that they take tells nothing about the secret.
pub(super) fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}
