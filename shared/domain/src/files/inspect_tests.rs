//! Tests the inspection of files, with events that come late, twice, in another order or not at all.

use std::ops::Range;

use async_trait::async_trait;
use proptest::prelude::*;

use super::complete::{CompleteFilePorts, complete_file};
use super::delete::{DeleteFilePorts, delete_file};
use super::file::{FileStatus, StoredFile};
use super::find::find_file;
use super::give_up::give_up_inspection;
use super::inspect::{InspectFilePorts, Inspected, inspect_file};
use super::quota::FileQuota;
use super::remove::RemoveFilePorts;
use super::removed::RemovedFile;
use super::start::{NewFile, StartFilePorts, start_file};
use super::store_ports::{FileContents, FoundObject, StoredFiles};
use super::stored_object::StoredObject;
use super::verdict::{ScanResult, Verdict};
use crate::access::key::{Caller, Role};
use crate::jobs::given_up::GivenUp;
use crate::ports::Clock;
use crate::testing::samples::caller;
use crate::testing::stored_files::{MemoryFileBucket, MemoryFiles};
use crate::testing::system::{FixedClock, SeededRandom};
use crate::values::error::{Error, StoreError};

struct World {
    files: MemoryFiles,
    bucket: MemoryFileBucket,
    clock: FixedClock,
    random: SeededRandom,
    is_scanned: bool,
}

fn editor() -> Caller {
    caller("acme", Role::Editor)
}

impl World {
    fn new() -> Self {
        Self {
            files: MemoryFiles::default(),
            bucket: MemoryFileBucket::default(),
            clock: FixedClock::at("2026-01-02T03:04:05Z"),
            random: SeededRandom::new(1),
            is_scanned: false,
        }
    }

    async fn start(&self, new: NewFile) -> StoredFile {
        self.try_start(new).await.unwrap()
    }

    async fn try_start(&self, new: NewFile) -> Result<StoredFile, Error> {
        let ports = StartFilePorts {
            files: &self.files,
            collections: &self.files,
            uploads: &self.bucket,
            clock: &self.clock,
            random: &self.random,
            max_bytes: 1_000_000,
            quota: FileQuota { files: 100, bytes: 1_000_000 },
        };
        Ok(start_file(&ports, &editor(), &new).await?.file)
    }

    /// Announces a file with this content and type.
    async fn announce(&self, content: &[u8], content_type: &str) -> StoredFile {
        let (size, content_type) = (content.len() as u64, Some(content_type.to_owned()));
        self.start(NewFile { name: "a.b".to_owned(), size, content_type, ..NewFile::default() }).await
    }

    fn ports(&self) -> InspectFilePorts<'_> {
        InspectFilePorts {
            files: &self.files,
            contents: &self.bucket,
            objects: &self.bucket,
            clock: &self.clock,
            is_scanned: self.is_scanned,
        }
    }

    async fn event(&self, file: &StoredFile) -> Result<Inspected, StoreError> {
        inspect_file(&self.ports(), &file.object_key(), None).await
    }

    /// Tells what a scan of the content that the bucket has found.
    async fn verdict(&self, file: &StoredFile, result: ScanResult) -> Result<Inspected, StoreError> {
        let found = self.bucket.found(&file.object_key()).await?;
        let etag = found.map_or_else(|| "gone".to_owned(), |found| found.etag);
        inspect_file(&self.ports(), &file.object_key(), Some(&Verdict { etag, result })).await
    }

    async fn complete(&self, file: &StoredFile) -> Option<StoredFile> {
        let ports = CompleteFilePorts { files: &self.files, uploads: &self.bucket, clock: &self.clock };
        complete_file(&ports, &editor(), file.id.as_str()).await.ok()
    }

    async fn delete(&self, file: &StoredFile) {
        let remove = RemoveFilePorts { files: &self.files, uploads: &self.bucket, objects: &self.bucket };
        let _ = delete_file(&DeleteFilePorts { remove, clock: &self.clock }, &editor(), file.id.as_str()).await;
    }

    async fn now(&self, file: &StoredFile) -> StoredFile {
        self.files.get(&file.workspace, &file.id).await.unwrap().unwrap()
    }

    async fn url(&self, file: &StoredFile) -> Option<String> {
        find_file(&self.files, (&self.bucket, &self.clock), &editor(), file.id.as_str()).await.unwrap().1
    }
}

