//! Writes on a condition.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use waypost_domain::StoreError;

use super::Item;
use crate::error::store_error;

/// What became of a conditional write: `false` if its condition did not hold, for which the first try of this very write
/// can be the reason, if its answer was lost.
///
/// # Errors
/// Any other failure, as the port's error for `operation`.
pub(super) fn was_written<T, E, R>(
    operation: &'static str,
    result: Result<T, SdkError<E, R>>,
) -> Result<bool, StoreError>
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match result {
        Ok(_) => Ok(true),
        Err(SdkError::ServiceError(refusal)) if refusal.err().code() == Some("ConditionalCheckFailedException") => {
            Ok(false)
        }
        Err(error) => Err(store_error(operation, error)),
    }
}

/// Puts `item` where there is none with its key; says whether it did.
pub(super) async fn put_if_absent(
    client: &Client,
    table: &str,
    operation: &'static str,
    item: Item,
) -> Result<bool, StoreError> {
    let put = client.put_item().table_name(table).set_item(Some(item));
    was_written(operation, put.condition_expression("attribute_not_exists(pk)").send().await)
}

/// Puts `item`, whose `revision` is given, where the revision before it is; says whether it did.
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
