//! Counts password attempts by link and minute: `pk = TRY#{domain}#{slug}`, deleted some time later. `sk = TRY#{minute}` counts
//! those of all visitors, `sk = TRY#{minute}#{name}` those of one.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use waypost_domain::redirect::ports::PasswordAttempts;
use waypost_domain::{LinkAddress, StoreError, Timestamp};

use super::conditional_writes::was_written;
use super::{Item, text};

/// How long a minute's item is kept, in seconds. It has no use after the minute.
const KEPT_SECONDS: i64 = 3600;

/// Attempts in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoPasswordAttempts {
    client: Client,
    table: String,
}

impl DynamoPasswordAttempts {
    /// Attempts in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

#[async_trait]
impl PasswordAttempts for DynamoPasswordAttempts {
    async fn begin(
        &self,
        address: &LinkAddress,
        who: Option<&str>,
        now: Timestamp,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let result = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(address, who, now)))
            .update_expression("ADD tries :one SET #ttl = :ttl")
            .condition_expression("attribute_not_exists(tries) OR tries < :limit")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":limit", number(limit.into()))
            .expression_attribute_values(":ttl", number(now.as_seconds() + KEPT_SECONDS))
            .send()
            .await;
        was_written("attempts.begin", result)
    }

    /// Subtracts only from an item that exists: otherwise it would make one without a `ttl`.
    async fn take_back(&self, address: &LinkAddress, who: Option<&str>, now: Timestamp) -> Result<(), StoreError> {
        let result = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(address, who, now)))
            .update_expression("ADD tries :back")
            .condition_expression("tries > :none")
            .expression_attribute_values(":back", number(-1))
            .expression_attribute_values(":none", number(0))
            .send()
            .await;
        was_written("attempts.take_back", result).map(drop)
    }
}

fn key(address: &LinkAddress, who: Option<&str>, now: Timestamp) -> Item {
    let minute = now.as_seconds().div_euclid(60);
    let name = who.map(|who| format!("#{who}")).unwrap_or_default();
    Item::from([
        ("pk".to_owned(), text(format!("TRY#{}#{}", address.domain, address.slug))),
        ("sk".to_owned(), text(format!("TRY#{minute}{name}"))),
    ])
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
