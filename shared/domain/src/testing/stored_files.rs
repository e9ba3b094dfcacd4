//! Implements the ports of a workspace's files and collections in memory. The bucket keeps sizes and checksums, and bytes if a test puts any.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::outage::{lock, outage, yield_once};
use crate::files::collections::collection::{Collection, MAX_FILES};
use crate::files::collections::id::CollectionId;
use crate::files::collections::ports::{FilesPart, StoredCollections};
use crate::files::collections::reader::{CollectionAddress, CollectionPart, CollectionReader, FILES_ON_A_PAGE};
use crate::files::delivery::Delivery;
use crate::files::file::StoredFile;
use crate::files::id::FileId;
use crate::files::ports::{ObjectRemover, SignedUpload};
use crate::files::quota::{FileQuota, FileUsage};
use crate::files::reader::{FileAddress, FileReader};
use crate::files::removed::RemovedFile;
use crate::files::store_ports::{
    Added, Due, DueFile, DueFiles, FileContents, FileSigner, FileUploads, FoundObject, PutTogether, ReadMethod,
    StoredFiles, UploadedPart,
};
use crate::files::stored_object::StoredObject;
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// Records of files, and of files that were removed.
#[derive(Default)]
pub struct MemoryFiles {
    files: Mutex<BTreeMap<(WorkspaceId, FileId), StoredFile>>,
    removed: Mutex<BTreeMap<FileId, RemovedFile>>,
    /// Their counts are those of their files.
    collections: Mutex<BTreeMap<(WorkspaceId, CollectionId), Collection>>,
    failing: AtomicBool,
    reads: AtomicUsize,
    /// How many more writes and lists succeed before one fails; `None` if none fails.
    calls_left: Mutex<Option<u32>>,
}

impl MemoryFiles {
    /// Returns all files.
    pub fn all(&self) -> Vec<StoredFile> {
        lock(&self.files).values().cloned().collect()
    }

    /// Puts a file in place of the one with its id, if there is one.
    pub fn put(&self, file: StoredFile) {
        lock(&self.files).insert((file.workspace.clone(), file.id.clone()), file);
    }

    /// Removes a file.
    pub fn forget(&self, address: &FileAddress) {
        lock(&self.files).remove(&(address.workspace.clone(), address.id.clone()));
    }

