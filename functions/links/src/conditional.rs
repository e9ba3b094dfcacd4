//! `If-Match` (RFC 9110, section 13.1.1).

use http::HeaderMap;
use http::header::IF_MATCH;
use waypost_aws::conditional::joined;
use waypost_domain::precondition::Precondition;

/// What a change asks of the link; several headers are one list.
pub(crate) fn precondition(headers: &HeaderMap) -> Precondition {
    Precondition::parse(joined(headers, IF_MATCH).as_deref())
}
