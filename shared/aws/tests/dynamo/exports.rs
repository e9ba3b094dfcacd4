//! Tests exports against an embedded DynamoDB.

use std::collections::BTreeSet;
use std::sync::Arc;

use waypost_aws::dynamo::exports::DynamoExports;
use waypost_aws::dynamo::links::DynamoLinks;
use waypost_domain::Role;
use waypost_domain::exports::export::{Export, ExportFormat, ExportId, ExportStatus};
use waypost_domain::exports::list::list_exports;
use waypost_domain::exports::ports::{ExportRequest, ExportStore};
use waypost_domain::exports::write::{Written, write_export};
use waypost_domain::exports::write_ports::WriteExportPorts;
use waypost_domain::files::retention::Retention;
use waypost_domain::links::ports::{LinkShards, LinkWriter, ShardPlace};
use waypost_domain::ports::Clock;
use waypost_domain::testing::exports::MemoryExportQueue;
use waypost_domain::testing::files::MemoryFileStore;
use waypost_domain::testing::jobs::MemoryTimer;
use waypost_domain::testing::jobs::delivery;
use waypost_domain::testing::samples::{caller, link};
use waypost_domain::testing::system::{FixedClock, SeededRandom};
use waypost_domain::values::page::PageRequest;

use crate::support::{LINKS_TABLE, dynamodb};

fn export(clock: &FixedClock, random: &SeededRandom, workspace: &str) -> Export {
    let workspace = caller(workspace, Role::Viewer).workspace;
    Export::waiting(ExportId::generate(clock, random), workspace, ExportFormat::Csv, false, clock.now())
}

#[tokio::test]
async fn pages_join_to_the_whole_list() {
    let exports = DynamoExports::new(dynamodb().await, LINKS_TABLE, Retention::days(30));
    let (clock, random) = (FixedClock::at("2026-01-02T03:04:05Z"), SeededRandom::new(1));
    let mut ids = Vec::new();
    for n in 0..8 {
        clock.advance(1);
        let export = export(&clock, &random, if n == 3 { "other" } else { "acme" });
        assert!(exports.create(&export).await.unwrap());
        ids.extend((n != 3).then_some(export.id));
    }
    ids.reverse();
    let viewer = caller("acme", Role::Viewer);
    let (mut all, mut request) = (Vec::new(), PageRequest { limit: Some(3), cursor: None });
    loop {
        let page = list_exports(&exports, &viewer, &request).await.unwrap();
        all.extend(page.items.into_iter().map(|export| export.id));
        request.cursor = page.next_cursor;
        if request.cursor.is_none() {
            break;
        }
    }
    assert_eq!(all, ids);
}

#[tokio::test]
async fn shard_is_read_on_from_any_link_even_if_it_is_deleted() {
    let links = DynamoLinks::new(dynamodb().await, LINKS_TABLE);
    let workspace = caller("acme", Role::Viewer).workspace;
    let mut all = Vec::new();
    for n in 0..40 {
        let link = link("acme", &format!("s{n}"), "https://example.com/");
        links.insert(&link).await.unwrap();
        all.push(link);
    }
    let shard = all[0].list_shard();
    let (first, more) = links.next(&workspace, shard, None).await.unwrap();
    assert!(first.len() > 2 && !more);
    assert!(links.delete(&first[0], first[0].created_at).await.unwrap());
    for (read, link) in (1..).zip(&first) {
        let (rest, _) = links.next(&workspace, shard, Some(&ShardPlace::of(link))).await.unwrap();
        assert_eq!(rest, first[read..], "after {}", link.address);
    }
}

#[tokio::test]
async fn export_goes_on_from_the_checkpoint_in_the_table() {
    let client = dynamodb().await;
    let links = DynamoLinks::new(client.clone(), LINKS_TABLE);
    for n in 0..60 {
        links.insert(&link("acme", &format!("s{n}"), "https://example.com/")).await.unwrap();
    }
    let exports = Arc::new(DynamoExports::new(client, LINKS_TABLE, Retention::days(30)));
    let clock = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
    let export = export(&clock, &SeededRandom::new(1), "acme");
    exports.create(&export).await.unwrap();
    let (queue, files) = (Arc::new(MemoryExportQueue::default()), MemoryFileStore::default());
    let ports = WriteExportPorts {
        exports: exports.clone(),
        queue: queue.clone(),
        links: Arc::new(links),
        files: Arc::new(files.clone()),
        clock: clock.clone(),
        timer: Arc::new(MemoryTimer::default()),
        part_bytes: 900,
    };
    // No invocation has time for more than one page.
    let (mut requests, mut invocations) = (vec![ExportRequest::first(&export)], 0);
    while let Some(request) = requests.pop() {
        invocations += 1;
        let delivery = delivery(format!("r{invocations}"), clock.now());
        let written = write_export(&ports, &request, &delivery).await.unwrap();
        assert!(matches!(written, Written::HandedOver(_) | Written::Finished(_)), "{written:?}");
        requests.extend(queue.take());
    }
    let export = exports.get(&export.workspace, &export.id).await.unwrap().unwrap();
    assert_eq!((export.status, export.links, invocations), (ExportStatus::Succeeded, 60, 8));
    let file = files.all()[&export.object_key()].clone();
    let rows: BTreeSet<&str> = file.lines().skip(1).collect();
    assert_eq!(rows.len(), 60, "{file}");
}
