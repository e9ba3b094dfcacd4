//! Stores jobs that change links in `LinksTable`: `pk = WS#{workspace}`, `sk = CHANGE#{id}`.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use waypost_domain::files::retention::Retention;
use waypost_domain::link_changes::id::LinkChangeId;
use waypost_domain::link_changes::job::LinkChange;
use waypost_domain::link_changes::ports::LinkChangeStore;
use waypost_domain::{StoreError, WorkspaceId};

use super::conditional_writes::{put_if_absent, put_next};
use super::newest::newest_of_workspace;
use super::{Item, text};
use crate::error::{broken, store_error};

/// Jobs in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoLinkChanges {
    client: Client,
    table: String,
    files: Retention,
}

impl DynamoLinkChanges {
    /// Jobs in `table`, whose files the bucket keeps for as long as `files` says.
    pub fn new(client: Client, table: impl Into<String>, files: Retention) -> Self {
        Self { client, table: table.into(), files }
    }

    fn item_of(&self, job: &LinkChange) -> Result<Item, StoreError> {
        let mut item: Item = serde_dynamo::to_item(job).map_err(|error| broken("link_changes.write", error))?;
        item.extend(key(&job.workspace, &job.id));
        let expiry = job.created_at.plus_seconds(self.files.seconds() + LinkChange::KEPT_SECONDS);
        item.insert("ttl".to_owned(), AttributeValue::N(expiry.as_seconds().to_string()));
        Ok(item)
    }
}

#[async_trait]
impl LinkChangeStore for DynamoLinkChanges {
    async fn create(&self, job: &LinkChange) -> Result<bool, StoreError> {
        let made = put_if_absent(&self.client, &self.table, "link_changes.create", self.item_of(job)?).await?;
        // The first attempt of this write may have succeeded although its answer was lost.
        Ok(made || self.get(&job.workspace, &job.id).await?.as_ref() == Some(job))
    }

    async fn get(&self, workspace: &WorkspaceId, id: &LinkChangeId) -> Result<Option<LinkChange>, StoreError> {
        const OPERATION: &str = "link_changes.get";
        let read = self.client.get_item().table_name(&self.table).set_key(Some(key(workspace, id)));
        let found = read.consistent_read(true).send().await.map_err(|error| store_error(OPERATION, error))?;
        found.item.map(|item| job_from(item, OPERATION)).transpose()
    }

    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&LinkChangeId>,
        limit: usize,
    ) -> Result<Vec<LinkChange>, StoreError> {
        const OPERATION: &str = "link_changes.newest";
        let before = before.map(ToString::to_string);
        let place = (workspace, "CHANGE#");
        let items = newest_of_workspace(&self.client, &self.table, OPERATION, place, before.as_deref(), limit).await?;
        items.into_iter().map(|item| job_from(item, OPERATION)).collect()
    }

    async fn replace(&self, next: &LinkChange) -> Result<bool, StoreError> {
        let item = (self.item_of(next)?, next.revision);
        let made = put_next(&self.client, &self.table, "link_changes.replace", item).await?;
        // As above.
        Ok(made || self.get(&next.workspace, &next.id).await?.as_ref() == Some(next))
    }
}

fn key(workspace: &WorkspaceId, id: &LinkChangeId) -> Item {
    Item::from([("pk".to_owned(), text(format!("WS#{workspace}"))), ("sk".to_owned(), text(format!("CHANGE#{id}")))])
}

fn job_from(item: Item, operation: &'static str) -> Result<LinkChange, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| broken(operation, format!("the item is not a job: {error}")))
}
