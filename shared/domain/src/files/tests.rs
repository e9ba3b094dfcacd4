//! Tests files from their announcement to their end.

use proptest::prelude::*;

use super::clean::{CleanFilesPorts, Cleaned, clean_files};
use super::complete::{CompleteFilePorts, complete_file};
use super::delete::{DeleteFilePorts, delete_file};
use super::file::{FileStatus, StoredFile};
use super::find::find_file;
use super::inspect::{InspectFilePorts, inspect_file};
use super::list::list_files;
use super::part_plan::PartPlan;
use super::parts::{FilePart, ListPartsPorts, list_parts};
use super::quota::{FileQuota, FileUsage};
use super::remove::RemoveFilePorts;
use super::start::{GREATEST_FILE, GREATEST_WHOLE, NewFile, StartFilePorts, StartedFile, start_file};
use super::store_ports::StoredFiles;
use super::stored_object::StoredObject;
use crate::access::key::{Caller, Role};
use crate::access::scope::Scope;
use crate::ports::Clock;
use crate::testing::samples::caller;
use crate::testing::stored_files::{MemoryFileBucket, MemoryFiles};
use crate::testing::system::{FixedClock, SeededRandom};
use crate::values::error::{Error, StoreError};
use crate::values::page::{Page, PageRequest};

pub(super) const MIB: u64 = 1024 * 1024;
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

pub(super) struct World {
    pub(super) files: MemoryFiles,
    pub(super) bucket: MemoryFileBucket,
    pub(super) clock: FixedClock,
    pub(super) random: SeededRandom,
    pub(super) quota: FileQuota,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            files: MemoryFiles::default(),
            bucket: MemoryFileBucket::default(),
            clock: FixedClock::at("2026-01-02T03:04:05Z"),
            random: SeededRandom::new(1),
            quota: FileQuota { files: 5, bytes: GREATEST_FILE },
        }
    }

    pub(super) async fn start_as(&self, caller: &Caller, new: NewFile) -> Result<StartedFile, Error> {
        let ports = StartFilePorts {
            files: &self.files,
            collections: &self.files,
            uploads: &self.bucket,
            clock: &self.clock,
            random: &self.random,
            max_bytes: GREATEST_FILE,
            quota: self.quota,
        };
        start_file(&ports, caller, &new).await
    }

    pub(super) async fn start(&self, new: NewFile) -> Result<StartedFile, Error> {
        self.start_as(&editor(), new).await
    }

    pub(super) async fn complete(&self, file: &StoredFile) -> Result<StoredFile, Error> {
        let ports = CompleteFilePorts { files: &self.files, uploads: &self.bucket, clock: &self.clock };
        complete_file(&ports, &editor(), file.id.as_str()).await
    }

    /// Inspects the file, as the event of its object has it done.
    pub(super) async fn inspect(&self, file: &StoredFile) -> StoredFile {
        let (files, contents, objects) = (&self.files, &self.bucket, &self.bucket);
        let ports = InspectFilePorts { files, contents, objects, clock: &self.clock, is_scanned: false };
        inspect_file(&ports, &file.object_key(), None).await.unwrap();
        self.files.get(&file.workspace, &file.id).await.unwrap().unwrap()
    }

    async fn parts(&self, file: &StoredFile, limit: usize, cursor: Option<String>) -> Result<Page<FilePart>, Error> {
        let ports = ListPartsPorts { files: &self.files, uploads: &self.bucket, clock: &self.clock };
        list_parts(&ports, &editor(), file.id.as_str(), &PageRequest { limit: Some(limit), cursor }).await
    }

    pub(super) fn removing(&self) -> RemoveFilePorts<'_> {
        RemoveFilePorts { files: &self.files, uploads: &self.bucket, objects: &self.bucket }
    }

    pub(super) async fn find(&self, caller: &Caller, file: &StoredFile) -> Result<(StoredFile, Option<String>), Error> {
        find_file(&self.files, (&self.bucket, &self.clock), caller, file.id.as_str()).await
    }

    /// Cleans as the schedule does.
    pub(super) async fn clean(&self) -> Cleaned {
        self.try_clean().await.unwrap()
    }

    pub(super) async fn try_clean(&self) -> Result<Cleaned, StoreError> {
        let ports =
            CleanFilesPorts { due: &self.files, remove: self.removing(), collections: &self.files, clock: &self.clock };
        let now = self.clock.now();
        clean_files(&ports, now, now.plus_seconds(900)).await
    }

    pub(super) async fn delete(&self, file: &StoredFile) -> Result<(), Error> {
        delete_file(&DeleteFilePorts { remove: self.removing(), clock: &self.clock }, &editor(), file.id.as_str()).await
    }

    /// Uploads every part that the bucket lacks, a page at a time.
    pub(super) async fn upload_parts(&self, file: &StoredFile) -> usize {
        let upload = &file.upload.as_ref().unwrap().id;
        let (mut cursor, mut sent) = (None, 0);
        loop {
            let page = self.parts(file, 100, cursor).await.unwrap();
            for part in page.items.iter().filter(|part| part.upload.is_some()) {
                self.bucket.put_part(&file.object_key(), upload, part.number, part.size);
                sent += 1;
            }
            cursor = page.next_cursor;
            if cursor.is_none() {
                return sent;
            }
        }
    }
}

