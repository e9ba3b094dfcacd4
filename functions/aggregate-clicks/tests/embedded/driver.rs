//! Drives the handler as an event source does: turns a batch into the JSON that Lambda sends, and the answer into the sequence
//! numbers that failed.

use std::sync::Arc;

use aggregate_clicks::event::StreamEvent;
use aggregate_clicks::handler::{App, handle};
use serde_json::json;
use waypost_domain::analytics::ingest::record::Received;
use waypost_domain::analytics::ingest::user_agent::UserAgents;
use waypost_domain::testing::faults::FaultyStores;
use waypost_domain::testing::faults::Invocation;

/// Makes the event that Lambda sends for `batch`.
pub(crate) fn event_of(batch: &[Received<'_>]) -> String {
    let records = batch.iter().map(|received| {
        let (shard, sequence) = (&received.shard, &received.sequence);
        json!({
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": "go.example.com/docs",
                "sequenceNumber": sequence,
                "data": received.data,
                "approximateArrivalTimestamp": received.arrived_millis.map(|millis| millis as f64 / 1000.0),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": format!("{shard}:{sequence}"),
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": "arn:aws:iam::123456789012:role/waypost-aggregate-clicks",
            "awsRegion": "us-east-1",
            "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/waypost-clicks",
        })
    });
    json!({ "Records": records.collect::<Vec<_>>() }).to_string()
}

/// Makes the real handler over `stores`.
pub(crate) fn handler(
    stores: Arc<FaultyStores>,
    agents: Arc<UserAgents>,
) -> impl Fn(Vec<Received<'static>>) -> Invocation<'static> {
    let app = Arc::new(App { agents, store: stores.clone(), quarantine: stores.clone(), archive: Some(stores) });
    move |batch| {
        let (app, event) = (app.clone(), event_of(&batch));
        // The event source polls many futures in one turn of the runtime, which would count that against the task's budget.
        Box::pin(tokio::task::unconstrained(async move {
            let event: StreamEvent = serde_json::from_str(&event).unwrap_or_else(|error| panic!("{error}"));
            let answer = handle(&app, &event).await.unwrap_or_else(|error| panic!("{error}"));
            answer.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
        }))
    }
}
