//! Reads the id and the deadline of an invocation.

use lambda_runtime::Context;
use waypost_domain::Timestamp;
use waypost_domain::jobs::delivery::Delivery;
use waypost_domain::ports::Random;

use crate::system::SystemRandom;

/// The longest time that Lambda lets a function run, in seconds.
const MAX_SECONDS: i64 = 900;

/// Reads the invocation's id and its deadline. `cargo lambda watch` gives a time in 1970, which means no deadline.
pub fn delivery(context: &Context, now: Timestamp) -> Delivery {
    let named = i64::try_from(context.deadline).ok().and_then(|millis| Timestamp::from_millis(millis).ok());
    let deadline = named.filter(|deadline| *deadline > now).unwrap_or_else(|| now.plus_seconds(MAX_SECONDS));
    let mut attempt = [0; 8];
    SystemRandom.fill(&mut attempt);
    Delivery { request_id: context.request_id.clone(), attempt: u64::from_ne_bytes(attempt), deadline }
}
