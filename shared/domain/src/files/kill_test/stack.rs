//! What a schedule works on: records, the bucket, the events that it owes, and what owners were told.

use std::collections::BTreeMap;
use std::sync::Mutex;

use futures::future::{BoxFuture, join_all};

use super::faults::{Dice, Life, Seen as SeenStore};
use crate::files::clean::{CleanFilesPorts, clean_files};
use crate::files::complete::{CompleteFilePorts, complete_file};
use crate::files::delete::{DeleteFilePorts, delete_file};
use crate::files::ending::WHOLE_SECONDS;
use crate::files::file::{FileStatus, StoredFile};
use crate::files::give_up::give_up_inspection;
use crate::files::inspect::{InspectFilePorts, inspect_file};
use crate::files::quota::FileQuota;
use crate::files::remove::RemoveFilePorts;
use crate::files::start::{GREATEST_FILE, NewFile, StartFilePorts, start_file};
use crate::files::stored_object::StoredObject;
use crate::files::target::file_of_key;
use crate::files::tests::editor;
use crate::ports::Clock;
use crate::testing::outage::lock;
use crate::testing::stored_files::{MemoryFileBucket, MemoryFiles};
use crate::testing::system::{FixedClock, SeededRandom};
use crate::values::timestamp::Timestamp;

/// How often each thing happened in all schedules.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) ready: u64,
    pub(super) blocked: u64,
    pub(super) deleted: u64,
    /// Files that outlived a process that died while it worked on files.
    pub(super) kept_after_death: u64,
    /// Bytes that arrived after their file was deleted.
    pub(super) late: u64,
}

/// What the owner of a file knows of it.
#[derive(Clone)]
struct Owned {
    file: StoredFile,
    /// Until when its upload may begin, if it is sent as a whole.
    until: Timestamp,
    /// Whether a deletion was answered with success.
    is_deleted: bool,
}

/// A file on its way to the bucket.
struct Sent {
    key: String,
    size: u64,
    /// When it has broken off.
    until: Timestamp,
    is_deleted: bool,
}

/// How long an upload takes that began, at most, in seconds.
const SLOWEST_SECONDS: i64 = 20 * 3600;

pub(super) struct Stack {
    dice: Dice,
    files: MemoryFiles,
    bucket: MemoryFileBucket,
    clock: FixedClock,
    random: SeededRandom,
    owned: Mutex<Vec<Owned>>,
    /// Keys of objects that the bucket has yet to tell of.
    events: Mutex<Vec<String>>,
    travelling: Mutex<Vec<Sent>>,
    deaths: Mutex<u64>,
    late: Mutex<u64>,
}

