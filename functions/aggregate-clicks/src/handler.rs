//! Counts a batch of the stream, and reports what failed.

use std::sync::Arc;

use waypost_domain::analytics::ingest::aggregate_clicks::{AggregateClicksPorts, aggregate_clicks};
use waypost_domain::analytics::ingest::user_agent::UserAgents;
use waypost_domain::analytics::ports::{AggregateStore, Archive, Quarantine};

use crate::event::{BatchItemFailure, BatchResponse, StreamEvent};

/// The ports of the handler.
pub struct App {
    /// Reads user agents.
    pub agents: Arc<UserAgents>,
    /// Stores the aggregates.
    pub store: Arc<dyn AggregateStore>,
    /// Keeps records that cannot be counted.
    pub quarantine: Arc<dyn Quarantine>,
    /// Keeps raw clicks, if the stack archives them.
    pub archive: Option<Arc<dyn Archive>>,
}

/// Counts a batch. Reports the records that were not counted, so that Lambda delivers them again.
///
/// # Errors
/// The event is not a batch of records: the mapping is wrong.
pub async fn handle(app: &App, event: &StreamEvent) -> Result<BatchResponse, serde_json::Error> {
    let batch = event.records()?;
    let ports = AggregateClicksPorts {
        agents: &app.agents,
        store: app.store.as_ref(),
        quarantine: app.quarantine.as_ref(),
        archive: app.archive.as_deref(),
    };
    let result = aggregate_clicks(&ports, &batch).await;
    tracing::info!(
        event = "clicks.aggregated",
        records = result.records,
        quarantined = result.quarantined,
        duplicates = result.duplicates,
        archived = result.archived,
        aggregates_written = result.written,
        conflicts = result.conflicts,
        failures = result.failed.len(),
    );
    let failures = result.failed.into_iter().map(|item_identifier| BatchItemFailure { item_identifier });
    Ok(BatchResponse { batch_item_failures: failures.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use waypost_domain::testing::analytics::{MemoryAggregates, MemoryArchive, MemoryQuarantine};

    const CLICKS: &str = include_str!("../../../events/aggregate-clicks/clicks.json");
    const MALFORMED: &str = include_str!("../../../events/aggregate-clicks/malformed-record.json");

    struct Fixture {
        app: App,
        store: Arc<MemoryAggregates>,
        quarantine: Arc<MemoryQuarantine>,
        archive: Arc<MemoryArchive>,
    }

    fn fixture() -> Fixture {
        let (store, quarantine) = (Arc::new(MemoryAggregates::default()), Arc::new(MemoryQuarantine::default()));
        let archive = Arc::new(MemoryArchive::default());
        let app = App {
            agents: Arc::new(UserAgents::new().unwrap()),
            store: store.clone(),
            quarantine: quarantine.clone(),
            archive: Some(archive.clone()),
        };
        Fixture { app, store, quarantine, archive }
    }

    /// Reads an event and writes an answer as the runtime does.
    async fn invoke(fixture: &Fixture, event: &str) -> String {
        let mut deserializer = serde_json::Deserializer::from_slice(event.as_bytes());
        let event: StreamEvent = serde_path_to_error::deserialize(&mut deserializer).unwrap();
        serde_json::to_string(&handle(&fixture.app, &event).await.unwrap()).unwrap()
    }

    fn total(fixture: &Fixture) -> (u64, u64) {
        let all = fixture.store.all();
        let totals = all.iter().filter(|item| *item.key.sk == *"TOTAL#000000000006").map(|item| &item.tally);
        totals.fold((0, 0), |sum, tally| (sum.0 + tally.clicks, sum.1 + tally.bots))
    }

    #[tokio::test]
    async fn sample_clicks_are_counted_once() {
        let fixture = fixture();
        for _ in 0..2 {
            assert_eq!(invoke(&fixture, CLICKS).await, r#"{"batchItemFailures":[]}"#);
            assert_eq!(total(&fixture), (2, 1));
            let objects: Vec<String> = fixture.archive.objects().into_keys().collect();
            assert_eq!(objects.len(), 1);
            assert!(objects[0].starts_with("clicks/dt=2026-01-02/hour=03/shardId-000000000006-"), "{objects:?}");
        }
    }

    #[tokio::test]
    async fn event_must_be_a_batch() {
        let fixture = fixture();
        for text in ["{}", "[]", r#"{"Records": 1}"#] {
            let event: StreamEvent = serde_json::from_str(text).unwrap();
            assert!(handle(&fixture.app, &event).await.is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn malformed_record_is_quarantined() {
        let fixture = fixture();
        assert_eq!(invoke(&fixture, MALFORMED).await, r#"{"batchItemFailures":[]}"#);
        assert_eq!(total(&fixture), (1, 0));
        let kept = fixture.quarantine.kept();
        let reasons: Vec<_> = kept.values().map(|record| record.reason.as_str()).collect();
        assert_eq!(kept.len(), 2, "{reasons:?}");
        assert!(reasons[0].contains("not a click") && reasons[1].contains("version 2"), "{reasons:?}");
    }

    #[tokio::test]
    async fn odd_record_does_not_fail_its_batch() {
        let fixture = fixture();
        let good = serde_json::from_str::<serde_json::Value>(CLICKS).unwrap()["Records"][0].clone();
        for odd in ["null", "7", "[]", "{}", r#"{"kinesis": 1, "eventID": {}}"#, r#"{"eventID": "x", "kinesis": {}}"#] {
            assert_eq!(
                invoke(&fixture, &format!(r#"{{"Records": [{odd}, {good}]}}"#)).await,
                r#"{"batchItemFailures":[]}"#
            );
        }
        assert_eq!(total(&fixture), (1, 0));
        assert_eq!(fixture.quarantine.kept().len(), 6);
    }

    #[tokio::test]
    async fn unwritten_records_are_delivered_again() {
        let fixture = fixture();
        fixture.store.fail(true);
        let first = "49590338271490256608559692538361571095921575989136588898";
        let expected = format!(r#"{{"batchItemFailures":[{{"itemIdentifier":"{first}"}}]}}"#);
        assert_eq!(invoke(&fixture, CLICKS).await, expected);
    }
}
