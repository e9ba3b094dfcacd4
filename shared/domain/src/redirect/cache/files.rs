//! Keeps records of files.

use std::mem::size_of;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Freshness, ReadCache, Recency, Source};
use crate::files::file::StoredFile;
use crate::files::reader::{FileAddress, FileReader};
use crate::ports::Clock;
use crate::values::error::StoreError;

/// Reads records of files through a cache. A file that visitors wait for is kept as briefly as a missing one.
pub struct CachedFiles(ReadCache<Files>);

struct Files(Arc<dyn FileReader>);

impl CachedFiles {
    /// Puts a cache in front of `files`.
    pub fn new(files: Arc<dyn FileReader>, clock: Arc<dyn Clock>, freshness: Freshness) -> Self {
        Self(ReadCache::new(Files(files), clock, freshness))
    }
}

#[async_trait]
impl FileReader for CachedFiles {
    async fn file(&self, address: &FileAddress) -> Result<Option<Arc<StoredFile>>, StoreError> {
        self.0.get(address).await
    }
}

impl Source for Files {
    type Key = FileAddress;
    type Value = StoredFile;
    const OPERATION: &'static str = "files.get";
    /// Some 800 files.
    const MAX_BYTES: u64 = 1024 * 1024;
    const EXPECTED_ENTRIES: usize = 16;

    async fn read(&self, address: &FileAddress, _: Recency) -> Result<Option<Arc<StoredFile>>, StoreError> {
        self.0.file(address).await
    }

    fn is_settled(file: &StoredFile) -> bool {
        file.is_settled()
    }

    fn owned_bytes(address: &FileAddress, file: Option<&StoredFile>) -> usize {
        let address = address.workspace.as_str().len() + address.id.as_str().len();
        address + file.map_or(0, estimated_bytes)
    }

    fn log_stale(address: &FileAddress, age_ms: i64, error: &StoreError) {
        let FileAddress { workspace, id } = address;
        tracing::warn!(event = "files.stale", %workspace, file = %id, age_ms, %error);
    }
}

/// Estimates the memory of a record. Each text counts 32 bytes more, for its allocation.
pub(super) fn estimated_bytes(file: &StoredFile) -> usize {
    let StoredFile { id, workspace, name, content_type, sha256, crc64nvme, upload, place, created_by, .. } = file;
    let text = |text: &str| text.len() + 32;
    size_of::<StoredFile>()
        + text(id.as_str())
        + text(workspace.as_str())
        + text(name)
        + text(content_type)
        + sha256.as_ref().map_or(0, |_| 96)
        + crc64nvme.as_ref().map_or(0, |sum| text(sum.as_str()))
        + upload.as_ref().map_or(0, |upload| text(&upload.id))
        + place.as_ref().map_or(0, |place| text(place.collection.as_str()) + text(place.path.as_str()))
        + text(created_by)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::file::FileStatus;
    use crate::testing::samples::stored_file;
    use crate::testing::stored_files::MemoryFiles;
    use crate::testing::system::FixedClock;

    const FRESHNESS: Freshness = Freshness { hit_seconds: 5, miss_seconds: 2, stale_seconds: 600 };

    struct Fixture {
        table: Arc<MemoryFiles>,
        clock: Arc<FixedClock>,
        cached: CachedFiles,
        address: FileAddress,
    }

    impl Fixture {
        /// Makes a cache in front of a table with `file`.
        fn with(file: Option<StoredFile>) -> Self {
            let (table, clock) = (Arc::new(MemoryFiles::default()), Arc::new(FixedClock::at("2026-01-02T03:04:05Z")));
            let StoredFile { id, workspace, .. } = stored_file("acme", 5);
            if let Some(file) = file {
                table.put(file);
            }
            let cached = CachedFiles::new(table.clone(), clock.clone(), FRESHNESS);
            Self { table, clock, cached, address: FileAddress { workspace, id } }
        }

        /// Returns the name of the file, or that there is none. An outage is `None`.
        async fn name(&self) -> Option<String> {
            let file = self.cached.file(&self.address).await.ok()?;
            Some(file.map_or_else(|| "no file".to_owned(), |file| file.name.clone()))
        }
    }

    fn uploading() -> StoredFile {
        StoredFile { status: FileStatus::Uploading, ..stored_file("acme", 5) }
    }

    #[tokio::test]
    async fn ready_file_is_kept_as_long_as_a_link_and_others_as_briefly_as_a_miss() {
        for (file, seconds) in [(Some(stored_file("acme", 5)), 5), (Some(uploading()), 2), (None, 2)] {
            let fixture = Fixture::with(file.clone());
            for (advance, reads) in [(0, 1), (seconds - 1, 1), (1, 2)] {
                fixture.clock.advance(advance);
                assert!(fixture.name().await.is_some());
                assert_eq!(fixture.table.reads(), reads, "{file:?}");
            }
        }
    }

    #[tokio::test]
    async fn outage_is_survived_with_a_ready_file_only() {
        for (file, answer) in
            [(Some(stored_file("acme", 5)), Some("report.pdf".to_owned())), (Some(uploading()), None), (None, None)]
        {
            let fixture = Fixture::with(file.clone());
            fixture.name().await;
            fixture.table.fail(true);
            fixture.clock.advance(599);
            assert_eq!(fixture.name().await, answer, "{file:?}");
            fixture.clock.advance(1);
            assert_eq!(fixture.name().await, None, "{file:?}");
        }
    }

    #[tokio::test]
    async fn rename_and_deletion_are_seen_after_five_seconds() {
        let fixture = Fixture::with(Some(stored_file("acme", 5)));
        fixture.name().await;
        fixture.table.put(StoredFile { name: "new.pdf".to_owned(), ..stored_file("acme", 5) });
        fixture.clock.advance(5);
        assert_eq!(fixture.name().await.as_deref(), Some("new.pdf"));
        fixture.table.forget(&fixture.address);
        fixture.clock.advance(5);
        assert_eq!(fixture.name().await.as_deref(), Some("no file"));
    }

    #[tokio::test]
    async fn id_alone_leads_to_no_file() {
        let fixture = Fixture::with(Some(stored_file("acme", 5)));
        fixture.name().await;
        let workspace = stored_file("thief", 5).workspace;
        let stolen = FileAddress { workspace, ..fixture.address.clone() };
        assert_eq!(fixture.cached.file(&stolen).await.unwrap(), None);
    }

    #[tokio::test]
    async fn memory_is_bounded() {
        let fixture = Fixture::with(None);
        for number in 0..5_000 {
            let StoredFile { id, workspace, .. } = stored_file("acme", number);
            fixture.table.put(stored_file("acme", number));
            fixture.cached.file(&FileAddress { workspace, id }).await.unwrap();
        }
        let entries = super::super::lock(&fixture.cached.0.store.entries);
        assert!(entries.weight() <= Files::MAX_BYTES && entries.len() > 500, "{}", entries.len());
    }
}
