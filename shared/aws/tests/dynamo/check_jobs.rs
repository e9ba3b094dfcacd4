//! Tests what checks of targets store, against an embedded DynamoDB.

use waypost_aws::dynamo::catalog::DynamoCatalogs;
use waypost_aws::dynamo::check_jobs::DynamoCheckJobs;
use waypost_aws::dynamo::links::DynamoLinks;
use waypost_aws::dynamo::workspace_list::DynamoWorkspaceList;
use waypost_domain::catalog::head::CatalogHead;
use waypost_domain::catalog::ports::CatalogStore;
use waypost_domain::jobs::lease::Lease;
use waypost_domain::links::ports::{LinkReader, LinkWriter, ShardPlace};
use waypost_domain::links::target_check::CheckRun;
use waypost_domain::target_checks::job::{CheckCounts, CheckJob, CheckPlace};
use waypost_domain::target_checks::ports::{CheckJobStore, WorkspaceList};
use waypost_domain::testing::samples::{broken_check, failing_check, link_with_id};
use waypost_domain::{Timestamp, WorkspaceId};

use crate::support::{LINKS_TABLE, dynamodb};

fn workspace(name: &str) -> WorkspaceId {
    WorkspaceId::parse(name).unwrap()
}

#[tokio::test]
async fn runs_of_all_and_of_single_workspaces_are_kept_apart_and_a_lost_update_is_noticed() {
    let jobs = DynamoCheckJobs::new(dynamodb().await, LINKS_TABLE);
    let now = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
    let (all, acme) = (None, workspace("acme"));
    for only in [all, Some(&acme)] {
        assert_eq!(jobs.get(only).await.unwrap(), None);
        let first = CheckJob::new(CheckRun::of(now), only.cloned(), None, now);
        assert!(jobs.replace(&first).await.unwrap());
        assert!(jobs.replace(&first).await.unwrap(), "it is stored already");
        let leased = first.leased(Lease { owner: "r1".to_owned(), attempt: u64::MAX, until: now }, 3);
        assert!(jobs.replace(&leased).await.unwrap());
        assert!(!jobs.replace(&first.released()).await.unwrap(), "another was first");
        let after = Some(ShardPlace::of(&link_with_id("acme", "docs", "https://example.com/", "1")));
        let place = CheckPlace { workspace: Some(acme.clone()), shard: 7, after };
        let counts = CheckCounts {
            links: 9,
            targets: 8,
            failing: 7,
            newly_broken: 6,
            recovered: 5,
            lookups: 4,
            unsafe_links: 3,
        };
        let next = leased.progressed(place, counts, now.plus_seconds(7));
        assert!(jobs.replace(&next).await.unwrap());
        assert_eq!(jobs.get(only).await.unwrap(), Some(next.clone()));
        let failed = next.failed("why".to_owned(), now.plus_seconds(9));
        assert!(jobs.replace(&failed).await.unwrap());
        let tomorrow = now.plus_seconds(86_400);
        let second = CheckJob::new(CheckRun::of(tomorrow), only.cloned(), Some(&failed), tomorrow);
        assert!(jobs.replace(&second).await.unwrap());
        assert_eq!(jobs.get(only).await.unwrap(), Some(second));
    }
}

#[tokio::test]
async fn workspaces_with_catalogues_are_listed_by_name() {
    let client = dynamodb().await;
    let (catalogs, list) =
        (DynamoCatalogs::new(client.clone(), LINKS_TABLE), DynamoWorkspaceList::new(client, LINKS_TABLE));
    assert_eq!(list.next(None).await.unwrap(), None);
    for name in ["b", "a-1", "a", "0"] {
        assert!(catalogs.put_head(&workspace(name), &CatalogHead::new(0)).await.unwrap());
    }
    let (mut found, mut after) = (Vec::new(), None);
    while let Some(next) = list.next(after.as_ref()).await.unwrap() {
        found.push(next.to_string());
        after = Some(next);
    }
    assert_eq!(found, ["0", "a", "a-1", "b"]);
    assert_eq!(catalogs.head(&workspace("a")).await.unwrap(), Some(CatalogHead::new(0)));
}

/// A check is written beside the owner's changes, and goes with the target even if the owner has not seen it.
#[tokio::test]
async fn check_stands_beside_the_owners_changes_and_goes_with_the_target() {
    let links = DynamoLinks::new(dynamodb().await, LINKS_TABLE);
    let first = link_with_id("acme", "docs", "https://example.com/", "1");
    links.insert(&first).await.unwrap();
    let mut checked = first.clone();
    checked.target_check = Some(failing_check("2026-01-02T03:04:05Z"));
    assert!(links.replace(&first, &checked).await.unwrap());
    let mut broken = checked.clone();
    (broken.target_check, broken.settings.archived) = (Some(broken_check("2026-01-04T03:04:05Z")), true);
    assert!(links.replace(&checked, &broken).await.unwrap());
    assert_eq!(links.get_latest(&first.address).await.unwrap(), Some(broken.clone()));
    // Another field, by an owner who read the link before.
    let mut titled = first.clone();
    (titled.title, titled.revision) = (Some("T".to_owned()), 1);
    assert!(links.replace(&first, &titled).await.unwrap());
    let stored = links.get_latest(&first.address).await.unwrap().unwrap();
    assert_eq!((&stored.title, &stored.target_check), (&titled.title, &broken.target_check));
    let mut elsewhere = titled.clone();
    (elsewhere.url, elsewhere.revision) = (link_with_id("acme", "x", "https://example.com/other", "2").url, 2);
    assert!(links.replace(&titled, &elsewhere).await.unwrap());
    let stored = links.get_latest(&first.address).await.unwrap().unwrap();
    assert_eq!((&stored.url, &stored.target_check), (&elsewhere.url, &None));
    assert!(!links.replace(&broken, &checked).await.unwrap(), "a check of the former target comes too late");
}
