//! Limits how often sign-ins from one address may fail.
//!
//! There is no limit by key: a guess names none, and whoever has found the id of a key could lock its owner out with one. There is none
//! for all addresses together either, for the same reason: whoever has many addresses would lock everybody out, and 256 random bits are not
//! guessed however often one tries. So the limit keeps guessers from costing money and filling logs, and no one else from signing in.

use std::net::IpAddr;

use sha2::{Digest, Sha256};

use super::ports::SignInAttempts;
use crate::ports::{Clock, Random};
use crate::values::error::{Error, StoreError};
use crate::values::hex::hex;
use crate::values::network::network_of;

/// How many sign-ins may fail from one address in a window. People behind one address share it.
pub const MAX_FAILURES: u32 = 20;
/// How long a window is, in seconds. Windows begin at multiples of it.
pub const WINDOW_SECONDS: i64 = 300;

/// What [`limit_sign_in`] needs from outside.
#[derive(Clone, Copy)]
pub struct LimitPorts<'a> {
    /// Counts.
    pub attempts: &'a dyn SignInAttempts,
    /// Tells the time.
    pub clock: &'a dyn Clock,
    /// Makes salts.
    pub random: &'a dyn Random,
}

/// Waits for `prove` unless too many sign-ins from `address` have failed. It counts an attempt before it is made, so that attempts at the
/// same time cannot get round the limit, and takes it back unless the credential was wrong. If the store does not count, the attempt is
/// made: a limit must not become an outage.
///
/// # Errors
/// [`Error::RateLimited`] above the limit; then nothing was tried. Else those of `prove`.
pub async fn limit_sign_in<T>(
    ports: &LimitPorts<'_>,
    address: Option<IpAddr>,
    prove: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let now = ports.clock.now().as_seconds();
    let window = now.div_euclid(WINDOW_SECONDS);
    let counted = match begin(ports, address, window).await {
        Ok((_, false)) => {
            tracing::warn!(event = "sign_in.limited");
            let left = WINDOW_SECONDS - now.rem_euclid(WINDOW_SECONDS);
            return Err(Error::RateLimited { retry_after_seconds: left.unsigned_abs() });
        }
        Ok((who, true)) => Some(who),
        Err(error) => {
            tracing::warn!(event = "sign_in.not_counted", %error);
            None
        }
    };
    let proven = prove.await;
    if !matches!(proven, Err(Error::Unauthenticated(_)))
        && let Some(who) = counted
        && let Err(error) = ports.attempts.take_back(&who, window).await
    {
        tracing::warn!(event = "sign_in.attempt_kept", %error);
    }
    proven
}

/// Counts an attempt. Gives the name that it counts for, and whether it may be made.
async fn begin(ports: &LimitPorts<'_>, address: Option<IpAddr>, window: i64) -> Result<(String, bool), StoreError> {
    let mut fresh = [0; 32];
    ports.random.fill(&mut fresh);
    let salt = ports.attempts.salt(window, fresh).await?;
    let who = name_of(address, &salt);
    let allowed = ports.attempts.begin(&who, window, MAX_FAILURES).await?;
    Ok((who, allowed))
}

