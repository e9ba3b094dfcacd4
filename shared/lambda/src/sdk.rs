//! Configures AWS clients without the default chain: Lambda sets credentials and region in the environment, so that a start
//! searches for nothing.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use waypost_aws::connector::Connections;

use crate::settings::{SettingError, optional, required};

/// How long one attempt may take if a caller waits for the answer.
const REQUEST_ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1500);
/// How long a call may take, with all its attempts, if a caller waits for the answer. Shorter than any HTTP function may run, so
/// that the caller gets 503 with `Retry-After`: a test on the template holds it.
pub const REQUEST_OPERATION_TIMEOUT: Duration = Duration::from_secs(4);

/// Builds [`config`] for a function whose caller waits: a call fails after [`REQUEST_OPERATION_TIMEOUT`].
///
/// # Errors
/// As [`config`].
pub fn request_config() -> Result<SdkConfig, SettingError> {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(REQUEST_ATTEMPT_TIMEOUT)
        .operation_timeout(REQUEST_OPERATION_TIMEOUT);
    Ok(config()?.into_builder().timeout_config(timeouts.build()).build())
}

/// How long a long call may take while a caller waits. With the calls around it, it ends before the function does.
const LONG_CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// Makes of `config` one whose calls may take 15 seconds, in one attempt: for the one call of a request that takes its time.
pub fn with_one_long_call(config: &SdkConfig) -> SdkConfig {
    let timeouts = TimeoutConfig::builder().operation_timeout(LONG_CALL_TIMEOUT).build();
    config.to_builder().timeout_config(timeouts).retry_config(RetryConfig::standard().with_max_attempts(1)).build()
}

/// How long one attempt may take if nobody waits for the answer and the answer is large.
const PATIENT_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

/// Builds [`config`] for a function that reads and writes megabytes in one call, which no caller waits for.
///
/// # Errors
/// As [`config`].
pub fn patient_config() -> Result<SdkConfig, SettingError> {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(PATIENT_ATTEMPT_TIMEOUT);
    Ok(config()?.into_builder().timeout_config(timeouts.build()).build())
}

/// Builds the configuration that all clients share: region and credentials from the environment, one connection pool, TLS by
/// rustls with ring, three attempts of at most five seconds each.
///
/// `AWS_ENDPOINT_URL` sends every client elsewhere; the local stack sets it.
///
/// # Errors
/// [`SettingError`] names the variable that is missing.
pub fn config() -> Result<SdkConfig, SettingError> {
    Ok(config_and_connector()?.0)
}

/// Builds [`config`], and gives the connection pool of its clients too, for requests without a client of the SDK.
///
/// # Errors
/// As [`config`].
pub fn config_and_connector() -> Result<(SdkConfig, SharedHttpConnector), SettingError> {
    let connections = Connections::default();
    let credentials = Credentials::new(
        required("AWS_ACCESS_KEY_ID")?,
        required("AWS_SECRET_ACCESS_KEY")?,
        optional("AWS_SESSION_TOKEN"),
        None,
        "environment",
    );
    let mut builder = SdkConfig::builder()
        .behavior_version(aws_smithy_runtime_api::client::behavior_version::BehaviorVersion::v2026_01_12())
        .region(Region::new(required("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(connections.client())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SharedTimeSource::new(SystemTimeSource::new()))
        .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(50)))
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(5)).build());
    builder.set_endpoint_url(optional("AWS_ENDPOINT_URL"));
    Ok((builder.build(), connections.connector()))
}
