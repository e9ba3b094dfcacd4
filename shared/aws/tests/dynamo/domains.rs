//! Tests the settings of domains against an embedded DynamoDB.

use serde_json::{Value, json};
use waypost_aws::dynamo::domains::DynamoDomains;
use waypost_domain::access::key::Role;
use waypost_domain::domains::change::change_domain;
use waypost_domain::domains::ports::{DomainPorts, DomainReader, DomainWriter};
use waypost_domain::domains::settings::DomainSettings;
use waypost_domain::links::precondition::Precondition;
use waypost_domain::testing::samples::caller;
use waypost_domain::testing::system::FixedClock;
use waypost_domain::{Domain, Domains, Timestamp, WorkspaceId};

use crate::support::{LINKS_TABLE, dynamodb};

fn domain() -> Domain {
    Domain::parse("go.example.com").unwrap()
}

/// Makes settings with every field.
fn full(revision: u64) -> DomainSettings {
    serde_json::from_value(json!({
        "domain": "go.example.com", "root_url": "https://example.com/", "not_found_url": "mailto:a@example.com",
        "expired_url": "https://example.com/late", "workspaces": ["one", "two"],
        "apple_app_site_association": "{\"applinks\":{\"a\":[[[[1]]]]}}", "assetlinks": "[]",
        "updated_at": "2026-01-02T03:04:05.678Z", "revision": revision,
    }))
    .unwrap()
}

#[tokio::test]
async fn settings_are_read_as_they_were_written() {
    let domains = DynamoDomains::new(dynamodb().await, LINKS_TABLE).consistent();
    assert_eq!(domains.settings(&domain()).await.unwrap(), None);
    for next in [full(1), DomainSettings { revision: 2, workspaces: Some(Vec::new()), ..full(2) }] {
        assert!(domains.replace(&next).await.unwrap());
        assert_eq!(domains.settings(&domain()).await.unwrap(), Some(next));
    }
    assert_eq!(domains.settings(&Domain::parse("s.example.org").unwrap()).await.unwrap(), None);
}

#[tokio::test]
async fn change_of_an_older_state_is_not_written_but_a_repeated_one_counts() {
    let domains = DynamoDomains::new(dynamodb().await, LINKS_TABLE).consistent();
    let (first, other) = (full(1), DomainSettings { updated_at: Timestamp::from_millis(1).ok(), ..full(1) });
    assert!(domains.replace(&first).await.unwrap());
    assert!(domains.replace(&first).await.unwrap(), "the answer of the first attempt may have been lost");
    assert!(!domains.replace(&other).await.unwrap());
    assert!(!domains.replace(&full(3)).await.unwrap());
    assert!(domains.replace(&full(2)).await.unwrap());
    assert!(!domains.replace(&first).await.unwrap());
    assert_eq!(domains.settings(&domain()).await.unwrap(), Some(full(2)));
}

#[tokio::test]
async fn largest_settings_fit_into_an_item() {
    let domains = DynamoDomains::new(dynamodb().await, LINKS_TABLE).consistent();
    let url = format!("https://example.com/{}", "a".repeat(32_700));
    let document = format!("{{\"a\":\"{}\"}}", "b".repeat(65_000));
    let all: Vec<String> = (0..DomainSettings::MAX_WORKSPACES).map(|n| format!("{n:0>63}")).collect();
    let largest: DomainSettings = serde_json::from_value(json!({
        "domain": "go.example.com", "root_url": url, "not_found_url": url, "expired_url": url, "workspaces": all,
        "apple_app_site_association": document, "assetlinks": document, "revision": 1,
    }))
    .unwrap();
    assert!(domains.replace(&largest).await.unwrap());
    assert_eq!(domains.settings(&domain()).await.unwrap(), Some(largest));
}

#[tokio::test]
async fn concurrent_changes_all_arrive() {
    let client = dynamodb().await;
    let changes = ["root_url", "not_found_url", "expired_url"].map(|field| {
        let store = DynamoDomains::new(client.clone(), LINKS_TABLE).consistent();
        tokio::spawn(async move {
            let (clock, operator) = (FixedClock::at("2026-01-02T03:04:05Z"), WorkspaceId::parse("default").unwrap());
            let domains = Domains::parse("go.example.com").unwrap();
            let ports =
                DomainPorts { reader: &store, writer: &store, clock: &clock, domains: &domains, operator: &operator };
            let (admin, patch) = (caller("default", Role::Admin), json!({field: "https://example.com/"}));
            change_domain(&ports, &admin, "go.example.com", &Precondition::None, &patch, &|_| Value::Null)
                .await
                .unwrap();
        })
    });
    for change in changes {
        change.await.unwrap();
    }
    let stored = DynamoDomains::new(client, LINKS_TABLE).consistent().settings(&domain()).await.unwrap().unwrap();
    assert_eq!(stored.revision, 3);
    assert!(stored.root_url.is_some() && stored.not_found_url.is_some() && stored.expired_url.is_some());
}
