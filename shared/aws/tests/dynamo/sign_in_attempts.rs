//! Tests the limit of failed sign-ins against an embedded DynamoDB.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::join_all;
use waypost_aws::dynamo::sign_in_attempts::DynamoSignInAttempts;
use waypost_domain::access::sessions::limit_sign_in::{LimitPorts, MAX_FAILURES, WINDOW_SECONDS, limit_sign_in};
use waypost_domain::access::sessions::ports::SignInAttempts;
use waypost_domain::ports::Clock;
use waypost_domain::testing::system::{FixedClock, SeededRandom};
use waypost_domain::{Error, StoreErrorKind};

use crate::support::{LINKS_TABLE, dynamodb};

#[tokio::test]
async fn parallel_guesses_never_pass_the_limit_and_right_credentials_leave_no_mark() {
    let client = dynamodb().await;
    let clock = FixedClock::at("2026-01-02T03:00:00Z");
    let tried = AtomicU32::new(0);
    let sign_in = async |seed: u64, is_right: bool| {
        // Each is a process of its own.
        let (attempts, random) = (DynamoSignInAttempts::new(client.clone(), LINKS_TABLE), SeededRandom::new(seed));
        let ports = LimitPorts { attempts: &attempts, clock: &clock, random: &random };
        let prove = async {
            tried.fetch_add(1, Ordering::SeqCst);
            if is_right { Ok(()) } else { Err(Error::Unauthenticated("wrong")) }
        };
        limit_sign_in(&ports, "192.0.2.1".parse().ok(), prove).await
    };
    for seed in 0..2 * u64::from(MAX_FAILURES) {
        assert!(sign_in(seed, true).await.is_ok());
    }
    tried.store(0, Ordering::SeqCst);
    let results = join_all((0..4 * u64::from(MAX_FAILURES)).map(|seed| sign_in(100 + seed, false))).await;
    assert_eq!(tried.load(Ordering::SeqCst), MAX_FAILURES);
    let limited = results.iter().filter(|result| matches!(result, Err(Error::RateLimited { .. }))).count();
    assert_eq!(limited, 3 * MAX_FAILURES as usize);
    clock.advance(WINDOW_SECONDS);
    assert!(sign_in(1, true).await.is_ok());
}

#[tokio::test]
async fn window_has_one_salt_and_all_of_it_is_deleted() {
    let client = dynamodb().await;
    let window = FixedClock::at("2026-01-02T03:00:00Z").now().as_seconds() / WINDOW_SECONDS;
    let salts = (0..20_u8).map(|byte| {
        let attempts = DynamoSignInAttempts::new(client.clone(), LINKS_TABLE);
        async move { attempts.salt(window, [byte; 32]).await.unwrap() }
    });
    assert_eq!(join_all(salts).await.into_iter().collect::<BTreeSet<_>>().len(), 1);
    let attempts = DynamoSignInAttempts::new(client.clone(), LINKS_TABLE);
    let next = attempts.salt(window + 1, [99; 32]).await.unwrap();
    assert_eq!(next, [99; 32]);
    attempts.take_back("name", window).await.unwrap();
    assert!(attempts.begin("name", window, 1).await.unwrap());
    assert!(!attempts.begin("name", window, 1).await.unwrap());
    assert!(attempts.begin("name", window + 1, 1).await.unwrap());
    attempts.take_back("name", window).await.unwrap();
    attempts.take_back("name", window).await.unwrap();
    assert!(attempts.begin("name", window, 1).await.unwrap());
    assert!(!attempts.begin("name", window, 1).await.unwrap(), "an attempt is taken back once");
    let items = client.scan().table_name(LINKS_TABLE).send().await.unwrap().items.unwrap();
    assert_eq!(items.len(), 4, "taking an attempt back makes no item");
    for item in items {
        let number = item["sk"].as_s().unwrap().strip_prefix("WINDOW#").unwrap().parse::<i64>().unwrap();
        assert_eq!(item["ttl"].as_n().unwrap(), &(number * WINDOW_SECONDS + WINDOW_SECONDS + 3600).to_string());
    }
}

#[tokio::test]
async fn absent_table_is_an_error() {
    let attempts = DynamoSignInAttempts::new(dynamodb().await, "absent");
    assert_eq!(attempts.salt(1, [0; 32]).await.unwrap_err().kind, StoreErrorKind::Broken);
    assert_eq!(attempts.begin("name", 1, 1).await.unwrap_err().kind, StoreErrorKind::Broken);
    assert_eq!(attempts.take_back("name", 1).await.unwrap_err().kind, StoreErrorKind::Broken);
}
