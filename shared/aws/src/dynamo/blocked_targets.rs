//! Stores the list of blocked targets in `LinksTable`: `pk = BLOCKED`, `sk = TARGET#{target}` for each entry, and `sk = REVISION` with
//! the number `n`, which each change makes greater after it.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use futures::future::try_join_all;
use waypost_domain::StoreError;
use waypost_domain::blocking::entry::BlockedTarget;
use waypost_domain::blocking::ports::{BlockListReader, BlockListWriter};
use waypost_domain::values::block_list::BlockPattern;

use super::{Item, text};
use crate::error::{broken, store_error};

const PK: &str = "BLOCKED";
const REVISION: &str = "REVISION";
/// How many entries are written at a time.
const AT_A_TIME: usize = 25;

/// The list in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoBlockList {
    client: Client,
    table: String,
}

impl DynamoBlockList {
    /// The list in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    async fn put_one(&self, entry: &BlockedTarget) -> Result<(), StoreError> {
        const OPERATION: &str = "block_list.put";
        let mut item: Item = serde_dynamo::to_item(entry).map_err(|error| broken(OPERATION, error))?;
        item.extend(key(&sk(entry.target.as_str())));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map(drop).map_err(|error| store_error(OPERATION, error))
    }

    async fn change_revision(&self) -> Result<(), StoreError> {
        let update = self.client.update_item().table_name(&self.table).set_key(Some(key(REVISION)));
        let update = update.update_expression("ADD n :one");
        let update = update.expression_attribute_values(":one", AttributeValue::N("1".to_owned()));
        update.send().await.map(drop).map_err(|error| store_error("block_list.change_revision", error))
    }
}

#[async_trait]
impl BlockListReader for DynamoBlockList {
    async fn revision(&self) -> Result<u64, StoreError> {
        const OPERATION: &str = "block_list.revision";
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key(REVISION)));
        let found = get.send().await.map_err(|error| store_error(OPERATION, error))?;
        let Some(item) = found.item else { return Ok(0) };
        let number = item.get("n").and_then(|value| value.as_n().ok()?.parse().ok());
        number.ok_or_else(|| broken(OPERATION, "the item has no number"))
    }

    async fn page(
        &self,
        prefix: &str,
        after: Option<&BlockPattern>,
        limit: usize,
    ) -> Result<Vec<BlockedTarget>, StoreError> {
        const OPERATION: &str = "block_list.page";
        // A range has its ends: the entry `after` itself is the first that comes. Targets are printable ASCII.
        let first = after.map(BlockPattern::as_str).filter(|after| *after >= prefix).unwrap_or(prefix);
        let wanted = limit + usize::from(after.is_some());
        let (mut entries, mut start) = (Vec::new(), None);
        loop {
            let query = self.client.query().table_name(&self.table).consistent_read(true);
            let page = query
                .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
                .expression_attribute_values(":pk", text(PK))
                .expression_attribute_values(":first", text(sk(first)))
                .expression_attribute_values(":last", text(sk(&format!("{prefix}\u{7f}"))))
                .limit(i32::try_from(wanted - entries.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| store_error(OPERATION, error))?;
            for item in page.items.unwrap_or_default() {
                let entry: BlockedTarget = serde_dynamo::from_item(item)
                    .map_err(|error| broken(OPERATION, format!("the item is not a blocked target: {error}")))?;
                entries.push(entry);
            }
            start = page.last_evaluated_key;
            if start.is_none() || entries.len() >= wanted {
                break;
            }
        }
        entries.retain(|entry| after.is_none_or(|after| entry.target > *after));
        entries.truncate(limit);
        Ok(entries)
    }
}

#[async_trait]
impl BlockListWriter for DynamoBlockList {
    async fn put(&self, entries: &[BlockedTarget]) -> Result<(), StoreError> {
        for entries in entries.chunks(AT_A_TIME) {
            try_join_all(entries.iter().map(|entry| self.put_one(entry))).await?;
        }
        self.change_revision().await
    }

    async fn remove(&self, target: &BlockPattern) -> Result<bool, StoreError> {
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key(&sk(target.as_str()))));
        let deleted = delete.return_values(ReturnValue::AllOld).send().await;
        let deleted = deleted.map_err(|error| store_error("block_list.remove", error))?;
        // Also if there is none: an earlier attempt may have failed after it deleted the entry.
        self.change_revision().await?;
        Ok(deleted.attributes.is_some())
    }
}

fn sk(target: &str) -> String {
    ["TARGET#", target].concat()
}

fn key(sk: &str) -> Item {
    Item::from([("pk".to_owned(), text(PK)), ("sk".to_owned(), text(sk))])
}
