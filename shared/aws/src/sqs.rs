//! Sends messages to SQS, and sets when they come again.

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use serde::Serialize;
use waypost_domain::exports::ports::{ExportQueue, ExportRequest};
use waypost_domain::imports::job::part::PartId;
use waypost_domain::imports::job::ports::PartQueue;
use waypost_domain::jobs::redelivery::Redelivery;
use waypost_domain::link_changes::ports::{LinkChangeQueue, LinkChangeRequest};
use waypost_domain::pages::ports::{TitleQueue, TitleRequest};
use waypost_domain::target_checks::ports::{CheckQueue, CheckRequest};
use waypost_domain::{StoreError, StoreErrorKind};

use crate::backoff::Backoff;
use crate::error::{broken, store_error};

/// The most messages in one call.
const BATCH: usize = 10;
const SEND: &str = "queue.send";

/// A queue in SQS.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    url: String,
}

impl SqsQueue {
    /// The queue at `url`.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into() }
    }

    /// Sends each of `bodies` as JSON.
    ///
    /// # Errors
    /// SQS did not take all of them, after several attempts. Some may have been sent, even more than once.
    pub async fn send_all<T: Serialize>(&self, bodies: &[T]) -> Result<(), StoreError> {
        for chunk in bodies.chunks(BATCH) {
            let entries = chunk.iter().zip(0..).map(|(body, index)| {
                let json = serde_json::to_string(body).map_err(|error| broken(SEND, error))?;
                let entry = SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(json);
                entry.build().map_err(|error| broken(SEND, error))
            });
            self.send_batch(entries.collect::<Result<_, _>>()?).await?;
        }
        Ok(())
    }

    async fn send_batch(&self, mut open: Vec<SendMessageBatchRequestEntry>) -> Result<(), StoreError> {
        let mut backoff = Backoff::default();
        loop {
            let send = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(open.clone()));
            let failed = send.send().await.map_err(|error| store_error(SEND, error))?.failed;
            open.retain(|entry| failed.iter().any(|failed| failed.id() == entry.id()));
            let Some(first) = failed.first() else { return Ok(()) };
            if first.sender_fault() || !backoff.wait().await {
                let reason = format!("{}: {}", first.code(), first.message().unwrap_or_default());
                return Err(StoreError::new(SEND, StoreErrorKind::Unavailable, reason));
            }
        }
    }
}

#[async_trait]
impl Redelivery for SqsQueue {
    async fn retry_after(&self, receipt: &str, seconds: u32) -> Result<(), StoreError> {
        let seconds = i32::try_from(seconds).unwrap_or(i32::MAX);
        let change = self.client.change_message_visibility().queue_url(&self.url).receipt_handle(receipt);
        let changed = change.visibility_timeout(seconds).send().await;
        changed.map(drop).map_err(|error| store_error("queue.retry_after", error))
    }
}

#[async_trait]
impl PartQueue for SqsQueue {
    async fn send(&self, parts: &[PartId]) -> Result<(), StoreError> {
        self.send_all(parts).await
    }
}

#[async_trait]
impl TitleQueue for SqsQueue {
    async fn send(&self, requests: &[TitleRequest]) -> Result<(), StoreError> {
        self.send_all(requests).await
    }
}

#[async_trait]
impl ExportQueue for SqsQueue {
    async fn send(&self, request: &ExportRequest) -> Result<(), StoreError> {
        self.send_all(std::slice::from_ref(request)).await
    }
}

#[async_trait]
impl LinkChangeQueue for SqsQueue {
    async fn send(&self, request: &LinkChangeRequest) -> Result<(), StoreError> {
        self.send_all(std::slice::from_ref(request)).await
    }
}

#[async_trait]
impl CheckQueue for SqsQueue {
    async fn send(&self, request: &CheckRequest) -> Result<(), StoreError> {
        self.send_all(std::slice::from_ref(request)).await
    }
}
