//! Sends clicks to Kinesis.

mod partition;
pub mod probe;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::DisplayErrorContext;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use waypost_domain::clicks::click::Click;
use waypost_domain::redirect::ports::ClickStream;

use partition::{Partition, spread_key};

/// The most records that one call takes (Kinesis API reference, PutRecords).
const RECORDS_PER_CALL: usize = 500;
/// How often to send records that a shard refuses. After that they go to the spill.
const ATTEMPTS: u32 = 3;
/// The wait before the second attempt; it doubles.
const BACKOFF: Duration = Duration::from_millis(50);

/// The stream of clicks.
#[derive(Debug, Clone)]
pub struct KinesisClicks {
    client: Client,
    stream: String,
    partition: Arc<Partition>,
}

/// A click with its partition key.
struct KeyedClick {
    click: Click,
    key: String,
    /// Whether the shard refused the click. Without an answer, the shard may have taken it, and only the readers of the same
    /// shard recognise the click when it comes again.
    refused: bool,
}

impl KinesisClicks {
    /// The stream of this name.
    pub fn new(client: Client, stream: impl Into<String>) -> Self {
        Self { client, stream: stream.into(), partition: Arc::default() }
    }

    /// Sends up to [`RECORDS_PER_CALL`] clicks once. Gives back those that the stream did not take.
    async fn send_once(&self, clicks: Vec<KeyedClick>) -> Vec<KeyedClick> {
        let entries: Result<Vec<_>, _> = clicks.iter().map(entry).collect();
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                tracing::error!(event = "clicks.not_encoded", %error);
                return clicks;
            }
        };
        let answer = self.client.put_records().stream_name(&self.stream).set_records(Some(entries)).send().await;
        match answer {
            Ok(answer) if answer.failed_record_count.unwrap_or(0) == 0 => Vec::new(),
            Ok(answer) => {
                let results = answer.records.into_iter();
                clicks
                    .into_iter()
                    .zip(results)
                    .filter(|(_, r)| r.error_code.is_some())
                    .map(|(click, _)| KeyedClick { refused: true, ..click })
                    .collect()
            }
            Err(error) => {
                tracing::warn!(event = "clicks.stream_failed", error = %DisplayErrorContext(error));
                clicks.into_iter().map(|click| KeyedClick { refused: false, ..click }).collect()
            }
        }
    }
}

#[async_trait]
impl ClickStream for KinesisClicks {
    async fn send(&self, mut clicks: Vec<Click>) -> Vec<Click> {
        let mut refused = Vec::new();
        while !clicks.is_empty() {
            let rest = clicks.split_off(clicks.len().min(RECORDS_PER_CALL));
            let chunk = std::mem::replace(&mut clicks, rest).into_iter();
            let mut waiting: Vec<_> =
                chunk.map(|click| KeyedClick { key: self.partition.key(&click), click, refused: false }).collect();
            for attempt in 0..ATTEMPTS {
                if attempt > 0 {
                    let refused = waiting.iter_mut().filter(|one| one.refused);
                    refused.for_each(|one| one.key = spread_key(&one.click, attempt));
                }
                waiting = self.send_once(waiting).await;
                if waiting.is_empty() {
                    break;
                }
                if attempt + 1 < ATTEMPTS {
                    tokio::time::sleep(BACKOFF * 2_u32.pow(attempt)).await;
                }
            }
            refused.extend(waiting.into_iter().map(|one| one.click));
        }
        refused
    }
}

fn entry(one: &KeyedClick) -> Result<PutRecordsRequestEntry, Box<dyn std::error::Error + Send + Sync>> {
    Ok(PutRecordsRequestEntry::builder()
        .data(Blob::new(serde_json::to_vec(&one.click)?))
        .partition_key(&one.key)
        .build()?)
}

#[cfg(test)]
mod tests;
