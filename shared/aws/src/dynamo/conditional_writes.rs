//! Writes items on a condition.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use waypost_domain::StoreError;

use super::Item;
use crate::error::store_error;

/// Reads the result of a conditional write: `false` if its condition did not hold. The first attempt of the same write can be
/// the reason, if its answer was lost.
///
/// # Errors
/// Any other failure, as the port's error for `operation`.
pub(super) fn was_written<T, E>(operation: &'static str, result: Result<T, SdkError<E>>) -> Result<bool, StoreError>
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    match result {
        Ok(_) => Ok(true),
        Err(SdkError::ServiceError(refusal)) if refusal.err().code() == Some("ConditionalCheckFailedException") => {
            Ok(false)
        }
        Err(error) => Err(store_error(operation, error)),
    }
}

/// Puts `item` if there is no item with its key. Says whether it did.
pub(super) async fn put_if_absent(
    client: &Client,
    table: &str,
    operation: &'static str,
    item: Item,
) -> Result<bool, StoreError> {
    let put = client.put_item().table_name(table).set_item(Some(item));
    was_written(operation, put.condition_expression("attribute_not_exists(pk)").send().await)
}

/// Puts `item`, which has this `revision`, in place of the revision before it. Says whether it did.
pub(super) async fn put_next(
    client: &Client,
    table: &str,
    operation: &'static str,
    (item, revision): (Item, u64),
) -> Result<bool, StoreError> {
    let before = AttributeValue::N(revision.saturating_sub(1).to_string());
    let put = client
        .put_item()
        .table_name(table)
        .set_item(Some(item))
        .condition_expression("#revision = :before")
        .expression_attribute_names("#revision", "revision")
        .expression_attribute_values(":before", before);
    was_written(operation, put.send().await)
}
