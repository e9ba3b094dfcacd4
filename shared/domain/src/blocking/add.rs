//! Adds targets to the list.

use serde::Deserialize;

use super::entry::BlockedTarget;
use super::operator::require_operator;
use super::ports::{BlockListReader, BlockListWriter};
use crate::access::key::Caller;
use crate::ports::Clock;
use crate::values::block_list::{BlockPattern, BlockReason};
use crate::values::error::Error;
use crate::values::field_errors::Errors;
#[cfg(feature = "openapi")]
use crate::values::schema::TEXT;
use crate::values::text::check_text;
use crate::values::workspace::WorkspaceId;

/// How many entries are read at a time to count them.
const AT_A_TIME: usize = 1000;

/// Targets to block.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewBlockedTargets {
    /// The targets. One that is blocked already gets the new reason and note.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = BlockedTarget::MAX_ADDED)))]
    pub items: Vec<NewBlockedTarget>,
}

/// A target to block.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewBlockedTarget {
    /// What to block.
    #[cfg_attr(feature = "openapi", schemars(with = "BlockPattern"))]
    pub target: String,
    /// Why.
    pub reason: BlockReason,
    /// A note for operators.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = BlockedTarget::MAX_NOTE_CHARS), regex(pattern = TEXT)))]
    pub note: Option<String>,
}

/// The ports of [`block_targets`], and who may.
#[derive(Clone, Copy)]
pub struct BlockTargetsPorts<'a> {
    /// Counts the entries.
    pub reader: &'a dyn BlockListReader,
    /// Writes them.
    pub writer: &'a dyn BlockListWriter,
    /// Tells when.
    pub clock: &'a dyn Clock,
    /// The workspace of the stack's operators.
    pub operators: &'a WorkspaceId,
}

/// Blocks targets for all links of the stack, existing ones too. Returns the entries, each target once. Needs an operator.
///
/// # Errors
/// [`Error::Invalid`] names every item that is wrong; then none is blocked. [`Error::Conflict`] says that the list is full.
pub async fn block_targets(
    ports: &BlockTargetsPorts<'_>,
    caller: &Caller,
    new: &NewBlockedTargets,
) -> Result<Vec<BlockedTarget>, Error> {
    require_operator(caller, ports.operators)?;
    if new.items.is_empty() || new.items.len() > BlockedTarget::MAX_ADDED {
        return Err(Error::invalid("/items", format!("must have 1 to {} items", BlockedTarget::MAX_ADDED)));
    }
    let (mut errors, mut entries) = (Errors::default(), Vec::<BlockedTarget>::new());
    for (index, item) in new.items.iter().enumerate() {
        let target = errors.note(&format!("/items/{index}/target"), BlockPattern::parse(&item.target));
        let note = item.note.as_deref().and_then(|note| {
            errors.note(&format!("/items/{index}/note"), check_text(note, BlockedTarget::MAX_NOTE_CHARS))
        });
        let Some(target) = target else { continue };
        entries.retain(|entry| entry.target != target);
        let (added_at, added_by) = (ports.clock.now(), caller.key_id.clone());
        entries.push(BlockedTarget { target, reason: item.reason, note, added_at, added_by });
    }
    let entries = errors.or(Some(entries))?;
    require_room(ports.reader, entries.len()).await?;
    ports.writer.put(&entries).await?;
    tracing::warn!(event = "targets.blocked", count = entries.len(), by = caller.key_id);
    Ok(entries)
}

