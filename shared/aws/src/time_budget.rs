//! Divides the redirect's time among its calls.
//!
//! Lambda ends an invocation whose time is up, and a click that is neither in the stream nor in the spill by then is lost. So
//! the sum of the longest times stays below the function's timeout; a test compares both.

use std::time::Duration;

/// How long one attempt at the table may take. DynamoDB answers within milliseconds.
pub const TABLE_ATTEMPT: Duration = Duration::from_millis(700);
/// How long an operation of the table may take, with its retries. A visitor waits for it; the cache answers afterwards.
pub const TABLE_OPERATION: Duration = Duration::from_millis(1500);
/// The most operations of the table in one invocation: read the marks of changes; read an alias and its link, twice if the link moves
/// meanwhile; count an attempt at a password three times, and take it back at once; read a file or a page of a collection; use up a click; read the day's salt and make it.
/// Capitals that find nothing: read that, and whether capitals count. A visit to no link tries no password, and reads its domain's
/// settings.
pub const TABLE_OPERATIONS: u32 = 15;
/// The most operations of the table while a link is reported, which sends no click: read the marks, an alias and its link twice, and what
/// capitals need; read the day's salt and make it; count twice; twice read the report, write it, and read it again.
pub const REPORT_OPERATIONS: u32 = 17;

/// How often to send a click. After that it goes to the spill.
pub(crate) const STREAM_ATTEMPTS: u32 = 3;
/// How long one attempt at the stream may take.
pub(crate) const STREAM_ATTEMPT: Duration = Duration::from_millis(500);
/// The wait before the second attempt; it doubles.
pub(crate) const STREAM_WAIT: Duration = Duration::from_millis(50);

/// How often to put an object into the spill.
pub(crate) const SPILL_ATTEMPTS: u32 = 3;
/// How long one attempt at the spill may take.
pub(crate) const SPILL_ATTEMPT: Duration = Duration::from_secs(1);
/// The longest wait between two attempts at the spill.
pub(crate) const SPILL_WAIT: Duration = Duration::from_millis(200);

/// Gives the longest time from a request to its click in stream or spill.
pub const fn longest_redirect() -> Duration {
    let table = TABLE_OPERATION.as_millis() as u64 * TABLE_OPERATIONS as u64;
    Duration::from_millis(table + longest_send().as_millis() as u64 + longest_spill().as_millis() as u64)
}

/// Gives the longest time to send a click to the stream: every attempt, and waits that double.
pub(crate) const fn longest_send() -> Duration {
    let (attempts, waits) = (STREAM_ATTEMPTS as u64, (1_u64 << (STREAM_ATTEMPTS - 1)) - 1);
    Duration::from_millis(attempts * STREAM_ATTEMPT.as_millis() as u64 + waits * STREAM_WAIT.as_millis() as u64)
}

/// Gives the longest time to put an object into the spill.
pub(crate) const fn longest_spill() -> Duration {
    let (attempts, waits) = (SPILL_ATTEMPTS as u64, SPILL_ATTEMPTS as u64 - 1);
    Duration::from_millis(attempts * SPILL_ATTEMPT.as_millis() as u64 + waits * SPILL_WAIT.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_of_a_link_takes_no_longer_than_a_visit_with_a_click() {
        assert!(TABLE_OPERATION * REPORT_OPERATIONS <= longest_redirect());
    }
}
