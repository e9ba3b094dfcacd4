//! Works off the messages of an SQS queue.
//!
//! A message comes again, each time later, until its work is done or the queue gives it up. It does not stop the work on the
//! other messages of its batch.

pub mod event;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use lambda_runtime::Context;
use serde::de::DeserializeOwned;
use waypost_domain::Timestamp;
use waypost_domain::jobs::delivery::Delivery;
use waypost_domain::jobs::redelivery::Redelivery;
use waypost_domain::ports::Clock;

use self::event::{BatchResponse, Message, QueueEvent};
use crate::invocation::delivery;

/// The longest wait that this loop asks for, in seconds.
const MAX_WAIT_SECONDS: i64 = 900;

/// Why the work on a message is not done, and when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It failed. Try again after a wait that grows with each delivery.
    Later,
    /// Another invocation works on it until this time. Try again just after it.
    BusyUntil(Timestamp),
}

/// Works off messages whose body is JSON.
#[derive(Clone)]
pub struct QueueLoop {
    /// What the messages are about, as log events name it: `export` logs `export.unreadable`.
    pub subject: &'static str,
    /// Sets when a message comes again.
    pub redelivery: Arc<dyn Redelivery>,
    /// Says how long a busy message must wait.
    pub clock: Arc<dyn Clock>,
}

impl QueueLoop {
    /// Does `work` on each message of `event`, one after the other. The answer names those that must come again.
    ///
    /// A message that cannot be read comes again like one whose work failed, so that it ends in the dead-letter queue, where
    /// a person can look at it.
    pub async fn run<Body: DeserializeOwned>(
        &self,
        event: &QueueEvent,
        context: &Context,
        work: impl AsyncFn(Body, &Delivery) -> Result<(), Retry>,
    ) -> BatchResponse {
        let delivery = delivery(context, self.clock.now());
        let mut response = BatchResponse::default();
        for message in &event.records {
            self.hold(message, &delivery).await;
            let done = match self.read(message, &delivery) {
                Some(body) => work(body, &delivery).await,
                None => Err(Retry::Later),
            };
            if let Err(retry) = done {
                response.fail(message);
                self.retry_after(message, retry, &delivery).await;
            }
        }
        response
    }

    /// Makes the message come again just after the end of this invocation if it ends without an answer: killed, or out of
    /// memory. If that fails, it comes when its time in flight is over.
    async fn hold(&self, message: &Message, delivery: &Delivery) {
        let seconds = seconds_until(delivery.deadline, self.clock.now());
        if let Err(error) = self.redelivery.hold(&message.receipt_handle, seconds).await {
            tracing::warn!(event = "message.not_held", request_id = delivery.request_id, %error);
        }
    }

    fn read<Body: DeserializeOwned>(&self, message: &Message, delivery: &Delivery) -> Option<Body> {
        let read = serde_json::from_str(&message.body);
        read.inspect_err(|error| {
            let (event, request_id) = (format!("{}.unreadable", self.subject), delivery.request_id.as_str());
            tracing::error!(event, request_id, message = message.message_id, %error);
        })
        .ok()
    }

    /// Sets when the message comes again. If that fails, it comes when its time in flight is over.
    async fn retry_after(&self, message: &Message, retry: Retry, delivery: &Delivery) {
        let seconds = match retry {
            Retry::Later => message.retry_seconds(),
            Retry::BusyUntil(until) => seconds_until(until, self.clock.now()),
        };
        if let Err(error) = self.redelivery.retry_after(&message.receipt_handle, seconds).await {
            tracing::warn!(event = "message.not_sooner", request_id = delivery.request_id, %error);
        }
    }
}

/// Computes the whole seconds from `now` to just after `until`, between the shortest and the longest wait.
fn seconds_until(until: Timestamp, now: Timestamp) -> u32 {
    let left = until.as_seconds() - now.as_seconds() + 1;
    u32::try_from(left.clamp(1, MAX_WAIT_SECONDS)).unwrap_or(900)
}
