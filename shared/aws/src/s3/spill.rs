//! Stores clicks, and visits to no link, that the stream did not take: `spill/clicks/{date}/{id of the first click}.jsonl`.

use async_trait::async_trait;
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use aws_types::SdkConfig;
use waypost_domain::clicks::event::StreamEvent;
use waypost_domain::redirect::ports::ClickSpill;
use waypost_domain::{StoreError, StoreErrorKind};

use super::put::SignedPut;
use crate::error::broken;

/// The spill in S3.
#[derive(Debug, Clone)]
pub struct S3Spill {
    bucket: SignedPut,
}

impl S3Spill {
    /// The spill in `bucket`, reached with the region, credentials and endpoint of `config` through `connector`.
    pub fn new(config: SdkConfig, connector: SharedHttpConnector, bucket: &str) -> Self {
        Self { bucket: SignedPut::new(config, connector, bucket) }
    }
}

#[async_trait]
impl ClickSpill for S3Spill {
    async fn keep(&self, clicks: &[StreamEvent]) -> Result<(), StoreError> {
        const OPERATION: &str = "spill.keep";
        let Some(first) = clicks.first() else { return Ok(()) };
        let mut body = Vec::new();
        for click in clicks {
            serde_json::to_writer(&mut body, click).map_err(|error| broken(OPERATION, error))?;
            body.push(b'\n');
        }
        let key = format!("spill/clicks/{}/{}.jsonl", first.time().date(), first.id());
        let put = self.bucket.put(&key, "application/x-ndjson", &body).await;
        put.map_err(|error| StoreError::new(OPERATION, StoreErrorKind::Unavailable, error))
    }
}
