//! Tests files of workspaces against an embedded DynamoDB.

use futures::future::join_all;
use waypost_aws::dynamo::due_files::DynamoDueFiles;
use waypost_aws::dynamo::files::DynamoFiles;
use waypost_domain::files::file::{FileStatus, StoredFile};
use waypost_domain::files::id::FileId;
use waypost_domain::files::quota::{FileQuota, FileUsage};
use waypost_domain::files::removed::RemovedFile;
use waypost_domain::files::store_ports::{Added, DUE_SHARDS, Due, DueFiles, StoredFiles};
use waypost_domain::ports::Clock;
use waypost_domain::testing::samples::caller;
use waypost_domain::testing::system::{FixedClock, SeededRandom};
use waypost_domain::{Role, Timestamp};

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
        adopted: None,
        place: None,
        created_by: "key_1".to_owned(),
        created_at: clock.now(),
        completed_at: None,
        expires_at: None,
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
    let removed = removed(&ready, clock.now());
    assert!(!files.remove(&first, &removed).await.unwrap(), "it has another revision");
    assert!(files.remove(&ready, &removed).await.unwrap());
    assert!(files.remove(&ready, &removed).await.unwrap(), "its answer may have been lost");
    let later = RemovedFile { removed_at: clock.now().plus_seconds(1), ..removed };
    assert!(!files.remove(&ready, &later).await.unwrap(), "another request did it");
    assert_eq!(files.get(&ready.workspace, &ready.id).await.unwrap(), None);
    assert_eq!(files.newest(&ready.workspace, None, 10).await.unwrap().len(), 1, "it is not listed");
    let refused = files.add(&file(&clock, &random, "acme", 1000), QUOTA).await.unwrap();
    assert_eq!(refused, Added::NoRoom(FileUsage { files: 1, bytes: 400 }));
}

/// Remembers a file that was removed at `now`.
fn removed(file: &StoredFile, now: Timestamp) -> RemovedFile {
    let (id, workspace) = (file.id.clone(), file.workspace.clone());
    RemovedFile { id, workspace, upload: Some("u1".to_owned()), removed_at: now, look_at: now.plus_seconds(900) }
}

/// Lists all that is due at `until`, in pages of `limit`.
async fn all_due(list: &DynamoDueFiles, until: Timestamp, limit: usize) -> Vec<Due> {
    let mut all = Vec::new();
    for shard in 0..DUE_SHARDS {
        let mut after = None;
        loop {
            let page = list.due(shard, until, after.as_deref(), limit).await.unwrap();
            let Some(last) = page.last() else { break };
            assert!(page.len() <= limit && page.is_sorted_by(|a, b| a.place < b.place));
            after = Some(last.place.clone());
            all.extend(page.into_iter().map(|due| due.what.unwrap()));
        }
    }
    all
}

#[tokio::test]
async fn what_is_due_is_listed_and_nothing_else() {
    let client = dynamodb().await;
    let (files, list) = (DynamoFiles::new(client.clone(), LINKS_TABLE), DynamoDueFiles::new(client, LINKS_TABLE));
    let (clock, random) = (FixedClock::at("2026-01-02T03:04:05Z"), SeededRandom::new(1));
    let now = clock.now();
    let quota = FileQuota { files: 100, bytes: 1000 };
    let mut ending = Vec::new();
    for seconds in 0..20 {
        let ends = StoredFile { expires_at: Some(now.plus_seconds(seconds)), ..file(&clock, &random, "acme", 1) };
        assert_eq!(files.add(&ends, quota).await.unwrap(), Added::Done);
        ending.push(ends);
    }
    let kept = file(&clock, &random, "other", 1);
    assert_eq!(files.add(&kept, quota).await.unwrap(), Added::Done);
    let ready = StoredFile { status: FileStatus::Ready, revision: 1, ..kept };
    assert!(files.replace(&ready).await.unwrap());
    for (seconds, limit) in [(-1, 10), (0, 10), (9, 1), (9, 2), (19, 100), (86_400, 3)] {
        let mut due = all_due(&list, now.plus_seconds(seconds), limit).await;
        due.sort_by_key(|due| if let Due::File(file) = due { file.expires_at } else { None });
        let count = usize::try_from(seconds + 1).unwrap().min(20);
        let expected: Vec<Due> = ending.iter().take(count).cloned().map(|file| Due::File(Box::new(file))).collect();
        assert_eq!(due, expected, "{seconds} {limit}");
    }
    let gone = removed(&ending[0], now);
    assert!(files.remove(&ending[0], &gone).await.unwrap());
    assert_eq!(all_due(&list, now, 10).await, []);
    let due = all_due(&list, gone.look_at, 7).await;
    assert!(due.len() == 20 && due.contains(&Due::Removed(gone.clone())), "{due:?}");
    let next = RemovedFile { look_at: now.plus_seconds(86_400), ..gone };
    list.look_again(&next).await.unwrap();
    assert_eq!(all_due(&list, now.plus_seconds(900), 10).await.len(), 19);
    assert!(all_due(&list, next.look_at, 10).await.contains(&Due::Removed(next.clone())));
    for _ in 0..2 {
        list.forget(&next).await.unwrap();
    }
    list.look_again(&next).await.unwrap();
    assert_eq!(all_due(&list, next.look_at, 10).await.len(), 19, "what is forgotten does not come back");
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