pub(super) fn editor() -> Caller {
    caller("acme", Role::Editor)
}

pub(super) fn new(size: u64) -> NewFile {
    NewFile { name: "../../etc/passwd".to_owned(), size, ..NewFile::default() }
}

pub(super) fn object(size: u64) -> StoredObject {
    StoredObject { size, sha256: None, crc64nvme: None }
}

#[tokio::test]
async fn small_file_is_uploaded_as_a_whole() {
    let world = World::new();
    let started = world.start(new(GREATEST_WHOLE)).await.unwrap();
    let (upload, expires_at) = started.whole.unwrap();
    assert_eq!(expires_at.to_string(), "2026-01-02T03:19:05.000Z");
    let file = started.file;
    assert_eq!((file.status, file.name.as_str()), (FileStatus::Uploading, "../../etc/passwd"));
    assert_eq!(file.object_key(), format!("files/acme/{}", file.id), "the name is no part of the key");
    assert!(upload.url.contains(&file.object_key()));
    assert!(upload.headers[1].1.starts_with("attachment; filename=\"_.._etc_passwd\""), "{upload:?}");
    assert!(matches!(world.complete(&file).await, Err(Error::Conflict(_))), "nothing is there yet");
    assert!(world.find(&editor(), &file).await.unwrap().1.is_none());
    world.bucket.put(&file.object_key(), object(file.size));
    let complete = world.complete(&file).await.unwrap();
    assert_eq!((complete.status, complete.completed_at), (FileStatus::Inspecting, None));
    assert_eq!(world.complete(&file).await.unwrap(), complete, "a second time changes nothing");
    assert!(world.find(&editor(), &file).await.unwrap().1.is_none());
    world.clock.advance(60);
    let ready = world.inspect(&file).await;
    assert_eq!((ready.status, ready.completed_at), (FileStatus::Ready, Some(world.clock.now())));
    assert_eq!(world.complete(&file).await.unwrap(), ready);
    let (_, url) = world.find(&editor(), &file).await.unwrap();
    let signed = format!("https://bucket.example/{}?method=Get&expires=300&", file.object_key());
    assert!(url.unwrap().starts_with(&signed));
}

