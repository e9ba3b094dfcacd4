//! Tests which files and events are loaded.

use super::{World, counts};
use crate::imports::job::id::ImportId;
use crate::imports::job::import::{Import, ImportStatus, LeaseRefused};
use crate::imports::job::ports::ImportStore;
use crate::imports::load::{Loaded, Skipped, load_import};
use crate::jobs::lease::Lease;
use crate::ports::Clock;
use crate::testing::files::MemoryUploads;
use crate::testing::system::SeededRandom;
use crate::values::workspace::WorkspaceId;

#[tokio::test]
async fn repeated_event_changes_nothing() {
    let world = World::new();
    let import = world.load("url,slug\nhttps://a.example/,a\nnope,b\n").await;
    let before = (world.imports.all(), world.links.all(), world.reports.all());
    for request in ["r1", "r2"] {
        let etag = import.etag.as_deref().unwrap();
        let again = world.deliver("imports/acme/links.csv", etag, request).await;
        assert_eq!(again, Loaded::Skipped(Skipped::LeaseRefused(LeaseRefused::Finished)));
    }
    assert_eq!((world.imports.all(), world.links.all(), world.reports.all()), before);
}

#[tokio::test]
async fn concurrent_deliveries_load_the_file_once() {
    let world = World::new();
    let file = b"https://a.example/\nhttps://b.example/\n".to_vec();
    let etag = MemoryUploads::etag(&file);
    world.objects.put("imports/acme/x", file);
    let (a, b) =
        futures::join!(world.deliver("imports/acme/x", &etag, "r1"), world.deliver("imports/acme/x", &etag, "r2"));
    let finished = [&a, &b].into_iter().filter(|loaded| matches!(loaded, Loaded::Finished(_))).count();
    assert_eq!(finished, 1, "{a:?} {b:?}");
    assert_eq!((world.imports.all().len(), world.links.all().len()), (1, 2));
}

#[tokio::test]
async fn uploaded_file_belongs_to_its_requested_import() {
    let world = World::new();
    let id = ImportId::generate(world.clock.as_ref(), &SeededRandom::new(1));
    let import = Import::awaiting(id, WorkspaceId::parse("acme").unwrap(), Some("x.csv".into()), 19, world.clock.now());
    world.imports.create(&import).await.unwrap();
    world.objects.put(import.object_key.as_str(), "https://a.example/\n");
    let loaded = world.deliver(&import.object_key, "of an event that is late", "r1").await;
    let Loaded::Finished(finished) = loaded else { panic!("{loaded:?}") };
    assert_eq!((&finished.id, finished.counts), (&import.id, counts(1, 0, 0, 0)));
    assert_eq!(world.links.all()[0].origin, Some(format!("{}#1", import.id)));
    // The same file under another workspace's prefix belongs to that workspace.
    world.objects.put(format!("imports/other/{}", import.id), "https://a.example/\n");
    world.deliver(&format!("imports/other/{}", import.id), "", "r2").await;
    assert_eq!(world.imports.all().len(), 2);
}

#[tokio::test]
async fn file_without_links_fails_with_the_reason() {
    let world = World::new();
    for (file, reason) in [("", "empty"), ("<html>", "HTML"), ("slug\na\n", "no column")] {
        let import = world.load(file).await;
        assert_eq!((import.status, import.counts), (ImportStatus::Failed, counts(0, 0, 0, 0)));
        assert!(import.error.as_deref().unwrap().contains(reason), "{:?}", import.error);
    }
    let import = world.load("x".repeat(1_000_001)).await;
    assert_eq!(import.error.as_deref(), Some("the file has 1000001 bytes; at most 1000000 are allowed"));
    assert!(world.links.all().is_empty());
}

