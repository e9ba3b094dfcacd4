//! Tests links, keys and salts against an embedded DynamoDB.

use aws_sdk_dynamodb::types::AttributeValue;
use waypost_aws::dynamo::click_limit::DynamoClickLimit;
use waypost_aws::dynamo::keys::DynamoKeys;
use waypost_aws::dynamo::link_batch::DynamoLinkBatch;
use waypost_aws::dynamo::links::DynamoLinks;
use waypost_aws::dynamo::salts::DynamoSalts;
use waypost_domain::access::ports::KeyReader;
use waypost_domain::links::ports::{
    Inserted, LinkBatch, LinkIndex, LinkMoves, LinkReader, LinkWriter, Occupant, Relocation,
};
use waypost_domain::links::query::LinkQuery;
use waypost_domain::redirect::ports::{ClickLimit, SaltStore};
use waypost_domain::testing::samples::{link, link_with_id};
use waypost_domain::{Link, LinkAddress, Role, Slug, StoreErrorKind, WorkspaceId};

use crate::support::{LINKS_TABLE, dynamodb};

#[tokio::test]
async fn link_is_read_as_written() {
    let links = DynamoLinks::new(dynamodb().await, LINKS_TABLE);
    let written = full_link();
    assert!(links.insert(&written).await.unwrap());
    assert_eq!(links.get(&written.address).await.unwrap(), Some(written));
}

/// Makes a link with every attribute.
fn full_link() -> Link {
    let mut written = link("acme", "docs", "https://example.com/ä");
    written.title = Some("Docs".into());
    written.tags = vec!["a".into(), "b".into()];
    written.revision = 3;
    written.updated_at = Some(written.created_at.plus_seconds(1));
    written.created_by = Some("key_1".into());
    written.changed_by = Some("imp_1".into());
    written.settings = serde_json::from_value(serde_json::json!({
        "starts_at": "2026-01-01T00:00:00Z", "expires_at": "2027-01-01T00:00:00Z", "expired_url": "https://example.com/late",
        "max_clicks": 10, "used_clicks": 3, "password_hash": "$argon2id$x", "redirect_status": 308,
        "preview": {"title": "T", "description": "D", "image": "https://example.com/a.png"},
        "forward_query": true, "query_conflict": "visitor_wins", "forward_path": true, "landing": true,
        "archived": true,
        "rules": [{"if": {"device": ["mobile"], "os": ["ios"], "country": ["CH"], "language": ["de"],
            "query": [{"name": "a", "value": "b"}], "after": "2026-01-01T00:00:00Z"}, "url": "https://example.com/m"}],
        "variants": [{"name": "a", "url": "https://example.com/a", "weight": 1}],
    }))
    .unwrap();
    written
}

#[tokio::test]
async fn change_leaves_the_clicks_alone() {
    let client = dynamodb().await;
    let links = DynamoLinks::new(client.clone(), LINKS_TABLE).consistent();
    let full = full_link();
    let mut bare = link("acme", "docs", "https://example.com/2");
    bare.revision = 4;
    links.insert(&full).await.unwrap();
    count_click(&client, &full).await;
    assert!(links.replace(&full, &bare).await.unwrap());
    let stored = links.get(&full.address).await.unwrap().unwrap();
    assert_eq!(stored.settings.used_clicks, 4);
    bare.settings.used_clicks = 4;
    assert_eq!(stored, bare);
    let listed = links.page(&full.workspace, &LinkQuery::newest(10)).await.unwrap().links;
    assert_eq!(listed, vec![bare.clone()]);
    let mut full = full;
    full.revision = 5;
    assert!(links.replace(&bare, &full).await.unwrap());
    full.settings.used_clicks = 4;
    assert_eq!(links.get(&full.address).await.unwrap(), Some(full));
}

/// Counts a click as the redirect does.
async fn count_click(client: &aws_sdk_dynamodb::Client, link: &Link) {
    let key = waypost_aws::dynamo::links::key(&link.address);
    let update =
        client.update_item().table_name(LINKS_TABLE).set_key(Some(key)).update_expression("ADD used_clicks :one");
    update.expression_attribute_values(":one", AttributeValue::N("1".to_owned())).send().await.unwrap();
}

