//! Exports in `LinksTable`: `pk = WS#{workspace}`, `sk = EXPORT#{id}`.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use waypost_domain::exports::ports::ExportStore;
use waypost_domain::exports::{Export, ExportId};
use waypost_domain::{StoreError, WorkspaceId};

use super::{Item, broken, store_error, text};

/// Exports in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoExports {
    client: Client,
    table: String,
}

impl DynamoExports {
    /// Exports in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

#[async_trait]
impl ExportStore for DynamoExports {
    async fn create(&self, export: &Export) -> Result<bool, StoreError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item_of(export)?));
        match put.condition_expression("attribute_not_exists(pk)").send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => {
                Ok(false)
            }
            Err(error) => Err(store_error("exports.create", error)),
        }
    }

    async fn get(&self, workspace: &WorkspaceId, id: &ExportId) -> Result<Option<Export>, StoreError> {
        const OPERATION: &str = "exports.get";
        let read = self.client.get_item().table_name(&self.table).set_key(Some(key(workspace, id)));
        let found = read.consistent_read(true).send().await.map_err(|error| store_error(OPERATION, error))?;
        found.item.map(|item| export_from(item, OPERATION)).transpose()
    }

    async fn replace(&self, next: &Export) -> Result<bool, StoreError> {
        let before = AttributeValue::N(next.revision.saturating_sub(1).to_string());
        let result = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item_of(next)?))
            .condition_expression("#revision = :before")
            .expression_attribute_names("#revision", "revision")
            .expression_attribute_values(":before", before)
            .send()
            .await;
        match result {
            Ok(_) => Ok(true),
            // The first try of this very write may have gone through, and only its answer been lost.
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => {
                Ok(self.get(&next.workspace, &next.id).await?.as_ref() == Some(next))
            }
            Err(error) => Err(store_error("exports.replace", error)),
        }
    }
}

fn key(workspace: &WorkspaceId, id: &ExportId) -> Item {
    Item::from([("pk".to_owned(), text(format!("WS#{workspace}"))), ("sk".to_owned(), text(format!("EXPORT#{id}")))])
}

fn item_of(export: &Export) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(export).map_err(|error| broken("exports.write", error))?;
    item.extend(key(&export.workspace, &export.id));
    let expiry = export.created_at.plus_seconds(Export::KEPT_SECONDS);
    item.insert("ttl".to_owned(), AttributeValue::N(expiry.as_seconds().to_string()));
    Ok(item)
}

fn export_from(item: Item, operation: &'static str) -> Result<Export, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| broken(operation, format!("the item is no export: {error}")))
}