#[tokio::test]
async fn whole_file_is_ready_by_its_event_alone() {
    let world = World::new();
    let file = world.announce(b"hello", "text/plain").await;
    assert_eq!(world.event(&file).await.unwrap(), Inspected::Skipped("the object is gone"));
    world.bucket.put_bytes(&file.object_key(), b"hello");
    let Inspected::Done(ready) = world.event(&file).await.unwrap() else { panic!() };
    assert_eq!((ready.status, ready.revision), (FileStatus::Ready, 1));
    assert_eq!(ready.detected.as_ref().unwrap().content_type, "text/plain");
    assert!(world.url(&file).await.is_some());
    world.clock.advance(60);
    for _ in 0..2 {
        assert_eq!(world.event(&file).await.unwrap(), Inspected::Skipped("it was inspected before"));
        assert_eq!(world.complete(&file).await.as_ref(), Some(ready.as_ref()), "completion changes nothing");
    }
    assert_eq!(world.now(&file).await, *ready);
}

#[tokio::test]
async fn completed_file_waits_for_its_inspection() {
    let world = World::new();
    let file = world.start(NewFile { name: "a".into(), size: 5, in_parts: true, ..NewFile::default() }).await;
    let upload = file.upload.clone().unwrap().id;
    world.bucket.put_part(&file.object_key(), &upload, 1, 5);
    let waiting = world.complete(&file).await.unwrap();
    assert_eq!((waiting.status, waiting.upload.is_none()), (FileStatus::Inspecting, true));
    assert!(world.url(&file).await.is_none());
    let Inspected::Done(ready) = world.event(&file).await.unwrap() else { panic!() };
    assert_eq!(ready.status, FileStatus::Ready);
}

#[tokio::test]
async fn what_runs_is_not_shown_whatever_was_announced() {
    let html = b"<!DOCTYPE html><script>alert(1)</script>".as_slice();
    let elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let gif = b"GIF89a\x80\x02\xe0\x01\0\0\0".as_slice();
    for (content, announced, sent, kind) in [
        (html, "image/png", "application/octet-stream", "attachment"),
        (html, "application/pdf", "application/octet-stream", "attachment"),
        (html, "text/plain", "text/plain; charset=utf-8", "inline"),
        (html, "text/html", "application/octet-stream", "attachment"),
        (elf, "video/mp4", "application/octet-stream", "attachment"),
        (elf, "text/plain", "application/octet-stream", "attachment"),
        (gif, "image/gif", "image/gif", "inline"),
        (gif, "image/png", "image/gif", "inline"),
        (gif, "text/html", "application/octet-stream", "attachment"),
    ] {
        let world = World::new();
        let file = world.announce(content, announced).await;
        world.bucket.put_bytes(&file.object_key(), content);
        let Inspected::Done(ready) = world.event(&file).await.unwrap() else { panic!() };
        assert_eq!((ready.status, ready.content_type.as_str()), (FileStatus::Ready, announced), "it is not blocked");
        let delivery = ready.delivery();
        assert_eq!(delivery.content_type, sent, "{announced}: {ready:?}");
        assert!(delivery.disposition.starts_with(kind), "{announced}: {delivery:?}");
    }
    let world = World::new();
    let file = world.announce(gif, "image/gif").await;
    world.bucket.put_bytes(&file.object_key(), gif);
    world.event(&file).await.unwrap();
    let detected = world.now(&file).await.detected.unwrap();
    assert_eq!((detected.width, detected.height), (Some(640), Some(480)));
}