#[tokio::test]
async fn one_of_many_concurrent_changes_is_made() {
    let links = DynamoLinks::new(dynamodb().await, LINKS_TABLE);
    let seen = link("acme", "docs", "https://example.com/");
    links.insert(&seen).await.unwrap();
    let attempts = (0..20).map(|n| {
        let (links, seen) = (links.clone(), seen.clone());
        let next = Link { title: Some(n.to_string()), revision: 1, ..seen.clone() };
        tokio::spawn(async move { links.replace(&seen, &next).await.unwrap() })
    });
    let mut changed = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        changed += usize::from(attempt.await.unwrap());
    }
    assert_eq!(changed, 1);
}

#[tokio::test]
async fn replaced_link_is_neither_changed_nor_deleted() {
    let client = dynamodb().await;
    let links = DynamoLinks::new(client.clone(), LINKS_TABLE).consistent();
    let seen = link("acme", "docs", "https://example.com/");
    let next = Link { title: Some("x".into()), revision: 1, ..seen.clone() };
    assert!(!links.replace(&seen, &next).await.unwrap());
    let again = Link { created_at: seen.created_at.plus_seconds(1), ..seen.clone() };
    let foreign = Link { workspace: WorkspaceId::parse("other").unwrap(), ..seen.clone() };
    let changed = Link { revision: 7, ..seen.clone() };
    for stored in [again, foreign, changed] {
        links.insert(&stored).await.unwrap();
        assert!(!links.replace(&seen, &next).await.unwrap());
        assert!(!links.delete(&seen, seen.created_at).await.unwrap());
        assert_eq!(links.get(&seen.address).await.unwrap(), Some(stored.clone()));
        forget(&client, &stored).await;
    }
}

/// After a lost answer the client sends the same write again.
#[tokio::test]
async fn repeated_write_counts_as_done() {
    let client = dynamodb().await;
    let links = DynamoLinks::new(client.clone(), LINKS_TABLE);
    let seen = link("acme", "docs", "https://example.com/");
    assert!(links.insert(&seen).await.unwrap());
    assert!(links.insert(&seen).await.unwrap());
    let next = Link { title: Some("x".into()), revision: 1, ..seen.clone() };
    assert!(links.replace(&seen, &next).await.unwrap());
    count_click(&client, &seen).await;
    assert!(links.replace(&seen, &next).await.unwrap());
}

#[tokio::test]
async fn concurrent_inserts_overwrite_no_link() {
    let links = DynamoLinks::new(dynamodb().await, LINKS_TABLE);
    let attempts = (0..20).map(|n| {
        let (links, link) = (links.clone(), link("acme", "docs", &format!("https://example.com/{n}")));
        tokio::spawn(async move { links.insert(&link).await.unwrap() })
    });
    let mut inserted = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        inserted += usize::from(attempt.await.unwrap());
    }
    assert_eq!(inserted, 1);
}

/// Removes the item at the link's address.
async fn forget(client: &aws_sdk_dynamodb::Client, link: &Link) {
    let key = waypost_aws::dynamo::links::key(&link.address);
    client.delete_item().table_name(LINKS_TABLE).set_key(Some(key)).send().await.unwrap();
}

#[tokio::test]
async fn deleted_address_is_reserved_for_its_workspace() {
    let client = dynamodb().await;
    let links = DynamoLinks::new(client.clone(), LINKS_TABLE);
    let mine = link_with_id("acme", "docs", "https://example.com/", "1");
    links.insert(&mine).await.unwrap();
    assert!(links.delete(&mine, mine.created_at).await.unwrap());
    assert!(!links.delete(&mine, mine.created_at).await.unwrap());
    assert_eq!(links.get(&mine.address).await.unwrap(), None);
    assert!(links.page(&mine.workspace, &LinkQuery::newest(10)).await.unwrap().links.is_empty());
    let get = client.get_item().table_name(LINKS_TABLE).set_key(Some(waypost_aws::dynamo::links::key(&mine.address)));
    let item = get.send().await.unwrap().item.unwrap();
    let ninety_days = mine.created_at.as_seconds() + 90 * 24 * 3600;
    assert_eq!(item["ttl"].as_n().unwrap(), &ninety_days.to_string(), "the table forgets the reservation by itself");
    let theirs = link_with_id("other", "docs", "https://a.example/", "2");
    assert!(!links.insert(&theirs).await.unwrap());
    let batch = DynamoLinkBatch::new(client.clone(), LINKS_TABLE);
    assert_eq!(batch.insert_all(std::slice::from_ref(&theirs)).await.unwrap(), [Inserted::Taken]);
    let reserved = Occupant::Reserved(mine.workspace.clone());
    assert_eq!(batch.get_all(std::slice::from_ref(&mine.address)).await.unwrap(), [reserved]);
    let again = link_with_id("acme", "docs", "https://example.com/", "3");
    assert!(batch.insert_one(&again).await.unwrap());
    assert_eq!(links.get(&mine.address).await.unwrap(), Some(again.clone()));
    forget(&client, &again).await;
    assert!(links.insert(&theirs).await.unwrap(), "the reservation has ended");
}

