//! Tests that the parts of a file are loaded while the file is still being divided.

use std::pin::pin;
use std::task::{Context, Poll};

use super::World;
use crate::access::key::Role;
use crate::imports::cancel::cancel_import;
use crate::imports::give_up::{give_up_part, give_up_upload};
use crate::imports::job::import::{Import, ImportStatus};
use crate::imports::job::part::{Part, PartId};
use crate::imports::job::ports::PartStore;
use crate::imports::load::{Loaded, load_import};
use crate::imports::load_part::{PartLoaded, load_part};
use crate::jobs::given_up::GivenUp;
use crate::testing::files::MemoryUploads;
use crate::testing::samples::caller;

const KEY: &str = "imports/acme/x";

/// Makes a bucket with a file of 100 rows, every tenth of them bad, which has some ten parts.
fn world() -> (World, String) {
    let row = |n| if n % 10 == 9 { format!("nope,s{n}\n") } else { format!("https://{n}.example/,s{n}\n") };
    let file: String = std::iter::once("url,slug\n".to_owned()).chain((0..100).map(row)).collect();
    let world = World { part_bytes: 250, ..World::new() };
    let etag = MemoryUploads::etag(file.as_bytes());
    world.objects.put(KEY, file);
    (world, etag)
}

impl World {
    /// Kills the invocation that divides the file as soon as it has queued so many parts; returns these.
    fn divide_until(&self, etag: &str, parts: usize) -> Vec<PartId> {
        let (ports, delivery) = (self.ports(), self.delivery("r1"));
        let mut planning = pin!(load_import(&ports, KEY, etag, &delivery));
        let mut context = Context::from_waker(futures::task::noop_waker_ref());
        let mut queued = Vec::new();
        while queued.len() < parts {
            let polled = planning.as_mut().poll(&mut context);
            assert!(polled.is_pending(), "the file has more than {parts} parts: {polled:?}");
            queued.extend(self.queue.take());
        }
        queued
    }

    fn import(&self) -> Import {
        self.imports.all().remove(0)
    }

    async fn parts(&self) -> Vec<Part> {
        let import = self.import();
        self.parts.all(&import.id, import.plan.unwrap().number).await.unwrap()
    }

    async fn load_queued(&self, id: &PartId) -> PartLoaded {
        load_part(&self.ports(), id, &self.delivery("q")).await.unwrap()
    }
}

#[tokio::test]
async fn loaders_that_are_faster_than_the_planner_do_not_end_the_import() {
    let (world, etag) = world();
    let (ports, delivery) = (world.ports(), world.delivery("r1"));
    let mut early = 0;
    let loaded = {
        let mut planning = pin!(load_import(&ports, KEY, &etag, &delivery));
        let mut context = Context::from_waker(futures::task::noop_waker_ref());
        loop {
            if let Poll::Ready(loaded) = planning.as_mut().poll(&mut context) {
                break loaded.unwrap();
            }
            if world.imports.all().first().is_some_and(Import::is_dividing) {
                for id in world.queue.take() {
                    assert!(matches!(world.load_queued(&id).await, PartLoaded::Loaded(_)));
                    early += 1;
                }
            }
        }
    };
    assert!(early > 5, "{early} parts were loaded while the file was divided");
    let Loaded::Divided(divided) = loaded else { panic!("{loaded:?}") };
    assert!(divided.plan.unwrap().parts > Some(6));
    let import = world.work(900).await.expect("a message is left that ends the import");
    assert_eq!((import.status, import.counts.created), (ImportStatus::SucceededWithErrors, 90));
    assert_eq!((world.links.all().len(), world.report(&import).len()), (90, 10));
}

#[tokio::test]
async fn killed_planner_goes_on_with_the_same_parts() {
    let (whole, etag) = world();
    whole.deliver(KEY, &etag, "r1").await;
    let ranges = |parts: Vec<Part>| -> Vec<_> { parts.iter().map(|part| (part.start, part.end)).collect() };
    let expected = ranges(whole.parts().await);
    for killed_after in 1..expected.len() {
        for part_bytes in [250, 700] {
            let (mut world, etag) = world();
            let before = world.divide_until(&etag, killed_after);
            assert!(world.import().is_dividing());
            // One part has ended, the message of another was lost.
            assert!(matches!(world.load_queued(&before[0]).await, PartLoaded::Loaded(_)));
            // The setting may have changed meanwhile.
            world.part_bytes = part_bytes;
            let loaded = world.deliver(KEY, &etag, "r1").await;
            assert!(matches!(loaded, Loaded::Divided(_)), "{loaded:?}");
            let parts = ranges(world.parts().await);
            assert_eq!(parts[..killed_after], expected[..killed_after]);
            assert!(part_bytes > 250 || parts == expected, "{parts:?}");
            let import = world.work(900).await.unwrap();
            assert_eq!((import.counts.created, import.counts.invalid), (90, 10), "killed after {killed_after}");
            assert_eq!(world.report(&import).len(), 10);
        }
    }
}

