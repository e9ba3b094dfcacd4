//! Checks a visitor's password for a link, and limits the attempts.

use std::net::IpAddr;

use argon2::{Argon2, PasswordVerifier};
use futures::future::join_all;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::ports::PasswordAttempts;
use crate::links::address::LinkAddress;
use crate::links::password::check_hash;
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::hex::hex;
use crate::values::network::network_of;
use crate::values::timestamp::Timestamp;

/// How many wrong passwords may be tried on a link in a minute from one address.
pub const ATTEMPTS_PER_MINUTE: u32 = 10;
/// How many wrong passwords may be tried on a link in a minute from all addresses. Beyond that the link is under attack, and each
/// address may try once a minute: a visitor who knows the password still gets in, and a guesser needs an address a guess.
pub const ATTEMPTS_OF_ALL_PER_MINUTE: u32 = 60;
/// The longest password that is checked, in bytes. A longer one is always wrong.
pub const MAX_PASSWORD_BYTES: usize = 1024;

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
/// It counts an attempt before the check, so that concurrent attempts cannot get round the limits, and takes it back if the
/// password was right, so that visitors with the password never reach them.
///
/// # Errors
/// Those of `attempts`; then the password is not checked. [`StoreErrorKind::Broken`] if `hash` is not one of ours.
pub async fn verify_password(
    attempts: &dyn PasswordAttempts,
    (link, hash): (&LinkAddress, &str),
    password: &[u8],
    address: Option<IpAddr>,
    now: Timestamp,
) -> Result<PasswordCheck, StoreError> {
    let who = name_of(address, hash);
    let once = format!("{who}-once");
    let mut counted = vec![Some(who.as_str())];
    let mut allowed = attempts.begin(link, Some(&who), now, ATTEMPTS_PER_MINUTE).await?;
    if allowed && attempts.begin(link, None, now, ATTEMPTS_OF_ALL_PER_MINUTE).await? {
        counted.push(None);
    } else if allowed {
        counted.push(Some(once.as_str()));
        allowed = attempts.begin(link, Some(&once), now, 1).await?;
    }
    if !allowed {
        let seconds_of_minute = u32::try_from(now.as_seconds().rem_euclid(60)).unwrap_or(0);
        return Ok(PasswordCheck::TooMany { retry_after_seconds: 60 - seconds_of_minute });
    }
    if password.len() > MAX_PASSWORD_BYTES || !is_right(hash, password)? {
        return Ok(PasswordCheck::Wrong);
    }
    // At once: a visitor waits for it.
    for taken in join_all(counted.into_iter().map(|who| attempts.take_back(link, who, now))).await {
        if let Err(error) = taken {
            tracing::warn!(event = "password.attempt_kept", domain = %link.domain, slug = %link.slug, %error);
        }
    }
    Ok(PasswordCheck::Right)
}

/// Makes a name for the visitors of an address. The link's hash is the key, so that the name tells the address to nobody who
/// does not have it, and tells nothing about other links. An IPv6 network counts as one address: its owner has them all.
fn name_of(address: Option<IpAddr>, hash: &str) -> String {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(hash.as_bytes()) else { return String::new() };
    hex(&mac.chain_update(b"waypost password attempts").chain_update(network_of(address)).finalize().into_bytes()[..8])
}

fn is_right(hash: &str, password: &[u8]) -> Result<bool, StoreError> {
    let hash = check_hash(hash).map_err(|cause| StoreError::new("password.check", StoreErrorKind::Broken, cause))?;
    Ok(Argon2::default().verify_password(password, &hash).is_ok())
}

#[cfg(test)]
pub(crate) mod tests {
    use argon2::{Algorithm, Params, PasswordHasher, Version};

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
        try_from(attempts, "192.0.2.1", password, seconds).await
    }

    async fn try_from(attempts: &MemoryAttempts, address: &str, password: &str, seconds: i64) -> PasswordCheck {
        let docs = link("acme", "docs", "https://example.com/").address;
        let now = Timestamp::parse("2026-01-02T03:04:05Z").unwrap().plus_seconds(seconds);
        let (hash, address) = (hash_of("right"), address.parse().ok());
        verify_password(attempts, (&docs, &hash), password.as_bytes(), address, now).await.unwrap()
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
    async fn guesser_does_not_lock_visitors_out() {
        let attempts = MemoryAttempts::default();
        for _ in 0..3 * ATTEMPTS_PER_MINUTE {
            try_from(&attempts, "192.0.2.1", "wrong", 0).await;
        }
        let refused = try_from(&attempts, "192.0.2.1", "right", 0).await;
        assert!(matches!(refused, PasswordCheck::TooMany { .. }), "the guesser itself waits");
        assert_eq!(try_from(&attempts, "192.0.2.2", "right", 0).await, PasswordCheck::Right);
    }

    #[tokio::test]
    async fn many_guessers_have_a_guess_each_and_visitors_get_in() {
        let attempts = MemoryAttempts::default();
        let mut guesses = 0;
        for host in 0..100 {
            for _ in 0..20 {
                let given = try_from(&attempts, &format!("198.51.100.{host}"), "wrong", 0).await;
                guesses += u32::from(given == PasswordCheck::Wrong);
            }
        }
        // Six addresses use up what all may; the others have one guess each.
        assert_eq!(guesses, ATTEMPTS_OF_ALL_PER_MINUTE + 94);
        for host in 1..9 {
            assert_eq!(try_from(&attempts, &format!("203.0.113.{host}"), "right", 0).await, PasswordCheck::Right);
            assert_eq!(try_from(&attempts, &format!("203.0.113.{host}"), "right", 0).await, PasswordCheck::Right);
        }
        assert_eq!(try_from(&attempts, "203.0.113.9", "typo", 0).await, PasswordCheck::Wrong);
        assert_eq!(
            try_from(&attempts, "203.0.113.9", "right", 0).await,
            PasswordCheck::TooMany { retry_after_seconds: 55 }
        );
        assert_eq!(try_from(&attempts, "203.0.113.9", "right", 55).await, PasswordCheck::Right);
    }

    #[test]
    fn network_of_an_owner_has_one_name() {
        let name = |address: &str, hash: &str| name_of(address.parse().ok(), hash);
        assert_eq!(name("2001:db8::1", "h"), name("2001:db8:0:0:ffff::2", "h"));
        assert_ne!(name("2001:db8::1", "h"), name("2001:db8:0:1::1", "h"));
        assert_eq!(name("::ffff:192.0.2.1", "h"), name("192.0.2.1", "h"));
        assert_ne!(name("192.0.2.1", "h"), name("192.0.2.2", "h"));
        assert_ne!(name("192.0.2.1", "h"), name("192.0.2.1", "other link"), "names of two links tell nothing together");
        assert!(!name("192.0.2.1", "h").contains("192"));
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
        let (attempts, address) = (MemoryAttempts::default(), link("acme", "docs", "https://example.com/").address);
        let now = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
        let hash = hash_of(&longest);
        let check = verify_password(&attempts, (&address, &hash), longest.as_bytes(), None, now).await.unwrap();
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