fn moved_to(seen: &Link, slug: &str, aliases: &[&LinkAddress]) -> Link {
    let address = LinkAddress { slug: Slug::parse(slug).unwrap(), ..seen.address.clone() };
    let aliases = aliases.iter().map(|alias| (*alias).clone()).collect();
    Link { address, aliases, revision: seen.revision + 1, ..seen.clone().with_stored_id() }
}

#[tokio::test]
async fn moved_link_is_found_at_its_address_and_its_aliases() {
    let client = dynamodb().await;
    let links = DynamoLinks::new(client.clone(), LINKS_TABLE).consistent();
    let batch = DynamoLinkBatch::new(client.clone(), LINKS_TABLE);
    let first = full_link();
    links.insert(&first).await.unwrap();
    let second = moved_to(&first, "second", &[&first.address]);
    let third = moved_to(&second, "third", &[&first.address, &second.address]);
    let now = first.created_at;
    assert_eq!(links.addresses(&first.workspace, &[first.id()]).await.unwrap(), [None]);
    assert_eq!(links.relocate(&first, &second, now).await.unwrap(), Relocation::Done);
    assert_eq!(links.relocate(&second, &third, now).await.unwrap(), Relocation::Done);
    for address in third.addresses() {
        assert_eq!(links.get(address).await.unwrap().as_ref(), Some(&third), "{address}");
        assert!(!links.insert(&Link { address: address.clone(), ..full_link() }).await.unwrap());
    }
    let found = batch.get_all(&third.addresses().cloned().collect::<Vec<_>>()).await.unwrap();
    assert_eq!(found, vec![Occupant::Link(Box::new(third.clone())); 3]);
    let listed = links.page(&first.workspace, &LinkQuery::newest(10)).await.unwrap().links;
    assert_eq!(listed, std::slice::from_ref(&third), "the list shows a link once, at its address");
    let moves = links.addresses(&first.workspace, &[first.id()]).await.unwrap();
    assert_eq!(moves, [Some(third.address.clone())]);
    // Back to an alias, without the other two.
    let back = moved_to(&third, "docs", &[]);
    assert_eq!(links.relocate(&third, &back, now).await.unwrap(), Relocation::Done);
    assert_eq!(links.get(&first.address).await.unwrap(), Some(back.clone()));
    for gone in [&second.address, &third.address] {
        assert_eq!(links.get(gone).await.unwrap(), None);
        assert_eq!(
            batch.get_all(std::slice::from_ref(gone)).await.unwrap(),
            [Occupant::Reserved(first.workspace.clone())]
        );
    }
    assert!(links.delete(&back, now).await.unwrap());
}

#[tokio::test]
async fn deletion_takes_the_aliases_along() {
    let links = DynamoLinks::new(dynamodb().await, LINKS_TABLE).consistent();
    let first = link_with_id("acme", "docs", "https://example.com/", "1");
    links.insert(&first).await.unwrap();
    let second = moved_to(&first, "second", &[&first.address]);
    links.relocate(&first, &second, first.created_at).await.unwrap();
    assert!(!links.delete(&first, first.created_at).await.unwrap());
    assert!(links.delete(&second, first.created_at).await.unwrap());
    for address in second.addresses() {
        assert_eq!(links.get(address).await.unwrap(), None);
        let theirs = Link { address: address.clone(), ..link_with_id("other", "x", "https://a.example/", "2") };
        assert!(!links.insert(&theirs).await.unwrap());
    }
}

