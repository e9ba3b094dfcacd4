//! Waypost's ports on AWS, and what all HTTP functions have in common.
//!
//! * [`dynamo`], [`s3`], [`sqs`] and [`kinesis`] stand behind the domain's ports.
//! * [`http`], [`conditional`], [`authentication`] and [`problem`] are what all HTTP functions have in common; [`oidc`] verifies tokens.
//! * [`health`] asks whether what the stack is made of answers.

pub mod authentication;
pub mod backoff;
pub mod conditional;
pub mod connector;
pub mod countries;
pub mod dynamo;
pub mod health;
pub mod http;
pub mod idempotency;
pub mod kinesis;
pub mod oidc;
pub mod problem;
#[cfg(test)]
mod replay;
pub mod s3;
pub mod sqs;
