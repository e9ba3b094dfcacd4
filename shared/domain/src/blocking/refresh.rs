//! Keeps the list in memory as new as the stored one, to some seconds.

use std::sync::Arc;

use futures::lock::Mutex;

use super::entry::BlockedTarget;
use super::ports::BlockListReader;
use crate::ports::Clock;
use crate::values::block_list::{BlockList, BlockedTargets};
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;

/// How long the list in memory counts as new, in seconds.
pub const FRESH_SECONDS: i64 = 15;
/// How many entries are read at a time.
const AT_A_TIME: usize = 1000;

/// Reads the list when it may have changed.
pub struct BlockListRefresher {
    store: Arc<dyn BlockListReader>,
    clock: Arc<dyn Clock>,
    list: BlockedTargets,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    checked_at: Option<Timestamp>,
    revision: Option<u64>,
}

impl BlockListRefresher {
    /// Refreshes `list`, which is empty until then.
    pub fn new(store: Arc<dyn BlockListReader>, clock: Arc<dyn Clock>, list: BlockedTargets) -> Self {
        Self { store, clock, list, state: Mutex::default() }
    }

    /// Makes the list as new as [`FRESH_SECONDS`]. Mostly that is nothing to do, or one small read. If the store fails, the list stays
    /// as it was, and the failure is logged: a list that cannot be read must stop neither links nor visitors.
    pub async fn refresh(&self) {
        let now = self.clock.now();
        let mut state = self.state.lock().await;
        if state.checked_at.is_some_and(|checked| now < checked.plus_seconds(FRESH_SECONDS)) {
            return;
        }
        state.checked_at = Some(now);
        if let Err(error) = self.read(&mut state.revision).await {
            tracing::error!(event = "block_list.not_read", operation = error.operation, %error);
        }
    }

    async fn read(&self, known: &mut Option<u64>) -> Result<(), StoreError> {
        let revision = self.store.revision().await?;
        if *known == Some(revision) {
            return Ok(());
        }
        let mut entries: Vec<BlockedTarget> = Vec::new();
        // Revision 0 is a list that nobody has ever written: most stacks have none.
        let mut is_whole = revision == 0;
        while !is_whole {
            let page = self.store.page("", entries.last().map(|entry| &entry.target), AT_A_TIME).await?;
            is_whole = page.len() < AT_A_TIME;
            entries.extend(page);
            is_whole |= entries.len() >= BlockedTarget::MAX_ENTRIES;
        }
        let count = entries.len();
        self.list.set(BlockList::new(entries.into_iter().map(|entry| (entry.target, entry.reason))));
        *known = Some(revision);
        tracing::info!(event = "block_list.read", entries = count, revision);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::blocking::MemoryBlockList;
    use crate::testing::system::FixedClock;

    const URL: &str = "https://evil.example/";

    #[tokio::test]
    async fn change_is_seen_within_seconds_and_an_outage_keeps_the_list() {
        let (store, clock) = (Arc::<MemoryBlockList>::default(), Arc::new(FixedClock::at("2026-01-01T00:00:00Z")));
        let list = BlockedTargets::default();
        let refresher = BlockListRefresher::new(store.clone(), clock.clone(), list.clone());
        refresher.refresh().await;
        store.block("evil.example").await;
        refresher.refresh().await;
        assert!(list.reason(URL).is_none(), "still new enough");
        clock.advance(FRESH_SECONDS);
        refresher.refresh().await;
        assert!(list.reason(URL).is_some());
        store.fail(true);
        clock.advance(FRESH_SECONDS);
        refresher.refresh().await;
        assert!(list.reason(URL).is_some(), "the list stays as it was");
        store.fail(false);
        for n in 0..2500 {
            store.block(&format!("evil{n}.example")).await;
        }
        clock.advance(FRESH_SECONDS);
        refresher.refresh().await;
        assert!(list.reason("https://evil2499.example/").is_some() && list.reason(URL).is_some());
        let reads = store.reads();
        clock.advance(FRESH_SECONDS);
        refresher.refresh().await;
        assert_eq!(store.reads(), reads, "an unchanged list is not read again");
    }

    #[tokio::test]
    async fn list_that_was_never_read_is_read_once_the_store_answers() {
        let (store, clock) = (Arc::<MemoryBlockList>::default(), Arc::new(FixedClock::at("2026-01-01T00:00:00Z")));
        let list = BlockedTargets::default();
        let refresher = BlockListRefresher::new(store.clone(), clock.clone(), list.clone());
        store.block("evil.example").await;
        store.fail(true);
        refresher.refresh().await;
        store.fail(false);
        clock.advance(FRESH_SECONDS);
        refresher.refresh().await;
        assert!(list.reason(URL).is_some());
    }
}
