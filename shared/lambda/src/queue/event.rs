//! What Lambda sends for messages of a queue, and what it takes as an answer ("Using Lambda with Amazon SQS", AWS Lambda
//! developer guide).

use serde::{Deserialize, Serialize};

/// Messages.
#[derive(Debug, Deserialize)]
pub struct QueueEvent {
    /// One or more.
    #[serde(rename = "Records")]
    pub records: Vec<Message>,
}

/// A message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Names it in the answer.
    pub message_id: String,
    /// Names this delivery of it.
    pub receipt_handle: String,
    /// What was sent.
    pub body: String,
    attributes: Attributes,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    approximate_receive_count: String,
}

impl Message {
    /// How often it was delivered, this time included.
    fn deliveries(&self) -> u32 {
        self.attributes.approximate_receive_count.parse().unwrap_or(1)
    }

    /// After how many seconds a message is to come again that could not be dealt with: longer each time, at most a quarter
    /// of an hour.
    pub(super) fn retry_seconds(&self) -> u32 {
        let doublings = self.deliveries().saturating_sub(1).min(10);
        (10_u32 << doublings).min(900)
    }
}

/// The answer: with `ReportBatchItemFailures`, what is named in it comes again, and all else is done.
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
    /// Notes that `message` must come again.
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
