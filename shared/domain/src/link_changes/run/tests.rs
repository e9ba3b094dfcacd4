//! Tests what a job does to links, and what it tells.

use futures::FutureExt;
use serde_json::{Value, json};
use std::sync::Arc;

use super::world::{World, editor};
use super::*;
use crate::access::key::Caller;
use crate::access::scope::Scope;
use crate::link_changes::cancel::cancel_link_change;
use crate::link_changes::chunk::LinkResult;
use crate::link_changes::find::find_link_change;
use crate::link_changes::job::{LinkChangeCounts, LinkChangeStatus};
use crate::link_changes::list::list_link_changes;
use crate::link_changes::request::NewLinkChange;
use crate::link_changes::start::start_link_change;
use crate::links::link::Link;
use crate::links::ports::LinkWriter;
use crate::ports::Clock;
use crate::testing::links::MemoryLinks;
use crate::testing::samples::{link, link_with_id};
use crate::values::error::Error;
use crate::values::json::read;
use crate::values::page::PageRequest;

const CHUNK: usize = 5;

async fn world_with(count: i64, change: impl Fn(i64, &mut Link)) -> Arc<World> {
    let world = World::new();
    for n in 0..count {
        let mut new = link_with_id("acme", &format!("s{n}"), &format!("https://example.com/{n}"), &n.to_string());
        new.created_at = new.created_at.plus_seconds(n);
        change(n, &mut new);
        world.links.insert(&new).await.unwrap();
    }
    world
}

async fn ran(world: &Arc<World>, request: Value) -> LinkChange {
    let job = world.start(request).await;
    world.work_off(CHUNK, 900);
    world.stored(&job).await
}

fn counts(selected: u64, changed: u64, unchanged: u64, conflicts: u64, failed: u64) -> LinkChangeCounts {
    LinkChangeCounts { selected, changed, unchanged, conflicts, failed }
}

#[tokio::test]
async fn filter_selects_each_link_once_although_the_change_moves_it_out() {
    let world = world_with(53, |n, link| {
        link.tags = vec![if n % 2 == 0 { "even" } else { "odd" }.to_owned()];
        link.settings.archived = n % 10 == 0;
    })
    .await;
    let request =
        json!({"select": {"filter": {"tag": ["even"]}}, "change": {"rename_tag": {"from": "even", "to": "odd"}}});
    let job = ran(&world, request.clone()).await;
    assert_eq!((job.status, job.counts), (LinkChangeStatus::Succeeded, counts(21, 21, 0, 0, 0)));
    assert_eq!(job.created_by, "key_test");
    let by_job = |link: &Link| link.changed_by.as_deref() == Some(job.id.as_str());
    let all = world.links.all();
    assert_eq!(all.iter().filter(|link| by_job(link) && link.tags == ["odd"]).count(), 21);
    assert_eq!(all.iter().filter(|link| link.tags == ["even"] && link.settings.archived).count(), 6);
    assert_eq!(ran(&world, request).await.counts, counts(0, 0, 0, 0, 0));
}

#[tokio::test]
async fn filters_select_what_a_list_shows() {
    let world = world_with(20, |n, link| {
        link.title = (n < 3).then(|| "Über den Sale".to_owned());
        link.tags = if n % 5 == 0 { vec!["a".into(), "b".into()] } else { vec!["a".into()] };
        link.settings.archived = n == 19;
        link.settings.expires_at = (n < 6).then_some(link.created_at);
    })
    .await;
    for (filter, selected) in [
        (json!({"search": "uber sal"}), 3),
        (json!({"search": "!!!"}), 0),
        (json!({"url": "https://EXAMPLE.com/7"}), 1),
        (json!({"url_prefix": "example.com/1", "archived": "any"}), 11),
        (json!({"host": "*.com", "tag": ["b", "x"], "tag_mode": "any"}), 4),
        (json!({"tag": ["a", "b"]}), 4),
        (json!({"prefix": "s1"}), 10),
        (json!({"archived": "true"}), 1),
        (json!({"created_after": "2026-01-01T00:00:10Z", "created_before": "2026-01-01T00:00:15Z"}), 5),
        (json!({"expires_after": "2026-01-01T00:00:02Z"}), 4),
        (json!({"expires_after": "2026-01-01T00:00:02Z", "expires_before": "2026-01-01T00:00:04Z"}), 2),
        (json!({"domain": "s.example.org"}), 0),
    ] {
        let request = json!({"select": {"filter": filter}, "change": {"title": "x"}, "dry_run": true});
        assert_eq!(ran(&world, request.clone()).await.counts.selected, selected, "{request}");
    }
    let all = json!({"select": {"all": true}, "change": {"title": "x"}, "dry_run": true});
    assert_eq!(ran(&world, all).await.counts.selected, 19);
}

