//! Tests that runs find unsafe targets, keep visitors from them, and release them.

use super::*;
use crate::blocking::ports::BlockListReader;
use crate::links::settings::LinkSettings;
use crate::links::target_check::CheckStatus;
use crate::target_safety::ports::LookupError;
use crate::target_safety::threat::Threat;
use crate::values::block_list::BlockReason;
use serde_json::json;

const START: &str = "2026-01-02T03:00:00Z";
const EVIL: &str = "https://evil.example/login?x=1";

/// Works off a run that looks up so many URLs, as a process of its own; the next one is a day later.
async fn run_with(world: &CheckWorld, lookups: u64) -> CheckJob {
    let ports = world.ports_with_lookups(lookups);
    let started = start(world, &ports, None).await;
    assert!(matches!(started, Started::Begun(_)), "{started:?}");
    let job = loop {
        let message = world.queue.take().pop().expect("the run goes on");
        let invocation = invocation(world.clock.now(), 900);
        if let CheckRan::Finished(job) = check_targets(&ports, &message, &invocation).await.unwrap() {
            break *job;
        }
    };
    world.clock.advance(86_400);
    job
}

async fn blocked(world: &CheckWorld) -> Vec<(String, BlockReason, String)> {
    let entries = world.blocked.page("", None, 100).await.unwrap();
    entries.into_iter().map(|entry| (entry.target.to_string(), entry.reason, entry.added_by)).collect()
}

fn by_checks(target: &str, reason: BlockReason) -> Vec<(String, BlockReason, String)> {
    vec![(target.to_owned(), reason, "web_risk".to_owned())]
}

fn show(link: &Link) -> String {
    let Some(check) = &link.target_check else { return "none".to_owned() };
    let reason = check.reason.map(|reason| format!(" {reason}")).unwrap_or_default();
    format!("{:?} {}{reason}", check.status, check.pointer()).to_lowercase()
}

#[tokio::test]
async fn unsafe_target_is_blocked_and_marked_until_it_is_not_unsafe_any_more() {
    let world = CheckWorld::at(START);
    add(&world, "acme", "evil", &format!("{EVIL}#part")).await;
    add(&world, "acme", "good", "https://good.example/").await;
    set_rule(&world, "acme", OnBroken::Archive);
    world.checker.put(EVIL, Some(Threat::Phishing));
    let job = run_with(&world, 100).await;
    assert_eq!((job.counts.lookups, job.counts.unsafe_links, job.counts.newly_broken), (2, 1, 1));
    let marked = stored(&world, "evil");
    assert_eq!((show(&marked).as_str(), marked.settings.archived), ("broken /url unsafe_phishing", false));
    assert_eq!(
        (marked.revision, marked.target_check.as_ref().unwrap().broken_since()),
        (0, Timestamp::parse(START).ok())
    );
    assert_eq!(blocked(&world).await, by_checks("evil.example/login?x=1", BlockReason::Phishing));
    assert_eq!(stored(&world, "good").target_check, None);

    let revision = world.blocked.revision().await.unwrap();
    run_with(&world, 100).await;
    assert_eq!((stored(&world, "evil"), world.blocked.revision().await.unwrap()), (marked.clone(), revision));

    // While nobody answers, what is known stays.
    world.checker.fail(Some(LookupError::Quota));
    run_with(&world, 100).await;
    assert_eq!((stored(&world, "evil"), world.blocked.revision().await.unwrap()), (marked, revision));
    world.checker.fail(None);

    world.checker.put(EVIL, None);
    let job = run_with(&world, 100).await;
    assert_eq!((show(&stored(&world, "evil")).as_str(), job.counts.recovered), ("ok /url", 1));
    assert_eq!(blocked(&world).await, []);
}

#[tokio::test]
async fn what_fails_after_it_was_unsafe_has_failed_once() {
    let world = CheckWorld::at(START);
    add(&world, "acme", "evil", EVIL).await;
    world.targets.put(EVIL, Ok(404));
    run_with(&world, 100).await;
    world.checker.put(EVIL, Some(Threat::Malware));
    run_with(&world, 100).await;
    assert_eq!(show(&stored(&world, "evil")), "broken /url unsafe_malware");
    world.checker.put(EVIL, None);
    run_with(&world, 100).await;
    let check = stored(&world, "evil").target_check.unwrap();
    assert_eq!((check.status, check.failures), (CheckStatus::Failing, 1));
}

