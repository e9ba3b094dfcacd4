//! Passwords of links: hashed with argon2id, shown to nobody.

use std::fmt;

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};

use crate::ports::Random;

/// OWASP's least settings for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane. A function of 256 MB
/// has room for it, and it takes a small fraction of a second.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A password in clear text, as its owner or a visitor sends it. Its debug text does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

/// Why a password was not hashed: argon2 refused its parameters, which are constants.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed: {0}")]
pub struct PasswordError(String);

impl Password {
    /// The greatest length, in characters.
    pub const MAX_CHARS: usize = 128;

    /// The password that is `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Checks that a visitor can type it into a form: 1 to [`Password::MAX_CHARS`] characters, no control characters.
    ///
    /// # Errors
    /// What is wrong, for a person; it does not quote the password.
    pub fn check(&self) -> Result<(), String> {
        let chars = self.0.chars().count();
        if chars == 0 || chars > Self::MAX_CHARS {
            return Err(format!("must have 1 to {} characters", Self::MAX_CHARS));
        }
        if self.0.chars().any(char::is_control) {
            return Err("must not have control characters".to_owned());
        }
        Ok(())
    }

    /// Its argon2id hash with a salt of its own, in PHC string format.
    ///
    /// # Errors
    /// None in practice: the parameters are constants that argon2 accepts.
    pub fn hash(&self, random: &dyn Random) -> Result<String, PasswordError> {
        let mut salt = [0_u8; 16];
        random.fill(&mut salt);
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| PasswordError(error.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let hash = argon2.hash_password_with_salt(self.0.as_bytes(), &salt);
        hash.map(|hash| hash.to_string()).map_err(|error| PasswordError(error.to_string()))
    }

    /// Whether it is the password of `hash`.
    #[cfg(test)]
    pub(crate) fn is_of(&self, hash: &str) -> bool {
        use argon2::password_hash::PasswordVerifier;
        Argon2::default().verify_password(self.0.as_bytes(), hash).is_ok()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(feature = "openapi")]
crate::values::schema::schema!(Password, "Password", {
    "type": "string",
    "minLength": 1,
    "maxLength": Password::MAX_CHARS,
    "pattern": r"^[^\u0000-\u001f\u007f-\u009f]+$",
    "writeOnly": true,
    "description": "What a visitor must give. No control characters.",
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::system::SeededRandom;

    #[test]
    fn a_password_opens_its_own_hash_only_and_no_hash_is_like_another() {
        let random = SeededRandom::new(1);
        let password = Password::new("correct horse");
        let (first, second) = (password.hash(&random).unwrap(), password.hash(&random).unwrap());
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{first}");
        assert_ne!(first, second);
        assert!(password.is_of(&first) && password.is_of(&second));
        assert!(!Password::new("correct horse ").is_of(&first));
        assert!(!password.is_of("") && !password.is_of("$argon2id$x"));
    }

    #[test]
    fn a_password_is_not_in_its_debug_text() {
        assert!(!format!("{:?}", Password::new("secret")).contains("secret"));
    }

    #[test]
    fn a_password_can_be_typed() {
        assert!(Password::new("").check().is_err());
        assert!(Password::new("a\nb").check().is_err());
        assert!(Password::new("ä".repeat(128)).check().is_ok());
        assert!(Password::new("ä".repeat(129)).check().is_err());
    }
}
