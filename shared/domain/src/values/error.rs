//! Defines the errors of every use case. One place, `waypost_http::problem`, turns them into HTTP responses.

use std::error::Error as StdError;

/// An error in one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct FieldError {
    /// JSON pointer (RFC 6901) to the field in the request body, such as `/url`, or the query parameter's name.
    pub pointer: String,
    /// What is wrong and what is valid, for a person.
    pub detail: String,
}

impl FieldError {
    /// Describes an error at `pointer`.
    pub fn new(pointer: impl Into<String>, detail: impl ToString) -> Self {
        Self { pointer: pointer.into(), detail: detail.to_string() }
    }
}

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request cannot be parsed (HTTP 400).
    #[error("{0}")]
    Malformed(String),
    /// The request can be parsed, but has invalid fields (HTTP 422).
    #[error("the request has invalid fields")]
    Invalid(Vec<FieldError>),
    /// The request has no key, or an unknown or expired one (HTTP 401).
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// The caller's role does not allow this (HTTP 403).
    #[error("{0}")]
    Forbidden(String),
    /// The caller's workspace has no such item (HTTP 404).
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The file existed, and was deleted because of its age (HTTP 410).
    #[error("the {what} was deleted {days} days after it was written")]
    Gone {
        /// What the file is.
        what: &'static str,
        /// How long such files are kept.
        days: u32,
    },
    /// The item exists already (HTTP 409).
    #[error("{0}")]
    Conflict(String),
    /// The caller sends more requests than its role's limit allows (HTTP 429).
    #[error("too many requests; try again in {retry_after_seconds} s")]
    RateLimited {
        /// The seconds until the next request is allowed, at least 1.
        retry_after_seconds: u64,
    },
    /// The item has changed since the caller read it (HTTP 412).
    #[error("the {0} is not in the state that If-Match names: read it again")]
    Changed(&'static str),
    /// What the request needs is not ready (HTTP 503).
    #[error("{detail}")]
    NotReady {
        /// What is not ready and why, for a person.
        detail: String,
        /// When to try again, in seconds.
        retry_after_seconds: u64,
    },
    /// A store failed (HTTP 503 if trying again can help, else 500).
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// Describes a single invalid field.
    pub fn invalid(pointer: impl Into<String>, detail: impl ToString) -> Self {
        Self::Invalid(vec![FieldError::new(pointer, detail)])
    }

    /// Returns the error of a part of a request as one of the whole, in which the part is at `pointer`.
    pub(crate) fn within(self, pointer: &str) -> Self {
        match self {
            Self::Invalid(errors) => {
                let moved = errors.into_iter();
                Self::Invalid(
                    moved.map(|error| FieldError { pointer: format!("{pointer}{}", error.pointer), ..error }).collect(),
                )
            }
            other => other,
        }
    }
}

/// How a store failed. Decides whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// The store throttles its callers. Trying again later helps.
    Throttled,
    /// The store did not answer, or reported an internal error. Trying again later may help.
    Unavailable,
    /// The stored data cannot be decoded, or the store refused the request. Trying again does not help.
    Broken,
}

/// The failure of a port: the operation, the kind and the cause.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {source}")]
pub struct StoreError {
    /// The operation that failed, such as `links.get`.
    pub operation: &'static str,
    /// Whether trying again can help.
    pub kind: StoreErrorKind,
    /// The cause.
    pub source: Box<dyn StdError + Send + Sync>,
}

impl StoreError {
    /// Describes a failure of `operation`.
    pub fn new(
        operation: &'static str,
        kind: StoreErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self { operation, kind, source: source.into() }
    }

    /// Tells whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        self.kind != StoreErrorKind::Broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_broken_store_is_not_asked_again() {
        for (kind, retryable) in
            [(StoreErrorKind::Throttled, true), (StoreErrorKind::Unavailable, true), (StoreErrorKind::Broken, false)]
        {
            assert_eq!(StoreError::new("links.get", kind, "cause").is_retryable(), retryable, "{kind:?}");
        }
    }
}
