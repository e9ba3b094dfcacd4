//! Signs uploads that need no credentials: a PUT whose `Content-Length` is among the signed headers, so that S3 refuses any
//! other length (`SignatureDoesNotMatch`).

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use waypost_domain::StoreError;
use waypost_domain::files::ports::{SignedUpload, UploadSigner};

use crate::error::{broken, store_error};

/// Uploads to S3.
#[derive(Debug, Clone)]
pub struct S3Uploads {
    client: Client,
    bucket: String,
}

impl S3Uploads {
    /// Uploads to `bucket`.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into() }
    }
}

#[async_trait]
impl UploadSigner for S3Uploads {
    async fn sign_upload(&self, key: &str, content_length: u64, seconds: u32) -> Result<SignedUpload, StoreError> {
        const OPERATION: &str = "uploads.sign";
        let length = i64::try_from(content_length).map_err(|error| broken(OPERATION, error))?;
        let signed = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_length(length)
            .presigned(expiring(seconds, OPERATION)?)
            .await
            .map_err(|error| store_error(OPERATION, error))?;
        let headers: Vec<(String, String)> =
            signed.headers().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Ok(SignedUpload { method: signed.method().to_owned(), url: signed.uri().to_owned(), headers })
    }
}

/// Makes a signature that expires after `seconds`.
pub(super) fn expiring(seconds: u32, operation: &'static str) -> Result<PresigningConfig, StoreError> {
    PresigningConfig::expires_in(Duration::from_secs(seconds.into())).map_err(|error| broken(operation, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};

    fn client() -> Client {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .http_client(crate::connector::Connections::default().client());
        Client::from_conf(config.build())
    }

    #[tokio::test]
    async fn only_the_length_is_required_of_the_client() {
        let uploads = S3Uploads::new(client(), "bucket");
        let signed = uploads.sign_upload("imports/acme/imp_1", 1234, 900).await.unwrap();
        assert_eq!(signed.method, "PUT");
        assert_eq!(signed.headers, [("content-length".to_owned(), "1234".to_owned())]);
        let query = signed.url.split_once('?').unwrap().1;
        assert!(query.contains("X-Amz-SignedHeaders=content-length%3Bhost"), "{query}");
        assert!(query.contains("X-Amz-Expires=900"), "{query}");
        assert!(!query.contains("checksum"), "a checksum of nothing would refuse every file: {query}");
    }
}
