//! Reads and writes segments: files of blocks, each after its length in four bytes (little-endian).

use std::iter::Peekable;

use bytes::{Buf, BytesMut};
use futures::StreamExt;

use super::block::{MAX_UNPACKED, pack, unpack};
use super::head::Segment;
use super::patch::LinkPatch;
use crate::files::ports::{Body, FileStore, FileWriter, ObjectReader};
use crate::values::error::{StoreError, StoreErrorKind};

const READ: &str = "catalog.read";
/// The greatest length of a packed block: LZ4 makes what it cannot pack a little longer.
const MAX_PACKED: usize = MAX_UNPACKED + MAX_UNPACKED / 128 + 64;
/// About how many bytes a block of a segment has before it is packed.
const BLOCK: usize = 256 << 10;

/// Opens a segment or another object of the catalogue.
///
/// # Errors
/// [`StoreErrorKind::Broken`] if it does not exist, unless a later head does not name it any more. (S3 answers 403 for an absent object,
/// which is the same.)
pub async fn open(objects: &dyn ObjectReader, key: &str) -> Result<SegmentReader, StoreError> {
    let object = objects.open(key).await?;
    let gone = || StoreError::new(READ, StoreErrorKind::Broken, format!("the object {key} does not exist"));
    Ok(SegmentReader { key: key.to_owned(), body: object.ok_or_else(gone)?.body, bytes: BytesMut::new() })
}

/// Reads the patches of a segment, block by block.
pub struct SegmentReader {
    key: String,
    body: Body,
    bytes: BytesMut,
}

impl SegmentReader {
    /// Returns the patches of the next block; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<LinkPatch>>, StoreError> {
        if !self.fill(4).await? {
            return if self.bytes.is_empty() { Ok(None) } else { Err(self.broken("ends within a length")) };
        }
        let length = usize::try_from(self.bytes.get_u32_le()).unwrap_or(usize::MAX);
        if length > MAX_PACKED {
            return Err(self.broken("has too long a block"));
        }
        if !self.fill(length).await? {
            return Err(self.broken("ends within a block"));
        }
        let block = self.bytes.split_to(length);
        unpack(&block).map(Some).map_err(|error| self.broken(&error.to_string()))
    }

    /// Reads until there are at least `length` bytes. Returns `false` if the object ends before.
    async fn fill(&mut self, length: usize) -> Result<bool, StoreError> {
        while self.bytes.len() < length {
            match self.body.next().await {
                Some(piece) => self.bytes.extend_from_slice(&piece?),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    fn broken(&self, why: &str) -> StoreError {
        StoreError::new(READ, StoreErrorKind::Broken, format!("the object {} {why}", self.key))
    }
}

/// Writes a segment of patches that come sorted by link.
pub struct SegmentWriter {
    file: Box<dyn FileWriter>,
    segment: Segment,
    waiting: Vec<LinkPatch>,
    waiting_bytes: usize,
}

impl SegmentWriter {
    /// Begins the segment `key`.
    pub async fn create(files: &dyn FileStore, key: String) -> Result<Self, StoreError> {
        let file = files.create(&key).await?;
        let segment = Segment { key, links: 0, unpacked: 0 };
        Ok(Self { file, segment, waiting: Vec::new(), waiting_bytes: 0 })
    }

    /// Adds a patch.
    pub async fn add(&mut self, patch: LinkPatch) -> Result<(), StoreError> {
        self.waiting_bytes += estimated_bytes(&patch);
        self.waiting.push(patch);
        if self.waiting_bytes >= BLOCK { self.write().await } else { Ok(()) }
    }

    async fn write(&mut self) -> Result<(), StoreError> {
        self.segment.links += self.waiting.len() as u64;
        self.segment.unpacked += self.waiting_bytes as u64;
        let mut rest: Peekable<_> = self.waiting.iter().peekable();
        while let Some(block) = pack(&mut rest, BLOCK) {
            let length = u32::try_from(block.len()).unwrap_or(u32::MAX);
            self.file.write(&length.to_le_bytes()).await?;
            self.file.write(&block).await?;
        }
        self.waiting.clear();
        self.waiting_bytes = 0;
        Ok(())
    }

    /// Puts the segment in its place. Returns it, or `None` if it is empty.
    pub async fn finish(mut self) -> Result<Option<Segment>, StoreError> {
        self.write().await?;
        if self.segment.links == 0 {
            self.file.abort().await;
            return Ok(None);
        }
        self.file.finish().await?;
        Ok(Some(self.segment))
    }
}

/// Estimates the unpacked length of a patch.
pub fn estimated_bytes(patch: &LinkPatch) -> usize {
    use super::patch::LinkState;
    let row = match &patch.state {
        Some(LinkState::Here(row)) => {
            let lists = row.tags.iter().chain(&row.aliases).map(|text| text.len() + 2).sum::<usize>();
            row.domain.len() + row.slug.len() + row.url.len() + row.title.len() + lists + 30
        }
        Some(LinkState::Gone { .. }) => 10,
        None => 1,
    };
    16 + row + patch.clicks.iter().map(|lane| lane.lane.len() + 14).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::files::MemoryFileStore;
    use crate::testing::samples::link;

    async fn read(files: &MemoryFileStore, key: &str) -> Result<Vec<LinkPatch>, StoreError> {
        let (mut reader, mut all) = (open(files, key).await?, Vec::new());
        while let Some(patches) = reader.next().await? {
            all.extend(patches);
        }
        Ok(all)
    }

    #[tokio::test]
    async fn segment_returns_what_was_written() {
        let files = MemoryFileStore::default();
        let patches: Vec<_> =
            (0..5_000).map(|n| LinkPatch::here(&link("acme", &format!("s{n}"), "https://example.com/"))).collect();
        let mut writer = SegmentWriter::create(&files, "catalog/acme/1".to_owned()).await.unwrap();
        for patch in &patches {
            writer.add(patch.clone()).await.unwrap();
        }
        let segment = writer.finish().await.unwrap().unwrap();
        assert_eq!(segment.links, 5_000);
        assert_eq!(read(&files, "catalog/acme/1").await.unwrap(), patches);
        let whole = files.bytes("catalog/acme/1").unwrap();
        assert!(
            whole.len() < usize::try_from(segment.unpacked).unwrap() / 2,
            "{} of {}",
            whole.len(),
            segment.unpacked
        );
        for cut in [whole.len() - 1, 4 + 100, 3] {
            files.put("catalog/acme/cut", whole[..cut].to_vec()).await.unwrap();
            let error = read(&files, "catalog/acme/cut").await.unwrap_err();
            assert_eq!(error.kind, StoreErrorKind::Broken, "{cut} bytes: {error}");
        }
        assert_eq!(read(&files, "catalog/acme/2").await.unwrap_err().kind, StoreErrorKind::Broken);
    }

    #[tokio::test]
    async fn empty_segment_is_none() {
        let files = MemoryFileStore::default();
        let writer = SegmentWriter::create(&files, "catalog/acme/1".to_owned()).await.unwrap();
        assert_eq!(writer.finish().await.unwrap(), None);
        assert!(files.all().is_empty());
    }
}
