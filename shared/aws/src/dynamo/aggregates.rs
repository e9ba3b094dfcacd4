//! Loads and writes aggregates in `StatsTable`. The domain makes the keys; the numbers are attributes. `aggregate_reader` reads
//! ranges.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use waypost_domain::analytics::model::aggregate::{Aggregate, AggregateKey};
use waypost_domain::analytics::model::sequence::SequenceNumber;
use waypost_domain::analytics::ports::AggregateStore;
use waypost_domain::{StoreError, StoreErrorKind};

use super::conditional_writes::was_written;
use super::{Item, text};
use crate::backoff::Backoff;
use crate::error::{broken, store_error};

/// How often to ask for keys that BatchGetItem left unprocessed.
const LOAD_ATTEMPTS: u32 = 8;
/// The longest wait between two of these attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Makes a client for work that nobody waits for: it retries a throttled table more often than others, because the stream
/// delivers the whole batch again when it gives up. Jitter spreads its retries.
pub fn background_client(config: &SdkConfig) -> Client {
    let retries = RetryConfig::standard().with_max_attempts(6).with_initial_backoff(Duration::from_millis(50));
    Client::from_conf(aws_sdk_dynamodb::config::Builder::from(config).retry_config(retries).build())
}

/// Aggregates in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoAggregates {
    pub(super) client: Client,
    pub(super) table: String,
}

impl DynamoAggregates {
    /// Aggregates in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Asks for `keys` once. Gives the items, and the keys that the table had no capacity for.
    async fn load_once(&self, keys: Vec<Item>) -> Result<(Vec<Item>, Vec<Item>), StoreError> {
        const OPERATION: &str = "aggregates.load";
        let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        let answer = self
            .client
            .batch_get_item()
            .request_items(&self.table, keys.map_err(|error| broken(OPERATION, error))?)
            .send()
            .await
            .map_err(|error| store_error(OPERATION, error))?;
        let found = answer.responses.and_then(|mut tables| tables.remove(&self.table)).unwrap_or_default();
        let left = answer.unprocessed_keys.and_then(|mut tables| tables.remove(&self.table));
        Ok((found, left.map(|left| left.keys).unwrap_or_default()))
    }
}

#[async_trait]
impl AggregateStore for DynamoAggregates {
    async fn load(&self, keys: &[AggregateKey]) -> Result<Vec<Option<Aggregate>>, StoreError> {
        const OPERATION: &str = "aggregates.load";
        let mut found: HashMap<AggregateKey, Aggregate> = HashMap::with_capacity(keys.len());
        let mut wanted: Vec<Item> = keys.iter().map(key).collect();
        let mut backoff = Backoff::new(LOAD_ATTEMPTS, LONGEST_WAIT);
        while !wanted.is_empty() {
            let (items, left) = self.load_once(wanted).await?;
            for item in items {
                let aggregate = aggregate_from(item, OPERATION)?;
                found.insert(aggregate.key.clone(), aggregate);
            }
            wanted = left;
            if !wanted.is_empty() && !backoff.wait().await {
                let detail = format!("{} keys were left unprocessed {LOAD_ATTEMPTS} times", wanted.len());
                return Err(StoreError::new(OPERATION, StoreErrorKind::Throttled, detail));
            }
        }
        Ok(keys.iter().map(|key| found.remove(key)).collect())
    }

    async fn put(&self, aggregate: Aggregate, read: Option<&SequenceNumber>) -> Result<bool, StoreError> {
        const OPERATION: &str = "aggregates.put";
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item_of(&aggregate)?));
        let put = match read {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(read) => {
                put.condition_expression("seq = :read").expression_attribute_values(":read", text(read.as_str()))
            }
        };
        was_written(OPERATION, put.send().await)
    }
}

fn key(key: &AggregateKey) -> Item {
    Item::from([("pk".to_owned(), text(&*key.pk)), ("sk".to_owned(), text(&*key.sk))])
}

/// Makes the item of an aggregate.
///
/// # Errors
/// The aggregate cannot be written as an item.
pub fn item_of(aggregate: &Aggregate) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(&*aggregate.tally).map_err(|error| broken("aggregates.put", error))?;
    item.extend(key(&aggregate.key));
    item.insert("seq".to_owned(), text(aggregate.seq.as_str()));
    if let Some(ttl) = aggregate.ttl {
        item.insert("ttl".to_owned(), AttributeValue::N(ttl.to_string()));
    }
    Ok(item)
}

/// Computes the size of an aggregate's item in bytes, as DynamoDB counts it: each 1,024 bytes of a write cost a unit (DynamoDB
/// developer guide, "Item sizes and formats").
///
/// # Errors
/// The aggregate cannot be written as an item.
pub fn item_bytes(aggregate: &Aggregate) -> Result<usize, StoreError> {
    Ok(item_of(aggregate)?.iter().map(|(name, value)| name.len() + value_bytes(value)).sum())
}

fn value_bytes(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        // Two digits a byte, and one byte more.
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::L(values) => 3 + values.iter().map(|value| 1 + value_bytes(value)).sum::<usize>(),
        AttributeValue::M(values) => {
            3 + values.iter().map(|(name, value)| 1 + name.len() + value_bytes(value)).sum::<usize>()
        }
        _ => 1,
    }
}

fn aggregate_from(mut item: Item, operation: &'static str) -> Result<Aggregate, StoreError> {
    let (pk, sk) = (take_text(&mut item, "pk").unwrap_or_default(), take_text(&mut item, "sk").unwrap_or_default());
    let unreadable = |what: &str| broken(operation, format!("the item {pk} {sk} {what}"));
    let seq = take_text(&mut item, "seq").and_then(|seq| SequenceNumber::parse(&seq).ok());
    let seq = seq.ok_or_else(|| unreadable("has no sequence number"))?;
    let ttl = match item.remove("ttl") {
        Some(AttributeValue::N(seconds)) => seconds.parse().ok(),
        _ => None,
    };
    let tally = serde_dynamo::from_item(item).map_err(|error| unreadable(&format!("is not an aggregate: {error}")))?;
    Ok(Aggregate { key: AggregateKey { pk: pk.into(), sk: sk.into() }, seq, ttl, tally: Box::new(tally) })
}

pub(super) fn take_text(item: &mut Item, name: &str) -> Option<String> {
    match item.remove(name) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}
