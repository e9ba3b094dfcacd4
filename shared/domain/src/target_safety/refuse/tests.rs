//! Tests what is refused, what passes, and what is asked for it.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::access::key::Role;
use crate::links::change::change_link;
use crate::links::create::create_link;
use crate::links::link::Link;
use crate::links::ports::LinkPorts;
use crate::links::precondition::Precondition;
use crate::target_safety::cache::SHORT_SECONDS;
use crate::target_safety::guard::TargetGuard;
use crate::target_safety::lookups::Lookups;
use crate::target_safety::ports::LookupError;
use crate::target_safety::threat::Threat;
use crate::testing::links::LinkWorld;
use crate::testing::samples::caller;
use crate::testing::system::FixedClock;
use crate::testing::target_safety::MemoryChecker;
use crate::values::error::{Error, FieldError};
use crate::values::json::read;

struct World {
    links: LinkWorld,
    checker: Arc<MemoryChecker>,
    clock: Arc<FixedClock>,
    guard: Arc<TargetGuard>,
}

fn world() -> World {
    let (checker, clock) = (Arc::<MemoryChecker>::default(), Arc::new(FixedClock::at("2026-01-02T03:04:05Z")));
    checker.put("https://evil.example/", Some(Threat::Phishing));
    let guard = checker.guard(clock.clone());
    World { links: LinkWorld::default(), checker, clock, guard }
}

impl World {
    async fn create_with(&self, lookups: &Lookups, fields: Value) -> Result<Link, Vec<FieldError>> {
        let ports = LinkPorts { lookups: Some(lookups), ..self.links.ports() };
        let created = create_link(&ports, &caller("acme", Role::Editor), &read(fields).unwrap(), None).await;
        created.map(|created| created.link).map_err(errors_of)
    }

    async fn create(&self, fields: Value) -> Result<Link, Vec<FieldError>> {
        self.create_with(&Lookups::of_request(self.guard.clone()), fields).await
    }

    async fn change(&self, link: &Link, patch: Value) -> Result<Link, Vec<FieldError>> {
        let lookups = Lookups::of_request(self.guard.clone());
        let ports = LinkPorts { lookups: Some(&lookups), ..self.links.ports() };
        let editor = caller("acme", Role::Editor);
        let changed = change_link(&ports, &editor, &link.address, &Precondition::None, &patch, &|_| json!({})).await;
        changed.map_err(errors_of)
    }
}

fn errors_of(error: Error) -> Vec<FieldError> {
    match error {
        Error::Invalid(errors) => errors,
        error => panic!("{error}"),
    }
}

fn pointers(result: Result<Link, Vec<FieldError>>) -> Vec<String> {
    result.map_or_else(|errors| errors.into_iter().map(|error| error.pointer).collect(), |_| Vec::new())
}

#[tokio::test]
async fn unsafe_target_is_refused_in_every_field_that_visitors_can_be_led_to() {
    let evil = "https://evil.example/#part";
    for (fields, pointer) in [
        (json!({"url": evil}), "/url"),
        (json!({"expired_url": evil}), "/expired_url"),
        (
            json!({"rules": [{"if": {"os": ["ios"]}, "url": "https://a.example"}, {"if": {"os": ["android"]}, "url": evil}]}),
            "/rules/1/url",
        ),
        (json!({"variants": [{"name": "a", "url": evil, "weight": 1}]}), "/variants/0/url"),
    ] {
        let world = world();
        let mut all = json!({"url": "https://a.example", "slug": "docs"});
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let errors = world.create(all).await.unwrap_err();
        assert_eq!((errors.len(), errors[0].pointer.as_str()), (1, pointer));
        assert_eq!(errors[0].detail, "is suspected of phishing by Google Web Risk");
        assert!(world.links.links.all().is_empty(), "nothing is written");
    }
}