#[tokio::test]
async fn what_differs_from_the_announcement_is_blocked() {
    let sum = |digit: &str| super::checksums::Sha256Sum::parse(&digit.repeat(64)).unwrap();
    for (size, sha256, reason) in [(6, None, "6 bytes instead of the 5"), (5, Some(sum("b")), "SHA-256")] {
        let world = World::new();
        let announced = NewFile { name: "a".into(), size: 5, sha256: Some("a".repeat(64)), ..NewFile::default() };
        let file = world.start(announced).await;
        world.bucket.put(&file.object_key(), StoredObject { size, sha256, crc64nvme: None });
        let Inspected::Done(blocked) = world.event(&file).await.unwrap() else { panic!() };
        assert_eq!((blocked.status, &blocked.detected), (FileStatus::Blocked, &None));
        assert!(blocked.blocked_reason.as_ref().unwrap().contains(reason), "{blocked:?}");
        assert!(world.url(&file).await.is_none());
        assert_eq!(world.complete(&file).await.unwrap(), *blocked);
        assert_eq!(world.event(&file).await.unwrap(), Inspected::Skipped("it was inspected before"));
        world.delete(&file).await;
        assert!(world.files.all().is_empty() && world.bucket.keys().is_empty());
    }
}

#[tokio::test]
async fn upload_after_the_deletion_leaves_nothing() {
    let world = World::new();
    let file = world.announce(b"late", "text/plain").await;
    world.delete(&file).await;
    world.bucket.put_bytes(&file.object_key(), b"late");
    assert_eq!(world.event(&file).await.unwrap(), Inspected::Removed);
    assert!(world.bucket.keys().is_empty());
    assert_eq!(world.event(&file).await.unwrap(), Inspected::Removed, "a redelivery finds nothing to do");
    for key in ["files/acme/readme.txt", "imports/acme/a.csv", "files/"] {
        world.bucket.put_bytes(key, b"x");
        assert!(matches!(inspect_file(&world.ports(), key, None).await.unwrap(), Inspected::Skipped(_)));
        assert!(world.bucket.keys().contains(key), "{key} is no file's");
    }
}

#[tokio::test]
async fn any_call_to_the_bucket_can_fail_and_a_redelivery_goes_on() {
    for (calls, is_deleted) in (0..6).flat_map(|calls| [(calls, false), (calls, true)]) {
        let world = World::new();
        let file = world.announce(b"hello", "text/plain").await;
        world.bucket.put_bytes(&file.object_key(), b"hello");
        if is_deleted {
            let removed = RemovedFile::of(&file, world.clock.now());
            assert!(world.files.remove(&file, &removed).await.unwrap());
        }
        world.bucket.fail_after(calls);
        let first = world.event(&file).await;
        let second = world.event(&file).await;
        assert!(first.is_ok() || second.is_ok(), "{calls}");
        if is_deleted {
            assert!(world.bucket.keys().is_empty(), "{calls}");
        } else {
            assert_eq!(world.now(&file).await.status, FileStatus::Ready, "{calls}");
        }
    }
}

fn threats() -> ScanResult {
    ScanResult::Threats(vec!["EICAR".to_owned()])
}

#[tokio::test]
async fn scanned_file_waits_for_the_verdict() {
    for (result, status) in [
        (ScanResult::Clean, FileStatus::Ready),
        (threats(), FileStatus::Blocked),
        (ScanResult::Unsupported, FileStatus::Blocked),
        (ScanResult::Denied, FileStatus::Blocked),
        (ScanResult::Failed, FileStatus::Blocked),
    ] {
        // The verdict comes before the event, after it, or twice; and the completion at any place.
        for order in ["ev", "ve", "evv", "vev", "cev", "cve", "evc", "vce"] {
            let world = World { is_scanned: true, ..World::new() };
            let file = world.announce(b"hello", "text/plain").await;
            world.bucket.put_bytes(&file.object_key(), b"hello");
            let mut is_known = false;
            for step in order.chars() {
                match step {
                    'e' => drop(world.event(&file).await.unwrap()),
                    'c' => drop(world.complete(&file).await.unwrap()),
                    _ => drop(world.verdict(&file, result.clone()).await.unwrap()),
                }
                is_known |= step == 'v';
                let now = world.now(&file).await;
                let expected = if is_known { status } else { FileStatus::Inspecting };
                assert_eq!(now.status, expected, "{result:?} {order} {step}");
                assert_eq!(now.completed_at.is_some(), expected == FileStatus::Ready);
                assert_eq!(world.url(&file).await.is_some(), expected == FileStatus::Ready);
                assert_eq!(now.blocked_reason.is_some(), expected == FileStatus::Blocked);
            }
        }
    }
}

