//! Tests what an undo leaves alone.

use serde_json::json;

use super::world::{World, editor};
use super::*;
use crate::link_changes::chunk::LinkResult;
use crate::link_changes::give_up::give_up_link_change;
use crate::link_changes::job::LinkChangeStatus;
use crate::links::change::change_link;
use crate::links::delete::delete_link;
use crate::links::link::Link;
use crate::links::ports::{LinkPorts, LinkReader, LinkWriter};
use crate::links::precondition::Precondition;
use crate::ports::Clock;
use crate::testing::samples::link_with_id;
use std::sync::Arc;

const CHUNK: usize = 5;

async fn world() -> Arc<World> {
    let world = World::new();
    for slug in ["a", "b", "c"] {
        world.links.insert(&link_with_id("acme", slug, "https://example.com/", slug)).await.unwrap();
    }
    world
}

fn ports(world: &World) -> LinkPorts<'_> {
    LinkPorts {
        reader: &world.links,
        writer: &world.links,
        targets: &world.links,
        clock: &world.clock,
        random: world,
        domains: &world.domains,
        domain_settings: world.domain_settings.as_ref(),
        lookups: None,
    }
}

fn at(world: &World, slug: &str) -> Link {
    world.links.all().into_iter().find(|link| link.address.slug.as_str() == slug).unwrap()
}

#[tokio::test]
async fn link_that_was_changed_since_is_a_conflict() {
    let world = world().await;
    let job = world.start(json!({"select": {"all": true}, "change": {"title": "job's"}})).await;
    world.work_off(CHUNK, 900);
    let patch = json!({"title": "theirs"});
    let address = at(&world, "b").address;
    change_link(&ports(&world), &editor(), &address, &Precondition::None, &patch, &|_| json!({})).await.unwrap();
    delete_link(&ports(&world), &editor(), &at(&world, "c").address, &Precondition::None).await.unwrap();
    let undo = world.undo(&job).await.unwrap();
    world.work_off(CHUNK, 900);
    let undone = world.stored(&undo).await;
    assert_eq!(
        (undone.status, undone.counts.changed, undone.counts.conflicts),
        (LinkChangeStatus::SucceededWithErrors, 1, 2)
    );
    assert_eq!((at(&world, "a").title, at(&world, "b").title.as_deref()), (None, Some("theirs")));
    let results = world.results(&undo).await;
    assert!(
        results.iter().all(|found| (found.settled.result == LinkResult::Conflict) == found.settled.detail.is_some())
    );
    world.clock.advance(1);
    assert!(world.undo(&undo).await.is_err(), "an undo is not undone");
    let again = world.undo(&job).await.unwrap();
    world.work_off(CHUNK, 900);
    assert_eq!(world.stored(&again).await.counts.conflicts, 3, "once is enough");
}

#[tokio::test]
async fn deleted_link_does_not_come_back_onto_another() {
    let world = world().await;
    let first = at(&world, "a");
    let job = world.start(json!({"select": {"all": true}, "delete": true})).await;
    world.work_off(CHUNK, 900);
    assert_eq!(world.links.all(), []);
    let other = link_with_id("acme", "b", "https://other.example/", "other");
    world.links.insert(&other).await.unwrap();
    let undo = world.undo(&job).await.unwrap();
    world.work_off(CHUNK, 900);
    let counts = world.stored(&undo).await.counts;
    assert_eq!((counts.changed, counts.conflicts), (2, 1));
    let back = at(&world, "a");
    assert_eq!((back.id(), back.created_at, back.revision), (first.id(), first.created_at, 1), "statistics stay");
    assert_eq!(world.links.get(&other.address).await.unwrap(), Some(other));
}

#[tokio::test]
async fn job_that_was_given_up_amid_a_chunk_is_undone_as_far_as_it_came() {
    let world = world().await;
    let job = world.start(json!({"select": {"all": true}, "change": {"archived": true}})).await;
    let message = world.queue.take().remove(0);
    // The worker dies at its second change of a link: after the lease, the selection and the states.
    world.set_faults(super::world::Faults::KillAt { write: 6, before: true });
    let ports = world.ports(CHUNK);
    let delivery = crate::testing::jobs::delivery("r", world.clock.now().plus_seconds(900));
    assert!(world.dies(run_link_change(&ports, &message, &delivery)), "it was killed");
    world.set_faults(super::world::Faults::None);
    world.queue.take();
    world.clock.advance(901);
    let archived = world.links.all().iter().filter(|link| link.settings.archived).count();
    assert!(archived > 0 && archived < 3, "{archived}");
    give_up_link_change(&world.jobs, &world.clock, &message).await.unwrap();
    let failed = world.stored(&job).await;
    assert!(failed.status == LinkChangeStatus::Failed && failed.error.is_some());
    let results = world.results(&job).await;
    assert!(
        results.len() == 3 && results.iter().all(|found| found.settled.result == LinkResult::Unknown),
        "{results:?}"
    );
    let undo = world.undo(&job).await.unwrap();
    world.work_off(CHUNK, 900);
    let counts = world.stored(&undo).await.counts;
    assert_eq!((counts.changed as usize, counts.unchanged as usize), (archived, 3 - archived), "{counts:?}");
    assert!(world.links.all().iter().all(|link| !link.settings.archived));
}

#[tokio::test]
async fn undo_brings_no_link_to_a_domain_that_was_closed_since() {
    let world = world().await;
    let job = world.start(json!({"select": {"all": true}, "delete": true})).await;
    world.work_off(CHUNK, 900);
    let deleted = world.stored(&job).await.counts.changed;
    assert!(deleted > 0 && world.links.all().is_empty());
    world.domain_settings.set("go.example.com", json!({"workspaces": ["other"]}));
    let undo = world.undo(&job).await.unwrap();
    world.work_off(CHUNK, 900);
    let undone = world.stored(&undo).await;
    assert_eq!((undone.counts.changed, undone.counts.conflicts + undone.counts.failed), (0, deleted), "{undone:?}");
    assert!(world.links.all().is_empty());
}
