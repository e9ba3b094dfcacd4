//! Tests that a job survives everything: invocations die before or after each single write, and calls fail as a seed says. Links, counts
//! and results must be those of an undisturbed run.

use serde_json::{Value, json};

use super::world::{Faults, World};
use super::*;
use crate::link_changes::job::LinkChangeStatus;
use crate::link_changes::results::ResultOfLink;
use crate::links::ports::LinkWriter;
use crate::testing::samples::{link, link_with_id};
use crate::values::slug::Slug;
use std::sync::Arc;

const CHUNK: usize = 4;

/// Makes a world of links with a tag and without, with aliases, passwords and limits, old ones without ids, and one of another workspace.
async fn world() -> Arc<World> {
    let world = World::new();
    for n in 0..12_i64 {
        let (slug, url) = (format!("s{n}"), format!("https://old.example/{n}"));
        let mut new = if n % 3 == 0 { link("acme", &slug, &url) } else { link_with_id("acme", &slug, &url, &slug) };
        new.created_at = new.created_at.plus_seconds(n);
        new.tags = vec![if n % 4 == 3 { "other" } else { "spring" }.to_owned()];
        new.settings.password_hash = (n == 2).then(|| "hash".to_owned());
        world.links.insert(&new).await.unwrap();
        if n % 5 == 1 {
            let mut moved = Link { aliases: vec![new.address.clone()], revision: 1, ..new.clone().with_stored_id() };
            moved.address.slug = Slug::parse(format!("moved{n}")).unwrap();
            world.links.relocate(&new, &moved, new.created_at).await.unwrap();
        }
    }
    let mut foreign = link("other", "foreign", "https://old.example/");
    foreign.tags = vec!["spring".to_owned()];
    world.links.insert(&foreign).await.unwrap();
    // The address to which `s4` would move.
    let mut occupying = link("other", "s4", "https://other.example/");
    occupying.address.domain = crate::values::domains::Domain::parse("s.example.org").unwrap();
    world.links.insert(&occupying).await.unwrap();
    world
}

use crate::links::link::Link;

/// Changes of all kinds. A prefix that is replaced twice, or a link that leaves the filter, would show.
fn requests() -> [Value; 4] {
    let spring = json!({"filter": {"tag": ["spring"]}});
    let named = json!({"links": [
        {"slug": "s0"}, {"slug": "nothing"}, {"slug": "s1"}, {"slug": "s2"}, {"slug": "s5"}, {"slug": "foreign"},
        {"id": "lnk_0193a5d2c5f07d1e8c3f6f0b6a3d9e21"},
    ]});
    [
        json!({"select": spring, "change": {
            "rename_tag": {"from": "spring", "to": "summer"}, "password": null,
            "replace_url_prefix": {"from": "old.example", "to": "old.example/new"},
        }}),
        json!({"select": spring, "change": {"domain": "s.example.org", "keep_alias": true, "archived": true}}),
        json!({"select": spring, "delete": true}),
        json!({"select": named, "delete": true}),
    ]
}

/// What a run led to.
#[derive(Debug, PartialEq)]
struct Outcome {
    links: Vec<Link>,
    job: (LinkChangeStatus, crate::link_changes::job::LinkChangeCounts),
    results: Vec<ResultOfLink>,
}

async fn outcome(world: &World, job: &LinkChange) -> Outcome {
    let stored = world.stored(job).await;
    let results = world.results(job).await;
    Outcome { links: world.timeless_links(), job: (stored.status, stored.counts), results }
}

/// Runs a job under faults, or its undo under faults after an undisturbed run of the job.
async fn run(request: &Value, undo: bool, faults: Faults, seconds: i64) -> (Outcome, usize) {
    let world = world().await;
    let mut job = world.start(request.clone()).await;
    if undo {
        world.work_off(CHUNK, 900);
        job = world.undo(&job).await.unwrap();
    }
    world.set_faults(faults);
    world.work_off(CHUNK, seconds);
    world.set_faults(Faults::None);
    (outcome(&world, &job).await, world.writes())
}

#[tokio::test]
async fn death_at_any_write_changes_nothing() {
    for request in requests() {
        for undo in [false, true] {
            let world = world().await;
            let mut job = world.start(request.clone()).await;
            if undo {
                world.work_off(CHUNK, 900);
                job = world.undo(&job).await.unwrap();
            }
            world.set_faults(Faults::None);
            world.work_off(CHUNK, 900);
            let writes = world.writes();
            let expected = outcome(&world, &job).await;
            assert!(writes > 8, "{request}: {writes}");
            assert_eq!(expected.results.len() as u64, expected.job.1.selected, "{request}: {expected:?}");
            for write in 0..writes {
                for before in [false, true] {
                    let (found, _) = run(&request, undo, Faults::KillAt { write, before }, 900).await;
                    assert_eq!(found, expected, "{request}, undo {undo}: killed at write {write}, before {before}");
                }
            }
        }
    }
}

#[tokio::test]
async fn faults_of_any_kind_change_nothing() {
    for (kind, request) in requests().into_iter().enumerate() {
        for undo in [false, true] {
            let (expected, _) = run(&request, undo, Faults::None, 900).await;
            for seed in 0..40 {
                let random = crate::testing::system::SeededRandom::new(seed * 10 + kind as u64);
                let faults = Faults::Seeded { random, every: 12 };
                let (found, _) = run(&request, undo, faults, [0, 30, 900][(seed % 3) as usize]).await;
                assert_eq!(found, expected, "{request}, undo {undo}: seed {seed}");
            }
        }
    }
}

#[tokio::test]
async fn undo_brings_everything_back() {
    for request in requests() {
        let world = world().await;
        let before = world.timeless_links();
        let job = world.start(request.clone()).await;
        world.work_off(CHUNK, 900);
        let changed = world.stored(&job).await.counts.changed;
        assert!(changed > 2 && world.timeless_links() != before, "{request}");
        let undo = world.undo(&job).await.unwrap();
        world.work_off(CHUNK, 900);
        let counts = world.stored(&undo).await.counts;
        assert_eq!((counts.selected, counts.changed), (changed, changed), "{request}: {counts:?}");
        let plain = |links: Vec<Link>| -> Vec<Link> {
            let plain = |link: Link| Link { revision: 0, changed_by: None, ..link.with_stored_id() };
            links.into_iter().map(plain).collect()
        };
        assert_eq!(plain(world.timeless_links()), plain(before), "{request}");
    }
}
