//! Lists a workspace's links from all shards of the index.
//!
//! A query reads each shard from its newest link down. The links that are newer than the last item read of every open shard
//! are complete; when there are enough of them, the page is done. Without a selective filter one round of queries is enough.
//! With one, there are up to [`MAX_ROUNDS`] rounds, and the page ends where the search ended: a rare tag never makes a request
//! do more work than that.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::try_join_all;
use std::cmp::Reverse;
use std::collections::HashMap;
use waypost_domain::links::ports::LinkIndex;
use waypost_domain::links::query::{LinkFilter, LinkQuery, LinkSlice};
use waypost_domain::{Link, StoreError, WorkspaceId};

use super::links::{DynamoLinks, LIST_INDEX, link_from, list_pk};
use super::{Item, text};
use crate::error::store_error;

/// The most rounds of queries for a page.
pub const MAX_ROUNDS: usize = 5;
/// How many items a query reads in each shard if a filter may leave out most of them. (A query also ends after 1 MB.)
const LOOKED_AT: usize = 500;
const OPERATION: &str = "links.page";

/// A shard, and how far it has been read.
#[derive(Debug)]
struct Shard {
    list_pk: String,
    /// Where to go on: the last item that was read. `None` before the first read and after the last.
    start: Option<Item>,
    /// Whether there may be more items.
    open: bool,
}

impl Shard {
    /// The key of the last item that was read.
    fn position(&self) -> Option<&str> {
        self.start.as_ref()?.get("list_sk")?.as_s().ok().map(String::as_str)
    }
}

#[async_trait]
impl LinkIndex for DynamoLinks {
    async fn page(&self, workspace: &WorkspaceId, query: &LinkQuery) -> Result<LinkSlice, StoreError> {
        let Some(condition) = Condition::of(query) else { return Ok(LinkSlice::default()) };
        let shard = |number| Shard { list_pk: list_pk(workspace, number), start: None, open: true };
        let mut shards: Vec<Shard> = (0..Link::LIST_SHARDS).map(shard).collect();
        let mut found: Vec<Link> = Vec::new();
        for round in 0..MAX_ROUNDS {
            let look_at = if round == 0 && !query.filter.is_selective() { query.limit } else { LOOKED_AT };
            // The last link of the page so far: a shard that has been read that far has no newer one.
            let enough = query.limit.checked_sub(1).and_then(|last| found.get(last)).map(Link::list_key);
            let behind = |shard: &&mut Shard| {
                let position = shard.position();
                shard.open && enough.as_deref().is_none_or(|enough| position.is_none_or(|position| position > enough))
            };
            let queries = shards.iter_mut().filter(behind).map(|shard| self.read_on(shard, &condition, look_at));
            found.extend(try_join_all(queries).await?.into_iter().flatten());
            found.sort_by_cached_key(|link| Reverse(link.list_key()));
            let Some(horizon) = horizon(&shards) else {
                found.truncate(query.limit);
                return Ok(LinkSlice { links: found, reached: None });
            };
            if found.get(query.limit.saturating_sub(1)).is_some_and(|last| last.list_key() >= horizon) {
                found.truncate(query.limit);
                return Ok(LinkSlice { links: found, reached: None });
            }
        }
        let reached = horizon(&shards);
        found.retain(|link| reached.as_ref().is_none_or(|reached| link.list_key() >= *reached));
        Ok(LinkSlice { links: found, reached })
    }
}

/// Finds the key down to which all open shards have been read; `None` if no shard is open.
fn horizon(shards: &[Shard]) -> Option<String> {
    shards.iter().filter(|shard| shard.open).filter_map(Shard::position).max().map(str::to_owned)
}

impl DynamoLinks {
    /// Reads the links among the next `look_at` items of a shard.
    async fn read_on(&self, shard: &mut Shard, condition: &Condition, look_at: usize) -> Result<Vec<Link>, StoreError> {
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(LIST_INDEX)
            .scan_index_forward(false)
            .key_condition_expression(condition.key)
            .set_filter_expression(condition.filter.clone())
            .set_expression_attribute_names(condition.names.clone())
            .set_expression_attribute_values(Some(condition.values.clone()))
            .expression_attribute_values(":pk", text(shard.list_pk.as_str()))
            .limit(i32::try_from(look_at).unwrap_or(i32::MAX))
            .set_exclusive_start_key(shard.start.take())
            .send()
            .await
            .map_err(|error| store_error(OPERATION, error))?;
        shard.open = page.last_evaluated_key.is_some();
        shard.start = page.last_evaluated_key;
        page.items.unwrap_or_default().into_iter().map(|item| link_from(item, OPERATION)).collect()
    }
}

/// The expressions of a query.
#[derive(Debug)]
struct Condition {
    key: &'static str,
    filter: Option<String>,
    names: Option<HashMap<String, String>>,
    values: Item,
}

