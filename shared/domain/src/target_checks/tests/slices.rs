//! Tests what a run asks, writes and hands over.

use super::*;
use crate::jobs::given_up::GivenUp;
use crate::links::target_check::{CheckStatus, FailureReason};
use crate::target_checks::give_up::give_up_check_run;
use crate::target_checks::job::CheckJobStatus;
use crate::target_checks::ports::{Asked, CheckRequest};

const START: &str = "2026-01-02T03:00:00Z";

/// Describes what is known of a link's target.
fn show(link: &Link) -> String {
    let Some(check) = &link.target_check else { return "none".to_owned() };
    let status = format!("{:?}", check.status).to_lowercase();
    let reason = check.reason.map(|reason| format!(" {reason}")).unwrap_or_default();
    format!("{status} {}{reason}", check.failures)
}

#[tokio::test]
async fn three_failures_in_a_row_break_a_link_and_one_success_mends_it() {
    let world = CheckWorld::at(START);
    let link = add(&world, "acme", "docs", "https://example.com/").await;
    let url = "https://example.com/";
    for (answer, expected, writes) in [
        (Ok(200), "none", false),
        (not_found(), "failing 1 dns", true),
        (Ok(404), "failing 2 status_404", true),
        (Ok(200), "ok 0", true),
        (Ok(403), "ok 0", false),
        (Ok(500), "failing 1 status_500", true),
        (Ok(500), "failing 2 status_500", true),
        (Err(FetchError::Timeout), "broken 3 timeout", true),
        (Err(FetchError::Timeout), "broken 3 timeout", false),
        (Ok(410), "broken 3 status_410", true),
        (Ok(429), "ok 0", true),
        (Err(FetchError::Tls), "failing 1 tls", true),
        (Err(FetchError::Refused("the address is not public")), "none", true),
        (Err(FetchError::Refused("the address is not public")), "none", false),
    ] {
        let before = stored(&world, "docs");
        world.targets.put(url, answer.clone());
        run(&world).await;
        let after = stored(&world, "docs");
        assert_eq!((show(&after).as_str(), after != before), (expected, writes), "{answer:?}");
        assert_eq!((after.revision, after.updated_at, &after.changed_by), (0, None, &None), "no change by the owner");
        assert_eq!(after.etag() != before.etag(), writes, "{answer:?}");
        assert_eq!((after.id(), after.settings.archived), (link.id(), false));
    }
}

#[tokio::test]
async fn broken_link_says_since_when_and_why() {
    let world = CheckWorld::at(START);
    add(&world, "acme", "docs", "https://example.com/").await;
    world.targets.put("https://example.com/", Ok(404));
    for _ in 0..4 {
        run(&world).await;
    }
    let check = stored(&world, "docs").target_check.unwrap();
    assert_eq!(check.broken_since(), Timestamp::parse(START).ok());
    assert_eq!(check.checked_at, Timestamp::parse(START).unwrap().plus_seconds(2 * 86_400));
    assert_eq!((check.status, check.reason), (CheckStatus::Broken, Some(FailureReason::Status(404))));
    let failing = crate::testing::samples::failing_check(START);
    assert_eq!(failing.broken_since(), None);
}

#[tokio::test]
async fn workspace_decides_what_happens_to_a_broken_link() {
    for (rule, archived, uses_expired_url) in
        [(OnBroken::Nothing, false, false), (OnBroken::Archive, true, false), (OnBroken::ExpiredUrl, false, true)]
    {
        let world = CheckWorld::at(START);
        let mut link = link_with_id("acme", "docs", "https://example.com/", "1");
        link.settings.expired_url = Some(link_with_id("acme", "x", "https://example.com/ended", "2").url);
        world.links.insert(&link).await.unwrap();
        set_rule(&world, "acme", rule);
        set_rule(&world, "other", OnBroken::Archive);
        world.targets.put("https://example.com/", Ok(404));
        run(&world).await;
        run(&world).await;
        assert!(!stored(&world, "docs").settings.archived, "it only fails yet");
        run(&world).await;
        let broken = stored(&world, "docs");
        let instead = broken.instead_of_broken().map(ToString::to_string);
        assert_eq!((broken.settings.archived, instead.is_some()), (archived, uses_expired_url), "{rule:?}");
        // Its owner brings it back, and it stays.
        let mut back = broken.clone();
        (back.settings.archived, back.revision) = (false, 1);
        assert!(world.links.replace(&broken, &back).await.unwrap());
        run(&world).await;
        assert_eq!(stored(&world, "docs"), back, "{rule:?}");
        // Another rule holds from the next run on; what was archived stays so.
        set_rule(&world, "acme", OnBroken::Nothing);
        run(&world).await;
        assert_eq!(stored(&world, "docs").instead_of_broken(), None, "{rule:?}");
        world.targets.put("https://example.com/", Ok(200));
        run(&world).await;
        assert_eq!(show(&stored(&world, "docs")), "ok 0");
    }
}

