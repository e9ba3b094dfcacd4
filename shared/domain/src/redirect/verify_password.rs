//! Checks a visitor's password for a link, and limits the attempts.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params, PasswordVerifier};

use super::ports::PasswordAttempts;
use crate::links::link::LinkId;
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::timestamp::Timestamp;

/// How many wrong passwords may be tried on a link in a minute.
pub const ATTEMPTS_PER_MINUTE: u32 = 10;
/// The longest password that is checked, in bytes. A longer one is always wrong.
pub const MAX_PASSWORD_BYTES: usize = 1024;
/// The most memory that a check may take, in KiB. We never store a hash that asks for more, and checking one could bring the
/// function down.
const MAX_MEMORY_KIB: u32 = 64 * 1024;
/// The most passes over the memory that a check may take.
const MAX_PASSES: u32 = 10;

/// The result of checking a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordCheck {
    /// The password is right.
    Right,
    /// The password is wrong.
    Wrong,
    /// The password was not checked: there were too many attempts in this minute.
    TooMany {
        /// When the next minute begins, in seconds; at least 1.
        retry_after_seconds: u32,
    },
}

/// Checks `password` against `hash`, an argon2id hash in PHC string format.
///
/// It counts an attempt before the check, so that concurrent attempts cannot get round the limit, and takes it back if the
/// password was right, so that visitors with the password never reach the limit.
///
/// # Errors
/// Those of `attempts`; then the password is not checked. [`StoreErrorKind::Broken`] if `hash` is not one of ours.
pub async fn verify_password(
    attempts: &dyn PasswordAttempts,
    id: &LinkId,
    hash: &str,
    password: &[u8],
    now: Timestamp,
) -> Result<PasswordCheck, StoreError> {
    if !attempts.begin(id, now, ATTEMPTS_PER_MINUTE).await? {
        let seconds_of_minute = u32::try_from(now.as_seconds().rem_euclid(60)).unwrap_or(0);
        return Ok(PasswordCheck::TooMany { retry_after_seconds: 60 - seconds_of_minute });
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
    let hash = PasswordHash::new(hash).map_err(|_| broken("the stored hash is not a PHC string"))?;
    let params = Params::try_from(&hash).map_err(|_| broken("the stored hash has invalid parameters"))?;
    if hash.algorithm.as_str() != "argon2id" || params.m_cost() > MAX_MEMORY_KIB || params.t_cost() > MAX_PASSES {
        return Err(broken("the stored hash is not argon2id, or costs too much to check"));
    }
    Ok(Argon2::default().verify_password(password, &hash).is_ok())
}

#[cfg(test)]
pub(crate) mod tests {
    use argon2::{Algorithm, PasswordHasher, Version};

    use super::*;
    use crate::testing::clicks::MemoryAttempts;
    use crate::testing::samples::link;

    /// Makes a hash that is cheap to check.
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
    async fn only_wrong_passwords_count_towards_the_limit() {
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
    async fn empty_and_overlong_passwords_are_wrong() {
        let attempts = MemoryAttempts::default();
        assert_eq!(try_at(&attempts, "", 0).await, PasswordCheck::Wrong);
        assert_eq!(try_at(&attempts, &"x".repeat(MAX_PASSWORD_BYTES + 1), 0).await, PasswordCheck::Wrong);
    }

    #[test]
    fn foreign_hash_is_broken() {
        let greedy = hash_of("x").replace("m=8,", "m=4000000,");
        for hash in ["", "right", "$argon2id$", "$argon2i$v=19$m=8,t=1,p=1$YWFhYWFhYWE$YWFhYWFhYWE", greedy.as_str()] {
            assert_eq!(is_right(hash, b"x").map_err(|error| error.kind), Err(StoreErrorKind::Broken), "{hash}");
        }
    }

    #[test]
    fn hashes_of_other_argon2id_tools_work() {
        // From the test vectors of the reference implementation (phc-winner-argon2, src/test.c).
        let hash = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        assert_eq!(is_right(hash, b"password").map_err(|error| error.kind), Ok(true));
        assert_eq!(is_right(hash, b"Password").map_err(|error| error.kind), Ok(false));
    }

    #[tokio::test]
    async fn longest_password_is_checked() {
        let longest = "x".repeat(MAX_PASSWORD_BYTES);
        let (attempts, id) = (MemoryAttempts::default(), link("acme", "docs", "https://example.com/").id);
        let now = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
        let check = verify_password(&attempts, &id, &hash_of(&longest), longest.as_bytes(), now).await.unwrap();
        assert_eq!(check, PasswordCheck::Right);
    }

    #[test]
    fn hash_may_cost_64_mib_and_ten_passes() {
        let cheap = hash_of("x");
        let hash = |memory: u32, passes: u32| cheap.replace("m=8,t=1,", &format!("m={memory},t={passes},"));
        for (memory, passes, checked) in [(65_536, 1, true), (65_537, 1, false), (8, 10, true), (8, 11, false)] {
            let result = is_right(&hash(memory, passes), b"x").map_err(|error| error.kind);
            let expected = if checked { Ok(false) } else { Err(StoreErrorKind::Broken) };
            assert_eq!(result, expected, "{memory} KiB, {passes} passes");
        }
    }
}