    /// Makes every later read of visitors fail, or work again.
    pub fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }

    /// Returns how often a file was read for visitors.
    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// Returns all that is remembered of files that were removed.
    pub fn removed(&self) -> Vec<RemovedFile> {
        lock(&self.removed).values().cloned().collect()
    }

    /// Returns all collections.
    pub fn collections(&self) -> Vec<Collection> {
        lock(&self.collections).values().cloned().collect()
    }

    /// Puts a collection in place of the one with its id, if there is one.
    pub fn put_collection(&self, collection: Collection) {
        lock(&self.collections).insert((collection.workspace.clone(), collection.id.clone()), collection);
    }

    /// Lets one write of files, or one call for collections, fail, after `calls` more.
    pub fn fail_after(&self, calls: u32) {
        *lock(&self.calls_left) = Some(calls);
    }

    fn called(&self) -> Result<(), StoreError> {
        let mut left = lock(&self.calls_left);
        match *left {
            Some(0) => {
                *left = None;
                Err(outage("files.table"))
            }
            Some(calls) => {
                *left = Some(calls - 1);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Counts a file in its collection, or one less.
    fn count(&self, file: &StoredFile, more: bool) {
        let Some(place) = &file.place else { return };
        let key = (file.workspace.clone(), place.collection.clone());
        if let Some(collection) = lock(&self.collections).get_mut(&key) {
            let Collection { files, bytes, .. } = collection;
            (*files, *bytes) = if more { (*files + 1, *bytes + file.size) } else { (*files - 1, *bytes - file.size) };
        }
    }

    /// Returns why the collection does not take `file`.
    fn refusal(&self, files: &BTreeMap<(WorkspaceId, FileId), StoredFile>, file: &StoredFile) -> Option<Added> {
        let place = file.place.as_ref()?;
        let collections = lock(&self.collections);
        let collection = collections.get(&(file.workspace.clone(), place.collection.clone()));
        let Some(collection) = collection.filter(|collection| collection.deleted_at.is_none()) else {
            return Some(Added::NoCollection);
        };
        let is_taken = |other: &StoredFile| {
            let other = other.place.as_ref().filter(|other| other.collection == place.collection);
            other.is_some_and(|other| other.path.key() == place.path.key())
        };
        if collection.files >= MAX_FILES {
            return Some(Added::CollectionFull);
        }
        files.values().any(is_taken).then_some(Added::PathTaken)
    }

    /// Returns what a workspace keeps.
    pub fn usage(&self, workspace: &WorkspaceId) -> FileUsage {
        usage(&lock(&self.files), workspace)
    }
}

fn usage(files: &BTreeMap<(WorkspaceId, FileId), StoredFile>, workspace: &WorkspaceId) -> FileUsage {
    let own = files.values().filter(|file| file.workspace == *workspace);
    own.fold(FileUsage::default(), |sum, file| FileUsage { files: sum.files + 1, bytes: sum.bytes + file.size })
}

#[async_trait]
impl FileReader for MemoryFiles {
    async fn file(&self, address: &FileAddress) -> Result<Option<Arc<StoredFile>>, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        yield_once().await;
        if self.failing.load(Ordering::SeqCst) {
            return Err(outage("files.get"));
        }
        Ok(StoredFiles::get(self, &address.workspace, &address.id).await?.map(Arc::new))
    }
}

#[async_trait]
impl StoredFiles for MemoryFiles {
    async fn add(&self, file: &StoredFile, quota: FileQuota) -> Result<Added, StoreError> {
        yield_once().await;
        self.called()?;
        let mut files = lock(&self.files);
        let key = (file.workspace.clone(), file.id.clone());
        if files.contains_key(&key) {
            return Ok(Added::Taken);
        }
        let usage = usage(&files, &file.workspace);
        let has_room = quota.room_for(file.size).is_some_and(|room| usage.bytes <= room) && usage.files < quota.files;
        if !has_room {
            return Ok(Added::NoRoom(usage));
        }
        if let Some(refusal) = self.refusal(&files, file) {
            return Ok(refusal);
        }
        files.insert(key, file.clone());
        self.count(file, true);
        Ok(Added::Done)
    }

    async fn get(&self, workspace: &WorkspaceId, id: &FileId) -> Result<Option<StoredFile>, StoreError> {
        yield_once().await;
        Ok(lock(&self.files).get(&(workspace.clone(), id.clone())).cloned())
    }

    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&FileId>,
        limit: usize,
    ) -> Result<Vec<StoredFile>, StoreError> {
        let files = lock(&self.files);
        let own = files.values().rev().filter(|file| file.workspace == *workspace);
        Ok(own.filter(|file| before.is_none_or(|before| file.id < *before)).take(limit).cloned().collect())
    }

    async fn replace(&self, next: &StoredFile) -> Result<bool, StoreError> {
        yield_once().await;
        let mut files = lock(&self.files);
        let Some(stored) = files.get_mut(&(next.workspace.clone(), next.id.clone())) else { return Ok(false) };
        if stored.revision + 1 == next.revision {
            *stored = next.clone();
        }
        Ok(stored == next)
    }

    async fn remove(&self, file: &StoredFile, removed: &RemovedFile) -> Result<bool, StoreError> {
        yield_once().await;
        self.called()?;
        let (mut files, mut all_removed) = (lock(&self.files), lock(&self.removed));
        let key = (file.workspace.clone(), file.id.clone());
        let is_same = files.get(&key).is_some_and(|stored| stored.revision == file.revision);
        if is_same {
            files.remove(&key);
            self.count(file, false);
            all_removed.insert(removed.id.clone(), removed.clone());
        }
        Ok(is_same || all_removed.get(&removed.id) == Some(removed))
    }
}

