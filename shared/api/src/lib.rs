//! What goes over HTTP: the requests and answers of the API as types, each of which has a JSON Schema.
//!
//! A request that is a value of its own lives in the domain (such as `waypost_domain::link_fields::LinkFields`), a view of one
//! here. Functions turn domain values into views and send them; they make no JSON otherwise.

pub mod exports;
pub mod health;
pub mod imports;
pub mod keys;
pub mod link_batches;
pub mod links;
pub mod openapi;
pub mod qr;
pub mod stats;
