//! Keeps what proved the caller of a request.

use http::HeaderValue;
use waypost_domain::access::sessions::session::SessionSecret;

/// What proved the caller, in the extensions of a request: the `Authorization` header, or the secret of a session. Idempotent requests
/// are bound to it.
#[derive(Clone)]
pub(crate) struct Proof(Vec<u8>);

impl Proof {
    /// Keeps the value of the header `Authorization`.
    pub(crate) fn of_header(value: &HeaderValue) -> Self {
        Self(value.as_bytes().to_vec())
    }

    /// Keeps the secret of a session. No `Authorization` header is the same text: it begins with `Bearer`.
    pub(crate) fn of_session(secret: &SessionSecret) -> Self {
        Self(secret.expose().as_bytes().to_vec())
    }

    /// Returns the secret bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
