//! Tests of counting a batch.

use std::io::Read;
use std::sync::Mutex;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::analytics::ingest::user_agent::tests::{AGENTS, CHROME, GOOGLEBOT, IPHONE};
use crate::analytics::model::aggregate::{Aggregate, AggregateKey};
use crate::analytics::model::dimension::Dimension;
use crate::analytics::model::tally::Tally;
use crate::clicks::click::{Click, Trigger};
use crate::testing::analytics::{MemoryAggregates, MemoryArchive, MemoryQuarantine, click, received};
use crate::values::timestamp::Timestamp;

const TIME: &str = "2026-01-02T03:04:05Z";

fn by(agent: &str, slug: &str, time: &str) -> Click {
    Click { user_agent: Some(agent.to_owned()), ..click(slug, time) }
}

async fn count(batch: &[Received<'_>], store: &MemoryAggregates, quarantine: &MemoryQuarantine) -> Aggregated {
    aggregate_clicks(&AggregateClicksPorts { agents: &AGENTS, store, quarantine, archive: None }, batch).await
}

fn tally<'a>(all: &'a [Aggregate], pk: &str, sk: &str) -> &'a Tally {
    &all.iter().find(|item| *item.key.pk == *pk && *item.key.sk == *sk).unwrap_or_else(|| panic!("no {pk} {sk}")).tally
}

#[tokio::test]
async fn click_is_counted_in_all_its_aggregates() {
    let mut from_iphone = by(IPHONE, "a", "2026-01-02T23:59:59Z");
    from_iphone.country = Some("DE".into());
    from_iphone.visitor = Some("v1".into());
    from_iphone.trigger = Trigger::Qr;
    from_iphone.referrer = Some("t.co".into());
    (from_iphone.rule, from_iphone.variant) = (Some(3), Some("b".into()));
    let batch = [
        received(6, 10, &from_iphone),
        received(6, 11, &by(CHROME, "a", "2026-01-02T03:04:05Z")),
        received(6, 12, &by(GOOGLEBOT, "a", "2026-01-02T03:04:06Z")),
        received(6, 13, &by(CHROME, "b", "2026-01-03T00:00:00Z")),
    ];
    let (store, quarantine) = (MemoryAggregates::default(), MemoryQuarantine::default());
    let result = count(&batch, &store, &quarantine).await;
    // Days, hours and a total of each link, and days of the workspace.
    assert_eq!(result, Aggregated { records: 4, written: 1 + 2 + 1 + 3 + 2, ..Aggregated::default() });

    let all = store.all();
    let day = tally(&all, "WS#acme#go.example.com#a", "DAY#2026-01-02#000000000006");
    assert_eq!((day.clicks, day.bots, day.visitors.estimate()), (2, 1, 1));
    assert_eq!(day.hours, [(3, 1), (23, 1)].into());
    let top = |dimension| day.dimensions[&dimension].top(9);
    assert_eq!(top(Dimension::Country), [("DE", 1)]);
    assert_eq!(top(Dimension::Device), [("desktop", 1), ("mobile", 1)]);
    assert_eq!(top(Dimension::Browser), [("Chrome", 1), ("Mobile Safari", 1)]);
    assert_eq!(top(Dimension::Trigger), [("link", 1), ("qr", 1)]);
    let hour = tally(&all, "WS#acme#go.example.com#a", "HOUR#2026-01-02T03#000000000006");
    assert_eq!((hour.clicks, hour.bots), (1, 1));
    assert_eq!((hour.minutes.clone(), hour.bot_minutes.clone()), ([(4, 1)].into(), [(4, 1)].into()));
    let total = tally(&all, "WS#acme#go.example.com#a", "TOTAL#000000000006");
    assert_eq!((total.clicks, total.bots), (2, 1));
    assert_eq!(total.last_click_at.unwrap().to_string(), "2026-01-02T23:59:59.000Z");
    let workspace = tally(&all, "WS#acme", "DAY#2026-01-02#000000000006");
    assert_eq!((workspace.clicks, workspace.bots), (2, 1));
    assert_eq!(workspace.dimensions[&Dimension::Link].top(9), [("go.example.com/a", 2)]);
    assert_eq!((workspace.hours.clone(), workspace.bot_hours.clone()), (day.hours.clone(), [(3, 1)].into()));
    for of_day in [day, workspace] {
        assert_eq!(of_day.dimensions[&Dimension::Bot].top(9), [("Googlebot", 1)]);
        assert_eq!(of_day.dimensions[&Dimension::BotKind].top(9), [("search-engine", 1)]);
        assert_eq!(of_day.dimensions[&Dimension::Referrer].top(9), [("X/Twitter", 1)]);
        assert_eq!(of_day.dimensions[&Dimension::ReferrerHost].top(9), [("t.co", 1)]);
        assert_eq!(of_day.dimensions[&Dimension::Rule].top(9), [("3", 1)]);
        assert_eq!(of_day.dimensions[&Dimension::Variant].top(9), [("b", 1)]);
    }
}