#[tokio::test]
async fn every_target_of_a_link_is_looked_up_and_named() {
    for (settings, pointer) in [
        (json!({"expired_url": EVIL}), "/expired_url"),
        (json!({"rules": [{"if": {"os": ["ios"]}, "url": EVIL}]}), "/rules/0/url"),
        (
            json!({"variants": [{"name": "a", "url": "https://a.example/", "weight": 1}, {"name": "b", "url": EVIL, "weight": 1}]}),
            "/variants/1/url",
        ),
    ] {
        let world = CheckWorld::at(START);
        let mut link = link_with_id("acme", "docs", "https://good.example/", "1");
        link.settings = serde_json::from_value::<LinkSettings>(settings).unwrap();
        world.links.insert(&link).await.unwrap();
        world.checker.put(EVIL, Some(Threat::UnwantedSoftware));
        run_with(&world, 100).await;
        assert_eq!(show(&stored(&world, "docs")), format!("broken {pointer} unsafe_unwanted_software"));
        assert_eq!(blocked(&world).await, by_checks("evil.example/login?x=1", BlockReason::Malware));
        let mut next = stored(&world, "docs");
        next.settings = LinkSettings::default();
        assert_eq!(stored(&world, "docs").check_for(&next), None, "without the target it is not known");
    }
}

#[tokio::test]
async fn run_looks_up_no_more_than_it_may_and_each_target_gets_its_turn() {
    let world = CheckWorld::at(START);
    for n in 0..40 {
        add(&world, "acme", &format!("s{n}"), &format!("https://{n}.example/")).await;
    }
    let mut asked = Vec::new();
    for _ in 0..20 {
        let job = run_with(&world, 10).await;
        let found = world.checker.take_asked();
        assert!(found.len() <= 10 && job.counts.lookups == found.len() as u64, "{found:?}");
        asked.extend(found);
    }
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), 40);
}

#[tokio::test]
async fn what_the_operator_blocks_stays_blocked_and_needs_no_entry_more() {
    let world = CheckWorld::at(START);
    world.blocked.block("evil.example").await;
    add(&world, "acme", "evil", EVIL).await;
    world.checker.put(EVIL, Some(Threat::Phishing));
    run_with(&world, 100).await;
    world.checker.put(EVIL, None);
    run_with(&world, 100).await;
    assert_eq!(blocked(&world).await, [("evil.example".to_owned(), BlockReason::Malware, "key_test".to_owned())]);
}

#[tokio::test]
async fn target_that_is_too_long_for_the_list_is_blocked_by_a_beginning_that_is_unsafe_itself() {
    let long = format!("https://evil.example/a?{}", "x".repeat(600));
    for (known, expected) in [
        (vec![long.as_str(), "https://evil.example/a"], vec!["evil.example/a"]),
        (vec![long.as_str(), "https://evil.example/"], vec!["evil.example"]),
        (vec![long.as_str()], vec![]),
    ] {
        let world = CheckWorld::at(START);
        add(&world, "acme", "evil", &long).await;
        for url in known {
            world.checker.put(url, Some(Threat::Phishing));
        }
        run_with(&world, 100).await;
        assert_eq!(show(&stored(&world, "evil")), "broken /url unsafe_phishing");
        let targets: Vec<String> = blocked(&world).await.into_iter().map(|(target, ..)| target).collect();
        assert_eq!(targets, expected);
    }
}

#[tokio::test]
async fn list_that_fails_delays_the_run_and_loses_nothing() {
    let world = CheckWorld::at(START);
    add(&world, "acme", "evil", EVIL).await;
    world.checker.put(EVIL, Some(Threat::Phishing));
    let ports = world.ports_with_lookups(100);
    start(&world, &ports, None).await;
    let message = world.queue.take().pop().unwrap();
    world.blocked.fail(true);
    let ran = check_targets(&ports, &message, &invocation(world.clock.now(), 900)).await.unwrap();
    assert!(matches!(ran, CheckRan::HandedOver(_)), "{ran:?}");
    assert_eq!(stored(&world, "evil").target_check, None, "it is blocked before it is marked");
    world.blocked.fail(false);
    let message = world.queue.take().pop().unwrap();
    let ran = check_targets(&ports, &message, &invocation(world.clock.now(), 900)).await.unwrap();
    assert!(matches!(ran, CheckRan::Finished(_)), "{ran:?}");
    assert_eq!(show(&stored(&world, "evil")), "broken /url unsafe_phishing");
    assert_eq!(blocked(&world).await.len(), 1);
}
