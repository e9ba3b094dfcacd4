//! Keeps collections and the parts of them that pages show.

use std::mem::size_of;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Freshness, ReadCache, Recency, Source};
use crate::files::collections::collection::Collection;
use crate::files::collections::reader::{CollectionAddress, CollectionPart, CollectionReader};
use crate::files::file::StoredFile;
use crate::ports::Clock;
use crate::values::error::StoreError;

/// Reads collections through a cache. A page with a file that visitors wait for is kept as briefly as a missing collection.
pub struct CachedCollections {
    collections: ReadCache<Collections>,
    parts: ReadCache<Parts>,
}

struct Collections(Arc<dyn CollectionReader>);

struct Parts(Arc<dyn CollectionReader>);

impl CachedCollections {
    /// Puts a cache in front of `collections`.
    pub fn new(collections: Arc<dyn CollectionReader>, clock: Arc<dyn Clock>, freshness: Freshness) -> Self {
        Self {
            collections: ReadCache::new(Collections(collections.clone()), clock.clone(), freshness),
            parts: ReadCache::new(Parts(collections), clock, freshness),
        }
    }
}

#[async_trait]
impl CollectionReader for CachedCollections {
    async fn collection(&self, address: &CollectionAddress) -> Result<Option<Arc<Collection>>, StoreError> {
        self.collections.get(address).await
    }

    async fn part(
        &self,
        address: &CollectionAddress,
        after: Option<&str>,
    ) -> Result<Option<Arc<CollectionPart>>, StoreError> {
        self.parts.get(&(address.clone(), after.map(str::to_owned))).await
    }
}

impl Source for Collections {
    type Key = CollectionAddress;
    type Value = Collection;
    const OPERATION: &'static str = "collections.get";
    const MAX_BYTES: u64 = 512 * 1024;
    const EXPECTED_ENTRIES: usize = 16;

    async fn read(&self, address: &CollectionAddress, _: Recency) -> Result<Option<Arc<Collection>>, StoreError> {
        self.0.collection(address).await
    }

    fn owned_bytes(address: &CollectionAddress, collection: Option<&Collection>) -> usize {
        bytes_of_address(address) + collection.map_or(0, bytes_of_collection)
    }

    fn log_stale(address: &CollectionAddress, age_ms: i64, error: &StoreError) {
        log_stale(address, age_ms, error);
    }
}

impl Source for Parts {
    type Key = (CollectionAddress, Option<String>);
    type Value = CollectionPart;
    const OPERATION: &'static str = "collections.files";
    /// Some six thousand files.
    const MAX_BYTES: u64 = 8 * 1024 * 1024;
    const EXPECTED_ENTRIES: usize = 16;

    async fn read(&self, (address, after): &Self::Key, _: Recency) -> Result<Option<Arc<CollectionPart>>, StoreError> {
        self.0.part(address, after.as_deref()).await
    }

    fn is_settled(part: &CollectionPart) -> bool {
        part.part.files.iter().all(StoredFile::is_settled)
    }

    fn owned_bytes((address, after): &Self::Key, part: Option<&CollectionPart>) -> usize {
        let key = bytes_of_address(address) + after.as_ref().map_or(0, String::len);
        let bytes = |part: &CollectionPart| {
            let files = part.part.files.iter().map(super::files::estimated_bytes);
            bytes_of_collection(&part.collection) + files.sum::<usize>()
        };
        key + part.map_or(0, bytes)
    }

    fn log_stale((address, _): &Self::Key, age_ms: i64, error: &StoreError) {
        log_stale(address, age_ms, error);
    }
}

fn bytes_of_address(address: &CollectionAddress) -> usize {
    address.workspace.as_str().len() + address.id.as_str().len()
}

fn bytes_of_collection(collection: &Collection) -> usize {
    let Collection { id, workspace, name, secret, created_by, .. } = collection;
    let texts = [id.as_str(), workspace.as_str(), name, secret, created_by];
    size_of::<Collection>() + texts.map(|text| text.len() + 32).iter().sum::<usize>()
}

fn log_stale(address: &CollectionAddress, age_ms: i64, error: &StoreError) {
    let CollectionAddress { workspace, id } = address;
    tracing::warn!(event = "collections.stale", %workspace, collection = %id, age_ms, %error);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::collections::path::{FilePath, FilePlace};
    use crate::testing::samples::{collection, stored_file};
    use crate::testing::stored_files::MemoryFiles;
    use crate::testing::system::FixedClock;

    const FRESHNESS: Freshness = Freshness { hit_seconds: 5, miss_seconds: 2, stale_seconds: 600 };

    struct Fixture {
        table: Arc<MemoryFiles>,
        clock: Arc<FixedClock>,
        cached: CachedCollections,
        address: CollectionAddress,
    }

    fn fixture(files: u64) -> Fixture {
        let (table, clock) = (Arc::new(MemoryFiles::default()), Arc::new(FixedClock::at("2026-01-02T03:04:05Z")));
        let given = collection("acme", 7);
        for number in 0..files {
            let path = FilePath::parse(format!("folder/{number:04}")).unwrap();
            let place = Some(FilePlace { collection: given.id.clone(), path });
            table.put(StoredFile { place, ..stored_file("acme", number) });
        }
        let address = CollectionAddress { workspace: given.workspace.clone(), id: given.id.clone() };
        table.put_collection(given);
        let cached = CachedCollections::new(table.clone(), clock.clone(), FRESHNESS);
        Fixture { table, clock, cached, address }
    }

    impl Fixture {
        async fn files(&self) -> Option<usize> {
            self.cached.part(&self.address, None).await.ok()?.map(|part| part.part.files.len())
        }
    }

    #[tokio::test]
    async fn page_is_read_once_in_five_seconds_and_survives_an_outage() {
        let fixture = fixture(3);
        for (advance, reads) in [(0, 1), (4, 1), (1, 2)] {
            fixture.clock.advance(advance);
            assert_eq!(fixture.files().await, Some(3));
            assert_eq!(fixture.table.reads(), reads);
        }
        fixture.table.fail(true);
        fixture.clock.advance(599);
        assert_eq!(fixture.files().await, Some(3));
        assert!(fixture.cached.collection(&fixture.address).await.is_err(), "it was never read");
    }

    #[tokio::test]
    async fn collection_of_another_workspace_is_not_found() {
        let fixture = fixture(1);
        let stolen = CollectionAddress { workspace: stored_file("thief", 1).workspace, ..fixture.address.clone() };
        assert!(fixture.cached.part(&stolen, None).await.unwrap().is_none());
        assert!(fixture.cached.collection(&stolen).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn memory_is_bounded() {
        let fixture = fixture(1000);
        for number in 0..20 {
            fixture.cached.part(&fixture.address, Some(&format!("folder\u{1}{number:04}"))).await.unwrap();
        }
        let entries = super::super::lock(&fixture.cached.parts.store.entries);
        assert!(entries.weight() <= Parts::MAX_BYTES && entries.len() > 2, "{} {}", entries.weight(), entries.len());
    }
}
