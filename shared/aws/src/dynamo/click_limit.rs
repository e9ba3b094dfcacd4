//! Counts the clicks of limited links, on the link's own item.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use waypost_domain::redirect::ports::ClickLimit;
use waypost_domain::{LinkAddress, StoreError};

use super::conditional_writes::was_written;
use super::links;

/// The clicks of limited links in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoClickLimit {
    client: Client,
    table: String,
}

impl DynamoClickLimit {
    /// Links in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

#[async_trait]
impl ClickLimit for DynamoClickLimit {
    /// Adds one on a condition, to a link only: an alias or a reservation, which can have taken its place since, has no
    /// `created_at`. If the answer is lost and the SDK tries again, the link may serve one click too few, never one
    /// too many.
    async fn use_click(&self, address: &LinkAddress) -> Result<bool, StoreError> {
        let result = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(links::key(address)))
            .update_expression("ADD used_clicks :one")
            .condition_expression(
                "attribute_exists(created_at) AND (attribute_not_exists(max_clicks) OR attribute_not_exists(used_clicks) \
                 OR used_clicks < max_clicks)",
            )
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .send()
            .await;
        was_written("links.use_click", result)
    }
}
