//! Reads what S3 has of workspaces' files.

use std::ops::Range;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::types::ChecksumMode;
use futures::TryStreamExt;
use waypost_domain::StoreError;
use waypost_domain::files::checksums::{Crc64Nvme, Sha256Sum};
use waypost_domain::files::ports::ObjectReader;
use waypost_domain::files::store_ports::{FileContents, FoundObject};
use waypost_domain::files::stored_object::StoredObject;

use super::objects::S3Objects;
use crate::error::{broken, store_error};

/// The content of files in a bucket.
#[derive(Debug, Clone)]
pub struct S3FileContents {
    client: Client,
    bucket: String,
}

impl S3FileContents {
    /// Files in `bucket`.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into() }
    }
}

#[async_trait]
impl FileContents for S3FileContents {
    async fn found(&self, key: &str) -> Result<Option<FoundObject>, StoreError> {
        find(&self.client, &self.bucket, key).await
    }

    async fn bytes(&self, key: &str, etag: &str, range: Range<u64>) -> Result<Option<Vec<u8>>, StoreError> {
        const OPERATION: &str = "files.bytes";
        let size = usize::try_from(range.end.saturating_sub(range.start)).map_err(|error| broken(OPERATION, error))?;
        let objects = S3Objects::new(self.client.clone(), &self.bucket);
        let Some(mut body) = objects.open_range(key, etag, range.start, range.end).await? else { return Ok(None) };
        let mut bytes = Vec::with_capacity(size);
        while let Some(piece) = body.try_next().await? {
            bytes.extend_from_slice(&piece);
        }
        // More would not fit into what the caller has room for.
        if bytes.len() == size { Ok(Some(bytes)) } else { Err(broken(OPERATION, "S3 sent another range")) }
    }
}

/// Asks what S3 has at `key`. Without the right to list the bucket, S3 answers 403 for an absent object, which is an error here.
pub(super) async fn find(client: &Client, bucket: &str, key: &str) -> Result<Option<FoundObject>, StoreError> {
    const OPERATION: &str = "files.stored";
    let head = client.head_object().bucket(bucket).key(key).checksum_mode(ChecksumMode::Enabled);
    let object = match head.send().await {
        Ok(object) => object,
        Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => return Ok(None),
        Err(error) => return Err(store_error(OPERATION, error)),
    };
    let size = object.content_length.and_then(|length| u64::try_from(length).ok());
    let size = size.ok_or_else(|| broken(OPERATION, "the object has no length"))?;
    let etag = object.e_tag.unwrap_or_default().trim_matches('"').to_owned();
    // A checksum of parts is not one of the whole, and is left out.
    let sha256 = object.checksum_sha256.and_then(|text| Sha256Sum::from_base64(&text).ok());
    let crc64nvme = object.checksum_crc64_nvme.and_then(|text| Crc64Nvme::parse(&text).ok());
    Ok(Some(FoundObject { etag, object: StoredObject { size, sha256, crc64nvme } }))
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::replay::{Answer, Replay};

    fn contents(answers: impl IntoIterator<Item = Answer>) -> (S3FileContents, Replay) {
        let replay = Replay::new(answers);
        (S3FileContents::new(replay.s3(), "bucket"), replay)
    }

    #[tokio::test]
    async fn object_has_its_etag_size_and_checksums() {
        let headers = vec![
            ("etag", "\"e1\"".to_owned()),
            ("content-length", "5".to_owned()),
            ("x-amz-checksum-crc64nvme", "AuUcyF784aU=".to_owned()),
            ("x-amz-checksum-sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=-3".to_owned()),
        ];
        let (contents, replay) = contents([(200, headers, ""), (404, Vec::new(), ""), (403, Vec::new(), "")]);
        let found = contents.found("files/acme/x").await.unwrap().unwrap();
        assert_eq!((found.etag.as_str(), found.object.size), ("e1", 5));
        assert_eq!(found.object.crc64nvme, Crc64Nvme::parse("AuUcyF784aU=").ok());
        assert_eq!(found.object.sha256, None, "it is a sum of the sums of parts");
        assert_eq!(replay.requests()[0].headers().get("x-amz-checksum-mode"), Some("ENABLED"));
        assert_eq!(contents.found("files/acme/x").await.unwrap(), None);
        assert!(contents.found("files/acme/x").await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn range_is_read_of_the_same_content_only() {
        let length = |size: usize| vec![("content-length", size.to_string())];
        let (contents, replay) = contents([(206, length(3), "ell"), (412, length(0), ""), (206, length(4), "ello")]);
        assert_eq!(contents.bytes("files/acme/x", "e1", 1..4).await.unwrap().as_deref(), Some(b"ell".as_slice()));
        assert_eq!(contents.bytes("files/acme/x", "e1", 1..4).await.unwrap(), None);
        assert!(contents.bytes("files/acme/x", "e1", 1..4).await.is_err(), "it is longer than asked");
        let requests = replay.requests();
        assert_eq!(requests[0].headers().get("range"), Some("bytes=1-3"));
        assert_eq!(requests[0].headers().get("if-match"), Some("\"e1\""));
    }
}