#[tokio::test]
async fn only_hours_expire() {
    let store = MemoryAggregates::default();
    count(&[received(0, 1, &by(CHROME, "a", TIME))], &store, &MemoryQuarantine::default()).await;
    for item in store.all() {
        let end = Timestamp::parse("2026-01-10T04:00:00Z").unwrap().as_seconds();
        assert_eq!(item.ttl, item.key.sk.starts_with("HOUR#").then_some(end), "{:?}", item.key);
    }
}

#[tokio::test]
async fn repeated_batch_changes_nothing() {
    let batch: Vec<_> = (0..20).map(|n| received(0, n, &by(CHROME, &format!("s{}", n % 3), TIME))).collect();
    let (store, quarantine) = (MemoryAggregates::default(), MemoryQuarantine::default());
    count(&batch, &store, &quarantine).await;
    let before = store.all();
    let again = count(&[&batch[5..], &batch[..10], &batch[..]].concat(), &store, &quarantine).await;
    assert_eq!((again.written, again.failed), (0, vec![]));
    assert_eq!(store.all(), before);
}

#[tokio::test]
async fn records_out_of_order_are_counted_once() {
    let clicks: Vec<_> = (0..4).map(|_| by(CHROME, "a", TIME)).collect();
    let batch: Vec<_> = [3, 1, 2, 1, 0].map(|n| received(0, n, &clicks[n as usize])).into();
    let (store, quarantine) = (MemoryAggregates::default(), MemoryQuarantine::default());
    count(&batch, &store, &quarantine).await;
    let before = store.all();
    assert_eq!(tally(&before, "WS#acme#go.example.com#a", "TOTAL#000000000000").clicks, 4);
    assert_eq!(tally(&before, "WS#acme", "DAY#2026-01-02#000000000000").clicks, 4);
    let last = SequenceNumber::parse("3").unwrap();
    assert!(before.iter().all(|item| item.seq == last), "{before:?}");
    assert_eq!(count(&batch, &store, &quarantine).await.written, 0);
    assert_eq!(store.all(), before);
}

#[tokio::test]
async fn malformed_record_is_quarantined_and_the_rest_counted() {
    let bad = Received { data: "!".into(), ..received(0, 2, &by(CHROME, "a", TIME)) };
    let unplaced = Received { data: "raw".into(), ..Received::default() };
    let batch = [received(0, 1, &by(CHROME, "a", TIME)), bad, unplaced, received(0, 3, &by(CHROME, "a", TIME))];
    let (store, quarantine) = (MemoryAggregates::default(), MemoryQuarantine::default());
    let result = count(&batch, &store, &quarantine).await;
    assert_eq!((result.quarantined, result.failed), (2, vec![]));
    assert_eq!(tally(&store.all(), "WS#acme#go.example.com#a", "TOTAL#000000000000").clicks, 2);
    assert_eq!(quarantine.kept().len(), 2);
    count(&batch, &store, &quarantine).await;
    assert_eq!(quarantine.kept().len(), 2, "a retry rewrites the same objects");
}

#[tokio::test]
async fn record_that_cannot_be_quarantined_is_reported() {
    let bad = Received { data: "!".into(), ..received(0, 7, &by(CHROME, "a", TIME)) };
    let batch = [received(0, 6, &by(CHROME, "a", TIME)), bad, received(0, 8, &by(CHROME, "a", TIME))];
    let (store, quarantine) = (MemoryAggregates::default(), MemoryQuarantine::default());
    quarantine.fail(true);
    assert_eq!(count(&batch, &store, &quarantine).await.failed, ["7"]);
    let clicks = || tally(&store.all(), "WS#acme#go.example.com#a", "TOTAL#000000000000").clicks;
    assert_eq!(clicks(), 1, "a total holds no record after the failed one, which would look as if it were counted");
    quarantine.fail(false);
    assert_eq!(count(&batch[1..], &store, &quarantine).await.failed, Vec::<String>::new());
    assert_eq!(clicks(), 2);
    quarantine.fail(true);
    let unplaced = [Received { sequence: "x".into(), ..batch[1].clone() }];
    assert_eq!(count(&unplaced, &store, &quarantine).await.failed, [""], "the whole batch must come again");
}

