//! The event that Lambda sends for messages of a queue, and the answer that it expects ("Using Lambda with Amazon SQS", AWS
//! Lambda developer guide).

use serde::{Deserialize, Serialize};

/// A batch of messages.
#[derive(Debug, Deserialize)]
pub struct QueueEvent {
    /// The messages, one or more.
    #[serde(rename = "Records")]
    pub records: Vec<Message>,
}

/// A message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The name of the message in the answer.
    pub message_id: String,
    /// The name of this delivery.
    pub receipt_handle: String,
    /// The text that was sent.
    pub body: String,
    attributes: Attributes,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    approximate_receive_count: String,
}

impl Message {
    /// How often the message was delivered, this time included.
    fn deliveries(&self) -> u32 {
        self.attributes.approximate_receive_count.parse().unwrap_or(1)
    }

    /// How long to wait before the next delivery of a message whose work failed, in seconds: longer each time, at most a
    /// quarter of an hour.
    pub(super) fn retry_seconds(&self) -> u32 {
        let doublings = self.deliveries().saturating_sub(1).min(10);
        (10_u32 << doublings).min(900)
    }
}

/// The answer. With `ReportBatchItemFailures`, SQS delivers the messages that it names again and deletes all others.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl BatchResponse {
    /// Names `message`, so that it comes again.
    pub(super) fn fail(&mut self, message: &Message) {
        self.batch_item_failures.push(Failure { item_identifier: message.message_id.clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_with_the_number_of_deliveries() {
        let waits = ["1", "2", "4", "9", "x"].map(|count| {
            let attributes = Attributes { approximate_receive_count: count.to_owned() };
            let (message_id, receipt_handle, body) = Default::default();
            Message { message_id, receipt_handle, body, attributes }.retry_seconds()
        });
        assert_eq!(waits, [10, 20, 80, 900, 10]);
    }
}