#[tokio::test]
async fn link_does_not_move_to_a_taken_address_nor_lose_a_change() {
    let client = dynamodb().await;
    let links = DynamoLinks::new(client.clone(), LINKS_TABLE).consistent();
    let mut seen = link_with_id("acme", "docs", "https://example.com/", "1");
    seen.settings.max_clicks = Some(9);
    let theirs = link_with_id("other", "theirs", "https://a.example/", "2");
    let gone = link_with_id("other", "gone", "https://a.example/", "3");
    for link in [&seen, &theirs, &gone] {
        links.insert(link).await.unwrap();
    }
    links.delete(&gone, gone.created_at).await.unwrap();
    let now = seen.created_at;
    for slug in ["theirs", "gone"] {
        assert_eq!(links.relocate(&seen, &moved_to(&seen, slug, &[]), now).await.unwrap(), Relocation::Taken);
    }
    count_click(&client, &seen).await;
    let next = moved_to(&seen, "free", &[]);
    assert_eq!(links.relocate(&seen, &next, now).await.unwrap(), Relocation::Changed, "a click came in between");
    assert_eq!(links.get(&next.address).await.unwrap(), None);
    let clicked = links.get(&seen.address).await.unwrap().unwrap();
    let next = moved_to(&clicked, "free", &[&seen.address]);
    assert_eq!(links.relocate(&clicked, &next, now).await.unwrap(), Relocation::Done);
    let limit = DynamoClickLimit::new(client, LINKS_TABLE);
    assert!(!limit.use_click(&seen.address).await.unwrap(), "an alias counts no clicks");
    assert!(limit.use_click(&next.address).await.unwrap());
    assert_eq!(links.get(&seen.address).await.unwrap().unwrap().settings.used_clicks, 2);
}

#[tokio::test]
async fn malformed_item_is_named() {
    let client = dynamodb().await;
    let links = DynamoLinks::new(client.clone(), LINKS_TABLE);
    let address = link("acme", "docs", "https://example.com/").address;
    let item = waypost_aws::dynamo::links::key(&address);
    client.put_item().table_name(LINKS_TABLE).set_item(Some(item)).send().await.unwrap();
    let error = links.get(&address).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Broken);
    assert!(error.to_string().contains("LINK#go.example.com#docs"), "{error}");
}

#[tokio::test]
async fn missing_table_is_a_lasting_error() {
    let links = DynamoLinks::new(dynamodb().await, "absent");
    let error = links.get(&link("acme", "docs", "https://example.com/").address).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Broken);
}

#[tokio::test]
async fn key_is_found_by_its_hash() {
    let client = dynamodb().await;
    let keys = DynamoKeys::new(client.clone(), LINKS_TABLE);
    assert_eq!(keys.find("abc").await.unwrap(), None);
    let mut request = client.put_item().table_name(LINKS_TABLE);
    for (name, value) in [
        ("pk", "KEY#abc"),
        ("sk", "KEY"),
        ("key_id", "key_1"),
        ("workspace", "acme"),
        ("role", "admin"),
        ("name", "first"),
        ("created_at", "2026-01-01T00:00:00.000Z"),
    ] {
        request = request.item(name, AttributeValue::S(value.to_owned()));
    }
    request.send().await.unwrap();
    assert_eq!(keys.find("abc").await.unwrap().unwrap().role, Role::Admin);
}

#[tokio::test]
async fn day_has_one_salt() {
    let salts = DynamoSalts::new(dynamodb().await, LINKS_TABLE);
    let first = salts.salt("2026-01-02", [1; 32]).await.unwrap();
    assert_eq!(salts.salt("2026-01-02", [2; 32]).await.unwrap(), first);
    assert_ne!(salts.salt("2026-01-03", [3; 32]).await.unwrap(), first);
}

#[tokio::test]
async fn link_gets_aliases_that_are_free() {
    let links = DynamoLinks::new(dynamodb().await, LINKS_TABLE).consistent();
    let seen = link_with_id("acme", "docs", "https://example.com/", "1");
    let theirs = link_with_id("other", "theirs", "https://a.example/", "2");
    let gone = link_with_id("acme", "gone", "https://a.example/", "3");
    for link in [&seen, &theirs, &gone] {
        links.insert(link).await.unwrap();
    }
    links.delete(&gone, gone.created_at).await.unwrap();
    let at = |slug: &str| moved_to(&seen, slug, &[]).address;
    let now = seen.created_at;
    let taken = moved_to(&seen, "docs", &[&at("new"), &at("theirs")]);
    assert_eq!(links.relocate(&seen, &taken, now).await.unwrap(), Relocation::Taken);
    assert_eq!(links.get(&at("new")).await.unwrap(), None, "all of it or nothing");
    let next = moved_to(&seen, "docs", &[&at("new"), &gone.address]);
    assert_eq!(links.relocate(&seen, &next, now).await.unwrap(), Relocation::Done);
    for address in next.addresses() {
        assert_eq!(links.get(address).await.unwrap().as_ref(), Some(&next), "{address}");
    }
    assert_eq!(links.relocate(&seen, &next, now).await.unwrap(), Relocation::Changed);
}
