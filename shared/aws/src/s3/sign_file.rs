//! Signs requests that read a file, without the S3 client. Calls nothing.

use async_trait::async_trait;
use aws_types::SdkConfig;
use waypost_domain::StoreError;
use waypost_domain::files::store_ports::{FileSigner, ReadMethod};

use super::put::{base_url, is_plain};
use crate::error::broken;
use crate::signed::{endpoint_of, presigned, region_of};

const OPERATION: &str = "files.sign";
/// Signs downloads from a bucket.
#[derive(Debug, Clone)]
pub struct S3FileSigner {
    config: SdkConfig,
    /// The URL of the bucket, without a slash at its end.
    base: String,
}

impl S3FileSigner {
    /// Signs downloads from `bucket`, with the region, credentials and endpoint of `config`.
    pub fn new(config: SdkConfig, bucket: &str) -> Self {
        let base = base_url(region_of(&config), endpoint_of(&config), bucket);
        Self { config, base }
    }
}

#[async_trait]
impl FileSigner for S3FileSigner {
    async fn sign_file(&self, key: &str, method: ReadMethod, seconds: u32) -> Result<String, StoreError> {
        if key.is_empty() || !key.bytes().all(is_plain) {
            return Err(broken(OPERATION, format!("{key:?} cannot be a key here")));
        }
        let method = match method {
            ReadMethod::Get => "GET",
            ReadMethod::Head => "HEAD",
        };
        // S3 answers with this header: no cache may keep what a signature that has ended gave.
        let url = format!("{}/{key}?response-cache-control=no-store", self.base);
        presigned(&self.config, "s3", (method, &url), seconds).await.map_err(|error| broken(OPERATION, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::config;
    use aws_sdk_s3::Client;
    use aws_sdk_s3::config::BehaviorVersion;
    use aws_sdk_s3::presigning::PresigningConfig;
    use std::collections::BTreeSet;
    use std::time::Duration;

    /// Returns the path and parameters of a URL, without those that depend on the time.
    fn parts(url: &str) -> (String, BTreeSet<String>) {
        let (path, query) = url.split_once('?').unwrap();
        let moving = ["X-Amz-Date", "X-Amz-Signature", "X-Amz-Credential", "x-id"];
        let fixed = query.split('&').filter(|pair| !moving.iter().any(|name| pair.starts_with(name)));
        (path.to_owned(), fixed.map(str::to_owned).collect())
    }

    #[tokio::test]
    async fn url_is_the_one_that_the_sdk_signs() {
        let config = config("eu-west-1", None);
        let key = "files/acme/fil_0199b0c67e4570008000000000000005";
        let signer = S3FileSigner::new(config.clone(), "data");
        let own = signer.sign_file(key, ReadMethod::Get, 60).await.unwrap();
        let sdk = aws_sdk_s3::config::Builder::from(&config).behavior_version(BehaviorVersion::v2026_01_12());
        let sdk = Client::from_conf(sdk.build());
        let sdk = sdk.get_object().bucket("data").key(key).response_cache_control("no-store");
        let sdk = sdk.presigned(PresigningConfig::expires_in(Duration::from_secs(60)).unwrap()).await.unwrap();
        assert_eq!(parts(&own), parts(sdk.uri()));
        let head = signer.sign_file(key, ReadMethod::Head, 60).await.unwrap();
        assert_eq!(parts(&head), parts(&own));
        assert_ne!(head, own, "the signature is of the method");
        assert!(own.contains("&X-Amz-Signature=") && own.contains("X-Amz-Security-Token=token"), "{own}");
    }

    #[tokio::test]
    async fn key_that_would_need_an_encoding_is_not_signed() {
        let signer = S3FileSigner::new(config("eu-west-1", None), "data");
        for key in ["", "files/a b", "files/ä", "files/a?b", "files/a%2fb"] {
            assert!(signer.sign_file(key, ReadMethod::Get, 60).await.is_err(), "{key}");
        }
    }
}
