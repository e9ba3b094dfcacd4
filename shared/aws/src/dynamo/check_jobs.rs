//! Stores runs of checks in `LinksTable`: `pk = CHECKS`, `sk = RUN` for all workspaces, `RUN#{workspace}` for one. The next run replaces
//! the item.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use waypost_domain::target_checks::job::CheckJob;
use waypost_domain::target_checks::ports::CheckJobStore;
use waypost_domain::{StoreError, WorkspaceId};

use super::conditional_writes::{put_if_absent, put_next};
use super::{Item, text};
use crate::error::{broken, store_error};

/// Runs of checks in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoCheckJobs {
    client: Client,
    table: String,
}

impl DynamoCheckJobs {
    /// Runs in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

#[async_trait]
impl CheckJobStore for DynamoCheckJobs {
    async fn get(&self, only: Option<&WorkspaceId>) -> Result<Option<CheckJob>, StoreError> {
        const OPERATION: &str = "checks.get";
        let read = self.client.get_item().table_name(&self.table).set_key(Some(key(only)));
        let found = read.consistent_read(true).send().await.map_err(|error| store_error(OPERATION, error))?;
        let job = found.item.map(serde_dynamo::from_item).transpose();
        job.map_err(|error| broken(OPERATION, format!("the item is not a run of checks: {error}")))
    }

    async fn replace(&self, next: &CheckJob) -> Result<bool, StoreError> {
        const OPERATION: &str = "checks.replace";
        let mut item: Item = serde_dynamo::to_item(next).map_err(|error| broken(OPERATION, error))?;
        item.extend(key(next.only.as_ref()));
        let made = match next.revision {
            0 => put_if_absent(&self.client, &self.table, OPERATION, item).await?,
            revision => put_next(&self.client, &self.table, OPERATION, (item, revision)).await?,
        };
        // The first attempt of this write may have succeeded although its answer was lost.
        Ok(made || self.get(next.only.as_ref()).await?.as_ref() == Some(next))
    }
}

fn key(only: Option<&WorkspaceId>) -> Item {
    let sk = only.map_or_else(|| "RUN".to_owned(), |workspace| ["RUN#", workspace.as_str()].concat());
    Item::from([("pk".to_owned(), text("CHECKS")), ("sk".to_owned(), text(sk))])
}
