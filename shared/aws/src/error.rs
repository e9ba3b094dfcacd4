//! Turns failed calls into the ports' error.

use aws_runtime::retries::classifiers::{THROTTLING_ERRORS, TRANSIENT_ERRORS};
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use waypost_domain::{StoreError, StoreErrorKind};

/// Codes by which a service asks its callers to come back later, beyond those that the SDK itself takes for throttling
/// ([`THROTTLING_ERRORS`]). An item of a batch and a cancelled transaction have codes without `Exception`.
const BUSY: [&str; 11] = [
    // DynamoDB developer guide, "Error handling"; BatchStatementError and CancellationReason of its API reference.
    "ProvisionedThroughputExceeded",
    "ReplicatedWriteConflictException",
    "ThrottlingError",
    "TransactionConflict",
    "TransactionConflictException",
    // Kinesis API reference, PutRecords.
    "KMSThrottlingException",
    // SQS API reference, "Common errors" and SendMessageBatch.
    "AWS.SimpleQueueService.OverLimit",
    "KmsThrottled",
    "OverLimit",
    // S3 API reference, "Error responses".
    "ConditionalRequestConflict",
    "OperationAborted",
];

/// Codes of a service that failed or got a request too slowly, which an item of a batch has without an HTTP status.
const DOWN: [&str; 6] = [
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "InternalFailureException",
];

/// The port's error for a failed call of `operation`, to any of the services.
pub(crate) fn store_error<E>(operation: &'static str, error: SdkError<E>) -> StoreError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let kind = match &error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            StoreErrorKind::Unavailable
        }
        SdkError::ServiceError(service) => kind_of_answer(service.raw().status().as_u16(), service.err().code()),
        _ => StoreErrorKind::Broken,
    };
    StoreError::new(operation, kind, DisplayErrorContext(error).to_string())
}

/// Tells from a service's answer whether trying again can help. The status decides where the code says nothing: a proxy on the
/// way has codes of its own, or none.
fn kind_of_answer(status: u16, code: Option<&str>) -> StoreErrorKind {
    match (kind_of(code), status) {
        (StoreErrorKind::Broken, 429) => StoreErrorKind::Throttled,
        (StoreErrorKind::Broken, 408 | 500..) => StoreErrorKind::Unavailable,
        (kind, _) => kind,
    }
}

/// Tells from a service's error code whether trying again can help.
pub(crate) fn kind_of(code: Option<&str>) -> StoreErrorKind {
    match code {
        None => StoreErrorKind::Unavailable,
        Some(code) if THROTTLING_ERRORS.contains(&code) || BUSY.contains(&code) => StoreErrorKind::Throttled,
        Some(code) if TRANSIENT_ERRORS.contains(&code) || DOWN.contains(&code) => StoreErrorKind::Unavailable,
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

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::Client;
    use aws_sdk_dynamodb::config::retry::RetryConfig;
    use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};

    use crate::replay::Replay;

    /// Reads an item from a table that gives one answer, and gives the port's error.
    async fn failure(status: u16, body: &'static str) -> StoreError {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .http_client(Replay::new([(status, Vec::new(), body)]).client());
        let get = Client::from_conf(config.build()).get_item().table_name("links");
        let get = get.key("pk", aws_sdk_dynamodb::types::AttributeValue::S("x".into()));
        store_error("links.get", get.send().await.unwrap_err())
    }

    #[test]
    fn every_code_has_the_kind_that_its_service_documents() {
        use StoreErrorKind::{Broken, Throttled, Unavailable};
        for (kind, codes) in [
            (
                Throttled,
                &[
                    // Common to the services.
                    "Throttling",
                    "ThrottlingException",
                    "ThrottledException",
                    "RequestThrottled",
                    "RequestThrottledException",
                    "TooManyRequestsException",
                    "RequestLimitExceeded",
                    "LimitExceededException",
                    "SlowDown",
                    // DynamoDB.
                    "ProvisionedThroughputExceededException",
                    "ProvisionedThroughputExceeded",
                    "ThrottlingError",
                    "TransactionConflictException",
                    "TransactionConflict",
                    "TransactionInProgressException",
                    "ReplicatedWriteConflictException",
                    // Kinesis, SQS, S3.
                    "KMSThrottlingException",
                    "OverLimit",
                    "KmsThrottled",
                    "OperationAborted",
                    "ConditionalRequestConflict",
                ][..],
            ),
            (
                Unavailable,
                &["InternalServerError", "InternalFailure", "InternalError", "ServiceUnavailable", "RequestTimeout"],
            ),
            (
                Broken,
                &[
                    "AccessDeniedException",
                    "ResourceNotFoundException",
                    "ValidationException",
                    "NoSuchBucket",
                    "MessageRejected",
                ],
            ),
        ] {
            for code in codes {
                assert_eq!(kind_of(Some(code)), kind, "{code}");
            }
        }
        assert_eq!(kind_of(None), Unavailable);
    }

    #[tokio::test]
    async fn throttling_is_told_from_a_broken_request_whatever_the_answer_looks_like() {
        use StoreErrorKind::{Broken, Throttled, Unavailable};
        for (status, body, kind) in [
            (400, r#"{"__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException"}"#, Throttled),
            (400, r#"{"__type": "com.amazonaws.dynamodb.v20120810#RequestLimitExceeded"}"#, Throttled),
            (400, r#"{"__type": "com.amazonaws.dynamodb.v20120810#LimitExceededException"}"#, Throttled),
            (400, r#"{"__type": "com.amazon.coral.availability#RequestThrottled"}"#, Throttled),
            (400, r#"{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}"#, Broken),
            (429, r#"{"__type": "SomethingNew"}"#, Throttled),
            (503, r#"{"__type": "SomethingNew"}"#, Unavailable),
            (502, "<html>Bad Gateway</html>", Unavailable),
        ] {
            assert_eq!(failure(status, body).await.kind, kind, "{status} {body}");
        }
    }
}
