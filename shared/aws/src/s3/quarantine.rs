//! Stores records that cannot be counted: `quarantine/clicks/{shard}/{sequence number}.json`.

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use waypost_domain::StoreError;
use waypost_domain::analytics::ingest::record::QuarantinedRecord;
use waypost_domain::analytics::ports::Quarantine;

use crate::error::{broken, store_error};

/// The quarantine in S3.
#[derive(Debug, Clone)]
pub struct S3Quarantine {
    client: Client,
    bucket: String,
}

impl S3Quarantine {
    /// The quarantine in `bucket`.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into() }
    }
}

#[async_trait]
impl Quarantine for S3Quarantine {
    async fn keep(&self, record: &QuarantinedRecord) -> Result<(), StoreError> {
        const OPERATION: &str = "quarantine.keep";
        let body = serde_json::to_vec(record).map_err(|error| broken(OPERATION, error))?;
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(record.object_key())
            .content_type("application/json")
            .body(ByteStream::from(body))
            .send()
            .await
            .map_err(|error| store_error(OPERATION, error))?;
        Ok(())
    }
}
