//! Tests the look-up of links by target against an embedded DynamoDB.

use std::collections::HashSet;

use waypost_aws::dynamo::link_batch::DynamoLinkBatch;
use waypost_aws::dynamo::links::DynamoLinks;
use waypost_domain::links::create::create_link;
use waypost_domain::links::created::Created;
use waypost_domain::links::ports::LinkPorts;
use waypost_domain::links::ports::{Insertion, LinkBatch, LinkReader, LinkTargets, LinkWriter};
use waypost_domain::links::request::{IfExists, LinkFields};
use waypost_domain::testing::domains::MemoryDomains;
use waypost_domain::testing::samples::{caller, link, link_with_id};
use waypost_domain::testing::system::{FixedClock, SeededRandom};
use waypost_domain::{Domains, Link, Role};

use crate::support::{LINKS_TABLE, dynamodb};

async fn links() -> DynamoLinks {
    DynamoLinks::new(dynamodb().await, LINKS_TABLE).consistent()
}

/// Creates a link, or returns the one with the same target. Each `seed` has slugs of its own.
async fn create_or_return(links: &DynamoLinks, seed: u64) -> Created {
    let domains = Domains::parse("go.example.com").unwrap();
    let (clock, random) = (FixedClock::at("2026-01-02T03:04:05Z"), SeededRandom::new(seed));
    let with = LinkPorts {
        reader: links,
        writer: links,
        targets: links,
        clock: &clock,
        random: &random,
        domains: &domains,
        domain_settings: &MemoryDomains::default(),
        lookups: None,
    };
    let url = Some("https://example.com/".to_owned());
    let fields = LinkFields { url, if_exists: Some(IfExists::Return), ..LinkFields::default() };
    create_link(&with, &caller("acme", Role::Editor), &fields, None).await.unwrap()
}

#[tokio::test]
async fn link_and_pointer_are_written_together() {
    let links = links().await;
    let (first, second) = (link("acme", "a", "https://example.com/"), link("acme", "b", "https://example.com/"));
    let find = async || links.find(&first.workspace, &first.address.domain, &first.url).await.unwrap();
    assert_eq!(find().await, None);
    assert_eq!(links.insert_as_only(&first, None).await.unwrap(), Insertion::Done);
    assert_eq!(find().await, Some(first.address.clone()));
    assert_eq!(links.insert_as_only(&second, None).await.unwrap(), Insertion::TargetTaken);
    assert_eq!(links.insert_as_only(&second, Some(&second.address)).await.unwrap(), Insertion::TargetTaken);
    assert_eq!(links.get(&second.address).await.unwrap(), None);
    assert_eq!(links.insert_as_only(&second, Some(&first.address)).await.unwrap(), Insertion::Done);
    assert_eq!(find().await, Some(second.address.clone()));
    assert_eq!(links.insert_as_only(&first, Some(&second.address)).await.unwrap(), Insertion::AddressTaken);
    links.remember(&first).await.unwrap();
    assert_eq!(find().await, Some(first.address.clone()));
}

#[tokio::test]
async fn concurrent_requests_get_the_same_link() {
    let links = links().await;
    for round in 0..3 {
        let requests = (0..16).map(|n| {
            let links = links.clone();
            tokio::spawn(async move { create_or_return(&links, 16 * round + n).await })
        });
        let mut all = Vec::new();
        for request in requests.collect::<Vec<_>>() {
            all.push(request.await.unwrap());
        }
        assert_eq!(all.iter().filter(|created| created.is_new).count(), 1, "round {round}");
        let slugs: HashSet<&str> = all.iter().map(|created| created.link.address.slug.as_str()).collect();
        assert_eq!(slugs.len(), 1);
        // The next round meets a pointer to a deleted link.
        assert!(links.delete(&all[0].link, all[0].link.created_at).await.unwrap());
    }
}

/// An import remembers no link for its target; the index knows them all.
#[tokio::test]
async fn links_of_a_target_are_found_whatever_wrote_them() {
    let client = dynamodb().await;
    let links = DynamoLinks::new(client.clone(), LINKS_TABLE).consistent();
    let url = "https://example.com/";
    let mut rows: Vec<Link> = (0..20).map(|n| link_with_id("acme", &format!("s{n}"), url, &n.to_string())).collect();
    for (row, n) in rows.iter_mut().zip(0..) {
        row.created_at = row.created_at.plus_seconds(n);
    }
    DynamoLinkBatch::new(client, LINKS_TABLE).insert_all(&rows).await.unwrap();
    let old = link("acme", "old", url);
    links.insert(&old).await.unwrap();
    for (workspace, url) in [("other", url), ("acme", "https://example.com/other")] {
        links.insert(&link_with_id(workspace, &format!("x-{workspace}"), url, "x")).await.unwrap();
    }
    let (workspace, domain) = (&old.workspace, &old.address.domain);
    let found = links.find_all(workspace, domain, &old.url).await.unwrap();
    let newest_first: Vec<_> = rows.iter().rev().map(|row| row.address.clone()).collect();
    assert_eq!(found, newest_first);
    let next = Link { revision: 1, ..old.clone().with_stored_id() };
    assert!(links.replace(&old, &next).await.unwrap());
    let found = links.find_all(workspace, domain, &old.url).await.unwrap();
    assert!(found.contains(&old.address), "a link from before the ids is found once it has been changed");
    let created = create_or_return(&links, 1).await;
    assert_eq!((created.is_new, created.link.address.slug.as_str()), (false, "s19"));
}
