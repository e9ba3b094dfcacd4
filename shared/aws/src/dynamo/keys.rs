//! API keys in `LinksTable`: `pk = KEY#{sha256 of the secret}`, `sk = KEY`.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use waypost_domain::ports::KeyReader;
use waypost_domain::{ApiKey, StoreError};

use super::{broken, store_error, text};

/// API keys in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoKeys {
    client: Client,
    table: String,
}

impl DynamoKeys {
    /// Keys in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

#[async_trait]
impl KeyReader for DynamoKeys {
    async fn find(&self, hash: &str) -> Result<Option<ApiKey>, StoreError> {
        const OPERATION: &str = "keys.find";
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", text(format!("KEY#{hash}")))
            .key("sk", text("KEY"))
            .send()
            .await
            .map_err(|error| store_error(OPERATION, error))?;
        let Some(item) = found.item else { return Ok(None) };
        serde_dynamo::from_item(item).map(Some).map_err(|error| broken(OPERATION, error))
    }
}
