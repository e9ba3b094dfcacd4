//! The domain's ports on AWS: [`dynamo`], [`s3`], [`sqs`] and [`kinesis`].
//!
//! [`connector`] is the HTTP client of their clients, [`backoff`] spreads retries.

pub mod backoff;
pub mod connector;
pub mod dynamo;
mod error;
pub mod kinesis;
#[cfg(test)]
mod replay;
pub mod s3;
mod signed;
pub mod sqs;
pub mod time_budget;
