//! Lists the keys or imports of a workspace, newest first.

use aws_sdk_dynamodb::Client;
use waypost_domain::StoreError;

use super::links::LIST_INDEX;
use super::{Item, text};
use crate::error::store_error;

/// Reads the `limit` items with the greatest sort keys under `list_pk` in the index `list`, below `before` if it is given. Asks
/// for one page, so that it gives at most 1 MB of items.
pub(super) async fn newest(
    client: &Client,
    table: &str,
    operation: &'static str,
    (list_pk, before): (String, Option<&str>),
    limit: usize,
) -> Result<Vec<Item>, StoreError> {
    let query = client.query().table_name(table).index_name(LIST_INDEX).scan_index_forward(false);
    let query = match before {
        None => query.key_condition_expression("list_pk = :pk"),
        Some(before) => query
            .key_condition_expression("list_pk = :pk AND list_sk < :before")
            .expression_attribute_values(":before", text(before)),
    };
    let limit = i32::try_from(limit).unwrap_or(i32::MAX);
    let page = query.expression_attribute_values(":pk", text(list_pk)).limit(limit).send().await;
    Ok(page.map_err(|error| store_error(operation, error))?.items.unwrap_or_default())
}