#[tokio::test]
async fn lowest_uncounted_record_is_reported() {
    let batch: Vec<_> = (10..15).map(|n| received(0, n, &by(CHROME, "a", TIME))).collect();
    let (store, quarantine) = (MemoryAggregates::default(), MemoryQuarantine::default());
    store.fail(true);
    assert_eq!(count(&batch, &store, &quarantine).await.failed, ["10"]);
    store.fail(false);
    assert_eq!(count(&batch, &store, &quarantine).await.failed, Vec::<String>::new());
}

/// A store that another process writes to between the load and the first writes, or before every write.
struct Contended<'a> {
    store: MemoryAggregates,
    /// What the other process counts.
    others: Mutex<Option<&'a [Received<'a>]>>,
    answer: Answer,
}

/// What a contended store answers to a write.
#[derive(Clone, Copy)]
enum Answer {
    /// What the store beneath answers.
    Its,
    /// That another process wrote since the load.
    Refusal,
    /// The same, and then it fails.
    RefusalThenOutage,
}

#[async_trait]
impl AggregateStore for Contended<'_> {
    async fn load(&self, keys: &[AggregateKey]) -> Result<Vec<Option<Aggregate>>, StoreError> {
        self.store.load(keys).await
    }
    async fn put(&self, aggregate: Aggregate, read: Option<&SequenceNumber>) -> Result<bool, StoreError> {
        let others = self.others.lock().unwrap().take();
        if let Some(others) = others {
            count(others, &self.store, &MemoryQuarantine::default()).await;
        }
        match self.answer {
            Answer::Its => return self.store.put(aggregate, read).await,
            Answer::Refusal => {}
            Answer::RefusalThenOutage => self.store.fail(true),
        }
        Ok(false)
    }
}