/// Keeps all in the first partition.
#[async_trait]
impl DueFiles for MemoryFiles {
    async fn due(
        &self,
        shard: u8,
        until: Timestamp,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<DueFile>, StoreError> {
        if shard > 0 {
            return Ok(Vec::new());
        }
        let files = self
            .all()
            .into_iter()
            .filter_map(|file| Some((file.due_at()?, file.id.clone(), Due::File(Box::new(file)))));
        let files = files.map(|(at, id, due)| (at, id.to_string(), due));
        let collections = self.collections().into_iter();
        let collections =
            collections.filter_map(|one| Some((one.due_at()?, one.id.to_string(), Due::Collection(Box::new(one)))));
        let removed = self.removed().into_iter().map(|file| (file.look_at, file.id.to_string(), Due::Removed(file)));
        let due = files.chain(collections).chain(removed).filter(|(at, ..)| *at <= until);
        let mut due: Vec<DueFile> =
            due.map(|(at, id, what)| DueFile { place: format!("{at}#{id}"), what: Ok(what) }).collect();
        due.sort_by(|one, other| one.place.cmp(&other.place));
        due.retain(|due| after.is_none_or(|after| due.place.as_str() > after));
        due.truncate(limit);
        Ok(due)
    }

    async fn look_again(&self, removed: &RemovedFile) -> Result<(), StoreError> {
        if let Some(stored) = lock(&self.removed).get_mut(&removed.id) {
            *stored = removed.clone();
        }
        Ok(())
    }

    async fn forget(&self, removed: &RemovedFile) -> Result<(), StoreError> {
        lock(&self.removed).remove(&removed.id);
        Ok(())
    }
}

#[async_trait]
impl StoredCollections for MemoryFiles {
    async fn add(&self, collection: &Collection) -> Result<bool, StoreError> {
        self.called()?;
        let mut collections = lock(&self.collections);
        let key = (collection.workspace.clone(), collection.id.clone());
        Ok(collections.entry(key).or_insert_with(|| collection.clone()) == collection)
    }

    async fn get(&self, workspace: &WorkspaceId, id: &CollectionId) -> Result<Option<Collection>, StoreError> {
        self.called()?;
        Ok(lock(&self.collections).get(&(workspace.clone(), id.clone())).cloned())
    }

    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&CollectionId>,
        limit: usize,
    ) -> Result<Vec<Collection>, StoreError> {
        let collections = lock(&self.collections);
        let own = collections.values().rev().filter(|one| one.workspace == *workspace);
        Ok(own.filter(|one| before.is_none_or(|before| one.id < *before)).take(limit).cloned().collect())
    }

    async fn files(
        &self,
        workspace: &WorkspaceId,
        id: &CollectionId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<FilesPart, StoreError> {
        self.called()?;
        let own = |file: StoredFile| {
            let place = file.place.as_ref().filter(|place| file.workspace == *workspace && place.collection == *id)?;
            Some((place.path.key(), file))
        };
        let mut files: BTreeMap<String, StoredFile> = self.all().into_iter().filter_map(own).collect();
        files.retain(|key, _| after.is_none_or(|after| key.as_str() > after));
        let next = (files.len() > limit).then(|| files.keys().nth(limit - 1).cloned()).flatten();
        Ok(FilesPart { files: files.into_values().take(limit).collect(), next })
    }

    async fn mark_deleted(
        &self,
        workspace: &WorkspaceId,
        id: &CollectionId,
        now: Timestamp,
    ) -> Result<Option<Collection>, StoreError> {
        self.called()?;
        let mut collections = lock(&self.collections);
        let Some(collection) = collections.get_mut(&(workspace.clone(), id.clone())) else { return Ok(None) };
        collection.deleted_at.get_or_insert(now);
        Ok(Some(collection.clone()))
    }

    async fn forget(&self, workspace: &WorkspaceId, id: &CollectionId) -> Result<bool, StoreError> {
        self.called()?;
        let (mut collections, key) = (lock(&self.collections), (workspace.clone(), id.clone()));
        if collections.get(&key).is_some_and(|one| one.deleted_at.is_some() && one.files == 0) {
            collections.remove(&key);
        }
        Ok(!collections.contains_key(&key))
    }
}

#[async_trait]
impl CollectionReader for MemoryFiles {
    async fn collection(&self, address: &CollectionAddress) -> Result<Option<Arc<Collection>>, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        yield_once().await;
        if self.failing.load(Ordering::SeqCst) {
            return Err(outage("collections.get"));
        }
        Ok(StoredCollections::get(self, &address.workspace, &address.id).await?.map(Arc::new))
    }

