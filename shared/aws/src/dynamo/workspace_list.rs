//! Lists the workspaces that have links, by the heads of their catalogues in the index `list`.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use waypost_domain::target_checks::ports::WorkspaceList;
use waypost_domain::{StoreError, WorkspaceId};

use super::aggregates::take_text;
use super::catalog::HEADS;
use super::links::LIST_INDEX;
use super::text;
use crate::error::{broken, store_error};

const OPERATION: &str = "workspaces.next";

/// The workspaces in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoWorkspaceList {
    client: Client,
    table: String,
}

impl DynamoWorkspaceList {
    /// The workspaces of `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

#[async_trait]
impl WorkspaceList for DynamoWorkspaceList {
    async fn next(&self, after: Option<&WorkspaceId>) -> Result<Option<WorkspaceId>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(LIST_INDEX)
            .key_condition_expression("list_pk = :pk AND list_sk > :after")
            .expression_attribute_values(":pk", text(HEADS))
            // Every name of a workspace is greater than this.
            .expression_attribute_values(":after", text(after.map_or("!", WorkspaceId::as_str)))
            .limit(1);
        let page = query.send().await.map_err(|error| store_error(OPERATION, error))?;
        let Some(mut item) = page.items.unwrap_or_default().into_iter().next() else { return Ok(None) };
        let name = take_text(&mut item, "list_sk").and_then(|name| WorkspaceId::parse(&name).ok());
        name.map(Some).ok_or_else(|| broken(OPERATION, "the head of a catalogue names no workspace"))
    }
}