#[tokio::test]
async fn large_file_is_uploaded_in_parts_and_goes_on_after_a_crash() {
    let world = World::new();
    let size = 50 * 1024 * MIB;
    let file = world.start(new(size)).await.unwrap().file;
    let plan = file.plan().unwrap();
    assert_eq!(plan, PartPlan::of(size));
    let upload = file.upload.clone().unwrap().id;
    // The first page is sent, with one part of another size.
    for part in world.parts(&file, 100, None).await.unwrap().items {
        world.bucket.put_part(&file.object_key(), &upload, part.number, part.size - u64::from(part.number == 7));
    }
    let Err(Error::Conflict(detail)) = world.complete(&file).await else { panic!() };
    assert!(detail.contains(": 7, 101, 102") && detail.ends_with("876 more"), "{detail}");
    assert_eq!(world.upload_parts(&file).await, plan.count() as usize - 99);
    assert_eq!(world.upload_parts(&file).await, 0);
    assert_eq!(world.complete(&file).await.unwrap().status, FileStatus::Inspecting);
    assert_eq!(world.bucket.open_uploads(), 0);
    assert!(matches!(world.parts(&file, 10, None).await, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn any_call_to_the_bucket_can_fail_and_the_next_try_completes_the_file() {
    for calls in 0..8 {
        let world = World::new();
        let file = world.start(NewFile { in_parts: true, ..new(20 * MIB) }).await.unwrap().file;
        world.upload_parts(&file).await;
        world.bucket.fail_after(calls);
        let first = world.complete(&file).await;
        let second = world.complete(&file).await.unwrap();
        assert_eq!(second.status, FileStatus::Inspecting, "{calls}");
        assert!(first.is_err() || first.unwrap() == second, "{calls}");
    }
}

#[tokio::test]
async fn what_differs_from_the_announcement_is_not_ready() {
    let world = World::new();
    let announced = NewFile { sha256: Some(EMPTY_SHA256.to_owned()), ..new(10) };
    let file = world.start(announced).await.unwrap().file;
    let other = super::checksums::Sha256Sum::parse(&EMPTY_SHA256.replace('e', "f")).ok();
    for (stored, detail) in
        [(object(11), "11 bytes instead of the 10"), (StoredObject { sha256: other, ..object(10) }, "SHA-256")]
    {
        world.bucket.put(&file.object_key(), stored);
        let Err(Error::Conflict(found)) = world.complete(&file).await else { panic!() };
        assert!(found.contains(detail), "{found}");
        crate::files::ports::ObjectRemover::remove(&world.bucket, &file.object_key()).await.unwrap();
    }
    world.bucket.put(&file.object_key(), StoredObject { sha256: file.sha256.clone(), ..object(10) });
    assert_eq!(world.complete(&file).await.unwrap().status, FileStatus::Inspecting);
}

#[tokio::test]
async fn upload_that_the_bucket_has_ended_is_not_completed() {
    let world = World::new();
    let file = world.start(NewFile { in_parts: true, ..new(10) }).await.unwrap().file;
    world.bucket.end_uploads();
    assert!(matches!(world.parts(&file, 10, None).await, Err(Error::Conflict(_))));
    assert!(matches!(world.complete(&file).await, Err(Error::Conflict(_))));
    world.delete(&file).await.unwrap();
    assert!(world.files.all().is_empty());
}

#[tokio::test]
async fn every_invalid_field_is_named() {
    let bad = NewFile {
        name: String::new(),
        size: 0,
        content_type: Some("text/html; x".to_owned()),
        sha256: Some("x".to_owned()),
        crc64nvme: Some("x".to_owned()),
        in_parts: false,
        collection: None,
        path: Some("a".to_owned()),
        expires_at: Some("2026-01-02T03:04:05Z".to_owned()),
        link: None,
    };
    let both = NewFile { crc64nvme: Some("AuUcyF784aU=".into()), sha256: Some(EMPTY_SHA256.into()), ..new(1) };
    let parts = NewFile { sha256: Some(EMPTY_SHA256.into()), ..new(GREATEST_WHOLE + 1) };
    for (new, expected) in [
        (bad, vec!["/name", "/size", "/content_type", "/sha256", "/crc64nvme", "/crc64nvme", "/expires_at", "/path"]),
        (both, vec!["/crc64nvme"]),
        (parts, vec!["/sha256"]),
        (new(GREATEST_FILE + 1), vec!["/size"]),
    ] {
        let world = World::new();
        let Err(Error::Invalid(errors)) = world.start(new).await else { panic!("{expected:?}") };
        assert_eq!(errors.iter().map(|error| error.pointer.as_str()).collect::<Vec<_>>(), expected);
        assert!(world.files.all().is_empty() && world.bucket.open_uploads() == 0);
    }
}

#[tokio::test]
async fn workspace_keeps_no_more_than_its_quota() {
    let world = World { quota: FileQuota { files: 2, bytes: 1000 }, ..World::new() };
    let refused = async |size| match world.start(NewFile { in_parts: true, ..new(size) }).await {
        Err(Error::Conflict(detail)) => Some(detail),
        other => other.map(|_| None).unwrap(),
    };
    assert!(refused(1001).await.is_some_and(|detail| detail.contains("0 of 1000 bytes in 0 of 2 files")));
    let first = world.start(new(600)).await.unwrap().file;
    assert!(refused(401).await.is_some());
    assert_eq!(refused(400).await, None);
    assert!(refused(1).await.is_some_and(|detail| detail.contains("1000 of 1000 bytes in 2 of 2 files")));
    assert_eq!(world.bucket.open_uploads(), 1, "what is refused leaves no upload");
    world.start_as(&caller("other", Role::Editor), new(1000)).await.unwrap();
    world.delete(&first).await.unwrap();
    assert_eq!(world.files.usage(&editor().workspace), FileUsage { files: 1, bytes: 400 });
    world.start(new(600)).await.unwrap();
}

#[tokio::test]
async fn caller_sees_the_files_of_its_workspace_and_a_limited_one_its_own() {
    let world = World::new();
    let limited = Caller {
        key_id: "key_limited".to_owned(),
        scope: Scope::new(Vec::new(), Vec::new(), Some("key_limited".to_owned())),
        ..editor()
    };
    let own = world.start_as(&limited, new(1)).await.unwrap().file;
    world.clock.advance(1);
    let other = world.start(new(1)).await.unwrap().file;
    let listed = async |caller: &Caller| {
        let page = list_files(&world.files, caller, &PageRequest::default()).await.unwrap();
        page.items.into_iter().map(|file| file.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(&caller("acme", Role::Viewer)).await, [other.id.clone(), own.id.clone()]);
    assert_eq!(listed(&limited).await, std::slice::from_ref(&own.id));
    assert_eq!(listed(&caller("other", Role::Admin)).await, []);
    let found = async |caller: &Caller, file: &StoredFile| world.find(caller, file).await.is_ok();
    assert!(found(&limited, &own).await && !found(&limited, &other).await);
    assert!(found(&editor(), &own).await && !found(&caller("other", Role::Admin), &own).await);
}

#[tokio::test]
async fn viewer_changes_nothing() {
    let world = World::new();
    let file = world.start(new(1)).await.unwrap().file;
    let viewer = caller("acme", Role::Viewer);
    let id = file.id.as_str();
    let start = world.start_as(&viewer, new(1)).await.map(drop);
    let complete = CompleteFilePorts { files: &world.files, uploads: &world.bucket, clock: &world.clock };
    let complete = complete_file(&complete, &viewer, id).await.map(drop);
    let parts = ListPartsPorts { files: &world.files, uploads: &world.bucket, clock: &world.clock };
    let parts = list_parts(&parts, &viewer, id, &PageRequest::default()).await.map(drop);
    let delete = DeleteFilePorts { remove: world.removing(), clock: &world.clock };
    let delete = delete_file(&delete, &viewer, id).await;
    for result in [start, complete, parts, delete] {
        assert!(matches!(result, Err(Error::Forbidden(_))), "{result:?}");
    }
}

/// What can happen to a file.
#[derive(Debug, Clone)]
enum Step {
    Start(u64, bool),
    Upload(usize),
    Complete(usize),
    Delete(usize),
    EndUploads,
    Fail(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1..=40 * MIB, any::<bool>()).prop_map(|(size, in_parts)| Step::Start(size, in_parts)),
        4 => (0..6_usize).prop_map(Step::Upload),
        4 => (0..6_usize).prop_map(Step::Complete),
        2 => (0..6_usize).prop_map(Step::Delete),
        1 => Just(Step::EndUploads),
        2 => (0..4_u32).prop_map(Step::Fail),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens in whatever order: a ready file has its object with its size, a deleted one has nothing, and quotas hold.
    #[test]
    fn ready_files_have_their_objects_and_deleted_ones_have_none(steps in prop::collection::vec(step(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = World { quota: FileQuota { files: 3, bytes: 60 * MIB }, ..World::new() };
            let mut known: Vec<StoredFile> = Vec::new();
            for step in steps {
                match step {
                    Step::Start(size, in_parts) => {
                        let started = world.start(NewFile { in_parts, ..new(size) }).await;
                        known.extend(started.ok().map(|started| started.file));
                    }
                    Step::Upload(index) => if let Some(file) = known.get(index) {
                        let is_there = world.files.all().contains(file);
                        match (&file.upload, file.plan()) {
                            (Some(upload), Some(plan)) => (1..=plan.count()).for_each(|number| {
                                let size = plan.part(number).unwrap().1;
                                world.bucket.put_part(&file.object_key(), &upload.id, number, size);
                            }),
                            _ if is_there => world.bucket.put(&file.object_key(), object(file.size)),
                            _ => {}
                        }
                    },
                    Step::Complete(index) => if let Some(file) = known.get(index) {
                        let _ = world.complete(file).await;
                    },
                    Step::Delete(index) => if let Some(file) = known.get(index) {
                        let deleted = world.delete(file).await;
                        assert!(deleted.is_err() || !world.files.all().iter().any(|other| other.id == file.id));
                    },
                    Step::EndUploads => world.bucket.end_uploads(),
                    Step::Fail(calls) => world.bucket.fail_after(calls),
                }
                let usage = world.files.usage(&editor().workspace);
                assert!(usage.files <= 3 && usage.bytes <= 60 * MIB);
            }
            let (all, removed) = (world.files.all(), world.files.removed());
            for key in world.bucket.keys() {
                let is_known = all.iter().any(|file| file.object_key() == key);
                assert!(is_known || removed.iter().any(|file| file.object_key() == key), "nobody knows {key}");
            }
        });
    }
}
