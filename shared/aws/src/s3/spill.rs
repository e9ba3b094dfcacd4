//! Clicks that the stream did not take: `spill/clicks/{date}/{id of the first click}.jsonl`.

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use waypost_domain::StoreError;
use waypost_domain::click::Click;
use waypost_domain::ports::ClickSpill;

use crate::dynamo::{broken, store_error};

/// The spill in S3.
#[derive(Debug, Clone)]
pub struct S3Spill {
    client: Client,
    bucket: String,
}

impl S3Spill {
    /// The spill in `bucket`.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into() }
    }
}

#[async_trait]
impl ClickSpill for S3Spill {
    async fn keep(&self, clicks: &[Click]) -> Result<(), StoreError> {
        const OPERATION: &str = "spill.keep";
        let Some(first) = clicks.first() else { return Ok(()) };
        let mut body = Vec::new();
        for click in clicks {
            serde_json::to_writer(&mut body, click).map_err(|error| broken(OPERATION, error))?;
            body.push(b'\n');
        }
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(format!("spill/clicks/{}/{}.jsonl", first.time.date(), first.id))
            .content_type("application/x-ndjson")
            .body(ByteStream::from(body))
            .send()
            .await
            .map_err(|error| store_error(OPERATION, error))?;
        Ok(())
    }
}
