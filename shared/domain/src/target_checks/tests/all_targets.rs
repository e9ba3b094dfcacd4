//! Tests that all targets of a link are checked, and which of them its check is about.

use super::*;
use crate::links::settings::LinkSettings;
use proptest::prelude::*;
use serde_json::json;

const START: &str = "2026-01-02T03:00:00Z";

async fn world() -> CheckWorld {
    let world = CheckWorld::at(START);
    let mut link = link_with_id("acme", "docs", "https://url.example/", "1");
    link.settings = serde_json::from_value::<LinkSettings>(json!({
        "expired_url": "https://expired.example/",
        "rules": [{"if": {"os": ["ios"]}, "url": "https://rule.example/"}, {"if": {"os": ["android"]}, "url": "https://url.example/"}],
        "variants": [{"name": "a", "url": "https://variant.example/", "weight": 1}],
    }))
    .unwrap();
    world.links.insert(&link).await.unwrap();
    world
}

/// Describes what is known of the link.
fn show(world: &CheckWorld) -> String {
    let link = stored(world, "docs");
    let Some(check) = &link.target_check else { return "none".to_owned() };
    let state = if link.settings.archived {
        " archived"
    } else if check.uses_expired_url {
        " instead"
    } else {
        ""
    };
    format!("{:?} {} {}{state}", check.status, check.pointer(), check.failures).to_lowercase()
}

#[tokio::test]
async fn each_target_of_a_link_is_asked_once() {
    let world = world().await;
    let job = run(&world).await;
    let mut asked = world.targets.take_asked();
    asked.sort();
    let expected =
        ["https://expired.example/", "https://rule.example/", "https://url.example/", "https://variant.example/"];
    assert_eq!((asked.as_slice(), job.counts.targets), (expected.map(str::to_owned).as_slice(), 4));
}

#[tokio::test]
async fn check_names_the_target_that_fails_and_url_comes_first() {
    let world = world().await;
    set_rule(&world, "acme", OnBroken::ExpiredUrl);
    for (failing, expected) in [
        (&["variant"][..], "failing /variants/0/url 1"),
        (&["variant"], "failing /variants/0/url 2"),
        (&["variant", "rule"], "broken /variants/0/url 3"),
        (&["variant", "rule"], "broken /variants/0/url 3"),
        (&["rule"], "failing /rules/0/url 1"),
        (&["rule", "url"], "failing /url 1"),
        (&["url"], "failing /url 2"),
        (&["url", "expired"], "broken /url 3 instead"),
        (&["expired"], "failing /expired_url 1"),
        (&[], "ok /url 0"),
    ] {
        for host in ["url", "expired", "rule", "variant"] {
            let answer = if failing.contains(&host) { not_found() } else { Ok(200) };
            world.targets.put(&format!("https://{host}.example/"), answer);
        }
        run(&world).await;
        assert_eq!(show(&world), expected, "{failing:?}");
    }
}

#[tokio::test]
async fn workspace_archives_a_link_only_for_its_url() {
    let world = world().await;
    set_rule(&world, "acme", OnBroken::Archive);
    world.targets.put("https://rule.example/", not_found());
    for _ in 0..4 {
        run(&world).await;
    }
    assert_eq!(show(&world), "broken /rules/0/url 3");
    world.targets.put("https://url.example/", not_found());
    for _ in 0..3 {
        run(&world).await;
    }
    assert_eq!(show(&world), "broken /url 3 archived");
}

#[tokio::test]
async fn link_whose_url_cannot_be_asked_is_checked_by_its_others() {
    let world = CheckWorld::at(START);
    let mut link = link_with_id("acme", "docs", "https://url.example/", "1");
    link.url = serde_json::from_value(json!("mailto:a@b.example")).unwrap();
    link.settings.rules =
        serde_json::from_value(json!([{"if": {"os": ["ios"]}, "url": "https://rule.example/"}])).unwrap();
    world.links.insert(&link).await.unwrap();
    world.targets.put("https://rule.example/", Ok(404));
    run(&world).await;
    assert_eq!(show(&world), "failing /rules/0/url 1");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// However short its invocations are, a run gets to its end, and asks each target of each link.
    #[test]
    fn run_ends_in_slices_of_any_length(seconds in 0_i64..120, each in 0_i64..20, variants in 1_usize..8) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            let world = CheckWorld::at(START);
            for n in 0..6 {
                let mut link = link_with_id("acme", &format!("s{n}"), &format!("https://url.example/{n}"), &n.to_string());
                let variants = (0..variants).map(|v| json!({"name": format!("v{v}"), "url": format!("https://v{}.example/{n}", v % 3), "weight": 1}));
                link.settings.variants = serde_json::from_value(variants.collect()).unwrap();
                world.links.insert(&link).await.unwrap();
            }
            world.targets.slow_down(each);
            assert!(matches!(start(&world, &world.ports(), None).await, Started::Begun(_)));
            let (job, _) = work_off(&world, seconds).await;
            let mut asked = world.targets.take_asked();
            asked.sort();
            asked.dedup();
            assert_eq!((job.counts.links, asked.len()), (6, 6 * (1 + variants.min(3))));
        });
    }
}
