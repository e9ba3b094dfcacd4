//! Remembers one link of each target in `LinksTable`: `pk = TARGET#{workspace}#{domain}#{sha256 of the URL}`, `sk = TARGET`, with
//! the link's `slug`. It only points to the link: read the link itself before you use it.

use async_trait::async_trait;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{CancellationReason, Put, TransactWriteItem};
use sha2::{Digest, Sha256};
use waypost_domain::links::ports::{Insertion, LinkTargets};
use waypost_domain::values::hex::hex;
use waypost_domain::{Domain, Link, LinkAddress, Slug, StoreError, StoreErrorKind, TargetUrl, WorkspaceId};

use super::links::{DynamoLinks, item_of};
use super::{Item, text};
use crate::backoff::Backoff;
use crate::error::{broken, kind_of, store_error};

const INSERT: &str = "targets.insert";

#[async_trait]
impl LinkTargets for DynamoLinks {
    async fn find(
        &self,
        workspace: &WorkspaceId,
        domain: &Domain,
        url: &TargetUrl,
    ) -> Result<Option<LinkAddress>, StoreError> {
        const OPERATION: &str = "targets.find";
        let key = key(workspace, domain, url);
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

    async fn insert_as_only(&self, link: &Link, seen: Option<&LinkAddress>) -> Result<Insertion, StoreError> {
        let free = self.put(item_of(link)?).condition_expression("attribute_not_exists(pk)");
        let remembered = self.put(pointer(link));
        let remembered = match seen {
            None => remembered.condition_expression("attribute_not_exists(pk)"),
            Some(seen) => remembered
                .condition_expression("#slug = :seen")
                .expression_attribute_names("#slug", "slug")
                .expression_attribute_values(":seen", text(seen.slug.as_str())),
        };
        let mut backoff = Backoff::default();
        loop {
            let transaction = self.client.transact_write_items();
            let transaction =
                transaction.transact_items(write(free.clone())?).transact_items(write(remembered.clone())?);
            let Err(error) = transaction.send().await else { return Ok(Insertion::Done) };
            let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
            else {
                return Err(store_error(INSERT, error));
            };
            match outcome(cancelled.cancellation_reasons()) {
                Some(outcome) => return outcome,
                None if backoff.wait().await => {}
                None => return Err(StoreError::new(INSERT, StoreErrorKind::Throttled, "others keep writing it")),
            }
        }
    }
}

/// Reads the result of a cancelled transaction. Gives `None` if it met another transaction and must be tried again.
fn outcome(reasons: &[CancellationReason]) -> Option<Result<Insertion, StoreError>> {
    let code = |index: usize| reasons.get(index).and_then(CancellationReason::code);
    let refused = |index| code(index) == Some("ConditionalCheckFailed");
    if refused(1) {
        return Some(Ok(Insertion::TargetTaken));
    }
    if refused(0) {
        return Some(Ok(Insertion::AddressTaken));
    }
    let cause = reasons.iter().filter_map(CancellationReason::code).find(|code| *code != "None");
    match cause {
        Some("TransactionConflict") => None,
        _ if kind_of(cause) != StoreErrorKind::Broken => None,
        _ => Some(Err(broken(INSERT, format!("the transaction was cancelled: {cause:?}")))),
    }
}

impl DynamoLinks {
    fn put(&self, item: Item) -> PutBuilder {
        Put::builder().table_name(&self.table).set_item(Some(item))
    }
}

fn write(put: PutBuilder) -> Result<TransactWriteItem, StoreError> {
    let put = put.build().map_err(|error| broken(INSERT, error))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

fn pointer(link: &Link) -> Item {
    let mut item = key(&link.workspace, &link.address.domain, &link.url);
    item.insert("slug".to_owned(), text(link.address.slug.as_str()));
    item
}

fn key(workspace: &WorkspaceId, domain: &Domain, url: &TargetUrl) -> Item {
    let pk = format!("TARGET#{workspace}#{domain}#{}", hex(&Sha256::digest(url.as_str())));
    Item::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text("TARGET"))])
}
