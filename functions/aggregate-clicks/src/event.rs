//! What Lambda sends for a batch of a Kinesis stream, and what it takes as an answer ("Using Lambda to process records from
//! Amazon Kinesis Data Streams", AWS Lambda developer guide).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use waypost_domain::analytics::Received;

/// A batch, as it came.
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

/// A batch of which the records are read one by one, so that one that is not as it should be can't fail them all.
#[derive(Deserialize)]
struct OddBatch<'a> {
    #[serde(borrow, rename = "Records")]
    records: Vec<&'a RawValue>,
}

impl StreamEvent {
    /// The records, in the order of the stream. One that cannot be read at all keeps its text as data, and nothing else.
    ///
    /// # Errors
    /// The event is no batch of records.
    pub fn records(&self) -> Result<Vec<Received<'_>>, serde_json::Error> {
        let text = self.0.get();
        if let Ok(Batch { records }) = serde_json::from_str(text) {
            return Ok(records.into_iter().map(received).collect());
        }
        let OddBatch { records } = serde_json::from_str(text)?;
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

/// `None` for what is no time of the next thousand years.
#[allow(clippy::cast_possible_truncation, reason = "the range is checked")]
fn millis(seconds: f64) -> Option<i64> {
    (0.0..=4e10).contains(&seconds).then(|| (seconds * 1000.0).round() as i64)
}

/// The answer: with `ReportBatchItemFailures`, delivery begins again at the lowest sequence number in it; an empty list
/// means that all is done.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct BatchResponse {
    /// What was not counted.
    #[serde(rename = "batchItemFailures")]
    pub batch_item_failures: Vec<BatchItemFailure>,
}

/// A record to begin at again.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct BatchItemFailure {
    /// Its sequence number; an empty one fails the whole batch.
    #[serde(rename = "itemIdentifier")]
    pub item_identifier: String,
}