async fn count_contended(batch: &[Received<'_>], store: &Contended<'_>) -> Aggregated {
    let quarantine = &MemoryQuarantine::default();
    aggregate_clicks(&AggregateClicksPorts { agents: &AGENTS, store, quarantine, archive: None }, batch).await
}

#[tokio::test]
async fn aggregate_that_another_process_wrote_meanwhile_gets_what_it_lacks() {
    let batch: Vec<_> = (10..14).map(|n| received(0, n, &by(CHROME, "a", TIME))).collect();
    let alone = MemoryAggregates::default();
    count(&batch, &alone, &MemoryQuarantine::default()).await;
    // The other process counts some records of the batch, or all of them.
    for (others, written) in [(&batch[..2], 4), (&batch[..], 0)] {
        let store =
            Contended { store: MemoryAggregates::default(), others: Mutex::new(Some(others)), answer: Answer::Its };
        let result = count_contended(&batch, &store).await;
        // The day and the hour of the link, the day of the workspace, and the total.
        assert_eq!((result.conflicts, result.written, result.failed), (4, written, Vec::new()));
        assert_eq!(store.store.all(), alone.all());
    }
}

#[tokio::test]
async fn aggregate_that_others_keep_writing_is_reported() {
    let batch: Vec<_> = (10..14).map(|n| received(0, n, &by(CHROME, "a", TIME))).collect();
    let store = Contended { store: MemoryAggregates::default(), others: Mutex::new(None), answer: Answer::Refusal };
    let result = count_contended(&batch, &store).await;
    // The total waits for the day, the hour and the workspace, each of which is tried six times.
    assert_eq!((result.written, result.conflicts, result.failed), (0, 18, vec!["10".to_owned()]));
}

#[tokio::test]
async fn outage_after_a_conflict_is_reported_with_the_conflict() {
    let batch = [received(0, 10, &by(CHROME, "a", TIME))];
    let answer = Answer::RefusalThenOutage;
    let store = Contended { store: MemoryAggregates::default(), others: Mutex::new(None), answer };
    let result = count_contended(&batch, &store).await;
    // The total waits for the day, the hour and the workspace.
    assert_eq!((result.written, result.conflicts, result.failed), (0, 3, vec!["10".to_owned()]));
}

#[tokio::test]
async fn shards_of_a_batch_are_counted_apart() {
    let batch = [
        received(1, 5, &by(CHROME, "a", TIME)),
        received(2, 1, &by(CHROME, "a", TIME)),
        received(1, 6, &by(CHROME, "a", TIME)),
    ];
    let (store, quarantine) = (MemoryAggregates::default(), MemoryQuarantine::default());
    count(&batch, &store, &quarantine).await;
    let all = store.all();
    assert_eq!(tally(&all, "WS#acme#go.example.com#a", "TOTAL#000000000001").clicks, 2);
    assert_eq!(tally(&all, "WS#acme#go.example.com#a", "TOTAL#000000000002").clicks, 1);
    store.fail(true);
    assert_eq!(count(&batch, &store, &quarantine).await.failed, ["5", "1"]);
}

#[tokio::test]
async fn aggregate_stays_small() {
    let long = |n: u32| Some(format!("{n:05}{}", "ü".repeat(200)));
    let batch: Vec<_> = (0..2000)
        .map(|n| {
            let mut click = by(&format!("{}/{n} CFNetwork Like/{n}", "x".repeat(180)), "a", TIME);
            (click.country, click.language, click.referrer) = (long(n), long(n), long(n));
            (click.utm.source, click.utm.medium, click.utm.campaign) = (long(n), long(n), long(n));
            (click.utm.term, click.utm.content, click.visitor) = (long(n), long(n), long(n));
            received(0, n.into(), &click)
        })
        .collect();
    let store = MemoryAggregates::default();
    count(&batch, &store, &MemoryQuarantine::default()).await;
    for item in store.all() {
        let dimensions = serde_json::to_vec(&item.tally.dimensions).unwrap().len();
        assert!(dimensions + item.tally.visitors.to_bytes().len() < 200_000, "{:?} has {dimensions}", item.key);
        if let Some(counts) = item.tally.dimensions.get(&Dimension::UtmSource) {
            assert_eq!((counts.sum(), counts.len()), (2000, 100));
        }
    }
}

/// Makes clicks that arrive within a minute around a full hour. Some come twice, and they have more values than have room.
fn many() -> Vec<Received<'static>> {
    let times = ["2026-01-02T03:59:59Z", "2026-01-03T00:00:00Z"];
    let mut clicks: Vec<Click> = Vec::new();
    let batch = (0..600_usize).map(|n| {
        if n % 10 == 9 {
            clicks.push(clicks[n - 3].clone());
        } else {
            let mut click = by(CHROME, ["a", "b"][n % 2], times[n % 3 / 2]);
            click.utm.term = Some(format!("term {}", n * n % 397));
            click.visitor = Some(format!("v{}", n % 91));
            clicks.push(click);
        }
        let arrived_millis = Some(1_767_326_380_000 + 100 * n as i64);
        Received { arrived_millis, ..received(0, n as u64, &clicks[n]) }
    });
    batch.collect()
}

#[tokio::test]
async fn borders_of_batches_change_nothing() {
    let (whole, quarantine) = (MemoryAggregates::default(), MemoryQuarantine::default());
    let batch = many();
    let result = count(&batch, &whole, &quarantine).await;
    assert_eq!((result.duplicates, result.failed.len()), (60, 0));
    let day = whole.all().into_iter().find(|item| item.tally.dimensions.contains_key(&Dimension::UtmTerm)).unwrap();
    assert!(day.tally.dimensions[&Dimension::UtmTerm].floor() > 0);
    for size in [1, 7, 100] {
        let parts = MemoryAggregates::default();
        for part in batch.chunks(size) {
            assert!(count(part, &parts, &quarantine).await.failed.is_empty());
        }
        assert_eq!(parts.all(), whole.all(), "batches of {size}");
    }
}

#[tokio::test]
async fn repeated_click_is_counted_once_within_the_window() {
    let (store, quarantine) = (MemoryAggregates::default(), MemoryQuarantine::default());
    let first = by(CHROME, "a", TIME);
    let at = |shard, sequence, click: &Click, later| Received {
        arrived_millis: Some(click.time.as_millis() + later),
        ..received(shard, sequence, click)
    };
    let result = count(&[at(0, 1, &first, 0), at(0, 2, &first, 50)], &store, &quarantine).await;
    assert_eq!((result.duplicates, result.written), (1, 4));
    let before = store.all();
    let again = count(&[at(0, 3, &first, 10_000)], &store, &quarantine).await;
    assert_eq!((again.duplicates, again.written, again.failed.len()), (1, 0, 0));
    assert_eq!(store.all(), before);
    count(&[at(0, 4, &first, 11_000), at(1, 5, &first, 60)], &store, &quarantine).await;
    let all = store.all();
    assert_eq!(
        tally(&all, "WS#acme#go.example.com#a", "TOTAL#000000000000").clicks,
        2,
        "a click after the window counts as new"
    );
    assert_eq!(
        tally(&all, "WS#acme#go.example.com#a", "TOTAL#000000000001").clicks,
        1,
        "another shard counts the click again"
    );
}

