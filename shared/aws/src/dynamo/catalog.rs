//! Keeps the logs and heads of catalogues in `LinksTable`: `pk = CATALOG#{workspace}`, `sk = LOG#{number, 12 digits}` or `HEAD`. The heads
//! are in the index `list`, at `list_pk = CATALOGS#`, `list_sk = {workspace}`: they list the workspaces that have links.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, WriteRequest};
use waypost_domain::catalog::head::CatalogHead;
use waypost_domain::catalog::ports::{CatalogStore, LogBody, LogItem, Newest};
use waypost_domain::{StoreError, StoreErrorKind, WorkspaceId};

use super::aggregates::take_text;
use super::conditional_writes::{put_if_absent, put_next};
use super::{Item, text};
use crate::backoff::Backoff;
use crate::error::{broken, store_error};

/// What the partition keys of catalogues begin with.
pub const PREFIX: &str = "CATALOG#";
/// Where the index `list` has the heads.
pub(super) const HEADS: &str = "CATALOGS#";
/// The sort key of heads.
pub const HEAD: &str = "HEAD";
/// DynamoDB's limit for a batch of writes.
const BATCH: usize = 25;

/// Catalogues in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoCatalogs {
    client: Client,
    table: String,
}

impl DynamoCatalogs {
    /// Catalogues in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

fn pk(workspace: &WorkspaceId) -> String {
    format!("{PREFIX}{workspace}")
}

fn key(workspace: &WorkspaceId, sk: String) -> Item {
    Item::from([("pk".to_owned(), text(pk(workspace))), ("sk".to_owned(), text(sk))])
}

fn log_sk(number: u64) -> String {
    format!("LOG#{number:012}")
}

#[async_trait]
impl CatalogStore for DynamoCatalogs {
    async fn newest(&self, workspace: &WorkspaceId) -> Result<Newest, StoreError> {
        const OPERATION: &str = "catalog.newest";
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :log)")
            .expression_attribute_values(":pk", text(pk(workspace)))
            .expression_attribute_values(":log", text("LOG#"))
            .projection_expression("sk, #total")
            .expression_attribute_names("#total", "total")
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(1);
        let page = query.send().await.map_err(|error| store_error(OPERATION, error))?;
        let Some(item) = page.items.unwrap_or_default().into_iter().next() else { return Ok(Newest::default()) };
        let newest = number_of(&item).zip(number(&item, "total"));
        let (number, total) = newest.ok_or_else(|| broken(OPERATION, "an item of the log has no number"))?;
        Ok(Newest { number, total })
    }

    async fn append(&self, workspace: &WorkspaceId, item: &LogItem) -> Result<bool, StoreError> {
        let mut row = key(workspace, log_sk(item.number));
        row.insert("total".to_owned(), AttributeValue::N(item.total.to_string()));
        match &item.body {
            LogBody::Block(block) => row.insert("block".to_owned(), AttributeValue::B(Blob::new(block.clone()))),
            LogBody::Object(object) => row.insert("object".to_owned(), text(object.as_str())),
        };
        put_if_absent(&self.client, &self.table, "catalog.append", row).await
    }

    async fn read_from(&self, workspace: &WorkspaceId, number: u64) -> Result<Vec<LogItem>, StoreError> {
        const OPERATION: &str = "catalog.read_from";
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", text(pk(workspace)))
            .expression_attribute_values(":first", text(log_sk(number)))
            .expression_attribute_values(":last", text("LOG#~"))
            .consistent_read(true);
        let (mut items, mut start) = (Vec::new(), None);
        loop {
            let page = query.clone().set_exclusive_start_key(start).send().await;
            let page = page.map_err(|error| store_error(OPERATION, error))?;
            for item in page.items.unwrap_or_default() {
                items.push(log_item(item).ok_or_else(|| broken(OPERATION, "the log has an item that is none"))?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    async fn delete(&self, workspace: &WorkspaceId, numbers: &[u64]) -> Result<(), StoreError> {
        for numbers in numbers.chunks(BATCH) {
            let delete = |number: &u64| {
                let request = DeleteRequest::builder().set_key(Some(key(workspace, log_sk(*number)))).build();
                Ok(WriteRequest::builder().delete_request(request.map_err(|error| broken(DELETE, error))?).build())
            };
            self.delete_all(numbers.iter().map(delete).collect::<Result<_, StoreError>>()?).await?;
        }
        Ok(())
    }

    async fn head(&self, workspace: &WorkspaceId) -> Result<Option<CatalogHead>, StoreError> {
        const OPERATION: &str = "catalog.head";
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key(workspace, HEAD.to_owned())));
        let found = get.consistent_read(true).send().await.map_err(|error| store_error(OPERATION, error))?;
        let read = |item| serde_dynamo::from_item(item).map_err(|error| broken(OPERATION, error));
        found.item.map(read).transpose()
    }

    async fn put_head(&self, workspace: &WorkspaceId, head: &CatalogHead) -> Result<bool, StoreError> {
        const OPERATION: &str = "catalog.put_head";
        let mut item: Item = serde_dynamo::to_item(head).map_err(|error| broken(OPERATION, error))?;
        item.extend(key(workspace, HEAD.to_owned()));
        item.insert("list_pk".to_owned(), text(HEADS));
        item.insert("list_sk".to_owned(), text(workspace.as_str()));
        match head.revision {
            0 => put_if_absent(&self.client, &self.table, OPERATION, item).await,
            revision => put_next(&self.client, &self.table, OPERATION, (item, revision)).await,
        }
    }
}

const DELETE: &str = "catalog.delete";

impl DynamoCatalogs {
    async fn delete_all(&self, mut open: Vec<WriteRequest>) -> Result<(), StoreError> {
        let mut backoff = Backoff::default();
        loop {
            let answer = self.client.batch_write_item().request_items(&self.table, open).send().await;
            let answer = answer.map_err(|error| store_error(DELETE, error))?;
            open = answer.unprocessed_items.and_then(|mut tables| tables.remove(&self.table)).unwrap_or_default();
            if open.is_empty() {
                return Ok(());
            }
            if !backoff.wait().await {
                return Err(StoreError::new(DELETE, StoreErrorKind::Throttled, "items remain unprocessed"));
            }
        }
    }
}

fn number(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

fn number_of(item: &Item) -> Option<u64> {
    item.get("sk")?.as_s().ok()?.strip_prefix("LOG#")?.parse().ok()
}

fn log_item(mut item: Item) -> Option<LogItem> {
    let (number, total) = (number_of(&item)?, number(&item, "total")?);
    let body = match (item.remove("block"), take_text(&mut item, "object")) {
        (Some(AttributeValue::B(block)), _) => LogBody::Block(block.into_inner()),
        (_, Some(object)) => LogBody::Object(object),
        _ => return None,
    };
    Some(LogItem { number, total, body })
}
