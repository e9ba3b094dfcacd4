//! Logs who changed what.

use axum::extract::Request;
use axum::response::Response;
use http::{Method, header};
use waypost_domain::Caller;

use crate::idempotency::REPLAYED;

/// Marks a response, in its extensions: the request changed nothing, although its method could.
#[derive(Debug, Clone, Copy)]
pub struct Unchanged;

/// A request that changes something if it succeeds.
pub(super) struct Change {
    method: Method,
    path: String,
    /// The domain that the query names: with the path it identifies a link. No other parameter is logged, as callers put anything
    /// there.
    domain: Option<String>,
}

impl Change {
    /// Gives `None` if the request only reads.
    pub(super) fn of(request: &Request) -> Option<Self> {
        if request.method().is_safe() {
            return None;
        }
        let query = request.uri().query().unwrap_or_default();
        let parameters: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
        let domain = parameters.into_iter().find(|(name, _)| name == "domain").map(|(_, value)| value);
        Some(Self { method: request.method().clone(), path: request.uri().path().to_owned(), domain })
    }

    /// Logs who changed what. Leaves out refused requests, repeated ones that got the answer of the first, and those that changed
    /// nothing.
    pub(super) fn log(&self, caller: &Caller, response: &Response) {
        let is_done_before = response.headers().contains_key(REPLAYED);
        if !response.status().is_success() || is_done_before || response.extensions().get::<Unchanged>().is_some() {
            return;
        }
        let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
        tracing::info!(
            event = "change.made",
            workspace = %caller.workspace,
            key_id = caller.key_id,
            role = %caller.role,
            method = %self.method,
            path = self.path,
            domain = self.domain,
            location,
            status = response.status().as_u16(),
        );
    }
}
