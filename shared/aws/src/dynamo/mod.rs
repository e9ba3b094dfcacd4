//! The domain's stores in DynamoDB.

mod aggregate_page;
mod aggregate_reader;
pub mod aggregates;
mod attribute_json;
pub mod click_limit;
mod conditional;
pub mod exports;
pub mod idempotency;
pub mod import_parts;
pub mod imports;
pub mod keys;
pub mod link_batch;
mod link_changes;
pub mod link_list;
mod link_shards;
mod link_targets;
pub mod links;
mod newest;
pub mod password_attempts;
pub mod rate_limits;
pub mod salts;
pub mod warm_up;

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;
use waypost_domain::{StoreError, StoreErrorKind};

/// A DynamoDB item.
pub type Item = HashMap<String, AttributeValue>;

/// The port's error for a failed call of `operation`.
pub fn store_error<E, R>(operation: &'static str, error: SdkError<E, R>) -> StoreError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let kind = match &error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            StoreErrorKind::Unavailable
        }
        SdkError::ServiceError(service) => kind_of(service.err().code()),
        _ => StoreErrorKind::Broken,
    };
    StoreError::new(operation, kind, DisplayErrorContext(error).to_string())
}

/// Whether trying again can help, by the service's error code (DynamoDB developer guide, "Error handling").
pub(crate) fn kind_of(code: Option<&str>) -> StoreErrorKind {
    match code {
        Some(
            "ProvisionedThroughputExceededException"
            | "ProvisionedThroughputExceeded"
            | "ThrottlingException"
            | "ThrottlingError"
            | "RequestLimitExceeded"
            | "TransactionInProgressException"
            | "SlowDown",
        ) => StoreErrorKind::Throttled,
        Some("InternalServerError" | "InternalFailure" | "InternalError" | "ServiceUnavailable") | None => {
            StoreErrorKind::Unavailable
        }
        Some(_) => StoreErrorKind::Broken,
    }
}

/// The port's error for something stored that cannot be read back.
pub(crate) fn broken(
    operation: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    StoreError::new(operation, StoreErrorKind::Broken, source)
}

/// A string attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}
