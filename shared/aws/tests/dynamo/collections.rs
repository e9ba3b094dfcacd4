//! Tests collections of files against an embedded DynamoDB.

use futures::future::join_all;
use waypost_aws::dynamo::collections::DynamoCollections;
use waypost_aws::dynamo::due_files::DynamoDueFiles;
use waypost_aws::dynamo::files::DynamoFiles;
use waypost_domain::Timestamp;
use waypost_domain::files::collections::collection::{Collection, MAX_FILES};
use waypost_domain::files::collections::path::{FilePath, FilePlace};
use waypost_domain::files::collections::ports::StoredCollections;
use waypost_domain::files::collections::reader::{CollectionAddress, CollectionReader};
use waypost_domain::files::file::StoredFile;
use waypost_domain::files::quota::{FileQuota, FileUsage};
use waypost_domain::files::removed::RemovedFile;
use waypost_domain::files::store_ports::{Added, DUE_SHARDS, Due, DueFiles, StoredFiles};
use waypost_domain::testing::samples::{collection, stored_file};

use crate::support::{LINKS_TABLE, dynamodb};

const QUOTA: FileQuota = FileQuota { files: 20_000, bytes: u64::MAX / 2 };

struct Stores {
    files: DynamoFiles,
    collections: DynamoCollections,
    due: DynamoDueFiles,
}

async fn stores() -> Stores {
    let client = dynamodb().await;
    Stores {
        files: DynamoFiles::new(client.clone(), LINKS_TABLE),
        collections: DynamoCollections::new(client.clone(), LINKS_TABLE),
        due: DynamoDueFiles::new(client, LINKS_TABLE),
    }
}

fn file(collection: &Collection, number: u64, path: &str) -> StoredFile {
    let path = FilePath::parse(path).unwrap();
    let place = Some(FilePlace { collection: collection.id.clone(), path });
    StoredFile { place, size: 10, ..stored_file("acme", number) }
}

fn removed(file: &StoredFile) -> RemovedFile {
    let (id, workspace, now) = (file.id.clone(), file.workspace.clone(), file.created_at);
    RemovedFile { id, workspace, upload: None, removed_at: now, look_at: now.plus_seconds(900) }
}

fn at(time: &str) -> Timestamp {
    Timestamp::parse(time).unwrap()
}

impl Stores {
    async fn add(&self, file: &StoredFile) -> Added {
        self.files.add(file, QUOTA).await.unwrap()
    }

    async fn counts(&self, of: &Collection) -> (u64, u64) {
        let stored = self.collections.get(&of.workspace, &of.id).await.unwrap().unwrap();
        (stored.files, stored.bytes)
    }

    async fn paths(&self, of: &Collection, limit: usize) -> Vec<String> {
        let (mut paths, mut after) = (Vec::new(), None);
        loop {
            let part = self.collections.files(&of.workspace, &of.id, after.as_deref(), limit).await.unwrap();
            assert!(part.files.len() <= limit);
            paths.extend(part.files.into_iter().map(|file| file.place.unwrap().path.to_string()));
            after = part.next;
            if after.is_none() {
                return paths;
            }
        }
    }

    async fn all_due(&self, until: Timestamp) -> Vec<Due> {
        let mut all = Vec::new();
        for shard in 0..DUE_SHARDS {
            let page = self.due.due(shard, until, None, 1000).await.unwrap();
            all.extend(page.into_iter().map(|due| due.what.unwrap()));
        }
        all
    }
}

#[tokio::test]
async fn file_in_a_collection_is_counted_twice_and_its_path_is_taken_until_it_is_removed() {
    let stores = stores().await;
    let (one, other) = (collection("acme", 1), collection("acme", 2));
    for collection in [&one, &other] {
        assert!(stores.collections.add(collection).await.unwrap());
        assert!(stores.collections.add(collection).await.unwrap(), "its answer may have been lost");
    }
    assert!(!stores.collections.add(&Collection { name: "another".to_owned(), ..one.clone() }).await.unwrap());
    let first = file(&one, 1, "a/B.txt");
    assert_eq!(stores.add(&first).await, Added::Done);
    assert_eq!(stores.add(&first).await, Added::Done, "its answer may have been lost");
    assert_eq!(stores.counts(&one).await, (1, 10));
    assert_eq!(stores.add(&file(&one, 2, "A/b.TXT")).await, Added::PathTaken);
    assert_eq!(stores.add(&file(&other, 2, "A/b.TXT")).await, Added::Done);
    assert_eq!(stores.add(&file(&collection("acme", 3), 3, "a")).await, Added::NoCollection);
    let tight = FileQuota { files: 2, bytes: 1000 };
    let usage = FileUsage { files: 2, bytes: 20 };
    assert_eq!(stores.files.add(&file(&one, 3, "b"), tight).await.unwrap(), Added::NoRoom(usage));
    assert_eq!(
        (stores.counts(&one).await, stores.counts(&other).await),
        ((1, 10), (1, 10)),
        "what is refused counts nowhere"
    );
    let next = StoredFile { revision: 2, ..first.clone() };
    assert!(stores.files.replace(&next).await.unwrap());
    assert!(!stores.files.remove(&first, &removed(&first)).await.unwrap(), "it has another revision");
    assert_eq!(stores.paths(&one, 10).await, ["a/B.txt"]);
    for _ in 0..2 {
        assert!(stores.files.remove(&next, &removed(&next)).await.unwrap());
    }
    assert_eq!((stores.counts(&one).await, stores.paths(&one, 10).await), ((0, 0), vec![]));
    assert_eq!(stores.add(&file(&one, 4, "A/B.txt")).await, Added::Done);
    assert_eq!(stores.paths(&other, 10).await, ["A/b.TXT"]);
}

