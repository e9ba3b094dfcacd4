//! Lets a process die at any call of a store: before the call has an effect, or after.

use std::ops::Range;
use std::sync::Mutex;

use async_trait::async_trait;

use crate::files::file::StoredFile;
use crate::files::id::FileId;
use crate::files::ports::{ObjectRemover, SignedUpload};
use crate::files::quota::FileQuota;
use crate::files::removed::RemovedFile;
use crate::files::store_ports::{
    Added, DueFile, DueFiles, FileContents, FileUploads, FoundObject, PutTogether, StoredFiles, UploadedPart,
};
use crate::files::stored_object::StoredObject;
use crate::ports::Random;
use crate::testing::outage::{lock, outage, yield_once};
use crate::testing::system::SeededRandom;
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// Random numbers of a schedule.
pub(super) struct Dice(SeededRandom);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(SeededRandom::new(seed))
    }

    /// Returns a number below `bound`.
    pub(super) fn below(&self, bound: u32) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_le_bytes(bytes) % bound
    }
}

/// A process, which dies at one of its calls or lives to its end.
pub(super) struct Life<'a> {
    dice: &'a Dice,
    /// How many more calls it lives; `None` for ever.
    left: Mutex<Option<u32>>,
}

impl<'a> Life<'a> {
    pub(super) fn mortal(dice: &'a Dice) -> Self {
        let left = (dice.below(2) == 0).then(|| dice.below(5));
        Self { dice, left: Mutex::new(left) }
    }

    pub(super) fn immortal(dice: &'a Dice) -> Self {
        Self { dice, left: Mutex::new(None) }
    }

    /// Tells whether it is dead.
    pub(super) fn is_over(&self) -> bool {
        *lock(&self.left) == Some(0)
    }

    async fn call<T>(&self, effect: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        for _ in 0..self.dice.below(3) {
            yield_once().await;
        }
        let last = {
            let mut left = lock(&self.left);
            let last = match *left {
                Some(0) => return Err(outage("dead")),
                Some(calls) => calls == 1,
                None => false,
            };
            *left = left.map(|calls| calls - 1);
            last
        };
        if last && self.dice.below(2) == 0 {
            return Err(outage("died before"));
        }
        let result = effect.await;
        if last { Err(outage("died after")) } else { result }
    }
}

/// A store as a process sees it.
pub(super) struct Seen<'a, T> {
    pub(super) store: &'a T,
    pub(super) life: &'a Life<'a>,
}

#[async_trait]
impl<T: StoredFiles> StoredFiles for Seen<'_, T> {
    async fn add(&self, file: &StoredFile, quota: FileQuota) -> Result<Added, StoreError> {
        self.life.call(self.store.add(file, quota)).await
    }

    async fn get(&self, workspace: &WorkspaceId, id: &FileId) -> Result<Option<StoredFile>, StoreError> {
        self.life.call(self.store.get(workspace, id)).await
    }

    async fn newest(
        &self,
        workspace: &WorkspaceId,
        before: Option<&FileId>,
        limit: usize,
    ) -> Result<Vec<StoredFile>, StoreError> {
        self.life.call(self.store.newest(workspace, before, limit)).await
    }

    async fn replace(&self, next: &StoredFile) -> Result<bool, StoreError> {
        self.life.call(self.store.replace(next)).await
    }

    async fn remove(&self, file: &StoredFile, removed: &RemovedFile) -> Result<bool, StoreError> {
        self.life.call(self.store.remove(file, removed)).await
    }
}

#[async_trait]
impl<T: DueFiles> DueFiles for Seen<'_, T> {
    async fn due(
        &self,
        shard: u8,
        until: Timestamp,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<DueFile>, StoreError> {
        self.life.call(self.store.due(shard, until, after, limit)).await
    }

    async fn look_again(&self, removed: &RemovedFile) -> Result<(), StoreError> {
        self.life.call(self.store.look_again(removed)).await
    }

    async fn forget(&self, removed: &RemovedFile) -> Result<(), StoreError> {
        self.life.call(self.store.forget(removed)).await
    }
}

#[async_trait]
impl<T: FileUploads> FileUploads for Seen<'_, T> {
    async fn sign_whole(&self, file: &StoredFile, seconds: u32) -> Result<SignedUpload, StoreError> {
        self.life.call(self.store.sign_whole(file, seconds)).await
    }

    async fn begin(&self, file: &StoredFile) -> Result<String, StoreError> {
        self.life.call(self.store.begin(file)).await
    }

    async fn sign_part(
        &self,
        key: &str,
        upload: &str,
        part: (u32, u64),
        seconds: u32,
    ) -> Result<SignedUpload, StoreError> {
        self.life.call(self.store.sign_part(key, upload, part, seconds)).await
    }

    async fn parts(
        &self,
        key: &str,
        upload: &str,
        after: u32,
        limit: usize,
    ) -> Result<Option<Vec<UploadedPart>>, StoreError> {
        self.life.call(self.store.parts(key, upload, after, limit)).await
    }

    async fn put_together(
        &self,
        file: &StoredFile,
        upload: &str,
        parts: &[UploadedPart],
    ) -> Result<PutTogether, StoreError> {
        self.life.call(self.store.put_together(file, upload, parts)).await
    }

    async fn abort(&self, key: &str, upload: &str) -> Result<(), StoreError> {
        self.life.call(self.store.abort(key, upload)).await
    }

    async fn stored(&self, key: &str) -> Result<Option<StoredObject>, StoreError> {
        self.life.call(self.store.stored(key)).await
    }
}

#[async_trait]
impl<T: ObjectRemover> ObjectRemover for Seen<'_, T> {
    async fn remove(&self, key: &str) -> Result<(), StoreError> {
        self.life.call(self.store.remove(key)).await
    }
}

#[async_trait]
impl<T: FileContents> FileContents for Seen<'_, T> {
    async fn found(&self, key: &str) -> Result<Option<FoundObject>, StoreError> {
        self.life.call(self.store.found(key)).await
    }

    async fn bytes(&self, key: &str, etag: &str, range: Range<u64>) -> Result<Option<Vec<u8>>, StoreError> {
        self.life.call(self.store.bytes(key, etag, range)).await
    }
}
