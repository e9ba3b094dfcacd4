//! The event that Lambda sends for a batch of a Kinesis stream, and the answer that it expects ("Using Lambda to process records
//! from Amazon Kinesis Data Streams", AWS Lambda developer guide).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use waypost_domain::analytics::ingest::record::Received;

/// A batch, unparsed.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct StreamEvent(Box<RawValue>);

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow, rename = "Records")]
    records: Vec<StreamRecord<'a>>,
}

#[derive(Deserialize)]
struct StreamRecord<'a> {
    /// `shardId-000000000006:49590338271490256608559692538361571095921575989136588898`.
    #[serde(borrow, rename = "eventID")]
    event_id: Cow<'a, str>,
    #[serde(borrow)]
    kinesis: Kinesis<'a>,
}

#[derive(Deserialize)]
struct Kinesis<'a> {
    #[serde(borrow, rename = "sequenceNumber")]
    sequence_number: Cow<'a, str>,
    /// In seconds.
    #[serde(default, rename = "approximateArrivalTimestamp")]
    arrived_at: Option<f64>,
    #[serde(borrow)]
    data: Cow<'a, str>,
}

/// A batch whose records are read one by one, so that a malformed one does not fail the others.
#[derive(Deserialize)]
struct UnparsedBatch<'a> {
    #[serde(borrow, rename = "Records")]
    records: Vec<&'a RawValue>,
}

impl StreamEvent {
    /// Reads the records, in the order of the stream. An unreadable record keeps only its text, as data.
    ///
    /// # Errors
    /// The event is not a batch of records.
    pub fn records(&self) -> Result<Vec<Received<'_>>, serde_json::Error> {
        let text = self.0.get();
        if let Ok(Batch { records }) = serde_json::from_str(text) {
            return Ok(records.into_iter().map(received).collect());
        }
        let UnparsedBatch { records } = serde_json::from_str(text)?;
        Ok(records.into_iter().map(read).collect())
    }
}

fn read(record: &RawValue) -> Received<'_> {
    match serde_json::from_str(record.get()) {
        Ok(record) => received(record),
        Err(_) => Received { data: record.get().into(), ..Received::default() },
    }
}

fn received(StreamRecord { event_id, kinesis }: StreamRecord<'_>) -> Received<'_> {
    let shard = match event_id {
        Cow::Borrowed(text) => Cow::Borrowed(shard_of(text)),
        Cow::Owned(text) => Cow::Owned(shard_of(&text).to_owned()),
    };
    let arrived_millis = kinesis.arrived_at.and_then(millis);
    Received { shard, sequence: kinesis.sequence_number, arrived_millis, data: kinesis.data }
}

fn shard_of(event_id: &str) -> &str {
    event_id.split_once(':').map_or(event_id, |(shard, _sequence)| shard)
}

/// Converts a time to milliseconds. Gives `None` if it is not within the next thousand years.
#[allow(clippy::cast_possible_truncation, reason = "the range is checked")]
fn millis(seconds: f64) -> Option<i64> {
    (0.0..=4e10).contains(&seconds).then(|| (seconds * 1000.0).round() as i64)
}

/// The answer. With `ReportBatchItemFailures`, Lambda delivers again from the lowest sequence number in it; an empty list means
/// success.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct BatchResponse {
    /// The records that were not counted.
    #[serde(rename = "batchItemFailures")]
    pub batch_item_failures: Vec<BatchItemFailure>,
}

/// A record from which to deliver again.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct BatchItemFailure {
    /// The record's sequence number; an empty one fails the whole batch.
    #[serde(rename = "itemIdentifier")]
    pub item_identifier: String,
}
