//! Checks the password of a link, with a limit on how often one may be tried.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params, PasswordVerifier};

use super::ports::PasswordAttempts;
use crate::links::link::LinkId;
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::timestamp::Timestamp;

/// How many wrong passwords are heard a minute, per link.
pub const ATTEMPTS_PER_MINUTE: u32 = 10;
/// The longest password that is looked at, in bytes. Nothing that is longer can be right.
pub const MAX_PASSWORD_BYTES: usize = 1024;
/// The most memory that a check may take, in KiB, and the most passes over it. A stored hash that asks for more was not
/// made by us, and would be a way to bring the function down.
const MAX_COST: (u32, u32) = (64 * 1024, 10);

/// What became of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordCheck {
    /// It is right.
    Right,
    /// It is wrong.
    Wrong,
    /// It was not looked at: too many were tried in this minute.
    TooMany {
        /// When the next minute begins, in seconds; at least 1.
        retry_after_seconds: u32,
    },
}

/// Checks `password` against `hash`, an argon2id hash in PHC string format.
///
/// An attempt is counted before it is checked, so that many at once are no way round the limit, and taken back if it was
/// right, so that a link's rightful visitors are no attack on it.
///
/// # Errors
/// Where attempts cannot be counted, none is made. [`StoreErrorKind::Broken`] if `hash` is not one of ours.
pub async fn verify_password(
    attempts: &dyn PasswordAttempts,
    id: &LinkId,
    hash: &str,
    password: &[u8],
    now: Timestamp,
) -> Result<PasswordCheck, StoreError> {
    if !attempts.begin(id, now, ATTEMPTS_PER_MINUTE).await? {
        let into_the_minute = u32::try_from(now.as_seconds().rem_euclid(60)).unwrap_or(0);
        return Ok(PasswordCheck::TooMany { retry_after_seconds: 60 - into_the_minute });
    }
    if password.len() > MAX_PASSWORD_BYTES || !is_right(hash, password)? {
        return Ok(PasswordCheck::Wrong);
    }
    if let Err(error) = attempts.take_back(id, now).await {
        tracing::warn!(event = "password.attempt_kept", domain = %id.domain, slug = %id.slug, %error);
    }
    Ok(PasswordCheck::Right)
}

fn is_right(hash: &str, password: &[u8]) -> Result<bool, StoreError> {
    let broken = |cause: &'static str| StoreError::new("password.check", StoreErrorKind::Broken, cause);
    let hash = PasswordHash::new(hash).map_err(|_| broken("the stored hash is no PHC string"))?;
    let params = Params::try_from(&hash).map_err(|_| broken("the stored hash has parameters that are none"))?;
    if hash.algorithm.as_str() != "argon2id" || params.m_cost() > MAX_COST.0 || params.t_cost() > MAX_COST.1 {
        return Err(broken("the stored hash is not argon2id, or costs too much to check"));
    }
    Ok(Argon2::default().verify_password(password, &hash).is_ok())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::testing::clicks::MemoryAttempts;
    use crate::testing::samples::link;
    use argon2::{Algorithm, PasswordHasher, Version};

    /// A hash that is cheap to check.
    pub(crate) fn hash_of(password: &str) -> String {
        let params = Params::new(Params::MIN_M_COST, 1, 1, None).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_with_salt(password.as_bytes(), b"a salt of 16 byt").unwrap().to_string()
    }

    async fn try_at(attempts: &MemoryAttempts, password: &str, seconds: i64) -> PasswordCheck {
        let id = link("acme", "docs", "https://example.com/").id;
        let now = Timestamp::parse("2026-01-02T03:04:05Z").unwrap().plus_seconds(seconds);
        verify_password(attempts, &id, &hash_of("right"), password.as_bytes(), now).await.unwrap()
    }

    #[tokio::test]
    async fn wrong_passwords_are_limited_by_the_minute_and_right_ones_are_not() {
        let attempts = MemoryAttempts::default();
        for _ in 0..3 * ATTEMPTS_PER_MINUTE {
            assert_eq!(try_at(&attempts, "right", 0).await, PasswordCheck::Right);
        }
        for _ in 0..ATTEMPTS_PER_MINUTE {
            assert_eq!(try_at(&attempts, "wrong", 0).await, PasswordCheck::Wrong);
        }
        assert_eq!(try_at(&attempts, "right", 0).await, PasswordCheck::TooMany { retry_after_seconds: 55 });
        assert_eq!(try_at(&attempts, "right", 54).await, PasswordCheck::TooMany { retry_after_seconds: 1 });
        assert_eq!(try_at(&attempts, "right", 55).await, PasswordCheck::Right);
    }

    #[tokio::test]
    async fn empty_and_over_long_passwords_are_wrong() {
        let attempts = MemoryAttempts::default();
        assert_eq!(try_at(&attempts, "", 0).await, PasswordCheck::Wrong);
        assert_eq!(try_at(&attempts, &"x".repeat(MAX_PASSWORD_BYTES + 1), 0).await, PasswordCheck::Wrong);
    }

    #[test]
    fn a_hash_that_is_not_ours_opens_nothing() {
        let greedy = hash_of("x").replace("m=8,", "m=4000000,");
        for hash in ["", "right", "$argon2id$", "$argon2i$v=19$m=8,t=1,p=1$YWFhYWFhYWE$YWFhYWFhYWE", greedy.as_str()] {
            assert_eq!(is_right(hash, b"x").map_err(|error| error.kind), Err(StoreErrorKind::Broken), "{hash}");
        }
    }

    #[test]
    fn the_hashes_of_other_tools_are_understood() {
        // From the test vectors of the reference implementation (phc-winner-argon2, src/test.c).
        let hash = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        assert_eq!(is_right(hash, b"password").map_err(|error| error.kind), Ok(true));
        assert_eq!(is_right(hash, b"Password").map_err(|error| error.kind), Ok(false));
    }
}
