//! Stores exports in `LinksTable`: `pk = WS#{workspace}`, `sk = EXPORT#{id}`.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use waypost_domain::exports::export::{Export, ExportId};
use waypost_domain::exports::ports::ExportStore;
use waypost_domain::files::retention::Retention;
use waypost_domain::{StoreError, WorkspaceId};

use super::conditional_writes::{put_if_absent, put_next};
use super::{Item, text};
use crate::error::{broken, store_error};

/// Exports in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoExports {
    client: Client,
    table: String,
    files: Retention,
}

impl DynamoExports {
    /// Exports in `table`, whose files the bucket keeps for as long as `files` says.
    pub fn new(client: Client, table: impl Into<String>, files: Retention) -> Self {
        Self { client, table: table.into(), files }
    }

    fn item_of(&self, export: &Export) -> Result<Item, StoreError> {
        let mut item: Item = serde_dynamo::to_item(export).map_err(|error| broken("exports.write", error))?;
        item.extend(key(&export.workspace, &export.id));
        let expiry = export.created_at.plus_seconds(self.files.seconds() + Export::KEPT_SECONDS);
        item.insert("ttl".to_owned(), AttributeValue::N(expiry.as_seconds().to_string()));
        Ok(item)
    }
}

#[async_trait]
impl ExportStore for DynamoExports {
    async fn create(&self, export: &Export) -> Result<bool, StoreError> {
        let made = put_if_absent(&self.client, &self.table, "exports.create", self.item_of(export)?).await?;
        // The first attempt of this write may have succeeded although its answer was lost.
        Ok(made || self.get(&export.workspace, &export.id).await?.as_ref() == Some(export))
    }

    async fn get(&self, workspace: &WorkspaceId, id: &ExportId) -> Result<Option<Export>, StoreError> {
        const OPERATION: &str = "exports.get";
        let read = self.client.get_item().table_name(&self.table).set_key(Some(key(workspace, id)));
        let found = read.consistent_read(true).send().await.map_err(|error| store_error(OPERATION, error))?;
        found.item.map(|item| export_from(item, OPERATION)).transpose()
    }

    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&ExportId>,
        limit: usize,
    ) -> Result<Vec<Export>, StoreError> {
        const OPERATION: &str = "exports.newest";
        let query = self.client.query().table_name(&self.table).consistent_read(true).scan_index_forward(false);
        // A range has its ends: the export `before` itself is the first that comes. No id has a `~`.
        let (last, limit) = before.map_or(("~".to_owned(), limit), |before| (before.to_string(), limit + 1));
        let page = query
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", text(format!("WS#{workspace}")))
            .expression_attribute_values(":first", text("EXPORT#"))
            .expression_attribute_values(":last", text(format!("EXPORT#{last}")))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| store_error(OPERATION, error))?;
        let exports = page.items.unwrap_or_default().into_iter().map(|item| export_from(item, OPERATION));
        let mut exports = exports.collect::<Result<Vec<Export>, _>>()?;
        exports.retain(|export| before != Some(&export.id));
        // Without `before` itself, which may be deleted, there is one too many.
        exports.truncate(limit - usize::from(before.is_some()));
        Ok(exports)
    }

    async fn replace(&self, next: &Export) -> Result<bool, StoreError> {
        let item = (self.item_of(next)?, next.revision);
        let made = put_next(&self.client, &self.table, "exports.replace", item).await?;
        // As above.
        Ok(made || self.get(&next.workspace, &next.id).await?.as_ref() == Some(next))
    }
}

fn key(workspace: &WorkspaceId, id: &ExportId) -> Item {
    Item::from([("pk".to_owned(), text(format!("WS#{workspace}"))), ("sk".to_owned(), text(format!("EXPORT#{id}")))])
}

fn export_from(item: Item, operation: &'static str) -> Result<Export, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| broken(operation, format!("the item is not an export: {error}")))
}
