//! Tests the settings of workspaces against an embedded DynamoDB.

use serde_json::json;
use waypost_aws::dynamo::workspaces::DynamoWorkspaces;
use waypost_domain::links::precondition::Precondition;
use waypost_domain::testing::samples::caller;
use waypost_domain::testing::system::FixedClock;
use waypost_domain::workspaces::change::{ChangeSettingsPorts, change_settings};
use waypost_domain::workspaces::ports::{SettingsReader, SettingsWriter};
use waypost_domain::workspaces::settings::WorkspaceSettings;
use waypost_domain::{Domains, Role};

use crate::support::{LINKS_TABLE, dynamodb};

#[tokio::test]
async fn settings_are_kept_by_workspace_and_a_lost_update_is_noticed() {
    let workspaces = DynamoWorkspaces::new(dynamodb().await, LINKS_TABLE);
    let (admin, other) = (caller("acme", Role::Admin), caller("other", Role::Admin));
    assert_eq!(workspaces.get(&admin.workspace).await.unwrap(), WorkspaceSettings::default());
    let (clock, domains) = (FixedClock::at("2026-01-02T03:04:05Z"), Domains::parse("go.example.com").unwrap());
    let ports = ChangeSettingsPorts { reader: &workspaces, writer: &workspaces, clock: &clock, domains: &domains };
    let change = async |patch| change_settings(&ports, &admin, &Precondition::None, &patch).await.unwrap();
    let first = change(json!({
        "defaults": {
            "domain": "go.example.com", "redirect_status": 308, "forward_query": false, "query_conflict": "visitor_wins",
            "forward_path": true, "tags": [], "expires_after_days": 30, "slug_length": 12, "utm_template": "mail",
        },
        "domains": {"go.example.com": {"expires_after_days": 0, "tags": ["ä"]}},
        "utm_templates": [{"name": "mail", "source": "news", "medium": "email", "campaign": "{date}", "term": "t", "content": "c"}],
    }))
    .await;
    assert_eq!(workspaces.get(&admin.workspace).await.unwrap(), first);
    assert_eq!(workspaces.get(&other.workspace).await.unwrap(), WorkspaceSettings::default());
    let second = change(json!({"defaults": null, "domains": null, "utm_templates": null})).await;
    assert_eq!((second.revision, workspaces.get(&admin.workspace).await.unwrap()), (2, second.clone()));
    // Whoever saw the first revision, or none, comes too late; the same write again does not.
    let late = WorkspaceSettings { changed_by: Some("key_late".to_owned()), ..second.clone() };
    assert!(!workspaces.replace(&admin.workspace, &late).await.unwrap());
    assert!(!workspaces.replace(&admin.workspace, &WorkspaceSettings { revision: 1, ..late }).await.unwrap());
    assert!(workspaces.replace(&admin.workspace, &second).await.unwrap());
}
