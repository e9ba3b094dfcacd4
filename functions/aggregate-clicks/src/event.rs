//! What Lambda sends for a batch of a Kinesis stream, and what it takes as an answer ("Using Lambda to process records from
//! Amazon Kinesis Data Streams", AWS Lambda developer guide).

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use waypost_domain::analytics::Received;

/// A batch. The records are read one by one later, so that one that is not as it should be can't fail them all.
#[derive(Debug, Deserialize)]
pub(crate) struct StreamEvent {
    #[serde(rename = "Records")]
    records: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct StreamRecord {
    /// `shardId-000000000006:49590338271490256608559692538361571095921575989136588898`.
    #[serde(rename = "eventID")]
    event_id: String,
    kinesis: Kinesis,
}

#[derive(Deserialize)]
struct Kinesis {
    #[serde(rename = "sequenceNumber")]
    sequence_number: String,
    data: String,
}

impl StreamEvent {
    /// The records, in the order of the stream. One that cannot be read at all keeps its text as data, and nothing else.
    pub(crate) fn into_received(self) -> Vec<Received> {
        self.records.iter().map(|record| received(record)).collect()
    }
}

fn received(record: &RawValue) -> Received {
    let Ok(StreamRecord { event_id, kinesis }) = serde_json::from_str(record.get()) else {
        return Received { data: record.get().to_owned(), ..Received::default() };
    };
    let shard = event_id.split_once(':').map_or(event_id.as_str(), |(shard, _sequence)| shard).to_owned();
    Received { shard, sequence: kinesis.sequence_number, data: kinesis.data }
}

/// The answer: with `ReportBatchItemFailures`, delivery begins again at the lowest sequence number in it; an empty list
/// means that all is done.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct BatchResponse {
    #[serde(rename = "batchItemFailures")]
    pub(crate) batch_item_failures: Vec<BatchItemFailure>,
}

/// A record to begin at again.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct BatchItemFailure {
    /// Its sequence number; an empty one fails the whole batch.
    #[serde(rename = "itemIdentifier")]
    pub(crate) item_identifier: String,
}