#[tokio::test]
async fn files_are_listed_in_parts_in_the_order_of_their_paths() {
    let stores = stores().await;
    let given = collection("acme", 1);
    assert!(stores.collections.add(&given).await.unwrap());
    let mut paths: Vec<String> = (0..230).map(|number| format!("{}/{number:03}", number / 50)).collect();
    paths.extend(["ü/ß", "z.txt", "a b/\u{1f4a9}"].map(str::to_owned));
    // As many at once as the table takes without giving up.
    for (number, path) in (0..).zip(paths.iter().rev()) {
        assert_eq!(stores.add(&file(&given, number, path)).await, Added::Done);
    }
    let mut sorted = paths;
    sorted.sort_by_key(|path| FilePath::parse(path.as_str()).unwrap().key());
    for limit in [1000, 233, 232, 100, 7] {
        assert_eq!(stores.paths(&given, limit).await, sorted, "{limit}");
    }
    let address = CollectionAddress { workspace: given.workspace.clone(), id: given.id.clone() };
    let part = stores.collections.part(&address, None).await.unwrap().unwrap();
    assert_eq!((part.collection.files, part.part.files.len(), &part.part.next), (233, 233, &None));
    let stolen = CollectionAddress { workspace: stored_file("thief", 1).workspace, ..address.clone() };
    assert!(stores.collections.part(&stolen, None).await.unwrap().is_none());
    assert_eq!(stores.collections.collection(&address).await.unwrap().unwrap().bytes, 2330);
}

#[tokio::test]
async fn files_that_come_at_once_never_exceed_the_collection_and_take_no_path_twice() {
    let stores = stores().await;
    let given = Collection { files: MAX_FILES - 3, ..collection("acme", 1) };
    assert!(stores.collections.add(&given).await.unwrap());
    let all: Vec<StoredFile> = (0..12).map(|number| file(&given, number, &format!("{}", number / 2))).collect();
    let added = join_all(all.iter().map(|file| stores.files.add(file, QUOTA))).await;
    let done = added.iter().filter(|added| matches!(added, Ok(Added::Done))).count();
    assert!((1..=3).contains(&done), "{added:?}");
    let mut paths = stores.paths(&given, 100).await;
    assert_eq!(paths.len(), done);
    paths.dedup();
    assert_eq!(paths.len(), done);
    assert_eq!(stores.counts(&given).await.0, MAX_FILES - 3 + done as u64);
    // One after the other the rest finds room, or not.
    for number in 20..24 {
        stores.add(&file(&given, number, &number.to_string())).await;
    }
    assert_eq!(stores.counts(&given).await.0, MAX_FILES);
    assert_eq!(stores.add(&file(&given, 30, "x")).await, Added::CollectionFull);
}

#[tokio::test]
async fn deleted_collection_takes_no_files_and_is_due_until_it_is_empty() {
    let stores = stores().await;
    let end = at("2026-05-01T00:00:00Z");
    let given = Collection { expires_at: Some(end), ..collection("acme", 1) };
    let kept = collection("acme", 2);
    assert!(stores.collections.add(&given).await.unwrap() && stores.collections.add(&kept).await.unwrap());
    let first = file(&given, 1, "a");
    assert_eq!(stores.add(&first).await, Added::Done);
    assert_eq!(stores.all_due(end.plus_seconds(-1)).await, []);
    assert!(matches!(&stores.all_due(end).await[..], [Due::Collection(due)] if due.id == given.id && due.files == 1));
    let (workspace, now) = (&given.workspace, at("2026-04-01T00:00:00Z"));
    let marked = stores.collections.mark_deleted(workspace, &given.id, now).await.unwrap().unwrap();
    assert_eq!((marked.deleted_at, marked.files), (Some(now), 1));
    let again = stores.collections.mark_deleted(workspace, &given.id, now.plus_seconds(9)).await.unwrap();
    assert_eq!(again, Some(marked));
    assert_eq!(stores.collections.mark_deleted(workspace, &collection("acme", 9).id, now).await.unwrap(), None);
    assert_eq!(stores.add(&file(&given, 2, "b")).await, Added::NoCollection);
    assert_eq!((stores.all_due(now.plus_seconds(-1)).await.len(), stores.all_due(now).await.len()), (0, 1));
    assert!(!stores.collections.forget(workspace, &given.id).await.unwrap(), "it has a file");
    assert!(stores.files.remove(&first, &removed(&first)).await.unwrap());
    for _ in 0..2 {
        assert!(stores.collections.forget(workspace, &given.id).await.unwrap());
    }
    assert!(!stores.collections.forget(workspace, &kept.id).await.unwrap(), "it is not deleted");
    let newest = stores.collections.newest(workspace, None, 10).await.unwrap();
    assert_eq!(newest, [kept], "files and what is remembered of them are not collections");
    assert!(!stores.all_due(end).await.iter().any(|due| matches!(due, Due::Collection(_))));
}

#[tokio::test]
async fn newest_collections_come_first() {
    let stores = stores().await;
    for number in 1..=5 {
        assert!(stores.collections.add(&collection("acme", number)).await.unwrap());
    }
    let workspace = collection("acme", 1).workspace;
    let newest = stores.collections.newest(&workspace, None, 2).await.unwrap();
    assert_eq!(newest, [collection("acme", 5), collection("acme", 4)]);
    let older = stores.collections.newest(&workspace, Some(&newest[1].id), 10).await.unwrap();
    assert_eq!(older, [3, 2, 1].map(|number| collection("acme", number)));
}
