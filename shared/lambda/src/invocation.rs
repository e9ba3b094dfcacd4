//! What an invocation knows about itself.

use lambda_runtime::Context;
use waypost_domain::Timestamp;
use waypost_domain::imports::ports::Delivery;

/// The longest that Lambda lets a function run, in seconds.
const MAX_SECONDS: i64 = 900;

/// The invocation's id, and when it ends. `cargo lambda watch` names a time in 1970, which means none.
pub fn delivery(context: &Context, now: Timestamp) -> Delivery {
    let named = i64::try_from(context.deadline).ok().and_then(|millis| Timestamp::from_millis(millis).ok());
    let deadline = named.filter(|deadline| *deadline > now).unwrap_or_else(|| now.plus_seconds(MAX_SECONDS));
    Delivery { request_id: context.request_id.clone(), deadline }
}
