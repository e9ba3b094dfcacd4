use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domains::ports::DomainWriter;
use crate::testing::domains::MemoryDomains;
use crate::testing::samples::caller;
use crate::testing::system::FixedClock;
use crate::values::domains::Domains;
use crate::values::slug_rules::SlugCharacters;
use crate::values::workspace::WorkspaceId;

/// Shows a domain with what callers can read but not set.
fn show(seen: &SeenDomain) -> Value {
    let mut shown = serde_json::to_value(DomainFields::of(&seen.settings)).unwrap();
    shown["updated_at"] = json!(seen.settings.updated_at);
    shown
}

async fn change(store: &MemoryDomains, writer: &dyn DomainWriter, patch: Value) -> Result<SeenDomain, Error> {
    let (clock, operator) = (FixedClock::at("2026-01-02T03:04:05Z"), WorkspaceId::parse("ops").unwrap());
    let domains = Domains::parse("go.example.com").unwrap();
    let ports = DomainPorts { reader: store, writer, clock: &clock, domains: &domains, operator: &operator };
    change_domain(&ports, &caller("ops", Role::Admin), "go.example.com", &Precondition::None, &patch, &show).await
}

/// Lets another change win a number of times.
struct Contested<'a> {
    store: &'a MemoryDomains,
    wins: AtomicUsize,
}

#[async_trait]
impl DomainWriter for Contested<'_> {
    async fn replace(&self, next: &DomainSettings) -> Result<bool, StoreError> {
        if self.wins.load(Ordering::SeqCst) > 0 {
            self.wins.fetch_sub(1, Ordering::SeqCst);
            let other = json!({"expired_url": "https://example.com/other", "revision": next.revision});
            self.store.set("go.example.com", other);
            return Ok(false);
        }
        self.store.replace(next).await
    }
}

#[tokio::test]
async fn patch_is_applied_on_top_of_other_changes() {
    let store = MemoryDomains::default();
    let contested = Contested { store: &store, wins: AtomicUsize::new(3) };
    let changed = change(&store, &contested, json!({"root_url": "https://example.com/"})).await.unwrap().settings;
    assert_eq!(changed.revision, 4);
    assert!(changed.root_url.is_some() && changed.expired_url.is_some());
    let endless = Contested { store: &store, wins: AtomicUsize::new(usize::MAX) };
    let refused = change(&store, &endless, json!({"root_url": "https://example.com/2"})).await;
    assert!(matches!(refused, Err(Error::Store(error)) if error.is_retryable()));
}

#[tokio::test]
async fn patch_without_a_change_is_not_written() {
    let store = MemoryDomains::default();
    let changed = change(&store, &store, json!({"root_url": "https://example.com/"})).await.unwrap();
    let same = change(&store, &store, json!({"root_url": "https://example.com", "not_found_url": null})).await.unwrap();
    assert_eq!(same, changed);
    assert_eq!(change(&store, &store, show(&changed)).await.unwrap(), changed);
}

#[tokio::test]
async fn rule_that_is_taken_back_is_remembered_for_the_links_from_before() {
    let store = MemoryDomains::default();
    for (patch, (slashes, unicode), (may_slash, may_unicode)) in [
        (json!({"slugs": {"case": "insensitive"}}), (false, false), (false, false)),
        (json!({"slugs": {"slashes": true}}), (true, false), (true, false)),
        (json!({"slugs": {"slashes": true}}), (true, false), (true, false)),
        (json!({"slugs": {"slashes": false, "characters": "unicode"}}), (false, true), (true, true)),
        (json!({"slugs": null}), (false, false), (true, true)),
        (json!({"root_url": "https://example.com/"}), (false, false), (true, true)),
    ] {
        let settings = change(&store, &store, patch.clone()).await.unwrap().settings;
        assert_eq!(
            (settings.slugs.slashes, settings.slugs.characters == SlugCharacters::Unicode),
            (slashes, unicode),
            "{patch}"
        );
        assert_eq!((settings.may_have_slashes(), settings.may_have_unicode()), (may_slash, may_unicode), "{patch}");
    }
    let store = MemoryDomains::default();
    let patch = json!({"slugs": {"slashes": true, "characters": "unicode"}});
    let changed = change(&store, &store, patch.clone()).await.unwrap();
    assert_eq!(change(&store, &store, patch).await.unwrap(), changed, "it is no change when it is sent again");
}

fn url() -> impl Strategy<Value = Value> {
    prop_oneof![Just(Value::Null), "[a-z]{1,5}".prop_map(|name| json!(format!("https://example.com/{name}")))]
}

proptest! {
    /// A patch sets what it names and keeps the rest, so that patches add up.
    #[test]
    fn patches_add_up(patches in proptest::collection::vec((0_usize..3, url()), 1..12)) {
        let (store, names) = (MemoryDomains::default(), ["root_url", "not_found_url", "expired_url"]);
        let mut expected = json!({"root_url": null, "not_found_url": null, "expired_url": null});
        let mut revision = 0;
        for (field, value) in patches {
            let patch = json!({names[field]: value});
            revision += u64::from(expected[names[field]] != value);
            expected[names[field]] = value;
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let changed = runtime.block_on(change(&store, &store, patch)).unwrap();
            let shown = show(&changed);
            for name in names {
                prop_assert_eq!(&shown[name], &expected[name]);
            }
            prop_assert_eq!(changed.settings.revision, revision);
        }
    }
}
