//! Writes a link together with its other addresses, in one transaction, and remembers where links have moved:
//! `pk = MOVED#{workspace}#{link id}`, `sk = MOVED`, with the link's present `domain` and `slug`.

use async_trait::async_trait;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, Put, TransactWriteItem};
use futures::stream::{self, StreamExt, TryStreamExt};
use waypost_domain::links::ports::{LinkMoves, LinkReader, LinkRestorer, LinkWriter, Relocation};
use waypost_domain::{Link, LinkAddress, LinkId, StoreError, StoreErrorKind, Timestamp, WorkspaceId};

use super::link_changes::Unchanged;
use super::links::{DynamoLinks, item_of};
use super::stored_link::{Alias, Reservation, pointer_of, read};
use super::{Item, text};
use crate::backoff::Backoff;
use crate::error::{broken, kind_of, store_error};

/// How many pointers are read at a time.
const AT_A_TIME: usize = 25;

/// A put on a condition.
pub(super) struct ConditionalPut {
    item: Item,
    condition: Option<Unchanged>,
}

/// The result of a transaction of puts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Transacted {
    Done,
    /// The conditions of these puts did not hold. Nothing was written.
    Refused(Vec<usize>),
}

impl DynamoLinks {
    /// Replaces `seen` by `next` at all addresses of both, and remembers a move.
    pub(super) async fn write_relocated(
        &self,
        seen: &Link,
        next: &Link,
        now: Timestamp,
    ) -> Result<Relocation, StoreError> {
        let unclicked = Unchanged::since(seen).and_unclicked(seen);
        let moves = next.address != seen.address;
        let mut puts = Vec::new();
        if moves {
            let condition = if seen.aliases.contains(&next.address) {
                Unchanged::alias_of(&seen.id())
            } else {
                Unchanged::free_for(&next.workspace)
            };
            puts.push(ConditionalPut { item: item_of(next)?, condition: Some(condition) });
            puts.push(ConditionalPut { item: vacated(&seen.address, next, now)?, condition: Some(unclicked) });
            puts.push(ConditionalPut { item: moved(next), condition: None });
        } else {
            puts.push(ConditionalPut { item: item_of(next)?, condition: Some(unclicked) });
        }
        for alias in seen.aliases.iter().filter(|alias| **alias != next.address) {
            let condition = Some(Unchanged::alias_of(&seen.id()));
            puts.push(ConditionalPut { item: vacated(alias, next, now)?, condition });
        }
        let of_link = puts.len();
        let known = |alias: &LinkAddress| seen.addresses().any(|address| address == alias);
        for alias in next.aliases.iter().filter(|alias| !known(alias)) {
            let condition = Some(Unchanged::free_for(&next.workspace));
            puts.push(ConditionalPut { item: pointer_of(alias, &Alias::of(next))?, condition });
        }
        let asks_for_room = |index: &usize| moves && *index == 0 || *index >= of_link;
        Ok(match self.transact("links.relocate", puts).await? {
            Transacted::Done => Relocation::Done,
            Transacted::Refused(refused) if refused.iter().all(asks_for_room) => Relocation::Taken,
            Transacted::Refused(_) => Relocation::Changed,
        })
    }

    /// Deletes `seen` and its aliases, and reserves their addresses. Returns whether the link was unchanged.
    pub(super) async fn write_deleted(&self, seen: &Link, now: Timestamp) -> Result<bool, StoreError> {
        let reserved = |address| pointer_of(address, &Reservation::new(&seen.workspace, now));
        let link = ConditionalPut { item: reserved(&seen.address)?, condition: Some(Unchanged::since(seen)) };
        let mut puts = vec![link];
        for alias in &seen.aliases {
            puts.push(ConditionalPut { item: reserved(alias)?, condition: Some(Unchanged::alias_of(&seen.id())) });
        }
        Ok(self.transact("links.delete", puts).await? == Transacted::Done)
    }

    /// Writes all of `puts` or none. Tries again, within bounds, while other writes get in the way.
    pub(super) async fn transact(
        &self,
        operation: &'static str,
        puts: Vec<ConditionalPut>,
    ) -> Result<Transacted, StoreError> {
        let puts = puts.into_iter().map(|put| self.write(put).map_err(|error| broken(operation, error)));
        let puts: Vec<TransactWriteItem> = puts.collect::<Result<_, _>>()?;
        let mut backoff = Backoff::default();
        loop {
            let transaction = self.client.transact_write_items().set_transact_items(Some(puts.clone()));
            let Err(error) = transaction.send().await else { return Ok(Transacted::Done) };
            let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
            else {
                return Err(store_error(operation, error));
            };
            match outcome(operation, cancelled.cancellation_reasons()) {
                Some(outcome) => return outcome,
                None if backoff.wait().await => {}
                None => return Err(StoreError::new(operation, StoreErrorKind::Throttled, "others keep writing it")),
            }
        }
    }