#[tokio::test]
async fn keys_without_a_workspace_file_are_skipped() {
    let world = World::new();
    for key in ["imports/", "imports/acme/", "imports/UPPER/x", "other/acme/x"] {
        assert_eq!(world.deliver(key, "e", "r1").await, Loaded::Skipped(Skipped::NoWorkspace), "{key}");
    }
    assert_eq!(world.deliver("imports/acme/gone", "e", "r1").await, Loaded::Skipped(Skipped::NoObject));
    assert!(world.imports.all().is_empty());
}

#[tokio::test]
async fn replaced_or_deleted_file_fails_the_import() {
    for replaced in [true, false] {
        let world = World::new();
        let id = ImportId::generate(world.clock.as_ref(), &SeededRandom::new(1));
        let import = Import::awaiting(id, WorkspaceId::parse("acme").unwrap(), None, 19, world.clock.now());
        world.imports.create(&import).await.unwrap();
        // The lease of an invocation that was killed.
        let lease = Lease { owner: "r1".into(), attempt: 1, until: world.clock.now().plus_seconds(900) };
        let running = import.leased(lease, "e1", 19, world.clock.now()).unwrap();
        world.imports.replace(&running).await.unwrap();
        if replaced {
            world.objects.put(import.object_key.as_str(), "https://b.example/\n");
        }
        let other = world.deliver(&import.object_key, "e1", "r2").await;
        assert!(matches!(other, Loaded::Skipped(Skipped::LeaseRefused(LeaseRefused::Held { .. }))), "{other:?}");
        let Loaded::Finished(failed) = world.deliver(&import.object_key, "e1", "r1").await else { panic!() };
        let reason = if replaced { "replaced" } else { "deleted" };
        assert!(failed.error.as_deref().unwrap().contains(reason), "{:?}", failed.error);
        assert!(world.links.all().is_empty());
    }
}

#[tokio::test]
async fn import_ends_whose_file_is_replaced_after_its_planner_died() {
    for plan_died_with_a_plan in [false, true] {
        let world = World::new();
        let (old, new) = ("https://old.example/\n", "https://new.example/\n");
        let etag = MemoryUploads::etag(old.as_bytes());
        world.objects.put("imports/acme/x", old);
        // An invocation that dies once it has leased the import.
        world.links.fail(true);
        load_import(&world.ports(), "imports/acme/x", &etag, &world.delivery("r1")).await.unwrap_err();
        world.links.fail(false);
        let mut running = world.imports.all().remove(0);
        if !plan_died_with_a_plan {
            (running.plan, running.revision) = (None, running.revision + 1);
            assert!(world.imports.replace(&running).await.unwrap());
        }
        world.objects.put("imports/acme/x", new);
        world.deliver("imports/acme/x", &etag, "r1").await;
        world.work(10).await;
        world.deliver("imports/acme/x", &MemoryUploads::etag(new.as_bytes()), "r2").await;
        let all = world.imports.all();
        let ended: Vec<_> = all.iter().map(|import| (import.status, import.is_closed())).collect();
        assert_eq!(ended.len(), 2, "{plan_died_with_a_plan}");
        assert!(ended.contains(&(ImportStatus::Failed, true)), "{ended:?}");
        assert!(ended.contains(&(ImportStatus::Succeeded, true)), "{ended:?}");
        let failed = all.iter().find(|import| import.status == ImportStatus::Failed).unwrap();
        assert!(failed.error.as_deref().unwrap().contains("replaced"), "{:?}", failed.error);
    }
}

#[tokio::test]
async fn store_outage_releases_the_part() {
    let world = World::new();
    let file = b"https://a.example/\n".to_vec();
    let etag = MemoryUploads::etag(&file);
    world.objects.put("imports/acme/x", file);
    world.links.fail(true);
    let result = load_import(&world.ports(), "imports/acme/x", &etag, &world.delivery("r1")).await;
    assert!(result.unwrap_err().is_retryable());
    assert_eq!(world.imports.all()[0].status, ImportStatus::Running);
    world.links.fail(false);
    assert!(matches!(world.deliver("imports/acme/x", &etag, "r2").await, Loaded::Finished(_)));
}