#[tokio::test]
async fn dry_run_tells_the_same_and_writes_no_link() {
    let request = json!({"select": {"filter": {"prefix": "s"}}, "change": {"add_tags": ["new"], "archived": false}});
    let mut dry = request.clone();
    dry["dry_run"] = json!(true);
    let world = world_with(30, |n, link| match n % 3 {
        0 => link.tags = (0..20).map(|tag| tag.to_string()).collect(),
        1 => link.tags = vec!["new".into()],
        _ => {}
    })
    .await;
    let before = world.links.all();
    let rehearsed = ran(&world, dry).await;
    assert_eq!(world.links.all(), before);
    assert!(world.files.all().values().all(|file| !file.contains("\"before\"")), "no states are kept");
    let results = world.results(&rehearsed).await;
    world.clock.advance(1);
    let job = ran(&world, request).await;
    assert_eq!((job.counts, job.status), (rehearsed.counts, rehearsed.status));
    assert_eq!((job.counts, job.status), (counts(30, 10, 10, 0, 10), LinkChangeStatus::SucceededWithErrors));
    assert_eq!(world.results(&job).await, results);
    let failed = results.iter().find(|found| found.settled.result == LinkResult::Failed).unwrap();
    assert_eq!(failed.settled.errors[0].pointer, "/tags/20", "{failed:?}");
    assert!(world.undo(&rehearsed).await.is_err(), "a dry run has changed nothing");
}

#[tokio::test]
async fn named_links_get_a_result_each() {
    let world = world_with(4, |_, _| {}).await;
    let mut moved = world.links.all()[0].clone();
    let first = moved.clone();
    moved.aliases = vec![first.address.clone()];
    (moved.address.slug, moved.revision) = (crate::values::slug::Slug::parse("moved").unwrap(), 1);
    world.links.relocate(&first, &moved, first.created_at).await.unwrap();
    world.links.insert(&link("other", "theirs", "https://example.com/")).await.unwrap();
    let named = json!({"links": [
        {"slug": "s0"}, {"slug": "s1"}, {"slug": "theirs"}, {"slug": "none"}, {"slug": "s1", "domain": "s.example.org"},
        {"id": world.links.all()[3].id()}, {"id": "lnk_0193a5d2c5f07d1e8c3f6f0b6a3d9e21"},
    ]});
    let job = ran(&world, json!({"select": named, "change": {"archived": true}})).await;
    assert_eq!(job.counts, counts(7, 3, 0, 0, 4));
    let archived = world.links.all().iter().filter(|link| link.settings.archived).count();
    assert_eq!(archived, 3, "an alias stands for its link");
    let job = ran(&world, json!({"select": named, "delete": true})).await;
    assert_eq!(job.counts, counts(7, 2, 0, 0, 5), "but not to delete it");
    let results = world.results(&job).await;
    assert!(results[0].settled.detail.as_ref().unwrap().contains("alias"), "{results:?}");
    assert_eq!(results.last().unwrap().address, None);
}

#[tokio::test]
async fn change_by_another_request_is_kept_and_changed_on_top() {
    for delete in [false, true] {
        let world = world_with(3, |_, _| {}).await;
        *world.before_write.lock().unwrap() = Some(Box::new(|links: &MemoryLinks| {
            let seen = links.all()[0].clone();
            let next = Link { revision: 1, title: Some("theirs".into()), ..seen.clone() };
            let replaced = LinkWriter::replace(links, &seen, &next).now_or_never();
            assert!(replaced.unwrap().unwrap());
        }));
        let change = if delete { json!({"delete": true}) } else { json!({"change": {"archived": true}}) };
        let mut request = json!({"select": {"all": true}});
        request.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let job = ran(&world, request).await;
        assert_eq!(job.counts, counts(3, 3, 0, 0, 0));
        let all = world.links.all();
        assert_eq!(all.iter().filter(|link| link.settings.archived).count(), if delete { 0 } else { 3 });
        assert!(delete || all.iter().any(|link| link.title.is_some() && link.settings.archived));
    }
}

