//! Tests collections from their making to their end.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::collection::{Collection, MAX_FILES};
use super::create::{CreateCollectionPorts, NewCollection, create_collection};
use super::delete::{Deleted, delete_collection};
use super::find::find_collection;
use super::list::list_collections;
use super::list_files::list_collection_files;
use super::ports::StoredCollections;
use super::remove::RemoveCollectionPorts;
use crate::access::key::{Caller, Role};
use crate::access::scope::Scope;
use crate::files::clean::Cleaned;
use crate::files::file::StoredFile;
use crate::files::quota::{FileQuota, FileUsage};
use crate::files::start::NewFile;
use crate::files::tests::{World, editor, new, object};
use crate::ports::Clock;
use crate::testing::samples::caller;
use crate::values::error::Error;
use crate::values::page::PageRequest;

const HOUR: i64 = 3600;

fn world() -> World {
    World { quota: FileQuota { files: 1000, bytes: 1_000_000 }, ..World::new() }
}

fn limited() -> Caller {
    let key_id = "key_limited".to_owned();
    Caller { scope: Scope::new(Vec::new(), Vec::new(), Some(key_id.clone())), key_id, ..editor() }
}

impl World {
    async fn create_as(&self, caller: &Caller, new: NewCollection) -> Result<Collection, Error> {
        let ports = CreateCollectionPorts { collections: &self.files, clock: &self.clock, random: &self.random };
        create_collection(&ports, caller, new).await
    }

    async fn create(&self) -> Collection {
        let new = NewCollection { name: "Photos".to_owned(), expires_at: None };
        self.create_as(&editor(), new).await.unwrap()
    }

    /// Announces a file of ten bytes at `path` in `collection`.
    async fn put(&self, collection: &Collection, path: &str) -> Result<StoredFile, Error> {
        self.put_as(&editor(), collection, path).await
    }

    async fn put_as(&self, caller: &Caller, collection: &Collection, path: &str) -> Result<StoredFile, Error> {
        let name = path.rsplit('/').next().unwrap().to_owned();
        let (collection, path) = (Some(collection.id.to_string()), Some(path.to_owned()));
        Ok(self.start_as(caller, NewFile { name, collection, path, ..new(10) }).await?.file)
    }

    fn removing_collections(&self) -> RemoveCollectionPorts<'_> {
        RemoveCollectionPorts { collections: &self.files, remove: self.removing(), clock: &self.clock }
    }

    async fn delete_collection(&self, collection: &Collection) -> Result<Deleted, Error> {
        delete_collection(&self.removing_collections(), &editor(), collection.id.as_str()).await
    }

    /// Lists the paths of a collection, in pages of `limit`.
    async fn paths(&self, caller: &Caller, collection: &Collection, limit: usize) -> Vec<String> {
        let (mut paths, mut cursor) = (Vec::new(), None);
        loop {
            let page = PageRequest { limit: Some(limit), cursor };
            let page = list_collection_files(&self.files, caller, collection.id.as_str(), &page).await.unwrap();
            assert!(page.items.len() <= limit);
            paths.extend(page.items.into_iter().map(|file| file.place.unwrap().path.to_string()));
            cursor = page.next_cursor;
            if cursor.is_none() {
                return paths;
            }
        }
    }

    fn stored(&self, collection: &Collection) -> Option<Collection> {
        self.files.collections().into_iter().find(|stored| stored.id == collection.id)
    }

    /// Checks that what is counted is what there is, and that each file with a collection has one.
    fn check_counts(&self) {
        let mut counts = BTreeMap::new();
        for file in self.files.all() {
            if let Some(place) = file.place {
                let count: &mut (u64, u64) = counts.entry(place.collection.to_string()).or_default();
                *count = (count.0 + 1, count.1 + file.size);
            }
        }
        for Collection { id, files, bytes, .. } in self.files.collections() {
            assert_eq!(counts.remove(id.as_str()).unwrap_or_default(), (files, bytes), "{id}");
        }
        assert!(counts.is_empty(), "files without their collection: {counts:?}");
    }
}

