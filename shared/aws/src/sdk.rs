//! AWS clients without the default chain: Lambda puts credentials and region into the environment, so there is nothing to
//! search for at start.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use std::time::Duration;

use crate::settings::{SettingError, optional, required};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// What all clients share: region and credentials from the environment, one connection pool, TLS by rustls with ring, three
/// attempts, and time limits that leave room for a retry within an API Gateway request (30 s).
///
/// `AWS_ENDPOINT_URL` sends every client elsewhere, which is how the local stack works.
///
/// # Errors
/// [`SettingError`] names the variable that is missing.
pub fn config() -> Result<SdkConfig, SettingError> {
    Ok(config_and_connector()?.0)
}

/// [`config`], with the connection pool of its clients for requests that are made without a client of the SDK.
///
/// # Errors
/// As [`config`].
pub fn config_and_connector() -> Result<(SdkConfig, SharedHttpConnector), SettingError> {
    let connector = connector();
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
        .http_client(http_client(connector.clone()))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SharedTimeSource::new(SystemTimeSource::new()))
        .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(50)))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .operation_attempt_timeout(Duration::from_secs(5))
                .build(),
        );
    builder.set_endpoint_url(optional("AWS_ENDPOINT_URL"));
    Ok((builder.build(), connector))
}

/// Rustls reads and checks the system's certificates when this is called: at start, and once.
fn connector() -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring));
    SharedHttpConnector::new(connector.build())
}

/// One connector for all clients. The SDK's own HTTP client makes one for each client that is built and drops it again,
/// to have the certificates read at start, and checks all of them each time.
fn http_client(connector: SharedHttpConnector) -> SharedHttpClient {
    http_client_fn(move |_, _| connector.clone())
}