    fn write(&self, put: ConditionalPut) -> Result<TransactWriteItem, aws_sdk_dynamodb::error::BuildError> {
        let mut built = Put::builder().table_name(&self.table).set_item(Some(put.item));
        if let Some(condition) = put.condition {
            built = built
                .condition_expression(condition.expression)
                .set_expression_attribute_names(Some(condition.names).filter(|names| !names.is_empty()))
                .set_expression_attribute_values(Some(condition.values).filter(|values| !values.is_empty()));
        }
        Ok(TransactWriteItem::builder().put(built.build()?).build())
    }
}

impl ConditionalPut {
    pub(super) fn new(item: Item, condition: Unchanged) -> Self {
        Self { item, condition: Some(condition) }
    }
}

/// Reads the result of a cancelled transaction. Gives `None` if it met another write and must be tried again.
fn outcome(operation: &'static str, reasons: &[CancellationReason]) -> Option<Result<Transacted, StoreError>> {
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.code().unwrap_or("None")).collect();
    let refused: Vec<usize> = (0..codes.len()).filter(|index| codes[*index] == "ConditionalCheckFailed").collect();
    if !refused.is_empty() {
        return Some(Ok(Transacted::Refused(refused)));
    }
    let cause = codes.into_iter().find(|code| *code != "None");
    match cause {
        Some("TransactionConflict") => None,
        _ if kind_of(cause) != StoreErrorKind::Broken => None,
        _ => Some(Err(broken(operation, format!("the transaction was cancelled: {cause:?}")))),
    }
}

/// Makes the item at an address that `next` has left: an alias if the link keeps it, else a reservation.
fn vacated(address: &LinkAddress, next: &Link, now: Timestamp) -> Result<Item, StoreError> {
    if next.aliases.contains(address) {
        pointer_of(address, &Alias::of(next))
    } else {
        pointer_of(address, &Reservation::new(&next.workspace, now))
    }
}

fn moved(link: &Link) -> Item {
    let mut item = moved_key(&link.workspace, &link.id());
    item.insert("domain".to_owned(), text(link.address.domain.as_str()));
    item.insert("slug".to_owned(), text(link.address.slug.as_str()));
    item
}

fn moved_key(workspace: &WorkspaceId, id: &LinkId) -> Item {
    Item::from([("pk".to_owned(), text(format!("MOVED#{workspace}#{id}"))), ("sk".to_owned(), text("MOVED"))])
}

#[async_trait]
impl LinkRestorer for DynamoLinks {
    async fn restore(&self, link: &Link) -> Result<bool, StoreError> {
        if link.aliases.is_empty() {
            return self.insert(link).await;
        }
        let free = || Unchanged::free_for(&link.workspace);
        let mut puts = vec![ConditionalPut::new(item_of(link)?, free())];
        for alias in &link.aliases {
            puts.push(ConditionalPut::new(pointer_of(alias, &Alias::of(link))?, free()));
        }
        let done = self.transact("links.restore", puts).await? == Transacted::Done;
        // The first attempt of this write may have succeeded although its answer was lost.
        Ok(done || self.get_latest(&link.address).await?.as_ref() == Some(link))
    }
}

#[async_trait]
impl LinkMoves for DynamoLinks {
    async fn addresses(&self, workspace: &WorkspaceId, ids: &[LinkId]) -> Result<Vec<Option<LinkAddress>>, StoreError> {
        const OPERATION: &str = "links.addresses";
        let reads: Vec<_> = ids
            .iter()
            .map(|id| {
                let get = self.client.get_item().table_name(&self.table).set_key(Some(moved_key(workspace, id)));
                async move {
                    let found = get.send().await.map_err(|error| store_error(OPERATION, error))?;
                    found.item.map(|item| read(item, OPERATION, "the address of a link")).transpose()
                }
            })
            .collect();
        stream::iter(reads).buffered(AT_A_TIME).try_collect().await
    }
}
