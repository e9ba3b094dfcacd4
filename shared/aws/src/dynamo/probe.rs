//! Checks that a table answers.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use waypost_domain::StoreError;
use waypost_domain::ports::Probe;

use super::text;
use crate::error::store_error;

/// The key of an item that does not exist. That a table has no such item is an answer as well.
const SENTINEL: &str = "HEALTH";

/// Reads one item of a table.
#[derive(Debug, Clone)]
pub struct TableProbe {
    client: Client,
    table: String,
}

impl TableProbe {
    /// A probe of `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
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
