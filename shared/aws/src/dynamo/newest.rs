//! Lists the keys or jobs of a workspace, newest first.

use aws_sdk_dynamodb::Client;
use waypost_domain::{StoreError, WorkspaceId};

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

/// Reads the `limit` items of a workspace with the greatest sort keys that begin with `prefix`, below the one of the id `before` if it is
/// given. Sees every write that finished before.
pub(super) async fn newest_of_workspace(
    client: &Client,
    table: &str,
    operation: &'static str,
    (workspace, prefix): (&WorkspaceId, &str),
    before: Option<&str>,
    limit: usize,
) -> Result<Vec<Item>, StoreError> {
    newest_below(client, table, operation, (format!("WS#{workspace}"), prefix), before, limit).await
}

/// Reads the `limit` items of the partition with the greatest sort keys that begin with `prefix`, as [`newest_of_workspace`] does.
pub(super) async fn newest_below(
    client: &Client,
    table: &str,
    operation: &'static str,
    (pk, prefix): (String, &str),
    before: Option<&str>,
    limit: usize,
) -> Result<Vec<Item>, StoreError> {
    // A range has its ends: the item `before` itself is the first that comes. No id has a `~`.
    let (last, asked) = before.map_or(("~", limit), |before| (before, limit + 1));
    let query = client
        .query()
        .table_name(table)
        .consistent_read(true)
        .scan_index_forward(false)
        .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
        .expression_attribute_values(":pk", text(pk))
        .expression_attribute_values(":first", text(prefix))
        .expression_attribute_values(":last", text(format!("{prefix}{last}")));
    let (mut items, mut start): (Vec<Item>, _) = (Vec::new(), None);
    // A page has at most 1 MB.
    while items.len() < asked {
        let left = i32::try_from(asked - items.len()).unwrap_or(i32::MAX);
        let page = query.clone().limit(left).set_exclusive_start_key(start).send().await;
        let page = page.map_err(|error| store_error(operation, error))?;
        items.extend(page.items.unwrap_or_default());
        start = page.last_evaluated_key;
        if start.is_none() {
            break;
        }
    }
    let own = before.map(|before| text(format!("{prefix}{before}")));
    items.retain(|item| own.is_none() || item.get("sk") != own.as_ref());
    // Without `before` itself, which may be deleted, there is one too many.
    items.truncate(limit);
    Ok(items)
}