async fn archived(batch: &[Received<'_>], store: &MemoryAggregates, archive: &MemoryArchive) -> Aggregated {
    let quarantine = &MemoryQuarantine::default();
    aggregate_clicks(&AggregateClicksPorts { agents: &AGENTS, store, quarantine, archive: Some(archive) }, batch).await
}

fn lines(body: &[u8]) -> Vec<serde_json::Value> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(body).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn clicks_are_archived_once_by_hour_of_arrival() {
    let (store, archive) = (MemoryAggregates::default(), MemoryArchive::default());
    let batch = many();
    let result = archived(&batch, &store, &archive).await;
    assert_eq!((result.archived, result.failed.len()), (600, 0));
    let objects = archive.objects();
    let name = |hour: &str, first, last| {
        format!("clicks/dt=2026-01-02/hour={hour}/shardId-000000000000-{first:0>56}-{last:0>56}.jsonl.gz")
    };
    assert_eq!(objects.keys().cloned().collect::<Vec<_>>(), [name("03", 0, 199), name("04", 200, 599)]);
    let line = &lines(&objects[&name("04", 200, 599)])[0];
    assert_eq!((&line["shard"], &line["sequence"]), (&"shardId-000000000000".into(), &format!("{:0>56}", 200).into()));
    assert_eq!((&line["arrived_at"], &line["click"]["slug"]), (&"2026-01-02T04:00:00.000Z".into(), &"a".into()));
    for replay in [&batch[..], &batch[..50], &batch[50..]] {
        assert_eq!(archived(replay, &store, &archive).await.archived, 0);
    }
    assert_eq!(archive.objects(), objects);
}

#[tokio::test]
async fn archive_begins_at_the_first_new_click_of_each_shard() {
    let (store, archive) = (MemoryAggregates::default(), MemoryArchive::default());
    let of_shard = |shard| (10..20_u64).map(move |n| received(shard, n, &by(CHROME, "a", TIME)));
    let batch: Vec<_> = of_shard(1).chain(of_shard(2)).collect();
    assert_eq!(archived(&batch[..5], &store, &archive).await.archived, 5);
    assert_eq!(archived(&batch, &store, &archive).await.archived, 15);
    let lines: Vec<_> = archive.objects().values().flat_map(|body| lines(body)).collect();
    let mut found: Vec<_> =
        lines.iter().map(|line| (line["shard"].to_string(), line["sequence"].to_string())).collect();
    assert_eq!(found.len(), 20);
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 20, "each click once");
}

#[tokio::test]
async fn clicks_are_counted_once_after_the_archive_failed() {
    let (store, archive) = (MemoryAggregates::default(), MemoryArchive::default());
    let batch = many();
    archive.fail(true);
    assert_eq!(archived(&batch, &store, &archive).await.failed, ["0"]);
    archive.fail(false);
    assert_eq!(archived(&batch[..300], &store, &archive).await.failed, Vec::<String>::new());
    assert_eq!(archived(&batch[300..], &store, &archive).await.failed, Vec::<String>::new());
    let plain = MemoryAggregates::default();
    count(&batch, &plain, &MemoryQuarantine::default()).await;
    assert_eq!(store.all(), plain.all());
    assert_eq!(archive.objects().values().map(|body| lines(body).len()).sum::<usize>(), 600);
}

#[tokio::test]
async fn click_with_line_breaks_is_one_line() {
    let pretty = serde_json::to_string_pretty(&by(CHROME, "a", TIME)).unwrap();
    let record = Received { data: STANDARD.encode(pretty).into(), ..received(0, 1, &by(CHROME, "a", TIME)) };
    let archive = MemoryArchive::default();
    archived(&[record], &MemoryAggregates::default(), &archive).await;
    let body = archive.objects().into_values().next().unwrap();
    assert_eq!(lines(&body)[0]["click"]["slug"], "a");
}
