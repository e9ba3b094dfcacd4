//! Puts a small object without the S3 client: see [`crate::signed`].
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use aws_types::SdkConfig;
use http::Method;

use crate::backoff::Backoff;
use crate::signed::{SignedRequests, Unsigned, dns_suffix};
use crate::time_budget::{SPILL_ATTEMPT, SPILL_ATTEMPTS, SPILL_WAIT};

/// Puts small objects into a bucket.
#[derive(Debug, Clone)]
pub(crate) struct SignedPut {
    requests: SignedRequests,
    /// The URL of the bucket, without a slash at its end.
    base: String,
}

impl SignedPut {
    /// Puts into `bucket`, with the region, credentials and endpoint of `config`.
    pub(crate) fn new(config: SdkConfig, connector: SharedHttpConnector, bucket: &str) -> Self {
        let requests = SignedRequests::new(config, connector, "s3");
        let base = base_url(requests.region(), requests.endpoint(), bucket);
        Self { requests, base }
    }

    /// Puts `body` at `key`. Tries again if that can help.
    ///
    /// # Errors
    /// `key` has characters that a URL would encode, or the last attempt failed.
    pub(crate) async fn put(&self, key: &str, content_type: &str, body: &[u8]) -> Result<(), BoxError> {
        if key.is_empty() || !key.bytes().all(is_plain) {
            return Err(format!("{key:?} cannot be a key here").into());
        }
        let mut backoff = Backoff::new(SPILL_ATTEMPTS, SPILL_WAIT);
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
        let request = Unsigned {
            method: Method::PUT,
            url: &format!("{}/{key}", self.base),
            headers: &[("content-type", content_type)],
            body: body.to_vec(),
        };
        Ok(self.requests.send(request, SPILL_ATTEMPT).await?.status().as_u16())
    }
}

/// Gives the URL of `bucket`, without a slash at its end.
pub(super) fn base_url(region: &str, endpoint: Option<&str>, bucket: &str) -> String {
    match endpoint {
        Some(url) => format!("{url}/{bucket}"),
        // No certificate covers a bucket name with dots as a host name.
        None if bucket.contains('.') => format!("https://s3.{region}.{}/{bucket}", dns_suffix(region)),
        None => format!("https://{bucket}.s3.{region}.{}", dns_suffix(region)),
    }
}

/// Tells whether URL and signature contain this character of a key unencoded: RFC 3986's unreserved characters, and slashes
/// between folders.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::{Replay, config};

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