#[tokio::test]
async fn verdict_counts_for_the_content_that_was_scanned() {
    let world = World { is_scanned: true, ..World::new() };
    let file = world.announce(b"hello", "text/plain").await;
    world.bucket.put_bytes(&file.object_key(), b"hello");
    for result in [ScanResult::Clean, ScanResult::Failed, ScanResult::Unsupported] {
        let other = Verdict { etag: "other".to_owned(), result };
        let inspected = inspect_file(&world.ports(), &file.object_key(), Some(&other)).await.unwrap();
        assert!(matches!(inspected, Inspected::Waiting(_)), "{inspected:?}");
    }
    let before = world.now(&file).await;
    assert!(matches!(world.event(&file).await.unwrap(), Inspected::Waiting(_)));
    assert_eq!(world.now(&file).await, before, "nothing is written twice");
    world.verdict(&file, ScanResult::Clean).await.unwrap();
    let ready = world.now(&file).await;
    assert_eq!(ready.status, FileStatus::Ready);
    world.verdict(&file, ScanResult::Failed).await.unwrap();
    assert_eq!(world.now(&file).await, ready, "it was found clean");
    let old = Verdict { etag: "old".to_owned(), result: threats() };
    inspect_file(&world.ports(), &file.object_key(), Some(&old)).await.unwrap();
    let blocked = world.now(&file).await;
    assert_eq!(
        blocked.blocked_reason.as_deref(),
        Some("it has malware: EICAR"),
        "threats count whenever they are found"
    );
    world.verdict(&file, ScanResult::Clean).await.unwrap();
    assert_eq!(world.now(&file).await, blocked);
}

#[tokio::test]
async fn verdict_of_a_deleted_file_changes_nothing() {
    for result in [ScanResult::Clean, threats()] {
        let world = World { is_scanned: true, ..World::new() };
        let file = world.announce(b"hello", "text/plain").await;
        assert!(
            matches!(world.verdict(&file, ScanResult::Clean).await.unwrap(), Inspected::Skipped(_)),
            "no object yet"
        );
        world.bucket.put_bytes(&file.object_key(), b"hello");
        world.delete(&file).await;
        assert_eq!(world.verdict(&file, result).await.unwrap(), Inspected::Removed);
        assert!(world.files.all().is_empty() && world.bucket.keys().is_empty());
    }
}

/// What happens while a file is read.
#[derive(Debug, Clone, Copy)]
enum Event {
    Completion,
    Deletion,
    OtherInspection,
    OtherContent,
}

/// A bucket where something happens while a file is read for the first time.
struct Meanwhile<'a> {
    world: &'a World,
    file: &'a StoredFile,
    event: std::sync::Mutex<Option<Event>>,
}

#[async_trait]
impl FileContents for Meanwhile<'_> {
    async fn found(&self, key: &str) -> Result<Option<FoundObject>, StoreError> {
        self.world.bucket.found(key).await
    }

    async fn bytes(&self, key: &str, etag: &str, range: Range<u64>) -> Result<Option<Vec<u8>>, StoreError> {
        let event = self.event.lock().unwrap().take();
        match event {
            Some(Event::Completion) => drop(self.world.complete(self.file).await),
            Some(Event::Deletion) => self.world.delete(self.file).await,
            Some(Event::OtherInspection) => drop(self.world.event(self.file).await),
            Some(Event::OtherContent) => self.world.bucket.put_bytes(key, b"<p>ok"),
            None => {}
        }
        self.world.bucket.bytes(key, etag, range).await
    }
}

