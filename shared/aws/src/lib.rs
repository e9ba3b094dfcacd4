//! Waypost's ports on AWS, and what every function needs to start.
//!
//! * [`start`] runs a function, [`settings`] reads its environment, [`sdk`] builds its clients on [`connector`],
//!   [`extension`] lets it work on after the response.
//! * [`dynamo`], [`s3`], [`sqs`] and [`kinesis`] stand behind the domain's ports.
//! * [`http`], [`conditional`], [`authentication`] and [`problem`] are what all HTTP functions have in common; [`oidc`] verifies tokens.
//! * [`health`] asks whether what the stack is made of answers.

pub mod authentication;
mod backoff;
pub mod conditional;
pub mod connector;
pub mod countries;
pub mod dynamo;
pub mod extension;
pub mod health;
pub mod http;
pub mod idempotency;
pub mod invocation;
pub mod kinesis;
pub mod loader;
pub mod oidc;
pub mod problem;
#[cfg(test)]
mod replay;
pub mod s3;
pub mod sdk;
pub mod settings;
pub mod sqs;
pub mod start;
pub mod system;
