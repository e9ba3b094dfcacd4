//! Tests files of workspaces against an embedded DynamoDB.

use futures::future::join_all;
use waypost_aws::dynamo::files::DynamoFiles;
use waypost_domain::Role;
use waypost_domain::files::file::{FileStatus, StoredFile};
use waypost_domain::files::id::FileId;
use waypost_domain::files::quota::{FileQuota, FileUsage};
use waypost_domain::files::store_ports::{Added, StoredFiles};
use waypost_domain::ports::Clock;
use waypost_domain::testing::samples::caller;
use waypost_domain::testing::system::{FixedClock, SeededRandom};

use crate::support::{LINKS_TABLE, dynamodb};

const QUOTA: FileQuota = FileQuota { files: 3, bytes: 1000 };

fn file(clock: &FixedClock, random: &SeededRandom, workspace: &str, size: u64) -> StoredFile {
    StoredFile {
        id: FileId::generate(clock, random),
        workspace: caller(workspace, Role::Editor).workspace,
        status: FileStatus::Uploading,
        name: "a\0b \u{202e}c".to_owned(),
        size,
        content_type: "text/plain".to_owned(),
        sha256: None,
        crc64nvme: None,
        blocked_reason: None,
        detected: None,
        upload: None,
        created_by: "key_1".to_owned(),
        created_at: clock.now(),
        completed_at: None,
        revision: 0,
    }
}

#[tokio::test]
async fn file_is_counted_once_and_until_it_is_removed() {
    let files = DynamoFiles::new(dynamodb().await, LINKS_TABLE);
    let (clock, random) = (FixedClock::at("2026-01-02T03:04:05Z"), SeededRandom::new(1));
    let first = file(&clock, &random, "acme", 600);
    assert_eq!(files.add(&first, QUOTA).await.unwrap(), Added::Done);
    // As if the answer had been lost.
    assert_eq!(files.add(&first, QUOTA).await.unwrap(), Added::Done);
    assert_eq!(files.get(&first.workspace, &first.id).await.unwrap(), Some(first.clone()));
    let usage = FileUsage { files: 1, bytes: 600 };
    for size in [401, 1001, u64::from(u32::MAX)] {
        let refused = files.add(&file(&clock, &random, "acme", size), QUOTA).await.unwrap();
        assert_eq!(refused, Added::NoRoom(usage), "{size}");
    }
    assert_eq!(files.add(&file(&clock, &random, "acme", 400), QUOTA).await.unwrap(), Added::Done);
    assert_eq!(files.add(&file(&clock, &random, "other", 1000), QUOTA).await.unwrap(), Added::Done);
    let ready = StoredFile { status: FileStatus::Ready, revision: 1, ..first.clone() };
    assert!(files.replace(&ready).await.unwrap() && files.replace(&ready).await.unwrap());
    assert!(!files.replace(&StoredFile { revision: 1, ..first.clone() }).await.unwrap());
    assert!(!files.remove(&first).await.unwrap(), "it has another revision");
    assert!(files.remove(&ready).await.unwrap());
    assert!(!files.remove(&ready).await.unwrap(), "and is counted no more only once");
    let refused = files.add(&file(&clock, &random, "acme", 1000), QUOTA).await.unwrap();
    assert_eq!(refused, Added::NoRoom(FileUsage { files: 1, bytes: 400 }));
}

#[tokio::test]
async fn files_that_come_at_once_never_exceed_the_quota() {
    let files = DynamoFiles::new(dynamodb().await, LINKS_TABLE);
    let (clock, random) = (FixedClock::at("2026-01-02T03:04:05Z"), SeededRandom::new(1));
    let all: Vec<StoredFile> = (0..8).map(|_| file(&clock, &random, "acme", 300)).collect();
    let added = join_all(all.iter().map(|file| files.add(file, QUOTA))).await;
    let done = added.into_iter().filter(|added| matches!(added, Ok(Added::Done))).count();
    assert!((1..=3).contains(&done), "{done}");
    let stored = files.newest(&all[0].workspace, None, 100).await.unwrap();
    assert_eq!(stored.len(), done);
    assert!(stored.is_sorted_by(|a, b| a.id > b.id));
    let older = files.newest(&all[0].workspace, Some(&stored[0].id), 100).await.unwrap();
    assert_eq!(older, stored[1..]);
}