#[tokio::test]
async fn each_url_is_asked_once_and_nothing_else_is_sent() {
    let world = world();
    let same = "https://b.example/x?y=z";
    let fields = json!({
        "url": format!("{same}#one"), "expired_url": format!("{same}#two"),
        "variants": [{"name": "a", "url": same, "weight": 1}, {"name": "b", "url": "https://c.example", "weight": 1}],
    });
    world.create(fields.clone()).await.unwrap();
    let mut asked = world.checker.take_asked();
    asked.sort();
    assert_eq!(asked, [same, "https://c.example/"]);
    world.create(fields.clone()).await.unwrap();
    assert_eq!(world.checker.take_asked(), [""; 0], "known");
    world.clock.advance(SHORT_SECONDS);
    world.create(fields).await.unwrap();
    assert_eq!(world.checker.take_asked().len(), 2, "not known any more");
    world.create(json!({"url": "mailto:a@b.example"})).await.unwrap_err();
    assert_eq!(world.checker.take_asked(), [""; 0], "only the web is asked about");
}

#[tokio::test]
async fn change_asks_about_new_targets_and_about_all_of_a_link_that_comes_to_life() {
    let world = world();
    let link = world.create(json!({"url": "https://a.example", "slug": "docs"})).await.unwrap();
    world.checker.take_asked();
    world.clock.advance(SHORT_SECONDS);
    // What was fine when the link was made is not asked again when its owner tags it.
    world.checker.put("https://a.example/", Some(Threat::Malware));
    let tagged = world.change(&link, json!({"tags": ["a"], "archived": true})).await.unwrap();
    assert_eq!(world.checker.take_asked(), [""; 0]);
    let evil = json!([{"name": "a", "url": "https://evil.example", "weight": 1}]);
    assert_eq!(pointers(world.change(&tagged, json!({"variants": evil})).await), ["/variants/0/url"]);
    assert_eq!(world.checker.take_asked(), ["https://evil.example/"]);
    assert_eq!(pointers(world.change(&tagged, json!({"archived": false})).await), ["/url"]);
    assert_eq!(pointers(world.change(&tagged, json!({"archived": false, "url": "https://b.example"})).await), [""; 0]);
}

#[tokio::test]
async fn links_are_made_while_the_service_is_away_and_it_is_left_alone() {
    for failure in [LookupError::Quota, LookupError::Key, LookupError::Unavailable, LookupError::Unreadable] {
        let world = world();
        world.checker.fail(Some(failure));
        for n in 0..20 {
            world.create(json!({"url": format!("https://{n}.example")})).await.unwrap();
        }
        assert_eq!(world.checker.take_asked().len(), 5, "{failure}");
        world.checker.fail(None);
        world.create(json!({"url": "https://evil.example"})).await.unwrap();
        world.clock.advance(30);
        let refused = world.create(json!({"url": "https://evil.example"})).await;
        assert_eq!(pointers(refused), ["/url"], "{failure}: it is asked again after a pause");
    }
}

#[tokio::test]
async fn urls_that_the_service_does_not_take_switch_nothing_off() {
    let world = world();
    world.checker.fail(Some(LookupError::NotTaken));
    for n in 0..20 {
        world.create(json!({"url": format!("https://{n}.example")})).await.unwrap();
    }
    world.checker.fail(None);
    assert_eq!(pointers(world.create(json!({"url": "https://evil.example"})).await), ["/url"]);
}

#[tokio::test]
async fn questions_are_bounded_in_number_and_time() {
    let world = world();
    let variants: Vec<Value> =
        (0..20).map(|n| json!({"name": format!("v{n}"), "url": format!("https://{n}.example"), "weight": 1})).collect();
    let late = world.guard.now().plus_seconds(1);
    let lookups = Lookups::until(world.guard.clone(), late, 7);
    let fields = json!({"url": "https://a.example", "variants": variants});
    world.create_with(&lookups, fields.clone()).await.unwrap();
    assert_eq!((lookups.asked(), world.checker.take_asked().len()), (7, 7));
    world.clock.advance(1);
    let lookups = Lookups::until(world.guard.clone(), late, 100);
    world.create_with(&lookups, fields).await.unwrap();
    assert_eq!((lookups.asked(), world.checker.take_asked().len()), (0, 0), "it is late");
}

#[tokio::test]
async fn same_url_is_asked_once_by_many_at_a_time() {
    let world = world();
    let lookups = Lookups::of_request(world.guard.clone());
    let asking = (0..50).map(|_| lookups.ask("https://evil.example/"));
    let answers = futures::future::join_all(asking).await;
    assert!(answers.iter().all(|known| *known == crate::target_safety::guard::Known::Unsafe(Threat::Phishing)));
    assert_eq!(world.checker.take_asked(), ["https://evil.example/"]);
}