#[tokio::test]
async fn each_target_is_asked_once_and_each_host_one_after_the_other() {
    let world = CheckWorld::at(START);
    for n in 0..60 {
        let url = format!("https://{}.example/{}", n % 5, n % 20);
        add(&world, if n % 2 == 0 { "acme" } else { "other" }, &format!("s{n}"), &url).await;
    }
    let job = run(&world).await;
    let mut asked = world.targets.take_asked();
    assert_eq!((asked.len(), job.counts.targets, job.counts.links), (20, 20, 60));
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), 20);
    assert!((2..=16).contains(&world.targets.most_at_once()), "{}", world.targets.most_at_once());
    assert!(world.timer.paused_ms() >= 15 * 500, "{}", world.timer.paused_ms());
}

#[tokio::test]
async fn host_without_answers_is_not_asked_for_each_of_its_targets() {
    for (answer, is_of_own_host, asked) in [
        (FetchError::NotFound, true, 1),
        (FetchError::NotConnected, true, 1),
        (FetchError::Tls, true, 1),
        (FetchError::Timeout, true, 3),
        // Another host, to which each of these may or may not redirect.
        (FetchError::NotFound, false, 9),
        (FetchError::Timeout, false, 9),
        (FetchError::Unreadable, true, 9),
    ] {
        let world = CheckWorld::at(START);
        // Links of one shard come in one page at least.
        for n in 0..9 {
            let url = format!("https://a.example/{n}");
            add(&world, "acme", &format!("s{n}"), &url).await;
            world.targets.put_asked(&url, Asked { answer: Err(answer.clone()), is_of_own_host });
        }
        add(&world, "acme", "http", "http://a.example/").await;
        run(&world).await;
        let all = world.targets.take_asked();
        assert_eq!(all.iter().filter(|url| url.starts_with("https:")).count(), asked, "{answer:?}");
        assert_eq!(all.len(), asked + 1, "another origin is another matter");
        let failing = world.links.all().iter().filter(|link| link.target_check.is_some()).count();
        assert_eq!(failing, if answer == FetchError::Unreadable { 0 } else { 9 }, "{answer:?}");
    }
}

#[tokio::test]
async fn links_that_lead_nowhere_in_the_web_or_are_closed_are_not_asked() {
    let world = CheckWorld::at(START);
    let domains = crate::values::domains::Domains::parse("go.example.com").unwrap();
    let schemes = crate::values::schemes::TargetSchemes::parse("mailto,myapp").unwrap();
    let domains = domains.with_schemes(schemes);
    for (slug, url, archived, expires_at) in [
        ("mail", "mailto:a@b.example", false, None),
        ("app", "myapp://open", false, None),
        ("archived", "https://a.example/archived", true, None),
        ("ended", "https://a.example/ended", false, Some("2026-01-01T00:00:00Z")),
        ("ends", "https://a.example/ends", false, Some("2027-01-01T00:00:00Z")),
    ] {
        let mut link = link_with_id("acme", slug, "https://a.example/", slug);
        link.url = crate::values::target::TargetUrl::parse(url, &domains).unwrap();
        link.settings.archived = archived;
        link.settings.expires_at = expires_at.map(|time| Timestamp::parse(time).unwrap());
        world.links.insert(&link).await.unwrap();
        world.targets.put(url, Ok(404));
    }
    let mut broken = link_with_id("acme", "broken", "https://a.example/broken", "broken");
    (broken.settings.archived, broken.target_check) =
        (true, Some(crate::testing::samples::broken_check("2026-01-01T00:00:00Z")));
    world.links.insert(&broken).await.unwrap();
    run(&world).await;
    let mut asked = world.targets.take_asked();
    asked.sort();
    assert_eq!(asked, ["https://a.example/broken", "https://a.example/ends"]);
    assert_eq!(show(&stored(&world, "broken")), "ok 0", "an archived link whose target works again");
}

#[tokio::test]
async fn run_goes_on_in_as_many_slices_as_it_takes() {
    for (seconds, answer_takes) in [(900, 100), (61, 1), (0, 7), (70, 5)] {
        let world = CheckWorld::at(START);
        for n in 0..40 {
            let url = format!("https://{}.example/{n}", n % 3);
            add(&world, ["acme", "other", "third"][n % 3], &format!("s{n}"), &url).await;
            world.targets.put(&url, Ok(404));
        }
        world.targets.slow_down(answer_takes);
        start(&world, &world.ports(), None).await;
        let (job, slices) = work_off(&world, seconds).await;
        assert_eq!((job.status, job.counts.links, job.lease.is_none()), (CheckJobStatus::Succeeded, 40, true));
        assert!(slices > 1, "{seconds}: {slices}");
        assert!(world.links.all().iter().all(|link| show(link) == "failing 1 status_404"), "{seconds}");
    }
}

