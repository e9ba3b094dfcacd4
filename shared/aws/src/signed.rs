//! Signs requests and sends them without a client of the SDK.
//!
//! The SDK's layers cost more CPU than all else that a redirect does, and the S3 client is a fifth of its binary. The redirect
//! makes two requests of one shape each: see ADR 10. All other functions use the SDK's clients.

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Limited};

/// The longest answer that is read, in bytes. PutRecords answers at most 500 records with some 150 bytes each.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// Sends signed requests to one service.
#[derive(Debug, Clone)]
pub(crate) struct SignedRequests {
    config: SdkConfig,
    connector: SharedHttpConnector,
    /// The service's name in signatures, such as `s3`.
    service: &'static str,
}

/// A request before it is signed.
pub(crate) struct Unsigned<'a> {
    pub(crate) method: Method,
    /// An absolute URL whose characters need no encoding.
    pub(crate) url: &'a str,
    /// Headers besides those of the signature. Their values are ASCII.
    pub(crate) headers: &'a [(&'static str, &'a str)],
    pub(crate) body: Vec<u8>,
}

impl SignedRequests {
    /// Sends to `service`, with the region and the credentials of `config`, through `connector`.
    pub(crate) fn new(config: SdkConfig, connector: SharedHttpConnector, service: &'static str) -> Self {
        Self { config, connector, service }
    }

    /// Gives the configuration's region, or an empty text.
    pub(crate) fn region(&self) -> &str {
        region_of(&self.config)
    }

    /// Gives the endpoint that replaces every service's own, without a slash at its end.
    pub(crate) fn endpoint(&self) -> Option<&str> {
        endpoint_of(&self.config)
    }

    /// Sends `request` once and reads the answer, whatever its status. Takes at most `timeout`.
    ///
    /// # Errors
    /// There are no credentials, the connection failed, or the whole answer did not come in time.
    pub(crate) async fn send(&self, request: Unsigned<'_>, timeout: Duration) -> Result<Response<Bytes>, BoxError> {
        let answer = async {
            let request = self.signed(request).await?;
            let (head, body) = self.connector.call(request).await?.try_into_http1x()?.into_parts();
            let body = Limited::new(body, LONGEST_ANSWER).collect().await?.to_bytes();
            Ok(Response::from_parts(head, body))
        };
        match tokio::time::timeout(timeout, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("there was no answer within {} ms", timeout.as_millis()).into()),
        }
    }

    async fn signed(&self, request: Unsigned<'_>) -> Result<HttpRequest, BoxError> {
        let Unsigned { method, url, headers, body } = request;
        let credentials = self.config.credentials_provider().ok_or("there are no credentials")?;
        let identity = credentials.provide_credentials().await?.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region())
            .name(self.service)
            .time(SystemTime::now())
            .settings(settings(self.service))
            .build()?
            .into();
        let signable = SignableRequest::new(method.as_str(), url, headers.iter().copied(), SignableBody::Bytes(&body))?;
        let (signature, _) = sign(signable, &params)?.into_parts();
        let unsigned = Request::builder().method(method).uri(url);
        let unsigned = headers.iter().fold(unsigned, |request, (name, value)| request.header(*name, *value));
        let mut request = unsigned.body(SdkBody::from(body))?;
        signature.apply_to_request_http1x(&mut request);
        Ok(HttpRequest::try_from(request)?)
    }
}

/// Gives the configuration's region, or an empty text.
pub(crate) fn region_of(config: &SdkConfig) -> &str {
    config.region().map(|region| region.as_ref()).unwrap_or_default()
}

/// Gives the endpoint that replaces every service's own, without a slash at its end.
pub(crate) fn endpoint_of(config: &SdkConfig) -> Option<&str> {
    config.endpoint_url().map(|url| url.trim_end_matches('/'))
}

/// Signs a request of this method to `url`, whose path and parameters are encoded as signatures want them. Whoever has the URL that it returns may send the
/// request within `seconds`, as long as the credentials live.
///
/// # Errors
/// There are no credentials.
pub(crate) async fn presigned(
    config: &SdkConfig,
    service: &'static str,
    (method, url): (&str, &str),
    seconds: u32,
) -> Result<String, BoxError> {
    let credentials = config.credentials_provider().ok_or("there are no credentials")?;
    let identity = credentials.provide_credentials().await?.into();
    let mut settings = settings(service);
    settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_secs(seconds.into()));
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region_of(config))
        .name(service)
        .time(SystemTime::now())
        .settings(settings)
        .build()?
        .into();
    let signable = SignableRequest::new(method, url, std::iter::empty(), SignableBody::UnsignedPayload)?;
    let (signature, _) = sign(signable, &params)?.into_parts();
    let mut request = Request::builder().uri(url).body(())?;
    signature.apply_to_request_http1x(&mut request);
    Ok(request.uri().to_string())
}

/// Gives the form of the service's signatures: S3 signs paths as they are, and wants the body's checksum in a header
/// (Signature Version 4, "Create a canonical request").
fn settings(service: &str) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    settings
}

/// Gives the DNS suffix of the region's partition (botocore, `partitions.json`).
pub(crate) fn dns_suffix(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}
