//! Checks that the stream answers.

use async_trait::async_trait;
use aws_sdk_kinesis::Client;
use waypost_domain::StoreError;
use waypost_domain::ports::Probe;

use crate::error::store_error;

/// Describes the stream.
#[derive(Debug, Clone)]
pub struct StreamProbe {
    client: Client,
    stream: String,
}

impl StreamProbe {
    /// A probe of the stream of this name.
    pub fn new(client: Client, stream: impl Into<String>) -> Self {
        Self { client, stream: stream.into() }
    }
}

#[async_trait]
impl Probe for StreamProbe {
    async fn probe(&self) -> Result<(), StoreError> {
        let request = self.client.describe_stream_summary().stream_name(&self.stream);
        request.send().await.map(drop).map_err(|error| store_error("health.stream", error))
    }
}
