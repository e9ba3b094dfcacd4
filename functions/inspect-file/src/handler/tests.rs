//! Tests the events of the function.

use super::*;
use waypost_domain::Role;
use waypost_domain::files::id::FileId;
use waypost_domain::files::quota::FileQuota;
use waypost_domain::files::start::{NewFile, StartFilePorts, start_file};
use waypost_domain::testing::samples::caller;
use waypost_domain::testing::stored_files::{MemoryFileBucket, MemoryFiles};
use waypost_domain::testing::system::{FixedClock, SeededRandom};

struct Fixture {
    app: App,
    files: Arc<MemoryFiles>,
    bucket: Arc<MemoryFileBucket>,
}

fn fixture() -> Fixture {
    fixture_with(false)
}

fn fixture_with(is_scanned: bool) -> Fixture {
    let (files, bucket) = (Arc::<MemoryFiles>::default(), Arc::<MemoryFileBucket>::default());
    let clock = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
    let app = App { files: files.clone(), contents: bucket.clone(), objects: bucket.clone(), clock, is_scanned };
    Fixture { app, files, bucket }
}

impl Fixture {
    /// Announces the file that the sample events name.
    async fn announce(&self, size: u64) -> StoredFile {
        let quota = FileQuota { files: 9, bytes: u64::MAX };
        let ports = StartFilePorts {
            files: &MemoryFiles::default(),
            collections: &MemoryFiles::default(),
            uploads: self.bucket.as_ref(),
            clock: self.app.clock.as_ref(),
            random: &SeededRandom::new(1),
            max_bytes: u64::MAX,
            quota,
        };
        let new = NewFile { name: "a".to_owned(), size, ..NewFile::default() };
        let file = start_file(&ports, &caller("acme", Role::Editor), &new).await.unwrap().file;
        let file = StoredFile { id: FileId::parse("fil_0199b0c67e4570008000000000000005").unwrap(), ..file };
        self.files.add(&file, quota).await.unwrap();
        file
    }

    async fn invoke(&self, event: &str) -> Result<(), BoxError> {
        handle(&self.app, serde_json::from_str(event)?, "r1").await
    }
}

const PUT: &str = include_str!("../../../../events/inspect-file/put.json");
const PARTS: &str = include_str!("../../../../events/inspect-file/parts.json");

#[tokio::test]
async fn sample_uploads_are_inspected() {
    for (event, size) in [(PUT, 5), (PARTS, 58_720_256)] {
        let fixture = fixture();
        let file = fixture.announce(size).await;
        fixture.bucket.put(
            &file.object_key(),
            waypost_domain::files::stored_object::StoredObject { size, sha256: None, crc64nvme: None },
        );
        for _ in 0..2 {
            fixture.invoke(event).await.unwrap();
            assert_eq!(fixture.files.all()[0].status, FileStatus::Ready);
        }
    }
}

#[tokio::test]
async fn sample_verdicts_decide() {
    for (event, status) in [
        (include_str!("../../../../events/inspect-file/scan-clean.json"), FileStatus::Ready),
        (include_str!("../../../../events/inspect-file/scan-threats.json"), FileStatus::Blocked),
        (include_str!("../../../../events/inspect-file/scan-unsupported.json"), FileStatus::Blocked),
    ] {
        let fixture = fixture_with(true);
        let file = fixture.announce(5).await;
        fixture.bucket.put_bytes(&file.object_key(), b"hello");
        fixture.invoke(PUT).await.unwrap();
        assert_eq!(fixture.files.all()[0].status, FileStatus::Inspecting, "it waits for the verdict");
        // The sample names the content that S3 knows by MD5.
        let etag = fixture.bucket.found(&file.object_key()).await.unwrap().unwrap().etag;
        fixture.invoke(&event.replace("5d41402abc4b2a76b9719d911017c592", &etag)).await.unwrap();
        assert_eq!(fixture.files.all()[0].status, status);
    }
}

#[tokio::test]
async fn object_without_a_file_is_removed() {
    let fixture = fixture();
    fixture.bucket.put_bytes("files/acme/fil_0199b0c67e4570008000000000000005", b"hello");
    fixture.invoke(PUT).await.unwrap();
    assert!(fixture.bucket.keys().is_empty());
}

#[tokio::test]
async fn unavailable_store_fails_the_event() {
    let fixture = fixture();
    let file = fixture.announce(5).await;
    fixture.bucket.put_bytes(&file.object_key(), b"hello");
    fixture.bucket.fail_after(0);
    assert!(fixture.invoke(PUT).await.is_err());
    fixture.invoke(PUT).await.unwrap();
    assert_eq!(fixture.files.all()[0].status, FileStatus::Ready);
}

#[tokio::test]
async fn other_events_are_errors() {
    let fixture = fixture();
    fixture.invoke(include_str!("../../../../events/inspect-file/test-event.json")).await.unwrap();
    for event in ["{}", "{\"Event\": \"s3:Other\"}", "[]"] {
        assert!(fixture.invoke(event).await.is_err(), "{event}");
    }
}