    async fn part(
        &self,
        address: &CollectionAddress,
        after: Option<&str>,
    ) -> Result<Option<Arc<CollectionPart>>, StoreError> {
        let Some(collection) = self.collection(address).await? else { return Ok(None) };
        let part = self.files(&address.workspace, &address.id, after, FILES_ON_A_PAGE).await?;
        Ok(Some(Arc::new(CollectionPart { collection: (*collection).clone(), part })))
    }
}

/// Uploads by key and id, with the size of each part.
type Uploads = BTreeMap<(String, String), BTreeMap<u32, u64>>;

/// A bucket to which owners upload. The test plays the owner.
#[derive(Default)]
pub struct MemoryFileBucket {
    objects: Mutex<BTreeMap<String, StoredObject>>,
    /// The bytes of objects that have any; the others have zeros.
    bytes: Mutex<BTreeMap<String, Vec<u8>>>,
    uploads: Mutex<Uploads>,
    begun: AtomicU32,
    /// How many more calls succeed before one fails; negative if none fails.
    calls_left: Mutex<Option<u32>>,
}

impl MemoryFileBucket {
    /// Puts an object, as the owner does by the request for the whole.
    pub fn put(&self, key: &str, object: StoredObject) {
        lock(&self.objects).entry(key.to_owned()).or_insert(object);
    }

    /// Puts an object with these bytes in place of the one that there was, if any.
    pub fn put_bytes(&self, key: &str, bytes: &[u8]) {
        let object = StoredObject { size: bytes.len() as u64, sha256: None, crc64nvme: None };
        lock(&self.objects).insert(key.to_owned(), object);
        lock(&self.bytes).insert(key.to_owned(), bytes.to_vec());
    }

    /// Puts a part of `size` bytes. Has no effect if the upload has ended.
    pub fn put_part(&self, key: &str, upload: &str, number: u32, size: u64) {
        if let Some(parts) = lock(&self.uploads).get_mut(&(key.to_owned(), upload.to_owned())) {
            parts.insert(number, size);
        }
    }

    /// Returns the keys of all objects.
    pub fn keys(&self) -> BTreeSet<String> {
        lock(&self.objects).keys().cloned().collect()
    }

    /// Returns how many uploads have not ended.
    pub fn open_uploads(&self) -> usize {
        lock(&self.uploads).len()
    }

    /// Ends all uploads, as the bucket's rule does after some time.
    pub fn end_uploads(&self) {
        lock(&self.uploads).clear();
    }

    /// Lets one call fail, after `calls` more.
    pub fn fail_after(&self, calls: u32) {
        *lock(&self.calls_left) = Some(calls);
    }

    fn etag(&self, key: &str) -> String {
        lock(&self.bytes).get(key).map_or_else(|| "none".to_owned(), |bytes| format!("{:08x}", crc32fast::hash(bytes)))
    }

    fn called(&self) -> Result<(), StoreError> {
        let mut left = lock(&self.calls_left);
        match *left {
            Some(0) => {
                *left = None;
                Err(StoreError::new("files.bucket", StoreErrorKind::Unavailable, "the bucket does not answer"))
            }
            Some(calls) => {
                *left = Some(calls - 1);
                Ok(())
            }
            None => Ok(()),
        }
    }
}

#[async_trait]
impl FileUploads for MemoryFileBucket {
    async fn sign_whole(&self, file: &StoredFile, seconds: u32) -> Result<SignedUpload, StoreError> {
        yield_once().await;
        self.called()?;
        let url = format!("https://bucket.example/{}?expires={seconds}", file.object_key());
        let length = ("content-length".to_owned(), file.size.to_string());
        let headers = vec![length, ("content-disposition".to_owned(), file.delivery().disposition)];
        Ok(SignedUpload { method: "PUT".to_owned(), url, headers })
    }

    async fn begin(&self, file: &StoredFile) -> Result<String, StoreError> {
        yield_once().await;
        self.called()?;
        let id = format!("upload-{}", self.begun.fetch_add(1, Ordering::Relaxed));
        lock(&self.uploads).insert((file.object_key(), id.clone()), BTreeMap::new());
        Ok(id)
    }