#[tokio::test]
async fn what_happens_during_an_inspection_is_not_lost() {
    for (event, detected) in [
        (Event::Completion, Some("text/plain")),
        (Event::OtherInspection, Some("text/plain")),
        (Event::OtherContent, Some("text/html")),
        (Event::Deletion, None),
    ] {
        let world = World::new();
        let file = world.announce(b"hello", "text/plain").await;
        world.bucket.put_bytes(&file.object_key(), b"hello");
        let contents = Meanwhile { world: &world, file: &file, event: Some(event).into() };
        let ports = InspectFilePorts { contents: &contents, ..world.ports() };
        inspect_file(&ports, &file.object_key(), None).await.unwrap();
        let stored = world.files.get(&file.workspace, &file.id).await.unwrap();
        assert!(stored.as_ref().is_none_or(|file| file.status == FileStatus::Ready), "{event:?}: {stored:?}");
        let found = stored.and_then(|file| file.detected).map(|detected| detected.content_type);
        assert_eq!(found.as_deref(), detected, "{event:?}");
        assert_eq!(world.bucket.keys().is_empty(), detected.is_none());
    }
}

#[tokio::test]
async fn inspection_that_is_given_up_blocks_the_file() {
    let world = World::new();
    let file = world.announce(b"hello", "text/plain").await;
    let key = file.object_key();
    let Ok(GivenUp::Failed(blocked)) = give_up_inspection(&world.files, &key).await else { panic!() };
    assert!(blocked.status == FileStatus::Blocked && blocked.blocked_reason.is_some());
    assert_eq!(give_up_inspection(&world.files, &key).await.unwrap(), GivenUp::Gone, "it has ended");
    let other = world.announce(b"hello", "text/plain").await;
    world.bucket.put_bytes(&other.object_key(), b"hello");
    world.event(&other).await.unwrap();
    for key in [other.object_key(), key.replace('5', "6"), "files/acme/x".to_owned(), "imports/acme/x".to_owned()] {
        assert_eq!(give_up_inspection(&world.files, &key).await.unwrap(), GivenUp::Gone, "{key}");
    }
    assert_eq!(world.now(&other).await.status, FileStatus::Ready);
}

/// What can happen to files.
#[derive(Debug, Clone)]
enum Step {
    Start,
    Upload(usize),
    Complete(usize),
    Deliver(usize),
    Delete(usize),
    Fail(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Start),
        4 => (0..5_usize).prop_map(Step::Upload),
        3 => (0..5_usize).prop_map(Step::Complete),
        3 => (0..9_usize).prop_map(Step::Deliver),
        2 => (0..5_usize).prop_map(Step::Delete),
        2 => (0..5_u32).prop_map(Step::Fail),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever happens in whatever order: a file is ready only if its content is known, and once every event has come, no file
    /// waits, and no object is without a file.
    #[test]
    fn every_upload_comes_to_an_end(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = World::new();
            let (mut known, mut events): (Vec<StoredFile>, Vec<StoredFile>) = (Vec::new(), Vec::new());
            for step in steps {
                match step {
                    Step::Start => {
                        world.clock.advance(1);
                        let new = NewFile { name: "a".to_owned(), size: 5, ..NewFile::default() };
                        known.extend(world.try_start(new).await.ok());
                    }
                    Step::Upload(index) => if let Some(file) = known.get(index) {
                        world.bucket.put_bytes(&file.object_key(), b"hello");
                        events.push(file.clone());
                    },
                    Step::Complete(index) => if let Some(file) = known.get(index) {
                        let _ = world.complete(file).await;
                    },
                    Step::Deliver(index) => if let Some(file) = events.get(index) {
                        let _ = world.event(file).await;
                    },
                    Step::Delete(index) => if let Some(file) = known.get(index) {
                        world.delete(file).await;
                    },
                    Step::Fail(calls) => world.bucket.fail_after(calls),
                }
                let all = world.files.all();
                assert!(all.iter().all(|file| (file.status == FileStatus::Ready) == file.detected.is_some()));
            }
            world.bucket.fail_after(u32::MAX);
            for file in &events {
                world.event(file).await.unwrap();
            }
            let all = world.files.all();
            for key in world.bucket.keys() {
                let file = all.iter().find(|file| file.object_key() == key).unwrap_or_else(|| panic!("nobody knows {key}"));
                assert_eq!(file.status, FileStatus::Ready);
            }
        });
    }
}
