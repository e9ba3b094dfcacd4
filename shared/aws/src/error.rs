//! Turns failed calls into the ports' error.

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use waypost_domain::{StoreError, StoreErrorKind};

/// The port's error for a failed call of `operation`, to any of the services.
pub(crate) fn store_error<E, R>(operation: &'static str, error: SdkError<E, R>) -> StoreError
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

/// Tells from a service's error code whether trying again can help (DynamoDB developer guide, "Error handling").
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

/// The port's error for something stored that cannot be read back, or that cannot be stored.
pub(crate) fn broken(
    operation: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    StoreError::new(operation, StoreErrorKind::Broken, source)
}
