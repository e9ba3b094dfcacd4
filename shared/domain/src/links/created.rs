//! Describes what a request for a link gets, and tries slugs until one is free.

use super::ports::LinkPorts;
use crate::access::idempotency::Attempt;
use crate::links::link::Link;
use crate::values::error::Error;
use crate::values::slug::Slug;

/// How often a generated slug that is taken is replaced by another. With a billion links on one domain, all ten being
/// taken has a chance of 10^-35.
pub(crate) const ATTEMPTS: usize = 10;

/// A link that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The link.
    pub link: Link,
    /// Whether it was made for this request; else it was there before.
    pub is_new: bool,
}

/// A slug that is probably free: the same for the same try of the same request, else a random one.
pub(crate) fn free_slug(with: &LinkPorts<'_>, attempt: Option<&Attempt>, number: usize) -> Slug {
    match attempt {
        Some(attempt) => Slug::derive(&format!("{}#{number}", attempt.as_str()), Slug::GENERATED_LEN),
        None => Slug::generate(with.random),
    }
}

pub(crate) fn no_free_slug() -> Error {
    Error::Conflict("no free slug was found; try again".to_owned())
}
