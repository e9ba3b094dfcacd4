//! Stores raw clicks: `clicks/dt=2026-01-02/hour=03/{shard}-{first}-{last}.jsonl.gz`.

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use waypost_domain::StoreError;
use waypost_domain::analytics::ingest::archive::{ArchiveObject, PREFIX};
use waypost_domain::analytics::ports::{Archive, ArchiveReader};

use crate::error::{broken, store_error};

/// The archive in S3.
#[derive(Debug, Clone)]
pub struct S3Archive {
    client: Client,
    bucket: String,
}

impl S3Archive {
    /// The archive in `bucket`.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into() }
    }

    /// Lists the folders directly below `prefix`, in ascending order.
    async fn folders(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let (mut folders, mut next) = (Vec::new(), None);
        loop {
            let page = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).delimiter("/");
            let page = page.set_continuation_token(next).send().await;
            let page = page.map_err(|error| store_error("archive.hours", error))?;
            folders.extend(page.common_prefixes.unwrap_or_default().into_iter().filter_map(|folder| folder.prefix));
            next = page.next_continuation_token;
            if next.is_none() {
                return Ok(folders);
            }
        }
    }
}

#[async_trait]
impl Archive for S3Archive {
    async fn keep(&self, object: &ArchiveObject) -> Result<(), StoreError> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(&object.key)
            .content_type("application/gzip")
            .body(ByteStream::from(object.body.clone()))
            .send()
            .await
            .map_err(|error| store_error("archive.keep", error))?;
        Ok(())
    }
}

#[async_trait]
impl ArchiveReader for S3Archive {
    async fn hours(&self) -> Result<Vec<String>, StoreError> {
        let mut hours = Vec::new();
        for day in self.folders(PREFIX).await? {
            hours.extend(self.folders(&day).await?);
        }
        Ok(hours)
    }

    async fn keys(&self, hour: &str) -> Result<Vec<String>, StoreError> {
        let (mut keys, mut next) = (Vec::new(), None);
        loop {
            let page = self.client.list_objects_v2().bucket(&self.bucket).prefix(hour);
            let page = page.set_continuation_token(next).send().await;
            let page = page.map_err(|error| store_error("archive.keys", error))?;
            keys.extend(page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key));
            next = page.next_continuation_token;
            if next.is_none() {
                return Ok(keys);
            }
        }
    }

    async fn read(&self, key: &str) -> Result<Vec<u8>, StoreError> {
        const OPERATION: &str = "archive.read";
        let object = self.client.get_object().bucket(&self.bucket).key(key).send().await;
        let body = object.map_err(|error| store_error(OPERATION, error))?.body.collect().await;
        Ok(body.map_err(|error| broken(OPERATION, error))?.to_vec())
    }
}
