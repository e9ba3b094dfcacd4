//! Counts attempts of which no more than some may be made, in the attribute `tries` of an item with a `ttl`.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use waypost_domain::StoreError;

use super::Item;
use super::conditional_writes::was_written;

/// Counts one attempt more in the item with the key `key` of `table`, deleted some time after `expiry` (Unix time in seconds). Gives
/// `false`, and counts nothing, if it has `limit` attempts.
pub(super) async fn begin(
    client: &Client,
    operation: &'static str,
    (table, key): (&str, Item),
    limit: u32,
    expiry: i64,
) -> Result<bool, StoreError> {
    let result = client
        .update_item()
        .table_name(table)
        .set_key(Some(key))
        .update_expression("ADD tries :one SET #ttl = :ttl")
        .condition_expression("attribute_not_exists(tries) OR tries < :limit")
        .expression_attribute_names("#ttl", "ttl")
        .expression_attribute_values(":one", number(1))
        .expression_attribute_values(":limit", number(limit.into()))
        .expression_attribute_values(":ttl", number(expiry))
        .send()
        .await;
    was_written(operation, result)
}

/// Takes one attempt back, if there is one: it must not make an item without a `ttl`.
pub(super) async fn take_back(
    client: &Client,
    operation: &'static str,
    (table, key): (&str, Item),
) -> Result<(), StoreError> {
    let result = client
        .update_item()
        .table_name(table)
        .set_key(Some(key))
        .update_expression("ADD tries :back")
        .condition_expression("tries > :none")
        .expression_attribute_values(":back", number(-1))
        .expression_attribute_values(":none", number(0))
        .send()
        .await;
    was_written(operation, result).map(drop)
}

pub(super) fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
