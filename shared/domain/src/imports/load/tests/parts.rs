//! Tests imports that are divided into parts.

use super::{World, counts};
use crate::access::key::Role;
use crate::imports::cancel::cancel_import;
use crate::imports::job::import::ImportStatus;
use crate::imports::job::ports::{PartQueue, PartStore};
use crate::imports::load::{Loaded, load_import};
use crate::imports::load_part::{PartLoaded, load_part};
use crate::ports::Clock;
use crate::testing::files::MemoryUploads;
use crate::testing::jobs::delivery;
use crate::testing::samples::caller;

#[tokio::test]
async fn divided_file_gives_the_same_result() {
    let file: String = (0..500)
        .map(|n| match n % 50 {
            49 => "nope,\n".to_owned(),
            // The same slug in parts that are far from each other.
            7 => format!("https://{n}.example/,same\n"),
            _ => format!("https://{n}.example/,s{n}\n"),
        })
        .collect();
    let file = format!("url,slug\n{file}");
    let whole = World::new();
    let expected = whole.load(&file).await;
    let divided = World { part_bytes: 1000, ..World::new() };
    let import = divided.load(&file).await;
    assert!(import.plan.as_ref().unwrap().parts > Some(5), "{:?}", import.plan);
    assert_eq!(import.counts, expected.counts);
    assert_eq!((import.bytes_done, import.format), (file.len() as u64, expected.format));
    assert_eq!(divided.report(&import), whole.report(&expected));
    assert_eq!(divided.links.all(), whole.links.all());
}

#[tokio::test]
async fn part_without_enough_time_is_handed_over() {
    for part_bytes in [1_000_000, 5_000] {
        let world = World { part_bytes, ..World::new() };
        let file: String = (0..1000).map(|n| format!("https://{n}.example/\n")).collect();
        let etag = MemoryUploads::etag(file.as_bytes());
        world.objects.put("imports/acme/x", file);
        // Every invocation is out of time at once.
        let delivery = delivery("r1", world.clock.now().plus_seconds(10));
        let loaded = load_import(&world.ports(), "imports/acme/x", &etag, &delivery).await.unwrap();
        assert!(matches!(loaded, Loaded::Divided(_)), "{loaded:?}");
        let import = world.work(10).await.unwrap();
        assert_eq!((import.status, import.counts), (ImportStatus::Succeeded, counts(1000, 0, 0, 0)));
        assert_eq!(world.links.all().len(), 1000);
    }
}

#[tokio::test]
async fn cancelled_import_stops_and_keeps_its_counts() {
    let world = World { part_bytes: 500, ..World::new() };
    let file: String = (0..100).map(|n| format!("https://{n}.example/\n")).collect();
    world.objects.put("imports/acme/x", file.clone());
    world.deliver("imports/acme/x", &MemoryUploads::etag(file.as_bytes()), "r1").await;
    let parts = world.queue.take();
    load_part(&world.ports(), &parts[2], &world.delivery("r2")).await.unwrap();
    let id = world.imports.all()[0].id.clone();
    let editor = caller("acme", Role::Editor);
    let cancelled = cancel_import(world.imports.as_ref(), world.clock.as_ref(), &editor, id.as_str()).await.unwrap();
    assert_eq!((cancelled.status, cancelled.is_closed()), (ImportStatus::Cancelled, false));
    let loaded = load_part(&world.ports(), &parts[0], &world.delivery("r3")).await.unwrap();
    let PartLoaded::Finished(import) = loaded else { panic!("{loaded:?}") };
    assert_eq!((import.status, import.is_closed()), (ImportStatus::Cancelled, true));
    assert_eq!(import.counts.created, world.links.all().len() as u64);
    assert!((1..50).contains(&import.counts.created));
    assert_eq!(load_part(&world.ports(), &parts[1], &world.delivery("r4")).await.unwrap(), PartLoaded::Gone);
}

#[tokio::test]
async fn file_replaced_between_parts_fails_the_import() {
    let world = World { part_bytes: 500, ..World::new() };
    let file: String = (0..100).map(|n| format!("https://{n}.example/\n")).collect();
    world.objects.put("imports/acme/x", file.clone());
    world.deliver("imports/acme/x", &MemoryUploads::etag(file.as_bytes()), "r1").await;
    let parts = world.queue.take();
    assert!(parts.len() > 3);
    load_part(&world.ports(), &parts[0], &world.delivery("r2")).await.unwrap();
    world.objects.put("imports/acme/x", "https://else.example/\n");
    world.queue.send(&parts[1..]).await.unwrap();
    let failed = world.work(900).await.unwrap();
    assert_eq!(failed.status, ImportStatus::Failed);
    assert!(failed.error.as_deref().unwrap().contains("replaced"), "{:?}", failed.error);
    assert_eq!(failed.counts.created, world.links.all().len() as u64);
}

/// Lambda may give one request id to two invocations that run at once, and a store takes an equal write for a repetition.
#[tokio::test]
async fn one_of_two_tries_of_a_request_holds_a_part() {
    let world = World { part_bytes: 500, ..World::new() };
    let file: String = (0..100).map(|n| format!("https://{n}.example/\n")).collect();
    world.objects.put("imports/acme/x", file.clone());
    world.deliver("imports/acme/x", &MemoryUploads::etag(file.as_bytes()), "r1").await;
    let part = world.parts.get(&world.queue.take()[0]).await.unwrap().unwrap();
    let deadline = world.clock.now().plus_seconds(900);
    let (first, second) = (delivery("r2", deadline), delivery("r2", deadline));
    assert!(world.parts.replace(&part.leased(first.lease())).await.unwrap());
    assert!(!world.parts.replace(&part.leased(second.lease())).await.unwrap());
    assert!(world.parts.replace(&part.leased(first.lease())).await.unwrap(), "the same try again, after a lost answer");
}