#[tokio::test]
async fn job_takes_as_many_invocations_as_it_needs() {
    let world = world_with(50, |_, _| {}).await;
    let job = world.start(json!({"select": {"all": true}, "change": {"archived": true}})).await;
    let invocations = world.work_off(CHUNK, 0);
    let job = world.stored(&job).await;
    assert_eq!((job.counts, job.turn + 1), (counts(50, 50, 0, 0, 0), invocations));
    assert!(invocations > 10, "{invocations}");
}

#[tokio::test]
async fn visitors_notice_by_few_marks() {
    let world = world_with(20, |_, _| {}).await;
    world.set_faults(super::world::Faults::None);
    ran(&world, json!({"select": {"all": true}, "change": {"add_tags": ["owner's own"]}})).await;
    let marks = crate::redirect::ports::ChangeMarks::marks(&world.links).await.unwrap();
    assert_eq!(marks.iter().sum::<u64>(), 0, "visitors do not see tags");
    ran(&world, json!({"select": {"all": true}, "change": {"archived": true}})).await;
    let marks = crate::redirect::ports::ChangeMarks::marks(&world.links).await.unwrap();
    assert!(marks.iter().sum::<u64>() > 0);
}

#[tokio::test]
async fn cancelled_job_ends_with_the_results_of_what_it_did() {
    let world = world_with(30, |_, _| {}).await;
    let cancel = async |job: &LinkChange| {
        cancel_link_change(&world.jobs, &world.clock, &editor(), job.id.as_str()).await.unwrap()
    };
    let request = json!({"select": {"all": true}, "change": {"archived": true}});
    let waiting = world.start(request.clone()).await;
    assert_eq!(cancel(&waiting).await.status, LinkChangeStatus::Cancelled, "nobody has begun");
    world.work_off(CHUNK, 900);
    assert!(world.links.all().iter().all(|link| !link.settings.archived));

    world.clock.advance(1);
    let job = world.start(request).await;
    // No time for more than a chunk.
    let ports = world.ports(CHUNK);
    while world.stored(&job).await.progress.done == 0 {
        let message = world.queue.take().remove(0);
        let turn = message.turn;
        let delivery = crate::testing::jobs::delivery(format!("r{turn}"), world.clock.now());
        run_link_change(&ports, &message, &delivery).await.unwrap();
    }
    let cancelling = cancel(&job).await;
    assert_eq!((cancelling.status, cancelling.cancelling), (LinkChangeStatus::Running, true));
    world.work_off(CHUNK, 900);
    let ended = world.stored(&job).await;
    assert_eq!((ended.status, ended.counts.selected), (LinkChangeStatus::Cancelled, 30));
    let archived = world.links.all().iter().filter(|link| link.settings.archived).count();
    assert!(archived > 0 && archived < 30, "{archived}");
    assert_eq!((ended.counts.changed as usize, world.results(&job).await.len()), (archived, archived));
    assert_eq!(cancel(&job).await, ended, "cancelling again does nothing");
    world.clock.advance(1);
    let undo = world.undo(&job).await.unwrap();
    world.work_off(CHUNK, 900);
    assert_eq!(world.stored(&undo).await.counts.changed as usize, archived);
}

#[tokio::test]
async fn worker_takes_over_a_wish_to_cancel_that_comes_between_its_writes() {
    let world = world_with(30, |_, _| {}).await;
    let job = world.start(json!({"select": {"all": true}, "change": {"archived": true}})).await;
    let (cancelling, id) = (world.clone(), job.id.clone());
    *world.before_write.lock().unwrap() = Some(Box::new(move |_: &MemoryLinks| {
        let editor = editor();
        let cancel = cancel_link_change(&cancelling.jobs, &cancelling.clock, &editor, id.as_str());
        assert!(cancel.now_or_never().unwrap().unwrap().cancelling);
    }));
    world.work_off(CHUNK, 900);
    let ended = world.stored(&job).await;
    assert_eq!((ended.status, ended.counts.changed), (LinkChangeStatus::Cancelled, 5));
}

