//! Decides what an answer says about a target.

use crate::links::target_check::FailureReason;
use crate::pages::ports::FetchError;
use crate::target_safety::threat::Threat;

/// What a check finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// A server answers. That includes answers that only programs get: 401, 403, 429, 999 and the like.
    Works,
    /// Nobody should reach the page.
    Unsafe(Threat),
    /// People do not reach the page either.
    Fails(FailureReason),
    /// Nobody can tell from here: the target is one to which Waypost sends no requests, or its answer is not one to a browser.
    Unknown,
}

impl Finding {
    /// Returns what an answer, its status or why there is none, says about a target.
    pub fn of(answer: &Result<u16, FetchError>) -> Self {
        match answer {
            Ok(status @ (404 | 410 | 500..=599)) => Self::Fails(FailureReason::Status(*status)),
            Ok(_) => Self::Works,
            Err(FetchError::NotFound) => Self::Fails(FailureReason::Dns),
            Err(FetchError::NotConnected) => Self::Fails(FailureReason::Connection),
            Err(FetchError::Tls) => Self::Fails(FailureReason::Tls),
            Err(FetchError::Timeout) => Self::Fails(FailureReason::Timeout),
            // A server that sends programs in circles may lead browsers, which keep its cookies, to the page.
            Err(FetchError::Refused(_) | FetchError::Unreadable | FetchError::Redirects) => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_that_people_get_too_are_failures() {
        for status in [200, 204, 301, 304, 400, 401, 402, 403, 405, 406, 407, 418, 423, 429, 451, 499, 600, 999] {
            assert_eq!(Finding::of(&Ok(status)), Finding::Works, "{status}");
        }
        for status in [404, 410, 500, 502, 503, 504, 520, 599] {
            assert_eq!(Finding::of(&Ok(status)), Finding::Fails(FailureReason::Status(status)), "{status}");
        }
        for (error, expected) in [
            (FetchError::NotFound, Finding::Fails(FailureReason::Dns)),
            (FetchError::NotConnected, Finding::Fails(FailureReason::Connection)),
            (FetchError::Tls, Finding::Fails(FailureReason::Tls)),
            (FetchError::Timeout, Finding::Fails(FailureReason::Timeout)),
            (FetchError::Refused("the address is not public"), Finding::Unknown),
            (FetchError::Unreadable, Finding::Unknown),
            (FetchError::Redirects, Finding::Unknown),
        ] {
            assert_eq!(Finding::of(&Err(error.clone())), expected, "{error}");
        }
    }
}
