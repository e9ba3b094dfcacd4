//! Stores exports in `LinksTable`: `pk = WS#{workspace}`, `sk = EXPORT#{id}`.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use waypost_domain::exports::export::{Export, ExportId};
use waypost_domain::exports::ports::ExportStore;
use waypost_domain::files::retention::Retention;
use waypost_domain::{StoreError, WorkspaceId};

use super::conditional_writes::{put_if_absent, put_next};
use super::newest::newest_of_workspace;
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
        let before = before.map(ToString::to_string);
        let place = (workspace, "EXPORT#");
        let items = newest_of_workspace(&self.client, &self.table, OPERATION, place, before.as_deref(), limit).await?;
        items.into_iter().map(|item| export_from(item, OPERATION)).collect()
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
