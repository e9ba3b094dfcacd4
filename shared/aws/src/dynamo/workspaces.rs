//! Stores the settings of workspaces in `LinksTable`: `pk = SETTINGS#{workspace}`, `sk = SETTINGS`.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use waypost_domain::workspaces::ports::{SettingsReader, SettingsWriter};
use waypost_domain::workspaces::settings::WorkspaceSettings;
use waypost_domain::{StoreError, WorkspaceId};

use super::conditional_writes::{put_if_absent, put_next};
use super::{Item, text};
use crate::error::{broken, store_error};

/// Settings of workspaces in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoWorkspaces {
    client: Client,
    table: String,
}

impl DynamoWorkspaces {
    /// Settings in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

#[async_trait]
impl SettingsReader for DynamoWorkspaces {
    async fn get(&self, workspace: &WorkspaceId) -> Result<WorkspaceSettings, StoreError> {
        const OPERATION: &str = "settings.get";
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key(workspace)));
        let found = get.consistent_read(true).send().await.map_err(|error| store_error(OPERATION, error))?;
        let read = |item| serde_dynamo::from_item(item);
        let settings = found.item.map(read).transpose();
        let settings =
            settings.map_err(|error| broken(OPERATION, format!("the item of {workspace} has no settings: {error}")));
        settings.map(Option::unwrap_or_default)
    }
}

#[async_trait]
impl SettingsWriter for DynamoWorkspaces {
    async fn replace(&self, workspace: &WorkspaceId, next: &WorkspaceSettings) -> Result<bool, StoreError> {
        const OPERATION: &str = "settings.replace";
        let mut item: Item = serde_dynamo::to_item(next).map_err(|error| broken(OPERATION, error))?;
        item.extend(key(workspace));
        let made = match next.revision {
            0 | 1 => put_if_absent(&self.client, &self.table, OPERATION, item).await?,
            revision => put_next(&self.client, &self.table, OPERATION, (item, revision)).await?,
        };
        // The first attempt of this write may have succeeded although its answer was lost.
        Ok(made || self.get(workspace).await? == *next)
    }
}

fn key(workspace: &WorkspaceId) -> Item {
    Item::from([("pk".to_owned(), text(format!("SETTINGS#{workspace}"))), ("sk".to_owned(), text("SETTINGS"))])
}
