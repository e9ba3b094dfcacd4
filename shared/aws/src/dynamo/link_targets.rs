//! Finds links by their target.
//!
//! One link of each target is remembered in `LinksTable`: `pk = TARGET#{workspace}#{domain}#{sha256 of the URL}`, `sk = TARGET`, with
//! the link's `slug`. It only points to the link: read the link itself before you use it. The index `targets` has all links, whatever
//! wrote them; it lags behind, so that only the remembered link decides between concurrent requests.

use std::cmp::Reverse;
use std::collections::HashMap;

use async_trait::async_trait;
use futures::future::try_join_all;
use waypost_domain::links::ports::{Insertion, LinkTargets, MAX_FOUND};
use waypost_domain::{Domain, Link, LinkAddress, Slug, StoreError, TargetUrl, WorkspaceId};

use super::link_changes::Unchanged;
use super::link_moves::{ConditionalPut, Transacted};
use super::links::{DynamoLinks, TARGETS_INDEX, item_of, target_pk};
use super::stored_link::address_in;
use super::{Item, text};
use crate::error::{broken, store_error};

/// How many links of a target are found in each shard of the index.
#[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "a small constant")]
const FOUND_IN_SHARD: i32 = MAX_FOUND as i32 / Link::LIST_SHARDS as i32;

#[async_trait]
impl LinkTargets for DynamoLinks {
    async fn find(
        &self,
        workspace: &WorkspaceId,
        domain: &Domain,
        url: &TargetUrl,
    ) -> Result<Option<LinkAddress>, StoreError> {
        const OPERATION: &str = "targets.find";
        let key = key(&Link::target_key(workspace, domain, url));
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key)).consistent_read(true);
        let found = get.send().await.map_err(|error| store_error(OPERATION, error))?;
        let Some(item) = found.item else { return Ok(None) };
        let slug = item.get("slug").and_then(|slug| slug.as_s().ok()).and_then(|slug| Slug::parse(slug.as_str()).ok());
        let slug = slug.ok_or_else(|| broken(OPERATION, "the remembered link has no slug"))?;
        Ok(Some(LinkAddress { domain: domain.clone(), slug }))
    }

    async fn remember(&self, link: &Link) -> Result<(), StoreError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(pointer(link)));
        put.send().await.map(drop).map_err(|error| store_error("targets.remember", error))
    }

    async fn find_all(
        &self,
        workspace: &WorkspaceId,
        domain: &Domain,
        url: &TargetUrl,
    ) -> Result<Vec<LinkAddress>, StoreError> {
        const OPERATION: &str = "targets.find_all";
        let target = Link::target_key(workspace, domain, url);
        let queries = (0..Link::LIST_SHARDS).map(|shard| {
            let query = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(TARGETS_INDEX)
                .key_condition_expression("target_pk = :pk")
                .expression_attribute_values(":pk", text(target_pk(&target, shard)))
                .scan_index_forward(false)
                .limit(FOUND_IN_SHARD);
            async move { query.send().await.map_err(|error| store_error(OPERATION, error)) }
        });
        let pages = try_join_all(queries).await?;
        let mut items: Vec<Item> = pages.into_iter().flat_map(|page| page.items.unwrap_or_default()).collect();
        let created = |item: &Item| item.get("list_sk").and_then(|key| key.as_s().ok().cloned());
        items.sort_by_key(|item| Reverse(created(item)));
        Ok(items.iter().filter_map(address_in).collect())
    }

    async fn insert_as_only(&self, link: &Link, seen: Option<&LinkAddress>) -> Result<Insertion, StoreError> {
        let free = ConditionalPut::new(item_of(link)?, Unchanged::free_for(&link.workspace));
        let remembered = ConditionalPut::new(pointer(link), still(seen));
        Ok(match self.transact("targets.insert", vec![free, remembered]).await? {
            Transacted::Done => Insertion::Done,
            Transacted::Refused(refused) if refused.contains(&1) => Insertion::TargetTaken,
            Transacted::Refused(_) => Insertion::AddressTaken,
        })
    }
}

/// Requires that the store still remembers `seen` for the target.
fn still(seen: Option<&LinkAddress>) -> Unchanged {
    match seen {
        None => Unchanged { expression: "attribute_not_exists(pk)".to_owned(), ..Unchanged::default() },
        Some(seen) => Unchanged {
            expression: "#slug = :seen".to_owned(),
            names: HashMap::from([("#slug".to_owned(), "slug".to_owned())]),
            values: Item::from([(":seen".to_owned(), text(seen.slug.as_str()))]),
        },
    }
}

fn pointer(link: &Link) -> Item {
    let mut item = key(&Link::target_key(&link.workspace, &link.address.domain, &link.url));
    item.insert("slug".to_owned(), text(link.address.slug.as_str()));
    item
}

fn key(target: &str) -> Item {
    Item::from([("pk".to_owned(), text(format!("TARGET#{target}"))), ("sk".to_owned(), text("TARGET"))])
}
