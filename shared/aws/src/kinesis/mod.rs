//! Sends clicks, and visits to no link, to Kinesis, without a client of the SDK: see `signed`.
//!
//! <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html>

mod partition;
pub mod probe;

use std::sync::Arc;

use async_trait::async_trait;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use aws_types::SdkConfig;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use waypost_domain::clicks::event::StreamEvent;
use waypost_domain::redirect::ports::ClickStream;

use crate::signed::{SignedRequests, Unsigned, dns_suffix};
use crate::time_budget::{STREAM_ATTEMPT, STREAM_ATTEMPTS, STREAM_WAIT};
use partition::{Partition, spread_key};

/// The most records that one call takes.
const RECORDS_PER_CALL: usize = 500;

/// The stream of clicks.
#[derive(Debug, Clone)]
pub struct KinesisClicks {
    requests: SignedRequests,
    url: String,
    stream: String,
    partition: Arc<Partition>,
}

/// The body of PutRecords.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PutRecords<'a> {
    stream_name: &'a str,
    records: Vec<Entry<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'a> {
    /// In Base64.
    data: String,
    partition_key: &'a str,
}

/// The answer: a result for each record, in their order.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    records: Vec<EntryResult>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EntryResult {
    /// Set if the shard refused the record.
    error_code: Option<String>,
}

/// A click, or a visit to no link, with its partition key.
struct KeyedClick {
    click: StreamEvent,
    key: String,
    /// Whether the shard refused the click. Without an answer, the shard may have taken it, and only the readers of the same
    /// shard recognise the click when it comes again.
    refused: bool,
}

impl KinesisClicks {
    /// The stream of this name, reached with the region, credentials and endpoint of `config` through `connector`.
    pub fn new(config: SdkConfig, connector: SharedHttpConnector, stream: impl Into<String>) -> Self {
        let requests = SignedRequests::new(config, connector, "kinesis");
        let region = requests.region();
        let url = match requests.endpoint() {
            Some(url) => format!("{url}/"),
            None => format!("https://kinesis.{region}.{}/", dns_suffix(region)),
        };
        Self { requests, url, stream: stream.into(), partition: Arc::default() }
    }

    /// Sends up to [`RECORDS_PER_CALL`] clicks once. Gives back those that the stream did not take.
    async fn send_once(&self, clicks: Vec<KeyedClick>) -> Vec<KeyedClick> {
        match self.put_records(&clicks).await {
            Ok(results) => {
                let refused = clicks.into_iter().zip(results).filter(|(_, result)| result.error_code.is_some());
                refused.map(|(click, _)| KeyedClick { refused: true, ..click }).collect()
            }
            Err(error) => {
                tracing::warn!(event = "clicks.stream_failed", %error);
                clicks.into_iter().map(|click| KeyedClick { refused: false, ..click }).collect()
            }
        }
    }

    /// Gives a result for each of `clicks`.
    async fn put_records(&self, clicks: &[KeyedClick]) -> Result<Vec<EntryResult>, BoxError> {
        let records = clicks.iter().map(|one| {
            let data = STANDARD.encode(serde_json::to_vec(&one.click)?);
            Ok(Entry { data, partition_key: &one.key })
        });
        let body = PutRecords { stream_name: &self.stream, records: records.collect::<serde_json::Result<_>>()? };
        let request = Unsigned {
            method: Method::POST,
            url: &self.url,
            headers: &[("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "Kinesis_20131202.PutRecords")],
            body: serde_json::to_vec(&body)?,
        };
        let answer = self.requests.send(request, STREAM_ATTEMPT).await?;
        if answer.status() != StatusCode::OK {
            let start = &answer.body()[..answer.body().len().min(200)];
            return Err(format!("Kinesis answers {}: {}", answer.status(), String::from_utf8_lossy(start)).into());
        }
        let results = serde_json::from_slice::<Answer>(answer.body())?.records;
        if results.len() != clicks.len() {
            return Err(format!("Kinesis answers {} results for {} records", results.len(), clicks.len()).into());
        }
        Ok(results)
    }
}

#[async_trait]
impl ClickStream for KinesisClicks {
    async fn send(&self, mut clicks: Vec<StreamEvent>) -> Vec<StreamEvent> {
        let mut refused = Vec::new();
        while !clicks.is_empty() {
            let rest = clicks.split_off(clicks.len().min(RECORDS_PER_CALL));
            let chunk = std::mem::replace(&mut clicks, rest).into_iter();
            let mut waiting: Vec<_> =
                chunk.map(|click| KeyedClick { key: self.partition.key(&click), click, refused: false }).collect();
            for attempt in 0..STREAM_ATTEMPTS {
                if attempt > 0 {
                    let refused = waiting.iter_mut().filter(|one| one.refused);
                    refused.for_each(|one| one.key = spread_key(&one.click, attempt));
                }
                waiting = self.send_once(waiting).await;
                if waiting.is_empty() {
                    break;
                }
                if attempt + 1 < STREAM_ATTEMPTS {
                    tokio::time::sleep(STREAM_WAIT * 2_u32.pow(attempt)).await;
                }
            }
            refused.extend(waiting.into_iter().map(|one| one.click));
        }
        refused
    }
}

#[cfg(test)]
mod slow_stream_tests;
#[cfg(test)]
mod tests;