#[tokio::test]
async fn files_are_listed_by_their_paths() {
    let world = world();
    let collection = world.create().await;
    assert_eq!((collection.files, collection.name.as_str(), collection.secret.len()), (0, "Photos", 64));
    let longest = ["\u{fc}"; 4].map(|part| part.repeat(127)).join("/");
    let sorted = ["B.txt", "z", "a/x", "a/y", "a/b/x", "a.b/x", "ü/x", longest.as_str()];
    for path in sorted.iter().rev() {
        world.put(&collection, path).await.unwrap();
    }
    for limit in [1, 2, 7, 8, 9, 100] {
        assert_eq!(world.paths(&editor(), &collection, limit).await, sorted, "{limit}");
    }
    let read = find_collection(&world.files, &caller("acme", Role::Viewer), collection.id.as_str()).await.unwrap();
    assert_eq!((read.files, read.bytes), (8, 80));
    world.check_counts();
    let Err(Error::Invalid(_)) = list_collection_files(
        &world.files,
        &editor(),
        collection.id.as_str(),
        &PageRequest { limit: None, cursor: Some("eA".to_owned()) },
    )
    .await
    else {
        panic!("not a cursor")
    };
}

#[tokio::test]
async fn file_is_refused_where_it_cannot_stand() {
    let world = world();
    let collection = world.create().await;
    let foreign = caller("other", Role::Editor);
    let ended = NewCollection { name: "a".to_owned(), expires_at: Some("2026-01-02T04:04:05Z".to_owned()) };
    let ended = world.create_as(&editor(), ended).await.unwrap();
    world.put(&ended, "a").await.unwrap();
    world.clock.advance(HOUR);
    let id = Some(collection.id.to_string());
    let file = |name: &str, path: Option<&str>| NewFile {
        name: name.to_owned(),
        path: path.map(str::to_owned),
        collection: id.clone(),
        ..new(10)
    };
    for (new, caller, pointer) in [
        (file("a", Some("b/c")), editor(), "/path"),
        (file("a", Some("../a")), editor(), "/path"),
        (file("a", Some("/a")), editor(), "/path"),
        (file("a/b", None), editor(), "/name"),
        (file("..", None), editor(), "/name"),
        (NewFile { collection: None, ..file("a", Some("a")) }, editor(), "/path"),
        (NewFile { collection: Some("col_1".to_owned()), ..file("a", None) }, editor(), "/collection"),
        (NewFile { collection: Some(ended.id.to_string()), ..file("a", None) }, editor(), "/collection"),
        (file("a", None), foreign, "/collection"),
        (file("a", None), limited(), "/collection"),
    ] {
        let Err(Error::Invalid(errors)) = world.start_as(&caller, new.clone()).await else { panic!("{new:?}") };
        assert_eq!(errors.iter().map(|error| error.pointer.as_str()).collect::<Vec<_>>(), [pointer], "{new:?}");
    }
    world.put(&collection, "Photos/Caf\u{e9}.JPG").await.unwrap();
    for same in ["photos/cafe\u{301}.jpg", "PHOTOS/CAF\u{c9}.jpg", "Photos/Caf\u{e9}.JPG"] {
        assert!(matches!(world.put(&collection, same).await, Err(Error::Conflict(_))), "{same}");
    }
    let other = world.create().await;
    world.put(&other, "photos/caf\u{e9}.jpg").await.unwrap();
    let first = world.put(&collection, "free").await.unwrap();
    world.delete(&first).await.unwrap();
    world.put(&collection, "FREE").await.unwrap();
    world.check_counts();
    assert_eq!(world.bucket.open_uploads(), 0);
}

#[tokio::test]
async fn collection_takes_ten_thousand_files() {
    let world = world();
    let full = world.create().await;
    world.files.put_collection(Collection { files: MAX_FILES - 1, ..full.clone() });
    world.put(&full, "last").await.unwrap();
    let Err(Error::Conflict(detail)) = world.put(&full, "one too many").await else { panic!("it is full") };
    assert!(detail.contains("10000"), "{detail}");
}