#[tokio::test]
async fn change_that_is_not_valid_any_more_ends_the_job() {
    let world = world_with(3, |_, _| {}).await;
    let job = world.start(json!({"select": {"all": true}, "change": {"domain": "s.example.org"}})).await;
    let domains = crate::values::domains::Domains::parse("go.example.com").unwrap();
    let ports = RunLinkChangePorts { domains, ..world.ports(CHUNK) };
    let message = world.queue.take().remove(0);
    let delivery = crate::testing::jobs::delivery("r", world.clock.now().plus_seconds(900));
    run_link_change(&ports, &message, &delivery).await.unwrap();
    let job = world.stored(&job).await;
    assert!(job.status == LinkChangeStatus::Failed && job.error.as_ref().unwrap().contains("/domain"), "{job:?}");
}

/// What a key does not reach must look as if it did not exist, also to its jobs.
#[tokio::test]
async fn limited_key_changes_only_the_links_that_it_reaches() {
    let world = world_with(7, |_, _| {}).await;
    let mut own = world.links.all()[0].clone();
    (own.tags, own.revision) = (vec!["client".to_owned()], own.revision + 1);
    let seen = world.links.all()[0].clone();
    assert!(LinkWriter::replace(&world.links, &seen, &own).await.unwrap());
    let scope = Scope::new(Vec::new(), vec!["client".to_owned()], None);
    let limited = Caller { scope, key_id: "key_limited".to_owned(), ..editor() };
    let others: Vec<Link> = world.links.all().into_iter().filter(|link| link.address != own.address).collect();
    let named: Vec<Value> = world
        .links
        .all()
        .iter()
        .map(|link| json!({"slug": link.address.slug, "domain": link.address.domain}))
        .collect();
    let ids: Vec<Value> = world.links.all().iter().map(|link| json!({"id": link.id()})).collect();
    let count = named.len() as u64;
    for (select, failed) in
        [(json!({"all": true}), 0), (json!({"links": named}), count - 1), (json!({"links": ids}), count - 1)]
    {
        world.clock.advance(1);
        let new: NewLinkChange =
            read(json!({"select": select, "change": {"title": format!("by {failed} {}", world.clock.now())}})).unwrap();
        let job = start_link_change(&world.start_ports(), &limited, &new).await.unwrap();
        world.work_off(CHUNK, 900);
        let ended = find_link_change(&world.jobs, &limited, job.id.as_str()).await.unwrap();
        assert_eq!((ended.counts.changed, ended.counts.failed), (1, failed), "{select}");
        assert!(find_link_change(&world.jobs, &editor(), job.id.as_str()).await.is_ok());
    }
    for link in &others {
        assert!(world.links.all().contains(link), "{}", link.address);
    }
    let everything: NewLinkChange = read(json!({"select": {"filter": {}}, "delete": true})).unwrap();
    let refused = start_link_change(&world.start_ports(), &limited, &everything).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "what a key reaches is not a filter that it has chosen");
    // It may not take the tag away, nor see the jobs of others.
    let new: NewLinkChange = read(json!({"select": {"all": true}, "change": {"remove_tags": ["client"]}})).unwrap();
    let job = start_link_change(&world.start_ports(), &limited, &new).await.unwrap();
    world.work_off(CHUNK, 900);
    assert_eq!(find_link_change(&world.jobs, &limited, job.id.as_str()).await.unwrap().counts.failed, 1);
    let theirs = world.start(json!({"select": {"all": true}, "delete": true, "dry_run": true})).await;
    assert!(matches!(find_link_change(&world.jobs, &limited, theirs.id.as_str()).await, Err(Error::NotFound(_))));
    let listed = list_link_changes(&world.jobs, &limited, &PageRequest::default()).await.unwrap();
    assert!(listed.items.len() == 4 && listed.items.iter().all(|job| job.created_by == "key_limited"));
}
