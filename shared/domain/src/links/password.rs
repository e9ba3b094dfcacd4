//! Checks the passwords of links and hashes them with argon2id. Never shows the clear text.

use std::fmt;

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};

use crate::ports::Random;

/// OWASP's minimum settings for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane. They fit into a function
/// of 256 MB and take a small fraction of a second.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// The most memory that checking a password against a hash may take, in KiB. We store no hash that asks for more: checking one could
/// bring the function down.
const MAX_MEMORY_KIB: u32 = 64 * 1024;
/// The most passes over the memory that a check may take.
const MAX_PASSES: u32 = 10;
/// The most lanes that a check may have.
const MAX_LANES: u32 = 16;
/// The longest hash in PHC string format, in bytes.
const MAX_HASH_BYTES: usize = 512;

/// A password in clear text, as an owner or a visitor sends it. Its debug text hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

/// The error of a password that could not be hashed: argon2 refused its parameters, which are constants.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed: {0}")]
pub struct PasswordError(String);

impl Password {
    /// The least length of a password, in characters. At ten tries a minute, six random letters take decades to guess.
    pub const MIN_CHARS: usize = 6;
    /// The greatest length of a password, in characters.
    pub const MAX_CHARS: usize = 128;

    /// Wraps `text` without a check.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Checks that a visitor can type the password into a form and no one can guess it soon: [`Password::MIN_CHARS`] to
    /// [`Password::MAX_CHARS`] characters, no control characters.
    ///
    /// # Errors
    /// What is wrong, for a person. The message does not quote the password.
    pub fn check(&self) -> Result<(), String> {
        let chars = self.0.chars().count();
        if !(Self::MIN_CHARS..=Self::MAX_CHARS).contains(&chars) {
            return Err(format!("must have {} to {} characters", Self::MIN_CHARS, Self::MAX_CHARS));
        }
        if self.0.chars().any(char::is_control) {
            return Err("must not have control characters".to_owned());
        }
        Ok(())
    }

    /// Hashes the password with argon2id and a new salt. Returns the hash in PHC string format.
    ///
    /// # Errors
    /// None in practice: the parameters are constants that argon2 accepts.
    pub fn hash(&self, random: &dyn Random) -> Result<String, PasswordError> {
        let mut salt = [0_u8; 16];
        random.fill(&mut salt);
        self.hash_with_salt(salt)
    }

    /// Hashes the password with argon2id and `salt`, which no other password must have.
    ///
    /// # Errors
    /// None in practice, as for [`Password::hash`].
    pub(crate) fn hash_with_salt(&self, salt: [u8; 16]) -> Result<String, PasswordError> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| PasswordError(error.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let hash = argon2.hash_password_with_salt(self.0.as_bytes(), &salt);
        hash.map(|hash| hash.to_string()).map_err(|error| PasswordError(error.to_string()))
    }

    /// Tells whether `hash` is a hash of this password.
    #[cfg(test)]
    pub(crate) fn matches(&self, hash: &str) -> bool {
        use argon2::password_hash::PasswordVerifier;
        Argon2::default().verify_password(self.0.as_bytes(), hash).is_ok()
    }
}

/// Checks that a visitor's password can be compared with `hash`: an argon2id hash in PHC string format, with a salt and a result,
/// that takes at most 64 MiB, ten passes and 16 lanes.
///
/// # Errors
/// What is wrong, for a person. The message does not quote the hash.
pub(crate) fn check_hash(hash: &str) -> Result<PasswordHash, &'static str> {
    if hash.len() > MAX_HASH_BYTES {
        return Err("is too long for a hash");
    }
    let hash = PasswordHash::new(hash).map_err(|_| "is not a hash in PHC string format, $argon2id$…")?;
    let params = Params::try_from(&hash).map_err(|_| "is a hash with invalid parameters")?;
    if hash.algorithm.as_str() != "argon2id" {
        return Err("is not a hash of argon2id");
    }
    if params.m_cost() > MAX_MEMORY_KIB || params.t_cost() > MAX_PASSES || params.p_cost() > MAX_LANES {
        return Err("is a hash that costs too much to check");
    }
    if hash.salt.is_none() || hash.hash.is_none() {
        return Err("is a hash without its salt or its result");
    }
    Ok(hash)
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(feature = "openapi")]
crate::values::schema::schema!(Password, "Password", {
    "type": "string",
    "minLength": Password::MIN_CHARS,
    "maxLength": Password::MAX_CHARS,
    "pattern": r"^[^\u0000-\u001f\u007f-\u009f]+$",
    "writeOnly": true,
    "description": "The password that a visitor must enter. No control characters.",
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::system::SeededRandom;

    #[test]
    fn password_matches_only_its_own_hashes() {
        let random = SeededRandom::new(1);
        let password = Password::new("correct horse");
        let (first, second) = (password.hash(&random).unwrap(), password.hash(&random).unwrap());
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{first}");
        assert_ne!(first, second);
        assert!(password.matches(&first) && password.matches(&second));
        assert!(!Password::new("correct horse ").matches(&first));
        assert!(!password.matches("") && !password.matches("$argon2id$x"));
    }

    #[test]
    fn hash_to_check_is_bounded_and_complete() {
        let of = |lanes: u32, rest: &str| check_hash(&format!("$argon2id$v=19$m=256,t=1,p={lanes}{rest}")).err();
        let (salt, result) = ("$YWFhYWFhYWE", "$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4");
        let complete = format!("{salt}{result}");
        assert_eq!((of(1, &complete), of(16, &complete)), (None, None));
        assert_eq!(of(17, &complete), Some("is a hash that costs too much to check"));
        let costing = |cost: &str| check_hash(&format!("$argon2id$v=19${cost}{complete}")).err();
        for (greatest, too_much) in [("m=65536,t=1,p=1", "m=65537,t=1,p=1"), ("m=256,t=10,p=1", "m=256,t=11,p=1")] {
            assert_eq!(costing(greatest), None);
            assert_eq!(costing(too_much), Some("is a hash that costs too much to check"));
        }
        for (algorithm, error) in [("argon2id", None), ("argon2i", Some("is not a hash of argon2id"))] {
            assert_eq!(check_hash(&format!("${algorithm}$v=19$m=256,t=1,p=1{complete}")).err(), error);
        }
        for incomplete in ["", salt] {
            assert_eq!(of(1, incomplete), Some("is a hash without its salt or its result"), "{incomplete}");
        }
        for (length, error) in
            [(512, "is not a hash in PHC string format, $argon2id$…"), (513, "is too long for a hash")]
        {
            assert_eq!(check_hash(&"x".repeat(length)).err(), Some(error), "{length}");
        }
        assert_eq!(check_hash(&"x".repeat(600)).err(), Some("is too long for a hash"));
    }

    #[test]
    fn debug_text_hides_the_password() {
        assert!(!format!("{:?}", Password::new("secret")).contains("secret"));
    }

    #[test]
    fn password_must_be_typeable_and_not_short() {
        assert!(Password::new("").check().is_err());
        assert!(Password::new("ä".repeat(5)).check().is_err());
        assert!(Password::new("ä".repeat(6)).check().is_ok());
        assert!(Password::new("abc\ndef").check().is_err());
        assert!(Password::new("ä".repeat(128)).check().is_ok());
        assert!(Password::new("ä".repeat(129)).check().is_err());
    }
}
