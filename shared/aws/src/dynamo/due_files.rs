//! Lists the files and collections of all workspaces that are due to be removed, by the partitions `DUEFILES#{shard}` of the index `list`.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use waypost_domain::files::removed::RemovedFile;
use waypost_domain::files::store_ports::{Due, DueFile, DueFiles};
use waypost_domain::{StoreError, Timestamp};

use super::aggregates::take_text;
use super::collection_items::collection_from;
use super::conditional_writes::was_written;
use super::file_items::{due_pk, file_from, item_of_removed, key, removed_from, removed_sk};
use super::links::LIST_INDEX;
use super::{Item, text};
use crate::error::{broken, store_error};

/// What is due in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoDueFiles {
    client: Client,
    table: String,
}

impl DynamoDueFiles {
    /// What is due in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

#[async_trait]
impl DueFiles for DynamoDueFiles {
    async fn due(
        &self,
        shard: u8,
        until: Timestamp,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<DueFile>, StoreError> {
        const OPERATION: &str = "files.due";
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(LIST_INDEX)
            // A range has its ends: `after` itself comes again, and is left out below.
            .key_condition_expression("list_pk = :pk AND list_sk BETWEEN :after AND :until")
            .expression_attribute_values(":pk", text(due_pk(shard)))
            .expression_attribute_values(":after", text(after.unwrap_or("!")))
            // No id has a `~`.
            .expression_attribute_values(":until", text(format!("{until}#~")))
            .limit(i32::try_from(limit + 1).unwrap_or(i32::MAX));
        let page = query.send().await.map_err(|error| store_error(OPERATION, error))?;
        let due = |mut item: Item| {
            let place = take_text(&mut item, "list_sk").ok_or_else(|| broken(OPERATION, "an item has no list_sk"))?;
            let sk = item.get("sk").and_then(|sk| sk.as_s().ok()).map(String::as_str).unwrap_or_default();
            let what = match sk.split_once('#').unwrap_or_default().0 {
                "FILE" => file_from(item, OPERATION).map(|file| Due::File(Box::new(file))),
                "COLL" => collection_from(item, OPERATION).map(|collection| Due::Collection(Box::new(collection))),
                _ => removed_from(item, OPERATION).map(Due::Removed),
            };
            Ok(DueFile { place, what })
        };
        let items = page.items.unwrap_or_default().into_iter().map(due);
        let mut items = items.collect::<Result<Vec<DueFile>, StoreError>>()?;
        items.retain(|item| after != Some(item.place.as_str()));
        items.truncate(limit);
        Ok(items)
    }

    async fn look_again(&self, removed: &RemovedFile) -> Result<(), StoreError> {
        const OPERATION: &str = "files.look_again";
        let item = item_of_removed(removed, OPERATION)?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        was_written(OPERATION, put.condition_expression("attribute_exists(pk)").send().await).map(drop)
    }

    async fn forget(&self, removed: &RemovedFile) -> Result<(), StoreError> {
        let own = key(&removed.workspace, &removed_sk(&removed.id));
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(own)).send().await;
        delete.map(drop).map_err(|error| store_error("files.forget", error))
    }
}
