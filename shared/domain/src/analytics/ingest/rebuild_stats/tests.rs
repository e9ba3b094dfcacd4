//! Tests of rebuilding aggregates from an archive. The simulation with faults compares rebuilt numbers with an oracle.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::analytics::ingest::archive::ArchiveObject;
use crate::analytics::ingest::user_agent::tests::AGENTS;
use crate::analytics::ports::Archive;
use crate::testing::analytics::{MemoryAggregates, MemoryArchive, click};
use crate::values::timestamp::Timestamp;

const TIME: &str = "2026-01-02T03:04:05Z";
const SHARD: &str = "shardId-000000000007";

/// Returns the line of a click on `/a` with this sequence number.
fn line(sequence: u64) -> String {
    let click = serde_json::value::to_raw_value(&click("a", TIME)).unwrap();
    let (sequence, arrived_at) = (format!("{sequence:0>56}"), Timestamp::parse(TIME).unwrap());
    serde_json::to_string(&ArchivedClick { shard: SHARD, sequence: &sequence, arrived_at, click: &click }).unwrap()
}

/// Returns the key of the object of an hour with these clicks.
fn key(hour: u32, sequences: &[u64]) -> String {
    let (first, last) = (sequences.first().unwrap(), sequences.last().unwrap());
    format!("clicks/dt=2026-01-02/hour={hour:02}/{SHARD}-{first:0>56}-{last:0>56}.jsonl.gz")
}

/// Archives an object with these `lines`.
async fn keep(archive: &MemoryArchive, key: String, lines: &[String]) {
    let mut body = GzEncoder::new(Vec::new(), Compression::fast());
    for line in lines {
        writeln!(body, "{line}").unwrap();
    }
    archive.keep(&ArchiveObject { key, body: body.finish().unwrap() }).await.unwrap();
}

/// Rebuilds from objects with clicks of these sequence numbers, and returns what was done and the clicks counted in total.
async fn rebuild(objects: &[(u32, &[u64])]) -> (Rebuilt, u64) {
    let (archive, store) = (MemoryArchive::default(), MemoryAggregates::default());
    for (hour, sequences) in objects {
        let lines: Vec<_> = sequences.iter().map(|sequence| line(*sequence)).collect();
        keep(&archive, key(*hour, sequences), &lines).await;
    }
    let done = rebuild_stats(&archive, &AGENTS, &store).await.unwrap();
    (done, total(&store))
}

fn total(store: &MemoryAggregates) -> u64 {
    store
        .all()
        .iter()
        .filter(|item| item.key.sk.starts_with("TOTAL#"))
        .map(|item| item.tally.clicks + item.tally.bots)
        .sum()
}

#[tokio::test]
async fn each_click_is_counted_once_and_each_aggregate_written_once() {
    let (done, clicks) = rebuild(&[(3, &[1, 2]), (3, &[3]), (3, &[2, 3, 4]), (4, &[5])]).await;
    // The total, the day and the hour of the link, and the day of the workspace.
    assert_eq!(done, Rebuilt { objects: 4, clicks: 5, repeated: 2, written: 4 });
    assert_eq!(clicks, 5);
}

#[tokio::test]
async fn empty_archive_rebuilds_to_nothing() {
    assert_eq!(rebuild(&[]).await, (Rebuilt::default(), 0));
}

/// The stream's clock may step back near the end of an hour.
#[tokio::test]
async fn click_that_an_earlier_hour_overtook_is_counted() {
    let objects: [(u32, &[u64]); 6] =
        [(3, &[1, 2]), (3, &[10, 11]), (4, &[5, 6]), (4, &[20, 21]), (5, &[15, 16]), (5, &[30])];
    let (done, clicks) = rebuild(&objects).await;
    assert_eq!((done.objects, done.clicks, done.repeated, clicks), (6, 11, 0, 11));
}

#[tokio::test]
async fn full_batch_is_counted_before_the_next_object_is_read() {
    let full: Vec<u64> = (1..=BATCH_SIZE as u64).collect();
    let after = BATCH_SIZE as u64 + 1;
    let (done, clicks) = rebuild(&[(3, &full), (3, &[after])]).await;
    assert_eq!((done.written, clicks), (2 * 4, after));
}

#[tokio::test]
async fn broken_line_is_named() {
    for broken in ["{".to_owned(), line(2).replace("\"sequence\":\"0", "\"sequence\":\"x")] {
        let (archive, store) = (MemoryArchive::default(), MemoryAggregates::default());
        keep(&archive, key(3, &[1, 2]), &[line(1), broken]).await;
        let error = rebuild_stats(&archive, &AGENTS, &store).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("line 2 of {} cannot be read: ", key(3, &[1, 2]))), "{error}");
    }
}

#[tokio::test]
async fn click_that_cannot_be_counted_is_an_error() {
    let (archive, store) = (MemoryArchive::default(), MemoryAggregates::default());
    let unreadable = line(2).replace("\"slug\":\"a\"", "\"slug\":7");
    assert_ne!(unreadable, line(2), "the line has a slug");
    keep(&archive, key(3, &[1, 2]), &[line(1), unreadable]).await;
    let error = rebuild_stats(&archive, &AGENTS, &store).await.unwrap_err();
    assert!(matches!(&error, RebuildError::NotCounted { shard, .. } if shard == SHARD), "{error}");
}

#[tokio::test]
async fn failing_table_is_an_error() {
    let (archive, store) = (MemoryArchive::default(), MemoryAggregates::default());
    keep(&archive, key(3, &[1]), &[line(1)]).await;
    store.fail(true);
    let error = rebuild_stats(&archive, &AGENTS, &store).await.unwrap_err();
    assert!(matches!(&error, RebuildError::NotCounted { sequence, .. } if sequence.ends_with('1')), "{error}");
}