#[tokio::test]
async fn caller_sees_the_collections_of_its_workspace_and_a_limited_one_its_own() {
    let world = world();
    let new = || NewCollection { name: "own".to_owned(), expires_at: None };
    let own = world.create_as(&limited(), new()).await.unwrap();
    world.clock.advance(1);
    let other = world.create().await;
    let listed = async |caller: &Caller| {
        let page = list_collections(&world.files, caller, &PageRequest::default()).await.unwrap();
        page.items.into_iter().map(|collection| collection.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(&caller("acme", Role::Viewer)).await, [other.id.clone(), own.id.clone()]);
    assert_eq!(listed(&limited()).await, std::slice::from_ref(&own.id));
    assert_eq!(listed(&caller("other", Role::Admin)).await, []);
    world.put(&own, "of another key").await.unwrap();
    world.put_as(&limited(), &own, "own").await.unwrap();
    assert_eq!(world.paths(&limited(), &own, 1).await, ["own"]);
    assert_eq!(world.paths(&editor(), &own, 1).await, ["of another key", "own"]);
    let hidden = list_collection_files(&world.files, &limited(), other.id.as_str(), &PageRequest::default()).await;
    assert!(matches!(hidden, Err(Error::NotFound(_))));
    let viewer = caller("acme", Role::Viewer);
    assert!(matches!(world.create_as(&viewer, new()).await, Err(Error::Forbidden(_))));
    let deleted = delete_collection(&world.removing_collections(), &viewer, own.id.as_str()).await;
    assert!(matches!(deleted, Err(Error::Forbidden(_))));
    for (name, expires_at, pointer) in [("", None, "/name"), ("a", Some("2026-01-02T03:04:05Z"), "/expires_at")] {
        let new = NewCollection { name: name.to_owned(), expires_at: expires_at.map(str::to_owned) };
        let Err(Error::Invalid(errors)) = world.create_as(&editor(), new).await else { panic!("{pointer}") };
        assert_eq!(errors[0].pointer, pointer);
    }
}

#[tokio::test]
async fn file_ends_with_its_collection_and_the_cleaning_removes_both() {
    let world = world();
    let end = world.clock.now().plus_seconds(HOUR);
    let new = NewCollection { name: "short".to_owned(), expires_at: Some(end.to_string()) };
    let collection = world.create_as(&editor(), new).await.unwrap();
    let file = world.put(&collection, "a").await.unwrap();
    assert_eq!(file.expires_at, Some(end));
    let id = Some(collection.id.to_string());
    let earlier = Some(world.clock.now().plus_seconds(60));
    let expires_at = earlier.map(|time| time.to_string());
    let early = NewFile { name: "b".into(), collection: id, expires_at, ..crate::files::tests::new(10) };
    assert_eq!(world.start(early).await.unwrap().file.expires_at, earlier);
    world.bucket.put(&file.object_key(), object(10));
    world.clock.advance(HOUR - 1);
    assert_eq!(world.clean().await.collections, 0);
    world.clock.advance(1);
    let cleaned = world.clean().await;
    assert_eq!((cleaned.collections, cleaned.failures, cleaned.is_cut_short), (1, 0, false));
    assert!(world.files.all().is_empty() && world.files.collections().is_empty() && world.bucket.keys().is_empty());
    assert_eq!(world.files.usage(&editor().workspace), FileUsage::default());
    assert_eq!(world.clean().await.collections, 0);
}

#[tokio::test]
async fn deletion_removes_all_files_and_nothing_of_other_collections() {
    let world = world();
    let (collection, other) = (world.create().await, world.create().await);
    for number in 0..250 {
        let file = world.put(&collection, &format!("{}/{number}", number % 7)).await.unwrap();
        world.bucket.put(&file.object_key(), object(10));
    }
    let kept = world.put(&other, "0/0").await.unwrap();
    assert_eq!(world.delete_collection(&collection).await.unwrap(), Deleted::All);
    assert_eq!((world.files.all(), world.files.collections().len()), (vec![kept], 1));
    assert_eq!(world.files.usage(&editor().workspace), FileUsage { files: 1, bytes: 10 });
    assert!(world.bucket.keys().is_empty());
    assert!(matches!(world.delete_collection(&collection).await, Err(Error::NotFound(_))));
    world.check_counts();
}

/// Cuts a deletion off at each of its calls. Whatever was done, the collection is gone for its callers, the counts are right, and the next cleaning
/// removes the rest.
#[tokio::test]
async fn deletion_that_is_cut_off_anywhere_is_completed_by_the_cleaning() {
    let mut is_through = false;
    for calls in 1..60 {
        let world = world();
        let collection = world.create().await;
        for number in 0..5 {
            let file = world.put(&collection, &number.to_string()).await.unwrap();
            world.bucket.put(&file.object_key(), object(10));
        }
        world.files.fail_after(calls);
        let deleted = world.delete_collection(&collection).await;
        world.check_counts();
        let is_marked = world.stored(&collection).is_none_or(|stored| stored.deleted_at.is_some());
        assert_eq!(deleted.is_ok(), is_marked, "{calls}: {deleted:?}");
        is_through = matches!(deleted, Ok(Deleted::All));
        if is_through {
            break;
        }
        if deleted.is_err() {
            assert_eq!(world.delete_collection(&collection).await.unwrap(), Deleted::All, "{calls}");
        } else {
            assert!(matches!(world.put(&collection, "late").await, Err(Error::Invalid(_))));
            let found = find_collection(&world.files, &editor(), collection.id.as_str()).await;
            assert!(matches!(found, Err(Error::NotFound(_))), "{calls}");
            let cleaned = world.clean().await;
            assert_eq!((cleaned.collections, cleaned.failures), (1, 0), "{calls}: {cleaned:?}");
        }
        assert!(world.files.all().is_empty() && world.files.collections().is_empty(), "{calls}");
        assert!(world.bucket.keys().is_empty(), "{calls}");
        assert_eq!(world.files.usage(&editor().workspace), FileUsage::default(), "{calls}");
    }
    assert!(is_through, "the deletion makes more calls than were cut off");
}

#[tokio::test]
async fn cleaning_that_is_out_of_time_goes_on_later() {
    let world = world();
    let collection = world.create().await;
    for number in 0..3 {
        world.put(&collection, &number.to_string()).await.unwrap();
    }
    let now = world.clock.now();
    let marked = world.files.mark_deleted(&collection.workspace, &collection.id, now).await.unwrap().unwrap();
    assert_eq!(marked.deleted_at, Some(now));
    let ports = world.removing_collections();
    let removed = super::remove::remove_collection(&ports, &marked, now).await.unwrap();
    assert_eq!((removed.files, removed.is_gone), (0, false));
    assert_eq!(world.clean().await, Cleaned { files: 3, bytes: 30, collections: 1, ..Cleaned::default() });
    let again = super::remove::remove_collection(&ports, &marked, now.plus_seconds(1)).await.unwrap();
    assert!(again.is_gone && again.files == 0, "nothing is left of it");
}

/// What can happen to collections.
#[derive(Debug, Clone)]
enum Step {
    Create,
    Put(usize, String),
    Remove(usize),
    Delete(usize),
    Clean,
    Fail(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => Just(Step::Create),
        6 => (0..3_usize, "([ab]/){0,2}[aAbB]").prop_map(|(index, path)| Step::Put(index, path)),
        2 => (0..6_usize).prop_map(Step::Remove),
        1 => (0..3_usize).prop_map(Step::Delete),
        1 => Just(Step::Clean),
        2 => (0..6_u32).prop_map(Step::Fail),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever happens in whatever order, and wherever it is cut off: counts are right, and no collection has a path twice.
    #[test]
    fn counts_are_right_and_paths_are_unique(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = World { quota: FileQuota { files: 8, bytes: 1000 }, ..World::new() };
            let mut collections = vec![world.create().await];
            for step in steps {
                match step {
                    Step::Create => {
                        let new = NewCollection { name: "a".to_owned(), expires_at: None };
                        collections.extend(world.create_as(&editor(), new).await);
                    }
                    Step::Put(index, path) => if let Some(collection) = collections.get(index) {
                        let _ = world.put(collection, &path).await;
                    },
                    Step::Remove(index) => if let Some(file) = world.files.all().get(index) {
                        let _ = world.delete(file).await;
                    },
                    Step::Delete(index) => if let Some(collection) = collections.get(index) {
                        let _ = world.delete_collection(collection).await;
                    },
                    Step::Clean => {
                        world.clock.advance(1);
                        let _ = world.try_clean().await;
                    }
                    Step::Fail(calls) => world.files.fail_after(calls),
                }
                world.check_counts();
                let mut keys: Vec<_> = world.files.all().into_iter().filter_map(|file| file.place)
                    .map(|place| (place.collection.to_string(), place.path.key())).collect();
                let all = keys.len();
                keys.sort();
                keys.dedup();
                assert_eq!(keys.len(), all, "a path twice");
            }
        });
    }
}
