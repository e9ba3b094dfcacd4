//! Whether what the stack is made of answers: one cheap call each.

use async_trait::async_trait;
use waypost_domain::StoreError;
use waypost_domain::ports::Probe;

use crate::dynamo::{store_error, text};

/// The key of an item that does not exist, which is as good an answer as one that does.
const SENTINEL: &str = "HEALTH";

/// A table that answers a read of one item.
#[derive(Debug, Clone)]
pub struct TableProbe {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

impl TableProbe {
    /// A probe of `table`.
    pub fn new(client: aws_sdk_dynamodb::Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

#[async_trait]
impl Probe for TableProbe {
    async fn probe(&self) -> Result<(), StoreError> {
        let request =
            self.client.get_item().table_name(&self.table).key("pk", text(SENTINEL)).key("sk", text(SENTINEL));
        request.send().await.map(drop).map_err(|error| store_error("health.table", error))
    }
}

/// A stream that says how it is.
#[derive(Debug, Clone)]
pub struct StreamProbe {
    client: aws_sdk_kinesis::Client,
    stream: String,
}

impl StreamProbe {
    /// A probe of the stream of this name.
    pub fn new(client: aws_sdk_kinesis::Client, stream: impl Into<String>) -> Self {
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
