//! Stores parts of imports in `LinksTable`: `pk = IMPORT#{id}`, `sk = PART#{plan}#{number}`. Both numbers have leading zeros, so
//! that they sort.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use waypost_domain::StoreError;
use waypost_domain::imports::job::id::ImportId;
use waypost_domain::imports::job::part::{Part, PartId};
use waypost_domain::imports::job::ports::PartStore;

use super::conditional_writes::{put_if_absent, put_next};
use super::{Item, text};
use crate::error::{broken, store_error};

/// Parts in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoParts {
    client: Client,
    table: String,
}

impl DynamoParts {
    /// Parts in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

#[async_trait]
impl PartStore for DynamoParts {
    async fn create(&self, part: &Part) -> Result<bool, StoreError> {
        put_if_absent(&self.client, &self.table, "import_parts.create", item_of(part)?).await
    }

    async fn get(&self, id: &PartId) -> Result<Option<Part>, StoreError> {
        const OPERATION: &str = "import_parts.get";
        let key = key(&id.import, id.plan, id.part);
        let read = self.client.get_item().table_name(&self.table).set_key(Some(key)).consistent_read(true);
        let found = read.send().await.map_err(|error| store_error(OPERATION, error))?;
        found.item.map(|item| part_from(item, OPERATION)).transpose()
    }

    async fn all(&self, import: &ImportId, plan: u64) -> Result<Vec<Part>, StoreError> {
        const OPERATION: &str = "import_parts.all";
        let (mut parts, mut start) = (Vec::new(), None);
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .key_condition_expression("pk = :pk AND begins_with(sk, :plan)")
                .expression_attribute_values(":pk", text(pk(import)))
                .expression_attribute_values(":plan", text(prefix(plan)))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| store_error(OPERATION, error))?;
            for item in page.items.unwrap_or_default() {
                parts.push(part_from(item, OPERATION)?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(parts);
            }
        }
    }

    async fn replace(&self, next: &Part) -> Result<bool, StoreError> {
        let item = (item_of(next)?, next.revision);
        let made = put_next(&self.client, &self.table, "import_parts.replace", item).await?;
        // The first attempt of this write may have succeeded although its answer was lost.
        Ok(made || self.get(&PartId::from(next)).await?.as_ref() == Some(next))
    }
}

fn pk(import: &ImportId) -> String {
    format!("IMPORT#{import}")
}

fn prefix(plan: u64) -> String {
    format!("PART#{plan:010}#")
}

fn key(import: &ImportId, plan: u64, number: u32) -> Item {
    let sk = format!("{}{number:06}", prefix(plan));
    Item::from([("pk".to_owned(), text(pk(import))), ("sk".to_owned(), text(sk))])
}

fn item_of(part: &Part) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(part).map_err(|error| broken("import_parts.write", error))?;
    item.extend(key(&part.import, part.plan, part.number));
    let expiry = part.created_at.plus_seconds(Part::KEPT_SECONDS);
    item.insert("ttl".to_owned(), AttributeValue::N(expiry.as_seconds().to_string()));
    Ok(item)
}

fn part_from(item: Item, operation: &'static str) -> Result<Part, StoreError> {
    serde_dynamo::from_item(item)
        .map_err(|error| broken(operation, format!("the item is not a part of an import: {error}")))
}