impl Condition {
    /// Makes the expressions. Gives `None` if no key can meet the query.
    fn of(query: &LinkQuery) -> Option<Self> {
        let mut values = Item::new();
        let key = match (query.lower(), query.upper()) {
            (None, None) => "list_pk = :pk",
            (Some(lower), None) => {
                values.insert(":lower".to_owned(), text(lower));
                "list_pk = :pk AND list_sk >= :lower"
            }
            (None, Some(upper)) => {
                values.insert(":upper".to_owned(), text(upper));
                "list_pk = :pk AND list_sk < :upper"
            }
            (Some(lower), Some(upper)) => {
                let last = last_below(&upper);
                if last < lower {
                    return None;
                }
                values.insert(":lower".to_owned(), text(lower));
                values.insert(":upper".to_owned(), text(last));
                "list_pk = :pk AND list_sk BETWEEN :lower AND :upper"
            }
        };
        let mut names = HashMap::new();
        let filter = filter_expression(&query.filter, &mut names, &mut values);
        Some(Self { key, filter, names: (!names.is_empty()).then_some(names), values })
    }
}

/// Makes a text that is less than `upper`, but greater than every list key below it: list keys are printable ASCII.
/// (`BETWEEN` includes its ends, and a query has one condition on the sort key.)
fn last_below(upper: &str) -> String {
    let mut text = upper.to_owned();
    match text.pop().and_then(|last| u8::try_from(last).ok()) {
        Some(last) if last > 0 => text + &format!("{}\u{7f}", char::from(last - 1)),
        _ => text,
    }
}

fn filter_expression(filter: &LinkFilter, names: &mut HashMap<String, String>, values: &mut Item) -> Option<String> {
    let mut parts = Vec::new();
    let mut name = |placeholder: &str, name: &str| drop(names.insert(placeholder.to_owned(), name.to_owned()));
    let mut value = |placeholder: String, value| drop(values.insert(placeholder, value));
    if !filter.tags.is_empty() {
        name("#tags", "tags");
        let tags = filter.tags.iter().enumerate().map(|(index, tag)| {
            value(format!(":tag{index}"), text(tag.as_str()));
            format!("contains(#tags, :tag{index})")
        });
        let tags: Vec<String> = tags.collect();
        parts.push(format!("({})", tags.join(if filter.any_tag { " OR " } else { " AND " })));
    }
    if let Some(domain) = &filter.domain {
        name("#domain", "domain");
        value(":domain".to_owned(), text(domain.as_str()));
        parts.push("#domain = :domain".to_owned());
    }
    if let Some(prefix) = &filter.slug_prefix {
        name("#slug", "slug");
        value(":prefix".to_owned(), text(prefix.as_str()));
        parts.push("begins_with(#slug, :prefix)".to_owned());
    }
    if let Some(archived) = filter.archived {
        name("#archived", "archived");
        value(":archived".to_owned(), AttributeValue::Bool(true));
        // Links that are not archived have no such attribute.
        let part = if archived {
            "#archived = :archived"
        } else {
            "(attribute_not_exists(#archived) OR #archived <> :archived)"
        };
        parts.push(part.to_owned());
    }
    if let Some(broken) = filter.broken {
        name("#check", "target_check");
        name("#status", "status");
        value(":broken".to_owned(), text("broken"));
        // A link whose target always worked has no such attribute.
        let part = if broken {
            "#check.#status = :broken"
        } else {
            "(attribute_not_exists(#check) OR #check.#status <> :broken)"
        };
        parts.push(part.to_owned());
    }
    // A link that never expires has no such attribute, and a comparison with what is absent is false. Times are texts in their order.
    for (bound, operator, time) in
        [(":expires_from", ">=", filter.expires_from), (":expires_before", "<", filter.expires_before)]
    {
        if let Some(time) = time {
            name("#expires_at", "expires_at");
            value(bound.to_owned(), text(time.to_string()));
            parts.push(format!("#expires_at {operator} {bound}"));
        }
    }
    let scope = &filter.scope;
    if !scope.tags().is_empty() {
        name("#tags", "tags");
        let tags = scope.tags().iter().enumerate().map(|(index, tag)| {
            value(format!(":scope_tag{index}"), text(tag.as_str()));
            format!("contains(#tags, :scope_tag{index})")
        });
        parts.push(format!("({})", tags.collect::<Vec<_>>().join(" OR ")));
    }
    if !scope.domains().is_empty() {
        name("#domain", "domain");
        let domains = scope.domains().iter().enumerate().map(|(index, domain)| {
            value(format!(":scope_domain{index}"), text(domain.as_str()));
            format!(":scope_domain{index}")
        });
        parts.push(format!("#domain IN ({})", domains.collect::<Vec<_>>().join(", ")));
    }
    if let Some(creator) = scope.creator() {
        name("#created_by", "created_by");
        value(":creator".to_owned(), text(creator));
        parts.push("#created_by = :creator".to_owned());
    }
    (!parts.is_empty()).then(|| parts.join(" AND "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_that_is_not_included_leaves_out_nothing_else() {
        let upper = "2026-01-01T00:00:00.000Z#b#go.example.com";
        let last = last_below(upper);
        assert!(last.as_str() < upper);
        for key in [
            "2026-01-01T00:00:00.000Z#b#go.example.co",
            "2026-01-01T00:00:00.000Z#b#go.example.col.zz",
            "2026-01-01T00:00:00.000Z#a~~#go.example.com",
            "2025-12-31T23:59:59.999Z#z#z",
        ] {
            assert!(key < last.as_str(), "{key}");
        }
    }
}