#[tokio::test]
async fn only_the_named_workspace_is_checked() {
    let world = CheckWorld::at(START);
    for of in ["acme", "other"] {
        let url = format!("https://{of}.example/");
        add(&world, of, of, &url).await;
        world.targets.put(&url, Ok(404));
    }
    start(&world, &world.ports(), Some("other")).await;
    work_off(&world, 900).await;
    assert_eq!(
        (show(&stored(&world, "acme")).as_str(), show(&stored(&world, "other")).as_str()),
        ("none", "failing 1 status_404")
    );
    // The run of all of the same day counts no second failure there.
    run(&world).await;
    assert!(world.links.all().iter().all(|link| show(link) == "failing 1 status_404"));
}

#[tokio::test]
async fn run_begins_once_a_day_and_not_beside_an_earlier_one() {
    let world = CheckWorld::at(START);
    add(&world, "acme", "docs", "https://example.com/").await;
    let ports = world.ports();
    assert!(matches!(start(&world, &ports, None).await, Started::Begun(_)));
    assert!(matches!(start(&world, &ports, None).await, Started::Begun(_)), "the same trigger, delivered again");
    assert_eq!(world.queue.take().len(), 2);
    world.clock.advance(86_400);
    assert!(matches!(start(&world, &ports, None).await, Started::StillRunning(_)));
    assert!(matches!(start(&world, &ports, Some("acme")).await, Started::Begun(_)), "a run of its own");
    world.queue.take();
    world.clock.advance(CheckJob::STALE_SECONDS);
    let started = start(&world, &ports, None).await;
    assert!(matches!(started, Started::Begun(_)), "a run whose message is lost holds nothing up for ever");
    let (job, _) = work_off(&world, 900).await;
    assert!(matches!(start(&world, &ports, None).await, Started::Done(_)));
    assert!(world.queue.take().is_empty());
    // Messages of an earlier run, or of an earlier turn, have no effect.
    for request in [
        CheckRequest::of(&job),
        CheckRequest {
            check_run: crate::links::target_check::CheckRun::of(Timestamp::parse(START).unwrap()),
            ..CheckRequest::of(&job)
        },
    ] {
        let ran = check_targets(&ports, &request, &invocation(world.clock.now(), 900)).await.unwrap();
        assert_eq!(ran, CheckRan::Gone);
    }
}

#[tokio::test]
async fn run_that_is_given_up_has_failed_and_the_next_one_begins() {
    let world = CheckWorld::at(START);
    add(&world, "acme", "docs", "https://example.com/").await;
    let ports = world.ports();
    start(&world, &ports, None).await;
    let request = world.queue.take().remove(0);
    let job = ports.jobs.get(None).await.unwrap().unwrap();
    let until = world.clock.now().plus_seconds(900);
    let leased = job.leased(delivery("r", until).lease(), 0);
    assert!(ports.jobs.replace(&leased).await.unwrap());
    let give_up = async || give_up_check_run(ports.jobs.as_ref(), ports.clock.as_ref(), &request).await.unwrap();
    assert_eq!(give_up().await, GivenUp::Busy { until });
    world.clock.advance(900);
    let GivenUp::Failed(failed) = give_up().await else { panic!() };
    assert!(failed.status == CheckJobStatus::Failed && failed.error.is_some() && failed.lease.is_none());
    assert_eq!(give_up().await, GivenUp::Gone);
    assert!(matches!(start(&world, &ports, None).await, Started::Done(_)), "of the same day");
    world.clock.advance(86_400);
    assert!(matches!(start(&world, &ports, None).await, Started::Begun(_)));
}

#[tokio::test]
async fn link_that_leads_elsewhere_meanwhile_is_left_alone() {
    use crate::target_checks::finding::Finding;
    use crate::target_checks::record::{Findings, record};
    let world = CheckWorld::at(START);
    let seen = add(&world, "acme", "docs", "https://example.com/").await;
    let run = crate::links::target_check::CheckRun::of(world.clock.now());
    let findings = Findings { run: &run, on_broken: OnBroken::Nothing, now: world.clock.now() };
    let fails = Finding::Fails(FailureReason::Dns);
    let record =
        async || record((world.links.as_ref(), world.links.as_ref()), &findings, &seen, (fails, None)).await.unwrap();
    let mut titled = seen.clone();
    (titled.revision, titled.title) = (1, Some("T".to_owned()));
    world.links.replace(&seen, &titled).await.unwrap();
    let (_, written) = record().await.unwrap();
    assert_eq!(
        (show(&written).as_str(), written.title.as_deref()),
        ("failing 1 dns", Some("T")),
        "it still leads there"
    );
    assert_eq!(record().await, None, "a second delivery");
    let mut elsewhere = titled.clone();
    (elsewhere.revision, elsewhere.target_check) = (2, None);
    elsewhere.url = link_with_id("acme", "x", "https://example.com/other", "x").url;
    world.links.replace(&titled, &elsewhere).await.unwrap();
    assert_eq!(record().await, None);
    assert_eq!(stored(&world, "docs"), elsewhere);
    world.links.forget(&seen.address);
    let another = link_with_id("acme", "docs", "https://example.com/", "another");
    world.links.insert(&another).await.unwrap();
    assert_eq!((record().await, stored(&world, "docs")), (None, another));
}