    async fn sign_part(
        &self,
        key: &str,
        upload: &str,
        (number, size): (u32, u64),
        seconds: u32,
    ) -> Result<SignedUpload, StoreError> {
        let url = format!("https://bucket.example/{key}?partNumber={number}&uploadId={upload}&expires={seconds}");
        let headers = vec![("content-length".to_owned(), size.to_string())];
        Ok(SignedUpload { method: "PUT".to_owned(), url, headers })
    }

    async fn parts(
        &self,
        key: &str,
        upload: &str,
        after: u32,
        limit: usize,
    ) -> Result<Option<Vec<UploadedPart>>, StoreError> {
        self.called()?;
        let uploads = lock(&self.uploads);
        let Some(parts) = uploads.get(&(key.to_owned(), upload.to_owned())) else { return Ok(None) };
        let parts = parts.range(after.saturating_add(1)..).take(limit);
        let parts =
            parts.map(|(number, size)| UploadedPart { number: *number, size: *size, etag: format!("e{number}") });
        Ok(Some(parts.collect()))
    }

    async fn put_together(
        &self,
        file: &StoredFile,
        upload: &str,
        parts: &[UploadedPart],
    ) -> Result<PutTogether, StoreError> {
        self.called()?;
        let key = file.object_key();
        let place = (key.clone(), upload.to_owned());
        let mut uploads = lock(&self.uploads);
        let Some(present) = uploads.get(&place) else { return Ok(PutTogether::Ended) };
        if parts.iter().any(|part| present.get(&part.number) != Some(&part.size)) {
            return Ok(PutTogether::Refused("a part could not be found".to_owned()));
        }
        let size = parts.iter().map(|part| part.size).sum();
        if size != file.size {
            return Ok(PutTogether::Refused("the size differs".to_owned()));
        }
        uploads.remove(&place);
        lock(&self.objects).insert(key, StoredObject { size, sha256: None, crc64nvme: file.crc64nvme.clone() });
        drop(uploads);
        // Its answer can be lost, too.
        self.called()?;
        Ok(PutTogether::Done)
    }

    async fn abort(&self, key: &str, upload: &str) -> Result<(), StoreError> {
        yield_once().await;
        self.called()?;
        lock(&self.uploads).remove(&(key.to_owned(), upload.to_owned()));
        Ok(())
    }

    async fn stored(&self, key: &str) -> Result<Option<StoredObject>, StoreError> {
        yield_once().await;
        self.called()?;
        Ok(lock(&self.objects).get(key).cloned())
    }
}

#[async_trait]
impl ObjectRemover for MemoryFileBucket {
    async fn remove(&self, key: &str) -> Result<(), StoreError> {
        self.called()?;
        lock(&self.objects).remove(key);
        lock(&self.bytes).remove(key);
        Ok(())
    }
}

#[async_trait]
impl FileContents for MemoryFileBucket {
    async fn found(&self, key: &str) -> Result<Option<FoundObject>, StoreError> {
        self.called()?;
        let Some(object) = lock(&self.objects).get(key).cloned() else { return Ok(None) };
        Ok(Some(FoundObject { etag: self.etag(key), object }))
    }

    async fn bytes(&self, key: &str, etag: &str, range: Range<u64>) -> Result<Option<Vec<u8>>, StoreError> {
        self.called()?;
        if !lock(&self.objects).contains_key(key) || self.etag(key) != etag {
            return Ok(None);
        }
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let range = place(range.start)..place(range.end);
        let bytes = lock(&self.bytes);
        Ok(Some(bytes.get(key).map_or_else(|| vec![0; range.len()], |bytes| bytes[range.clone()].to_vec())))
    }
}

#[async_trait]
impl FileSigner for MemoryFileBucket {
    async fn sign_file(
        &self,
        key: &str,
        method: ReadMethod,
        delivery: &Delivery,
        seconds: u32,
    ) -> Result<String, StoreError> {
        let Delivery { content_type, disposition } = delivery;
        let kind = disposition.split(';').next().unwrap_or_default();
        Ok(format!("https://bucket.example/{key}?method={method:?}&expires={seconds}&type={content_type}&as={kind}"))
    }
}
