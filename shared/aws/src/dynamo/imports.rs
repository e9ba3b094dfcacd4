//! Stores imports in `LinksTable`: `pk = WS#{workspace}`, `sk = IMPORT#{id}`. The index `list` lists them under
//! `list_pk = IMPORTS#{workspace}`, `list_sk = {created_at}#{id}`: the id alone does not sort by time if the file was put
//! straight into the bucket.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use waypost_domain::imports::job::id::ImportId;
use waypost_domain::imports::job::import::Import;
use waypost_domain::imports::job::ports::{ImportIndex, ImportStore};
use waypost_domain::{StoreError, WorkspaceId};

use super::conditional_writes::{put_if_absent, put_next};
use super::newest::newest;
use super::{Item, text};
use crate::error::{broken, store_error};

/// Imports in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoImports {
    client: Client,
    table: String,
}

impl DynamoImports {
    /// Imports in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

#[async_trait]
impl ImportStore for DynamoImports {
    async fn create(&self, import: &Import) -> Result<bool, StoreError> {
        put_if_absent(&self.client, &self.table, "imports.create", item_of(import)?).await
    }

    async fn get(&self, workspace: &WorkspaceId, id: &ImportId) -> Result<Option<Import>, StoreError> {
        const OPERATION: &str = "imports.get";
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key(workspace, id)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| store_error(OPERATION, error))?;
        found.item.map(|item| import_from(item, OPERATION)).transpose()
    }

    async fn replace(&self, next: &Import) -> Result<bool, StoreError> {
        let item = (item_of(next)?, next.revision);
        let made = put_next(&self.client, &self.table, "imports.replace", item).await?;
        // The first attempt of this write may have succeeded although its answer was lost.
        Ok(made || self.get(&next.workspace, &next.id).await?.as_ref() == Some(next))
    }
}

#[async_trait]
impl ImportIndex for DynamoImports {
    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Import>, StoreError> {
        const OPERATION: &str = "imports.newest";
        let items = newest(&self.client, &self.table, OPERATION, (list_pk(workspace), before), limit).await?;
        items.into_iter().map(|item| import_from(item, OPERATION)).collect()
    }
}

fn key(workspace: &WorkspaceId, id: &ImportId) -> Item {
    Item::from([("pk".to_owned(), text(format!("WS#{workspace}"))), ("sk".to_owned(), text(format!("IMPORT#{id}")))])
}

fn item_of(import: &Import) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(import).map_err(|error| broken("imports.write", error))?;
    item.extend(key(&import.workspace, &import.id));
    item.insert("list_pk".to_owned(), text(list_pk(&import.workspace)));
    item.insert("list_sk".to_owned(), text(import.list_key()));
    if let Some(expiry) = import.expires_at() {
        item.insert("ttl".to_owned(), AttributeValue::N(expiry.as_seconds().to_string()));
    }
    Ok(item)
}

fn import_from(item: Item, operation: &'static str) -> Result<Import, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| broken(operation, format!("the item is not an import: {error}")))
}

fn list_pk(workspace: &WorkspaceId) -> String {
    format!("IMPORTS#{workspace}")
}
