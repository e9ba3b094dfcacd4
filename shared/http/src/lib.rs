//! What every HTTP function shares.
//!
//! * [`event`] runs an API on Lambda. [`router`] turns routes into an API, [`extract`] and [`patch`] read requests, [`problem`] is the one format of errors,
//!   [`deadline`] answers before Lambda ends the invocation.
//! * [`query_parameters`] refuses parameters that an operation does not take.
//! * [`authentication`] proves who calls and limits how often, [`viewer`] reads from where, [`oidc`] verifies the tokens of an identity provider.
//! * [`block_list`] keeps the list of blocked targets new.
//! * [`idempotency`] answers a repeated POST once, [`conditional_requests`] has entity tags.
//!
//! Stores are ports of the domain, and [`oidc::fetch::Fetch`] gets documents: nothing here knows AWS but the event that
//! `lambda_http` turns into a request.

pub mod authentication;
pub mod block_list;
pub mod conditional_requests;
pub mod deadline;
pub mod event;
pub mod extract;
pub mod idempotency;
pub mod oidc;
pub mod patch;
pub mod problem;
pub mod query_parameters;
pub mod router;
mod sender;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod viewer;
