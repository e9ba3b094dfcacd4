//! Messages of an SQS queue.

pub mod event;