#[tokio::test]
async fn import_cancelled_while_it_is_divided_is_ended_by_the_planner() {
    for was_killed in [false, true] {
        let (world, etag) = world();
        let editor = caller("acme", Role::Editor);
        let cancel = async || {
            let id = world.import().id;
            cancel_import(world.imports.as_ref(), world.clock.as_ref(), &editor, id.as_str()).await.unwrap()
        };
        let loaded = if was_killed {
            let queued = world.divide_until(&etag, 2);
            world.load_queued(&queued[0]).await;
            assert!(!cancel().await.is_closed());
            world.deliver(KEY, &etag, "r2").await
        } else {
            let (ports, delivery) = (world.ports(), world.delivery("r1"));
            let mut planning = pin!(load_import(&ports, KEY, &etag, &delivery));
            let mut context = Context::from_waker(futures::task::noop_waker_ref());
            let queued = loop {
                assert!(planning.as_mut().poll(&mut context).is_pending());
                let queued = world.queue.take();
                if !queued.is_empty() {
                    break queued;
                }
            };
            world.load_queued(&queued[0]).await;
            assert!(!cancel().await.is_closed());
            planning.await.unwrap()
        };
        let Loaded::Finished(import) = loaded else { panic!("{loaded:?}") };
        assert_eq!((import.status, import.is_closed()), (ImportStatus::Cancelled, true));
        assert_eq!(import.counts.created, world.links.all().len() as u64);
        assert!((1..50).contains(&import.counts.created));
        for id in world.queue.take() {
            assert_eq!(world.load_queued(&id).await, PartLoaded::Gone);
        }
    }
}

#[tokio::test]
async fn file_replaced_or_deleted_while_it_is_divided_fails_the_import() {
    for replaced in [true, false] {
        let (world, etag) = world();
        let queued = world.divide_until(&etag, 3);
        world.load_queued(&queued[0]).await;
        if replaced {
            world.objects.put(KEY, "https://else.example/\n");
        } else {
            world.objects.remove(KEY);
        }
        let Loaded::Finished(import) = world.deliver(KEY, &etag, "r1").await else { panic!() };
        assert_eq!((import.status, import.is_closed()), (ImportStatus::Failed, true), "{import:?}");
        assert!(import.counts.created > 0 && import.error.is_some(), "{import:?}");
    }
}

#[tokio::test]
async fn import_whose_event_was_given_up_while_it_was_divided_fails_with_its_report() {
    let (world, etag) = world();
    let queued = world.divide_until(&etag, 3);
    let ending = world.ports().ending();
    world.load_queued(&queued[0]).await;
    let settled = give_up_part(&ending, &queued[0], &world.delivery("r9")).await.unwrap();
    assert_eq!(settled, GivenUp::Gone, "the part has ended, and more parts may follow");
    let held = give_up_upload(&ending, KEY, &etag, &world.delivery("r9")).await.unwrap();
    assert!(matches!(held, GivenUp::Busy { .. }), "{held:?}");
    world.clock.advance(901);
    let given_up = give_up_upload(&ending, KEY, &etag, &world.delivery("r9")).await.unwrap();
    let GivenUp::Failed(import) = given_up else { panic!("{given_up:?}") };
    assert_eq!((import.status, import.is_closed()), (ImportStatus::Failed, true));
    assert!(import.counts.created > 0 && import.counts.invalid > 0, "{import:?}");
    assert_eq!(world.report(&import).len() as u64, import.counts.invalid);
    assert_eq!(world.load_queued(&queued[1]).await, PartLoaded::Gone);
    let again = give_up_upload(&ending, KEY, &etag, &world.delivery("r9")).await.unwrap();
    assert_eq!(again, GivenUp::Gone);
}
