//! From a batch of the stream to the use case, and back.

use std::sync::Arc;

use waypost_domain::analytics::UserAgents;
use waypost_domain::analytics::aggregate_clicks::aggregate_clicks;
use waypost_domain::analytics::ports::{AggregateStore, Quarantine};

use crate::event::{BatchItemFailure, BatchResponse, StreamEvent};

/// What the handler needs.
pub(crate) struct App {
    pub(crate) agents: UserAgents,
    pub(crate) store: Arc<dyn AggregateStore>,
    pub(crate) quarantine: Arc<dyn Quarantine>,
}

/// Counts a batch. Never an error: what is not counted is reported, so that delivery begins there again.
pub(crate) async fn handle(app: &App, event: StreamEvent) -> BatchResponse {
    let batch = event.into_received();
    let result = aggregate_clicks(&batch, &app.agents, app.store.as_ref(), app.quarantine.as_ref()).await;
    tracing::info!(
        event = "clicks.aggregated",
        records = result.records,
        quarantined = result.quarantined,
        aggregates_written = result.written,
        conflicts = result.conflicts,
        failures = result.failed.len(),
    );
    let failures = result.failed.into_iter().map(|item_identifier| BatchItemFailure { item_identifier });
    BatchResponse { batch_item_failures: failures.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use waypost_domain::analytics::memory::{MemoryAggregates, MemoryQuarantine};

    const CLICKS: &str = include_str!("../../../events/aggregate-clicks/clicks.json");
    const MALFORMED: &str = include_str!("../../../events/aggregate-clicks/malformed-record.json");

    struct Fixture {
        app: App,
        store: Arc<MemoryAggregates>,
        quarantine: Arc<MemoryQuarantine>,
    }

    fn fixture() -> Fixture {
        let (store, quarantine) = (Arc::new(MemoryAggregates::default()), Arc::new(MemoryQuarantine::default()));
        let agents = UserAgents::new().unwrap();
        let app = App { agents, store: store.clone(), quarantine: quarantine.clone() };
        Fixture { app, store, quarantine }
    }

    /// As the runtime reads an event and writes an answer.
    async fn invoke(fixture: &Fixture, event: &str) -> String {
        let mut deserializer = serde_json::Deserializer::from_slice(event.as_bytes());
        let event: StreamEvent = serde_path_to_error::deserialize(&mut deserializer).unwrap();
        serde_json::to_string(&handle(&fixture.app, event).await).unwrap()
    }

    fn total(fixture: &Fixture) -> (u64, u64) {
        let all = fixture.store.all();
        let totals = all.iter().filter(|item| item.key.sk == "TOTAL#000000000006").map(|item| &item.tally);
        totals.fold((0, 0), |sum, tally| (sum.0 + tally.clicks, sum.1 + tally.bots))
    }

    #[tokio::test]
    async fn the_sample_clicks_are_counted_once_however_often_they_come() {
        let fixture = fixture();
        for _ in 0..2 {
            assert_eq!(invoke(&fixture, CLICKS).await, r#"{"batchItemFailures":[]}"#);
            assert_eq!(total(&fixture), (2, 1));
        }
    }

    #[tokio::test]
    async fn a_malformed_record_is_set_aside_and_the_others_are_counted() {
        let fixture = fixture();
        assert_eq!(invoke(&fixture, MALFORMED).await, r#"{"batchItemFailures":[]}"#);
        assert_eq!(total(&fixture), (1, 0));
        let kept = fixture.quarantine.kept();
        let reasons: Vec<_> = kept.values().map(|record| record.reason.as_str()).collect();
        assert_eq!(kept.len(), 2, "{reasons:?}");
        assert!(reasons[0].contains("no click") && reasons[1].contains("version 2"), "{reasons:?}");
    }

    #[tokio::test]
    async fn a_record_of_another_shape_cannot_fail_its_batch() {
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
    async fn what_a_failing_table_did_not_take_is_asked_for_again() {
        let fixture = fixture();
        fixture.store.fail(true);
        let first = "49590338271490256608559692538361571095921575989136588898";
        let expected = format!(r#"{{"batchItemFailures":[{{"itemIdentifier":"{first}"}}]}}"#);
        assert_eq!(invoke(&fixture, CLICKS).await, expected);
    }
}
