//! Signs requests that read a file, without the S3 client. Calls nothing.

use async_trait::async_trait;
use aws_types::SdkConfig;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use waypost_domain::StoreError;
use waypost_domain::files::delivery::Delivery;
use waypost_domain::files::store_ports::{FileSigner, ReadMethod};

use super::put::base_url;
use crate::error::broken;
use crate::signed::{endpoint_of, presigned, region_of};

const OPERATION: &str = "files.sign";
/// What signatures encode in a parameter: all but the unreserved characters (Signature Version 4, "Create a canonical request").
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same in a path, whose slashes stay. The keys of adopted objects have any characters.
const ENCODED_PATH: &AsciiSet = &ENCODED.remove(b'/');

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
    async fn sign_file(
        &self,
        key: &str,
        method: ReadMethod,
        delivery: &Delivery,
        seconds: u32,
    ) -> Result<String, StoreError> {
        // Browsers resolve dots in a path, also encoded ones: they would ask for another object.
        if key.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(broken(OPERATION, format!("{key:?} cannot be a key here")));
        }
        let method = match method {
            ReadMethod::Get => "GET",
            ReadMethod::Head => "HEAD",
        };
        // S3 answers with these headers. The object has a type and a name, too, but those of its announcement; and no cache may keep what
        // a signature that has ended gave.
        let encoded = |text| utf8_percent_encode(text, ENCODED);
        let Delivery { content_type, disposition } = delivery;
        let (base, content_type, disposition) = (&self.base, encoded(content_type), encoded(disposition));
        let key = utf8_percent_encode(key, ENCODED_PATH);
        let url = format!(
            "{base}/{key}?response-cache-control=no-store&response-content-disposition={disposition}\
             &response-content-type={content_type}"
        );
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
        for key in ["files/acme/fil_0199b0c67e4570008000000000000005", "adopt/acme/50% \"ü\" & =+~*?#'(a).txt"] {
            signed_as_by_the_sdk(key).await;
        }
    }

    async fn signed_as_by_the_sdk(key: &str) {
        let config = config("eu-west-1", None);
        let signer = S3FileSigner::new(config.clone(), "data");
        let delivery = Delivery::of("50% \"ü\" & =+/~*.txt", "text/plain");
        let own = signer.sign_file(key, ReadMethod::Get, &delivery, 60).await.unwrap();
        let sdk = aws_sdk_s3::config::Builder::from(&config).behavior_version(BehaviorVersion::v2026_01_12());
        let sdk = Client::from_conf(sdk.build());
        let sdk = sdk.get_object().bucket("data").key(key).response_cache_control("no-store");
        let sdk = sdk.response_content_type(&delivery.content_type);
        let sdk = sdk.response_content_disposition(&delivery.disposition);
        let sdk = sdk.presigned(PresigningConfig::expires_in(Duration::from_secs(60)).unwrap()).await.unwrap();
        assert_eq!(parts(&own), parts(sdk.uri()));
        let head = signer.sign_file(key, ReadMethod::Head, &delivery, 60).await.unwrap();
        assert_eq!(parts(&head), parts(&own));
        assert_ne!(head, own, "the signature is of the method");
        assert!(own.contains("&X-Amz-Signature=") && own.contains("X-Amz-Security-Token=token"), "{own}");
    }

    #[tokio::test]
    async fn key_that_a_browser_would_change_is_not_signed() {
        let signer = S3FileSigner::new(config("eu-west-1", None), "data");
        for key in ["", "files/", "/files/a", "files//a", "files/../a", "files/./a"] {
            assert!(signer.sign_file(key, ReadMethod::Get, &Delivery::of("a", "a/b"), 60).await.is_err(), "{key}");
        }
    }

    /// A redirect's headers have room for 8 KB, and the token of a role takes up to 2.
    #[tokio::test]
    async fn url_of_the_longest_name_fits_a_header() {
        let signer = S3FileSigner::new(config("eu-west-1", None), "data");
        let longest = ["\u{10ffff}".repeat(63), "%".repeat(255), "ü".repeat(127)];
        for name in longest {
            let delivery = Delivery::of(&name, &format!("{0}/{0}", "a".repeat(127)));
            let url = signer.sign_file("files/acme/fil_1", ReadMethod::Get, &delivery, 60).await.unwrap();
            assert!(url.len() < 4_000, "{} bytes", url.len());
        }
    }
}