async fn require_room(reader: &dyn BlockListReader, more: usize) -> Result<(), Error> {
    let (mut count, mut last) = (0, None);
    loop {
        let page = reader.page("", last.as_ref(), AT_A_TIME).await?;
        count += page.len();
        if count + more > BlockedTarget::MAX_ENTRIES {
            let detail = format!("the list is full: it has at most {} entries", BlockedTarget::MAX_ENTRIES);
            return Err(Error::Conflict(detail));
        }
        if page.len() < AT_A_TIME {
            return Ok(());
        }
        last = page.into_iter().next_back().map(|entry| entry.target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::key::Role;
    use crate::access::scope::Scope;
    use crate::blocking::list::{BlockedPageRequest, list_blocked};
    use crate::blocking::remove::unblock_target;
    use crate::testing::blocking::MemoryBlockList;
    use crate::testing::samples::caller;
    use crate::testing::system::FixedClock;
    use crate::values::page::PageRequest;

    fn operators() -> WorkspaceId {
        WorkspaceId::parse("default").unwrap()
    }

    fn new(targets: &[&str]) -> NewBlockedTargets {
        let item =
            |target: &&str| NewBlockedTarget { target: (*target).to_owned(), reason: BlockReason::Spam, note: None };
        NewBlockedTargets { items: targets.iter().map(item).collect() }
    }

    async fn block(
        store: &MemoryBlockList,
        caller: &Caller,
        new: &NewBlockedTargets,
    ) -> Result<Vec<BlockedTarget>, Error> {
        let (clock, operators) = (FixedClock::at("2026-01-01T00:00:00Z"), operators());
        block_targets(
            &BlockTargetsPorts { reader: store, writer: store, clock: &clock, operators: &operators },
            caller,
            new,
        )
        .await
    }

    #[tokio::test]
    async fn targets_are_blocked_listed_and_released() {
        let (store, operator) = (MemoryBlockList::default(), caller("default", Role::Admin));
        let added = block(&store, &operator, &new(&["B.example", "https://a.example/x", "b.example", "a.example"]))
            .await
            .unwrap();
        assert_eq!(added.len(), 3);
        let (mut found, mut request) = (Vec::new(), BlockedPageRequest::default());
        request.page = PageRequest { limit: Some(2), cursor: None };
        loop {
            let page = list_blocked(&store, &operator, &operators(), &request).await.unwrap();
            found.extend(page.items.into_iter().map(|entry| entry.target.to_string()));
            request.page.cursor = page.next_cursor;
            if request.page.cursor.is_none() {
                break;
            }
        }
        assert_eq!(found, ["a.example", "a.example/x", "b.example"]);
        let request = BlockedPageRequest { prefix: Some("A.example/".to_owned()), ..BlockedPageRequest::default() };
        assert_eq!(list_blocked(&store, &operator, &operators(), &request).await.unwrap().items.len(), 1);
        unblock_target(&store, &operator, &operators(), "https://B.example/").await.unwrap();
        let again = unblock_target(&store, &operator, &operators(), "b.example").await;
        assert!(matches!(again, Err(Error::NotFound(_))));
    }

    #[tokio::test]
    async fn only_operators_may() {
        let store = MemoryBlockList::default();
        let limited =
            Caller { scope: Scope::new(Vec::new(), vec!["a".into()], None), ..caller("default", Role::Admin) };
        for other in [caller("default", Role::Editor), caller("acme", Role::Admin), limited] {
            assert!(matches!(block(&store, &other, &new(&["evil.example"])).await, Err(Error::Forbidden(_))));
            let list = list_blocked(&store, &other, &operators(), &BlockedPageRequest::default()).await;
            assert!(matches!(list, Err(Error::Forbidden(_))));
            let released = unblock_target(&store, &other, &operators(), "evil.example").await;
            assert!(matches!(released, Err(Error::Forbidden(_))));
        }
    }

    #[tokio::test]
    async fn one_wrong_item_blocks_none() {
        let (store, operator) = (MemoryBlockList::default(), caller("default", Role::Admin));
        let mut wrong = new(&["a.example", "com", "b.example"]);
        wrong.items[2].note = Some("\u{7}".to_owned());
        let Err(Error::Invalid(errors)) = block(&store, &operator, &wrong).await else { panic!() };
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/items/1/target", "/items/2/note"]);
        for size in [0, 101] {
            let many = new(&vec!["a.example"; size]);
            assert!(matches!(block(&store, &operator, &many).await, Err(Error::Invalid(_))));
        }
        assert_eq!(store.page("", None, 9).await.unwrap(), []);
    }

    #[tokio::test]
    async fn full_list_takes_no_more() {
        let (store, operator) = (MemoryBlockList::default(), caller("default", Role::Admin));
        for n in 0..BlockedTarget::MAX_ENTRIES {
            store.block(&format!("evil{n}.example")).await;
        }
        assert!(matches!(block(&store, &operator, &new(&["more.example"])).await, Err(Error::Conflict(_))));
    }
}
