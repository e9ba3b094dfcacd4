//! Clicks to Kinesis.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::DisplayErrorContext;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use waypost_domain::click::Click;
use waypost_domain::ports::ClickStream;

/// The most records that one call takes (Kinesis API reference, PutRecords).
const RECORDS_PER_CALL: usize = 500;
/// How often records that a shard refused are sent again, after which they go to the spill.
const ATTEMPTS: u32 = 3;
/// The wait before the second attempt; it doubles.
const BACKOFF: Duration = Duration::from_millis(50);

/// The clicks' stream.
#[derive(Debug, Clone)]
pub struct KinesisClicks {
    client: Client,
    stream: String,
}

impl KinesisClicks {
    /// The stream of this name.
    pub fn new(client: Client, stream: impl Into<String>) -> Self {
        Self { client, stream: stream.into() }
    }

    /// Sends up to [`RECORDS_PER_CALL`] clicks once; gives back those that were not taken.
    async fn send_once(&self, clicks: Vec<Click>) -> Vec<Click> {
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
                    .map(|(click, _)| click)
                    .collect()
            }
            Err(error) => {
                tracing::warn!(event = "clicks.stream_failed", error = %DisplayErrorContext(error));
                clicks
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
            let mut waiting = std::mem::replace(&mut clicks, rest);
            for attempt in 0..ATTEMPTS {
                waiting = self.send_once(waiting).await;
                if waiting.is_empty() {
                    break;
                }
                if attempt + 1 < ATTEMPTS {
                    tokio::time::sleep(BACKOFF * 2_u32.pow(attempt)).await;
                }
            }
            refused.append(&mut waiting);
        }
        refused
    }
}

/// A record; the link is the partition key, so that a link's clicks stay in order.
fn entry(click: &Click) -> Result<PutRecordsRequestEntry, Box<dyn std::error::Error + Send + Sync>> {
    Ok(PutRecordsRequestEntry::builder()
        .data(Blob::new(serde_json::to_vec(click)?))
        .partition_key(format!("{}/{}", click.domain, click.slug))
        .build()?)
}