/// Names an address within a window. Without the salt, which is deleted after the window, nobody can tell the address from the name. An
/// IPv6 network counts as one address: its owner has them all.
fn name_of(address: Option<IpAddr>, salt: &[u8; 32]) -> String {
    hex(&Sha256::new().chain_update(salt).chain_update(network_of(address)).finalize()[..16])
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::testing::sessions::MemorySignInAttempts;
    use crate::testing::system::{FixedClock, SeededRandom};

    const WRONG: Error = Error::Unauthenticated("wrong");

    struct Fixture {
        attempts: MemorySignInAttempts,
        clock: FixedClock,
        random: SeededRandom,
    }

    fn fixture() -> Fixture {
        let clock = FixedClock::at("2026-01-02T03:00:00Z");
        Fixture { attempts: MemorySignInAttempts::default(), clock, random: SeededRandom::new(1) }
    }

    impl Fixture {
        /// Signs in. Gives the result, and whether the credential was looked at.
        async fn sign_in(&self, address: &str, result: Result<(), Error>) -> (Result<(), Error>, bool) {
            let ports = LimitPorts { attempts: &self.attempts, clock: &self.clock, random: &self.random };
            let tried = Cell::new(false);
            let prove = async {
                tried.set(true);
                result
            };
            let result = limit_sign_in(&ports, address.parse().ok(), prove).await;
            (result, tried.get())
        }

        async fn fail(&self, address: &str, times: u32) {
            for _ in 0..times {
                let (result, tried) = self.sign_in(address, Err(WRONG)).await;
                assert!(matches!(result, Err(Error::Unauthenticated(_))) && tried, "{result:?}");
            }
        }
    }

    #[tokio::test]
    async fn beyond_the_limit_nothing_is_tried_until_the_window_ends() {
        let fixture = fixture();
        fixture.clock.advance(100);
        fixture.fail("192.0.2.1", MAX_FAILURES).await;
        for result in [Ok(()), Err(WRONG)] {
            let (result, tried) = fixture.sign_in("192.0.2.1", result).await;
            assert!(matches!(result, Err(Error::RateLimited { retry_after_seconds: 200 })) && !tried, "{result:?}");
        }
        fixture.clock.advance(199);
        let (result, _) = fixture.sign_in("192.0.2.1", Ok(())).await;
        assert!(matches!(result, Err(Error::RateLimited { retry_after_seconds: 1 })), "{result:?}");
        fixture.clock.advance(1);
        assert!(fixture.sign_in("192.0.2.1", Ok(())).await.0.is_ok());
        fixture.fail("192.0.2.1", MAX_FAILURES).await;
    }

    #[tokio::test]
    async fn only_wrong_credentials_count() {
        let fixture = fixture();
        for number in 0..5 * MAX_FAILURES {
            let result = match number % 4 {
                0 => Ok(()),
                1 => Err(Error::invalid("/key", "is missing")),
                2 => Err(Error::RateLimited { retry_after_seconds: 7 }),
                _ => Err(Error::Forbidden("no".to_owned())),
            };
            assert!(fixture.sign_in("192.0.2.1", result).await.1, "{number}");
        }
        fixture.fail("192.0.2.1", MAX_FAILURES).await;
    }

    #[tokio::test]
    async fn other_addresses_are_not_locked_out() {
        let fixture = fixture();
        for (guesser, person, is_other) in [
            ("192.0.2.1", "192.0.2.2", true),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", true),
            ("2001:db8:2:2::1", "2001:db8:2:2:ffff::9", false),
            ("::ffff:198.51.100.1", "198.51.100.1", false),
        ] {
            fixture.fail(guesser, MAX_FAILURES).await;
            assert_eq!(fixture.sign_in(person, Ok(())).await.0.is_ok(), is_other, "{guesser} {person}");
        }
        // However many addresses guess.
        for number in 0..50 {
            fixture.fail(&format!("203.0.113.{number}"), MAX_FAILURES).await;
        }
        assert!(fixture.sign_in("203.0.113.200", Ok(())).await.0.is_ok());
    }

    #[tokio::test]
    async fn store_that_fails_stops_nobody() {
        let fixture = fixture();
        fixture.attempts.fail();
        for _ in 0..2 * MAX_FAILURES {
            assert!(fixture.sign_in("192.0.2.1", Ok(())).await.0.is_ok());
            assert!(fixture.sign_in("192.0.2.1", Err(WRONG)).await.1);
        }
    }

    #[tokio::test]
    async fn names_tell_no_address_and_are_others_in_each_window() {
        let fixture = fixture();
        fixture.fail("192.0.2.1", 1).await;
        fixture.clock.advance(WINDOW_SECONDS);
        fixture.fail("192.0.2.1", 1).await;
        let names = fixture.attempts.names();
        assert_eq!(names.len(), 2, "{names:?}");
        assert!(names.iter().all(|name| name.len() == 32 && !name.contains("192")), "{names:?}");
    }
}
