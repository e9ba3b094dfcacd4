//! The errors of every use case. One place, `waypost_aws::problem`, turns them into HTTP responses.

use std::error::Error as StdError;

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct FieldError {
    /// JSON pointer (RFC 6901) to the field in the request body, such as `/url`, or the query parameter's name.
    pub pointer: String,
    /// What is wrong and what would be right, for a person.
    pub detail: String,
}

impl FieldError {
    /// An error at `pointer`.
    pub fn new(pointer: impl Into<String>, detail: impl ToString) -> Self {
        Self { pointer: pointer.into(), detail: detail.to_string() }
    }
}

/// Why a use case did not give its result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request could not be read at all (HTTP 400).
    #[error("{0}")]
    Malformed(String),
    /// The request was read, but fields in it are not valid (HTTP 422).
    #[error("the request has invalid fields")]
    Invalid(Vec<FieldError>),
    /// No key, or one that is unknown or has expired (HTTP 401).
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// A valid key without the right to do this (HTTP 403).
    #[error("{0}")]
    Forbidden(String),
    /// It does not exist, or not in the caller's workspace (HTTP 404).
    #[error("{0} not found")]
    NotFound(&'static str),
    /// It exists already (HTTP 409).
    #[error("{0}")]
    Conflict(String),
    /// The caller asks for more than its role's limit allows (HTTP 429).
    #[error("too many requests; try again in {retry_after_seconds} s")]
    RateLimited {
        /// After how many seconds the next request is let through, at least 1.
        retry_after_seconds: u64,
    },
    /// It has changed since the caller saw it (HTTP 412).
    #[error("the {0} is not in the state that If-Match names: read it again")]
    Changed(&'static str),
    /// A store did not answer as it should (HTTP 503 where trying again can help, else 500).
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// A validation error with a single field.
    pub fn invalid(pointer: impl Into<String>, detail: impl ToString) -> Self {
        Self::Invalid(vec![FieldError::new(pointer, detail)])
    }
}

/// How a store failed; this decides whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// The store asked for less traffic. Trying again later helps.
    Throttled,
    /// The store did not answer, or said that it has a fault of its own. Trying again later may help.
    Unavailable,
    /// What was stored cannot be read back as what it should be, or the store refused the request. Trying again does not help.
    Broken,
}

/// A port's failure: which operation, what kind, and the cause.
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
    /// A failure of `operation`.
    pub fn new(
        operation: &'static str,
        kind: StoreErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self { operation, kind, source: source.into() }
    }

    /// Whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        self.kind != StoreErrorKind::Broken
    }
}
