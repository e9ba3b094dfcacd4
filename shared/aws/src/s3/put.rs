//! Puts a small object without the S3 client: the client is a fifth of the redirect's binary, for a call that it makes only when
//! the stream is unavailable.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;

use crate::backoff::Backoff;

/// How long one attempt may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPTS: u32 = 3;
/// The longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Puts small objects into a bucket.
#[derive(Debug, Clone)]
pub(crate) struct SignedPut {
    config: SdkConfig,
    connector: SharedHttpConnector,
    /// The URL of the bucket, without a slash at its end.
    base: String,
}

impl SignedPut {
    /// Puts into `bucket`, with the region, credentials and endpoint of `config`.
    pub(crate) fn new(config: SdkConfig, connector: SharedHttpConnector, bucket: &str) -> Self {
        let region = config.region().map(|region| region.as_ref()).unwrap_or_default();
        let base = match config.endpoint_url() {
            Some(url) => format!("{}/{bucket}", url.trim_end_matches('/')),
            // No certificate covers a bucket name with dots as a host name.
            None if bucket.contains('.') => format!("https://s3.{region}.{}/{bucket}", suffix(region)),
            None => format!("https://{bucket}.s3.{region}.{}", suffix(region)),
        };
        Self { config, connector, base }
    }

    /// Puts `body` at `key`. Tries again if that can help.
    ///
    /// # Errors
    /// `key` has characters that a URL would encode, or the last attempt failed.
    pub(crate) async fn put(&self, key: &str, content_type: &str, body: &[u8]) -> Result<(), BoxError> {
        if key.is_empty() || !key.bytes().all(is_plain) {
            return Err(format!("{key:?} cannot be a key here").into());
        }
        let mut backoff = Backoff::new(ATTEMPTS, LONGEST_WAIT);
        loop {
            let failure = match self.attempt(key, content_type, body).await {
                Ok(status) if (200..300).contains(&status) => return Ok(()),
                Ok(status) if status < 500 && status != 429 => return Err(format!("S3 answers {status}").into()),
                Ok(status) => format!("S3 answers {status}").into(),
                Err(error) => error,
            };
            if !backoff.wait().await {
                return Err(failure);
            }
        }
    }

    async fn attempt(&self, key: &str, content_type: &str, body: &[u8]) -> Result<u16, BoxError> {
        let request = self.signed(key, content_type, body).await?;
        let answer = tokio::time::timeout(ATTEMPT_TIMEOUT, self.connector.call(request)).await??;
        Ok(answer.status().as_u16())
    }

    async fn signed(&self, key: &str, content_type: &str, body: &[u8]) -> Result<HttpRequest, BoxError> {
        let credentials = self.config.credentials_provider().ok_or("there are no credentials")?;
        let identity = credentials.provide_credentials().await?.into();
        let mut settings = SigningSettings::default();
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.config.region().map(|region| region.as_ref()).unwrap_or_default())
            .name("s3")
            .time(SystemTime::now())
            .settings(settings)
            .build()?
            .into();
        let url = format!("{}/{key}", self.base);
        let headers = [("content-type", content_type)];
        let signable = SignableRequest::new("PUT", &url, headers.into_iter(), SignableBody::Bytes(body))?;
        let (signature, _) = sign(signable, &params)?.into_parts();
        let mut request =
            http::Request::put(&url).header("content-type", content_type).body(SdkBody::from(body.to_vec()))?;
        signature.apply_to_request_http1x(&mut request);
        Ok(HttpRequest::try_from(request)?)
    }
}

/// Tells whether URL and signature contain this character of a key unencoded: RFC 3986's unreserved characters, and slashes
/// between folders.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte)
}

/// Gives the DNS suffix of the region's partition (botocore, `partitions.json`).
fn suffix(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use aws_types::region::Region;

    use crate::replay::Replay;

    fn config(region: &'static str, endpoint: Option<&str>) -> SdkConfig {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", Some("token".into()), None, "test");
        let mut builder = SdkConfig::builder()
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials));
        builder.set_endpoint_url(endpoint.map(str::to_owned));
        builder.build()
    }

    fn answering(statuses: &[u16]) -> (SignedPut, Replay) {
        let replay = Replay::new(statuses.iter().map(|status| (*status, Vec::new(), "")));
        let connector = SharedHttpConnector::new(replay.clone());
        (SignedPut::new(config("us-east-1", None), connector, "data"), replay)
    }

    #[tokio::test]
    async fn an_object_is_put_with_a_signature() {
        let (put, replay) = answering(&[200]);
        put.put("spill/clicks/2026-01-02/x.jsonl", "application/x-ndjson", b"{}\n").await.unwrap();
        let request = &replay.requests()[0];
        assert_eq!(request.method(), "PUT");
        assert_eq!(request.uri(), "https://data.s3.us-east-1.amazonaws.com/spill/clicks/2026-01-02/x.jsonl");
        assert_eq!(request.body().bytes(), Some(b"{}\n".as_slice()));
        let header = |name: &str| request.headers().get(name).unwrap_or_default().to_owned();
        // SHA-256 of the body.
        assert_eq!(header("x-amz-content-sha256"), "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356");
        assert_eq!(header("x-amz-security-token"), "token");
        assert!(header("authorization").starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
        assert!(header("authorization").contains("/us-east-1/s3/aws4_request"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_passing_failure_is_tried_again_and_a_lasting_one_is_not() {
        let (put, replay) = answering(&[503, 200]);
        put.put("k", "text/plain", b"").await.unwrap();
        assert_eq!(replay.requests().len(), 2);
        let (put, replay) = answering(&[500, 500, 500, 200]);
        assert!(put.put("k", "text/plain", b"").await.is_err());
        assert_eq!(replay.requests().len(), 3);
        let (put, replay) = answering(&[403, 200]);
        assert!(put.put("k", "text/plain", b"").await.is_err());
        assert_eq!(replay.requests().len(), 1);
    }

    #[tokio::test]
    async fn a_key_that_would_need_an_encoding_is_not_sent() {
        let (put, replay) = answering(&[200]);
        for key in ["", "a b", "a+b", "a%20b", "ä", "a?b"] {
            assert!(put.put(key, "text/plain", b"").await.is_err(), "{key}");
        }
        assert_eq!(replay.requests().len(), 0);
    }

    #[test]
    fn a_buckets_url_follows_its_partition_or_the_endpoint() {
        for (region, endpoint, bucket, base) in [
            ("eu-west-1", None, "data", "https://data.s3.eu-west-1.amazonaws.com"),
            ("eu-west-1", None, "my.data", "https://s3.eu-west-1.amazonaws.com/my.data"),
            ("cn-north-1", None, "data", "https://data.s3.cn-north-1.amazonaws.com.cn"),
            ("eu-west-1", Some("http://127.0.0.1:4566/"), "data", "http://127.0.0.1:4566/data"),
        ] {
            let connector = SharedHttpConnector::new(Replay::new([]));
            assert_eq!(SignedPut::new(config(region, endpoint), connector, bucket).base, base);
        }
    }
}