impl Stack {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed),
            files: MemoryFiles::default(),
            bucket: MemoryFileBucket::default(),
            clock: FixedClock::at("2026-01-02T03:04:05Z"),
            random: SeededRandom::new(seed),
            owned: Mutex::default(),
            events: Mutex::default(),
            travelling: Mutex::default(),
            deaths: Mutex::default(),
            late: Mutex::default(),
        }
    }

    /// Lets up to three things happen at once, and some time pass.
    pub(super) async fn step(&self) {
        let at_once = 1 + self.dice.below(3);
        let happening: Vec<BoxFuture<'_, ()>> = (0..at_once).map(|_| self.something()).collect();
        join_all(happening).await;
        match self.dice.below(12) {
            0 => self.clock.advance(24 * 3600),
            1 | 2 => self.clock.advance(3600),
            _ => self.clock.advance(60),
        }
    }

    fn something(&self) -> BoxFuture<'_, ()> {
        match self.dice.below(10) {
            0 | 1 => Box::pin(self.start()),
            2..=4 => Box::pin(async { self.send() }),
            5 => Box::pin(self.complete()),
            6 | 7 => Box::pin(async { self.deliver(&Life::mortal(&self.dice)).await }),
            8 => Box::pin(self.delete()),
            _ => Box::pin(async { self.clean(&Life::mortal(&self.dice)).await }),
        }
    }

    /// Notes whether a process died.
    fn bury(&self, life: &Life<'_>) {
        *lock(&self.deaths) += u64::from(life.is_over());
    }

    fn some_file(&self) -> Option<Owned> {
        let owned = lock(&self.owned);
        let count = u32::try_from(owned.len()).unwrap();
        (count > 0).then(|| owned[self.dice.below(count) as usize].clone())
    }

    async fn start(&self) {
        let life = Life::mortal(&self.dice);
        let ports = StartFilePorts {
            files: &SeenStore { store: &self.files, life: &life },
            collections: &self.files,
            uploads: &SeenStore { store: &self.bucket, life: &life },
            clock: &self.clock,
            random: &self.random,
            max_bytes: GREATEST_FILE,
            quota: FileQuota { files: 6, bytes: GREATEST_FILE },
        };
        let now = self.clock.now();
        let expires_at = (self.dice.below(3) == 0).then(|| now.plus_seconds(2 * 3600).to_string());
        let size = 1 + u64::from(self.dice.below(3)) * 6_000_000;
        let new =
            NewFile { name: "a".to_owned(), size, in_parts: self.dice.below(2) == 0, expires_at, ..NewFile::default() };
        if let Ok(started) = start_file(&ports, &editor(), &new).await {
            let until = now.plus_seconds(WHOLE_SECONDS.into());
            lock(&self.owned).push(Owned { file: started.file, until, is_deleted: false });
        }
        self.bury(&life);
    }

    /// The owner of a file sends some of it to the bucket.
    fn send(&self) {
        let Some(Owned { file, until, is_deleted }) = self.some_file() else { return };
        let key = file.object_key();
        if let Some(plan) = file.plan() {
            for number in 1..=plan.count() {
                let (_, size) = plan.part(number).unwrap();
                if self.dice.below(4) > 0 {
                    self.bucket.put_part(&key, &file.upload.as_ref().unwrap().id, number, size);
                }
            }
        } else if self.clock.now() <= until {
            // Now and then something else arrives at the key: the inspection has to notice.
            let size = if self.dice.below(3) == 0 { file.size + 1 } else { file.size };
            lock(&self.travelling).push(Sent { key, size, until: until.plus_seconds(SLOWEST_SECONDS), is_deleted });
        }
        self.arrive();
    }

    /// Lets one of the files that are on their way arrive, or leaves all for later.
    fn arrive(&self) {
        let sent = {
            let mut travelling = lock(&self.travelling);
            let index = self.dice.below(2 * u32::try_from(travelling.len()).unwrap() + 1) as usize;
            if index >= travelling.len() {
                return;
            }
            travelling.swap_remove(index)
        };
        let Sent { key, size, until, is_deleted } = sent;
        if self.clock.now() > until || self.bucket.keys().contains(&key) {
            return;
        }
        self.bucket.put(&key, StoredObject { size, sha256: None, crc64nvme: None });
        lock(&self.events).push(key);
        *lock(&self.late) += u64::from(is_deleted);
    }

    async fn complete(&self) {
        let Some(Owned { file, .. }) = self.some_file() else { return };
        let life = Life::mortal(&self.dice);
        let key = file.object_key();
        let was_there = self.bucket.keys().contains(&key);
        let ports = CompleteFilePorts {
            files: &SeenStore { store: &self.files, life: &life },
            uploads: &SeenStore { store: &self.bucket, life: &life },
            clock: &self.clock,
        };
        let _ = complete_file(&ports, &editor(), file.id.as_str()).await;
        if !was_there && self.bucket.keys().contains(&key) {
            lock(&self.events).push(key);
        }
        self.bury(&life);
    }

    /// Delivers an event. It comes again if its inspection fails, and now and then if not.
    async fn deliver(&self, life: &Life<'_>) {
        let key = {
            let mut events = lock(&self.events);
            let count = u32::try_from(events.len()).unwrap();
            if count == 0 {
                return;
            }
            events.swap_remove(self.dice.below(count) as usize)
        };
        let ports = InspectFilePorts {
            files: &SeenStore { store: &self.files, life },
            contents: &SeenStore { store: &self.bucket, life },
            objects: &SeenStore { store: &self.bucket, life },
            clock: &self.clock,
            is_scanned: false,
        };
        let is_done = inspect_file(&ports, &key, None).await.is_ok();
        if !is_done && self.dice.below(2) == 0 {
            // Its last delivery failed.
            give_up_inspection(&self.files, &key).await.unwrap();
        } else if !is_done || self.dice.below(6) == 0 {
            lock(&self.events).push(key);
        }
        self.bury(life);
    }

    async fn delete(&self) {
        let Some(Owned { file, .. }) = self.some_file() else { return };
        let life = Life::mortal(&self.dice);
        let (files, bucket) =
            (SeenStore { store: &self.files, life: &life }, SeenStore { store: &self.bucket, life: &life });
        let remove = RemoveFilePorts { files: &files, uploads: &bucket, objects: &bucket };
        let ports = DeleteFilePorts { remove, clock: &self.clock };
        if delete_file(&ports, &editor(), file.id.as_str()).await.is_ok() {
            let mut owned = lock(&self.owned);
            for one in owned.iter_mut().filter(|one| one.file.id == file.id) {
                one.is_deleted = true;
            }
        }
        self.bury(&life);
    }

    async fn clean(&self, life: &Life<'_>) {
        let (files, bucket) = (SeenStore { store: &self.files, life }, SeenStore { store: &self.bucket, life });
        let remove = RemoveFilePorts { files: &files, uploads: &bucket, objects: &bucket };
        let now = self.clock.now();
        let ports = CleanFilesPorts { due: &files, remove, collections: &self.files, clock: &self.clock };
        let _ = clean_files(&ports, now, now.plus_seconds(600)).await;
        self.bury(life);
    }

    /// Lets all end that ends by itself: events come, time passes, the bucket's rule ends uploads, the schedule cleans.
    pub(super) async fn settle(&self) {
        let life = Life::immortal(&self.dice);
        for _ in 0..4 {
            for _ in 0..10 {
                self.arrive();
            }
            while !lock(&self.events).is_empty() {
                self.deliver(&life).await;
            }
            self.clean(&life).await;
            self.clock.advance(25 * 3600);
        }
        self.bucket.end_uploads();
    }

    pub(super) fn check(&self, seed: u64, seen: &mut Seen) {
        let records: BTreeMap<String, StoredFile> =
            self.files.all().into_iter().map(|file| (file.object_key(), file)).collect();
        let objects = self.bucket.keys();
        for key in &objects {
            assert!(
                file_of_key(key).is_some() && records.contains_key(key),
                "seed {seed}: an object without record: {key}"
            );
        }
        for (key, file) in &records {
            match file.status {
                FileStatus::Ready => {
                    assert!(objects.contains(key), "seed {seed}: a record without object: {file:?}");
                    seen.ready += 1;
                }
                FileStatus::Blocked => seen.blocked += 1,
                FileStatus::Uploading | FileStatus::Inspecting => panic!("seed {seed}: it stays unfinished: {file:?}"),
            }
            assert_eq!(file.expires_at, None, "seed {seed}: its time is over");
        }
        assert!(self.files.removed().is_empty(), "seed {seed}: {:?}", self.files.removed());
        for Owned { file, is_deleted, .. } in lock(&self.owned).iter() {
            let is_there = records.contains_key(&file.object_key());
            assert!(!is_deleted || !is_there, "seed {seed}: it came back: {file:?}");
            seen.deleted += u64::from(*is_deleted);
        }
        seen.kept_after_death += u64::from(*lock(&self.deaths) > 0 && !records.is_empty());
        seen.late += *lock(&self.late);
    }
}
